// SPDX-License-Identifier: Apache-2.0
// An upstream that takes no more of a body may have something to say: who only waits for room waits in vain.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import tls from 'node:tls';
import { Certificates } from './harness/certificates.mjs';
import { startGate } from './harness/gate.mjs';
import { takeChunked, Wire } from './harness/raw.mjs';
import { answer } from './harness/upstream.mjs';
import { eventually, pause } from './harness/wait.mjs';

const LENGTH = 48 << 20; // more than all sockets on the way hold
const body = crypto.randomBytes(LENGTH);
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const LIMITS = { upstream_timeout: '1h', write_timeout: '1h', body_timeout: '1h' };

/** Takes the head of a request and nothing more, until it is told to. */
class Stuck {
  async start(t, identity) {
    const taken = (socket) => this.#take(socket);
    const server = identity ? tls.createServer(identity, taken) : net.createServer(taken);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => { this.socket?.destroy(); server.close(); });
    this.port = server.address().port;
    return this;
  }

  #take(socket) {
    this.socket = socket;
    this.parts = [];
    this.held = 0;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      this.parts.push(data);
      this.held += data.length;
      if (!this.reading) socket.pause();
    });
  }

  /** Everything of the body, when it is whole. */
  async body(chunked) {
    this.reading = true;
    this.socket.resume();
    const whole = () => {
      const bytes = Buffer.concat(this.parts);
      const after = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
      return chunked ? takeChunked(after)?.body : after;
    };
    await eventually(() => this.held >= LENGTH && (whole()?.length ?? 0) >= LENGTH, 'the whole body');
    return whole();
  }
}

/** Post the body, until nothing of it goes out any more. */
async function post(gate, upstream, chunked) {
  const wire = await Wire.open(gate.port);
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${LENGTH}`;
  upstream.reading = false;
  upstream.socket = undefined;
  wire.socket.write(`POST /open/x HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n`);
  if (chunked) wire.socket.write(`${LENGTH.toString(16)}\r\n`);
  for (let at = 0; at < LENGTH; at += 65536) wire.socket.write(body.subarray(at, at + 65536));
  if (chunked) wire.socket.write('\r\n0\r\n\r\n');
  let [left, same] = [0, 0];
  await eventually(() => {
    same = upstream.socket && wire.socket.writableLength === left ? same + 1 : 0;
    left = wire.socket.writableLength;
    return same === 60;
  }, 'an upload that is stuck');
  assert.ok(left > 0, 'not all of it is on its way');
  return wire;
}

for (const secure of [false, true]) {
  test(`an upload to an upstream that does not read, ${secure ? 'by TLS' : 'in plain'}`, async (t) => {
    const made = new Certificates().make('ca').make('api', { by: 'ca', names: 'IP:127.0.0.1' });
    const upstream = await new Stuck().start(t, secure && made.identity('api'));
    const to = secure ? { url: `https://127.0.0.1:${upstream.port}`, tls: { ca_file: made.path('ca.pem') } } : `http://127.0.0.1:${upstream.port}`;
    const policy = { modules: { api: { paths: ['/open/*'], upstream: to } }, public: ['/open/*'] };
    const gate = await startGate(t, { policy, config: { limits: LIMITS } });
    const hasty = await startGate(t, { policy, config: { limits: { ...LIMITS, body_timeout: '5s' } } });
    const strict = await startGate(t, { policy, config: { limits: { ...LIMITS, upstream_timeout: '2s' } } });

    for (const chunked of [false, true]) {
      const how = chunked ? 'in chunks' : 'with a length';
      await t.test(`${how}: its answer ends it`, async () => {
        const wire = await post(gate, upstream, chunked);
        upstream.socket.write(answer(413, 'enough'));
        const got = await wire.answer();
        assert.deepEqual([got.status, got.text, got.get('connection')], [413, 'enough', 'close']);
        await eventually(() => upstream.socket.destroyed || upstream.socket.resume().readableEnded, 'the end of its connection');
        wire.close();
      });
      await t.test(`${how}: an interim answer arrives, and the upload goes on`, async () => {
        const wire = await post(gate, upstream, chunked);
        upstream.socket.write(HINTS);
        assert.equal((await wire.head()).status, 103);
        assert.ok((await upstream.body(chunked)).equals(body), 'every byte in its place');
        upstream.socket.write(answer(200, 'whole'));
        assert.equal((await wire.answer()).text, 'whole');
        upstream.socket.destroy();
        wire.close();
      });
      await t.test(`${how}: its silence ends it`, async () => {
        const wire = await post(strict, upstream, chunked);
        const got = await wire.answer();
        assert.deepEqual([got.status, got.json().reason, got.get('connection')], [504, 'upstream_timeout', 'close']);
        await strict.line((line) => line.request_id === got.get('x-request-id') && /stopped reading the body/.test(line.detail));
        wire.close();
      });
      await t.test(`${how}: its pause is not the client's`, async () => {
        const wire = await post(hasty, upstream, chunked);
        await pause(6000);
        assert.ok((await upstream.body(chunked)).equals(body));
        upstream.socket.write(answer(200, 'whole'));
        assert.equal((await wire.answer()).text, 'whole');
        upstream.socket.destroy();
        wire.close();
      });
    }
  });
}

test('an early answer arrives whole while its client still sends', async (t) => {
  const words = body.subarray(0, 12 << 20);
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(`HTTP/1.1 413 Enough\r\nContent-Length: ${words.length}\r\n\r\n`);
      socket.write(words);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = await startGate(t, { policy: { public: ['/open/*'] }, config: { limits: LIMITS }, upstream: `http://127.0.0.1:${server.address().port}` });

  for (const lines of ['Content-Length: 4000000000', 'Transfer-Encoding: chunked']) {
    await t.test(lines, async () => {
      const socket = net.connect(gate.port, '127.0.0.1');
      const piece = Buffer.concat([Buffer.from('10000\r\n'), body.subarray(0, 65536), Buffer.from('\r\n')]);
      const more = () => { while (!socket.destroyed && socket.write(piece)); };
      const parts = [];
      let error = null;
      socket.on('drain', more);
      socket.on('data', (data) => parts.push(data));
      socket.on('error', (found) => { error = found; });
      socket.write(`POST /open/x HTTP/1.1\r\nHost: h\r\n${lines}\r\n\r\n`);
      more();
      const answered = () => {
        const bytes = Buffer.concat(parts);
        return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
      };
      await eventually(() => error || answered().length >= words.length, 'the answer');
      assert.match(parts[0].toString('latin1', 0, 20), /^HTTP\/1\.1 413 /);
      assert.ok(answered().equals(words), `${answered().length} bytes, then ${error}`);
      socket.destroy();
    });
  }
});

test('who sends for ever and reads nothing of the answer is let go', async (t) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(Buffer.concat([Buffer.from('HTTP/1.1 413 Enough\r\nContent-Length: 1500000\r\n\r\n'), body.subarray(0, 1500000)])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = await startGate(t, { policy: { public: ['/open/*'] }, config: { limits: LIMITS }, upstream: `http://127.0.0.1:${server.address().port}` });
  const socket = net.connect(gate.port, '127.0.0.1').pause();
  let error = null;
  socket.on('error', (found) => { error = found; });
  socket.write('POST /open/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000000000\r\n\r\n');
  const more = () => { while (!socket.destroyed && socket.write(body.subarray(0, 65536))); };
  socket.on('drain', more);
  more();
  await eventually(() => error, 'its end');
  await gate.counts('postern_connections', 0);
});
