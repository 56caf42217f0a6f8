// SPDX-License-Identifier: Apache-2.0
// Upgrades: a tunnel only when the upstream switches to what was asked for, and never h2c.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const rsa = makeKey('RS256');
const OPTIONS = { files: { 'keys.json': keySet(rsa) }, config: { issuers: fileIssuer() } };

/** An upstream that answers the first head by `switching` and then echoes in capitals. */
async function shouting(t, switching) {
  const heads = [];
  const server = net.createServer((socket) => {
    let head = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (heads.includes(head)) {
        socket.write(data.toString().toUpperCase());
        return;
      }
      head += data;
      if (!head.includes('\r\n\r\n')) return;
      const early = head.slice(head.indexOf('\r\n\r\n') + 4);
      head = head.slice(0, head.length - early.length);
      heads.push(head);
      socket.write(switching);
      if (early) socket.write(early.toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, heads };
}

const ask = (target, protocol, lines = '') => `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: ${protocol}\r\n${lines}\r\n`;
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n';

function talk(t, gate, bytes) {
  const socket = net.connect(gate.port, '127.0.0.1', () => socket.write(bytes));
  let got = '';
  socket.on('data', (data) => { got += data; });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return { socket, got: () => got };
}

test('upgrades', async (t) => {
  const upstream = await shouting(t, SWITCH);
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });

  await t.test('are refused without credentials, before the upstream hears of them', async () => {
    const { got } = talk(t, gate, ask('/api/x', 'websocket'));
    await eventually(() => got().includes('credentials_missing'), 'a refusal');
    assert.equal(upstream.heads.length, 0);
  });

  await t.test('become a tunnel both ways, what was sent early included', async () => {
    const { socket, got } = talk(t, gate, `${ask('/open/x', 'websocket', 'Sec-WebSocket-Key: k\r\n')}early `);
    await eventually(() => got().includes('EARLY'), 'the early bytes');
    assert.match(got(), /^HTTP\/1\.1 101 /);
    assert.match(got(), /\r\nUpgrade: websocket\r\n/i);
    assert.match(upstream.heads[0], /\r\nUpgrade: websocket\r\n/);
    assert.match(upstream.heads[0], /\r\nSec-WebSocket-Key: k\r\n/);
    for (let i = 0; i < 20; i++) {
      socket.write(`line ${i}. `);
      await eventually(() => got().includes(`LINE ${i}. `), `line ${i}`);
    }
    socket.end();
    await once(socket, 'close');
  });

  await t.test('with a token are judged like any request', async () => {
    const { got } = talk(t, gate, ask('/api/x', 'websocket', `Authorization: Bearer ${sign(rsa)}\r\n`));
    await eventually(() => got().includes('101 ') || got().includes('"reason"'), 'an answer');
    assert.doesNotMatch(upstream.heads.at(-1), /Bearer/);
  });

  await t.test('to h2c are not passed on', async () => {
    const before = upstream.heads.length;
    talk(t, gate, ask('/open/h2c', 'h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n'));
    await eventually(() => upstream.heads.length > before, 'the request itself');
    assert.doesNotMatch(upstream.heads.at(-1), /upgrade/i);
  });
});

test('neither direction of a tunnel waits for the other', async (t) => {
  const LENGTH = 64 << 20; // more than all sockets on the way hold
  const server = net.createServer((socket) => {
    let head = '';
    socket.on('error', () => {});
    // Who writes to a socket that is full, as many do, reads nothing meanwhile.
    const say = (bytes) => socket.write(bytes) || (socket.pause(), socket.once('drain', () => socket.resume()));
    socket.on('data', (data) => {
      if (head.endsWith('\r\n\r\n')) return say(Buffer.concat([data, data]));
      head += data;
      return head.endsWith('\r\n\r\n') && say(`${SWITCH}welcome`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = await startGate(t, { ...OPTIONS, config: { ...OPTIONS.config, limits: { upstream_timeout: '1h', write_timeout: '1h' } }, upstream: `http://127.0.0.1:${server.address().port}` });
  const socket = net.connect(gate.port, '127.0.0.1', () => socket.write(ask('/open/x', 'websocket')));
  let start = '';
  let count = 0;
  socket.on('data', (data) => {
    if (start.endsWith('welcome')) count += data.length;
    else start += data;
  });
  t.after(() => socket.destroy());
  await eventually(() => start.endsWith('welcome'), 'the first words');
  for (let at = 0; at < LENGTH; at += 65536) socket.write(Buffer.alloc(65536, 'x'));
  await eventually(() => count === 2 * LENGTH, 'everything twice');
  socket.end();
  const line = await gate.line((entry) => entry.status === 101);
  assert.deepEqual([line.bytes_in, line.bytes_out, line.aborted], [LENGTH, 2 * LENGTH + 'welcome'.length, undefined]);
});

test('an upstream that switches to something else is not followed', async (t) => {
  const upstream = await shouting(t, SWITCH.replace('websocket', 'mqtt'));
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  await expectRefusal(gate, await gate.ask({ target: '/open/x', headers: { Connection: 'Upgrade', Upgrade: 'websocket' } }), 'upstream_malformed');
});
