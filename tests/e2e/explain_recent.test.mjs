// SPDX-License-Identifier: Apache-2.0
// What was decided about a request is found by its id: on `admin`, by the command, and as a case.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { run } from './harness/gate.mjs';
import { issuerGate, known, tokenOf } from './harness/oauth.mjs';
import { send } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'orders.read' }] }, writer: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: {
    read: { modules: ['api'], paths: ['/api/*'], methods: ['GET'], roles: ['reader'] },
    scoped: { paths: ['/scoped/*'], scopes: ['special'] },
    shadow: { paths: ['/shadow'], roles: ['writer'], shadow: true },
  },
  public: ['/open/*'],
};

function startedGate(t, config = {}, policy = POLICY) {
  return issuerGate(t, { policy, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer(), ...config } });
}

const asked = async (gate, target, token, method = 'GET') => {
  const got = await gate.ask({ method, target, headers: token ? { Authorization: `Bearer ${token}` } : {} });
  const id = got.get('x-request-id') ?? (await gate.line((one) => one.path === target.split('?')[0] && one.method === method)).request_id;
  // It is kept when the log line is written.
  await gate.line((one) => one.request_id === id);
  return id;
};
const kept = async (gate, id) => eventually(async () => {
  const got = await gate.admin(`/explain/${id}`);
  return got.status === 200 && got.json();
}, `the decision about ${id}`);
const said = async (gate, id, ...args) => run(['explain', '-c', gate.file, '--request-id', id, ...args]);

test('a decision is found by its request id', async (t) => {
  const gate = await startedGate(t);
  const may = await sign(key, { scope: 'orders.read', sub: 'jane' });
  const mayNot = await sign(key, { scope: 'Orders.Read', sub: 'joe' });

  await t.test('one that was allowed, compact', async () => {
    const id = await asked(gate, '/api/allowed?secret=1', may);
    const found = await kept(gate, id);
    assert.deepEqual([found.verdict, found.reason, found.status, found.method, found.path], ['forward', 'ok', 200, 'GET', '/api/allowed']);
    assert.deepEqual([found.pattern, found.privilege, found.module, found.issuer, found.subject], ['/api/*', 'read', 'api', 'idp', 'jane']);
    assert.deepEqual([found.roles, found.scopes, found.authenticated, found.public, found.cut, found.request_id], [['reader'], ['orders.read'], true, false, false, id]);
    assert.ok(Math.abs(Date.parse(found.time) - Date.now()) < 600000);
    assert.ok(!JSON.stringify(found).includes('secret'));
    const done = await said(gate, id, '--json');
    assert.equal(done.code, 0);
    assert.deepEqual(JSON.parse(done.stdout), found);
  });
  await t.test('the second time from the cache, with the same roles', async () => {
    assert.deepEqual((await kept(gate, await asked(gate, '/api/again', may))).roles, ['reader']);
  });
  await t.test('one that was refused for lack of a role, whole', async () => {
    const id = await asked(gate, '/api/x', mayNot);
    const found = await kept(gate, id);
    assert.deepEqual([found.verdict, found.reason, found.status, found.roles_wanted], ['refuse', 'privilege_missing', 403, ['reader']]);
    assert.deepEqual([found.granted_to[0].failed, found.granted_to[0].near], ['scope', 'Orders.Read (upper and lower case differ)']);
    assert.match(found.to_pass[0], /^issuer idp, scope orders\.read \(role reader, \S+policy\.yaml:\d+\)$/);
    const line = await gate.line((one) => one.request_id === id);
    assert.match(line.detail, /; \S*policy\.yaml:\d+ \(role reader\) fails on scope$/);
    assert.ok(!(await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${mayNot}` } })).text.includes('policy.yaml'));
    const done = await said(gate, id);
    assert.equal(done.code, 1);
    assert.match(done.stdout, /^verdict: +refuse$/m);
    assert.match(done.stdout, new RegExp(`^request id: +"${id}"$`, 'm'));
    assert.match(done.stdout, /^granted to: {4}\S*policy\.yaml:\d+: role reader to issuer idp, scope orders\.read: fails on scope, found "Orders\.Read", near /m);
  });
  await t.test('others', async () => {
    for (const [target, token, method, reason] of [
      ['/api/none', null, 'GET', 'credentials_missing'], ['/api/late', await sign(key, { iat: now() - 7200, exp: now() - 3600 }), 'GET', 'token_expired'],
      ['/api/put', may, 'PUT', 'method_not_granted'], ['/nowhere', may, 'GET', 'no_rule'], ['/api/../x', may, 'GET', 'path_ambiguous'],
      ['/api/bad', 'abc', 'GET', 'token_malformed'], ['/scoped/x', may, 'GET', 'scope_missing'],
    ]) {
      const found = await kept(gate, await asked(gate, target, token, method));
      assert.deepEqual([found.verdict, found.reason], ['refuse', reason], target);
      assert.ok(found.detail === null || found.detail.length > 3);
    }
    const shadow = await kept(gate, await asked(gate, '/shadow', may));
    assert.deepEqual([shadow.verdict, shadow.shadow_reason], ['forward', 'privilege_missing']);
    assert.equal((await kept(gate, await asked(gate, '/open/x'))).public, true);
    assert.equal((await kept(gate, await asked(gate, '/.well-known/jwks.json'))).verdict, 'answer');
    const shop = await kept(gate, await asked(gate, '/api/y', await tokenOf(gate, await known(gate, await gate.addClient('shop')))));
    assert.deepEqual([shop.reason, shop.issuer, shop.roles, shop.to_pass[0]], ['privilege_missing', 'local', [], 'postern client grant shop reader']);
  });
  await t.test('no token is kept', async () => {
    for (const { request_id: id } of gate.lines.filter((one) => one.event === 'request' && one.request_id)) {
      const text = (await gate.admin(`/explain/${id}`)).text;
      for (const token of [may, mayNot]) for (const part of token.split('.').slice(1)) assert.ok(!text.includes(part), id);
    }
  });
  await t.test('it outlives a reload', async () => {
    const id = await asked(gate, '/api/before', mayNot);
    const before = await kept(gate, id);
    gate.write('policy.yaml', { public: ['/*'] });
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.deepEqual(await kept(gate, id), before);
  });
});

test('what is asked wrongly, or not kept', async (t) => {
  const gate = await startedGate(t);
  for (const id of ['', 'unknown', 'a/b', '%2e', 'x'.repeat(3000), '?x', '..']) {
    const got = await gate.admin(`/explain/${id}`);
    assert.deepEqual([got.status, got.get('content-type')], [404, 'application/problem+json'], id);
  }
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await gate.admin('/explain/x', { method })).status, 405);
  assert.equal((await gate.admin('/explainx')).status, 404);
  const none = await said(gate, 'unknown');
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /no decision about a request with this id is kept/);
  for (const id of ['', 'a b', '../livez', 'x\r\nHost: y', 'x'.repeat(65)]) assert.equal((await said(gate, id)).code, 2, id);
  for (const args of [['/api/x'], ['--token', 'x'], ['--user', 'u']]) assert.equal((await said(gate, 'abc', ...args)).code, 2, args[0]);
  assert.equal((await run(['explain', '-c', gate.file])).code, 2);
  await gate.stop();
  assert.match((await said(gate, 'abc')).stderr, /Connection refused/);
});

test('the last ones are kept, and as many as are wanted', async (t) => {
  const gate = await startedGate(t, { explain: { recent: 3 } });
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push(await asked(gate, `/open/${i}`));
  for (const id of ids.slice(2)) await kept(gate, id);
  for (const id of ids.slice(0, 2)) assert.equal((await gate.admin(`/explain/${id}`)).status, 404);
});

test('none is kept where none is wanted', async (t) => {
  const gate = await startedGate(t, { explain: { recent: 0 } });
  const got = await gate.admin(`/explain/${await asked(gate, '/open/x')}`);
  assert.equal(got.status, 404);
  assert.match(got.json().detail, /explain\.recent is 0/);
});

test('many at once: each finds its own', async (t) => {
  const gate = await startedGate(t, { explain: { recent: 64 } });
  const token = await sign(key, { scope: 'Orders.Read' });
  await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const id = await asked(gate, `/api/n${i}`, token);
    assert.equal((await kept(gate, id)).path, `/api/n${i}`);
  }));
});

test('long texts are cut, and the record says so', async (t) => {
  const gate = await startedGate(t);
  const target = `/open/${'a'.repeat(2000)}`;
  const found = await kept(gate, await asked(gate, target));
  assert.equal(found.cut, true);
  assert.ok(target.startsWith(found.path) && found.path.length >= 100);
  const scopes = Array.from({ length: 200 }, (_, i) => `scope-${i}`);
  const many = await kept(gate, await asked(gate, '/api/many', await sign(key, { scope: ['orders.read', ...scopes].join(' ') })));
  assert.equal(many.cut, true);
  assert.ok(many.scopes.every((one) => one === 'orders.read' || scopes.includes(one)));
});

test('a case is recorded, and passes', async (t) => {
  const gate = await startedGate(t);
  const record = (id, ...args) => run(['test', '-c', gate.file, '--record', id, ...args]);
  const may = await sign(key, { scope: 'orders.read' });
  for (const [target, token, method, expect] of [
    ['/api/x?q=1', may, 'GET', 'allow'], ['/api/x', await sign(key, { scope: 'other' }), 'GET', 'privilege_missing'], ['/api/x', null, 'GET', 'credentials_missing'],
    ['/scoped/a', await sign(key, { scope: 'special "quoted' }), 'GET', 'allow'], ['/scoped/b', may, 'GET', 'scope_missing'], ['/api/x', may, 'DELETE', 'method_not_granted'],
    ['/nowhere', may, 'GET', 'no_rule'], ['/open/x', null, 'GET', 'allow'], ['/api/../x', null, 'GET', 'path_ambiguous'],
  ]) {
    const id = await asked(gate, target, token, method);
    await kept(gate, id);
    const done = await record(id);
    assert.equal(done.code, 0, done.stderr);
    const file = path.join(gate.dir, 'recorded.yaml');
    fs.writeFileSync(file, done.stdout);
    assert.match(done.stdout, new RegExp(`^    expect: ${expect}$`, 'm'));
    const tried = await run(['test', '-c', gate.file, file]);
    assert.deepEqual([tried.code, tried.stdout], [0, '1 passed, 0 failed\n'], `${target}\n${done.stdout}${tried.stdout}${tried.stderr}`);
    if (token) assert.ok(!done.stdout.includes(token.split('.')[1]));
  }
  const late = await asked(gate, '/api/late', await sign(key, { iat: now() - 7200, exp: now() - 3600 }));
  await kept(gate, late);
  assert.deepEqual([(await record(late)).code, (await record(late)).stdout], [1, '']);
  assert.match((await record(late)).stderr, /depended on the token/);
  const own = await asked(gate, '/.well-known/jwks.json');
  await kept(gate, own);
  assert.match((await record(own)).stderr, /the gate itself answered it/);
  assert.equal((await record('unknown')).code, 1);
  assert.equal((await record('unknown', 'a.yaml', 'b.yaml')).code, 2);
  assert.equal((await run(['test', '-c', gate.file])).code, 2);
});

test('a recorded case goes to the end of a file', async (t) => {
  const gate = await startedGate(t);
  const id = await asked(gate, '/api/x', await sign(key, { scope: 'orders.read' }));
  await kept(gate, id);
  const file = path.join(gate.dir, 'cases.yaml');
  const record = () => run(['test', '-c', gate.file, '--record', id, file]);
  for (const [former, passed] of [
    [null, 1], ['cases:\n  - {caller: anonymous, request: GET /open/x, expect: allow}\n', 2], ['# mine\ncases:\n- caller: anonymous # as ever\n  request: GET /open/x\n  expect: allow', 2],
    ['cases:\n      - caller: anonymous\n        request: GET /open/x\n        expect: allow\n\n', 2],
  ]) {
    fs.rmSync(file, { force: true });
    if (former) fs.writeFileSync(file, former);
    const done = await record();
    assert.deepEqual([done.code, done.stdout, done.stderr], [0, '', ''], former);
    assert.ok(fs.readFileSync(file, 'utf8').startsWith(former ?? 'cases:\n'));
    assert.equal((await run(['test', '-c', gate.file, file])).stdout, `${passed} passed, 0 failed\n`, fs.readFileSync(file, 'utf8'));
  }
  for (const former of ['', 'cases: []\n', 'cases: [{caller: anonymous, request: GET /open/x, expect: allow}]\n', 'cases:\n  - {a: b\n', 'cases: {a: b}\n', 'x: y\n']) {
    fs.writeFileSync(file, former);
    const done = await record();
    assert.deepEqual([done.code, done.stdout], [1, ''], former);
    assert.match(done.stderr, /does not end in a list of cases in block style/);
    assert.equal(fs.readFileSync(file, 'utf8'), former);
  }
  assert.equal((await run(['test', '-c', gate.file, '--record', id, gate.dir])).code, 2);
});

test('a case may hold roles and scopes', async (t) => {
  const gate = await startedGate(t);
  const tried = async (caller, expect, target = '/scoped/x') => {
    gate.write('cases.yaml', { cases: [{ caller, request: `GET ${target}`, expect }] });
    return run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
  };
  assert.equal((await tried({ scopes: ['special'] }, 'allow')).code, 0);
  assert.equal((await tried({ roles: [], scopes: [] }, 'scope_missing')).code, 0);
  assert.equal((await tried({ roles: ['reader'], scopes: ['x'] }, 'allow', '/api/x')).code, 0);
  assert.match((await tried({ issuer: 'idp', scopes: ['special'] }, 'allow')).stderr, /stand beside roles alone/);
  assert.match((await tried({}, 'allow')).stderr, /needs one of issuer, client, user and roles/);
});

test('a case of a request under `match` holds the claims that it compares', async (t) => {
  const policy = { roles: { reader: {} }, privileges: { tenant: { paths: ['/tenants/{tenant}/{of}/*'], match: { tenant: '/tid', of: '/org/units/name~1short' } } } };
  const gate = await startedGate(t, {}, policy);
  for (const [target, claims, expect] of [
    ['/tenants/acme/sales/1', { tid: 'acme', org: { units: { 'name/short': ['it', 'sales'] } } }, 'allow'], ['/tenants/5/a/1', { tid: 5, org: { units: { 'name/short': 'a' } } }, 'allow'],
    ['/tenants/other/sales/1', { tid: 'acme', org: { units: { 'name/short': 'sales' } } }, 'claim_mismatch'], ['/tenants/acme/sales/1', {}, 'claim_mismatch'],
  ]) {
    const id = await asked(gate, target, await sign(key, claims));
    const found = await kept(gate, id);
    if (claims.tid === 'acme') assert.deepEqual(found.claims['/tid'], ['acme']);
    const done = await run(['test', '-c', gate.file, '--record', id]);
    assert.match(done.stdout, new RegExp(`^    expect: ${expect}$`, 'm'), done.stderr);
    fs.writeFileSync(path.join(gate.dir, 'recorded.yaml'), done.stdout);
    const tried = await run(['test', '-c', gate.file, path.join(gate.dir, 'recorded.yaml')]);
    assert.deepEqual([tried.code, tried.stdout], [0, '1 passed, 0 failed\n'], done.stdout + tried.stdout + tried.stderr);
  }
  gate.write('cases.yaml', { cases: [{ caller: { user: 'ann', claims: { tid: 'a' } }, request: 'GET /x', expect: 'allow' }] });
  assert.equal((await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')])).code, 2);
});

test('a case of a request for a host has that host', async (t) => {
  const policy = {
    roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'orders.read' }] } },
    modules: { one: { hosts: ['one.example', '[2001:db8::1]'], paths: ['/x/*'] }, each: { hosts: ['*.each.example'], paths: ['/x/*'] }, all: { paths: ['/x/*'] } },
    privileges: { one: { modules: ['one'], methods: ['GET'] }, each: { modules: ['each'], roles: ['reader'] }, all: { modules: ['all'] } },
  };
  const gate = await startedGate(t, {}, policy);
  const token = await sign(key, { scope: 'other' });
  for (const [host, method, entry, written, expect] of [
    ['ONE.example:99', 'GET', 'one.example', 'one.example', 'allow'], ['one.example', 'PUT', 'one.example', 'one.example', 'method_not_granted'], ['[2001:DB8:0::1]', 'GET', '[2001:db8::1]', '[2001:db8::1]', 'allow'],
    ['a.each.example', 'GET', '*.each.example', 'any.each.example', 'privilege_missing'], ['other.example', 'GET', null, undefined, 'allow'],
  ]) {
    const got = await send(gate.port, [`${method} /x/1 HTTP/1.1`, `Host: ${host}`, 'Connection: close', `Authorization: Bearer ${token}`, '', ''].join('\r\n'));
    const id = got.get('x-request-id');
    await gate.line((one) => one.request_id === id);
    assert.equal((await kept(gate, id)).host, entry, host);
    const done = await run(['test', '-c', gate.file, '--record', id]);
    assert.equal(done.stdout.match(/^    host: "(.*)"$/m)?.[1], written, done.stdout);
    assert.match(done.stdout, new RegExp(`^    expect: ${expect}$`, 'm'));
    fs.writeFileSync(path.join(gate.dir, 'recorded.yaml'), done.stdout);
    const tried = await run(['test', '-c', gate.file, path.join(gate.dir, 'recorded.yaml')]);
    assert.deepEqual([tried.code, tried.stdout], [0, '1 passed, 0 failed\n'], done.stdout + tried.stdout + tried.stderr);
  }
});
