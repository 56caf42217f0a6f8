// SPDX-License-Identifier: Apache-2.0
// node leaving.mjs PORT TOKEN GATE=PORT...: an upstream on PORT that never answers, and clients of each
// gate in turn that leave once their request is there: some close their connection, which a gate cannot
// tell from the end of what they send, others reset it. Prints lines of gate, `closed` or `reset`, and the
// median and longest time in milliseconds until the upstream's request ended, or "not" for both if it did
// not end in time.
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMES = 9;
const PATIENCE_MS = 3000;
const [port, token] = [Number(process.argv[2]), process.argv[3]];
const request = `GET /customer/1 HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`;
let arrived = () => {};
const upstream = http.createServer((_, answer) => arrived(answer));
await new Promise((done) => { upstream.listen(port, '127.0.0.1', done); });

async function leaveOnce(gate, leave) {
  const there = new Promise((done) => { arrived = done; });
  const client = net.connect(gate, '127.0.0.1', () => client.write(request));
  const answer = await Promise.race([there, sleep(PATIENCE_MS).then(() => null)]);
  if (answer === null) throw new Error(`no request came through port ${gate}`);
  const ended = new Promise((done) => { answer.once('close', () => done(performance.now())); });
  await sleep(20); // so that the gate waits for the upstream, and does nothing else
  const left = performance.now();
  leave(client);
  const end = await Promise.race([ended, sleep(PATIENCE_MS).then(() => null)]);
  answer.end();
  return end === null ? null : end - left;
}

const WAYS = { closed: (client) => client.destroy(), reset: (client) => client.resetAndDestroy() };
for (const [name, gate] of process.argv.slice(4).map((pair) => pair.split('='))) {
  for (const [way, leave] of Object.entries(WAYS)) {
    const times = [];
    for (let i = 0; i < TIMES && !times.includes(null); i++) times.push(await leaveOnce(Number(gate), leave));
    times.sort((a, b) => a - b);
    console.log(times.includes(null) ? `${name} ${way} not not`
      : `${name} ${way} ${times[(TIMES - 1) / 2].toFixed(1)} ${times[TIMES - 1].toFixed(1)}`);
  }
}
process.exit(0);
