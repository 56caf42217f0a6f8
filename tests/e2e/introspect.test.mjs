// SPDX-License-Identifier: Apache-2.0
// POST /oauth/introspect (RFC 7662): who may ask, what is told, and that a token which the gate would
// refuse is not active, whatever the cause.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertOauthError, callWith, claimsOf, issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { eventually } from './harness/wait.mjs';
import { run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';

const introspect = (gate, token, client, more = {}) => post(gate, '/oauth/introspect', { token, ...more }, { client });

function assertInactive(got) {
  assert.equal(got.status, 200, got.text);
  assert.equal(got.text, '{"active":false}', 'nothing but that');
  assert.equal(got.get('content-type'), 'application/json');
  assert.equal(got.get('cache-control'), 'no-store');
}

test('introspection', async (t) => {
  const key = makeKey('ES256');
  const gate = await issuerGate(t, {
    files: { 'keys.json': keySet(key) },
    config: { issuers: fileIssuer() },
    local: { resources: ['urn:example:crm'] },
  });
  const probe = await known(gate, await gate.addClient('probe', '--role', 'introspection'));
  const issuer = gate.issuer;

  await t.test("returns the token's claims", async () => {
    const token = await tokenOf(gate);
    const got = await introspect(gate, token, probe);
    const said = claimsOf(token);
    assert.equal(got.status, 200);
    assert.equal(got.get('cache-control'), 'no-store');
    assert.deepEqual(got.json(), { active: true, token_type: 'Bearer', scope: 'a b', client_id: gate.partner.client_id, sub: gate.partner.client_id, aud: 'api://local', iss: issuer, jti: said.jti, iat: said.iat, exp: said.exp });
  });
  await t.test('the hint is only a hint', async () => {
    for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
      assert.equal((await introspect(gate, await tokenOf(gate), probe, { token_type_hint })).json().active, true);
    }
  });
  await t.test('a token for another of our resources is active', async () => {
    assert.equal((await introspect(gate, await tokenOf(gate, gate.partner, { resource: 'urn:example:crm' }), probe)).json().active, true);
  });
  await t.test('a client without the role learns only that', async () => {
    const token = await tokenOf(gate);
    assertOauthError(await introspect(gate, token, gate.partner), 403, 'unauthorized_client');
    assertOauthError(await introspect(gate, 'x', gate.partner), 403, 'unauthorized_client');
  });
  await t.test('a role that is granted counts at once, and so does its end', async () => {
    const token = await tokenOf(gate);
    await gate.client('grant', 'partner', 'introspection');
    assert.equal((await introspect(gate, token, gate.partner)).status, 200);
    await gate.client('revoke', 'partner', 'introspection');
    assert.equal((await introspect(gate, token, gate.partner)).status, 403);
  });

  const own = await tokenOf(gate);
  const [head, body, signature] = own.split('.');
  const b64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const inactive = {
    'no token': 'x',
    'three dots': '...',
    'a token of a third party that the gate trusts': await sign(key),
    'the claims of ours, signed by another': await sign(key, claimsOf(own)),
    'ours without a signature': `${head}.${body}.`,
    'ours with another signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'ours with longer life': `${head}.${b64({ ...claimsOf(own), exp: now() + 99999 })}.${signature}`,
    'ours with alg none': `${b64({ alg: 'none', typ: 'at+jwt' })}.${body}.`,
    'ours and more': `${own}A`,
    'ours and a space': `${own} `,
  };
  for (const [name, token] of Object.entries(inactive)) {
    await t.test(`${name}: not active`, async () => assertInactive(await introspect(gate, token, probe)));
  }

  await t.test('an expired one is not active', async () => {
    const short = await known(gate, await gate.addClient('short', '--token-lifetime', '1s'));
    const token = await tokenOf(gate, short);
    await eventually(async () => (await introspect(gate, token, probe)).text === '{"active":false}', 'it ends');
  });
  await t.test('what the log says of it holds no token', async () => {
    assert.ok(!JSON.stringify(gate.lines).includes(own) && !gate.stderr.includes(own));
    assert.ok(!JSON.stringify(gate.lines).includes(signature) && !gate.stderr.includes(signature));
  });
});

test('the role has another name by local_issuer.introspection_role', async (t) => {
  const policy = { roles: { reader: {}, prober: {}, introspection: {} }, modules: { api: { paths: ['/api/*'] } }, privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } } };
  const gate = await issuerGate(t, { policy, local: { introspection_role: 'prober' } });
  const probe = await known(gate, await gate.addClient('probe', '--role', 'prober'));
  const old = await known(gate, await gate.addClient('old', '--role', 'introspection'));
  const token = await tokenOf(gate);
  assert.equal((await introspect(gate, token, probe)).json().active, true);
  assert.equal((await introspect(gate, token, old)).status, 403);
});

test('accept: never: the gate takes no token of its own, so none is active', async (t) => {
  const gate = await issuerGate(t, { local: { accept: 'never' } });
  const probe = await known(gate, await gate.addClient('probe', '--role', 'introspection'));
  const token = await tokenOf(gate);
  assert.equal((await callWith(gate, token)).status, 401);
  assertInactive(await introspect(gate, token, probe));
});

test('introspection and the gate say the same of every token', async (t) => {
  const idp = makeKey('ES256');
  const gate = await issuerGate(t, { files: { 'keys.json': keySet(idp) }, config: { issuers: fileIssuer() } });
  const probe = await known(gate, await gate.addClient('probe', '--role', 'introspection'));
  const disabled = await known(gate, await gate.addClient('disabled', '--role', 'reader'));
  const gone = await known(gate, await gate.addClient('gone', '--role', 'reader'));
  const revoked = await known(gate, await gate.addClient('revoked', '--role', 'reader'));
  const command = async (args, input) => {
    const done = await run([...args, '-c', gate.file], { input });
    assert.equal(done.code, 0, done.stderr);
    return done.stdout.trim();
  };
  await command(['user', 'add', 'jane', '--role', 'reader', '--generate']);
  const tokens = {
    'of a client': [await tokenOf(gate), true],
    'of a user': [await command(['token', '--user', 'jane']), true],
    'of a disabled client': [await tokenOf(gate, disabled), false],
    'of a client that is gone': [await tokenOf(gate, gone), false],
    'of a revoked client': [await tokenOf(gate, revoked), false],
  };
  const both = async (token) => [(await callWith(gate, token)).status !== 401, (await introspect(gate, token, probe)).json().active];
  for (const [name, [token]] of Object.entries(tokens)) {
    await eventually(async () => (await both(token)).every((one) => one), `the token ${name} counts`);
  }
  await gate.client('disable', 'disabled');
  await gate.client('delete', 'gone');
  await command(['revoke', '--client', 'revoked']);
  for (const [name, [token, counts]] of Object.entries(tokens)) {
    await t.test(name, async () => {
      await eventually(async () => (await callWith(gate, token)).status === (counts ? 200 : 401), 'the gate notices');
      assert.deepEqual(await both(token), [counts, counts]);
    });
  }
  await t.test('an empty one is none', async () => assertOauthError(await introspect(gate, '', probe), 400, 'invalid_request'));
});

test('accept: fallback: while the issuer is on standby, none of its tokens is active', async (t) => {
  const idp = makeKey('ES256');
  const gate = await startGate(t, {
    files: { 'keys.json': keySet(idp) },
    config: (self) => ({ issuers: fileIssuer(), local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local', accept: 'fallback', lockout: { failures: 0 } } }),
    policy: { roles: { reader: {}, introspection: {} }, modules: { api: { paths: ['/api/*'] } }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } },
  });
  gate.endpoints = '';
  const probe = await gate.addClient('probe', '--role', 'introspection', '--role', 'reader');
  const minted = await run(['token', '--client', probe.client_id, '-c', gate.file]);
  assert.equal(minted.code, 0, minted.stderr);
  const token = minted.stdout.trim();
  const got = await callWith(gate, token);
  assert.equal(got.json().reason, 'local_issuer_standing_by');
  await eventually(async () => (await introspect(gate, token, probe)).status === 200, 'the client is known');
  assertInactive(await introspect(gate, token, probe));
});
