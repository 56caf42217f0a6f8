// SPDX-License-Identifier: Apache-2.0
// `postern policy import-ords`: an export of ORDS metadata becomes a policy that check takes, and clients that work.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { run, scratch, startGate } from './harness/gate.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const SECRET = 'pT5nC8rJ4kF6yU0aXe1iOQ..';
const ID = 'kD3mG0Yp1hQ7vZ9xWb2sLA..';
const TUTORIAL = {
  modules: [{ name: 'customer', uri_prefix: '/customer/', status: 'PUBLISHED' }, { name: 'orders', uri_prefix: '/orders/', status: 'PUBLISHED' }],
  roles: ['customer_api_role'],
  privileges: [{ name: 'customer_api_priv', label: 'Customer API', description: 'Read customers', roles: ['customer_api_role'], patterns: ['/customer/*'], modules: ['customer'] }],
  clients: [{ name: 'big_partner_company', client_id: ID, roles: ['customer_api_role'], privileges: ['customer_api_priv'], support_email: 'a@example.com', client_secret: SECRET, token_duration: 600 }],
};

async function imported(t, data, ...args) {
  const dir = scratch(t);
  fs.writeFileSync(path.join(dir, 'ords.json'), typeof data === 'string' ? data : JSON.stringify(data));
  const done = await run(['policy', 'import-ords', 'ords.json', ...args], { cwd: dir });
  const text = (name) => fs.readFileSync(path.join(dir, name), 'utf8');
  return { dir, done, text };
}

async function checked(dir) {
  const config = { listen: { address: '127.0.0.1:1' }, admin: { address: '127.0.0.1:2' }, upstream: 'http://127.0.0.1:9', state: 'state', local_issuer: { issuer: 'http://127.0.0.1:1', audience: 'api' } };
  fs.writeFileSync(path.join(dir, 'postern.yaml'), JSON.stringify(config));
  const done = await run(['check', '--offline'], { cwd: dir });
  assert.equal(done.code, 0, done.stderr);
}

test('the tutorial, imported', async (t) => {
  const { dir, done, text } = await imported(t, TUTORIAL);
  assert.equal(done.code, 0, done.stderr);
  await checked(dir);
  assert.match(done.stdout, /^module "orders" had no privilege of its own/m);
  assert.equal(fs.statSync(path.join(dir, 'clients.json')).mode & 0o777, 0o600);
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: text('policy.yaml'), config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }) });
  assert.match(await gate.client('import', path.join(dir, 'clients.json')), /1 client imported/);
  const got = await gate.ask({ method: 'POST', target: '/oauth/token', body: 'grant_type=client_credentials', headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${Buffer.from(`${ID}:${SECRET}`).toString('base64')}` } });
  assert.equal(got.status, 200, got.text);
  assert.equal(got.json().expires_in, 600);
  const call = async (target) => (await gate.ask({ target, headers: { Authorization: `Bearer ${got.json().access_token}` } })).status;
  assert.deepEqual([await call('/customer/1'), await call('/orders/1'), (await gate.ask({ target: '/customer/1' })).status], [200, 403, 401]);
});

test('hostile names stay names, and the policy passes check', async (t) => {
  const names = ['a"b', 'a_b', 'x: {y: z}', '*a', '&a', '- x', 'null', '~', '1e3', '', ' lead', '# no', 'two\nlines', '\u0000'.replace('\u0000', '\u0001'), '\u0085', '\u2028', '\ud83d\ude00', '\u007f', "it's", '{{', '%TAG', '!!str', 'é'.repeat(200), 'x'.repeat(300), '\\', '__proto__', 'a,b', '\ufeff'];
  const data = {
    modules: names.map((name, i) => ({ name, uri_prefix: `/m${i}/` })),
    roles: names,
    privileges: names.map((name, i) => ({ name, label: name, description: name, roles: [name], patterns: [`/p${i}/*`], modules: [name] })),
    clients: names.map((name, i) => ({ name, client_id: `id${i}`, description: name, roles: [name] })),
  };
  const { dir, done, text } = await imported(t, data);
  assert.equal(done.code, 0, done.stderr);
  await checked(dir);
  assert.match(text('policy.yaml'), /^ {2}"a_b": \{\}$/m);
  assert.match(done.stdout, /^role "a\\"b" is now called "a_b_2"$/m);
  assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(done.stdout));
  const store = await run(['client', 'import', 'clients.json'], { cwd: dir });
  assert.equal(store.code, 0, store.stderr);
  const clients = JSON.parse((await run(['client', 'list', '--json'], { cwd: dir })).stdout);
  const roles = [...text('policy.yaml').matchAll(/^ {2}("(?:[^"\\]|\\.)*"): \{\}$/gm)].length;
  assert.equal(new Set(clients.flatMap((client) => client.roles)).size, roles - 1, 'all but that of the client without a name');
});

test('what cannot be carried over is listed, and opens nothing', async (t) => {
  const { dir, done, text } = await imported(t, {
    modules: [{ name: 'draft', uri_prefix: '/draft/', status: 'NOT_PUBLISHED' }, { name: 'bad', uri_prefix: '/a{b}/' }, { name: 'spaced', uri_prefix: '/a b/' }, { name: 'base', uri_prefix: '/same/' }, { name: 'copy', uri_prefix: '/same/' }],
    privileges: [
      { name: 'first', roles: ['r'], patterns: ['/x/*', '/a*b', '/a/*/b', '/{t}/x', '/../x', 'relative/'], modules: ['base', 'draft', 'none'] },
      { name: 'second', roles: [], patterns: ['/x/*', '/y'], modules: ['base'] }, { name: 'empty', roles: ['r'], patterns: ['/x/*'] },
    ],
    clients: [{ name: 'web', client_id: 'w', auth_flow: 'AUTH_CODE' }, { name: 'twice', client_id: 'c' }, { name: 'other', client_id: 'c' }, { client_id: 'd' }, { name: 'odd', client_id: 'a b' }, { name: 'stars', client_id: 's', client_secret: '********************************' }],
    jwt_profiles: [{ issuer: 'https://idp.example' }],
  });
  assert.equal(done.code, 0, done.stderr);
  await checked(dir);
  for (const line of [/^module "draft" is not published/m, /^module "bad" has a base path/m, /^module "copy" has the base path of another/m, /^pattern "\/a\*b"/m, /^pattern "\/a\/\*\/b"/m, /^pattern "\/\{t\}\/x"/m, /^pattern "\/\.\.\/x"/m,
    /^pattern "\/x\/\*" is in another privilege already/m, /^privilege "empty" protects nothing/m, /^client "web" /m, /^client "other" has the client_id of another/m, /^client "" has no name/m, /^client "odd" has no client_id/m, /^secret of client "stars"/m, /^JWT profile "https:\/\/idp\.example"/m]) assert.match(done.stdout, line);
  assert.match(text('policy.yaml'), /^ {2}"spaced": \{paths: \["\/a%20b\/\*"\]\}$/m);
  assert.match(text('policy.yaml'), /"first":\n {4}modules: \["base"\]\n {4}paths: \["\/x\/\*", "\/relative"\]\n {4}roles: \["r"\]\n {2}"second":\n {4}paths: \["\/y"\]\ndefault: deny\n$/);
});

test('--prefix, --out, and what is refused', async (t) => {
  const out = path.join(scratch(t), 'made');
  fs.mkdirSync(out);
  const { done } = await imported(t, TUTORIAL, '--out', out, '--prefix', '/ords/hr');
  assert.equal(done.code, 0, done.stderr);
  assert.match(fs.readFileSync(path.join(out, 'policy.yaml'), 'utf8'), /"\/ords\/hr\/customer\/\*"/);
  const again = await imported(t, TUTORIAL, '--out', out);
  assert.equal(again.done.code, 2);
  assert.match(again.done.stderr, /policy\.yaml: is there already/);
  const wrong = [['{', /./], ['[]', /privileges/], ['{"privileges":{}}', /must be a list/], ['{"privileges":[],"privileges":[]}', /./], [TUTORIAL, /--prefix/, '--prefix', 'ords'], [TUTORIAL, /nowhere/, '--out', '/nowhere']];
  for (const [data, word, ...args] of wrong) {
    const { dir, done: refused } = await imported(t, data, ...args);
    assert.equal(refused.code, 2, refused.stdout);
    assert.match(refused.stderr, word);
    assert.ok(!fs.existsSync(path.join(dir, 'policy.yaml')));
  }
  // Whatever is taken for an empty list of roles would let everybody in.
  const privilege = { name: 'a', patterns: ['/x'], roles: ['r'] };
  for (const odd of [{ privileges: [null] }, { privileges: [{ ...privilege, roles: [2] }] }, { privileges: [{ ...privilege, roles: '["r"]' }] }, { privileges: [{ ...privilege, patterns: [null] }] }, { privileges: [privilege], clients: [3] }, { privileges: [privilege], modules: [[]] }, { privileges: [privilege], roles: [null] }]) {
    const { dir, done: refused } = await imported(t, odd);
    assert.equal(refused.code, 2, JSON.stringify(odd));
    assert.match(refused.stderr, /must be a list of (names|objects)/);
    assert.ok(!fs.existsSync(path.join(dir, 'policy.yaml')));
  }
  const empty = await imported(t, { privileges: [{}, { name: 'a', patterns: null, roles: null }], clients: null, modules: [{}], roles: [] });
  assert.equal(empty.done.code, 0, empty.done.stderr);
  await checked(empty.dir);
});
