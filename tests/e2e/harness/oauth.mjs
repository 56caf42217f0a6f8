// SPDX-License-Identifier: Apache-2.0
// A gate with a local issuer, and what a client sends to its endpoints.
import assert from 'node:assert/strict';
import { startGate } from './gate.mjs';
import { recordingUpstream } from './upstream.mjs';
import { eventually } from './wait.mjs';

export const FORM = 'application/x-www-form-urlencoded';
export const GRANT = 'grant_type=client_credentials';

const POLICY = {
  roles: { reader: {}, writer: {}, introspection: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], methods: ['GET'], roles: ['reader'] } },
};

export const basic = (id, secret) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
export const form = (parameters) => new URLSearchParams(parameters).toString();

/** The claims of a token, unproved. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

/** A gate with a local issuer, an upstream and a client "partner" that may read. `endpoints` is the path of its issuer. */
export async function issuerGate(t, { local = {}, config = {}, policy = POLICY, scopes = ['a', 'b'], endpoints = '', ...more } = {}) {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url,
    policy,
    config: (self) => ({
      local_issuer: { issuer: `http://127.0.0.1:${self.port}${endpoints}`, audience: 'api://local', lockout: { failures: 0 }, ...local },
      ...config,
    }),
    ...more,
  });
  gate.issuer = `http://127.0.0.1:${gate.port}${endpoints}`;
  gate.endpoints = endpoints;
  gate.partner = await gate.addClient('partner', '--role', 'reader', ...scopes.flatMap((scope) => ['--scope', scope]));
  await known(gate, gate.partner);
  return gate;
}

/** POST to an endpoint, as `client` unless the headers say otherwise. */
export function post(gate, target, body, { client = gate.partner, headers = {}, ...more } = {}) {
  const own = client === null ? {} : { Authorization: basic(client.client_id, client.client_secret) };
  return gate.ask({ method: 'POST', target: gate.endpoints + target, headers: { 'Content-Type': FORM, ...own, ...headers }, body: typeof body === 'string' ? body : form(body), ...more });
}

/** A client made by another process is known a moment later. */
export async function known(gate, client) {
  await eventually(async () => (await post(gate, '/oauth/token', GRANT, { client })).status === 200, 'the client is known');
  return client;
}

export async function tokenOf(gate, client = gate.partner, parameters = {}) {
  const got = await post(gate, '/oauth/token', { grant_type: 'client_credentials', ...parameters }, { client });
  assert.equal(got.status, 200, got.text);
  return got.json().access_token;
}

export const callWith = (gate, token) => gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });

/** RFC 6749 section 5.2, in every particular that a client sees. */
export function assertOauthError(got, status, error) {
  assert.equal(got.status, status, got.text || got.head);
  assert.equal(got.get('content-type'), 'application/json');
  assert.equal(got.get('cache-control'), 'no-store');
  const answer = got.json();
  assert.equal(answer.error, error);
  assert.match(answer.error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  assert.deepEqual(Object.keys(answer), ['error', 'error_description']);
  if (status === 401) assert.match(got.get('www-authenticate') ?? '', /^Basic realm=/);
}
