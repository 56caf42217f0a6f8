// SPDX-License-Identifier: Apache-2.0
// What the two metadata documents must hold by RFC 8414 section 2 and OpenID Connect Discovery, and
// that all they name is there.
import assert from 'node:assert/strict';
import test from 'node:test';
import { issuerGate } from './harness/oauth.mjs';

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** RFC 8414 section 3.1 puts its path in front of the issuer's, OpenID Connect Discovery behind it. */
const DOCUMENTS = {
  'oauth-authorization-server': (path) => `/.well-known/oauth-authorization-server${path}`,
  'openid-configuration': (path) => `${path}/.well-known/openid-configuration`,
};

for (const path of ['', '/auth', '/a/b']) {
  test(`metadata of an issuer at "${path}/"`, async (t) => {
    const gate = await issuerGate(t, { endpoints: path });
    for (const [name, where] of Object.entries(DOCUMENTS)) {
      await t.test(name, async () => {
        const got = await gate.ask({ target: where(path) });
        assert.equal(got.status, 200);
        assert.equal(got.get('content-type'), 'application/json');
        const document = got.json();
        assert.equal(document.issuer, gate.issuer, 'equal to what discovery asked for (section 3.3)');
        assert.deepEqual(document.response_types_supported, ['none']);
        assert.deepEqual(document.grant_types_supported, ['client_credentials']);
        const login = new URL(document.authorization_endpoint);
        assert.equal(login.origin, `http://127.0.0.1:${gate.port}`);
        for (const query of ['', '?response_type=code&client_id=x&redirect_uri=https%3A%2F%2Fevil.example%2F']) {
          const refused = await gate.ask({ target: login.pathname + query });
          assert.equal(refused.status, 400);
          assert.equal(refused.json().error, 'unsupported_response_type');
          assert.equal(refused.get('location'), undefined, 'nobody is sent to a URI that no client registered');
          assert.ok(!refused.text.includes('evil'));
        }
        for (const endpoint of ['token', 'revocation', 'introspection']) {
          assert.deepEqual(document[`${endpoint}_endpoint_auth_methods_supported`], METHODS);
          assert.deepEqual(document[`${endpoint}_endpoint_auth_signing_alg_values_supported`], ALGORITHMS, 'required beside private_key_jwt, never none');
          const url = new URL(document[`${endpoint}_endpoint`]);
          assert.equal(url.origin, `http://127.0.0.1:${gate.port}`);
          const asked = await gate.ask({ method: 'POST', target: url.pathname, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials&token=x' });
          assert.equal(asked.status, 401, 'it is there');
        }
        const keys = await gate.ask({ target: new URL(document.jwks_uri).pathname });
        assert.equal(keys.status, 200);
        for (const key of keys.json().keys) {
          for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[secret], undefined);
        }
        if (name === 'openid-configuration') {
          assert.deepEqual(document.subject_types_supported, ['public']);
          assert.deepEqual(document.id_token_signing_alg_values_supported, ['RS256', ...new Set(keys.json().keys.map((key) => key.alg))], 'RS256 is required; the others are those that sign');
        }
        for (const [member, value] of Object.entries(document)) {
          assert.ok(!(Array.isArray(value) && value.length === 0), `${member}: members with nothing in them are left out (section 3.2)`);
        }
      });
    }
    await t.test('HEAD gives the head of GET, other methods nothing', async () => {
      const target = DOCUMENTS['openid-configuration'](path);
      const head = await gate.ask({ method: 'HEAD', target });
      assert.equal(head.status, 200);
      assert.equal(head.text, '');
      assert.equal((await gate.ask({ method: 'POST', target, body: 'x' })).status, 405);
    });
  });
}
