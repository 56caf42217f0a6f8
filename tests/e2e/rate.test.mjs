// SPDX-License-Identifier: Apache-2.0
// `rate` of privileges and modules: what is beyond it is refused, whoever comes, and nothing resets it.
// Limits are by the day, so that no bucket fills while a slow machine asks.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { ask } from './harness/raw.mjs';
import { assertRefusal, expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const DAY = 86400;
const policy = (more = {}) => ({
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: { open: { paths: ['/open/*'], rate: { limit: '3/d', by: 'client' } }, ...more.modules },
  privileges: {
    two: { paths: ['/two/*'], roles: ['reader'], rate: { by: 'client', limit: '2/d' } },
    many: { paths: ['/many/*'], rate: { limit: '10/d', burst: 20 } },
    watched: { paths: ['/watched/*'], shadow: true, rate: { limit: '1/d', by: 'subject' } },
    ...more.privileges,
  },
  public: ['/open/*'],
});
const of = async (client, claims = {}) => ({ Authorization: `Bearer ${await sign(key, { azp: client, scope: 'read', ...claims })}` });

async function rated(t, config = {}, more = {}) {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { policy: policy(more), upstream: upstream.url, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer(), ...config } });
  await gate.hasKeys();
  return { gate, upstream };
}

test('beyond its rate a caller is refused, and no other', async (t) => {
  const { gate, upstream } = await rated(t);
  const [shop, web] = [await of('shop'), await of('web')];
  for (let i = 0; i < 2; i++) assert.equal((await gate.ask({ target: '/two/x', headers: shop })).status, 200);
  const got = await gate.ask({ target: '/two/x', headers: shop });
  const line = await expectRefusal(gate, got, 'rate_limited');
  assert.deepEqual([line.privilege, line.client], ['two', 'shop']);
  assert.deepEqual(['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'].map((name) => got.get(name)), ['2', '0', String(DAY)]);
  const wait = Number(got.get('retry-after'));
  assert.ok(wait > DAY / 2 - 600 && wait <= DAY / 2, `${wait}`);
  assert.match(got.json().detail, /^privilege two allows 2\/d for each client; the next may come in \d+ s$/);
  assert.equal((await gate.ask({ target: '/two/x', headers: web })).status, 200);
  assert.equal((await gate.ask({ target: '/many/x', headers: shop })).status, 200, 'another privilege is another bucket');
  // By another token, another path and another method it is the same client.
  await expectRefusal(gate, await gate.ask({ target: '/two/other?x', method: 'POST', headers: await of('shop', { sub: 'bob', jti: '2' }) }), 'rate_limited');
  assert.equal(upstream.requests.length, 4);
  await gate.counts('postern_rate_limited_total{privilege="two"}', 2);
  await gate.counts('postern_requests_total{reason="rate_limited"}', 2);
  assert.equal(await gate.metric('postern_rate_limited_total{module="open"}'), 0);
});

test('what is refused for another reason does not count', async (t) => {
  const { gate } = await rated(t);
  const shop = await of('shop');
  for (let i = 0; i < 5; i++) {
    assertRefusal(await gate.ask({ target: '/two/x' }), 'credentials_missing');
    assertRefusal(await gate.ask({ target: '/two/x', headers: await of('shop', { scope: 'none' }) }), 'privilege_missing');
  }
  for (let i = 0; i < 2; i++) assert.equal((await gate.ask({ target: '/two/x', headers: shop })).status, 200);
  assertRefusal(await gate.ask({ target: '/two/x', headers: shop }), 'rate_limited');
  assertRefusal(await gate.ask({ target: '/two/x', headers: await of('shop', { scope: 'none' }) }), 'privilege_missing');
});

test('at the same moment no more than the burst pass', async (t) => {
  const { gate, upstream } = await rated(t, { limits: { connections: 128 } });
  const shop = await of('shop');
  const got = await Promise.all(Array.from({ length: 60 }, () => gate.ask({ target: '/many/x', headers: shop })));
  assert.equal(got.filter(({ status }) => status === 200).length, 20);
  assert.equal(got.filter(({ status }) => status === 429).length, 40);
  assert.equal(upstream.requests.length, 20);
});

test('without credentials the peer counts', async (t) => {
  const { gate } = await rated(t);
  for (let i = 0; i < 3; i++) assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  const got = await gate.ask({ target: '/open/x' });
  assertRefusal(got, 'rate_limited');
  assert.match(got.json().detail, /^module open allows 3\/d for each peer/);
  assertRefusal(await gate.ask({ target: '/open/x', headers: await of('shop') }), 'rate_limited');
});

test('shadow mode logs, and lets pass', async (t) => {
  const { gate } = await rated(t);
  const shop = await of('shop');
  assert.equal((await gate.ask({ target: '/watched/x', headers: shop })).status, 200);
  const got = await gate.ask({ target: '/watched/x', headers: shop });
  assert.deepEqual([got.status, got.get('ratelimit-limit')], [200, undefined]);
  const line = await gate.line((one) => one.shadow_reason === 'rate_limited');
  assert.deepEqual([line.verdict, line.reason, line.privilege], ['forward', 'ok', 'watched']);
  assert.match(line.detail, /^privilege watched allows 1\/d for each subject/);
  await gate.counts('postern_rate_limited_total{privilege="watched"}', 1);
});

test('a reload forgets nothing of a rate that stays', async (t) => {
  const { gate } = await rated(t);
  const shop = await of('shop');
  const reload = async (more) => {
    gate.write('policy.yaml', policy(more));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  };
  for (let i = 0; i < 2; i++) assert.equal((await gate.ask({ target: '/two/x', headers: shop })).status, 200);
  await reload({ privileges: { another: { paths: ['/another/*'], rate: { limit: '1/d' } } } });
  assertRefusal(await gate.ask({ target: '/two/x', headers: shop }), 'rate_limited');
  await gate.counts('postern_rate_limited_total{privilege="two"}', 1);
  assert.equal((await gate.ask({ target: '/another/x', headers: shop })).status, 200);
  assertRefusal(await gate.ask({ target: '/another/x', headers: shop }), 'rate_limited');
  await reload({ privileges: { two: { paths: ['/two/*'], rate: { limit: '3/d' } } } });
  for (let i = 0; i < 3; i++) assert.equal((await gate.ask({ target: '/two/x', headers: shop })).status, 200);
  assertRefusal(await gate.ask({ target: '/two/x', headers: shop }), 'rate_limited');
});

for (const [form, status, shown] of [['original', 403, '429'], ['path', 429, undefined]]) test(`a gateway asks in form ${form}`, async (t) => {
  const authPort = await freePort();
  const { gate } = await rated(t, { forward_auth: { address: `127.0.0.1:${authPort}`, form, trusted_proxies: ['127.0.0.0/8'] } });
  const shop = await of('shop');
  const asks = () => ask(authPort, form === 'path' ? { target: '/_postern/authorize/two/x', headers: shop } : { target: '/_postern/authorize', headers: { ...shop, 'X-Original-Method': 'GET', 'X-Original-URI': '/two/x' } });
  assert.equal((await asks()).status, 200);
  assert.equal((await gate.ask({ target: '/two/x', headers: shop })).status, 200, 'by whatever way it comes');
  const got = await asks();
  assert.deepEqual([got.status, got.get('x-postern-status'), got.json().reason, got.get('ratelimit-limit')], [status, shown, 'rate_limited', '2']);
});

test('explain names the rates and counts nothing, and cases leave them out', async (t) => {
  const { gate } = await rated(t);
  const token = await sign(key, { azp: 'shop', scope: 'read' });
  for (let i = 0; i < 4; i++) {
    const done = await run(['explain', '-c', gate.file, '/two/x', '--token', token, '--json']);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.deepEqual(JSON.parse(done.stdout).rates, [{ of: 'privilege', name: 'two', limit: '2/d', burst: 2, by: 'client' }]);
  }
  const open = await run(['explain', '-c', gate.file, '/open/x']);
  assert.match(open.stdout, /^rate: {10}3\/d of the module, at once 3, for each peer$/m);
  gate.write('cases.yaml', { cases: Array.from({ length: 4 }, () => ({ caller: { issuer: 'idp', claims: { azp: 'shop', scope: 'read' } }, request: 'GET /two/x', expect: 'allow' })) });
  const tried = await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
  assert.equal(tried.code, 0, tried.stdout + tried.stderr);
  assert.equal((await gate.ask({ target: '/two/x', headers: { Authorization: `Bearer ${token}` } })).status, 200);
});

test('a mistake is told by its place, by check and by a reload', async (t) => {
  const { gate } = await rated(t);
  const before = fs.readFileSync(path.join(gate.dir, 'policy.yaml'));
  gate.write('policy.yaml', policy({ privileges: { two: { paths: ['/two/*'], rate: { limit: '2', burst: 0 } } } }));
  const done = await run(['check', '-c', gate.file]);
  assert.equal(done.code, 1);
  assert.match(done.stderr, /policy\.yaml:\d+:\d+: \/privileges\/two\/rate\/limit: must be a number from 1 to 100000 and a unit/);
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 422);
  fs.writeFileSync(path.join(gate.dir, 'policy.yaml'), before);
});
