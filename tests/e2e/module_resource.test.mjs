// SPDX-License-Identifier: Apache-2.0
// `resource` of a module: an API of its own by its public URL, in metadata, challenge and audience (RFC
// 9728, RFC 8707), whatever Host says.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeGate, run } from './harness/gate.mjs';
import { assertOauthError, basic, claimsOf, issuerGate, post, tokenOf } from './harness/oauth.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { send } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');
const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const FILES = 'https://tools.example/files/mcp';
const MAIL = 'https://tools.example/mail/mcp';
const ORIGIN = 'https://app.example';

const POLICY = {
  roles: {
    reader: {},
    files: { granted_to: [{ issuer: 'idp', scope: 'files.read' }, { client: 'partner' }] },
    mail: { granted_to: [{ issuer: 'idp', scope: 'mail.read' }, { client: 'partner' }] },
    other: { granted_to: [{ issuer: 'idp', scope: 'other' }] },
  },
  modules: {
    files: { paths: ['/files/mcp'], resource: FILES, cors: { origins: [ORIGIN], headers: ['Authorization', 'MCP-Protocol-Version'], expose: ['Mcp-Session-Id'] } },
    mail: { paths: ['/mail/mcp'], resource: MAIL },
    api: { paths: ['/api/*'] },
  },
  privileges: {
    files: { modules: ['files'], roles: ['files'] },
    mail: { paths: ['/mail/mcp'], roles: ['mail'], scopes: ['mail.all'] },
    api: { modules: ['api'] },
    other: { paths: ['/*'], roles: ['other'] },
  },
};

const gateWith = (t, more = {}) => issuerGate(t, {
  policy: POLICY, files: { 'keys.json': keySet(key), ...more.files },
  config: { issuers: fileIssuer(), ...more.config }, ...more.local && { local: more.local },
});

const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const challenge = (got) => /resource_metadata="([^"]*)"/.exec(got.get('www-authenticate') ?? '')?.[1];

test('metadata and challenge of each', async (t) => {
  const gate = await gateWith(t);
  const hosted = (target) => send(gate.port, `GET ${target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`, 'GET');

  await t.test('the metadata is at the path with the suffix', async () => {
    for (const [url, target, scopes] of [[FILES, '/files/mcp', ['files.read']], [MAIL, '/mail/mcp', ['mail.all', 'mail.read']]]) {
      const got = await hosted(WELL_KNOWN + target);
      assert.equal(got.status, 200);
      assert.deepEqual(got.json(), { resource: url, authorization_servers: ['https://idp.test/tenant', gate.issuer], scopes_supported: scopes, bearer_methods_supported: ['header'] });
      assert.equal(got.get('vary'), target === '/files/mcp' ? 'Origin' : undefined);
    }
    assert.equal((await hosted(WELL_KNOWN)).json().resource, 'http://evil.example');
  });
  await t.test('the challenge names it, whatever Host is', async () => {
    for (const [target, metadata] of [['/files/mcp', `https://tools.example${WELL_KNOWN}/files/mcp`], ['/mail/mcp', `https://tools.example${WELL_KNOWN}/mail/mcp`], ['/api/x', `http://evil.example${WELL_KNOWN}`]]) {
      assert.equal(challenge(await hosted(target)), metadata);
    }
    assert.equal(challenge(await gate.ask({ target: '/mail/mcp', headers: bearer(await sign(key, { aud: MAIL, scope: 'none' })) })), `https://tools.example${WELL_KNOWN}/mail/mcp`);
  });
  await t.test('another path or method is turned away', async () => {
    for (const [method, target, status] of [['POST', '/files/mcp', 405], ['GET', '/files/mcp/', 404], ['GET', '/FILES/mcp', 404]]) {
      const got = await gate.ask({ method, target: WELL_KNOWN + target });
      assert.equal(got.status, status);
      assert.match(got.json().detail, status === 405 ? /GET, HEAD/ : /exactly .*\/files\/mcp$/);
    }
    assert.equal((await gate.ask({ target: `${WELL_KNOWN}/files` })).status, 401);
  });
  await t.test('pages of cors.origins may read it', async () => {
    const asked = { Origin: ORIGIN, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'mcp-protocol-version' };
    const preflight = await gate.ask({ method: 'OPTIONS', target: `${WELL_KNOWN}/files/mcp`, headers: asked });
    assert.equal(preflight.status, 200);
    assert.equal(preflight.get('access-control-allow-origin'), ORIGIN);
    assert.match(preflight.get('access-control-allow-headers'), /MCP-Protocol-Version/);
    for (const [target, status] of [[`${WELL_KNOWN}/files/mcp`, 200], ['/files/mcp', 401]]) {
      const got = await gate.ask({ target, headers: { Origin: ORIGIN } });
      assert.equal(got.status, status);
      assert.equal(got.get('access-control-allow-origin'), ORIGIN);
      assert.match(got.get('access-control-expose-headers'), /WWW-Authenticate.*, Mcp-Session-Id/);
    }
    assert.equal((await gate.ask({ method: 'OPTIONS', target: `${WELL_KNOWN}/files/mcp`, headers: { ...asked, Origin: 'https://evil.example' } })).status, 403);
    assert.equal((await gate.ask({ method: 'OPTIONS', target: `${WELL_KNOWN}/mail/mcp`, headers: asked })).status, 405);
  });
});

test('the audience', async (t) => {
  const gate = await gateWith(t);
  const call = async (target, claims) => gate.ask({ target, headers: bearer(await sign(key, { scope: 'files.read mail.read', ...claims })) });

  await t.test('is the URL of the module, in place of the issuer\'s', async () => {
    for (const [target, aud, reason] of [
      ['/files/mcp', FILES], ['/files/mcp', [MAIL, FILES]], ['/mail/mcp', MAIL], ['/api/x', 'api://default'],
      ['/files/mcp', MAIL, 'audience_mismatch'], ['/mail/mcp', FILES, 'audience_mismatch'], ['/files/mcp', 'api://default', 'audience_mismatch'],
      ['/api/x', FILES, 'audience_mismatch'], ['/files/mcp', `${FILES}/`, 'audience_mismatch'], ['/files/mcp', undefined, 'audience_mismatch'],
    ]) {
      const got = await call(target, { aud });
      if (reason) await expectRefusal(gate, got, reason);
      else assert.equal(got.status, 200, `${target} ${aud}: ${got.text}`);
    }
  });
  await t.test('a token that was remembered for one is not taken by the other', async () => {
    const [files, mail] = [await sign(key, { aud: FILES, scope: 'files.read mail.read' }), await sign(key, { aud: [FILES, MAIL], scope: 'files.read mail.read' })];
    for (let i = 0; i < 3; i++) {
      for (const [target, token, status] of [['/files/mcp', files, 200], ['/mail/mcp', files, 401], ['/api/x', files, 401], ['/files/mcp', mail, 200], ['/mail/mcp', mail, 200]]) {
        assert.equal((await gate.ask({ target, headers: bearer(token) })).status, status, target);
      }
    }
    assert.ok((await gate.metric('postern_token_cache_total{result="hit"}')) >= 6);
  });
  await t.test('explain says the same, and assumes it where none is given', async () => {
    for (const [claims, code] of [[{ aud: FILES }, 0], [{}, 0], [{ aud: MAIL }, 1], [{ aud: 'api://default' }, 1]]) {
      gate.write('claims.json', { sub: 'alice', scope: 'files.read', ...claims });
      const done = await run(['explain', '-c', gate.file, '-X', 'POST', '/files/mcp', '--claims', `${gate.dir}/claims.json`, '--issuer', 'idp']);
      assert.equal(done.code, code, done.stdout + done.stderr);
      if (code === 1) assert.match(done.stdout, /expected "https:\/\/tools\.example\/files\/mcp"/);
    }
    const done = await run(['explain', '-c', gate.file, '-X', 'POST', '/mail/mcp', '--client', 'partner']);
    assert.equal(done.code, 0, done.stdout + done.stderr);
  });
  await t.test('and so do cases', async () => {
    gate.write('cases.yaml', { cases: [
      { name: 'assumed', caller: { issuer: 'idp', claims: { scope: 'files.read' } }, request: 'POST /files/mcp', expect: 'allow' },
      { name: 'other', caller: { issuer: 'idp', claims: { scope: 'files.read', aud: MAIL } }, request: 'POST /files/mcp', expect: 'audience_mismatch' },
      { name: 'client', caller: { client: 'partner' }, request: 'POST /mail/mcp', expect: 'allow' },
    ] });
    const done = await run(['test', '-c', gate.file, `${gate.dir}/cases.yaml`]);
    assert.equal(done.code, 0, done.stdout + done.stderr);
  });
});

test('tokens of the local issuer', async (t) => {
  const gate = await gateWith(t, { local: { introspection_role: 'reader' } });
  const call = async (target, token) => (await gate.ask({ target, headers: bearer(token) })).status;

  await t.test('are for the resource that was requested', async () => {
    for (const [parameters, aud, statuses] of [
      [{}, 'api://local', [401, 401, 200]], [{ resource: FILES }, FILES, [200, 401, 401]], [{ resource: `${MAIL}/` }, MAIL, [401, 200, 401]], [{ audience: MAIL }, MAIL, [401, 200, 401]],
    ]) {
      const token = await tokenOf(gate, gate.partner, parameters);
      assert.equal(claimsOf(token).aud, aud);
      for (const [i, target] of ['/files/mcp', '/mail/mcp', '/api/x'].entries()) assert.equal(await call(target, token), statuses[i], `${target} ${aud}`);
      const asked = await post(gate, '/oauth/introspect', { token });
      assert.equal(asked.json().active, true, asked.text);
      assert.equal(asked.json().aud, aud);
    }
  });
  await t.test('not for others', async () => {
    for (const resource of [`${FILES}/x`, 'https://tools.example/files', 'https://evil.example/files/mcp', `${FILES}#x`]) {
      assertOauthError(await post(gate, '/oauth/token', { grant_type: 'client_credentials', resource }), 400, 'invalid_target');
    }
    assertOauthError(await post(gate, '/oauth/token', { grant_type: 'client_credentials', resource: FILES, audience: MAIL }), 400, 'invalid_target');
  });
  await t.test('can be revoked by their client', async () => {
    const token = await tokenOf(gate, gate.partner, { resource: FILES });
    assert.equal(await call('/files/mcp', token), 200);
    assert.equal((await post(gate, '/oauth/revoke', { token })).status, 200);
    assert.equal(await call('/files/mcp', token), 401);
    assert.equal((await post(gate, '/oauth/introspect', { token })).json().active, false);
  });
  await t.test('Basic has no audience', async () => {
    const done = await run(['user', 'add', 'anna', '--role', 'files', '-c', gate.file], { input: 'right password\n' });
    assert.equal(done.code, 0, done.stderr);
    const got = async () => gate.ask({ target: '/files/mcp', headers: { Authorization: basic('anna', 'right password') } });
    await eventually(async () => (await got()).status === 200, 'the user is known');
  });
});

test('a next policy demands its own', async (t) => {
  const next = { ...POLICY, modules: { ...POLICY.modules, files: { ...POLICY.modules.files, resource: 'https://new.example/files/mcp' } } };
  const gate = await gateWith(t, { config: { policy_next: 'next.yaml' }, files: { 'next.yaml': next } });
  for (const [aud, status, word] of [[FILES, 200, 'would_refuse'], ['https://new.example/files/mcp', 401, 'would_allow'], [[FILES, 'https://new.example/files/mcp'], 200, undefined]]) {
    for (let i = 0; i < 2; i++) {
      const got = await gate.ask({ target: '/files/mcp', headers: bearer(await sign(key, { aud, scope: 'files.read' })) });
      assert.equal(got.status, status, got.text);
      assert.equal((await gate.line((one) => one.request_id === got.get('x-request-id'))).policy_next, word);
    }
  }
});

test('two hosts have one path', async (t) => {
  const [A, B] = ['https://a.example/mcp', 'https://b.example/mcp'];
  const module = (host, resource) => ({ hosts: [host], paths: ['/mcp'], resource });
  const policy = { roles: { reader: {} }, modules: { a: module('a.example', A), b: module('b.example', B) }, privileges: { all: { modules: ['a', 'b'] } } };
  const gate = await issuerGate(t, { policy, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  const ask = (host, target, line = '') => send(gate.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${line}Connection: close\r\n\r\n`, 'GET');
  for (const [host, url] of [['a.example', A], ['b.example', B], ['B.example:8443', B], ['evil.example', A]]) assert.equal((await ask(host, `${WELL_KNOWN}/mcp`)).json().resource, url);
  for (const [host, aud, status] of [['a.example', A, 200], ['b.example', A, 401], ['b.example', B, 200], ['a.example', B, 401]]) {
    assert.equal((await ask(host, '/mcp', `Authorization: Bearer ${await sign(key, { aud })}\r\n`)).status, status, `${host} ${aud}`);
  }
});

test('mistakes', async (t) => {
  for (const [modules, resource, pattern] of [
    [{ a: { paths: ['/a'], resource: '/a' } }, {}, /\/modules\/a\/resource: must/],
    [{ a: { paths: ['/a'], resource: 'https://a.example/a#x' } }, {}, /\/modules\/a\/resource: must/],
    [{ a: { paths: ['/a'], resource: 'https://a.example/m' }, b: { paths: ['/b'], resource: 'http://A.example/m' } }, {}, /\/modules\/b\/resource: has its metadata at .*\/m, as the resource of module "a"/],
    [{ a: { paths: ['/a'], resource: 'https://a.example/m' } }, { url: 'https://a.example:8443/m' }, /\/modules\/a\/resource: has its metadata at .*\/m, as resource\.url of postern\.yaml/],
  ]) {
    const gate = await makeGate(t, { policy: { modules, privileges: { all: { modules: Object.keys(modules) } } }, config: { issuers: fileIssuer(), resource }, files: { 'keys.json': keySet(key) } });
    const done = await run(['check', '-c', gate.file]);
    assert.equal(done.code, 1, done.stderr);
    assert.match(done.stdout + done.stderr, pattern);
  }
});
