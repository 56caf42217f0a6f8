// SPDX-License-Identifier: Apache-2.0
// limits.stream_timeout: event streams and tunnels have a limit of silence of their own.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey } from './harness/tokens.mjs';
import { pause } from './harness/wait.mjs';

const QUIET_MS = 1500;

/** An API that is quiet for QUIET_MS after its first words, or for ever. */
async function quietApi(t) {
  const server = http.createServer(async (request, response) => {
    const [, , type, then] = request.url.split('/');
    response.writeHead(200, { 'Content-Type': `text/${type}` });
    response.write('data: one\n\n');
    if (then !== 'speaks') return;
    await pause(QUIET_MS);
    response.end('data: two\n\n');
  });
  server.on('upgrade', async (request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: quiet\r\n\r\none');
    if (!request.url.endsWith('/speaks')) return;
    await pause(QUIET_MS);
    socket.end('two');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

async function gateWith(t, limits) {
  return startGate(t, { upstream: await quietApi(t), files: { 'keys.json': keySet(makeKey('ES256')) }, config: { issuers: fileIssuer(), limits } });
}

async function stream(gate, target) {
  const answer = await fetch(`http://127.0.0.1:${gate.port}/open/${target}`);
  return answer.text().catch((error) => error);
}

async function tunnel(gate, then) {
  const wire = await Wire.open(gate.port);
  await wire.write(`GET /open/tunnel/${then} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: quiet\r\n\r\n`);
  const error = await wire.ended();
  return { text: wire.pending.toString('latin1'), error };
}

test('they outlast upstream_timeout', async (t) => {
  const gate = await gateWith(t, { upstream_timeout: '500ms' });
  await t.test('an event stream', async () => assert.equal(await stream(gate, 'event-stream/speaks'), 'data: one\n\ndata: two\n\n'));
  await t.test('a tunnel', async () => {
    const { text, error } = await tunnel(gate, 'speaks');
    assert.match(text, /101 Switching[^]*onetwo$/);
    assert.equal(error, null);
  });
  await t.test('other answers do not', async () => {
    assert.ok(await stream(gate, 'plain/stays') instanceof Error);
    await gate.line((line) => /went silent in the middle/.test(line.aborted));
  });
});

test('they end by stream_timeout', async (t) => {
  const gate = await gateWith(t, { upstream_timeout: '1h', stream_timeout: '500ms' });
  await t.test('an event stream', async () => assert.ok(await stream(gate, 'event-stream/stays') instanceof Error));
  await t.test('a tunnel', async () => {
    const { text, error } = await tunnel(gate, 'stays');
    assert.match(text, /101 Switching[^]*one$/);
    assert.equal(error?.code, 'ECONNRESET', 'it is not over as if all were said');
    await gate.line((line) => line.status === 101 && /silent for stream_timeout/.test(line.aborted));
  });
  await t.test('other answers do not', async () => assert.equal(await stream(gate, 'plain/speaks'), 'data: one\n\ndata: two\n\n'));
});
