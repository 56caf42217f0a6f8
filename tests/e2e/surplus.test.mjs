// SPDX-License-Identifier: Apache-2.0
// What an upstream sends beyond its answer is nobody's answer, however it arrives.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import tls from 'node:tls';
import { Certificates } from './harness/certificates.mjs';
import { startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const POLICY = { public: ['/open/*'] };
const SURPLUS = 'HTTP/1.1 200 Fine\r\nContent-Length: 6\r\n\r\npoison';
const get = (target) => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`;

/** An answer of so many bytes, its head included. */
function answerOf(bytes) {
  const head = (length) => `HTTP/1.1 200 Fine\r\nContent-Length: ${length}\r\n\r\n`;
  const length = bytes - head(1000).length;
  return head(length) + 'x'.repeat(length);
}

/** Answers of about the sizes that are read at once, each with a surplus, and an honest one after each. */
async function inStep(gate) {
  const wire = await Wire.open(gate.port);
  for (let size = 2020; size <= 2060; size++) {
    await wire.write(get(`/open/${size}`));
    assert.match((await wire.answer()).text, /^x+$/);
    await wire.write(get('/open/next'));
    assert.equal((await wire.answer()).text, 'next', `after an answer of ${size} bytes`);
  }
  wire.close();
}

const respond = (target) => (target === '/open/next' ? 'HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nnext' : answerOf(Number(/\d+/.exec(target))) + SURPLUS);

test('a surplus in the same segment', async (t) => {
  const upstream = await recordingUpstream(t, ({ target }) => respond(target));
  await inStep(await startGate(t, { upstream: upstream.url, policy: POLICY }));
});

test('a surplus in the same record of TLS', async (t) => {
  const made = new Certificates().make('ca').make('api', { by: 'ca', names: 'IP:127.0.0.1' });
  const server = tls.createServer(made.identity('api'), (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(respond(data.toString().split(' ')[1])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `https://127.0.0.1:${server.address().port}`;
  await inStep(await startGate(t, { policy: { modules: { api: { paths: ['/open/*'], upstream: { url, tls: { ca_file: made.path('ca.pem') } } } }, ...POLICY } }));
});
