// SPDX-License-Identifier: Apache-2.0
// Pages of other origins: preflights that the gate answers and nothing else that it lets past without
// credentials, and what a page may read of every answer. `browser` does what the Fetch Standard makes a
// browser do.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { issuerGate } from './harness/oauth.mjs';
import { send } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const APP = 'https://app.example';
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: {
    api: { paths: ['/api/*'], cors: { origins: [APP, 'http://localhost:3000'], methods: ['PUT'], headers: ['Authorization', 'X-Own'], expose: ['ETag'], credentials: true, max_age: '5m' } },
    any: { paths: ['/any/*'], cors: { origins: '*' } },
    plain: { paths: ['/plain/*'] },
    rated: { paths: ['/rated/*'], cors: { origins: APP }, rate: { by: 'peer', limit: '1/d' } },
  },
  privileges: { api: { modules: ['api'], roles: ['reader'] }, any: { modules: ['any'] }, plain: { modules: ['plain'] } },
  public: ['/api/open', '/rated/*'],
};
const HOSTILE = ['Access-Control-Allow-Origin: *', 'access-control-allow-origin: https://evil.test', 'Access-Control-Allow-Credentials: true', 'Access_Control_Allow_Origin: https://evil.test', 'Access-Control-Expose-Headers: X-Secret', 'ETag: "1"', 'X-Secret: s', 'Vary: Accept'];

async function corsGate(t) {
  const upstream = await recordingUpstream(t, () => answer(200, 'fine', HOSTILE));
  const gate = await startGate(t, { policy: POLICY, upstream: upstream.url, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  return { gate, upstream };
}

const preflight = (origin, method = 'PUT', more = {}) => ({ method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': method, ...more } });
const list = (got, name) => (got.get(name) ?? '').toLowerCase().split(',').map((one) => one.trim());
const accessControl = (got) => [...got.headers].filter(([name]) => /^access.control/.test(name)).map(([name, values]) => `${name}: ${values.join(' | ')}`);
const SAFE_METHODS = ['GET', 'HEAD', 'POST'];
const READABLE = ['cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma'];

/**
 * A call by a page (Fetch Standard, sections 4.8 to 4.10): refused by the browser, or {status, text, header}, where
 * header() gives what a script may read.
 */
async function browser(gate, origin, { target, method = 'GET', headers = {}, body = '', credentials = false }) {
  const allows = (got) => {
    const allowed = got.get('access-control-allow-origin');
    return (allowed === origin && (!credentials || got.get('access-control-allow-credentials') === 'true')) || (allowed === '*' && !credentials);
  };
  const unsafe = Object.keys(headers).map((name) => name.toLowerCase()).filter((name) => name !== 'accept');
  if (!SAFE_METHODS.includes(method) || unsafe.length > 0) {
    const first = await gate.ask({ target, ...preflight(origin, method, unsafe.length > 0 ? { 'Access-Control-Request-Headers': unsafe.join(',') } : {}) });
    if (!allows(first) || first.status < 200 || first.status > 299) return 'preflight';
    if (!SAFE_METHODS.includes(method) && !(first.get('access-control-allow-methods') ?? '').split(', ').includes(method)) return 'method';
    if (!unsafe.every((name) => list(first, 'access-control-allow-headers').includes(name))) return 'headers';
  }
  const got = await gate.ask({ target, method, headers: { Origin: origin, ...headers }, body });
  if (!allows(got)) return 'answer';
  return { status: got.status, text: got.text, header: (name) => ([...READABLE, ...list(got, 'access-control-expose-headers')].includes(name) ? got.get(name) : undefined) };
}

test('a page of an allowed origin calls, and reads what it is told', async (t) => {
  const { gate, upstream } = await corsGate(t);
  const Authorization = `Bearer ${await sign(key)}`;
  const got = await browser(gate, APP, { target: '/api/x', method: 'PUT', headers: { Authorization, 'X-Own': '1' }, credentials: true });
  assert.deepEqual([got.status, got.text, got.header('etag'), got.header('x-secret')], [200, 'fine', '"1"', undefined]);
  assert.ok(got.header('x-request-id'));
  assert.equal(upstream.requests.length, 1);
  assert.equal(upstream.requests[0].get('origin'), APP);
  for (const [headers, status, reason] of [[{}, 401, 'credentials_missing'], [{ Authorization: 'Bearer x' }, 401, 'token_malformed'], [{ Authorization: 'Bearer' }, 400, 'credentials_malformed'], [{ Authorization: `Bearer ${await sign(key, { scope: 'other' })}` }, 403, 'privilege_missing']]) {
    const refused = await browser(gate, APP, { target: '/api/x', headers });
    assert.deepEqual([refused.status, JSON.parse(refused.text).reason, refused.header('x-postern')], [status, reason, 'refused']);
    if (status === 401) assert.match(refused.header('www-authenticate'), /^Bearer /);
  }
  assert.equal((await browser(gate, 'http://localhost:3000', { target: '/api/open' })).status, 200);
  assert.equal(await browser(gate, APP, { target: '/api/x', method: 'DELETE', headers: { Authorization } }), 'method');
  assert.equal(await browser(gate, APP, { target: '/api/x', headers: { 'X-Other': '1' } }), 'headers');
  const first = await gate.ask({ target: '/api/x', ...preflight(APP) });
  assert.deepEqual([first.status, first.text, first.get('access-control-max-age'), first.get('access-control-allow-headers')], [200, '', '300', 'Authorization, X-Own']);
  const line = await gate.line((one) => one.method === 'OPTIONS' && one.verdict === 'serve');
  assert.deepEqual([line.module, line.reason, line.status], ['api', 'ok', 200]);
});

test('a page may read when it may come again', async (t) => {
  const { gate } = await corsGate(t);
  assert.equal((await browser(gate, APP, { target: '/rated/x' })).status, 200);
  const refused = await browser(gate, APP, { target: '/rated/x' });
  assert.deepEqual([refused.status, refused.header('ratelimit-limit'), refused.header('ratelimit-remaining'), refused.header('ratelimit-reset')], [429, '1', '0', '86400']);
  assert.ok(Number(refused.header('retry-after')) > 80000);
});

test('a page of any other origin does not', async (t) => {
  const { gate, upstream } = await corsGate(t);
  const Authorization = `Bearer ${await sign(key)}`;
  for (const origin of ['null', 'https://evil.test', `${APP}.evil.test`, `${APP}:443`, `${APP}/`, 'https://evil-app.example', 'https://App.example', 'http://app.example', 'https://app_example', `${APP}, https://evil.test`, `https://evil.test, ${APP}`, `${APP} https://evil.test`, `${APP}%00`, '*', 'file://']) {
    assert.equal(await browser(gate, origin, { target: '/api/x', method: 'PUT', headers: { Authorization } }), 'preflight', origin);
    const first = await gate.ask({ target: '/api/x', ...preflight(origin) });
    assert.deepEqual([first.status, first.json().reason, first.get('access-control-allow-origin')], [403, 'origin_not_allowed', undefined], origin);
    assert.equal(await browser(gate, origin, { target: '/api/open' }), 'answer');
    assert.deepEqual(accessControl(await gate.ask({ target: '/api/open', headers: { Origin: origin } })), [], origin);
  }
  assert.equal(upstream.requests.filter((request) => request.target === '/api/x').length, 0);
  const several = await gate.ask({ target: '/api/x', method: 'OPTIONS', headers: [`Origin: ${APP}`, 'Origin: https://evil.test', 'Access-Control-Request-Method: PUT'] });
  assert.equal(several.json().reason, 'origin_not_allowed');
  assert.equal((await gate.ask({ target: '/api/open', headers: [`Origin: ${APP}`, `Origin: ${APP}`] })).get('access-control-allow-origin'), undefined);
});

test('OPTIONS is no way past the gate', async (t) => {
  const { gate, upstream } = await corsGate(t);
  const ask = async (target, headers, method = 'OPTIONS') => (await gate.ask({ target, method, headers })).json().reason;
  const both = { Origin: APP, 'Access-Control-Request-Method': 'PUT' };
  assert.equal(await ask('/api/x', {}), 'credentials_missing');
  assert.equal(await ask('/api/x', { Origin: APP }), 'credentials_missing');
  assert.equal(await ask('/api/x', { 'Access-Control-Request-Method': 'PUT' }), 'credentials_missing');
  assert.equal(await ask('/plain/x', both), 'credentials_missing');
  assert.equal(await ask('/nowhere', both), 'no_rule');
  assert.equal(await ask('/api/%2e%2e/plain/x', both), 'path_ambiguous');
  assert.equal(await ask('/api/a;b', both), 'path_ambiguous');
  for (const method of ['GET', 'POST', 'PUT']) assert.equal(await ask('/api/x', both, method), 'credentials_missing');
  const got = await send(gate.port, `OPTIONS /api/x HTTP/1.1\r\nHost: x\r\nOrigin: ${APP}\r\nAccess-Control-Request-Method: PUT\r\nContent-Length: 5\r\n\r\nhelloGET /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  assert.equal(got.status, 200);
  assert.equal(upstream.requests.length, 0);
});

test("the gate's word replaces the upstream's, and only where it has one", async (t) => {
  const { gate } = await corsGate(t);
  const Authorization = `Bearer ${await sign(key)}`;
  assert.deepEqual(accessControl(await gate.ask({ target: '/api/x', headers: { Authorization, Origin: APP } })), [`access-control-allow-origin: ${APP}`, 'access-control-allow-credentials: true', 'access-control-expose-headers: X-Request-Id, X-Postern, WWW-Authenticate, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, ETag']);
  assert.deepEqual(accessControl(await gate.ask({ target: '/api/x', headers: { Authorization } })), []);
  assert.deepEqual((await gate.ask({ target: '/api/x', headers: { Authorization } })).all('vary'), ['Accept', 'Origin']);
  assert.deepEqual(accessControl(await gate.ask({ target: '/plain/x', headers: { Authorization, Origin: APP } })), ['access-control-allow-origin: * | https://evil.test', 'access-control-allow-credentials: true', 'access_control_allow_origin: https://evil.test', 'access-control-expose-headers: X-Secret']);
  const any = await gate.ask({ target: '/any/x', headers: { Authorization, Origin: 'null' } });
  assert.deepEqual([any.get('access-control-allow-origin'), any.get('access-control-allow-credentials'), any.all('vary')], ['*', undefined, ['Accept']]);
});

test("pages may ask for tokens where local_issuer.cors says so", async (t) => {
  const gate = await issuerGate(t, { local: { cors: { origins: APP } } });
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: 'Basic eDp5' };
  const body = 'grant_type=client_credentials';
  const refused = await browser(gate, APP, { target: '/oauth/token', method: 'POST', headers: form, body });
  assert.deepEqual([refused.status, JSON.parse(refused.text).error], [401, 'invalid_client']);
  assert.equal((await browser(gate, APP, { target: '/.well-known/jwks.json' })).status, 200);
  assert.equal(await browser(gate, 'https://evil.test', { target: '/oauth/token', method: 'POST', headers: form, body }), 'preflight');
  assert.equal((await gate.ask({ target: '/oauth/token', ...preflight('null', 'POST') })).json().reason, 'origin_not_allowed');
  const without = await issuerGate(t);
  assert.equal(await browser(without, APP, { target: '/oauth/token', method: 'POST', headers: form, body }), 'preflight');
  assert.equal((await without.ask({ target: '/oauth/token', ...preflight(APP, 'POST') })).status, 405);
});
