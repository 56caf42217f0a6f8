// SPDX-License-Identifier: Apache-2.0
// `postern test`: a policy is tried on cases, and what it says is what the gate does.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { issuer: 'idp', claim: '/level', equals: '5' }, { certificate: 'CN=partner,O=Big' }] }, writer: { granted_to: [{ client: 'robot' }, { user: 'ann' }] }, nobody: {} },
  modules: { api: { paths: ['/api/*'] }, plain: { paths: ['/plain/*'], basic: false } },
  privileges: {
    read: { paths: ['/api/*', '/plain/*'], methods: ['GET'], roles: ['reader', 'writer'] },
    write: { paths: ['/api/*'], methods: ['POST'], roles: ['writer'] },
    by_scope: { paths: ['/api/scoped'], scopes: ['special'] },
    shadow: { paths: ['/api/shadow'], roles: ['nobody'], shadow: true },
  },
  public: ['/open/*'],
};
const LOCAL = { issuer: 'http://127.0.0.1:8080', audience: 'api://local', database: 'local.db' };

const config = (extra = {}) => ({ policy: POLICY, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer(), local_issuer: LOCAL, ...extra } });

/** Write cases, run them. */
async function tried(gate, cases, ...args) {
  gate.write('cases.yaml', JSON.stringify({ cases }, null, 1));
  return run(['test', '-c', gate.file, ...args, path.join(gate.dir, 'cases.yaml')]);
}

test('cases', async (t) => {
  const gate = await makeGate(t, config());
  const fits = [
    [{ issuer: 'idp', claims: { scope: 'read' } }, 'GET /api/x', 'allow', { privilege: 'read', role: 'reader' }],
    [{ issuer: 'idp', claims: { level: 5 } }, 'HEAD /api/x?q=1', 'allow', { role: 'reader' }],
    [{ issuer: 'idp', claims: { level: '5' } }, 'GET /api/x', 'allow'],
    [{ issuer: 'idp' }, 'GET /api/x', 'privilege_missing', { privilege: 'read' }],
    [{ issuer: 'idp', claims: { scope: 'special' } }, 'PATCH /api/scoped', 'allow', { privilege: 'by_scope' }],
    [{ issuer: 'idp', claims: { scope: 'other' } }, 'GET /api/scoped', 'scope_missing'],
    [{ issuer: 'idp', claims: { scope: 'read' } }, 'PUT /api/x', 'method_not_granted'],
    [{ issuer: 'idp', claims: { scope: 'read', aud: 'other' } }, 'GET /api/x', 'audience_mismatch'],
    [{ issuer: 'idp', claims: { scope: 'read', exp: 1000 } }, 'GET /api/x', 'token_expired'],
    [{ issuer: 'idp', claims: { scope: 'read', exp: 1000 } }, 'GET /api/x', 'allow', { at: '900' }],
    [{ issuer: 'idp', claims: { scope: 'read', iss: 'https://other.test' } }, 'GET /api/x', 'issuer_unknown'],
    [{ client: 'robot' }, 'POST /api/x', 'allow', { role: 'writer' }],
    [{ client: 'other' }, 'POST /api/x', 'privilege_missing'],
    [{ client: 'other', roles: ['writer'] }, 'POST /api/x', 'allow'],
    [{ client: 'other', claims: { scope: 'special' } }, 'GET /api/scoped', 'allow'],
    [{ user: 'ann' }, 'POST /api/x', 'allow', { privilege: 'write' }],
    [{ user: 'ann' }, 'GET /plain/x', 'basic_not_allowed'],
    [{ user: 'bob', roles: 'reader' }, 'GET /api/x', 'allow'],
    [{ roles: ['reader'] }, 'GET /plain/x', 'allow'],
    ['anonymous', 'GET /open/x', 'allow'],
    ['anonymous', 'GET /api/x', 'credentials_missing'],
    ['anonymous', 'GET /api/../x', 'path_ambiguous'],
    ['anonymous', 'TRACE /open/x', 'method_not_supported'],
    [{ roles: ['nobody'] }, 'GET /nowhere', 'no_rule'],
    [{ roles: ['reader'] }, 'GET /api/shadow', 'allow', { privilege: 'shadow' }],
    ['anonymous', 'GET /api/x', 'allow', { certificate: 'cn=partner, O=Big', role: 'reader' }],
    ['anonymous', 'GET /api/x', 'privilege_missing', { certificate: 'CN=other' }],
    [{ issuer: 'idp' }, 'GET /api/x', 'allow', { certificate: 'CN=partner,O=Big' }],
    [{ client: 'other' }, 'GET /api/x', 'allow', { certificate: 'CN=partner,O=Big' }],
    [{ user: 'bob' }, 'GET /api/x', 'allow', { certificate: 'CN=partner,O=Big' }],
  ].map(([caller, request, expect, rest]) => ({ name: `${expect}: ${JSON.stringify(caller)} ${request}`, caller, request, expect, ...rest }));

  await t.test('what fits: exit 0', async () => {
    const done = await tried(gate, fits.filter((one) => !one.request.startsWith('TRACE')));
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.equal(done.stdout, `${fits.length - 1} passed, 0 failed\n`);
  });
  await t.test('what differs: each by file, line and name, with both words; exit 1', async () => {
    const wrong = fits.map((one) => ({ ...one, expect: one.expect === 'allow' ? 'no_rule' : 'allow' }));
    const done = await tried(gate, wrong);
    assert.equal(done.code, 1, done.stderr);
    const lines = done.stdout.trimEnd().split('\n');
    assert.equal(lines.pop(), `0 passed, ${wrong.length} failed`);
    for (const [i, one] of wrong.entries()) assert.ok(lines[i].includes(`${one.name}: expected ${one.expect}, got `) && /cases\.yaml:\d+: /.test(lines[i]), lines[i]);
  });
  await t.test('another privilege, a role that is not held, a path of the gate itself', async () => {
    const done = await tried(gate, [
      { caller: { roles: ['reader'] }, request: 'GET /api/x', expect: 'allow', privilege: 'write' },
      { caller: 'anonymous', request: 'GET /open/x', expect: 'allow', privilege: 'write' },
      { caller: { roles: ['reader'] }, request: 'GET /api/x', expect: 'allow', role: 'writer' },
      { caller: 'anonymous', request: 'POST /oauth/token', expect: 'allow' },
    ]);
    assert.equal(done.code, 1);
    assert.match(done.stdout, /expected privilege write to decide, but read did/);
    assert.match(done.stdout, /expected privilege write to decide, but none did/);
    assert.match(done.stdout, /expected role writer; the caller's roles: reader/);
    assert.match(done.stdout, /the gate itself answers this path/);
  });
});

test('coverage and JUnit', async (t) => {
  const gate = await makeGate(t, config());
  const one = { name: 'a <b> & "c"', caller: { roles: ['reader'] }, request: 'GET /api/x', expect: 'allow' };
  await t.test('what no case touches, by name', async () => {
    const done = await tried(gate, [one], '--coverage');
    assert.equal(done.code, 0);
    assert.deepEqual(done.stdout.split('\n').filter((line) => line.startsWith('not covered: ')).map((line) => line.slice(13)).sort(), [
      'pattern /api/scoped', 'pattern /api/shadow', 'pattern /open/*', 'pattern /plain/*',
      'privilege by_scope', 'privilege shadow', 'privilege write', 'role nobody', 'role writer',
    ]);
    assert.match(done.stdout, /coverage: 3 of 12 privileges, roles and patterns \(25 %\)/);
  });
  await t.test('too little of it: exit 1', async () => {
    assert.equal((await tried(gate, [one], '--fail-under', '25')).code, 0);
    const done = await tried(gate, [one], '--fail-under', '26');
    assert.equal(done.code, 1);
    assert.match(done.stdout, /coverage is 25 %, less than --fail-under 26/);
  });
  await t.test('JUnit XML', async () => {
    const file = path.join(gate.dir, 'junit.xml');
    assert.equal((await tried(gate, [one, { ...one, expect: 'no_rule' }], '--junit', file)).code, 1);
    const xml = fs.readFileSync(file, 'utf8');
    assert.match(xml, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuite name="postern test" tests="2" failures="1">\n/);
    assert.equal(xml.match(/name="a &lt;b> &amp; &quot;c&quot;"/g).length, 2);
    assert.equal(xml.match(/<failure message="expected no_rule, got allow"\/>/g).length, 1);
  });
});

test('mistakes in cases: exit 2, each with its line, and nothing is judged', async (t) => {
  const gate = await makeGate(t, config());
  const good = { caller: 'anonymous', request: 'GET /open/x', expect: 'allow' };
  for (const [what, change] of [
    ['no such reason; did you mean "no_rule"', { expect: 'no_rul' }],
    ['no such third-party issuer; did you mean "idp"', { caller: { issuer: 'ipd' } }],
    ['no such third-party issuer', { caller: { issuer: 'local' } }],
    ['no such privilege', { privilege: 'raed' }],
    ['no such role', { role: 'raeder' }],
    ['no such role', { caller: { roles: ['raeder'] } }],
    ['is not a subject (RFC 4514): character 8', { certificate: 'partner' }],
    ['must be a method, a space and a path', { request: 'GET' }],
    ['must be a method, a space and a path', { request: '/open/x' }],
    ['needs one of issuer, client, user and roles', { caller: { user: 'a', client: 'b' } }],
    ['needs one of issuer, client, user and roles', { caller: {} }],
    ['claims need an issuer or a client', { caller: { user: 'ann', claims: { a: 1 } } }],
    ['gets its roles by the policy', { caller: { issuer: 'idp', roles: ['reader'] } }],
    ['must be a map, or the word anonymous', { caller: 'ann' }],
    ['must be Unix seconds or RFC 3339', { at: 'soon' }],
    ['unknown key; did you mean "expect"', { expct: 'allow' }],
    ['is missing', { request: undefined }],
  ]) {
    await t.test(`${what}: ${JSON.stringify(change)}`, async () => {
      const done = await tried(gate, [good, { ...good, ...change }]);
      assert.equal(done.code, 2, done.stdout);
      assert.ok(done.stderr.includes(what), done.stderr);
      assert.match(done.stderr, /cases\.yaml:\d+:\d+: /);
      assert.equal(done.stdout, '');
    });
  }
  await t.test('no file, no case, a file of another kind', async () => {
    assert.equal((await run(['test', '-c', gate.file, '/nowhere.yaml'])).code, 2);
    assert.equal((await run(['test', '-c', gate.file])).code, 2);
    assert.equal((await tried(gate, [])).code, 2);
    assert.equal((await run(['test', '-c', gate.file, gate.file])).code, 2);
  });
  await t.test('without a local issuer there are no clients', async () => {
    const alone = await makeGate(t, config({ local_issuer: undefined }));
    const done = await tried(alone, [{ ...good, caller: { client: 'robot' } }]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, /there is no local_issuer/);
  });
});

test('it says what the gate does', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { ...config({ local_issuer: undefined }), upstream: upstream.url });
  const callers = [null, { scope: 'read' }, { scope: 'special read' }, { level: 5 }, { level: '6' }, { scope: 'x', exp: now() - 600 }, { aud: 'other' }];
  const paths = ['/api/x', '/api/scoped', '/api/shadow', '/plain/x', '/open/x', '/nowhere', '/api', '/api//x', '/api/%2e/x'];
  const cases = [];
  for (const claims of callers) {
    const headers = claims === null ? {} : { Authorization: `Bearer ${await sign(key, { scope: undefined, ...claims })}` };
    for (const target of paths) for (const method of ['GET', 'POST', 'DELETE']) {
      const got = await gate.ask({ method, target, headers });
      const line = await gate.line((one) => one.event === 'request' && one.request_id === got.get('x-request-id'));
      cases.push({ caller: claims === null ? 'anonymous' : { issuer: 'idp', ...Object.keys(claims).length && { claims } }, request: `${method} ${target}`, expect: line.reason === 'ok' ? 'allow' : line.reason, ...line.privilege && { privilege: line.privilege } });
    }
  }
  const done = await tried(gate, cases);
  assert.equal(done.stdout, `${cases.length} passed, 0 failed\n`, done.stderr);
  assert.ok(new Set(cases.map((one) => one.expect)).size >= 8);
});

test('what a case is called moves no cursor and ends no line', async (t) => {
  const gate = await makeGate(t, config());
  const done = await tried(gate, [{ name: 'a\nb\u001b[2J\u202e', caller: 'anonymous', request: 'GET /api/x', expect: 'allow' }]);
  assert.match(done.stdout, /^\S+:\d+: a\\x0ab\\x1b\[2J\\u202e: expected allow, got credentials_missing: .*\n0 passed, 1 failed\n$/);
});

test('neither secrets nor key files are needed', async (t) => {
  const gate = await makeGate(t, { ...config({ issuers: fileIssuer({ jwks_file: 'absent.json' }), local_issuer: { ...LOCAL, database: { env: 'POSTERN_TEST_NO_SUCH' } } }) });
  const done = await tried(gate, [{ caller: { client: 'robot' }, request: 'POST /api/x', expect: 'allow' }]);
  assert.equal(done.code, 0, done.stderr);
});

test('the examples have cases that cover them', async (t) => {
  const examples = fileURLToPath(new URL('../../examples', import.meta.url));
  for (const name of fs.readdirSync(examples)) {
    await t.test(name, async () => {
      const dir = path.join(examples, name);
      const done = await run(['test', '-c', path.join(dir, 'postern.yaml'), '--fail-under', '100', path.join(dir, 'cases.yaml')]);
      assert.equal(done.code, 0, done.stdout + done.stderr);
    });
  }
});
