// SPDX-License-Identifier: Apache-2.0
// Gates that share a database, each with signing keys of its own, accept each other's tokens.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run } from './harness/gate.mjs';
import { callWith, known, tokenOf } from './harness/oauth.mjs';
import { noPostgres, startPostgres } from './harness/postgres.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
};

async function gateOn(t, upstream, database, more = {}) {
  const gate = await makeGate(t, { upstream: upstream.url, policy: POLICY, config: { local_issuer: { issuer: 'http://gates.example', audience: 'api://local', lockout: { failures: 0 }, database, ...more } } });
  gate.endpoints = '';
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  return gate;
}

const published = async (gate) => (await gate.ask({ target: '/.well-known/jwks.json' })).json().keys;
const kids = async (gate) => (await published(gate)).map(({ kid }) => kid).sort();
const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
const keys = async (gate, verb, ...args) => {
  const done = await run(['keys', verb, '-c', gate.file, ...args]);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout.trim();
};

async function share(t, database) {
  const upstream = await recordingUpstream(t);
  const one = await gateOn(t, upstream, database);
  const two = await gateOn(t, upstream, database);
  one.partner = two.partner = await one.addClient('partner', '--role', 'reader');
  for (const gate of [one, two]) await known(gate, gate.partner);
  const bothList = (count) => eventually(async () => {
    const [a, b] = [await kids(one), await kids(two)];
    return a.length === count && JSON.stringify(a) === JSON.stringify(b);
  }, `both list ${count} keys`);
  const accepted = (gate, token, status = 200) => eventually(async () => (await callWith(gate, token)).status === status, `status ${status}`);

  await t.test('each lists the keys of both, and takes tokens of both', async () => {
    await bothList(2);
    const [a, b] = [await tokenOf(one), await tokenOf(two)];
    assert.notEqual(kidOf(a), kidOf(b));
    await accepted(two, a);
    await accepted(one, b);
  });

  await t.test('after a rotation, too, at once', async () => {
    const before = kidOf(await tokenOf(one));
    const kid = await keys(one, 'rotate', '--now');
    await eventually(async () => kidOf(await tokenOf(one)) === kid, 'the new key signs');
    await accepted(two, await tokenOf(one));
    await bothList(3);
    assert.ok((await kids(two)).includes(before), 'the former one is there as long as its tokens');
  });

  await t.test('a key that one of them retires counts at neither', async () => {
    const token = await tokenOf(one);
    await accepted(two, token);
    await keys(one, 'retire', '--', kidOf(token));
    await accepted(one, token, 401);
    await accepted(two, token, 401);
    assert.ok(!(await kids(two)).includes(kidOf(token)));
    await accepted(two, await tokenOf(one));
  });

  await t.test('a gate that was stopped leaves its key for its tokens', async () => {
    const token = await tokenOf(one);
    await one.stop();
    assert.equal((await callWith(two, token)).status, 200);
  });

  await t.test('no private key is published', async () => {
    for (const key of await published(two)) assert.deepEqual(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].includes(name)), []);
  });

  await t.test('another issuer on that database neither gives nor takes', async (t) => {
    const other = await gateOn(t, upstream, database, { issuer: 'http://other.example' });
    assert.equal((await published(other)).length, 1);
    await known(other, one.partner);
    const [foreign] = await kids(other);
    assert.ok(!(await kids(two)).includes(foreign));
  });
}

test('gates on one SQLite file', async (t) => {
  const dir = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'postern-shared-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  await share(t, path.join(dir, 'postern.db'));
});

test('gates on one PostgreSQL database', { skip: noPostgres() }, async (t) => {
  await share(t, (await startPostgres(t)).url);
});
