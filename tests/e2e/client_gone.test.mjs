// SPDX-License-Identifier: Apache-2.0
// A client that leaves is noticed at once, whatever the upstream does: the upstream is let go, and
// the log and the metric say that it was the client.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

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
