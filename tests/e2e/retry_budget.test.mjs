// SPDX-License-Identifier: Apache-2.0
// `upstream.retry_budget`: what an upstream in trouble gets besides its clients' requests.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ENGINE, makeGate, run, startGate } from './harness/gate.mjs';
import { answer, deadUrl, recordingUpstream } from './harness/upstream.mjs';

const REQUESTS = 100;
const policyOf = (upstream) => ({ modules: { all: { paths: ['/*'], upstream } }, public: ['/*'] });

const gateBefore = (t, upstream) => startGate(t, {
  config: (gate) => ({ listen: { address: `127.0.0.1:${gate.port}`, engine: ENGINE, ...(ENGINE === 'events' ? { threads: 1 } : {}) } }),
  policy: policyOf(upstream),
});

/** An upstream that answers the first request of each connection, and closes at the second. */
const closing = (t) => recordingUpstream(t, (request, { socket, count }) => {
  if (count === 1) return answer(200, 'x');
  socket.destroy();
  return undefined;
});

/** Ask one after the other: {answers by status, requests at the upstream, retries as counted}. */
async function storm(gate, upstream) {
  const statuses = {};
  for (let i = 0; i < REQUESTS; i++) {
    const { status } = await gate.ask({ target: '/x' });
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return { statuses, got: upstream.requests.length, retries: await gate.metric(`postern_upstream_retries_total{upstream="${upstream.url}"}`) };
}

test('without a budget each request on a closed connection is repeated', async (t) => {
  const upstream = await closing(t);
  const gate = await gateBefore(t, { url: upstream.url });
  const { statuses, got, retries } = await storm(gate, upstream);
  assert.deepEqual(statuses, { 200: REQUESTS });
  // A thread of the other engine may keep the connection only after the next request has opened one.
  assert.ok(ENGINE === 'events' ? retries === REQUESTS - 1 : retries > REQUESTS / 2, String(retries));
  assert.equal(got, REQUESTS + retries);
});

test('with one it is a share of them, and a few that were saved', async (t) => {
  const upstream = await closing(t);
  const gate = await gateBefore(t, { url: upstream.url, retry_budget: '0.1' });
  const { statuses, got, retries } = await storm(gate, upstream);
  assert.ok(retries >= 10 && retries <= REQUESTS / 10 + 10, String(retries));
  assert.equal(got, REQUESTS + retries);
  assert.equal(statuses[200] + statuses[502], REQUESTS);
  assert.ok(statuses[502] > 0, JSON.stringify(statuses));

  await t.test('a reload that changes something else', async () => {
    upstream.clear();
    upstream.respond = () => answer(200, 'x');
    gate.signal('SIGHUP');
    await gate.complains(/was reloaded/);
    assert.equal((await gate.ask({ target: '/x' })).status, 200);
  });
});

test('a budget of nothing', async (t) => {
  const upstream = await closing(t);
  const gate = await gateBefore(t, { url: [upstream.url], retry_budget: '0' });
  const { got, retries } = await storm(gate, upstream);
  assert.equal(retries, 0);
  assert.equal(got, REQUESTS);

  await t.test('counts for the next address, too', async () => {
    const [dead, other] = [await deadUrl(), await deadUrl()];
    gate.write('policy.yaml', policyOf({ url: [dead, other], retry_budget: '0' }));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    for (let i = 0; i < 10; i++) assert.equal((await gate.ask({ target: '/x' })).status, 502);
    const sums = await Promise.all([dead, other].map((url) => gate.metric(`postern_upstream_requests_total{upstream="${url}"}`)));
    assert.equal(sums[0] + sums[1], 10);
  });
});

test('an outage of all addresses: the budget bounds what they are tried', async (t) => {
  const urls = [await deadUrl(), await deadUrl(), await deadUrl()];
  const gate = await gateBefore(t, { url: urls, retry_budget: '0.2' });
  for (let i = 0; i < REQUESTS; i++) assert.equal((await gate.ask({ method: 'POST', target: '/x', body: 'x' })).status, 502);
  const tries = (await Promise.all(urls.map((url) => gate.metric(`postern_upstream_requests_total{upstream="${url}"}`)))).reduce((a, b) => a + b);
  assert.ok(tries >= REQUESTS + 10 && tries <= REQUESTS + REQUESTS / 5 + 10, String(tries));
});

test('what is no share is a mistake', async (t) => {
  const gate = await makeGate(t);
  for (const value of ['1.5', '-1', '10%', '0.00001', 'x', '.1', '1.']) {
    gate.write('policy.yaml', policyOf({ url: 'http://a', retry_budget: value }));
    const { code, stdout, stderr } = await run(['check', '-c', gate.file]);
    assert.equal(code, 1, value);
    assert.match(stdout + stderr, /\/retry_budget: must be a share of 0 to 1, such as 0\.1/);
  }
});
