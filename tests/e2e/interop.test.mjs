// SPDX-License-Identifier: Apache-2.0
// Clients that other people wrote, without special cases: openid-client, Authlib, curl, and requests
// in the shape of apex_web_service.oauth_authenticate.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Issuer } from 'openid-client';
import { callWith, FORM, GRANT, issuerGate, known } from './harness/oauth.mjs';

const execute = promisify(execFile);

/** Its output and exit code. What it is handed stands in its environment, not in its arguments. */
async function program(file, args, env = {}) {
  try {
    return { code: 0, ...(await execute(file, args, { env: { ...process.env, ...env } })) };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return error;
  }
}

test('openid-client', async (t) => {
  for (const path of ['', '/auth']) {
    await t.test(`an issuer at "${path}/"`, async (t) => {
      const gate = await issuerGate(t, { endpoints: path });
      const probe = await known(gate, await gate.addClient('probe', '--role', 'introspection'));
      const issuer = await Issuer.discover(`http://127.0.0.1:${gate.port}${path}`);
      const as = (client, token_endpoint_auth_method = 'client_secret_basic') => new issuer.Client({ client_id: client.client_id, client_secret: client.client_secret, token_endpoint_auth_method });

      await t.test('discovers all endpoints', () => {
        assert.equal(issuer.issuer, `http://127.0.0.1:${gate.port}${path}`);
        for (const name of ['token', 'revocation', 'introspection']) assert.ok(issuer[`${name}_endpoint`].startsWith(`${issuer.issuer}/oauth/`));
      });
      for (const method of ['client_secret_basic', 'client_secret_post']) {
        await t.test(`${method}: a token that the gate takes, and that the published keys verify`, async () => {
          const set = await as(gate.partner, method).grant({ grant_type: 'client_credentials', scope: 'a' });
          assert.equal(set.token_type, 'Bearer');
          assert.equal(set.scope, 'a');
          assert.ok(!set.expired());
          assert.equal((await callWith(gate, set.access_token)).status, 200);
          await jwtVerify(set.access_token, createRemoteJWKSet(new URL(issuer.jwks_uri)), { issuer: issuer.issuer, audience: 'api://local', typ: 'at+jwt' });
        });
        await t.test(`${method}: introspection and revocation`, async () => {
          const { access_token } = await as(gate.partner, method).grant({ grant_type: 'client_credentials' });
          assert.equal((await as(probe, method).introspect(access_token)).active, true);
          assert.equal((await as(probe, method).introspect('x')).active, false);
          await as(gate.partner, method).revoke(access_token, 'access_token');
          assert.equal((await as(probe, method).introspect(access_token)).active, false);
          assert.equal((await callWith(gate, access_token)).status, 401);
        });
      }
      await t.test('errors come as errors', async () => {
        const wrong = as({ ...gate.partner, client_secret: 'wrong' });
        await assert.rejects(wrong.grant({ grant_type: 'client_credentials' }), { error: 'invalid_client' });
        await assert.rejects(as(gate.partner).grant({ grant_type: 'client_credentials', scope: 'nonsense' }), { error: 'invalid_scope' });
        await assert.rejects(as(gate.partner).grant({ grant_type: 'password', username: 'u', password: 'p' }), { error: 'unsupported_grant_type' });
        await assert.rejects(as(gate.partner).introspect('x'), { error: 'unauthorized_client' });
      });
    });
  }
});

const AUTHLIB = `
import os, json
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from authlib.oidc.discovery import OpenIDProviderMetadata
import requests

issuer = os.environ['ISSUER']
for kind, external in ((AuthorizationServerMetadata, 'oauth-authorization-server'), (OpenIDProviderMetadata, 'openid-configuration')):
    if external == 'openid-configuration':
        url = issuer.rstrip('/') + '/.well-known/openid-configuration'
    else:
        url = get_well_known_url(issuer, external=True, suffix=external)
    answer = requests.get(url)
    answer.raise_for_status()
    metadata = kind(answer.json())
    metadata.validate()
    assert metadata['issuer'] == issuer
keys = JsonWebKey.import_key_set(requests.get(metadata['jwks_uri']).json())
for method in ('client_secret_basic', 'client_secret_post'):
    session = OAuth2Session(os.environ['ID'], os.environ['SECRET'], scope='a', token_endpoint_auth_method=method, revocation_endpoint_auth_method=method)
    token = session.fetch_token(metadata['token_endpoint'], grant_type='client_credentials')
    assert token['token_type'] == 'Bearer' and token['scope'] == 'a' and token['expires_at'] > 0
    claims = jwt.decode(token['access_token'], keys)
    claims.validate()
    assert claims['client_id'] == os.environ['ID']
    assert session.get(os.environ['GATE'] + '/api/x').status_code == 200
    probe = OAuth2Session(os.environ['PROBE_ID'], os.environ['PROBE_SECRET'], token_endpoint_auth_method=method, revocation_endpoint_auth_method=method)
    assert probe.introspect_token(metadata['introspection_endpoint'], token=token['access_token']).json()['active'] is True
    assert session.revoke_token(metadata['revocation_endpoint'], token=token['access_token']).status_code == 200
    assert probe.introspect_token(metadata['introspection_endpoint'], token=token['access_token']).json() == {'active': False}
    assert session.get(os.environ['GATE'] + '/api/x').status_code == 401
try:
    OAuth2Session(os.environ['ID'], 'wrong').fetch_token(metadata['token_endpoint'], grant_type='client_credentials')
    raise SystemExit('a wrong secret gave a token')
except Exception as error:
    assert getattr(error, 'error', None) == 'invalid_client', repr(error)
print('done')
`;

/** A Python that has Authlib: Debian's is not always the first one in the path. */
async function pythonWithAuthlib() {
  for (const python of ['python3', '/usr/bin/python3']) {
    const found = await program(python, ['-c', 'import authlib, requests']).catch(() => ({ code: 1 }));
    if (found.code === 0) return python;
  }
  return null;
}

test('Authlib', async (t) => {
  const python = await pythonWithAuthlib();
  if (python === null) return t.skip('python3-authlib is not installed');
  for (const path of ['', '/auth']) {
    await t.test(`an issuer at "${path}/"`, async (t) => {
      const gate = await issuerGate(t, { endpoints: path });
      const probe = await known(gate, await gate.addClient('probe', '--role', 'introspection'));
      const done = await program(python, ['-c', AUTHLIB], {
        AUTHLIB_INSECURE_TRANSPORT: '1',
        ISSUER: `http://127.0.0.1:${gate.port}${path}`,
        GATE: `http://127.0.0.1:${gate.port}`,
        ID: gate.partner.client_id,
        SECRET: gate.partner.client_secret,
        PROBE_ID: probe.client_id,
        PROBE_SECRET: probe.client_secret,
      });
      assert.equal(done.code, 0, done.stderr);
      assert.equal(done.stdout.trim(), 'done');
    });
  }
});

test('curl', async (t) => {
  const gate = await issuerGate(t);
  const token = `http://127.0.0.1:${gate.port}/oauth/token`;
  const { client_id: id, client_secret: secret } = gate.partner;
  const has = await program('curl', ['--version']).catch(() => null);
  if (has === null) return t.skip('curl is not installed');
  const ways = {
    '-u': ['-u', `${id}:${secret}`, '-d', GRANT, token],
    '-u with a scope': ['-u', `${id}:${secret}`, '-d', GRANT, '--data-urlencode', 'scope=a b', token],
    '-d for all': ['-d', GRANT, '-d', `client_id=${id}`, '-d', `client_secret=${secret}`, token],
    '-d @-: one form': ['-d', `${GRANT}&client_id=${id}&client_secret=${secret}`, token],
    'HTTP/1.0': ['-0', '-u', `${id}:${secret}`, '-d', GRANT, token],
    'a chunked body': ['-H', 'Transfer-Encoding: chunked', '-u', `${id}:${secret}`, '-d', GRANT, token],
    'Expect: 100-continue': ['-H', 'Expect: 100-continue', '-u', `${id}:${secret}`, '-d', GRANT, token],
    'a charset': ['-H', `Content-Type: ${FORM};charset=UTF-8`, '-u', `${id}:${secret}`, '-d', GRANT, token],
  };
  for (const [name, args] of Object.entries(ways)) {
    await t.test(name, async () => {
      const done = await program('curl', ['-sS', '--fail', '--max-time', '20', ...args]);
      assert.equal(done.code, 0, done.stderr);
      assert.equal((await callWith(gate, JSON.parse(done.stdout).access_token)).status, 200);
    });
  }
});

test('apex_web_service.oauth_authenticate', async (t) => {
  const gate = await issuerGate(t);
  const { client_id: id, client_secret: secret } = gate.partner;
  const everything = (text) => [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
  const reserved = (text) => text.replace(/[^A-Za-z0-9]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const shapes = {
    'as they are': [id, secret],
    'what is no letter or digit is escaped': [reserved(id), reserved(secret)],
    'all is escaped, in small letters': [everything(id), everything(secret)],
    'only the id': [everything(id), secret],
    'only the secret': [id, everything(secret)],
  };
  for (const [name, [user, password]] of Object.entries(shapes)) {
    await t.test(name, async () => {
      const got = await gate.ask({
        method: 'POST',
        target: '/oauth/token',
        headers: { 'Content-Type': FORM, 'User-Agent': 'Oracle-HTTP/1.1', Accept: '*/*', Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
        body: GRANT,
      });
      assert.equal(got.status, 200, got.text);
      // It reads the answer's members by these names, and the type whatever its case.
      assert.equal(got.json().token_type.toLowerCase(), 'bearer');
      assert.equal(typeof got.json().expires_in, 'number');
      assert.equal((await callWith(gate, got.json().access_token)).status, 200);
    });
  }
});
