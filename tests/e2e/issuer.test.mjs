// SPDX-License-Identifier: Apache-2.0
// The local issuer: clients, their tokens, and what the endpoints say (RFC 6749, 7517, 8414, 9068).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { run, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: {}, writer: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], methods: ['GET'], roles: ['reader'] }, write: { modules: ['api'], paths: ['/api/*'], methods: ['POST'], roles: ['writer'] } },
};
const FORM = 'application/x-www-form-urlencoded';
const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', token_lifetime: '10m' } });

const basic = (id, secret) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

function tokenRequest(gate, { body = 'grant_type=client_credentials', headers = {}, ...more } = {}) {
  return gate.ask({ method: 'POST', target: '/oauth/token', headers: { 'Content-Type': FORM, ...headers }, body, ...more });
}

async function tokenOf(gate, client) {
  // A client made by another process is known a moment later.
  return eventually(async () => {
    const got = await tokenRequest(gate, { headers: { Authorization: basic(client.client_id, client.client_secret) } });
    return got.status === 200 && got.json().access_token;
  }, 'a token');
}

function assertError(got, status, error) {
  assert.equal(got.status, status, got.text);
  assert.equal(got.get('content-type').split(';')[0], 'application/json');
  assert.equal(got.get('cache-control'), 'no-store');
  assert.equal(got.json().error, error);
}

test('the token endpoint', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config });
  const client = await gate.addClient('partner', '--role', 'reader');
  const own = { Authorization: basic(client.client_id, client.client_secret) };
  await tokenOf(gate, client);

  await t.test('gives a token for Basic credentials', async () => {
    const got = await tokenRequest(gate, { headers: own });
    assert.equal(got.status, 200, got.text);
    assert.equal(got.get('content-type').split(';')[0], 'application/json');
    assert.equal(got.get('cache-control'), 'no-store');
    const answer = got.json();
    assert.equal(answer.token_type, 'Bearer');
    assert.equal(answer.expires_in, 600);
    assert.match(answer.access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  await t.test('gives one for credentials in the form', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret }).toString();
    assert.equal((await tokenRequest(gate, { body })).status, 200);
  });

  await t.test('decodes percent-encoded Basic credentials (RFC 6749 2.3.1)', async () => {
    const encode = (text) => [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
    const got = await tokenRequest(gate, { headers: { Authorization: basic(encode(client.client_id), encode(client.client_secret)) } });
    assert.equal(got.status, 200, got.text);
  });

  await t.test('the form may carry a charset, and parameters nobody knows', async () => {
    assert.equal((await tokenRequest(gate, { headers: { ...own, 'Content-Type': `${FORM}; charset=UTF-8` }, body: 'grant_type=client_credentials&unknown=1' })).status, 200);
  });

  await t.test('the token is one of RFC 9068 and verifies by the published keys', async () => {
    const token = await tokenOf(gate, client);
    const header = decodeProtectedHeader(token);
    assert.equal(header.alg, 'ES256');
    assert.equal(header.typ, 'at+jwt');
    const issuer = `http://127.0.0.1:${gate.port}`;
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)), { issuer, audience: 'api://local', typ: 'at+jwt', algorithms: ['ES256'] });
    assert.equal(payload.sub, client.client_id);
    assert.equal(payload.client_id, client.client_id);
    assert.equal(payload.exp - payload.iat, 600);
    assert.ok(payload.jti.length >= 22);
    const other = await jwtVerify(await tokenOf(gate, client), createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)));
    assert.notEqual(other.payload.jti, payload.jti);
  });

  await t.test('the token opens what the client\'s role opens, and no more', async () => {
    const headers = { Authorization: `Bearer ${await tokenOf(gate, client)}` };
    const got = await gate.ask({ target: '/api/x', headers });
    assert.equal(got.status, 200, got.text);
    assert.equal(upstream.requests.at(-1).get('x-roles'), 'reader');
    await expectRefusal(gate, await gate.ask({ method: 'POST', target: '/api/x', headers, body: 'x' }), 'privilege_missing');
  });

  await t.test('roles are looked up when they are used', async () => {
    const headers = { Authorization: `Bearer ${await tokenOf(gate, client)}` };
    const write = () => gate.ask({ method: 'POST', target: '/api/x', headers, body: 'x' });
    assert.equal((await write()).status, 403);
    await gate.client('grant', 'partner', 'writer');
    await eventually(async () => (await write()).status === 200, 'a role granted counts for a token already out');
    await gate.client('revoke', 'partner', 'writer');
    await eventually(async () => (await write()).status === 403, 'a role revoked counts no more');
    await expectRefusal(gate, await write(), 'privilege_missing');
  });

  const both = `grant_type=client_credentials&client_id=${client.client_id}&client_secret=${client.client_secret}`;
  const cases = {
    'no grant_type': [{ headers: own, body: '' }, 400, 'invalid_request'],
    'an empty grant_type': [{ headers: own, body: 'grant_type=' }, 400, 'invalid_request'],
    'another grant_type': [{ headers: own, body: 'grant_type=password' }, 400, 'unsupported_grant_type'],
    'grant_type twice': [{ headers: own, body: 'grant_type=client_credentials&grant_type=client_credentials' }, 400, 'invalid_request'],
    'an unknown parameter twice': [{ headers: own, body: 'grant_type=client_credentials&x=1&x=2' }, 400, 'invalid_request'],
    'a scope that the client may not have': [{ headers: own, body: 'grant_type=client_credentials&scope=admin' }, 400, 'invalid_scope'],
    'Basic and form at once': [{ headers: own, body: both }, 400, 'invalid_request'],
    'a NUL in a parameter': [{ headers: own, body: 'grant_type=client_credentials%00' }, 400, 'invalid_request'],
    'a broken escape': [{ headers: own, body: 'grant_type=%zz' }, 400, 'invalid_request'],
    'broken UTF-8': [{ headers: own, body: 'grant_type=client_credentials&scope=%ff' }, 400, 'invalid_request'],
    'JSON for a form': [{ headers: { ...own, 'Content-Type': 'application/json' }, body: '{"grant_type":"client_credentials"}' }, 400, 'invalid_request'],
    'credentials in the query': [{ target: `/oauth/token?${both}`, body: 'grant_type=client_credentials' }, 400, 'invalid_request'],
    'no credentials': [{}, 401, 'invalid_client'],
    'a wrong secret': [{ headers: { Authorization: basic(client.client_id, 'wrong') } }, 401, 'invalid_client'],
    'a secret cut by one': [{ headers: { Authorization: basic(client.client_id, client.client_secret.slice(0, -1)) } }, 401, 'invalid_client'],
    'an empty secret': [{ headers: { Authorization: basic(client.client_id, '') } }, 401, 'invalid_client'],
    'an unknown client': [{ headers: { Authorization: basic('nobody', client.client_secret) } }, 401, 'invalid_client'],
    'an unknown client in the form': [{ body: 'grant_type=client_credentials&client_id=nobody&client_secret=x' }, 401, 'invalid_client'],
    'a client_id of SQL': [{ headers: { Authorization: basic("' OR 1=1 --", 'x') } }, 401, 'invalid_client'],
    'Basic that is no base64': [{ headers: { Authorization: 'Basic ***' } }, 401, 'invalid_client'],
    'Basic without a colon': [{ headers: { Authorization: `Basic ${Buffer.from('abc').toString('base64')}` } }, 401, 'invalid_client'],
  };
  for (const [name, [request, status, error]] of Object.entries(cases)) {
    await t.test(`${name}: ${status} ${error}`, async () => {
      const got = await tokenRequest(gate, request);
      assertError(got, status, error);
      if (status === 401) assert.match(got.get('www-authenticate') ?? '', /^Basic /);
    });
  }

  await t.test('a wrong secret and an unknown client get the same answer', async () => {
    const wrong = await tokenRequest(gate, { headers: { Authorization: basic(client.client_id, 'wrong') } });
    const unknown = await tokenRequest(gate, { headers: { Authorization: basic('nobody', 'wrong') } });
    const same = ({ head, text }) => (head + text).replace(/(X-Request-Id|Date): .*/gi, '');
    assert.equal(same(wrong), same(unknown));
  });

  await t.test('only POST', async () => {
    const got = await gate.ask({ target: '/oauth/token' });
    assert.equal(got.status, 405);
    assert.equal(got.get('allow'), 'POST');
  });

  await t.test('a form of more than 64 KiB is not read', async () => {
    const got = await tokenRequest(gate, { headers: own, body: `grant_type=client_credentials&x=${'a'.repeat(70000)}` });
    await expectRefusal(gate, got, 'body_too_large');
  });

  await t.test('no secret is in any log', () => {
    assert.ok(!JSON.stringify(gate.lines).includes(client.client_secret));
    assert.ok(!gate.stderr.includes(client.client_secret));
  });

  await t.test('nor in any file of the state in plain', () => {
    for (const entry of fs.readdirSync(path.join(gate.dir, 'state'), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = fs.readFileSync(path.join(entry.path ?? entry.parentPath, entry.name));
      assert.ok(!bytes.includes(client.client_secret), entry.name);
    }
  });
});

test('metadata and keys', async (t) => {
  const gate = await startGate(t, { policy: POLICY, config });
  const issuer = `http://127.0.0.1:${gate.port}`;

  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    await t.test(name, async () => {
      const got = await gate.ask({ target: `/.well-known/${name}` });
      assert.equal(got.status, 200);
      assert.equal(got.get('content-type').split(';')[0], 'application/json');
      const document = got.json();
      assert.equal(document.issuer, issuer);
      assert.equal(document.token_endpoint, `${issuer}/oauth/token`);
      assert.equal(document.jwks_uri, `${issuer}/.well-known/jwks.json`);
      assert.deepEqual(document.grant_types_supported, ['client_credentials']);
      for (const method of ['client_secret_basic', 'client_secret_post']) assert.ok(document.token_endpoint_auth_methods_supported.includes(method));
    });
  }

  await t.test('jwks.json holds public halves only', async () => {
    const got = await gate.ask({ target: '/.well-known/jwks.json' });
    assert.equal(got.status, 200);
    const { keys } = got.json();
    assert.equal(keys.length, 1);
    assert.deepEqual(Object.keys(keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    assert.equal(keys[0].crv, 'P-256');
  });

  await t.test('oauth-protected-resource names the issuers (RFC 9728)', async () => {
    const got = await gate.ask({ target: '/.well-known/oauth-protected-resource' });
    assert.equal(got.status, 200);
    assert.deepEqual(got.json().authorization_servers, [issuer]);
    assert.ok(got.json().resource);
  });

  await t.test('keys are not written to', async () => assert.equal((await gate.ask({ method: 'POST', target: '/.well-known/jwks.json', body: 'x' })).status, 405));
});

test('the signing key', async (t) => {
  const gate = await startGate(t, { policy: POLICY, config });
  const dir = path.join(gate.dir, 'state/signing');
  const client = await gate.addClient('partner', '--role', 'reader');
  const token = await tokenOf(gate, client);
  const [name] = fs.readdirSync(dir).filter((file) => file.endsWith('.pem'));

  await t.test('is made once, readable by its owner alone', () => {
    assert.deepEqual(fs.readdirSync(dir).filter((file) => file.endsWith('.pem')), [name]);
    assert.equal(fs.statSync(path.join(dir, name)).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.join(gate.dir, 'state/postern.db')).mode & 0o777, 0o600);
  });

  await t.test('outlives a restart, and so do clients and tokens', async () => {
    const keys = (await gate.ask({ target: '/.well-known/jwks.json' })).text;
    await gate.stop();
    gate.spawn();
    await gate.ready();
    assert.equal((await gate.ask({ target: '/.well-known/jwks.json' })).text, keys);
    assert.notEqual((await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } })).status, 401);
    await tokenOf(gate, client);
  });

  await t.test('that others can read is refused', async () => {
    await gate.stop();
    fs.chmodSync(path.join(dir, name), 0o644);
    const done = await run(['serve', '-c', gate.file]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, new RegExp(name.replace('.', '\\.')));
    fs.chmodSync(path.join(dir, name), 0o600);
  });
});

test('postern client', async (t) => {
  const gate = await startGate(t, { policy: POLICY, config });
  const postern = (...args) => run(['client', ...args, '-c', gate.file]);
  const added = JSON.parse((await postern('add', 'one', '--role', 'reader', '--output', 'json')).stdout);

  await t.test('add shows id and secret once', async () => {
    assert.equal(added.name, 'one');
    assert.deepEqual(added.roles, ['reader']);
    assert.ok(added.client_secret.length >= 43);
    const shown = await postern('show', 'one', '--output', 'json');
    assert.equal(shown.code, 0);
    assert.equal(JSON.parse(shown.stdout).client_id, added.client_id);
    assert.ok(!shown.stdout.includes(added.client_secret));
  });
  await t.test('add --output env can be sourced', async () => {
    const done = await postern('add', 'two', '--output', 'env');
    assert.match(done.stdout, /^CLIENT_ID=[\w-]+\nCLIENT_SECRET=[\w-]+\n$/);
  });
  await t.test('list names all', async () => {
    const list = JSON.parse((await postern('list', '--output', 'json')).stdout);
    assert.deepEqual(list.map((client) => client.name), ['one', 'two']);
  });
  await t.test('a name that is taken: exit 1', async () => assert.equal((await postern('add', 'one')).code, 1));
  await t.test('a role that the policy does not know: exit 1, naming those it has', async () => {
    const done = await postern('grant', 'one', 'raeder');
    assert.equal(done.code, 1);
    assert.match(done.stderr, /raeder.*reader/s);
  });
  await t.test('a client that is not there: exit 1', async () => assert.equal((await postern('show', 'nobody')).code, 1));
  for (const args of [['add'], ['nonsense'], [], ['grant', 'one'], ['add', 'x', '--nonsense']]) {
    await t.test(`wrong use: client ${args.join(' ')}: exit 2`, async () => assert.equal((await postern(...args)).code, 2));
  }
});

test('local_issuer.accept', async (t) => {
  const upstream = await recordingUpstream(t);
  const accepting = (accept, issuers) => (gate) => ({ issuers, local_issuer: { ...config(gate).local_issuer, accept } });
  const call = async (gate) => {
    const client = await gate.addClient('partner', '--role', 'reader');
    return gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${await tokenOf(gate, client)}` } });
  };
  // Nobody listens on port 1: an identity provider that is down.
  const down = { idp: { issuer: 'https://idp.example', audience: 'a', jwks_uri: 'http://127.0.0.1:1/keys' } };

  await t.test('never: its tokens count for nobody here', async () => {
    const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: accepting('never', {}) });
    await expectRefusal(gate, await call(gate), 'local_issuer_standing_by');
  });

  await t.test('fallback: they stand by while a third-party issuer has keys', async () => {
    const up = { idp: { issuer: 'https://idp.example', audience: 'a', jwks_file: 'keys.json' } };
    const key = { ...(await (await import('jose')).exportJWK((await (await import('jose')).generateKeyPair('ES256')).publicKey)), kid: '1' };
    const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, files: { 'keys.json': JSON.stringify({ keys: [key] }) }, config: accepting('fallback', up) });
    const client = await gate.addClient('partner', '--role', 'reader');
    const minted = await run(['token', '--client', client.client_id, '-c', gate.file]);
    assert.equal(minted.code, 0, minted.stderr);
    await expectRefusal(gate, await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${minted.stdout.trim()}` } }), 'local_issuer_standing_by');
  });

  await t.test('fallback: they count once every issuer has been down for long enough', async () => {
    const waiting = (gate) => ({ issuers: down, local_issuer: { ...config(gate).local_issuer, accept: 'fallback', fallback: { after: '1s', hold: '1s' } } });
    const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: waiting });
    assert.equal((await call(gate)).status, 200);
  });
});

test('an issuer below a path has its endpoints there', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}/auth`, audience: 'api://local' } }) });
  const metadata = await gate.ask({ target: '/auth/.well-known/openid-configuration' });
  assert.equal(metadata.status, 200, metadata.text);
  assert.equal(metadata.json().issuer, `http://127.0.0.1:${gate.port}/auth`);
});
