// SPDX-License-Identifier: Apache-2.0
// `postern explain` says what the gate does: the same verdict, reason and privilege, over many
// requests.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cannot } from './harness/engines.mjs';
import { run, startGate } from './harness/gate.mjs';
import { startIdp } from './harness/idp.mjs';
import { issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { issuer: 'idp', group: 'g1' }] }, writer: {} },
  modules: { api: { paths: ['/api/*'] }, mild: { paths: ['/mild/*'], path_allow: ['semicolon'] } },
  privileges: {
    read: { paths: ['/api/*'], methods: ['GET'], roles: ['reader'] },
    write: { paths: ['/api/*'], methods: ['POST'], roles: ['writer'] },
    by_scope: { paths: ['/api/scoped/*'], scopes: ['special'] },
    anyone: { modules: ['mild'], paths: ['/mild/*'] },
    shadow: { paths: ['/api/shadow'], roles: ['writer'], shadow: true },
  },
  public: ['/open/*'],
};
const METHODS = ['GET', 'HEAD', 'POST', 'PURGE', 'TRACE', 'get', 'PROPFIND'];
const PATHS = ['/api/x', '/api/scoped/y?q=1', '/api/shadow', '/mild/a;b', '/open/x', '/nowhere', '/api/../x', '/api/%2e/x', '/api//x', '/api/a;b', '/oauth/token', '/oauth/token/', '/OAuth/Token', '/oauth/authorize', '/.well-known/jwks.json', '/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'];

const explain = async (gate, ...args) => {
  const done = await run(['explain', '-c', gate.file, '--json', ...args]);
  assert.notEqual(done.code, 2, done.stderr);
  return JSON.parse(done.stdout);
};

/** A gate, and whoever may ask it. */
async function gateWithCallers(t) {
  const gate = await issuerGate(t, { policy: POLICY, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer({ max_age: '2h' }), resource: { url: 'https://api.example/mcp' } } });
  const disabled = await known(gate, await gate.addClient('disabled', '--role', 'reader'));
  const revoked = await known(gate, await gate.addClient('revoked', '--role', 'reader'));
  const callers = {
    nobody: null,
    'who may': await sign(key, { scope: 'read' }),
    'who has a scope': await sign(key, { scope: 'special' }),
    'who has nothing': await sign(key, { scope: 'other' }),
    'who has more groups than are listed': await sign(key, { scope: 'other', hasgroups: true }),
    'one too late': await sign(key, { iat: now() - 3600, exp: now() - 600 }),
    'one too old': await sign(key, { iat: now() - 9000, exp: now() + 600 }),
    'one too early': await sign(key, { nbf: now() + 600 }),
    'one for another': await sign(key, { aud: 'api://other' }),
    'one of nobody': await sign(key, { iss: 'https://nobody.test' }),
    'one of an unknown key': await sign(makeKey('ES256', 'unknown')),
    'no token': 'abc',
    'two tokens': 'abc def',
    nothing: '',
    'a client': await tokenOf(gate),
    'a disabled client': await tokenOf(gate, disabled),
    'a revoked client': await tokenOf(gate, revoked),
  };
  await gate.client('disable', 'disabled');
  assert.equal((await run(['revoke', '-c', gate.file, '--client', 'revoked'])).code, 0);
  for (const [name, reason] of [['a disabled client', 'client_disabled'], ['a revoked client', 'token_revoked']]) {
    await eventually(async () => {
      const got = await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${callers[name]}` } });
      return got.status === 401 && got.json().reason === reason;
    }, reason);
  }
  return { gate, callers };
}

test('explain and the gate agree', async (t) => {
  const { gate, callers } = await gateWithCallers(t);
  const pairs = [];
  for (const [name, token] of Object.entries(callers)) {
    for (const [i, target] of PATHS.entries()) {
      // Every method on the paths that differ by it, one of them on each of the others.
      for (const method of i > 0 ? [METHODS[(i + pairs.length) % 3]] : ['nobody', 'who may'].includes(name) ? METHODS : ['GET']) pairs.push({ name, token, target, method });
    }
  }
  const differ = [];
  const reasons = new Set();
  for (const { name, token, target, method } of pairs) {
    const got = await gate.ask({ method, target, headers: token === null ? {} : { Authorization: `Bearer ${token}` } });
    const line = await gate.line((one) => one.event === 'request' && one.request_id === got.get('x-request-id'));
    const said = await explain(gate, '-X', method, target, ...(token === null ? [] : ['--token', token === '' ? '-' : token]));
    const own = /^\/oauth|^\/\.well-known/i.test(target) && !line.reason?.match(/malformed|ambiguous/);
    // What the endpoints make of a body and of credentials is not asked about.
    const status = own && said.status === 200 && /token|revoke|introspect/.test(target) ? 200 : got.status;
    const gateSays = { reason: own ? 'ok' : line.reason, privilege: line.privilege ?? null, ...own && { status } };
    const explained = { reason: said.reason, privilege: said.privilege, ...own && { status: said.status } };
    assert.equal(said.verdict, own ? 'answer' : line.reason === 'ok' ? 'forward' : 'refuse', JSON.stringify({ method, target, name, line, said }));
    if (JSON.stringify(gateSays) !== JSON.stringify(explained)) differ.push({ method, target, name, gateSays, explained, status: got.status });
    reasons.add(line.reason);
  }
  assert.deepEqual(differ.slice(0, 5), [], `${differ.length} of ${pairs.length} differ`);
  for (const reason of ['ok', 'credentials_missing', 'credentials_malformed', 'token_malformed', 'token_expired', 'token_too_old', 'token_not_yet_valid', 'audience_mismatch', 'issuer_unknown', 'key_unknown', 'client_disabled', 'token_revoked', 'groups_overage', 'privilege_missing', 'scope_missing', 'no_rule', 'path_ambiguous', cannot('METHODS') ? 'request_malformed' : 'method_not_supported']) assert.ok(reasons.has(reason), `${reason} was met`);
});

const OWN = ['/oauth/token', '/oauth/token/', '/oauth/Token', '/oauth/revoke/', '/oauth/introspect', '/oauth/token?a=b', '/oauth/authorize', '/.well-known/jwks.json', '/.well-known/jwks.json/', '/.well-known/openid-configuration', '/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/', '/.well-known/OAuth-Protected-Resource', '/.well-known/oauth-protected-resources'];

test('explain and the gate agree on its own endpoints', async (t) => {
  const gate = await issuerGate(t, { policy: POLICY, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  const seen = new Set();
  for (const target of OWN) {
    for (const method of ['GET', 'POST', 'HEAD', 'PUT']) {
      const got = await gate.ask({ method, target });
      const done = await run(['explain', '-c', gate.file, '--json', '-X', method, target]);
      const said = JSON.parse(done.stdout);
      // Another path that only begins alike is the policy's.
      assert.equal(said.verdict, target.endsWith('resources') ? 'refuse' : 'answer');
      if (said.verdict === 'refuse') continue;
      // A POST without a form is told so by the endpoint; with one it is the client's.
      const formless = method === 'POST' && /^\/oauth\/(token|revoke|introspect)$/.test(target);
      assert.deepEqual([said.status, done.code], formless ? [200, 0] : [got.status, got.status < 400 ? 0 : 1], `${method} ${target}`);
      if (!formless && got.status >= 400 && got.body.length > 0 && got.json().error_description) assert.equal(said.detail, got.json().error_description);
      if (got.get('content-type') === 'application/problem+json' && got.body.length > 0) assert.equal(said.detail, got.json().detail);
      assert.equal(got.get('x-postern'), got.status >= 400 ? 'refused' : undefined, `${method} ${target}`);
      seen.add(said.status);
    }
  }
  assert.deepEqual([...seen].sort(), [200, 400, 404, 405]);
  assert.match((await run(['explain', '-c', gate.file, '-X', 'POST', '/oauth/token/'])).stdout, /^verdict: +answer\nreason: +ok \(404\)\ndetail: +"this endpoint's path is exactly \/oauth\/token"$/m);
});

test('explain at another time asks about the token, not about the keys', async (t) => {
  const idp = await startIdp(t, ['ES256']);
  const gate = await startGate(t, { policy: POLICY, config: { issuers: { idp: { issuer: idp.issuer, audience: 'api://default', jwks: { stale: '1h' } } } } });
  const token = await idp.token('ES256');
  for (const ahead of [7200, 30 * 86400]) {
    assert.equal((await explain(gate, '/api/x', '--token', token, '--at', String(now() + ahead))).reason, 'token_expired');
  }
  assert.equal((await explain(gate, '/api/x', '--token', token, '--at', String(now() - 86400))).reason, 'token_not_yet_valid');
});

test('explain says who revoked a token, and when', async (t) => {
  const { gate, callers } = await gateWithCallers(t);
  const said = await explain(gate, '/api/x', '--token', callers['a revoked client']);
  assert.equal(said.reason, 'token_revoked');
  assert.equal(said.revoked.by, `uid:${process.getuid()}`);
  assert.ok(Math.abs(Date.parse(said.revoked.at) - Date.now()) < 600000, said.revoked.at);
  assert.equal((await explain(gate, '/api/x', '--token', callers['a client'])).revoked, null);
  const own = await tokenOf(gate);
  assert.equal((await post(gate, '/oauth/revoke', { token: own })).status, 200);
  const text = await run(['explain', '-c', gate.file, '/api/x', '--token', own]);
  assert.match(text.stdout, /^revoked at: +\d{4}-\d\d-\d\dT.*\nrevoked by: +"\S.*"$/m);
});

test('explain of whom it assumes goes by the same steps', async (t) => {
  const gate = await issuerGate(t, { policy: POLICY, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() }, local: { accept: 'never' } });
  assert.equal((await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${await tokenOf(gate)}` } })).json().reason, 'local_issuer_standing_by');
  assert.equal((await explain(gate, '/api/x', '--client', 'partner')).reason, 'local_issuer_standing_by');
});

test('explain says which entries of a token count for nothing', async (t) => {
  const gate = await startGate(t, { policy: POLICY, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  const token = await sign(key, { scope: 'read', roles: [{ name: 'x' }, 'y', null], groups: [7] });
  assert.equal((await explain(gate, '/api/x', '--token', token)).ignored_entries, 3);
  assert.equal((await explain(gate, '/api/x', '--token', await sign(key))).ignored_entries, 0);
  assert.equal((await explain(gate, '/api/x')).ignored_entries, 0);
  const said = async (more) => (await run(['explain', '-c', gate.file, '/api/x', '--token', await sign(key, more)])).stdout;
  assert.match(await said({ roles: [{ name: 'x' }] }), /^ignored: +1 entry of the token's scopes, groups and roles: not a string$/m);
  assert.match(await said({ roles: [1, 2] }), /^ignored: +2 entries /m);
  assert.doesNotMatch(await said({ roles: ['x'] }), /ignored/);
});

test('explain assumes a client certificate beside whoever asks', async (t) => {
  const policy = {
    roles: {
      partner: { granted_to: [{ certificate: 'cn=partner, O=Big\\, Co' }] },
      pinned: { granted_to: [{ issuer: 'idp', scope: 'read', certificate: 'CN=partner,O=Big\\, Co' }] },
    },
    privileges: { partner: { paths: ['/partner'], roles: ['partner'] }, pinned: { paths: ['/pinned'], roles: ['pinned'] }, any: { paths: ['/any'] } },
  };
  const gate = await startGate(t, { policy, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  const token = ['--token', await sign(key, { scope: 'read' })];
  const held = ['--certificate', 'CN=partner, o=Big\\2c Co'];
  const other = ['--certificate', 'CN=partner,O=Big,Co=x'];
  for (const [reason, ...args] of [
    ['ok', '/partner', ...held], ['ok', '/any', ...other], ['credentials_missing', '/any'], ['privilege_missing', '/partner', ...other],
    ['ok', '/pinned', ...held, ...token], ['privilege_missing', '/pinned', ...held], ['privilege_missing', '/pinned', ...token], ['privilege_missing', '/pinned', ...other, ...token],
    ['token_malformed', '/partner', ...held, '--token', 'x'],
  ]) assert.equal((await explain(gate, ...args)).reason, reason, args.join(' '));
  const said = await explain(gate, '/partner', ...held);
  assert.deepEqual([said.certificate, said.subject, said.roles, said.issuer], ['CN=partner,O=Big\\, Co', 'CN=partner,O=Big\\, Co', ['partner'], null]);
  assert.match((await run(['explain', '-c', gate.file, '/pinned', ...held, ...token])).stdout, /^certificate: +"CN=partner,O=Big\\\\, Co"\nissuer: +"idp"$/m);
  for (const [wrong, why] of [['partner', 'character 8: "=" must stand here'], ['/CN=a', 'character 1'], ['CN=a;O=b', 'character 5: must be escaped'], [`CN=${'x'.repeat(4094)}`, 'is longer than 4096 bytes']]) {
    const done = await run(['explain', '-c', gate.file, '/any', '--certificate', wrong]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, new RegExp(`--certificate: ${why}`));
  }
});

test('which line of the policy fails, on what, and what would pass', async (t) => {
  const policy = [
    'roles:',
    '  reader:',
    '    granted_to:',
    '      - {issuer: idp, scope: orders.read}',
    '      - {issuer: idp, group: staff, claim: /level, equals: [5, 6]}',
    '      - {client: robot}',
    'modules: {api: {paths: ["/api/*"]}}',
    'privileges:',
    '  read: {paths: ["/api/*"], roles: [reader]}',
    '  open: {paths: ["/api/any"]}',
    '',
  ].join('\n');
  const gate = await issuerGate(t, { policy, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  await known(gate, await gate.addClient('shop'));
  const lines = (said) => said.granted_to.map((one) => ({ line: one.line, failed: one.failed, found: one.found, near: one.near }));

  await t.test('by a token', async () => {
    const token = await sign(key, { scope: 'Orders.Read', groups: ['staff'], level: 4 });
    const said = await explain(gate, '/api/x', '--token', token);
    assert.equal(said.reason, 'privilege_missing');
    assert.deepEqual(lines(said), [
      { line: 4, failed: 'scope', found: 'Orders.Read', near: 'Orders.Read (upper and lower case differ)' },
      { line: 5, failed: 'claim', found: '4', near: null },
      { line: 6, failed: 'client', found: 'app-1', near: null },
    ]);
    assert.deepEqual(said.to_pass, [
      'issuer idp, scope orders.read (role reader, policy.yaml:4)',
      'issuer idp, group staff, claim /level equals 5 or 6 (role reader, policy.yaml:5)',
      'client robot (role reader, policy.yaml:6)',
    ].map((text) => text.replace('policy.yaml', said.granted_to[0].file)));
    assert.ok(!JSON.stringify(said).includes(token.split('.')[2]));
  });
  await t.test('what it says would pass does', async () => {
    const said = await explain(gate, '/api/x', '--token', await sign(key, { scope: 'orders.read' }));
    assert.equal(said.verdict, 'forward');
    assert.deepEqual(said.granted_to.map((one) => one.holds), [true, false, false]);
    assert.deepEqual(said.to_pass, []);
  });
  await t.test('by claims', async () => {
    gate.write('claims.json', { groups: ['staff'], level: 6 });
    const said = await explain(gate, '/api/x', '--claims', `${gate.dir}/claims.json`, '--issuer', 'idp');
    assert.deepEqual(said.granted_to.map((one) => one.holds), [false, true, false]);
  });
  await t.test('by a client of the local issuer: the command that grants the role, which then passes', async () => {
    const said = await explain(gate, '/api/x', '--client', 'shop');
    assert.equal(said.to_pass[0], 'postern client grant shop reader');
    assert.equal(said.granted_to[2].found, 'shop');
    assert.equal((await run([...said.to_pass[0].split(' ').slice(1), '-c', gate.file])).code, 0);
    assert.equal((await explain(gate, '/api/x', '--client', 'shop')).verdict, 'forward');
  });
  await t.test('nobody, a privilege without roles, no rule: there are no lines', async () => {
    for (const args of [['/api/x'], ['/api/any', '--client', 'shop'], ['/nowhere', '--client', 'shop']]) {
      const said = await explain(gate, ...args);
      assert.deepEqual([said.granted_to, said.to_pass], [[], []]);
    }
  });
  await t.test('as text', async () => {
    const done = await run(['explain', '-c', gate.file, '/api/x', '--token', await sign(key, { scope: 'Orders.Read' })]);
    assert.equal(done.code, 1);
    assert.match(done.stdout, /^granted to: {4}\S*policy\.yaml:4: role reader to issuer idp, scope orders\.read: fails on scope, found "Orders\.Read", near "Orders\.Read \(upper and lower case differ\)"$/m);
    assert.match(done.stdout, /^to pass: {7}issuer idp, scope orders\.read \(role reader, \S*policy\.yaml:4\)$/m);
  });
});

test('wider patterns of a module that ignores case', async (t) => {
  const policy = {
    modules: { shop: { paths: ['/Shop/*'], case_sensitive: false } },
    privileges: { shop: { paths: ['/Shop/*'] }, orders: { paths: ['/SHOP/Orders/*'] }, all: { paths: ['/*'] } },
  };
  const gate = await startGate(t, { policy, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  for (const target of ['/shop/orders/1', '/Shop/Orders/1', '/SHOP/ORDERS/1']) {
    assert.deepEqual((await explain(gate, target)).patterns, ['/SHOP/Orders/*', '/Shop/*', '/*'], target);
  }
  assert.deepEqual((await explain(gate, '/other')).patterns, ['/*']);
});
