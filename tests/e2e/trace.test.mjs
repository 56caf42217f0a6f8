// SPDX-License-Identifier: Apache-2.0
// What ties a request to others: traceparent, and the client's own request id.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const POLICY = { public: ['/open/*'] };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

for (const word of ['new', 'keep']) {
  test(`request_id: ${word}`, async (t) => {
    const upstream = await recordingUpstream(t);
    const gate = await startGate(t, { upstream: upstream.url, config: { forward: { request_id: word } }, policy: POLICY });
    /** {got, sent, line}: the answer, what the upstream saw, the log line. */
    const send = async (headers, target = '/open/x') => {
      upstream.clear();
      const got = await gate.ask({ target, headers });
      const line = await gate.line((one) => one.request_id === got.get('x-request-id'));
      return { got, sent: upstream.requests[0], line };
    };

    await t.test('a harmless id of the client', async () => {
      const { got, sent, line } = await send(['X-Request-Id: order-7']);
      assert.notEqual(got.get('x-request-id'), 'order-7', 'answers have the gate\'s');
      assert.deepEqual(sent.all('X-Request-Id'), [word === 'keep' ? 'order-7' : line.request_id]);
      assert.equal(line.client_request_id, word === 'keep' ? 'order-7' : undefined);
    });
    await t.test('others never get through', async () => {
      for (const headers of [['X-Request-Id: a b'], ['X-Request-Id: a', 'X-Request-Id: b'], ['X_Request_Id: a'], ['X-Request-Id: '], [`X-Request-Id: ${'a'.repeat(129)}`], ['X-Request-Id: a"}{']]) {
        const { sent, line } = await send(headers);
        assert.deepEqual(sent.all('X-Request-Id'), [line.request_id], headers[0]);
        assert.equal(line.client_request_id, undefined);
      }
    });
    await t.test('a refusal names it in the log, and not as its instance', async () => {
      const { got, line } = await send(['X-Request-Id: order-8', `traceparent: ${PARENT}`], '/closed');
      assert.equal(got.status, 403);
      assert.equal(JSON.parse(got.text).instance, line.request_id);
      assert.equal(line.client_request_id, word === 'keep' ? 'order-8' : undefined);
      assert.equal(line.trace_id, TRACE);
    });
  });
}

test('traceparent', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY });
  const send = async (headers) => {
    upstream.clear();
    const got = await gate.ask({ target: '/open/x', headers });
    const line = await gate.line((one) => one.request_id === got.get('x-request-id'));
    return { sent: upstream.requests[0], line };
  };

  await t.test('a valid one is passed on with its state', async () => {
    const { sent, line } = await send([`Traceparent: ${PARENT}`, 'tracestate: a=1', 'tracestate: b=2']);
    assert.deepEqual(sent.all('traceparent'), [PARENT]);
    assert.deepEqual(sent.all('tracestate'), ['a=1', 'b=2']);
    assert.equal(line.trace_id, TRACE);
  });
  await t.test('without a valid one there is a new one, and no state', async () => {
    const seen = new Set();
    for (const headers of [[], [`traceparent: ${PARENT}`, `traceparent: ${PARENT}`], [`traceparent: ${PARENT.toUpperCase()}`], [`traceparent: 00-${'0'.repeat(32)}-b7ad6b7169203331-01`], ['traceparent: evil'], ['Connection: traceparent', 'traceparent: x']]) {
      const { sent, line } = await send([...headers, 'tracestate: a=1', 'TraceState: b=1']);
      const [parent, ...more] = sent.all('traceparent');
      assert.deepEqual([more, sent.all('tracestate')], [[], []]);
      assert.match(parent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      assert.equal(line.trace_id, parent.slice(3, 35));
      seen.add(parent);
    }
    assert.equal(seen.size, 6, 'each is a new one');
  });
});
