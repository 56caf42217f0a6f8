// SPDX-License-Identifier: Apache-2.0
// Free ports of loopback, taken below the range from which the kernel gives ports to outgoing
// connections, so that none of ours is lost to one of those between asking and listening. Nor to
// another suite: each port that was given stays claimed by a UDP socket until this process ends.
import dgram from 'node:dgram';
import net from 'node:net';

const LOWEST = 10000;
const HIGHEST = 30000;

function listens(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function claims(port) {
  return new Promise((resolve) => {
    const claim = dgram.createSocket('udp4');
    claim.once('error', () => {
      claim.close();
      resolve(false);
    });
    claim.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      claim.unref();
      resolve(true);
    });
  });
}

export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if ((await claims(port)) && (await listens(port))) return port;
  }
  throw new Error('no free port found');
}
