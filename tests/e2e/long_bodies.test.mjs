// SPDX-License-Identifier: Apache-2.0
// Bodies so long that their bytes are passed on without being copied, where the engine, the system
// and the connection allow it: they arrive whole and in order, and end as short ones do.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Certificates } from './harness/certificates.mjs';
import { cannot } from './harness/engines.mjs';
import { ENGINE, makeGate, scratch, startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { without } from './harness/trouble.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const FORBID = fileURLToPath(new URL('./fixtures/forbid.py', import.meta.url));
const SPLICE = 275; // its number on x86-64
const KIB = 1 << 10;
const LONG = 256 * KIB; // from here on nothing is copied
const SIZES = [LONG - 1, LONG, LONG + 1, LONG + 16 * KIB, 4 * LONG + 7, 40 * LONG];
const POLICY = { public: ['/open/*'] };
const PATIENT = { limits: { upstream_timeout: '1h', write_timeout: '1h' } };
const bytes = crypto.randomBytes(Math.max(...SIZES));
const get = (target, lines = '') => `GET ${target} HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;
const head = (length) => `HTTP/1.1 200 Fine\r\nContent-Length: ${length}\r\n\r\n`;

/** Answers with as many bytes as the path says, its head in a segment of its own or not. */
const bySize = (request, { socket }) => {
  const size = Number(/\d+/.exec(request.target));
  socket.write(head(size));
  if (request.target.includes('later')) setImmediate(() => socket.write(bytes.subarray(0, size)));
  else socket.write(bytes.subarray(0, size));
};

/** Every size over one connection, and a short answer after each. */
async function allSizes(gate, options = {}) {
  const wire = await Wire.open(gate.port, options);
  for (const target of SIZES.flatMap((size) => [`/open/${size}`, `/open/later-${size}`])) {
    const size = Number(/\d+/.exec(target));
    await wire.write(get(target));
    const got = await wire.answer();
    assert.equal(got.status, 200);
    assert.ok(got.body.equals(bytes.subarray(0, size)), `${target}: the same bytes in the same order`);
    await wire.write(get('/open/5'));
    assert.ok((await wire.answer()).body.equals(bytes.subarray(0, 5)), `${target}: the connection is still in step`);
    const line = await gate.line((entry) => entry.request_id === got.get('x-request-id'));
    assert.equal(line.bytes_out, size);
    assert.equal(line.reason, 'ok');
  }
  wire.close();
}

test('long answers arrive whole', async (t) => {
  const upstream = await recordingUpstream(t, bySize);

  await t.test('over TCP, over connections that are kept', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY });
    const before = upstream.connections.length;
    await allSizes(gate);
    assert.equal(upstream.connections.length, before + 1);
  });

  await t.test('from an upstream on a Unix socket', async (inner) => {
    const file = path.join(scratch(), 'up.sock');
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => bySize({ target: data.toString().split(' ')[1] }, { socket }));
    });
    server.listen(file);
    await once(server, 'listening');
    inner.after(() => server.close());
    const gate = await startGate(inner, { upstream: `unix:${file}`, policy: POLICY });
    await allSizes(gate);
  });

  await t.test('to a client under TLS', { skip: cannot('TLS') }, async (inner) => {
    const made = new Certificates().make('served', { names: 'IP:127.0.0.1' });
    const gate = await startGate(inner, {
      upstream: upstream.url,
      policy: POLICY,
      config: ({ port }) => ({ listen: { address: `127.0.0.1:${port}`, tls: { certificate: made.path('served.pem'), key: made.path('served.key') } } }),
    });
    await allSizes(gate, { tls: { ca: made.text('served.pem') } });
  });

  await t.test('where the system refuses splice()', { skip: without('python3') || (os.arch() !== 'x64' && 'the number of the call is that of x86-64') }, async (inner) => {
    const gate = await makeGate(inner, { upstream: upstream.url, policy: POLICY });
    gate.spawn(undefined, ['python3', FORBID, String(SPLICE)]);
    inner.after(() => gate.stop());
    await gate.ready();
    await allSizes(gate);
  });

  await t.test('many at once, to clients that read slowly and fast', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: PATIENT });
    const size = 8 * LONG;
    const slow = await Promise.all(Array.from({ length: 100 }, () => Wire.open(gate.port)));
    for (const wire of slow) {
      wire.socket.pause();
      await wire.write(get(`/open/${size}`));
    }
    await upstream.until(upstream.requests.length);
    await allSizes(gate); // whoever does not read delays nobody
    await Promise.all(slow.map(async (wire) => {
      wire.socket.resume();
      assert.ok((await wire.answer()).body.equals(bytes.subarray(0, size)));
      wire.close();
    }));
  });
});

test('long answers that do not arrive whole', async (t) => {
  const upstream = await recordingUpstream(t);
  const begin = (request, { socket }) => {
    socket.write(head(40 * LONG));
    socket.write(bytes.subarray(0, 3 * LONG));
  };

  await t.test('the upstream ends within one: the client sees that it is cut off', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: PATIENT });
    upstream.respond = (request, connection) => {
      begin(request, connection);
      connection.socket.end();
    };
    const wire = await Wire.open(gate.port);
    await wire.write(get('/open/short'));
    const got = await wire.answer();
    assert.equal(got.complete, false);
    const line = await gate.line((entry) => entry.path === '/open/short');
    assert.match(line.aborted, /closed in the middle/);
  });

  await t.test('the upstream falls silent within one', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: { limits: { upstream_timeout: '1s' } } });
    upstream.respond = begin;
    const wire = await Wire.open(gate.port);
    await wire.write(get('/open/silent'));
    assert.equal((await wire.answer()).complete, false);
    const line = await gate.line((entry) => entry.path === '/open/silent');
    assert.match(line.aborted, /silent in the middle/);
  });

  await t.test('the client leaves while the upstream is silent: the upstream is let go', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: PATIENT });
    upstream.respond = begin;
    const wire = await Wire.open(gate.port);
    await wire.write(get('/open/left'));
    await wire.bytes(LONG);
    const last = upstream.connections.at(-1);
    assert.equal(last.closed, false);
    wire.socket.destroy();
    await eventually(() => last.closed, 'the gate to let the upstream go');
    assert.equal((await gate.line((entry) => entry.path === '/open/left')).reason, 'client_gone');
  });

  await t.test('the client leaves without having read', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: PATIENT });
    upstream.respond = (request, { socket }) => {
      socket.write(head(40 * LONG));
      socket.write(bytes.subarray(0, 40 * LONG));
    };
    const wire = await Wire.open(gate.port);
    wire.socket.pause();
    await wire.write(get('/open/unread'));
    await upstream.until(upstream.requests.length);
    const last = upstream.connections.at(-1);
    wire.socket.resetAndDestroy();
    await eventually(() => last.closed, 'the gate to let the upstream go');
    assert.equal((await gate.line((entry) => entry.path === '/open/unread')).reason, 'client_gone');
  });

  await t.test('more bytes than were announced: none of them reaches anybody', async (inner) => {
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: PATIENT });
    upstream.respond = (request, { socket }) => {
      if (!request.target.endsWith('more')) return answer(200, 'next');
      socket.write(head(2 * LONG));
      socket.write(Buffer.concat([bytes.subarray(0, 2 * LONG), Buffer.from(answer(200, 'smuggled'))]));
      return undefined;
    };
    const wire = await Wire.open(gate.port);
    await wire.write(get('/open/more'));
    assert.ok((await wire.answer()).body.equals(bytes.subarray(0, 2 * LONG)));
    await wire.write(get('/open/next'));
    assert.equal((await wire.answer()).text, 'next');
    wire.close();
  });
});

/** An upstream that answers with the digest of what it got. */
async function digester(t) {
  const server = http.createServer((request, response) => {
    const digest = crypto.createHash('sha256');
    request.on('data', (data) => digest.update(data)).on('end', () => response.end(digest.digest('hex')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

const digestOf = (data) => crypto.createHash('sha256').update(data).digest('hex');
const post = (target, length) => `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`;

/** Every size over one connection, with the head or after it, then a short request. */
async function allUploads(gate, options = {}) {
  const wire = await Wire.open(gate.port, options);
  for (const size of SIZES) {
    for (const apart of [false, true]) {
      const body = bytes.subarray(0, size);
      if (apart) {
        await wire.write(post('/open/x', size));
        wire.socket.write(body);
      } else {
        wire.socket.write(Buffer.concat([Buffer.from(post('/open/x', size)), body]));
      }
      const got = await wire.answer();
      assert.equal(got.text, digestOf(body), `${size}: the same bytes in the same order`);
      assert.equal((await gate.line((entry) => entry.request_id === got.get('x-request-id'))).bytes_in, size);
    }
    await wire.write(`${post('/open/x', 3)}abc`);
    assert.equal((await wire.answer()).text, digestOf('abc'), 'the connection is still in step');
  }
  wire.close();
}

test('long uploads', async (t) => {
  const url = await digester(t);
  const config = { limits: { body_bytes: 40 * LONG } };

  await t.test('arrive whole', async (inner) => allUploads(await startGate(inner, { upstream: url, policy: POLICY, config })));

  await t.test('arrive whole where the system refuses splice()', { skip: without('python3') || (os.arch() !== 'x64' && 'the number of the call is that of x86-64') }, async (inner) => {
    const gate = await makeGate(inner, { upstream: url, policy: POLICY, config });
    gate.spawn(undefined, ['python3', FORBID, String(SPLICE)]);
    inner.after(() => gate.stop());
    await gate.ready();
    await allUploads(gate);
  });

  await t.test('in pieces, between which there is nothing', async (inner) => {
    const gate = await startGate(inner, { upstream: url, policy: POLICY, config });
    const wire = await Wire.open(gate.port);
    const size = 2 * LONG;
    await wire.write(post('/open/x', size));
    for (let at = 0; at < size; at += LONG / 4) {
      await new Promise((resolve) => { wire.socket.write(bytes.subarray(at, at + LONG / 4), resolve); });
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    assert.equal((await wire.answer()).text, digestOf(bytes.subarray(0, size)));
    wire.close();
  });

  await t.test('beyond the limit are refused, and not one byte more is announced as sent', async (inner) => {
    const gate = await startGate(inner, { upstream: url, policy: POLICY, config: { limits: { body_bytes: 2 * LONG } } });
    const wire = await Wire.open(gate.port);
    await wire.write(post('/open/x', 4 * LONG));
    wire.socket.write(bytes.subarray(0, 4 * LONG));
    assert.equal((await wire.answer()).status, 413);
    wire.close();
  });

  await t.test('an early answer is passed on while the client is silent in the middle', async (inner) => {
    const upstream = await recordingUpstream(inner);
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: { limits: { body_timeout: '1h', body_bytes: 40 * LONG } } });
    const wire = await Wire.open(gate.port);
    await wire.write(post('/open/x', 4 * LONG));
    wire.socket.write(bytes.subarray(0, LONG + 1));
    await eventually(() => upstream.connections[0]?.seen.length > LONG, 'the first bytes at the upstream');
    upstream.connections[0].socket.write(answer(409, 'enough', ['Connection: close']));
    const got = await wire.answer();
    assert.equal(got.status, 409);
    assert.equal(got.text, 'enough');
    wire.close();
  });

  await t.test('a client that leaves in the middle: the upstream is let go', async (inner) => {
    const upstream = await recordingUpstream(inner);
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: { limits: { body_timeout: '1h', body_bytes: 40 * LONG } } });
    const wire = await Wire.open(gate.port);
    await wire.write(post('/open/gone', 4 * LONG));
    wire.socket.write(bytes.subarray(0, LONG + 1));
    await eventually(() => upstream.connections[0]?.seen.length > LONG, 'the first bytes at the upstream');
    wire.socket.destroy();
    await eventually(() => upstream.connections[0].closed, 'the gate to let the upstream go');
    assert.equal((await gate.line((entry) => entry.path === '/open/gone')).reason, 'request_malformed');
  });

  await t.test('silence in the middle is request_timeout', async (inner) => {
    const upstream = await recordingUpstream(inner);
    const gate = await startGate(inner, { upstream: upstream.url, policy: POLICY, config: { limits: { body_timeout: '1s', body_bytes: 40 * LONG } } });
    const wire = await Wire.open(gate.port);
    await wire.write(post('/open/silent', 4 * LONG));
    wire.socket.write(bytes.subarray(0, LONG + 1));
    const got = await wire.answer();
    assert.equal(got.status, 408);
    wire.close();
  });
});

test('their bytes are spliced, all but a few', { skip: without('strace') || (ENGINE !== 'events' && `${ENGINE} copies`) }, async (t) => {
  const size = 40 * LONG;
  const policy = { ...POLICY, modules: { up: { paths: ['/open/up'], upstream: await digester(t) } } };
  const gate = await makeGate(t, { upstream: (await recordingUpstream(t, bySize)).url, policy, config: { limits: { body_bytes: size } } });
  const calls = path.join(gate.dir, 'calls');
  /** How many bytes splice() moved so far, into a pipe and out of it. */
  const spliced = () => [...fs.readFileSync(calls, 'utf8').matchAll(/splice\(.* = (\d+)$/gm)].reduce((sum, [, moved]) => sum + Number(moved), 0);
  gate.spawn({ ASAN_OPTIONS: 'detect_leaks=0' }, ['strace', '-D', '-f', '-qq', '-o', calls, '-e', 'trace=splice']);
  t.after(() => gate.stop());
  await gate.ready();
  const wire = await Wire.open(gate.port);
  for (const send of [get(`/open/${size}`), Buffer.concat([Buffer.from(post('/open/up', size)), bytes.subarray(0, size)])]) {
    const before = spliced();
    wire.socket.write(send);
    assert.equal((await wire.answer()).status, 200);
    await eventually(() => spliced() - before > 1.8 * size, 'nine tenths of it to go through a pipe');
  }
  wire.close();
});
