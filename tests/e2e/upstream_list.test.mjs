// SPDX-License-Identifier: Apache-2.0
// `upstream.url` as a list: which address gets a request while some die, hang, refuse, reset and come back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import test from 'node:test';
import { Certificates } from './harness/certificates.mjs';
import { ENGINE, makeGate, run, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { answer, deadUrl, recordingUpstream } from './harness/upstream.mjs';
import { eventually, pause } from './harness/wait.mjs';

const policyOf = (upstream) => ({ modules: { all: { paths: ['/*'], upstream } }, public: ['/*'] });

/** A gate before these addresses. Each loop has a pool of its own: one loop. */
async function gateBefore(t, url, more = {}) {
  return startGate(t, {
    config: (gate) => ({
      listen: { address: `127.0.0.1:${gate.port}`, engine: ENGINE, ...(ENGINE === 'events' ? { threads: 1 } : {}) },
      limits: { upstream_timeout: '3s' },
    }),
    policy: policyOf({ url, ...more }),
  });
}

/** So many upstreams, each of which says its name. */
async function named(t, ...names) {
  return Promise.all(names.map((name) => recordingUpstream(t, () => answer(200, name))));
}

const up = (gate, upstream) => gate.metric(`postern_upstream_up{upstream="${upstream.url ?? upstream}"}`);

/** What the readiness page says of an address. */
async function ready(gate, upstream) {
  const page = await gate.admin('/readyz');
  return { status: page.status, up: JSON.parse(page.text).upstreams.find((one) => one.upstream === upstream.url).up };
}

/** Start it again at its port, with the same answers. */
async function comeBack(t, gone) {
  const server = net.createServer((socket) => gone.server.emit('connection', socket));
  server.listen(gone.port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { for (const { socket } of gone.connections) socket.destroy(); server.close(); });
}

/** An address that takes connections into its backlog and never says a word. */
async function silent(t) {
  const sockets = new Set();
  const server = net.createServer((socket) => { sockets.add(socket); socket.on('error', () => {}); socket.resume(); });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { for (const socket of sockets) socket.destroy(); server.close(); });
  return { url: `http://127.0.0.1:${server.address().port}`, sockets };
}

test('several addresses take turns, and each request is at one of them', async (t) => {
  const all = await named(t, 'a', 'b', 'c');
  const gate = await gateBefore(t, all.map((one) => one.url));
  for (let i = 0; i < 30; i++) assert.equal((await gate.ask({ target: `/${i}` })).status, 200);
  assert.deepEqual(all.map((one) => one.requests.length), [10, 10, 10]);
  for (const one of all) {
    assert.equal(await gate.metric(`postern_upstream_requests_total{upstream="${one.url}"}`), 10);
    assert.equal(await up(gate, one), 1);
  }
  const line = await gate.line((one) => one.path === '/7');
  assert.ok(all.some((one) => one.url === line.upstream && one.requests.some(({ target }) => target === '/7')), JSON.stringify(line));

  await t.test('one that is busy gets less', async () => {
    const held = [];
    all[0].respond = () => new Promise((resolve) => held.push(() => resolve(answer(200, 'a'))));
    const waiting = [];
    while (held.length === 0) {
      const before = all[0].requests.length;
      const asked = gate.ask({ target: '/held' });
      await eventually(() => all.reduce((sum, one) => sum + one.requests.length, 0) > 30 + waiting.length, 'the request at an address');
      waiting.push(asked);
      if (all[0].requests.length === before) await asked;
    }
    const before = all[0].requests.length;
    for (let i = 0; i < 12; i++) assert.equal((await gate.ask({ target: '/free' })).status, 200);
    assert.equal(all[0].requests.length, before);
    for (const release of held) release();
    await Promise.all(waiting);
  });
});

test('one that dies is left at once, without a failed request, and comes back', async (t) => {
  const [a, b] = await named(t, 'a', 'b');
  const gate = await gateBefore(t, [a.url, b.url]);
  for (let i = 0; i < 4; i++) await gate.ask({ target: '/before' });
  await a.stop();
  // With a body and not to be repeated: nothing was sent to the dead one.
  for (let i = 0; i < 10; i++) {
    const { status, text } = await gate.ask({ method: 'POST', target: `/dead/${i}`, body: 'x' });
    assert.deepEqual([status, text], [200, 'b']);
  }
  assert.equal(await up(gate, a), 0);
  assert.equal(await up(gate, b), 1);
  assert.deepEqual(await ready(gate, a), { status: 200, up: false });
  assert.equal(await gate.metric(`postern_upstream_failures_total{upstream="${a.url}",kind="connect"}`) >= 1, true);
  assert.equal((await gate.line((one) => one.path === '/dead/9')).upstream, b.url);

  await comeBack(t, a);
  await eventually(async () => (await gate.ask({ target: '/after' })).text === 'a', 'an answer of the one that came back');
  assert.equal(await up(gate, a), 1);
  assert.deepEqual(await ready(gate, a), { status: 200, up: true });
});

test('what an address already got is not sent to another', async (t) => {
  const [a, b] = await named(t, 'a', 'b');
  const gate = await gateBefore(t, [a.url, b.url]);
  const seen = (target) => [a, b].flatMap((one) => one.requests).filter((one) => one.target === target).length;

  for (const [what, method] of [['a POST', 'POST'], ['a GET', 'GET']]) {
    await t.test(`${what} whose connection is reset`, async () => {
      for (const one of [a, b]) one.respond = (request, { socket }) => void socket.destroy();
      await expectRefusal(gate, await gate.ask({ method, target: `/${method}`, body: method === 'POST' ? 'x' : undefined }), 'upstream_unreachable');
      assert.equal(seen(`/${method}`), 1);
      for (const one of [a, b]) one.respond = () => answer(200, 'x');
    });
  }
  await t.test('an answer that ends too early is reset for the client, too', async () => {
    for (const one of [a, b]) one.respond = (request, { socket }) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    assert.equal((await gate.ask({ target: '/half' })).complete, false);
    assert.equal(seen('/half'), 1);
    for (const one of [a, b]) one.respond = () => answer(200, 'x');
  });
  await t.test('a kept connection that was closed: a GET may be repeated, a POST may not', async () => {
    for (let i = 0; i < 4; i++) assert.equal((await gate.ask({ target: '/warm' })).status, 200);
    for (const one of [a, b]) {
      let first = true;
      one.respond = (request, { socket }) => {
        if (!first || request.target === '/warm') return answer(200, 'x');
        first = false;
        socket.destroy();
      };
    }
    assert.equal((await gate.ask({ target: '/again' })).status, 200, JSON.stringify(gate.lines));
    assert.equal(seen('/again'), 2);
    for (const one of [a, b]) one.respond = () => answer(200, 'x');
    for (let i = 0; i < 4; i++) assert.equal((await gate.ask({ target: '/warm' })).status, 200);
    for (const one of [a, b]) one.respond = (request, { socket }) => void socket.destroy();
    await expectRefusal(gate, await gate.ask({ method: 'POST', target: '/once', body: 'x' }), 'upstream_unreachable');
    assert.equal(seen('/once'), 1);
  });
});

test('one that takes connections and says nothing is left after three requests', async (t) => {
  const [b] = await named(t, 'b');
  const a = await silent(t);
  const gate = await gateBefore(t, [a.url, b.url], { timeout: '200ms' });
  let late = 0;
  for (let i = 0; i < 12; i++) {
    const { status } = await gate.ask({ target: '/x' });
    assert.ok(status === 200 || status === 504, String(status));
    if (status === 504) late++;
    if (late === 3) break;
  }
  assert.equal(late, 3);
  assert.equal(await up(gate, a.url), 0);
  assert.equal((await gate.ask({ target: '/x' })).status, 200);
});

/** An address whose queue of connections is full: the next one gets no word, not even a refusal. */
async function full(t) {
  const child = spawn(process.execPath, ['-e', `
    const server = require('net').createServer(() => {});
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const port = Number(String(await once(child.stdout, 'data').then(([data]) => data)));
  child.kill('SIGSTOP');
  const sockets = [];
  t.after(() => { for (const socket of sockets) socket.destroy(); });
  for (let connected = true; connected;) {
    const socket = net.connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    connected = await Promise.race([once(socket, 'connect').then(() => true), pause(500).then(() => false)]);
  }
  return { url: `http://127.0.0.1:${port}` };
}

test('one that takes no connection is left while there is time for the others', async (t) => {
  const [b] = await named(t, 'b');
  const a = await full(t);
  const gate = await gateBefore(t, [a.url, b.url]);
  for (let i = 0; i < 6; i++) assert.equal((await gate.ask({ method: 'POST', target: '/x', body: 'x' })).text, 'b');
  assert.equal(await up(gate, a.url), 0);
  assert.equal(await gate.metric(`postern_upstream_failures_total{upstream="${a.url}",kind="timeout"}`) >= 1, true);
});

test('when all are bad they are tried all the same', async (t) => {
  const [a, b] = await named(t, 'a', 'b');
  const gate = await gateBefore(t, [a.url, b.url]);
  await a.stop();
  await b.stop();
  for (let i = 0; i < 5; i++) {
    await expectRefusal(gate, await gate.ask({ target: '/none' }), 'upstream_unreachable');
  }
  for (const one of [a, b]) {
    assert.equal(await gate.metric(`postern_upstream_requests_total{upstream="${one.url}"}`), 5);
    assert.deepEqual(await ready(gate, one), { status: 200, up: false });
  }
  await comeBack(t, b);
  // The first request: nobody waits until an address may be tried again.
  assert.deepEqual(await gate.ask({ target: '/back' }).then(({ status, text }) => [status, text]), [200, 'b']);
});

test('a reload keeps what is known of an address', async (t) => {
  const [a, b, c] = await named(t, 'a', 'b', 'c');
  const dead = await deadUrl();
  const gate = await gateBefore(t, [dead, a.url]);
  for (let i = 0; i < 4; i++) assert.equal((await gate.ask({ target: '/x' })).text, 'a');
  const before = await gate.metric(`postern_upstream_requests_total{upstream="${dead}"}`);
  gate.write('policy.yaml', policyOf({ url: [b.url, dead, a.url] }));
  gate.signal('SIGHUP');
  await gate.complains(/was reloaded/);
  assert.equal(await up(gate, dead), 0);
  assert.equal(await gate.metric(`postern_upstream_requests_total{upstream="${dead}"}`), before);
  assert.equal(await gate.metric(`postern_upstream_connects_total{upstream="${a.url}",kind="new"}`), 1);
  const answers = new Set();
  for (let i = 0; i < 10; i++) answers.add((await gate.ask({ target: '/x' })).text);
  assert.deepEqual([...answers].sort(), ['a', 'b']);

  await t.test('a request that is under way ends where it is', async () => {
    let finish;
    for (const one of [a, b]) one.respond = () => new Promise((resolve) => (finish = () => resolve(answer(200, 'old'))));
    const asked = gate.ask({ target: '/slow' });
    await eventually(() => finish !== undefined, 'the request');
    gate.write('policy.yaml', policyOf({ url: [c.url] }));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal((await gate.ask({ target: '/x' })).text, 'c');
    finish();
    assert.equal((await asked).text, 'old');
  });
});

test('Unix sockets, a path in front, and references of either address', async (t) => {
  const [a, b] = await named(t, 'a', 'b');
  for (const one of [a, b]) one.respond = () => answer(302, '', [`Location: ${one.url}/v2/there`]);
  const gate = await gateBefore(t, [`${a.url}/v2`, `${b.url}/v2/`], {});
  gate.write('policy.yaml', { modules: { all: { paths: ['/api/*'], upstream: { url: [`${a.url}/v2`, `${b.url}/v2/`], strip_prefix: '/api' } } }, public: ['/api/*'] });
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  for (let i = 0; i < 4; i++) {
    const reply = await gate.ask({ target: '/api/here' });
    assert.equal(reply.get('location'), '/api/there');
  }
  assert.ok(a.requests.length > 0 && b.requests.length > 0);
  assert.ok([...a.requests, ...b.requests].every(({ target }) => target === '/v2/here'));

  const path = `${gate.dir}/api.sock`;
  const server = net.createServer((socket) => socket.once('data', () => socket.end(answer(200, 'unix', ['Connection: close']))));
  server.listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  gate.write('policy.yaml', policyOf({ url: [`unix:${gate.dir}/none.sock`, `unix:${path}`] }));
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  for (let i = 0; i < 4; i++) assert.equal((await gate.ask({ target: '/x' })).text, 'unix');
});

test('an address whose certificate is refused is left for one that is trusted', async (t) => {
  const made = new Certificates().make('ca').make('good', { by: 'ca', names: 'IP:127.0.0.1' }).make('stranger', { names: 'IP:127.0.0.1' });
  const serve = async (name) => {
    const server = https.createServer(made.identity(name), (request, response) => response.end(name));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => { server.closeAllConnections?.(); server.close(); });
    return `https://127.0.0.1:${server.address().port}`;
  };
  const stranger = await serve('stranger');
  const good = await serve('good');
  const gate = await gateBefore(t, [stranger, good], { tls: { ca_file: made.path('ca.pem') } });
  for (let i = 0; i < 4; i++) assert.equal((await gate.ask({ method: 'POST', target: '/x', body: 'x' })).text, 'good');
  assert.equal(await up(gate, stranger), 0);
  assert.equal(await gate.metric(`postern_upstream_failures_total{upstream="${stranger}",kind="tls"}`), 1);
});

test('a list is checked, and explain names it', async (t) => {
  const gate = await makeGate(t, { policy: policyOf({ url: ['http://a.example/v2', 'http://b.example/v2'] }) });
  const explained = await run(['explain', '-c', gate.file, '/x']);
  assert.match(explained.stdout, /http:\/\/a\.example\/v2, http:\/\/b\.example\/v2/);
  for (const [upstream, message] of [
    [{ url: ['http://a', 'https://b'] }, /must have the same scheme as the first one/],
    [{ url: ['http://a/v1', 'http://b/v2'] }, /must have the same path as the first one/],
    [{ url: ['http://a', 'http://a'] }, /is listed twice/],
    [{ url: [] }, /is empty/],
    [{ url: ['http://a', 'b'] }, /must/],
    [{ url: ['http://a', 'http://b'], host: 'upstream' }, /must be keep or a name, since "url" has several addresses/],
    [{ url: Array.from({ length: 17 }, (_, i) => `http://h${i}`) }, /must have at most 16 addresses/],
  ]) {
    gate.write('policy.yaml', policyOf(upstream));
    const { code, stdout, stderr } = await run(['check', '-c', gate.file]);
    assert.equal(code, 1);
    assert.match(stdout + stderr, message);
    assert.match(stdout + stderr, /policy\.yaml:\d+:\d+: \/modules\/all\/upstream/);
  }
});
