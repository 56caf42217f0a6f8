// SPDX-License-Identifier: Apache-2.0
// What the engine `events` does and the other does not: any method, connections that cost no thread,
// places for whoever asks, and slow calls that hold up nobody, all on a single loop.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import test from 'node:test';
import { gateWithNames, nameServer, unableToName } from './harness/dns.mjs';
import { atOnce, makeGate, POLICY, run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { Wire } from './harness/raw.mjs';
import { assertRefusal, expectRefusal } from './harness/refusal.mjs';
import { AUDIENCE, fileIssuer, ISSUER, keySet, makeKey, sign } from './harness/tokens.mjs';
import { without } from './harness/trouble.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually, pause } from './harness/wait.mjs';

const rsa = makeKey('RS256');
const FILES = { 'keys.json': keySet(rsa) };
const OPEN = 'GET /open/x HTTP/1.1\r\nHost: h\r\n\r\n';
/** Refused without a question to anybody. */
const BARE = (target) => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`;

/** No connection ends by itself while a test looks at it. */
const PATIENT = { header_timeout: '3m', idle_timeout: '3m' };

/** The events engine, on one loop. */
const config = (more = {}, limits = {}) => (gate) => ({
  listen: { address: `127.0.0.1:${gate.port}`, engine: 'events', threads: 1 },
  issuers: fileIssuer(),
  limits: { ...PATIENT, ...limits },
  ...more,
});
const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** An upstream that says nothing to /open/slow until it may. */
async function holdingUpstream(t) {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const upstream = await recordingUpstream(t, async (request) => {
    if (request.target === '/open/slow') await held;
    return answer(200, request.method);
  });
  return Object.assign(upstream, { release });
}

/** Where a request stands in the log. */
const position = (gate, path) => gate.lines.findIndex((line) => line.event === 'request' && line.path === path);

test('a method', async (t) => {
  const upstream = await recordingUpstream(t, (request) => answer(200, request.method));
  const policy = {
    ...POLICY,
    privileges: { purge: { paths: ['/api/*'], methods: ['PURGE', 'QUERY'], roles: ['reader'] } },
  };
  const gate = await startGate(t, { upstream: upstream.url, policy, files: FILES, config: config() });
  const headers = bearer(await sign(rsa));
  const ask = (method) => gate.ask({ method, target: '/api/x', headers });

  await t.test('is any token where nothing is said of methods', async () => {
    for (const method of ['PURGE', 'SEARCH', 'get', "!#$%&'*+-.^_`|~09"]) {
      assert.equal((await gate.ask({ method, target: '/open/x' })).text, method);
    }
  });

  await t.test('is decided by a privilege', async () => {
    for (const method of ['PURGE', 'QUERY']) assert.equal((await ask(method)).text, method);
    const before = upstream.requests.length;
    for (const method of ['GET', 'SEARCH', 'purge', 'PURGES']) await expectRefusal(gate, await ask(method), 'method_not_granted');
    assert.equal(upstream.requests.length, before);
  });

  await t.test('that is no token is refused', async () => {
    await expectRefusal(gate, await gate.ask({ method: 'PU(RGE', target: '/api/x', headers }), 'request_malformed');
  });
});

test('the admin listener runs on it, whatever reads requests', async (t) => {
  const gate = await startGate(t, { files: FILES, config: (made) => ({ ...config()(made), listen: { address: `127.0.0.1:${made.port}`, engine: 'civetweb' } }) });

  // Which of them it is: a method that CivetWeb does not know.
  assert.equal((await gate.ask({ method: 'PURGE', target: '/open/x' })).status, 400);
  assert.equal((await gate.admin('/livez', { method: 'PURGE' })).status, 200);
});

test('when all places are taken', async (t) => {
  const upstream = await holdingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: config({}, { connections: 4 }) });

  await t.test('the connection that has been idle for longest goes first', async () => {
    const idle = [];
    for (let i = 0; i < 4; i++) {
      idle.push(await Wire.open(gate.port));
      await idle[i].write(OPEN);
      assert.equal((await idle[i].answer()).status, 200);
    }
    // The first one was used again since: the second has waited for longest.
    await idle[0].write(OPEN);
    assert.equal((await idle[0].answer()).status, 200);
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
    assert.ok(await idle[1].isClosed());
    for (const i of [0, 2, 3]) {
      await idle[i].write(OPEN);
      assert.equal((await idle[i].answer()).status, 200, 'the others stay');
      idle[i].close();
    }
    await gate.counts('postern_connections', 0);
  });

  await t.test('and none is idle, the next is refused at once', async () => {
    const before = upstream.requests.length;
    const busy = Array.from({ length: 4 }, () => gate.ask({ target: '/open/slow' }));
    await upstream.until(before + 4);
    const got = await gate.ask({ target: '/open/x' });
    await expectRefusal(gate, got, 'overloaded');
    assert.ok(Number(got.get('retry-after')) > 0);
    upstream.release();
    for (const slow of await Promise.all(busy)) assert.equal(slow.status, 200);
  });

  await t.test('and some are free again, it serves', async () => {
    await gate.counts('postern_connections', 0);
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  });
});

test('an idle connection of another loop makes room as well', async (t) => {
  const upstream = await recordingUpstream(t, async (request, connection) => {
    if (request.target !== '/open/slow') return answer(200);
    upstream.held.push(connection);
    return undefined;
  });
  const gate = await startGate(t, {
    upstream: upstream.url, files: FILES,
    config: (made) => {
      const one = config({}, { connections: 8 })(made);
      return { ...one, listen: { ...one.listen, threads: 2 } };
    },
  });

  for (let round = 0; round < 16; round++) {
    upstream.held = [];
    const wires = [];
    for (let i = 0; i < 8; i++) {
      wires.push(await Wire.open(gate.port));
      await wires[i].write(OPEN);
      assert.equal((await wires[i].answer()).status, 200);
    }
    // Five of eight are busy, others each time; on one of the two loops that may be all.
    const busy = wires.filter((_, i) => (i * 3 + round) % 8 < 5);
    for (const wire of busy) await wire.write(OPEN.replace('/x', '/slow'));
    await eventually(() => upstream.held.length === 5, 'five requests that wait');
    const asked = await Promise.all([1, 2, 3].map(() => gate.ask({ target: '/open/x' })));
    assert.deepEqual(asked.map((got) => got.status), [200, 200, 200]);
    for (const connection of upstream.held) connection.socket.write(answer(200));
    for (const wire of busy) assert.equal((await wire.answer()).status, 200);
    for (const wire of wires) wire.close();
    await gate.counts('postern_connections', 0);
  }
});

const descriptors = (gate) => fs.readdirSync(`/proc/${gate.child.pid}/fd`).length;
const tasks = (gate) => fs.readdirSync(`/proc/${gate.child.pid}/task`).length;

/** Processor time that it has used, in hundredths of a second. */
function used(gate) {
  const stat = fs.readFileSync(`/proc/${gate.child.pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  return user + system;
}

test('without descriptors', { skip: without('prlimit') }, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await makeGate(t, { upstream: upstream.url, files: FILES, config: config() });
  gate.spawn({}, ['prlimit', '--nofile=64']);
  t.after(() => gate.stop());
  await gate.ready();
  const wires = [];
  let full = 0;

  await t.test('it does not spin', async () => {
    for (let i = 0; i < 100; i++) {
      wires.push(await Wire.open(gate.port));
      // The start of a head: none of them is idle.
      await wires[i].write('GET /open/x HTTP/1.1\r\n');
    }
    await eventually(() => descriptors(gate) >= 63, 'all descriptors to be used');
    const before = used(gate);
    await pause(1000);
    full = used(gate) - before;
    assert.ok(full < 50, `${full} hundredths of a second of processor time while it could do nothing`);
  });

  await t.test('whoever does not send a head makes room for one who does', async () => {
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
    assert.ok(wires.some((wire) => wire.socket.destroyed));
  });

  await t.test('the others are served in their turn', async () => {
    await Promise.all(wires.map(async (wire) => {
      await wire.write('Host: h\r\nConnection: close\r\n\r\n');
      const got = await wire.answer();
      // For want of a descriptor to the upstream some may be refused.
      if (got && got.status !== 200) assertRefusal(got, got.json().reason);
      wire.close();
    }));
  });

  await t.test('it serves again when there are some', async () => {
    await gate.counts('postern_connections', 0);
    for (let i = 0; i < 5; i++) assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  });
});

test('heads that come slowly hold up nobody', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: config() });
  const slow = await Promise.all(Array.from({ length: 50 }, () => Wire.open(gate.port)));

  for (const byte of OPEN.slice(0, -1)) {
    for (const wire of slow) wire.socket.write(byte);
    assert.equal((await gate.ask({ target: '/open/honest' })).status, 200);
  }
  assert.equal(await gate.metric('postern_connections'), 50);
  for (const wire of slow) {
    await wire.write(OPEN.slice(-1));
    assert.equal((await wire.answer()).status, 200);
    wire.close();
  }
});

test('2 000 connections that wait cost no thread', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: config({}, { connections: 3000 }) });
  const wires = [];

  assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  const before = tasks(gate);
  for (let i = 0; i < 2000; i++) wires.push(await Wire.open(gate.port));
  for (const wire of wires.slice(0, 20)) {
    await wire.write(OPEN);
    assert.equal((await wire.answer()).status, 200);
  }
  await gate.counts('postern_connections', 2000);
  assert.equal(tasks(gate), before);
  assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  for (const wire of wires) wire.close();
  await gate.counts('postern_connections', 0);
});

test('on one loop', async (t) => {
  const PASSWORD = 'correct horse';
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, files: FILES,
    config: (made) => ({ ...config()(made), local_issuer: { issuer: `http://127.0.0.1:${made.port}`, audience: 'api://local' } }),
  });
  const basic = (password) => ({ Authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}` });

  await t.test('a client that sends many requests at once waits its turn', async () => {
    const greedy = await Wire.open(gate.port);
    const modest = await Wire.open(gate.port);
    await atOnce(gate, [greedy, Array.from({ length: 100 }, (_, i) => BARE(`/api/greedy/${i}`)).join('')], [modest, BARE('/api/modest')]);
    for (let i = 0; i < 100; i++) assertRefusal(await greedy.answer(), 'credentials_missing');
    assertRefusal(await modest.answer(), 'credentials_missing');
    await gate.line((line) => line.path === '/api/greedy/99');
    await gate.line((line) => line.path === '/api/modest');
    assert.ok(position(gate, '/api/modest') < position(gate, '/api/greedy/5'), 'after a few of the other\'s');
    greedy.close();
    modest.close();
  });

  await t.test('a password that is checked slowly holds up nobody', async () => {
    const added = await run(['user', 'add', 'ann', '--role', 'reader', '-c', gate.file], { input: `${PASSWORD}\n` });
    assert.equal(added.code, 0, added.stderr);
    await eventually(async () => (await gate.ask({ target: '/api/x', headers: basic(PASSWORD) })).status === 200, 'that user');
    const guess = await Wire.open(gate.port);
    const other = await Wire.open(gate.port);
    const line = `Authorization: ${basic('a guess').Authorization}\r\n\r\n`;
    await atOnce(gate, [guess, BARE('/api/guess').replace('\r\n\r\n', `\r\n${line}`)], [other, BARE('/api/other')]);
    assertRefusal(await guess.answer(), 'basic_wrong');
    assertRefusal(await other.answer(), 'credentials_missing');
    await gate.line((entry) => entry.path === '/api/guess');
    await gate.line((entry) => entry.path === '/api/other');
    assert.ok(position(gate, '/api/other') < position(gate, '/api/guess'), 'it came second and was done first');
    guess.close();
    other.close();
  });
});

test('an identity provider that does not answer holds up nobody on the same loop', async (t) => {
  const key = makeKey('RS256', 'known');
  const fresh = makeKey('ES256', 'fresh');
  const port = await freePort();
  let hits = 0;
  let held = null;
  const server = http.createServer((request, response) => {
    hits++;
    if (hits === 1) response.end(JSON.stringify(keySet(key)));
    else held = response;
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  const upstream = await recordingUpstream(t);
  const idp = { issuer: ISSUER, audience: [AUDIENCE], jwks_uri: `http://127.0.0.1:${port}/keys`, jwks: { timeout: '60s' } };
  const gate = await startGate(t, { upstream: upstream.url, config: config({ issuers: { idp } }) });
  const present = async (signer) => gate.ask({ target: '/api/x', headers: bearer(await sign(signer)) });

  await gate.hasKeys();
  // More than there are threads for slow calls.
  const waiting = Array.from({ length: 24 }, () => present(fresh));
  await eventually(() => held, 'a fetch for the unknown key');
  for (let i = 0; i < 5; i++) {
    assert.equal((await present(key)).status, 200);
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  }
  held.end(JSON.stringify(keySet(key, fresh)));
  for (const got of await Promise.all(waiting)) assert.equal(got.status, 200, got.text);
});

test('a name server that does not answer holds up nobody on the same loop', { skip: unableToName() }, async (t) => {
  const port = await freePort();
  const server = http.createServer((request, response) => response.end('there'));
  server.listen(port, '127.0.0.2');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  const names = await nameServer(t, ['127.0.0.2']);
  names.hold = true;
  const gate = await gateWithNames(t, names, { files: FILES, config: config(), upstream: `http://api.events.test:${port}` });

  const waiting = Array.from({ length: 20 }, () => gate.ask({ target: '/open/x' }));
  await eventually(() => names.asked > 0, 'a question');
  for (let i = 0; i < 5; i++) assertRefusal(await gate.ask({ target: '/api/x' }), 'credentials_missing');
  names.release();
  for (const got of await Promise.all(waiting)) assert.equal(got.text, 'there');
});
