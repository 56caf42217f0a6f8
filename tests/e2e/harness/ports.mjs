// SPDX-License-Identifier: Apache-2.0
// Free ports of loopback, taken below the range from which the kernel gives ports to outgoing
// connections, so that none of ours is lost to one of those between asking and listening.
import net from 'node:net';

const LOWEST = 10000;
const HIGHEST = 30000;
const given = new Set();

function listens(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!given.has(port) && (await listens(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error('no free port found');
}
