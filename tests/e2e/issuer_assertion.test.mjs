// SPDX-License-Identifier: Apache-2.0
// private_key_jwt (RFC 7523, OpenID Connect Core section 9): a client that proves who it is with its
// own key, and those who would like to.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import test from 'node:test';
import { promisify } from 'node:util';
import { Issuer } from 'openid-client';
import { assertOauthError, basic, callWith, claimsOf, GRANT, issuerGate, post } from './harness/oauth.mjs';
import { b64, forge, forgeHmac, keySet, makeKey, now } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';
import { SignJWT } from 'jose';

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ES = makeKey('ES256', 'one');
const RSA = makeKey('PS256', 'two');
const STRANGE = makeKey('ES256', 'one');

/** A client registered with these keys. */
async function signer(gate, name, ...keys) {
  gate.write(`${name}.json`, keySet(...keys));
  return JSON.parse(await gate.client('add', name, '--role', 'reader', '--auth-method', 'private_key_jwt', '--jwks', `${gate.dir}/${name}.json`, '--output', 'json'));
}

const claims = (gate, id, more = {}) => {
  const all = { iss: id, sub: id, aud: `${gate.issuer}/oauth/token`, exp: now() + 60, jti: crypto.randomUUID(), ...more };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};
const assertion = (key, payload, header = {}) => new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
const ask = (gate, client_assertion, more = {}, target = '/oauth/token') => post(gate, target, { ...(target === '/oauth/token' ? { grant_type: 'client_credentials' } : { token: 'x' }), client_assertion_type: TYPE, client_assertion, ...more }, { client: null });

test('private_key_jwt', async (t) => {
  const gate = await issuerGate(t, { local: { token_lifetime: '10m' } });
  const { client_id: id, client_secret: secret } = await signer(gate, 'signer', ES, RSA);
  const other = await signer(gate, 'other', STRANGE);
  await eventually(async () => (await ask(gate, await assertion(ES, claims(gate, id)))).status === 200, 'the client is known');

  await t.test('such a client has no secret', () => assert.equal(secret, undefined));
  for (const key of [ES, RSA]) {
    await t.test(`${key.alg}: a token that the gate takes`, async () => {
      const got = await ask(gate, await assertion(key, claims(gate, id)));
      assert.equal(got.status, 200, got.text);
      assert.equal(claimsOf(got.json().access_token).client_id, id);
      assert.equal((await callWith(gate, got.json().access_token)).status, 200);
    });
  }
  const good = {
    'client_id beside it': [{}, { client_id: id }],
    'the issuer as aud': [{ aud: gate.issuer }],
    'the issuer and the endpoint as aud': [{ aud: [gate.issuer, `${gate.issuer}/oauth/token`] }],
    'iat and nbf': [{ iat: now(), nbf: now() - 1 }],
    'exp an hour ahead': [{ exp: now() + 3600 }],
  };
  for (const [name, [more, form]] of Object.entries(good)) {
    await t.test(name, async () => {
      const got = await ask(gate, await assertion(ES, claims(gate, id, more)), form);
      assert.equal(got.status, 200, got.text);
    });
  }
  await t.test('typ JWT, and no kid where one key fits', async () => {
    assert.equal((await ask(gate, await assertion(ES, claims(gate, id), { typ: 'JWT', kid: undefined }))).status, 200);
  });
  await t.test('at the other endpoints, too', async () => {
    assert.equal((await ask(gate, await assertion(ES, claims(gate, id)), {}, '/oauth/revoke')).status, 200);
    assert.equal((await ask(gate, await assertion(ES, claims(gate, id, { aud: `${gate.issuer}/oauth/revoke` })), {}, '/oauth/revoke')).status, 200);
    assertOauthError(await ask(gate, await assertion(ES, claims(gate, id)), {}, '/oauth/introspect'), 403, 'unauthorized_client');
  });

  const bad = {
    'no jti': { jti: undefined },
    'an empty jti': { jti: '' },
    'no exp': { exp: undefined },
    'exp that has passed': { exp: now() - 60 },
    'exp two hours ahead': { exp: now() + 7200 },
    'nbf in the future': { nbf: now() + 300 },
    'no aud': { aud: undefined },
    'another server as aud': { aud: 'https://other.example/oauth/token' },
    'another server as aud beside ours': { aud: [`${gate.issuer}/oauth/token`, 'https://other.example'] },
    'the audience of our tokens as aud': { aud: 'api://local' },
    'another iss': { iss: other.client_id },
    'another sub': { sub: other.client_id },
    'another client altogether': { iss: other.client_id, sub: other.client_id },
    'nobody': { iss: 'nobody', sub: 'nobody' },
    'no iss': { iss: undefined },
    'no sub': { sub: undefined },
    'the name for the id': { iss: 'signer', sub: 'signer' },
  };
  for (const [name, more] of Object.entries(bad)) {
    await t.test(`${name}: invalid_client`, async () => {
      assertOauthError(await ask(gate, await assertion(ES, claims(gate, id, more))), 401, 'invalid_client');
    });
  }

  const publicPem = ES.publicKey.export({ type: 'spki', format: 'pem' });
  const payload = () => claims(gate, id);
  const forged = {
    'another client\'s key': async () => assertion(STRANGE, payload()),
    'alg none': async () => `${b64(JSON.stringify({ alg: 'none', kid: ES.kid }))}.${b64(JSON.stringify(payload()))}.`,
    'HS256 with the public key': async () => forgeHmac('HS256', publicPem, { kid: ES.kid }, payload()),
    'the key in its own header': async () => assertion(STRANGE, payload(), { jwk: STRANGE.publicKey.export({ format: 'jwk' }) }),
    'the key at a URL of its own header': async () => assertion(STRANGE, payload(), { jku: 'https://attacker.example/keys' }),
    'no signature': async () => (await assertion(ES, payload())).replace(/[^.]+$/, ''),
    'an unknown kid': async () => assertion(ES, payload(), { kid: 'three' }),
    'a kid that climbs': async () => assertion(ES, payload(), { kid: '../../one' }),
    'the key\'s alg changed': async () => forge(ES, { alg: 'ES384', kid: ES.kid }, payload(), { alg: 'ES256' }),
    'an access token of the gate': async () => (await ask(gate, await assertion(ES, payload()))).json().access_token,
    'no JWT': async () => 'x',
    'a large one': async () => 'x'.repeat(50000),
  };
  for (const [name, make] of Object.entries(forged)) {
    await t.test(`${name}: invalid_client`, async () => assertOauthError(await ask(gate, await make()), 401, 'invalid_client'));
  }

  await t.test('it counts once, at all endpoints together', async () => {
    const once = await assertion(ES, payload());
    assert.equal((await ask(gate, once)).status, 200);
    assertOauthError(await ask(gate, once), 401, 'invalid_client');
    assertOauthError(await ask(gate, once, {}, '/oauth/revoke'), 401, 'invalid_client');
  });
  await t.test('of many at once exactly one counts', async () => {
    const once = await assertion(ES, payload());
    const got = await Promise.all(Array.from({ length: 20 }, () => ask(gate, once)));
    assert.equal(got.filter(({ status }) => status === 200).length, 1);
    assert.equal(got.filter(({ status }) => status === 401).length, 19);
  });
  await t.test('the same jti of another client is another one', async () => {
    const jti = crypto.randomUUID();
    assert.equal((await ask(gate, await assertion(ES, claims(gate, id, { jti })))).status, 200);
    assert.equal((await ask(gate, await assertion(STRANGE, claims(gate, other.client_id, { jti })))).status, 200);
  });
  await t.test('it has counted after a reload, too, whatever that changes of the local issuer', async () => {
    const once = await assertion(ES, payload());
    assert.equal((await ask(gate, once)).status, 200);
    const replays = () => gate.lines.filter(({ detail }) => /used before/.test(detail)).length;
    for (const more of [{ token_lifetime: '5m' }, { token_lifetime: '5m', audience: 'api://other' }, {}]) {
      gate.write('postern.yaml', { ...gate.config, local_issuer: { ...gate.config.local_issuer, ...more } });
      const reloaded = await gate.admin('/reload', { method: 'POST' });
      assert.equal(reloaded.status, 200, reloaded.text);
      const fresh = await ask(gate, await assertion(ES, payload()));
      assert.equal(fresh.json().expires_in, more.token_lifetime ? 300 : 600, 'the reload counts');
      const before = replays();
      assertOauthError(await ask(gate, once), 401, 'invalid_client');
      await eventually(() => replays() > before, 'the replay in the log');
    }
  });
  await t.test('a request that fails for its scope leaves it good', async () => {
    const once = await assertion(ES, payload());
    assertOauthError(await ask(gate, once, { scope: 'nonsense' }), 400, 'invalid_scope');
    assert.equal((await ask(gate, once)).status, 200);
  });

  await t.test('client_id of another: invalid_client', async () => {
    assertOauthError(await ask(gate, await assertion(ES, payload()), { client_id: other.client_id }), 401, 'invalid_client');
  });
  await t.test('without its type, or with another: invalid_client', async () => {
    for (const type of ['', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer', `${TYPE} `]) {
      assertOauthError(await ask(gate, await assertion(ES, payload()), { client_assertion_type: type }), 401, 'invalid_client');
    }
  });
  await t.test('beside a secret: invalid_request', async () => {
    assertOauthError(await ask(gate, await assertion(ES, payload()), { client_id: id, client_secret: 'x' }), 400, 'invalid_request');
    const own = basic(gate.partner.client_id, gate.partner.client_secret);
    assertOauthError(await post(gate, '/oauth/token', { grant_type: 'client_credentials', client_assertion_type: TYPE, client_assertion: await assertion(ES, payload()) }, { client: null, headers: { Authorization: own } }), 400, 'invalid_request');
  });
  await t.test('a client with a secret cannot use one, nor this one a secret', async () => {
    assertOauthError(await ask(gate, await assertion(ES, claims(gate, gate.partner.client_id))), 401, 'invalid_client');
    for (const guess of ['', 'x']) assertOauthError(await post(gate, '/oauth/token', GRANT, { client: null, headers: { Authorization: basic(id, guess) } }), 401, 'invalid_client');
  });
  await t.test('the log has the reason, and no assertion', async () => {
    const signed = await assertion(ES, claims(gate, id, { exp: now() + 7200 }));
    await ask(gate, signed);
    await gate.line((line) => /too far in the future/.test(line.detail));
    const text = JSON.stringify(gate.lines) + gate.stderr;
    assert.ok(!text.includes(signed) && !text.includes(signed.split('.')[2]));
  });
  await t.test('disabled: invalid_client', async () => {
    await gate.client('disable', 'signer');
    await eventually(async () => (await ask(gate, await assertion(ES, payload()))).status === 401, 'it is refused');
    await gate.client('enable', 'signer');
    await eventually(async () => (await ask(gate, await assertion(ES, payload()))).status === 200, 'it is taken again');
  });

  await t.test('openid-client', async () => {
    const issuer = await Issuer.discover(gate.issuer);
    const client = new issuer.Client({ client_id: id, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256' }, { keys: [{ ...ES.privateKey.export({ format: 'jwk' }), kid: ES.kid, alg: 'ES256', use: 'sig' }] });
    const set = await client.grant({ grant_type: 'client_credentials' });
    assert.equal((await callWith(gate, set.access_token)).status, 200);
    await client.revoke(set.access_token);
    assert.equal((await callWith(gate, set.access_token)).status, 401);
  });

  await t.test('Authlib', async (t) => {
    const script = `
import os
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
session = OAuth2Session(os.environ['ID'], os.environ['KEY'].encode(), token_endpoint_auth_method='private_key_jwt')
session.register_client_auth_method(PrivateKeyJWT(os.environ['URL'], alg='PS256'))
token = session.fetch_token(os.environ['URL'], grant_type='client_credentials')
assert session.get(os.environ['GATE'] + '/api/x').status_code == 200
print('done')
`;
    const env = { ...process.env, AUTHLIB_INSECURE_TRANSPORT: '1', ID: id, KEY: RSA.privateKey.export({ type: 'pkcs8', format: 'pem' }), URL: `${gate.issuer}/oauth/token`, GATE: gate.issuer };
    const run = promisify(execFile);
    for (const python of ['python3', '/usr/bin/python3']) {
      if (await run(python, ['-c', 'import authlib, requests']).then(() => true, () => false)) {
        assert.equal((await run(python, ['-c', script], { env })).stdout.trim(), 'done');
        return;
      }
    }
    t.skip('python3-authlib is not installed');
  });
});
