// SPDX-License-Identifier: Apache-2.0
// The local issuer's signing keys: `postern keys` and the clock change them in a running gate.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { run, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
};
const DAY = 86400;

function start(t, upstream, signing) {
  const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', ...(signing && { signing }) } });
  return startGate(t, { upstream: upstream.url, policy: POLICY, config });
}

async function keys(gate, verb, ...args) {
  const done = await run(['keys', verb, '-c', gate.file, ...args]);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout;
}

const list = async (gate) => JSON.parse(await keys(gate, 'list', '--json'));
const published = async (gate) => (await gate.ask({ target: '/.well-known/jwks.json' })).json().keys;

async function mint(gate, client) {
  const done = await run(['token', '--client', client.client_id, '-c', gate.file]);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout.trim();
}

async function fetchToken(gate, client) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret }).toString();
  return eventually(async () => {
    const got = await gate.ask({ method: 'POST', target: '/oauth/token', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body });
    return got.status === 200 && got.json().access_token;
  }, 'a token');
}

const call = (gate, token) => gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });

for (const algorithm of ['ES256', 'RS256', 'PS256', 'EdDSA']) {
  test(`${algorithm}: the gate and a library believe its tokens`, async (t) => {
    const gate = await start(t, await recordingUpstream(t), { algorithm });
    const token = await fetchToken(gate, await gate.addClient('partner', '--role', 'reader'));
    assert.equal(decodeProtectedHeader(token).alg, algorithm);
    assert.equal(decodeProtectedHeader(token).typ, 'at+jwt');
    await jwtVerify(token, createLocalJWKSet({ keys: await published(gate) }), { audience: 'api://local', typ: 'at+jwt' });
    assert.equal((await call(gate, token)).status, 200);
    for (const key of await published(gate)) {
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.ok(!(member in key), `${member} is private`);
    }
  });
}

test('rotate: the new key is published and waits; --now: it signs, and old tokens count on', async (t) => {
  const gate = await start(t, await recordingUpstream(t));
  const client = await gate.addClient('partner', '--role', 'reader');
  const before = await fetchToken(gate, client);
  const waiting = (await keys(gate, 'rotate')).trim();
  await eventually(async () => (await published(gate)).some((key) => key.kid === waiting), 'the new key in the set');
  assert.notEqual(decodeProtectedHeader(await fetchToken(gate, client)).kid, waiting);
  assert.equal((await list(gate)).find((key) => key.kid === waiting).state, 'waits');
  assert.equal((await run(['keys', 'rotate', '-c', gate.file])).code, 2, 'one waits already');

  const now = (await keys(gate, 'rotate', '--now')).trim();
  await eventually(async () => decodeProtectedHeader(await fetchToken(gate, client)).kid === now, 'tokens of the new key');
  assert.equal((await call(gate, before)).status, 200);
  assert.equal((await call(gate, await mint(gate, client))).status, 200);
  assert.equal((await list(gate)).length, 3);
  const directory = path.join(gate.dir, 'state', 'signing');
  for (const name of fs.readdirSync(directory)) assert.equal(fs.statSync(path.join(directory, name)).mode & 0o777, 0o600, name);
});

test('retire: tokens of the key are refused, also those that were just believed', async (t) => {
  const gate = await start(t, await recordingUpstream(t));
  const client = await gate.addClient('partner', '--role', 'reader');
  const token = await fetchToken(gate, client);
  for (let i = 0; i < 3; i++) assert.equal((await call(gate, token)).status, 200);
  const { kid } = decodeProtectedHeader(token);
  await keys(gate, 'retire', '--', kid);
  const refused = await eventually(async () => {
    const got = await call(gate, token);
    return got.status !== 200 && got;
  }, 'the refusal');
  await expectRefusal(gate, refused, 'key_unknown');
  assert.ok(!(await published(gate)).some((key) => key.kid === kid));
  const next = await fetchToken(gate, client);
  assert.notEqual(decodeProtectedHeader(next).kid, kid);
  assert.equal((await call(gate, next)).status, 200);
  assert.equal((await run(['keys', 'retire', '-c', gate.file, '--', kid])).code, 1, 'it is gone already');
});

test('a key that has grown old is replaced by itself, and goes when its last token has ended', async (t) => {
  const gate = await start(t, await recordingUpstream(t), { rotate_after: '30d', publish_ahead: '0s' });
  const client = await gate.addClient('partner', '--role', 'reader');
  const [first] = await list(gate);
  const file = path.join(gate.dir, 'state', 'signing', `${first.kid}.json`);
  const age = (days) => {
    const times = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(`${file}.new`, JSON.stringify({ ...times, created: times.created - days * DAY, signs_from: times.signs_from - days * DAY }));
    fs.renameSync(`${file}.new`, file);
  };
  const old = await mint(gate, client);
  age(31);
  await eventually(async () => (await published(gate)).length === 2, 'two keys');
  await eventually(async () => decodeProtectedHeader(await fetchToken(gate, client)).kid !== first.kid, 'the new key to sign');
  assert.equal((await call(gate, old)).status, 200);
  const second = (await list(gate)).find((key) => key.state === 'signs');
  const later = path.join(gate.dir, 'state', 'signing', `${second.kid}.json`);
  const times = JSON.parse(fs.readFileSync(later, 'utf8'));
  fs.writeFileSync(`${later}.new`, JSON.stringify({ ...times, signs_from: times.signs_from - 2 * DAY }));
  fs.renameSync(`${later}.new`, later);
  await eventually(async () => (await published(gate)).length === 1, 'the old key to go');
  await expectRefusal(gate, await call(gate, old), 'key_unknown');
});

test('wrong use of keys and token', async (t) => {
  const gate = await start(t, await recordingUpstream(t));
  for (const args of [['keys'], ['keys', 'nonsense'], ['keys', 'retire'], ['keys', 'list', 'x'], ['token'], ['token', '--client']]) {
    const done = await run([...args, '-c', gate.file]);
    assert.equal(done.code, 2, args.join(' '));
    assert.equal(done.stdout, '');
  }
  assert.equal((await run(['token', '--client', 'nobody', '-c', gate.file])).code, 1);
});
