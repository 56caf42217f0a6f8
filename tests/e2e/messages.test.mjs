// SPDX-License-Identifier: Apache-2.0
// What commands say is true, names who and what, and helps with a typo.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey } from './harness/tokens.mjs';

const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local' }, issuers: fileIssuer() });
const POLICY = { roles: { reader: {}, writer: {} }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } };
const PASSWORD = 'correct horse battery\n';

test('what commands say', async (t) => {
  const gate = await startGate(t, { config, policy: POLICY, files: { 'keys.json': keySet(makeKey('RS256')), 'claims.json': '{}' } });
  const { client_id: id } = await gate.addClient('p2');
  assert.equal((await run(['user', 'add', 'ann', '-c', gate.file], { input: PASSWORD })).code, 0);
  const kid = JSON.parse((await run(['keys', 'list', '--json', '-c', gate.file])).stdout)[0].kid;
  const wrongKid = `${kid.startsWith('x') ? 'y' : 'x'}${kid.slice(1)}`;
  const policyHas = 'the policy has no role "raeder"; did you mean "reader"?';

  /** In this order: [words, exit code, standard error, audit rows that it leaves]. */
  const said = [
    [['client', 'grant', 'p2', 'reader'], 0, '', ['client grant: p2 reader']],
    [['client', 'grant', 'p2', 'reader'], 0, 'client p2 already has role reader', []],
    [['client', 'grant', 'p2', 'raeder'], 1, `client: ${policyHas}`, []],
    [['client', 'grant', 'p2', 'quite-another'], 1, 'client: the policy has no role "quite-another"; it has reader, writer', []],
    [['client', 'revoke', 'p2', 'writer'], 0, 'client p2 does not have role writer', []],
    [['client', 'revoke', 'p2', 'raeder'], 1, `client: ${policyHas}`, []],
    [['client', 'revoke', 'p2', 'reader'], 0, '', ['client revoke: p2 reader']],
    [['client', 'grant', 'p3', 'reader'], 1, 'client: there is no client "p3"; did you mean "p2"?', []],
    [['client', 'add', 'x', '--role', 'raeder'], 1, `client: ${policyHas}`, []],
    [['client', 'disable', 'p2'], 0, '', ['client disable: p2']],
    [['client', 'disable', id], 0, `client ${id} is already disabled`, []],
    [['token', '--client', 'p2'], 1, 'token: client p2 is disabled', []],
    [['client', 'enable', 'p2'], 0, '', ['client enable: p2']],
    [['client', 'enable', 'p2'], 0, 'client p2 is already enabled', []],
    [['client', 'revoke-secret', 'p2', '--slot', '2'], 1, 'client: client p2 has no secret in slot 2', []],
    [['client', 'rename', 'p2', 'p2'], 0, 'client p2 already has that name', []],
    [['client', 'rename', 'p2', 'partner'], 0, '', ['client rename: p2 to partner']],
    [['client', 'show', 'partnre'], 1, 'client: there is no client "partnre"; did you mean "partner"?', []],
    [['client', 'delete', 'partnre'], 1, 'client: there is no client "partnre"; did you mean "partner"?', []],
    [['client', 'rotate', 'somebody'], 1, 'client: there is no client "somebody"', []],
    [['user', 'grant', 'ann', 'reader'], 0, '', ['user grant: ann reader']],
    [['user', 'grant', 'ann', 'reader'], 0, 'user ann already has role reader', []],
    [['user', 'grant', 'ann', 'raeder'], 1, `user: ${policyHas}`, []],
    [['user', 'revoke', 'ann', 'writer'], 0, 'user ann does not have role writer', []],
    [['user', 'revoke', 'ann', 'raeder'], 1, `user: ${policyHas}`, []],
    [['user', 'revoke', 'ann', 'reader'], 0, '', ['user revoke: ann reader']],
    [['user', 'disable', 'ann'], 0, '', ['user disable: ann']],
    [['user', 'disable', 'ann'], 0, 'user ann is already disabled', []],
    [['token', '--user', 'ann'], 1, 'token: user ann is disabled', []],
    [['user', 'enable', 'ann'], 0, '', ['user enable: ann']],
    [['user', 'enable', 'ann'], 0, 'user ann is already enabled', []],
    [['user', 'show', 'annn'], 1, 'user: there is no user "annn"; did you mean "ann"?', []],
    [['token', '--client', 'partnre'], 1, 'token: there is no client "partnre"; did you mean "partner"?', []],
    [['token', '--client', 'partner', '--scope', 's'], 1, 'token: client partner may not have the scope "s"', []],
    [['token', '--user', 'annn'], 1, 'token: there is no user "annn"; did you mean "ann"?', []],
    [['keys', 'retire', wrongKid], 1, `keys: there is no key "${wrongKid}"; did you mean "${kid}"?`, []],
    [['jwks', 'ipd'], 1, 'jwks: the configuration names no issuer "ipd"; did you mean "idp"?', []],
    [['revoke', '--jti', 'x', '--issuer', 'ipd'], 1, 'revoke: the configuration names no issuer "ipd"; did you mean "idp"?', []],
    [['revoke', '--client', 'partnre'], 1, 'revoke: there is no client "partnre"; did you mean "partner"?', []],
    [['explain', '/api/x', '--client', 'partnre'], 2, 'explain: there is no client "partnre"; did you mean "partner"?', []],
    [['explain', '/api/x', '--claims', path.join(gate.dir, 'claims.json'), '--issuer', 'ipd'], 2, 'explain: the configuration names no issuer "ipd"; did you mean "idp"?', []],
    [['client', 'delete', 'partner'], 0, '', ['client delete: partner']],
    [['user', 'delete', 'ann'], 0, '', ['user delete: ann']],
  ];
  const expected = [];
  for (const [words, code, text, audits] of said) {
    await t.test(`${words.join(' ')}: ${code}`, async () => {
      const done = await run([...words, '-c', gate.file]);
      assert.equal(done.stderr, text ? `postern: ${text}\n` : '');
      assert.equal(done.stdout, '');
      assert.equal(done.code, code);
    });
    expected.push(...audits);
  }
  await t.test('explain --user says which one was meant, and that the gate would refuse', async () => {
    assert.equal((await run(['user', 'add', 'ann', '-c', gate.file], { input: PASSWORD })).code, 0);
    const done = await run(['explain', '/api/x', '--user', 'annn', '--json', '-c', gate.file]);
    assert.equal(done.code, 1);
    assert.equal(JSON.parse(done.stdout).detail, 'there is no user "annn"; did you mean "ann"?');
  });
  await t.test('the log of the gate has each change once, with who and what', async () => {
    const audits = () => gate.stderr.split('\n').filter((line) => line.includes('"event":"audit"')).map(JSON.parse);
    await gate.complains(/"user delete"/);
    const got = audits().map((line) => `${line.message}: ${line.object}`);
    assert.deepEqual(got.slice(got.indexOf(expected[0]), got.indexOf(expected[0]) + expected.length), expected);
    assert.ok(audits().every((line) => /^uid:\d+$|\w/.test(line.by)));
  });
});

/** [what is added to the configuration, what check says of it]: the secret never, the rule always. */
const MISPLACED = [
  ['upstream: "token=SECRET"', /\/upstream: must start with "http:\/\/".*\(found "\(secret\)"\)/],
  ['policy: "token=SECRET"', /\(secret\): No such file/],
  ['policy: "https://h/p?code=SECRET"', /code=\(secret\): No such file/],
  ['listen: {address: "token=SECRET"}', /\/listen\/address: "\(secret\)": must be ADDRESS:PORT/],
  ['"token=SECRET": x', /: \/\(secret\): unknown key/],
  ['forward: {headers: {"token=SECRET": /sub}}', /: \/forward\/headers\/\(secret\): must be a header name/],
  ['resource: {authorization_servers: ["token=SECRET"]}', /authorization_servers: "\(secret\)" is not one of "issuers"/],
  ['issuers: {i: {issuer: "https://i.example", audience: a, jwks_file: "https://h/k?code=SECRET"}}', /jwks_file: \S*\/k\?code=\(secret\): No such file/],
  ['issuers: {i: {issuer: "https://i.example", audience: a, jwks_uri: "https://h/k", jwks: {client_certificate: {file: c.pem}, client_key: {file: "-----BEGIN PRIVATE KEY----- SECRET"}}}}', /client_key: \S*\(secret\): No such file/],
  ['issuers: {i: {issuer: "https://i.example", audience: a, jwks_uri: "https://h/k", jwks: {bearer: {file: eyJhbGciOiJub25lIn0.SECRET.SECRET}}}}', /bearer: \S*\(secret\): No such file/],
  ['issuers: {i: {issuer: "https://i.example", audience: a, provider: entra, tenants: ["token=SECRET"]}}', /tenants: "\(secret\)" is not a tenant id/],
  ['local_issuer: {issuer: "http://127.0.0.1:1", audience: a, signing: {key: {file: "token=SECRET"}}}', /signing\/key\/file: \S*\(secret\): No such file/],
  ['state: "/nowhere/deeper/token=SECRET"', /\/state: the state directory \(secret\) cannot be created/],
];

test('a secret in the wrong place is not repeated, and what is wrong is said', async (t) => {
  const gate = await makeGate(t, { policy: POLICY });
  for (const [text, want] of MISPLACED) {
    await t.test(text, async () => {
      const key = text.split(':')[0];
      const rest = Object.entries(gate.config).filter(([name]) => name !== key).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
      gate.write('postern.yaml', [...rest, text, ''].join('\n'));
      const done = await run(['check', '-c', gate.file]);
      assert.match(done.stderr, want);
      assert.ok(!done.stderr.includes('SECRET'), done.stderr);
      assert.notEqual(done.code, 0);
    });
  }
  for (const args of [['verify', '--jwks', 'token=SECRET', 'a.b.c'], ['verify', '--jwks=token=SECRET', 'a.b.c'], ['explain', '/x', '--claims', 'token=SECRET', '--issuer', 'local'], ['check', '-c', 'token=SECRET'], ['store', 'restore', '/nowhere/token=SECRET']]) {
    await t.test(args.join(' '), async () => {
      gate.write('postern.yaml', { ...gate.config, local_issuer: { issuer: 'http://127.0.0.1:1', audience: 'a' } });
      const done = await run([...args, ...(args[0] === 'verify' || args[0] === 'check' ? [] : ['-c', gate.file])]);
      assert.match(done.stderr, /\(secret\): No such file/);
      assert.ok(!done.stderr.includes('SECRET'), done.stderr);
      assert.equal(done.code, 2);
    });
  }
});
