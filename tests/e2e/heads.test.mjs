// SPDX-License-Identifier: Apache-2.0
// Heads of requests, bent at random: what the engine civetweb forwards, the engine events forwards as
// well, byte for byte; never one reads one request where the other reads two, another target, other
// headers or another body. HEADS_SEED repeats a run, HEADS_COUNT makes it longer.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { dice } from './harness/dice.mjs';
import { startGate } from './harness/gate.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const CORPUS = path.join(path.dirname(fileURLToPath(import.meta.url)), '../fuzz/corpus/request_head');
const COUNT = Number(process.env.HEADS_COUNT ?? 3000);
const SEED = Number(process.env.HEADS_SEED ?? 1);

const GOOD = [
  'GET /a HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET http://h/a?x=1 HTTP/1.1\r\nHost: h\r\nAccept: a, b\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
  'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\nxx',
  'GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n',
  'PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab',
  'GET /a HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n',
];
/** What civetweb once forwarded. */
const BAD = [
  'GET /a HTTP/1.1\r Host: h\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r Host: h\r\n\r\n',
  'GET /a HTTP/1.0\r\r\n\nHost: h\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
  'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n0\r\n',
];
const PIECES = ['\r\n', '\n', '\r', ' ', '\t', '\0', ':', ',', ';', '\x0b', '\x80', '\xff', '_', '%', '#', '?', '/',
  'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'Content-Length : 5\r\n', 'content_length: 5\r\n', 'Content-Length: +5\r\n',
  'Content-Length: 5, 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer-Encoding:\tchunked\r\n',
  'Transfer-Encoding: chunked, chunked\r\n', 'Transfer-Encoding : chunked\r\n', 'Transfer-Encoding: xchunked\r\n', 'Host: i\r\n',
  ' folded\r\n', 'X: y\r\n', 'Connection: close\r\n', 'Connection: Host\r\n', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', '0\r\n\r\n', '5;a=b\r\n'];

function bend(roll, seeds) {
  let text = roll(4) > 0 ? GOOD[roll(GOOD.length)] : seeds[roll(seeds.length)];
  for (let times = roll(3) > 0 ? 1 : 1 + roll(4); times > 0; times--) {
    const at = roll(text.length + 1);
    const lines = text.split('\r\n');
    switch (roll(6)) {
      case 0: text = text.slice(0, at) + PIECES[roll(PIECES.length)] + text.slice(at); break;
      case 1: text = text.slice(0, at) + text.slice(at + 1 + roll(4)); break;
      case 2: text = text.slice(0, at) + String.fromCharCode(roll(256)) + text.slice(at + 1); break;
      case 3: lines.splice(1 + roll(lines.length), 0, PIECES[roll(PIECES.length)].replace(/\r\n$/, '')); text = lines.join('\r\n'); break;
      case 4: lines.splice(roll(lines.length), 0, lines[roll(lines.length)]); text = lines.join('\r\n'); break;
      default: text = text.slice(0, at) + seeds[roll(seeds.length)].slice(roll(40));
    }
  }
  return text.slice(0, 20000);
}

/** Send it all and the end of the stream; wait until the gate has closed. */
async function put(port, bytes) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let got = '';
  socket.on('error', () => {});
  socket.on('data', (data) => (got += data.toString('latin1')));
  socket.on('end', () => socket.destroy());
  socket.end(bytes);
  await once(socket, 'close');
  return got;
}

/** What the upstream saw, without what each gate adds of itself. */
const seen = (requests) => requests.map(({ method, target, version, headers, body }) => ({
  method,
  target,
  version,
  headers: headers.filter(([name]) => !/^(x-request-id|via|traceparent)$/i.test(name)).map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort(),
  body: (body ?? Buffer.alloc(0)).toString('latin1'),
}));

async function forwarded({ gate, upstream }, text) {
  upstream.clear();
  await put(gate.port, Buffer.from(text, 'latin1'));
  return seen(upstream.requests);
}

test(`bent heads, HEADS_SEED=${SEED}`, async (t) => {
  const engines = [];
  for (const engine of ['events', 'civetweb']) {
    const upstream = await recordingUpstream(t);
    const config = (gate) => ({ listen: { address: `127.0.0.1:${gate.port}`, engine }, limits: { header_timeout: '2s' }, log: { level: 'error' } });
    engines.push({ upstream, gate: await startGate(t, { upstream: upstream.url, config, policy: { default: 'public' } }) });
  }
  const seeds = [...GOOD, ...BAD, ...fs.readdirSync(CORPUS).map((name) => fs.readFileSync(path.join(CORPUS, name), 'latin1'))];
  const roll = dice(SEED);
  const count = { both: 0, events: 0 };
  for (let i = 0; i < seeds.length + COUNT; i++) {
    const text = i < seeds.length ? seeds[i] : bend(roll, seeds);
    const [first, theirs] = await Promise.all(engines.map((engine) => forwarded(engine, text)));
    // On a busy machine it may be let go before it is answered: it has closed its side.
    const ours = theirs.length > first.length ? await forwarded(engines[0], text) : first;
    assert.ok(ours.length >= theirs.length, `by civetweb alone, HEADS_SEED=${SEED}, ${i}: ${JSON.stringify(text)}`);
    const both = Math.min(ours.length, theirs.length);
    assert.deepEqual(ours.slice(0, both), theirs.slice(0, both), `HEADS_SEED=${SEED}, ${i}: ${JSON.stringify(text)}`);
    count.both += both;
    count.events += ours.length - both;
  }
  t.diagnostic(`forwarded by both ${count.both}, by events alone ${count.events}`);
  assert.ok(count.both > COUNT / 20, 'enough of them are forwarded to be compared');
});
