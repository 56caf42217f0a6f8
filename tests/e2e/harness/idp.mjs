// SPDX-License-Identifier: Apache-2.0
// A real OpenID provider: npm oidc-provider, whose resources each sign with another algorithm.
import http from 'node:http';
import { once } from 'node:events';
import { makeKeyPair } from './key_pair.mjs';
import { freePort } from './ports.mjs';
import { ask } from './raw.mjs';

// It warns of development settings; the tests' output is for the tests.
console.warn = () => {};
console.info = () => {};
const { Provider } = await import('oidc-provider');

const SPECS = { RS256: ['rsa', { modulusLength: 2048 }], PS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519', {}] };

export const IDP_ALGORITHMS = Object.keys(SPECS);
const SECRET = 'svc-secret-of-the-test';

/** A private JWK that signs with `alg`. */
export function signingJwk(alg, kid = `idp-${alg}`) {
  const [type, options] = SPECS[alg];
  const { privateKey } = makeKeyPair(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid };
}

function provider(issuer, keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [{
      client_id: 'svc', client_secret: SECRET, grant_types: ['client_credentials'], response_types: [], redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic', scope: 'read write',
      id_token_signed_response_alg: keys[0].alg,
    }],
    scopes: ['read', 'write'],
    cookies: { keys: ['of the test'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:api:RS256',
        getResourceServerInfo: (ctx, resource) => ({
          scope: 'read write', audience: 'api://default', accessTokenTTL: 600, accessTokenFormat: 'jwt',
          jwt: { sign: { alg: resource.split(':')[2] } },
        }),
      },
    },
    ttl: { ClientCredentials: 600 },
  });
}

/** A running provider: {issuer, token(alg, scope), keys, replaceKeys(keys), hits, stop(), start()}. */
export async function startIdp(t, algorithms = IDP_ALGORITHMS) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const idp = { port, issuer, hits: [], keys: algorithms.map((alg) => signingJwk(alg)) };
  let callback = provider(issuer, idp.keys).callback();
  let server;

  idp.start = async () => {
    server = http.createServer((request, response) => {
      idp.hits.push(request.url);
      callback(request, response);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  idp.stop = async () => {
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    server = null;
  };
  /** There is no way to change keys at run time: another provider takes over. */
  idp.replaceKeys = (keys) => {
    idp.keys = keys;
    callback = provider(issuer, keys).callback();
  };
  /** How often a path was asked for. */
  idp.count = (path) => idp.hits.filter((url) => url === path).length;
  idp.token = async (alg, scope = 'read') => {
    const answer = await ask(port, {
      method: 'POST', target: '/token',
      headers: { authorization: `Basic ${Buffer.from(`svc:${SECRET}`).toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `urn:api:${alg}`, scope }).toString(),
    });
    if (answer.status !== 200) throw new Error(`the identity provider said ${answer.status} ${answer.text}`);
    return answer.json().access_token;
  };
  await idp.start();
  t.after(() => idp.stop());
  return idp;
}
