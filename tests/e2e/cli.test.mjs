// SPDX-License-Identifier: Apache-2.0
// The commands: what they print, and 0 for yes, 1 for no, 2 for wrong use or trouble.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, scratch, startGate } from './harness/gate.mjs';
import { startIdp } from './harness/idp.mjs';
import { ALGORITHMS, AUDIENCE, fileIssuer, forge, ISSUER, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const keys = Object.fromEntries(ALGORITHMS.map((alg) => [alg, makeKey(alg)]));
const rsa = keys.RS256;

test('help and version', async (t) => {
  await t.test('help lists the commands', async () => {
    const done = await run(['help']);
    assert.equal(done.code, 0);
    for (const word of ['serve', 'check', 'explain', 'verify', 'client', 'version']) assert.match(done.stdout, new RegExp(`\\b${word}\\b`));
  });
  await t.test('version', async () => {
    const done = await run(['version']);
    assert.equal(done.code, 0);
    assert.match(done.stdout, /^postern \d+\.\d+\.\d+/);
  });
  for (const args of [[], ['nonsense'], ['serve', '--nonsense'], ['check', '-c'], ['explain'], ['verify']]) {
    await t.test(`wrong use: ${args.join(' ') || 'nothing'}: exit 2 and a word on standard error`, async () => {
      const done = await run(args);
      assert.equal(done.code, 2, done.stdout);
      assert.ok(done.stderr.length > 0);
    });
  }
});

test('check', async (t) => {
  const gate = await makeGate(t, { config: { issuers: fileIssuer() }, files: { 'keys.json': keySet(rsa) } });
  const check = () => run(['check', '-c', gate.file]);

  await t.test('a right configuration: exit 0', async () => assert.equal((await check()).code, 0));

  await t.test('every mistake at once, each with file, line, column, pointer, rule and value', async () => {
    gate.write('postern.yaml', [
      'listen: {address: 127.0.0.1:8080}',
      'upstream: http://127.0.0.1:9000',
      'policy: policy.yaml',
      'issuers:',
      '  okta:',
      '    issuer: https://example.okta.com',
      '    audiance: [a]',
      '    jwks_uri: http://example.com/keys',
      '    clock_skew: 900s',
      '    algorithms: [HS256]',
      'limits:',
      '  connections: 0',
      '  connections: 5',
      '',
    ].join('\n'));
    const done = await check();
    assert.equal(done.code, 1, done.stdout + done.stderr);
    const text = done.stdout + done.stderr;
    for (const pattern of [
      /postern\.yaml:7:5: \/issuers\/okta\/audiance: /,
      /postern\.yaml:\d+:\d+: \/issuers\/okta: .*"?audience"?.*missing/,
      /postern\.yaml:8:\d+: \/issuers\/okta\/jwks_uri: .*\(found "http:\/\/example\.com\/keys"\)/,
      /postern\.yaml:9:\d+: \/issuers\/okta\/clock_skew: .*\(found "900s"\)/,
      /postern\.yaml:10:\d+: \/issuers\/okta\/algorithms(\/0)?: .*\(found "HS256"\)/,
      /postern\.yaml:12:\d+: \/limits\/connections: .*\(found "0"\)/,
      /postern\.yaml:13:3: (\/limits)?\/connections: duplicate/,
    ]) assert.match(text, pattern);
  });

  await t.test('mistakes of the policy, too', async () => {
    gate.write('postern.yaml', gate.config);
    gate.write('policy.yaml', [
      'roles:',
      '  reader:',
      '    granted_to:',
      '      - {issuer: nobody, scope: read}',
      'privileges:',
      '  one: {paths: ["/a/*"], roles: [raeder]}',
      '  two: {paths: ["/a/*"], roles: [reader]}',
      '  three: {paths: ["a"], metods: [GET]}',
      '',
    ].join('\n'));
    const done = await check();
    const text = done.stdout + done.stderr;
    assert.equal(done.code, 1);
    for (const pattern of [
      /policy\.yaml:4:\d+: \/roles\/reader\/granted_to\/0\/issuer: /,
      /policy\.yaml:6:\d+: \/privileges\/one\/roles(\/0)?: /,
      /policy\.yaml:7:\d+: \/privileges\/two/,
      /policy\.yaml:8:\d+: \/privileges\/three\/paths\/0: /,
      /policy\.yaml:8:\d+: \/privileges\/three\/metods: /,
    ]) assert.match(text, pattern);
  });

  for (const [name, text] of [['a tab for indentation', 'a:\n\tb: 1\n'], ['a broken flow', 'a: [1\n'], ['an alias bomb', `a: &a [x]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\nd: &d [${'*c,'.repeat(9)}*c]\n`], ['two documents', 'a: 1\n---\nb: 2\n'], ['nesting 10000 deep', '['.repeat(10000)], ['a NUL', 'a: \0\n'], ['a list at the top', '- a\n']]) {
    await t.test(`${name} is reported and does not crash check`, async () => {
      gate.write('postern.yaml', text);
      const done = await check();
      assert.ok(done.code === 1 || done.code === 2, `exit ${done.code}`);
      assert.match(done.stdout + done.stderr, /postern\.yaml/);
    });
  }

  await t.test('a file that is not there: exit 2, one line', async () => {
    const done = await run(['check', '-c', '/nowhere.yaml']);
    assert.equal(done.code, 2);
    assert.match(done.stderr, /\/nowhere\.yaml/);
    assert.equal(done.stderr.trimEnd().split('\n').length, 1);
  });
});

test('explain says what the gate does', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, files: { 'keys.json': keySet(rsa), 'claims.json': { iss: ISSUER, aud: AUDIENCE, sub: 'alice', scope: 'read', exp: now() + 600 } },
    config: (self) => ({ issuers: fileIssuer(), local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }),
    policy: {
      roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { client: 'partner' }] } },
      modules: { api: { paths: ['/api/*'] } },
      privileges: { api_priv: { modules: ['api'], paths: ['/api/*'], methods: ['GET'], roles: ['reader'] } },
      public: ['/open/*'],
    },
  });
  await gate.addClient('partner');
  await gate.addClient('stranger');
  const explain = async (...args) => {
    const done = await run(['explain', '-c', gate.file, ...args, '--json'], { input: explain.input });
    return { ...done, ...(done.stdout.startsWith('{') ? JSON.parse(done.stdout) : {}) };
  };

  const cases = [
    { name: 'a right token', method: 'GET', path: '/api/x', token: () => sign(rsa), want: 'ok' },
    { name: 'no token', method: 'GET', path: '/api/x', want: 'credentials_missing' },
    { name: 'a public path', method: 'GET', path: '/open/x', want: 'ok' },
    { name: 'a path without a rule', method: 'GET', path: '/else', want: 'no_rule' },
    { name: 'an ambiguous path', method: 'GET', path: '/api/../x', want: 'path_ambiguous' },
    { name: 'another method', method: 'POST', path: '/api/x', token: () => sign(rsa), want: 'method_not_granted' },
    { name: 'HEAD goes with GET', method: 'HEAD', path: '/api/x', token: () => sign(rsa), want: 'ok' },
    { name: 'a token without the scope', method: 'GET', path: '/api/x', token: () => sign(rsa, { scope: 'x' }), want: 'privilege_missing' },
    { name: 'an expired token', method: 'GET', path: '/api/x', token: () => sign(rsa, { exp: 1 }), want: 'token_expired' },
    { name: 'a forged token', method: 'GET', path: '/api/x', token: () => forge(rsa, { alg: 'none' }, {}), want: 'algorithm_not_allowed' },
  ];
  for (const { name, method, path: target, token, want } of cases) {
    await t.test(`${name}: ${want}, as over the socket`, async () => {
      explain.input = token ? await token() : '';
      const said = await explain('-X', method, target, ...(token ? ['--token', '-'] : []));
      assert.equal(said.reason, want, said.stderr);
      assert.equal(said.code, want === 'ok' ? 0 : 1);
      assert.equal(said.verdict, want === 'ok' ? 'forward' : 'refuse');
      const got = await gate.ask({ method, target, headers: token ? { Authorization: `Bearer ${explain.input}` } : {} });
      assert.equal(got.status, said.status);
      const line = await gate.line((entry) => entry.request_id === got.get('x-request-id'));
      assert.equal(line.reason, said.reason);
      assert.equal(line.pattern ?? null, said.pattern ?? null);
      assert.equal(line.privilege ?? null, said.privilege ?? null);
      assert.equal(line.module ?? null, said.module ?? null);
    });
  }

  await t.test('by claims of an issuer', async () => {
    const said = await explain('-X', 'GET', '/api/x', '--claims', path.join(gate.dir, 'claims.json'), '--issuer', 'idp');
    assert.equal(said.code, 0, said.stderr);
    assert.deepEqual(said.roles, ['reader']);
    assert.equal(said.privilege, 'api_priv');
    assert.equal(said.module, 'api');
    assert.equal(said.pattern, '/api/*');
  });
  await t.test('by client', async () => {
    assert.equal((await explain('-X', 'GET', '/api/x', '--client', 'partner')).code, 0);
    const said = await explain('-X', 'GET', '/api/x', '--client', 'stranger');
    assert.equal(said.code, 1);
    assert.equal(said.reason, 'privilege_missing');
  });
  await t.test('at another time', async () => {
    explain.input = await sign(rsa);
    assert.equal((await explain('-X', 'GET', '/api/x', '--token', '-', '--at', String(now() + 86400))).reason, 'token_expired');
    assert.equal((await explain('-X', 'GET', '/api/x', '--token', '-', '--at', '2001-01-01T00:00:00Z')).reason, 'token_not_yet_valid');
  });
  await t.test('a client that is not there is trouble', async () => assert.equal((await explain('-X', 'GET', '/api/x', '--client', 'nobody')).code, 2));
  await t.test('in words, with the reason', async () => {
    const done = await run(['explain', '-c', gate.file, '-X', 'GET', '/api/x']);
    assert.equal(done.code, 1);
    assert.match(done.stdout, /credentials_missing/);
  });
});

test('verify', async (t) => {
  const dir = scratch(t);
  const file = path.join(dir, 'keys.json');
  fs.writeFileSync(file, JSON.stringify(keySet(...Object.values(keys))));
  const verify = (token, ...args) => run(['verify', '--jwks', file, ...args, '-'], { input: token });
  const full = ['--issuer', ISSUER, '--audience', AUDIENCE];

  for (const alg of ALGORITHMS) {
    await t.test(`${alg}: exit 0`, async () => {
      const done = await verify(await sign(keys[alg]), ...full);
      assert.equal(done.code, 0, done.stderr);
    });
    await t.test(`${alg}: a changed signature: exit 1`, async () => {
      const token = await sign(keys[alg]);
      const done = await verify(`${token.slice(0, -12)}AAAAAAAAAAAA`, ...full);
      assert.equal(done.code, 1);
      assert.match(done.stderr, /^signature_invalid: ./);
    });
    await t.test(`${alg}: --signature-only looks at no claim`, async () => {
      const done = await verify(forge(keys[alg], { alg, kid: keys[alg].kid }, 'no JSON at all'), '--signature-only');
      assert.equal(done.code, 0, done.stderr);
    });
  }

  const refusals = {
    token_expired: () => sign(rsa, { exp: 1000 }), audience_mismatch: () => sign(rsa, { aud: 'x' }), issuer_unknown: () => sign(rsa, { iss: 'https://evil.test' }),
    key_unknown: () => sign(rsa, {}, { kid: 'x' }), token_malformed: () => 'a.b.c.d', algorithm_not_allowed: () => forge(rsa, { alg: 'none' }, {}),
    token_not_yet_valid: () => sign(rsa, { nbf: now() + 9999, exp: now() + 99999 }), binding_mismatch: () => sign(rsa, { cnf: { jkt: 'x' } }),
  };
  for (const [word, token] of Object.entries(refusals)) {
    await t.test(`${word}: exit 1 and the word on standard error`, async () => {
      const done = await verify(await token(), ...full);
      assert.equal(done.code, 1);
      assert.match(done.stderr, new RegExp(`^${word}: .`));
    });
  }

  await t.test('--at looks at another time', async () => {
    const token = await sign(rsa, { iat: 1000, exp: 2000 });
    assert.equal((await verify(token, ...full, '--at', '1500')).code, 0);
    assert.equal((await verify(token, ...full, '--at', '1970-01-01T00:25:00Z')).code, 0);
    assert.equal((await verify(token, ...full, '--at', '3000')).code, 1);
  });
  await t.test('--algorithm narrows', async () => {
    assert.equal((await verify(await sign(rsa), ...full, '--algorithm', 'RS256')).code, 0);
    const done = await verify(await sign(rsa), ...full, '--algorithm', 'ES256', '--algorithm', 'PS256');
    assert.equal(done.code, 1);
    assert.match(done.stderr, /^algorithm_not_allowed: /);
  });
  await t.test('the token may be an argument', async () => assert.equal((await run(['verify', '--jwks', file, ...full, await sign(rsa)])).code, 0));
  await t.test('keys may come from a URL', async (inner) => {
    const idp = await startIdp(inner, ['ES256']);
    const done = await run(['verify', '--jwks', `${idp.issuer}/jwks`, '--issuer', idp.issuer, '--audience', AUDIENCE, '-'], { input: await idp.token('ES256') });
    assert.equal(done.code, 0, done.stderr);
  });
  for (const [name, args] of Object.entries({ 'no key file': ['--jwks', '/nowhere.json'], 'HS256 by name': ['--jwks', file, '--algorithm', 'HS256'], 'a time that is none': ['--jwks', file, '--at', 'noon'] })) {
    await t.test(`${name}: exit 2, one line`, async () => {
      const done = await run(['verify', ...args, '--issuer', ISSUER, '--audience', AUDIENCE, '-'], { input: await sign(rsa) });
      assert.equal(done.code, 2);
      assert.ok(done.stderr.length > 0);
    });
  }
  await t.test('a refusal never prints the token', async () => {
    const token = await sign(rsa, { aud: 'x' });
    const done = await verify(token, ...full);
    assert.ok(!(done.stdout + done.stderr).includes(token.slice(0, 30)));
  });
});

test('a secret that slipped into a place is not repeated', async (t) => {
  for (const place of ['http://u:s3cr3t@192.0.2.1/k?token=s3cr3t', '//u:s3cr3t@host/keys', 'https://127.0.0.1:1/keys?access_token=s3cr3t', 'keys.json?token=s3cr3t']) {
    await t.test(`verify --jwks ${place.slice(0, 12)}…`, async () => {
      const done = await run(['verify', '--jwks', place, 'a.b.c']);
      assert.equal(done.code, 2);
      assert.match(done.stderr, /^postern: verify: .*\(secret\)/);
      assert.ok(!(done.stdout + done.stderr).includes('s3cr3t'), done.stderr);
    });
  }
  const local = (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } });
  const gate = await makeGate(t, { policy: {}, config: local });
  assert.equal((await run(['client', 'add', 'p', '-c', gate.file])).code, 0);
  for (const place of ['//u:s3cr3t@host/x', 'http://u:s3cr3t@host/x', '/nowhere/host=h password=s3cr3t', '/nowhere/u:s3cr3t@h/x?token=s3cr3t']) {
    for (const words of [['client', 'list', '--database'], ['user', 'list', '--database'], ['store', 'check', '--database'], ['store', 'backup'], ['store', 'restore'], ['keys', 'list', '--state'], ['client', 'import'], ['client', 'add', 'x', '--jwks'], ['explain', '/', '--issuer', 'local', '--claims']]) {
      await t.test(`${words.join(' ')} ${place.slice(0, 9)}…`, async () => {
        const done = await run([...words, place, '-c', gate.file]);
        assert.equal(done.code, 2);
        assert.match(done.stderr, /\(secret\)/);
        assert.ok(!(done.stdout + done.stderr).includes('s3cr3t'), done.stderr);
      });
    }
  }
  await t.test('a database that serve cannot open', async (inner) => {
    const other = await makeGate(inner, { policy: {}, config: (self) => ({ local_issuer: { ...local(self).local_issuer, database: 'u:s3cr3t@h/' } }) });
    const done = await run(['serve', '-c', other.file]);
    assert.equal(done.code, 2);
    assert.ok(!(done.stdout + done.stderr).includes('s3cr3t'), done.stderr);
  });
  for (const policy of ['http://u:s3cr3t@host/policy', '//u:s3cr3t@host/policy', 'policy.yaml?token=s3cr3t', 'password=s3cr3t']) {
    await t.test(`policy: ${policy.slice(0, 9)}…`, async (inner) => {
      const gate = await makeGate(inner, { config: { policy } });
      for (const command of ['check', 'serve', 'jwks']) {
        const done = await run([command, '-c', gate.file]);
        assert.equal(done.code, 2);
        assert.match(done.stderr, /\(secret\)/);
        assert.ok(!(done.stdout + done.stderr).includes('s3cr3t'), done.stderr);
      }
    });
  }
});

test('authorization servers', async (t) => {
  const check = async (inner, names) => run(['check', '-c', (await makeGate(inner, { config: { issuers: fileIssuer(), resource: { url: 'https://api.example', authorization_servers: names } }, files: { 'keys.json': keySet(rsa) } })).file]);
  const name = Object.keys(fileIssuer())[0];
  await t.test('a name that is near one', async (inner) => {
    const done = await check(inner, [`${name}x`]);
    assert.equal(done.code, 1);
    assert.ok(done.stderr.includes(`"${name}x" is not one of "issuers", nor "local"; did you mean "${name}"?`), done.stderr);
  });
  await t.test('the local issuer, where there is none', async (inner) => {
    const done = await check(inner, ['local']);
    assert.equal(done.code, 1);
    assert.match(done.stderr, /"local" is the local issuer, and there is no "local_issuer"/);
  });
});
