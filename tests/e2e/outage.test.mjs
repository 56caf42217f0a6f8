// SPDX-License-Identifier: Apache-2.0
// Keys that grow stale, keys that are taken back, keys behind a door, and floods of keys that nobody
// has: what was believed ends when it must, and not before; nobody else notices.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { scratch, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { AUDIENCE, ISSUER, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const present = (gate, token) => gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });
const issuerAt = (url, jwks) => ({ issuers: { idp: { issuer: ISSUER, audience: [AUDIENCE], jwks_uri: url, jwks } } });

async function keyServer(t, body, options) {
  const server = { hits: 0, seen: [], body };
  server.answer = (request, response) => response.end(JSON.stringify(server.body));
  const handle = (request, response) => { server.hits++; server.seen.push(request); server.answer(request, response); };
  const listener = (options ? https.createServer(options, handle) : http.createServer(handle)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => { listener.closeAllConnections(); listener.close(); });
  server.url = `http${options ? 's' : ''}://${options ? 'localhost' : '127.0.0.1'}:${listener.address().port}/keys`;
  return server;
}

const stateOf = async (gate, name = 'idp') => (await gate.admin('/readyz')).json().issuers.find(({ issuer }) => issuer === name);
const isReady = (gate) => eventually(async () => (await stateOf(gate)).ready, 'the keys');
const failsAs = (gate, word, name) => eventually(async () => (await stateOf(gate, name)).failure === word, `the word ${word}`);

test('what stale keys have shown to be right ends with them', async (t) => {
  const key = makeKey('ES256', 'only');
  const server = await keyServer(t, keySet(key));
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: issuerAt(server.url, { stale: '8s' }) });
  await isReady(gate);
  const token = await sign(key);
  assert.equal((await present(gate, token)).status, 200);
  server.answer = (request, response) => response.writeHead(500).end();
  // A key that it does not know has it ask at once: what is left of their time is nearly all of it.
  await expectRefusal(gate, await present(gate, await sign(makeKey('ES256', 'stranger'))), 'key_unknown');
  await failsAs(gate, 'http_status');
  const good = (await present(gate, token)).status === 200;
  assert.ok(good || !(await stateOf(gate)).ready, 'known keys go on for as long as they are not stale');
  assert.match((await gate.admin('/metrics')).text, /^postern_issuer_keys_age_seconds\{issuer="idp"\} \d+$/m);
  await eventually(async () => !(await stateOf(gate)).ready, 'the keys to be stale');
  await expectRefusal(gate, await present(gate, token), 'keys_unavailable');
  server.answer = (request, response) => response.end(JSON.stringify(server.body));
  await eventually(async () => (await present(gate, token)).status === 200, 'the token to count again');
  assert.equal(gate.stderr.split('\n').filter((line) => line.includes('"keys_failed"')).length, 1, 'one line for the outage');
});

test('a key that is taken back takes with it what it has shown to be right', async (t) => {
  const [gone, stays] = [makeKey('ES256', 'gone'), makeKey('ES256', 'stays')];
  const server = await keyServer(t, keySet(gone, stays));
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: issuerAt(server.url, { stale: '4s' }) });
  await isReady(gate);
  const [one, other] = [await sign(gone), await sign(stays)];
  for (const token of [one, one, other]) assert.equal((await present(gate, token)).status, 200);
  server.body = keySet(stays);
  await eventually(async () => (await present(gate, one)).status === 401, 'the refusal of the key that is gone');
  // Keys may be stale for a moment where the machine is slow, which is not the question here.
  await eventually(async () => {
    const got = await present(gate, one);
    assert.notEqual(got.status, 200);
    return got.json().reason === 'key_unknown';
  }, 'its refusal as unknown');
  await eventually(async () => (await present(gate, other)).status === 200, 'the key that stays to count');
});

test('10 000 tokens with kids that nobody has cost one fetch, and honest callers nothing', async (t) => {
  const key = makeKey('ES256', 'known');
  const stranger = makeKey('ES256', 'stranger');
  const server = await keyServer(t, keySet(key));
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: issuerAt(server.url, { cooldown: '1h' }) });
  await isReady(gate);
  const honest = await sign(key);
  const body = await sign(stranger);
  const [, payload, signature] = body.split('.');
  const hostile = () => `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: Math.random().toString(36) })).toString('base64url')}.${payload}.${signature}`;
  const before = server.hits;
  const statuses = { hostile: {}, honest: {} };
  const count = (kind, status) => { statuses[kind][status] = (statuses[kind][status] ?? 0) + 1; };
  let left = 10000;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const send = (token) => new Promise((resolve, reject) => {
    http.get({ port: gate.port, host: '127.0.0.1', path: '/api/x', agent, headers: { Authorization: `Bearer ${token}` } }, (answer) => { answer.resume(); answer.on('end', () => resolve(answer.statusCode)); }).on('error', reject);
  });
  await Promise.all(Array.from({ length: 24 }, async (_, worker) => {
    while (left > 0) {
      if (worker === 0) {
        count('honest', await send(honest));
      } else {
        left--;
        count('hostile', await send(hostile()));
      }
    }
  }));
  agent.destroy();
  assert.deepEqual(Object.keys(statuses.honest), ['200'], JSON.stringify(statuses));
  assert.deepEqual(Object.keys(statuses.hostile), ['401'], JSON.stringify(statuses));
  assert.ok(server.hits - before <= 1, `${server.hits - before} fetches`);
});

test('a gzip bomb is not unpacked', async (t) => {
  const bomb = zlib.gzipSync(Buffer.alloc(64 << 20));
  const server = await keyServer(t, {});
  server.answer = (request, response) => response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(bomb);
  const gate = await startGate(t, { config: issuerAt(server.url, {}) });
  await failsAs(gate, 'compressed');
  assert.ok(!server.seen[0].headers['accept-encoding'], 'it was not asked for');
});

test('an endless answer ends', async (t) => {
  const server = await keyServer(t, {});
  server.answer = (request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const more = () => { while (response.write(' '.repeat(65536))); };
    response.on('drain', more);
    more();
  };
  const gate = await startGate(t, { config: issuerAt(server.url, {}) });
  await failsAs(gate, 'too_large');
});

/** A CA, a server's and a client's certificate, in files of a directory that goes with the test. */
function certificates(t) {
  const dir = scratch(t);
  const file = (name) => path.join(dir, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test CA');
  fs.writeFileSync(file('san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  for (const name of ['server', 'client']) {
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`, '-days', '2', '-extfile', 'san');
    fs.chmodSync(file(`${name}.key`), 0o600);
  }
  return { file, read: (name) => fs.readFileSync(file(name)) };
}

test('a private authority, a client certificate, a bearer token', async (t) => {
  const key = makeKey('ES256', 'guarded');
  const { file, read } = certificates(t);
  const tls = { key: read('server.key'), cert: read('server.pem') };
  const open = await keyServer(t, keySet(key), tls);
  const mutual = await keyServer(t, keySet(key), { ...tls, ca: read('ca.pem'), requestCert: true, rejectUnauthorized: true });
  const guarded = await keyServer(t, keySet(key), tls);
  const bearer = file('bearer');
  fs.writeFileSync(bearer, 'first-secret-of-the-test\n', { mode: 0o600 });
  let wanted = 'Bearer first-secret-of-the-test';
  guarded.answer = (request, response) => (request.headers.authorization === wanted ? response.end(JSON.stringify(guarded.body)) : response.writeHead(401).end());
  const elsewhere = await keyServer(t, {});
  const led = await keyServer(t, {}, tls);
  led.answer = (request, response) => response.writeHead(302, { Location: elsewhere.url }).end();

  const ca = { ca_file: file('ca.pem') };
  const gate = await startGate(t, {
    policy: { modules: {} },
    config: {
      issuers: Object.fromEntries(Object.entries({
        trusted: [open.url, ca],
        foreign: [open.url, {}],
        known: [mutual.url, { ...ca, client_certificate: { file: file('client.pem') }, client_key: { file: file('client.key') } }],
        nobody: [mutual.url, ca],
        guarded: [guarded.url, { ...ca, bearer: { file: bearer }, stale: '4s' }],
        led: [led.url, { ...ca, bearer: { file: bearer } }],
      }).map(([name, [url, jwks]]) => [name, { issuer: `https://${name}.example`, audience: [AUDIENCE], jwks_uri: url, jwks }])),
    },
  });
  const ready = (name) => eventually(async () => (await stateOf(gate, name)).ready, `the keys of ${name}`);

  await t.test('a key set under the private authority is had with ca_file', () => ready('trusted'));
  await t.test('and not without', () => failsAs(gate, 'tls', 'foreign'));
  await t.test('a client certificate opens', () => ready('known'));
  await t.test('and without one it stays closed', () => eventually(async () => (await stateOf(gate, 'nobody')).failure, 'a failure'));
  await t.test('the bearer token opens, and is read again when it changed', async () => {
    await ready('guarded');
    wanted = 'Bearer second-secret-of-the-test';
    fs.writeFileSync(bearer, 'second-secret-of-the-test');
    const hits = guarded.hits;
    await eventually(() => guarded.seen.slice(hits).some(({ headers }) => headers.authorization === wanted), 'the new one to be sent');
    await ready('guarded');
  });
  await t.test('it goes nowhere else, and into no log', async () => {
    await failsAs(gate, 'redirect', 'led');
    assert.equal(elsewhere.hits, 0);
    const metrics = (await gate.admin('/metrics')).text + (await gate.admin('/readyz')).text;
    assert.ok(!/secret-of-the-test/.test(gate.stderr + metrics));
  });
});

test('near misses of the issuer name the value to write', async (t) => {
  const cases = { slash: (at) => `${at}/`, other: () => 'https://other.example' };
  const issuers = {};
  const listeners = {};
  for (const name of Object.keys(cases)) {
    const listener = http.createServer((request, response) => response.end(JSON.stringify({ issuer: cases[name](listeners[name]), jwks_uri: `${listeners[name]}/keys` }))).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    t.after(() => { listener.closeAllConnections(); listener.close(); });
    listeners[name] = `http://127.0.0.1:${listener.address().port}`;
    issuers[name] = { issuer: listeners[name], audience: [AUDIENCE] };
  }
  const gate = await startGate(t, { policy: { modules: {} }, config: { issuers } });
  await failsAs(gate, 'issuer_mismatch', 'slash');
  assert.match((await stateOf(gate, 'slash')).error, new RegExp(`${listeners.slash}/": write exactly that`));
  await failsAs(gate, 'issuer_mismatch', 'other');
});
