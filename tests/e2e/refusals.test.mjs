// SPDX-License-Identifier: Apache-2.0
// Every word of the table of refusals, provoked over a real socket: the answer in every particular
// and the log line.
import assert from 'node:assert/strict';
import test from 'node:test';
import { copySigning, makeGate, run, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { requestText, send } from './harness/raw.mjs';
import { AUDIENCE, fileIssuer, forge, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { answer, deadUrl, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const rsa = makeKey('RS256');
const stranger = makeKey('RS256');
const FILES = { 'keys.json': keySet(rsa) };

const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: { api: { paths: ['/api/*'] }, scoped: { paths: ['/scoped/*'] }, pages: { paths: ['/pages/*'], cors: { origins: 'https://app.example' } } },
  privileges: {
    api_priv: { modules: ['api'], paths: ['/api/*'], methods: ['GET', 'POST'], roles: ['reader'] },
    pages: { modules: ['pages'] },
    own: { paths: ['/own/{user}'], match: { user: '/sub' } },
    scoped_priv: { modules: ['scoped'], paths: ['/scoped/*'], scopes: ['special'] },
  },
  public: ['/open/*'],
};

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** One request each; the gate of this table has an upstream that must see none of them. */
const CASES = [
  { reason: 'credentials_missing', ask: () => ({ target: '/api/x' }) },
  { reason: 'credentials_malformed', ask: () => ({ target: '/api/x', headers: { Authorization: 'Bearer' } }) },
  { reason: 'credentials_duplicate', ask: async () => ({ target: '/api/x', headers: [`Authorization: Bearer ${await sign(rsa)}`, `Authorization: Bearer ${await sign(rsa)}`] }) },
  { reason: 'token_malformed', ask: () => ({ target: '/api/x', headers: bearer('a.b') }) },
  { reason: 'token_too_large', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { x: 'a'.repeat(20000) })) }) },
  { reason: 'token_type_wrong', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, {}, { typ: 'logout+jwt' })) }) },
  { reason: 'algorithm_not_allowed', ask: () => ({ target: '/api/x', headers: bearer(forge(rsa, { alg: 'none' }, {})) }) },
  { reason: 'issuer_unknown', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { iss: 'https://evil.test' })) }) },
  { reason: 'key_unknown', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, {}, { kid: 'nobody' })) }) },
  { reason: 'keys_unavailable', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { iss: 'https://down.test' })) }) },
  { reason: 'signature_invalid', ask: async () => ({ target: '/api/x', headers: bearer(await sign(stranger)) }) },
  { reason: 'claim_malformed', ask: () => ({ target: '/api/x', headers: bearer(forge(rsa, { alg: 'RS256', kid: rsa.kid, typ: 'JWT' }, { iss: 1 })) }) },
  { reason: 'critical_unknown', ask: async () => ({ target: '/api/x', headers: bearer(forge(rsa, { alg: 'RS256', kid: rsa.kid, crit: ['x'], x: 1 }, {})) }) },
  { reason: 'token_expired', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { exp: now() - 3600 })) }) },
  { reason: 'token_not_yet_valid', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { nbf: now() + 3600, exp: now() + 7200 })) }) },
  { reason: 'token_too_old', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { iat: now() - 8000 })) }) },
  { reason: 'audience_mismatch', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { aud: 'api://other' })) }) },
  { reason: 'claim_required_missing', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { token_use: 'id' })) }) },
  { reason: 'origin_not_allowed', ask: () => ({ method: 'OPTIONS', target: '/pages/x', headers: { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'PUT' } }) },
  { reason: 'binding_mismatch', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { token_use: 'access', cnf: { jkt: 'x' } })) }) },
  { reason: 'privilege_missing', ask: async () => ({ target: '/api/x', headers: bearer(await sign(rsa, { token_use: 'access', scope: 'none' })) }) },
  { reason: 'scope_missing', ask: async () => ({ target: '/scoped/x', headers: bearer(await sign(rsa, { token_use: 'access' })) }) },
  { reason: 'claim_mismatch', ask: async () => ({ target: '/own/bob', headers: bearer(await sign(rsa, { token_use: 'access' })) }) },
  { reason: 'method_not_granted', ask: async () => ({ method: 'DELETE', target: '/api/x', headers: bearer(await sign(rsa, { token_use: 'access' })) }) },
  { reason: 'no_rule', ask: async () => ({ target: '/elsewhere', headers: bearer(await sign(rsa, { token_use: 'access' })) }) },
  { reason: 'path_ambiguous', ask: () => ({ target: '/api/../open/x' }) },
  { reason: 'request_malformed', ask: () => ({ target: '/open/x', headers: ['Content-Length: 1', 'Content-Length: 1'] }) },
  { reason: 'header_too_large', ask: () => ({ target: '/open/x', headers: Array.from({ length: 80 }, (_, i) => `X-${i}: 1`) }) },
  { reason: 'body_too_large', ask: () => ({ method: 'POST', target: '/open/x', body: 'a'.repeat(2000) }) },
];

test('refusals before the upstream', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, policy: POLICY, files: FILES,
    config: {
      limits: { header_bytes: '64k', body_bytes: '1k' },
      issuers: {
        ...fileIssuer({ max_age: '2h', require: { '/token_use': 'access' } }),
        down: { issuer: 'https://down.test', audience: [AUDIENCE], jwks_uri: `${await deadUrl()}/keys`, jwks: { timeout: '60s' } },
      },
    },
  });

  for (const { reason, ask } of CASES) {
    await t.test(reason, async () => {
      const got = await send(gate.port, requestText(gate.port, await ask()));
      await expectRefusal(gate, got, reason);
    });
  }

  await t.test('none of them reached the upstream', () => assert.equal(upstream.bytes(), ''));

  await t.test('each is counted under its word', async () => {
    for (const { reason } of CASES) {
      await eventually(async () => (await gate.metric(`postern_requests_total{reason="${reason}"}`)) >= 1, `the count of ${reason}`);
    }
  });

  await t.test('the log line names who, where and what', async () => {
    const token = await sign(rsa, { token_use: 'access', scope: 'none' });
    const line = await expectRefusal(gate, await gate.ask({ target: '/api/x?secret=1', headers: bearer(token) }), 'privilege_missing');
    assert.equal(line.method, 'GET');
    assert.equal(line.path, '/api/x', 'without the query, which may hold secrets');
    assert.equal(line.pattern, '/api/*');
    assert.equal(line.privilege, 'api_priv');
    assert.equal(line.module, 'api');
    assert.equal(line.issuer, 'idp');
    assert.equal(line.sub, 'alice');
    assert.equal(line.client, 'app-1');
    assert.match(line.peer, /^127\.0\.0\.1/);
    assert.equal(line.upstream_us, undefined, 'the upstream was not asked');
  });

  await t.test('the challenge names the scope that would have sufficed', async () => {
    const token = await sign(rsa, { token_use: 'access' });
    const got = await gate.ask({ target: '/scoped/x', headers: bearer(token) });
    assert.match(got.get('www-authenticate'), /, scope="special"/);
  });

  await t.test("the challenge points at the metadata of the request's host", async () => {
    const got = await gate.ask({ target: '/api/x' });
    assert.match(got.get('www-authenticate'), new RegExp(`resource_metadata="http://127\\.0\\.0\\.1:${gate.port}/\\.well-known/oauth-protected-resource"`));
  });

  await t.test('a refusal of HEAD has no body, but its length', async () => {
    const got = await gate.ask({ method: 'HEAD', target: '/api/x' });
    assert.equal(got.status, 401);
    assert.equal(got.get('x-postern'), 'refused');
    assert.ok(Number(got.get('content-length')) > 0);
    assert.equal(got.body.length, 0);
  });

  await t.test('each refusal has an id of its own', async () => {
    const ids = new Set();
    for (let i = 0; i < 20; i++) ids.add((await gate.ask({ target: '/api/x' })).get('x-request-id'));
    assert.equal(ids.size, 20);
  });
});

test('answers.detail: none gives clients no detail, and the log all of it', async (t) => {
  const gate = await startGate(t, { policy: POLICY, files: FILES, config: { issuers: fileIssuer(), answers: { detail: 'none' } } });
  const got = await gate.ask({ target: '/api/x', headers: bearer(await sign(rsa, { aud: 'api://other' })) });

  assert.deepEqual(Object.keys(got.json()), ['type', 'title', 'status', 'reason', 'instance']);
  assert.doesNotMatch(got.text + got.head, /api:\/\/other/);
  const line = await gate.line((entry) => entry.request_id === got.json().instance);
  assert.ok(line.detail.length > 0);
});

test('refusals for the upstream\'s sake', async (t) => {
  const upstream = await recordingUpstream(t, (request) => (request.target === '/open/bad' ? 'HTTP/1.1 200 Fine\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab' : undefined));
  const policy = { modules: { dead: { paths: ['/open/dead'], upstream: await deadUrl() } }, public: ['/open/*'] };
  const gate = await startGate(t, { upstream: upstream.url, policy });

  await t.test('nobody listens', async () => expectRefusal(gate, await gate.ask({ target: '/open/dead' }), 'upstream_unreachable'));
  await t.test('it does not answer', async (inner) => {
    const hasty = await startGate(inner, { upstream: upstream.url, policy, config: { limits: { upstream_timeout: '500ms' } } });
    await expectRefusal(hasty, await hasty.ask({ target: '/open/silent' }), 'upstream_timeout');
  });
  await t.test('it answers in two ways', async () => expectRefusal(gate, await gate.ask({ target: '/open/bad' }), 'upstream_malformed'));
});

test('a token of the local issuer whose client is gone', async (t) => {
  const local = { issuer: 'http://local.test', audience: 'api://local' };
  const policy = { roles: { r: {} }, modules: { api: { paths: ['/api/*'] } }, privileges: { p: { modules: ['api'], paths: ['/api/*'] } } };
  const first = await startGate(t, { policy, config: { local_issuer: local } });
  const second = await makeGate(t, {
    policy,
    config: (gate) => {
      // The same signing key, another database: to it the first one's clients are unknown.
      copySigning(first, gate);
      return { local_issuer: local };
    },
  });
  const begun = await run(['store', 'init', '-c', second.file]);
  assert.equal(begun.code, 0, begun.stderr);
  second.spawn();
  t.after(() => second.stop());
  await second.ready();
  const { client_id: id, client_secret: secret } = await first.addClient('gone');
  const token = await eventually(async () => (await first.ask({
    method: 'POST', target: '/oauth/token', body: 'grant_type=client_credentials',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`, 'Content-Type': 'application/x-www-form-urlencoded' },
  })).json().access_token, 'a token');

  await expectRefusal(second, await second.ask({ target: '/api/x', headers: bearer(token) }), 'client_disabled');
});

test('more clients than connections', async (t) => {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const upstream = await recordingUpstream(t, async (request) => { if (request.target === '/open/slow') await held; return answer(200); });
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, files: FILES, config: { issuers: fileIssuer(), limits: { connections: 4 } } });
  const busy = Array.from({ length: 4 }, () => gate.ask({ target: '/open/slow' }));
  await upstream.until(4);

  const got = await gate.ask({ target: '/open/x' });
  await expectRefusal(gate, got, 'overloaded');
  release();
  for (const slow of await Promise.all(busy)) assert.equal(slow.status, 200, 'those that it had are served');
  await eventually(async () => (await gate.ask({ target: '/open/x' })).status === 200, 'and when they are gone it serves again');
});
