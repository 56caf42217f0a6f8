// SPDX-License-Identifier: Apache-2.0
// A client that leaves is noticed at once, whatever the upstream does: the upstream is let go, and
// the log and the metric say that it was the client.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { cannot } from './harness/engines.mjs';
import { ENGINE, startGate } from './harness/gate.mjs';
import { basic, callWith, form, FORM, issuerGate, tokenOf } from './harness/oauth.mjs';
import { Wire } from './harness/raw.mjs';
import { AUDIENCE, ISSUER, keySet, makeKey, sign } from './harness/tokens.mjs';
import { without, writer } from './harness/trouble.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const ENDLESS = path.join(path.dirname(fileURLToPath(import.meta.url)), 'fixtures/endless.py');
const GET = 'GET /open/quiet HTTP/1.1\r\nHost: h\r\n\r\n';
const STREAM = 'HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\n\r\n';
/** No callers: all that is asked for here is public. */
const POLICY = { public: ['/open/*'] };
const PATIENT = { limits: { upstream_timeout: '1h', body_timeout: '1h', connections: 64 } };
const COUNTED = 'postern_requests_total{reason="client_gone"}';

/** The upstream's end of what the gate opened last has been closed by the gate. */
const letGo = (upstream, index) => eventually(() => upstream.connections[index]?.closed, 'the gate to let the upstream go');

const gone = (gate, fits = () => true) => gate.line((line) => line.reason === 'client_gone' && fits(line));

test('a client that leaves', async (t) => {
  const upstream = await recordingUpstream(t, () => undefined);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: PATIENT });
  let count = 0;

  await t.test('before the answer began: 499', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(GET);
    await upstream.until(1);
    wire.socket.destroy();
    await letGo(upstream, 0);
    const { status, reason } = await gone(gate);
    assert.deepEqual({ status, reason }, { status: 499, reason: 'client_gone' });
    await gate.counts(COUNTED, ++count);
  });

  await t.test('with a reset', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(GET);
    await upstream.until(2);
    wire.socket.resetAndDestroy();
    await letGo(upstream, 1);
    await gate.counts(COUNTED, ++count);
  });

  await t.test('in the middle of a quiet stream: the status that it was sent', async () => {
    upstream.respond = () => `${STREAM}data: 1\n\n`;
    const wire = await Wire.open(gate.port);
    await wire.write(GET);
    assert.equal((await wire.head()).status, 200);
    wire.socket.destroy();
    await letGo(upstream, 2);
    assert.equal((await gone(gate, (line) => line.status === 200)).reason, 'client_gone');
    await gate.counts(COUNTED, ++count);
  });

  await t.test('in the middle of an answer that it does not read', async () => {
    upstream.respond = () => `HTTP/1.1 200 Fine\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(30000000)}`;
    const wire = await Wire.open(gate.port);
    wire.socket.pause();
    await wire.write(GET);
    await upstream.until(4);
    wire.socket.destroy();
    await letGo(upstream, 3);
    await gate.counts(COUNTED, ++count);
  });

  await t.test('no fault of the upstream is counted', async () => {
    for (const kind of ['reset', 'timeout', 'malformed', 'connect'])
      assert.equal(await gate.metric(`postern_upstream_failures_total{upstream="${upstream.url}",kind="${kind}"}`), 0);
  });

  await t.test('and the next one is served', async () => {
    upstream.respond = () => answer(200, 'fine');
    assert.equal((await gate.ask({ target: '/open/x' })).text, 'fine');
  });
});

test('a client that stays and does not read its answer is let go', async (t) => {
  const upstream = await recordingUpstream(t, () => `HTTP/1.1 200 Fine\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(50000000)}`);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: { limits: { ...PATIENT.limits, [ENGINE === 'events' ? 'write_timeout' : 'header_timeout']: '500ms' } } });
  const wire = await Wire.open(gate.port);
  wire.socket.pause();
  await wire.write(GET);
  await letGo(upstream, 0);
  assert.equal((await gone(gate)).status, 200);
  wire.socket.destroy();
});

test('a client that closed only its side gets the answer that is on its way', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY });
  const wire = await Wire.open(gate.port, { allowHalfOpen: true });

  wire.socket.end(GET);
  assert.equal((await wire.answer()).status, 200);
});

test('as many quiet streams as a gate has places, all left, leave it free', async (t) => {
  const upstream = await recordingUpstream(t, (request) => (request.target === '/open/quiet' ? `${STREAM}data: 1\n\n` : answer(200, 'free')));
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: { limits: { ...PATIENT.limits, connections: 8 } } });
  const wires = await Promise.all(Array.from({ length: 8 }, () => Wire.open(gate.port)));

  for (const wire of wires) {
    await wire.write(GET);
    assert.equal((await wire.head()).status, 200);
  }
  for (const wire of wires) wire.socket.destroy();
  await gate.counts(COUNTED, 8);
  assert.equal((await gate.ask({ target: '/open/x' })).text, 'free');
});

test('SIGTERM does not wait for a client that has left', async (t) => {
  const upstream = await recordingUpstream(t, () => undefined);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: PATIENT });
  const wire = await Wire.open(gate.port);

  await wire.write(GET);
  await upstream.until(1);
  gate.signal('SIGTERM');
  await gate.complains(/"drain"/);
  assert.equal(gate.gone, null);
  wire.socket.destroy();
  await gone(gate);
  await gate.stop();
});

test('SIGTERM ends answers that never make the gate wait', async (t) => {
  const child = spawn('python3', [ENDLESS, '20'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const said = createInterface(child.stdout)[Symbol.asyncIterator]();
  const gate = await startGate(t, { upstream: `http://127.0.0.1:${(await said.next()).value}`, policy: POLICY, config: (made) => ({ listen: { address: `127.0.0.1:${made.port}`, threads: 1 }, limits: { upstream_timeout: '500ms' } }) });

  child.stdin.write(`${gate.port}\n`);
  assert.equal((await said.next()).value, 'reading');
  await gate.stop();
});

/** While the upstream is not asked yet: only the engine `events` watches a client then. */
const OTHER_WAITS = { skip: cannot('LEAVING') };

/** An identity provider that gives its keys once, and then only when it is released. */
async function holdingProvider(t, ...keys) {
  const provider = { held: null, released: false };
  let hits = 0;
  const server = http.createServer((request, response) => {
    if (++hits === 1) response.end(JSON.stringify(keySet(...keys)));
    else provider.held = response;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  provider.url = `http://127.0.0.1:${server.address().port}/keys`;
  provider.release = (...now) => {
    provider.released = true;
    provider.held.end(JSON.stringify(keySet(...now)));
  };
  return provider;
}

test('a client that leaves while keys are fetched', OTHER_WAITS, async (t) => {
  const key = makeKey('RS256', 'known');
  const fresh = makeKey('ES256', 'fresh');
  const provider = await holdingProvider(t, key);
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url,
    config: { issuers: { idp: { issuer: ISSUER, audience: [AUDIENCE], jwks_uri: provider.url, jwks: { timeout: '60s' } } }, limits: { connections: 1024 } },
  });
  const ask = async (signer) => `GET /api/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${await sign(signer)}\r\n\r\n`;
  await gate.hasKeys();

  const wires = await Promise.all(Array.from({ length: 200 }, () => Wire.open(gate.port)));
  for (const wire of wires) await wire.write(await ask(fresh));
  await eventually(() => provider.held, 'a fetch for the unknown key');
  await gate.counts('postern_connection_states{state="serving"}', 200);

  await t.test('is let go at once', async () => {
    wires.pop().socket.destroy();
    wires.pop().socket.resetAndDestroy();
    await gate.counts(COUNTED, 2);
    const { status } = await gone(gate);
    assert.equal(status, 499);
    assert.equal(provider.released, false);
  });

  await t.test('and all others are served with the new key', async () => {
    provider.release(key, fresh);
    for (const wire of wires) {
      const got = await wire.answer();
      assert.equal(got.status, 200, got.text);
      wire.close();
    }
  });
});

test('a client that leaves while its slow call waits for a thread', { skip: OTHER_WAITS.skip ?? without('sqlite3') }, async (t) => {
  const gate = await issuerGate(t);
  const token = await tokenOf(gate);
  const release = await writer(t, path.join(gate.dir, 'state/postern.db'));
  const body = form({ token });
  const authorization = basic(gate.partner.client_id, gate.partner.client_secret);
  const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.open(gate.port)));

  // Sixteen threads wait for the database, and the rest for one of them.
  for (const wire of wires) {
    await wire.write(`POST /oauth/revoke HTTP/1.1\r\nHost: h\r\nAuthorization: ${authorization}\r\nContent-Type: ${FORM}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }
  await gate.counts('postern_slow_calls{state="waiting"}', 4);
  await gate.counts('postern_slow_calls{state="busy"}', 16);
  assert.equal((await callWith(gate, token)).status, 200, 'others are served meanwhile');
  for (const wire of wires) wire.socket.destroy();
  await gate.counts('postern_slow_calls{state="waiting"}', 0);
  await gate.counts(COUNTED, 4);
  await release();
  await gate.counts('postern_slow_calls{state="busy"}', 0);
  assert.equal((await callWith(gate, token)).status, 401, 'the revocations that had begun are done');
});
