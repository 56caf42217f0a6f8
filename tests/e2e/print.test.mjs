// SPDX-License-Identifier: Apache-2.0
// `postern check --print`: the effective configuration, which check takes again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, run, scratch } from './harness/gate.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PAGES = path.join(ROOT, 'docs/providers');
const POLICY = { modules: {} };

async function printed(dir, text) {
  const file = path.join(dir, 'printed.yaml');
  fs.writeFileSync(file, text);
  const done = await run(['check', '--offline', '-c', file, '--print'], { cwd: dir });
  assert.equal(done.code, 0, `${done.stderr}\n${text}`);
  return done.stdout;
}

async function print(t, config, files = {}) {
  const gate = await makeGate(t, { policy: POLICY, config, files });
  const done = await run(['check', '--offline', '-c', gate.file, '--print']);
  assert.equal(done.code, 0, done.stderr);
  return { gate, text: done.stdout };
}

const PROVIDERS = {
  okta: { issuer: 'https://example.okta.com/oauth2/default' },
  entra: { issuer: 'https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0' },
  keycloak: { issuer: 'https://kc.example.com/realms/acme' },
  auth0: { issuer: 'https://acme.eu.auth0.com/' },
  cognito: { issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI' },
  google: { issuer: 'https://accounts.google.com', require: { '/hd': 'example.com' } },
  ping: { issuer: 'https://auth.pingone.eu/env/as' },
  oci: { issuer: 'https://identity.oraclecloud.com/', require: { '/client_tenantname': 'idcs-1' } },
  gitlab: { issuer: 'https://gitlab.com', require: { '/namespace_id': '1' } },
  github: { issuer: 'https://token.actions.githubusercontent.com', require: { '/repository_owner_id': '1' } },
  kubernetes: { issuer: 'https://kubernetes.default.svc' },
  generic: { issuer: 'https://idp.example.com' },
};

test('every provider', async (t) => {
  assert.deepEqual(fs.readdirSync(PAGES).map((page) => page.replace(/\.md$/, '')).filter((page) => page in PROVIDERS).sort(), Object.keys(PROVIDERS).sort());
  for (const [provider, issuer] of Object.entries(PROVIDERS)) {
    await t.test(`${provider}: printing what was printed gives the same`, async (inner) => {
      const { gate, text } = await print(inner, { issuers: { idp: { provider, audience: ['api'], ...issuer } } });
      for (const key of ['types', 'algorithms', 'claims', 'clock_skew', 'issuer_aliases', 'require']) assert.match(text, new RegExp(`^    ${key}:`, 'm'), text);
      assert.equal(await printed(gate.dir, text), text);
    });
  }
  for (const page of fs.readdirSync(PAGES).filter((name) => name.endsWith('.md'))) {
    await t.test(`${page}: its configuration, printed, gives the same`, async (inner) => {
      const [config, policy] = [...fs.readFileSync(path.join(PAGES, page), 'utf8').matchAll(/^```yaml\n([^]*?)^```/gm)].map((match) => match[1]);
      const dir = scratch(inner);
      fs.writeFileSync(path.join(dir, 'postern.yaml'), config);
      fs.writeFileSync(path.join(dir, 'policy.yaml'), policy);
      const done = await run(['check', '--offline', '-c', 'postern.yaml', '--print'], { cwd: dir });
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /^    claims:\n      subject: \["\/sub"\]$/m);
      assert.equal(await printed(dir, done.stdout), done.stdout);
    });
  }
  await t.test('what a preset sets is shown', async (inner) => {
    const { text } = await print(inner, { issuers: { idp: { provider: 'cognito', audience: ['api'], ...PROVIDERS.cognito } } });
    assert.match(text, /groups: \["\/cognito:groups"\]/);
    assert.match(text, /require: \{"\/token_use": \["access"\]\}/);
  });
  await t.test('and what overrides it', async (inner) => {
    const { text } = await print(inner, { issuers: { idp: { provider: 'cognito', audience: ['api'], ...PROVIDERS.cognito, types: ['JWT'], claims: { groups: '/teams' } } } });
    assert.match(text, /types: \["JWT"\]/);
    assert.match(text, /groups: \["\/teams"\]/);
  });
});

test('the rest', async (t) => {
  const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local' } });
  await t.test('defaults are filled in', async (inner) => {
    const { gate, text } = await print(inner, config);
    for (const line of ['  header_bytes: 16k', '  format: json', '  authorization: strip', '  token_lifetime: 1h', '    algorithm: ES256', '  detail: public']) assert.ok(text.includes(`${line}\n`), `${line}\n${text}`);
    assert.match(text, /headers: \{.*"X-User": /);
    assert.equal(await printed(gate.dir, text), text);
  });
  await t.test('every key of the manual is printed when it is given', async (inner) => {
    const rows = fs.readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8').matchAll(/^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|/gm);
    const keys = [...new Set([...rows].flatMap((row) => row[1].match(/[a-z_]+/g)))].filter((key) => !(key in PROVIDERS));
    assert.ok(keys.length > 60, keys.join(' '));
    const file = (name) => ({ file: `${name}.pem` });
    const full = (gate) => ({
      listen: { address: `127.0.0.1:${gate.port}`, tls: { certificate: 'a.pem', key: 'b.pem', certificates: [{ certificate: 'c.pem', key: 'd.pem' }], client_ca: 'ca.pem', client_certificate: 'optional' }, trusted_proxies: ['10.0.0.0/8', 'unix'], trusted_headers: ['X-Forwarded-For', 'X-Forwarded-Proto'], proxy_protocol: true },
      issuers: {
        one: { provider: 'entra', issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', tenants: ['8eaef023-2b34-4da1-9baa-8bc8c9d6a490'], audience: 'a', max_age: '1h', jwks_uri: 'https://idp.example.com/keys', jwks: { ca_file: 'ca.pem', proxy: 'http://127.0.0.1:3', client_certificate: file('a'), client_key: file('b'), bearer: { file: 'c' } } },
        two: { issuer: 'https://idp.example.com', audience: 'a', jwks_file: 'keys.json' },
      },
      policy_next: 'policy.yaml',
      explain: { recent: 10 },
      metrics: { address: '127.0.0.1:1' },
      forward_auth: { address: '127.0.0.1:2', form: 'path', trusted_proxies: ['10.0.0.0/8', 'unix'] },
      upstream: { url: 'https://api.example.com/v1', host: 'upstream', timeout: '30s', strip_prefix: '/api', rewrite_location: false, retry_budget: 0.25, health_check: { path: '/health', every: '20s' }, tls: { ca_file: 'ca.pem', certificate: file('a'), key: file('b'), server_name: 'inner.example.com' } },
      local_issuer: { ...config(gate).local_issuer, resources: ['https://other.example.com'], signing: { key: file('key') }, cors: { origins: 'https://app.example', methods: ['PUT'], headers: ['X-A'], expose: ['ETag'] } },
      resource: { url: 'https://api.example.com/orders', authorization_servers: ['two', 'local'] },
    });
    const { gate, text } = await print(inner, full);
    for (const key of keys) assert.match(text, new RegExp(`^ *${key}:`, 'm'), `${key}\n${text}`);
    assert.equal(await printed(gate.dir, text), text);
  });
  await t.test('a reference to a secret stays one, and a password is not shown', async (inner) => {
    const dir = scratch(inner);
    fs.writeFileSync(path.join(dir, 'url'), 'postgresql://gate:hidden-in-a-file@127.0.0.1/x', { mode: 0o600 });
    const local = (database) => (gate) => ({ local_issuer: { ...config(gate).local_issuer, database } });
    const { text } = await print(inner, local({ file: path.join(dir, 'url') }));
    assert.match(text, /database: \{"file": /);
    const plain = await print(inner, local('postgresql://gate:in-plain-sight@127.0.0.1/x'));
    assert.match(plain.text, /database: "postgresql:\/\/gate:\(secret\)@127\.0\.0\.1\/x"/);
    assert.ok(!/in-plain-sight|hidden-in-a-file/.test(text + plain.text));
  });
  const HIDDEN = [
    ['before the host', 'postgresql://u:SECRET@h/x', 'postgresql://u:(secret)@h/x'],
    ['before an address of IPv6', 'postgres://u:SECRET@[::1]:5432/x', 'postgres://u:(secret)@[::1]:5432/x'],
    ['with an @ of its own', 'postgresql://u:a@SECRET@h/x', 'postgresql://u:(secret)@h/x'],
    ['with a ? of its own', 'postgresql://u:a?SECRET@h/x', 'postgresql://u:(secret)@h/x'],
    ['as a parameter', 'postgresql://u@h/x?password=SECRET', 'postgresql://u@h/x?password=(secret)'],
    ['among parameters', 'postgresql://h/x?user=u&password=SECRET&sslmode=require', 'postgresql://h/x?user=u&password=(secret)&sslmode=require'],
    ['of a key', 'postgresql://u@h/x?sslpassword=SECRET', 'postgresql://u@h/x?sslpassword=(secret)'],
    ['under a name in percent-encoding', 'postgresql:///x?host=h&%70assword=SECRET', 'postgresql:///x?host=h&%70assword=(secret)'],
    ['twice', 'postgresql://u:SECRET@h/x?password=SECRET', 'postgresql://u:(secret)@h/x?password=(secret)'],
    ['behind an @ in a parameter', 'postgresql://h:1/x?user=a@b&password=SECRET', null],
    ['in words that are no URL', 'host=h password=SECRET', '(secret)'],
    ['not at all', 'postgresql://u@h:5432/x?sslmode=require', 'postgresql://u@h:5432/x?sslmode=require'],
    ['not in a file\'s name', 'clients.db', 'clients.db'],
  ];
  for (const [name, database, shown] of HIDDEN) await t.test(`a password ${name}`, async (inner) => {
    const gate = await makeGate(inner, { policy: POLICY, config: (one) => ({ local_issuer: { ...config(one).local_issuer, database: database.replaceAll('SECRET', 'hidden-word') } }) });
    const done = await run(['check', '-c', gate.file, '--print']);
    assert.equal(done.code, 0, done.stderr);
    assert.ok(!/hidden-word/.test(done.stdout + done.stderr), done.stdout);
    if (shown !== null) assert.equal(/^  database: "?([^"\n]*)"?$/m.exec(done.stdout)?.[1], shown);
    assert.equal(/\(secret\) replaces/.test(done.stderr), database.includes('SECRET'), done.stderr);
    assert.equal(await printed(gate.dir, done.stdout), done.stdout);
  });
  await t.test('a bare number of seconds gets its unit', async (inner) => {
    const { gate, text } = await print(inner, { limits: { idle_timeout: 90 }, issuers: { idp: { issuer: 'https://idp.example.com', audience: 'a', clock_skew: '7', jwks: { timeout: 2 } } } });
    for (const line of ['  idle_timeout: 90s', '    clock_skew: 7s', '      timeout: 2s']) assert.ok(text.includes(`${line}\n`), `${line}\n${text}`);
    assert.equal(await printed(gate.dir, text), text);
  });
  await t.test('a mistaken configuration is not printed', async (inner) => {
    const gate = await makeGate(inner, { policy: POLICY, config: { limits: { connections: 0 } } });
    const done = await run(['check', '-c', gate.file, '--print']);
    assert.equal(done.code, 1);
    assert.equal(done.stdout, '');
  });
});
