// SPDX-License-Identifier: Apache-2.0
// `postern client` against a running gate: every command takes effect at once, secrets are shown
// once, and what cannot be is refused with a word on it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, now } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: {}, writer: {} },
  privileges: { read: { paths: ['/api/*'], roles: ['reader'] } },
};
const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local' } });
const basic = ({ client_id: id, client_secret: secret }) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

function tokenRequest(gate, client, more = '') {
  return gate.ask({
    method: 'POST', target: '/oauth/token', body: `grant_type=client_credentials${more}`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic(client) },
  });
}

async function tokenOf(gate, client) {
  const got = await tokenRequest(gate, client);
  assert.equal(got.status, 200, got.text);
  return got.json().access_token;
}

const call = async (gate, token) => (await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } })).status;

/** Another process changed the store: the gate knows a moment later. */
const callGives = (gate, token, status) => eventually(async () => (await call(gate, token)) === status, `${status} for the token`);
const shown = async (gate, name) => JSON.parse(await gate.client('show', name, '--output', 'json'));

test('clients of a running gate', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config });
  const refused = async (args, code, word, input) => {
    const done = await run(['client', ...args, '-c', gate.file], { input });
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, word);
    assert.equal(done.stdout, '');
  };

  await t.test('every field is kept, and shown', async () => {
    await gate.addClient('full', '--label', 'Full', '--description', 'Has all', '--owner', 'Team A', '--contact', 'a@example.com',
      '--scope', 'a', '--scope', 'b', '--token-lifetime', '5m', '--auth-method', 'client_secret_post');
    const { name, label, description, owner, contact, scopes, token_lifetime_s: lifetime, auth_method: method } = await shown(gate, 'full');
    assert.deepEqual({ name, label, description, owner, contact, scopes, lifetime, method },
      { name: 'full', label: 'Full', description: 'Has all', owner: 'Team A', contact: 'a@example.com', scopes: ['a', 'b'], lifetime: 300, method: 'client_secret_post' });
  });

  await t.test('change changes what is said, and nothing else', async () => {
    await gate.client('change', 'full', '--owner', 'Team B', '--no-scopes', '--auth-method', 'client_secret');
    const { label, owner, contact, scopes, auth_method: method } = await shown(gate, 'full');
    assert.deepEqual({ label, owner, contact, scopes, method }, { label: 'Full', owner: 'Team B', contact: 'a@example.com', scopes: [], method: 'client_secret' });
    await refused(['change', 'full'], 2, /^postern: client change: nothing to change: give an option\n$/);
    await refused(['change', 'full', '--token-lifetime', '2d'], 1, /lifetime/);
    await refused(['change', 'full', '--auth-method', 'private_key_jwt'], 1, /public keys/);
  });

  await t.test('rename keeps the id, the secret and the tokens', async () => {
    const client = await gate.addClient('before', '--role', 'reader');
    const token = await tokenOf(gate, client);
    await gate.client('rename', 'before', 'after');
    assert.equal((await shown(gate, 'after')).client_id, client.client_id);
    await callGives(gate, token, 200);
    await tokenOf(gate, client);
    await refused(['show', 'before'], 1, /no client/);
    await refused(['rename', 'after', 'full'], 1, /already exists/);
    await refused(['rename', 'after', 'a:b'], 1, /no colon/);
  });

  await t.test('rotate fills the empty slot, then the oldest; the other stays valid', async () => {
    const first = await gate.addClient('rotated', '--role', 'reader');
    const rotated = async (...more) => ({ ...first, ...JSON.parse(await gate.client('rotate', 'rotated', '--output', 'json', ...more)) });
    const second = await rotated();
    assert.deepEqual([second.client_id, second.slot], [first.client_id, 2]);
    assert.notEqual(second.client_secret, first.client_secret);
    for (const secret of [first, second]) await tokenOf(gate, secret);
    const since = now();
    await eventually(() => now() > since, 'the next second: dates are whole ones');
    const third = await rotated();
    assert.equal(third.slot, 1);
    assert.equal((await tokenRequest(gate, first)).status, 401);
    for (const secret of [second, third]) await tokenOf(gate, secret);
    const only = await rotated('--revoke-other');
    assert.equal((await tokenRequest(gate, third)).status, 401);
    await tokenOf(gate, only);
  });

  await t.test('rotate --output env is for a shell, and the secret is in no later answer', async () => {
    await gate.addClient('shell');
    const env = await gate.client('rotate', 'shell', '--output', 'env');
    const secret = env.match(/^CLIENT_SECRET=([\w-]{43})$/m)[1];
    for (const args of [['show', 'shell'], ['show', 'shell', '--output', 'json'], ['list'], ['export']]) assert.ok(!(await gate.client(...args)).includes(secret));
  });

  await t.test('revoke-secret ends the secret and, unless told otherwise, the tokens', async () => {
    const client = await gate.addClient('ended', '--role', 'reader');
    const second = { ...client, ...JSON.parse(await gate.client('rotate', 'ended', '--output', 'json')) };
    const token = await tokenOf(gate, client);
    await gate.client('revoke-secret', 'ended', '--slot', '1', '--keep-tokens');
    assert.equal((await tokenRequest(gate, client)).status, 401);
    await callGives(gate, token, 200);
    await gate.client('revoke-secret', 'ended');
    assert.equal((await tokenRequest(gate, second)).status, 401);
    await callGives(gate, token, 401);
    await refused(['revoke-secret', 'ended', '--slot', 'both'], 1, /no secret/);
  });

  await t.test('disable and enable count at once, also for tokens already out', async () => {
    const client = await gate.addClient('switched', '--role', 'reader');
    const token = await tokenOf(gate, client);
    await gate.client('disable', 'switched');
    assert.equal((await tokenRequest(gate, client)).status, 401);
    await callGives(gate, token, 401);
    await gate.client('enable', client.client_id);
    await callGives(gate, token, 200);
    await tokenOf(gate, client);
  });

  await t.test('a deleted client has no token that counts', async () => {
    const client = await gate.addClient('deleted', '--role', 'reader');
    const token = await tokenOf(gate, client);
    await gate.client('delete', 'deleted');
    await callGives(gate, token, 401);
    assert.equal((await tokenRequest(gate, client)).status, 401);
    await refused(['delete', 'deleted'], 1, /no client/);
  });

  await t.test('every change is an audit line in the gate\'s log, without a secret', async () => {
    const client = await gate.addClient('watched', '--role', 'reader');
    await gate.client('rename', 'watched', 'seen');
    await gate.client('disable', 'seen');
    await gate.client('delete', 'seen');
    await gate.complains(/"audit".*client delete.*seen/);
    for (const change of [/client add.*watched/, /client rename.*watched/, /client disable.*seen/]) assert.match(gate.stderr, change);
    assert.ok(!gate.stderr.includes(client.client_secret));
  });

  await t.test('public keys mean private_key_jwt, and are of no other method', async () => {
    const jwks = path.join(gate.dir, 'keys.json');
    fs.writeFileSync(jwks, JSON.stringify(keySet(makeKey('ES256'))));
    const made = JSON.parse(await gate.client('add', 'signing', '--jwks', jwks, '--output', 'json'));
    assert.equal(made.client_secret, undefined);
    assert.equal((await shown(gate, 'signing')).auth_method, 'private_key_jwt');
    const unused = /public keys are for private_key_jwt, and the client authenticates with client_secret/;
    await refused(['add', 'other', '--jwks', jwks, '--auth-method', 'client_secret_basic'], 1, unused);
    await gate.client('add', 'other');
    await refused(['change', 'other', '--jwks', jwks], 1, unused);
    await gate.client('change', 'other', '--jwks', jwks, '--auth-method', 'private_key_jwt');
    await gate.client('change', 'other', '--auth-method', 'client_secret_post');
    await refused(['change', 'other', '--label', 'l', '--jwks', jwks], 1, unused);
    assert.equal((await shown(gate, 'other')).auth_method, 'client_secret_post');
    await refused(['import', '-'], 1, /needs its public keys/, JSON.stringify({ clients: [{ name: 'bare', client_id: 'bare', auth_method: 'private_key_jwt' }] }));
  });

  const wrong = [
    [['rotate'], /^postern: client rotate: NAME\|ID is missing\n$/], [['rotate', 'a', 'b'], /too many/], [['list', '--role', 'reader'], /^postern: client list: --role is an option of add only\n$/],
    [['show', 'full', '--output', 'env'], /--output env works with add and rotate only/], [['revoke-secret', 'full', '--slot', '3'], /--slot/],
    [['rotate', 'full', '--end-tokens', '--keep-tokens'], /--keep-tokens is an option of revoke-secret only/], [['change', 'full', '--scope', 'a', '--no-scopes'], /cannot be used together/], [['add', 'x', '--auth-method', 'none'], /--auth-method/],
    [['add', 'x', '--jwks', '/nowhere'], /\/nowhere/], [['shuffle'], /unknown command/],
  ];
  for (const [args, word] of wrong) await t.test(`wrong use: client ${args.join(' ')}`, () => refused(args, 2, word));
});

test('claims of a client\'s own', async (t) => {
  const upstream = await recordingUpstream(t);
  const policy = {
    roles: { reader: {}, tenant: { granted_to: [{ issuer: 'local', claim: '/tenant', equals: 'acme' }] } },
    privileges: { read: { paths: ['/api/*'], roles: ['tenant'] } },
  };
  const issuer = fileIssuer();
  Object.values(issuer)[0].claims = { roles: ['/deep~1name/x'] };
  const gate = await startGate(t, {
    upstream: upstream.url, policy, files: { 'keys.json': keySet(makeKey('RS256')) },
    config: (self) => ({ ...config(self), issuers: issuer, forward: { headers: { 'X-Tenant': '/tenant' } } }),
  });
  const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  const client = await gate.addClient('ours', '--claim', 'tenant=acme', '--claim', 'https://x.example/zone=h\u00e9 "=');

  await t.test('are in its tokens, and the policy and the upstream read them', async () => {
    const token = await tokenOf(gate, client);
    assert.equal(claims(token)['https://x.example/zone'], 'h\u00e9 "=');
    assert.equal(await call(gate, token), 200);
    assert.equal(upstream.requests.at(-1).get('x-tenant'), 'acme');
    assert.deepEqual((await shown(gate, 'ours')).claims, { tenant: 'acme', 'https://x.example/zone': 'h\u00e9 "=' });
    const explained = await run(['explain', '-c', gate.file, '-X', 'GET', '/api/x', '--client', 'ours', '--json']);
    assert.equal(JSON.parse(explained.stdout).reason, 'ok', explained.stderr);
    const minted = await run(['token', '--client', 'ours', '-c', gate.file]);
    assert.equal(claims(minted.stdout).tenant, 'acme');
  });

  await t.test('change replaces them all', async () => {
    await gate.client('change', 'ours', '--claim', 'tenant=other');
    assert.deepEqual((await shown(gate, 'ours')).claims, { tenant: 'other' });
    assert.equal(await call(gate, await tokenOf(gate, client)), 403);
    await gate.client('change', 'ours', '--no-claims');
    assert.equal('tenant' in claims(await tokenOf(gate, client)), false);
  });

  for (const claim of ['sub=admin', 'SUB=admin', 'scope=all', 'roles=admin', 'groups=admin', 'client_id=x', 'azp=x', 'cnf=x', 'act=x', 'exp=9999999999', 'tenant', 'tenant=', 'a b=c', 'deep/name=x']) {
    await t.test(`${claim} is refused`, async () => {
      for (const args of [['add', 'other'], ['change', 'ours']]) {
        const done = await run(['client', ...args, '--claim', claim, '-c', gate.file]);
        assert.equal(done.code, 1, done.stderr);
        assert.match(done.stderr, /claim/);
      }
    });
  }
});

test('secrets with an end', async (t) => {
  const gate = await startGate(t, { policy: POLICY, config });
  const soon = await gate.addClient('soon', '--expires', '13d');
  const brief = { ...soon, ...JSON.parse(await gate.client('rotate', 'soon', '--expires', '3s', '--output', 'json')) };

  await t.test('count until then, and are wrong ones afterwards', async () => {
    await tokenOf(gate, brief);
    await eventually(async () => (await tokenRequest(gate, brief)).status === 401, 'the end of the secret');
    const wrong = await tokenRequest(gate, { ...soon, client_secret: 'A'.repeat(43) });
    assert.equal((await tokenRequest(gate, brief)).text, wrong.text);
    await tokenOf(gate, soon);
    await gate.line((line) => line.client === 'soon' && /the secret has expired/.test(line.detail ?? ''));
  });

  await t.test('are warned of in the log, by metrics and in the list', async () => {
    await gate.complains(/"client_secret_expired".*"soon".*"slot":2/);
    await gate.counts('postern_client_secrets{state="expired"}', 1);
    await gate.counts('postern_client_secrets{state="expiring"}', 1);
    assert.equal(await gate.metric('postern_client_secret_expiry_timestamp_seconds'), Date.parse(soon.expires) / 1000);
    assert.match(await gate.client('list'), /soon .*\(expired\)/);
    await gate.client('revoke-secret', 'soon', '--slot', '2', '--keep-tokens');
    assert.match(await gate.client('list'), /soon .*\(soon\)/);
    await gate.counts('postern_client_secrets{state="expired"}', 0);
    const again = await startGate(t, { policy: POLICY, config: (self) => ({ local_issuer: { ...config(self).local_issuer, database: path.join(gate.dir, 'state', 'postern.db') } }) });
    await again.complains(/"client_secret_expires".*"soon".*"slot":1/);
  });

  for (const [args, code, word] of [[['add', 'x', '--expires', '0s'], 2, /--expires/], [['add', 'x', '--expires', 'never'], 2, /--expires/], [['add', 'x', '--expires', '90'], 2, /--expires must be a duration with its unit, such as 90d/],
    [['add', 'x', '--expires', '3651d'], 1, /3650d/], [['rotate', 'soon', '--expires', '3651d'], 1, /3650d/]]) {
    await t.test(`client ${args.join(' ')}: refused`, async () => {
      const done = await run(['client', ...args, '-c', gate.file]);
      assert.equal(done.code, code, done.stderr);
      assert.match(done.stderr, word);
    });
  }
});

test('before the first start: what lists makes nothing, what adds works', async (t) => {
  const gate = await makeGate(t, { policy: POLICY, config });
  const state = path.join(gate.dir, 'state');
  const lists = [[['client', 'list', '--json'], []], [['client', 'export'], { clients: [] }], [['user', 'list', '--json'], []], [['keys', 'list', '--json'], []]];
  for (const [args, nothing] of lists) {
    const done = await run([...args, '-c', gate.file]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, new RegExp(`^postern: ${args[0]}: there is nothing yet: .*\\n$`));
    assert.deepEqual(JSON.parse(done.stdout), nothing);
    assert.deepEqual(fs.existsSync(state) ? fs.readdirSync(state) : [], [], args.join(' '));
  }
  await gate.client('add', 'first');
  assert.equal((await run(['client', 'list', '-c', gate.file])).stderr, '');
});

test('export and import', async (t) => {
  const upstream = await recordingUpstream(t);
  const from = await startGate(t, { upstream: upstream.url, policy: POLICY, config });
  const to = await startGate(t, { upstream: upstream.url, policy: POLICY, config });
  const client = await from.addClient('moved', '--role', 'reader', '--scope', 'a', '--owner', 'Team A', '--claim', 'tenant=acme', '--expires', '30d');
  const file = path.join(to.dir, 'clients.json');
  fs.writeFileSync(file, await from.client('export'), { mode: 0o600 });

  await t.test('a clone knows the secrets without having seen them', async () => {
    assert.ok(!fs.readFileSync(file, 'utf8').includes(client.client_secret));
    assert.match(await to.client('import', file), /1 client imported/);
    await callGives(to, await tokenOf(to, client), 200);
    const same = ({ name, client_id: id, owner, scopes, roles, created, claims, secrets }) => ({ name, id, owner, scopes, roles, created, claims, expires: secrets[0].expires });
    assert.deepEqual(same(await shown(to, 'moved')), same(await shown(from, 'moved')));
  });

  const imported = (clients) => run(['client', 'import', '-', '-c', to.file], { input: typeof clients === 'string' ? clients : JSON.stringify(clients) });
  await t.test('ids and secrets of ORDS, ending in "..", work as they are', async () => {
    const ords = { client_id: 'kD3mG0Yp1hQ7vZ9xWb2sLA..', client_secret: 'pT5nC8rJ4kF6yU0aXe1iOQ..' };
    const done = await imported([{ name: 'ords', client_id: ords.client_id, roles: ['reader'], secrets: [{ slot: 1, secret: ords.client_secret }] }]);
    assert.equal(done.code, 0, done.stderr);
    await callGives(to, await tokenOf(to, ords), 200);
  });

  const one = { name: 'n', client_id: 'i' };
  const cases = {
    'not JSON': ['{', /./],
    'no list': [{}, /expected a list of clients/],
    'no name': [[{ client_id: 'i' }], /client 1: "name"/],
    'a name that is taken': [[{ ...one, name: 'moved' }], /already exists/],
    'an id that is taken': [[{ ...one, client_id: client.client_id }], /already exists/],
    'the same name twice': [[one, { ...one, client_id: 'j' }], /client 2: another one/],
    'an id with a space': [[{ ...one, client_id: 'a b' }], /client 1: a client's id/],
    'a short secret': [[{ ...one, secrets: [{ slot: 1, secret: 'password' }] }], /22 characters/],
    'a hash of another kind': [[{ ...one, secrets: [{ slot: 1, hash: '$2y$10$abc' }] }], /"hash" is not valid/],
    'hash and secret at once': [[{ ...one, secrets: [{ slot: 1, hash: 'x', secret: 'y' }] }], /"hash" or a "secret"/],
    'slot 3': [[{ ...one, secrets: [{ slot: 3, hash: 'x' }] }], /1 or 2/],
    'roles that are no list': [[{ ...one, roles: 'reader' }], /lists of strings/],
    'a method that is none': [[{ ...one, auth_method: 'none' }], /auth_method/],
    'one right, one wrong: none is added': [[one, { ...one, name: 'm', client_id: 'a b' }], /client 2/],
  };
  for (const [name, [clients, word]] of Object.entries(cases)) {
    await t.test(`${name}: refused, nothing is added`, async () => {
      const done = await imported(clients);
      assert.equal(done.code, 1, done.stderr);
      assert.match(done.stderr, word);
      const names = JSON.parse(await to.client('list', '--output', 'json')).map((each) => each.name);
      assert.deepEqual(names.sort(), ['moved', 'ords']);
    });
  }
});

test('without a local issuer there are no clients', async (t) => {
  const gate = await makeGate(t, { config: { issuers: fileIssuer() }, files: { 'keys.json': keySet(makeKey('RS256')) } });
  const done = await run(['client', 'rotate', 'x', '-c', gate.file]);
  assert.equal(done.code, 2);
  assert.match(done.stderr, /no local_issuer/);
});

test('postern token', async (t) => {
  const upstream = await recordingUpstream(t);
  const policy = { roles: { reader: {}, boss: { granted_to: [{ user: 'ann' }] } }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] }, rule: { paths: ['/boss/*'], roles: ['boss'] } } };
  const gate = await startGate(t, { upstream: upstream.url, policy, config });
  const minted = async (...args) => {
    const done = await run(['token', ...args, '-c', gate.file]);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout.trim();
  };
  const client = await gate.addClient('partner', '--role', 'reader', '--scope', 'a');
  const user = await run(['user', 'add', 'ann', '--role', 'reader', '-c', gate.file], { input: 'correct horse battery\n' });
  assert.equal(user.code, 0, user.stderr);

  await t.test('of a client, by name or id, with a scope it may have', async () => {
    for (const name of ['partner', client.client_id]) await callGives(gate, await minted('--client', name, '--scope', 'a'), 200);
    assert.equal((await run(['token', '--client', 'partner', '--scope', 'b', '-c', gate.file])).code, 1);
  });
  await t.test('for an API of its own, as the token endpoint gives it', async () => {
    const audience = async (...args) => JSON.parse(Buffer.from((await minted('--client', 'partner', ...args)).split('.')[1], 'base64url')).aud;
    const own = await audience();
    gate.write('policy.yaml', { ...policy, modules: { tools: { paths: ['/tools/*'], resource: 'https://tools.example/mcp' } } });
    assert.equal(await audience('--resource', 'https://tools.example/mcp/'), 'https://tools.example/mcp');
    assert.equal(await audience('--resource', own), own);
    for (const resource of ['https://other.example/mcp', 'https://tools.example/mcp#x', 'mcp', '']) {
      const done = await run(['token', '--client', 'partner', '--resource', resource, '-c', gate.file]);
      assert.equal(done.code, resource === '' ? 2 : 1, resource);
      assert.equal(done.stdout, '');
    }
    gate.write('policy.yaml', policy);
  });
  await t.test('of a user: its roles count as they stand, and it is told to the API', async () => {
    const token = await minted('--user', 'ann');
    await callGives(gate, token, 200);
    assert.equal(upstream.requests.at(-1).get('x-user'), 'ann');
    assert.equal((await gate.ask({ target: '/boss/x', headers: { Authorization: `Bearer ${token}` } })).status, 200);
    assert.equal((await run(['user', 'disable', 'ann', '-c', gate.file])).code, 0);
    await callGives(gate, token, 401);
    assert.notEqual((await run(['token', '--user', 'ann', '-c', gate.file])).code, 0);
  });
  for (const args of [[], ['--client', 'partner', '--user', 'ann'], ['--user', 'ann', '--scope', 'a'], ['--user', 'nobody'], ['--client', 'nobody']]) {
    await t.test(`token ${args.join(' ') || 'of nobody'}: refused`, async () => {
      const done = await run(['token', ...args, '-c', gate.file]);
      assert.notEqual(done.code, 0);
      assert.equal(done.stdout, '');
    });
  }
});
