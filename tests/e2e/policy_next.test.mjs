// SPDX-License-Identifier: Apache-2.0
// policy_next: what another policy would decide is logged and counted, and nobody's answer changes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, POLICY, run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const NEXT = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'other' }] } },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { api_priv: { modules: ['api'], roles: ['reader'] }, 'a space': { paths: ['/open/closed'] } },
  public: ['/open/*'],
};
const config = { issuers: fileIssuer(), policy_next: 'next.yaml' };
const FILES = { 'keys.json': keySet(key), 'next.yaml': NEXT };
const TOTAL = (verdict) => `postern_policy_next_total{verdict="${verdict}"}`;

async function start(t, more = {}) {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: { ...config, ...more }, files: FILES });
  const call = async (target, token) => {
    const got = await gate.ask({ target, headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
    const line = await gate.line((one) => one.request_id === got.get('x-request-id'));
    return { status: got.status, line, next: line.policy_next, reason: line.next_reason, privilege: line.next_privilege };
  };
  return { gate, upstream, call };
}

test('what would change is logged and counted, and nothing is changed', async (t) => {
  const { gate, upstream, call } = await start(t);
  const reads = await sign(key, { scope: 'read' });
  const others = await sign(key, { scope: 'other' });

  await t.test('a caller that loses its role passes, each time', async () => {
    for (let i = 0; i < 3; i++) {
      const got = await call('/api/x', reads);
      assert.deepEqual([got.status, got.next, got.reason, got.privilege], [200, 'would_refuse', 'privilege_missing', 'api_priv']);
    }
    await gate.counts(TOTAL('would_refuse'), 3);
    await gate.counts('postern_policy_next_privilege_total{verdict="would_refuse",privilege="api_priv"}', 3);
    assert.ok(await gate.metric('postern_token_cache_total{result="hit"}') >= 2, 'verdicts that are remembered count, too');
  });

  await t.test('one that gets it is refused', async () => {
    const before = upstream.requests.length;
    const got = await call('/api/x', others);
    assert.deepEqual([got.status, got.next, got.reason, got.privilege], [403, 'would_allow', 'ok', 'api_priv']);
    assert.equal(upstream.requests.length, before);
    await gate.counts(TOTAL('would_allow'), 1);
  });

  await t.test('a path that was public would want a caller', async () => {
    const got = await call('/open/closed');
    assert.deepEqual([got.status, got.next, got.reason, got.privilege], [200, 'would_refuse', 'credentials_missing', 'a space']);
    assert.equal((await call('/open/closed', reads)).next, undefined);
    await gate.counts('postern_policy_next_privilege_total{verdict="would_refuse",privilege="a space"}', 1);
  });

  await t.test('what is decided alike is not mentioned', async () => {
    for (const [target, token] of [['/open/x'], ['/elsewhere'], ['/api/x'], ['/api/x', 'x.y.z']]) assert.equal((await call(target, token)).next, undefined, target);
    await gate.counts(TOTAL('would_allow'), 1);
    await gate.counts(TOTAL('would_refuse'), 4);
  });
});

test('a reload takes another one, and a bad one changes nothing', async (t) => {
  const { gate, call } = await start(t);
  const reads = await sign(key, { scope: 'read' });
  assert.equal((await call('/api/x', reads)).next, 'would_refuse');
  gate.write('next.yaml', { ...NEXT, rols: {} });
  const bad = await gate.admin('/reload', { method: 'POST' });
  assert.equal(bad.status, 422);
  assert.match(bad.json().mistakes.join('\n'), /next\.yaml:\d+:\d+: \/rols: /);
  assert.equal((await call('/api/x', reads)).next, 'would_refuse', 'the old ones stay');
  gate.write('next.yaml', POLICY);
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  const same = await call('/api/x', reads);
  assert.deepEqual([same.status, same.next], [200, undefined]);
  const { policy_next: _, ...without } = gate.config;
  gate.write('postern.yaml', without);
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  assert.equal((await call('/api/x', reads)).status, 200);
  assert.ok(Number.isNaN(await gate.metric(TOTAL('would_refuse'))));
});

test('check reads it, and reports its mistakes beside all others', async (t) => {
  const gate = await makeGate(t, { config, files: FILES });
  const check = () => run(['check', '-c', gate.file]);
  assert.equal((await check()).code, 0);
  gate.write('next.yaml', { privileges: { a: { paths: ['/x'], roles: ['nobody'] } } });
  gate.write('policy.yaml', { privileges: { b: { paths: ['x'] } } });
  const bad = await check();
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /policy\.yaml:\d+:\d+: \/privileges\/b\/paths/);
  assert.match(bad.stderr, /next\.yaml:\d+:\d+: \/privileges\/a\/roles/);
  gate.write('policy.yaml', POLICY);
  fs.rmSync(path.join(gate.dir, 'next.yaml'));
  assert.match((await check()).stderr, /next\.yaml/);
});
