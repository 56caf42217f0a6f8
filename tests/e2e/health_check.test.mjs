// SPDX-License-Identifier: Apache-2.0
// `upstream.health_check`: what it finds, and that nobody waits for it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { ENGINE, makeGate, run, startGate } from './harness/gate.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const policyOf = (upstream) => ({ modules: { all: { paths: ['/*'], upstream } }, public: ['/*'] });
const CHECK = { path: '/health', every: '100ms' };

/** An upstream that says its name, and is well or not. */
async function named(t, name) {
  const made = await recordingUpstream(t);
  made.well = true;
  made.respond = ({ target }) => (target === '/health' ? answer(made.well ? 200 : 503) : answer(200, name));
  made.asked = () => made.requests.filter(({ target }) => target !== '/health').length;
  made.checked = () => made.requests.filter(({ target }) => target === '/health').length;
  return made;
}

const gateBefore = (t, url, more = {}) => startGate(t, {
  config: (gate) => ({ listen: { address: `127.0.0.1:${gate.port}`, engine: ENGINE }, limits: { upstream_timeout: '3s' } }),
  policy: policyOf({ url, health_check: CHECK, ...more }),
});

const isUp = (gate, upstream, value) => gate.counts(`postern_upstream_up{upstream="${upstream.url}"}`, value);

test('an address that is not well gets no requests, until it is', async (t) => {
  const [a, b] = [await named(t, 'a'), await named(t, 'b')];
  const gate = await gateBefore(t, [a.url, b.url]);
  await eventually(() => a.checked() > 0 && b.checked() > 0, 'checks');
  const { head } = a.requests.find(({ target }) => target === '/health');
  assert.equal(head, `GET /health HTTP/1.1\r\nHost: ${a.url.slice(7)}\r\nUser-Agent: postern-health-check\r\nConnection: close`);

  a.well = false;
  await isUp(gate, a, 0);
  await gate.complains(/"upstream_down".*status 503/);
  const before = a.asked();
  for (let i = 0; i < 8; i++) assert.equal((await gate.ask({ target: '/x' })).text, 'b');
  assert.equal(a.asked(), before);
  const page = JSON.parse((await gate.admin('/readyz')).text);
  assert.deepEqual(page.upstreams.filter((one) => one.upstream !== 'http://127.0.0.1:9'), [{ upstream: a.url, up: false }, { upstream: b.url, up: true }]);

  await t.test('a reload keeps what the same check found', async () => {
    gate.write('policy.yaml', { ...policyOf({ url: [a.url, b.url], health_check: { ...CHECK, every: '1h' } }), default: 'deny' });
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal(await gate.metric(`postern_upstream_up{upstream="${a.url}"}`), 0);
    gate.write('policy.yaml', policyOf({ url: [a.url, b.url], health_check: CHECK }));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  });

  a.well = true;
  await isUp(gate, a, 1);
  await gate.complains(/"upstream_up"/);
  const answers = new Set();
  for (let i = 0; i < 8; i++) answers.add((await gate.ask({ target: '/x' })).text);
  assert.deepEqual([...answers].sort(), ['a', 'b']);

  await t.test('when none is well, they are tried', async () => {
    a.well = b.well = false;
    await isUp(gate, a, 0);
    await isUp(gate, b, 0);
    assert.equal((await gate.ask({ target: '/x' })).status, 200);
  });

  await t.test('without a check after a reload nobody is asked, and nobody is out', async () => {
    gate.write('policy.yaml', policyOf({ url: [a.url, b.url] }));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    await isUp(gate, a, 1);
    // The ones of before end: the connections of their checks do.
    await eventually(() => [...a.connections, ...b.connections].filter(({ closed, count }) => !closed && count === 0).length === 0, 'the end of the checks');
  });
});

test('one that dies is found without a request, and found again when it is back', async (t) => {
  const [a, b] = [await named(t, 'a'), await named(t, 'b')];
  const gate = await gateBefore(t, [a.url, b.url]);
  await eventually(() => a.checked() > 0, 'a check');
  await a.stop();
  await isUp(gate, a, 0);
  for (let i = 0; i < 6; i++) assert.equal((await gate.ask({ method: 'POST', target: '/x', body: 'x' })).text, 'b');
  assert.equal(await gate.metric(`postern_upstream_requests_total{upstream="${a.url}"}`), 0);
  const server = net.createServer((socket) => a.server.emit('connection', socket));
  server.listen(a.port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { for (const { socket } of a.connections) socket.destroy(); server.close(); });
  await isUp(gate, a, 1);
});

test('a check that hangs holds up no request, no reload and no stop', async (t) => {
  const [a, b] = [await named(t, 'a'), await named(t, 'b')];
  const say = a.respond;
  const hanging = [];
  a.respond = (request) => {
    if (request.target !== '/health') return say(request);
    hanging.push(request);
    return undefined;
  };
  const gate = await gateBefore(t, [a.url, b.url], { health_check: { path: '/health', every: '1h' } });
  await eventually(() => hanging.length === 1, 'a check that hangs');
  for (let i = 0; i < 4; i++) assert.equal((await gate.ask({ target: '/x' })).status, 200);
  for (let i = 0; i < 3; i++) {
    gate.write('policy.yaml', policyOf({ url: [a.url, b.url], health_check: { path: '/health', every: `${50 + i}m` } }));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    await eventually(() => hanging.length === 2 + i, 'the check of the new configuration');
    assert.equal((await gate.ask({ target: '/x' })).status, 200);
  }
  // The checks of the old ones have ended: one connection is left.
  await eventually(() => a.connections.filter(({ closed, seen }) => !closed && seen.includes('/health')).length === 1, 'the end of the others');
  gate.signal('SIGTERM');
  assert.deepEqual(await gate.exit, { code: 0, signal: null });
});

test('a command checks no health', async (t) => {
  const a = await named(t, 'a');
  const gate = await makeGate(t, { policy: policyOf({ url: a.url, health_check: CHECK }) });
  for (const args of [['check', '-c', gate.file], ['explain', '-c', gate.file, '/x']]) assert.equal((await run(args)).code, 0);
  assert.equal(a.connections.length, 0);
  for (const [health_check, message] of [
    [{ every: '10s' }, /"path" is missing/],
    [{ path: 'health' }, /must be a path such as \/health/],
    [{ path: '/a b' }, /must be a path such as \/health/],
    [{ path: '/a\r\nX-A: b' }, /must be a path such as \/health/],
    [{ path: '/h', every: '10ms' }, /must be 100ms\.\.1h/],
  ]) {
    gate.write('policy.yaml', policyOf({ url: a.url, health_check }));
    const { code, stdout, stderr } = await run(['check', '-c', gate.file]);
    assert.equal(code, 1);
    assert.match(stdout + stderr, message);
  }
});
