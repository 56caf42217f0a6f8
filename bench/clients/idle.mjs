// SPDX-License-Identifier: Apache-2.0
// node idle.mjs PORT COUNT TOKEN: COUNT connections that ask once each and then stay, silent.
// Prints "open" when all were answered, and a line for each that does not stay.
import net from 'node:net';

const [port, count, token] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const request = `GET /customer/1 HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`;
const AT_ONCE = 200;
let [made, answered] = [0, 0];

function connect() {
  if (made === count) return;
  made++;
  const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
  socket.once('data', () => {
    if (++answered === count) console.log('open');
    connect();
  });
  socket.on('close', () => console.log('closed'));
  socket.on('error', (error) => console.log(`error ${error.code}`));
}
for (let i = 0; i < AT_ONCE; i++) connect();
setTimeout(() => process.exit(0), 120000);
