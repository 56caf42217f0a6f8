// SPDX-License-Identifier: Apache-2.0
// Real gateways that ask (forward-auth), each by the file of examples/forward-auth, where only addresses
// change. What they pass on of their client's, and what the API then gets, must be of the same request.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Gate, POLICY, scratch, startGate } from './harness/gate.mjs';
import { copyExample, missing, startGateway } from './harness/gateway.mjs';
import { freePort } from './harness/ports.mjs';
import { ask, send } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const EXAMPLE = 'forward-auth';

/** nginx sends pages of its own. When nobody answers, each has its status. */
const GATEWAYS = {
  nginx: { form: 'original', files: ['nginx.conf'], pages: true, alone: 500 },
  haproxy: { form: 'original', files: ['haproxy.cfg', 'postern.lua'], alone: 503 },
  caddy: { form: 'forwarded', files: ['Caddyfile'], alone: 502 },
  traefik: { form: 'forwarded', files: ['traefik.yaml', 'traefik-routes.yaml'], alone: 500 },
  envoy: { form: 'path', files: ['envoy.yaml'], alone: 403 },
};

const key = makeKey('RS256');
const bearer = async (claims) => ({ Authorization: `Bearer ${await sign(key, claims)}` });
const jane = await bearer({ sub: 'jane', scope: 'read' });
const stranger = await bearer({ sub: 'joe', scope: 'other' });
const late = await bearer({ sub: 'jane', scope: 'read', exp: 1000 });

const RULES = {
  ...POLICY,
  modules: {
    ...POLICY.modules,
    seldom: { paths: ['/seldom/*'] },
    reading: { paths: ['/reading/*'] },
    named: { paths: ['/open/named'], hosts: ['named.example'] },
    page: { paths: ['/page/*'], credentials: { cookie: 'session' } },
  },
  privileges: {
    ...POLICY.privileges,
    seldom: { modules: ['seldom'], roles: ['reader'], rate: { by: 'user', limit: '1/d', burst: 1 } },
    reading: { modules: ['reading'], roles: ['reader'], methods: ['GET'] },
    named: { modules: ['named'] },
    page: { modules: ['page'], roles: ['reader'] },
  },
};

/** The file of examples/ has these ports. */
const gatewayPorts = (port, gate, apiPort) => ({ 8080: port, 8081: gate.port, 9903: gate.authPort, 9000: apiPort });

const METADATA = '/.well-known/oauth-protected-resource';

/** Does some server take the one name for the other? */
const alike = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

/** Where a server that decodes, resolves and merges as often as it can would look. */
function widest(target) {
  let at = target.split(/[?#]/)[0];
  for (let before; before !== at;) {
    before = at;
    at = at.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
  const parts = [];
  for (const part of at.replaceAll('\\', '/').split('/').map((one) => one.split(';')[0])) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const ODD = [
  '//api/x', '/open//x', '/open/../api/x', '/open/..//api/x', '/open/%2e%2e/api/x', '/open/.%2E/api/x', '/open/%252e%252e/api/x', '/open/..;/api/x',
  '/open/..%2fapi/x', '/open/..%5capi/x', '/open\\..\\api\\x', '/open/x/..', '/open/./x', '/open/x;y=z', '/open/x;/../../api/x', '/open/%00', '/open/x%zz', '/open/x%',
  '/open/x?/../api/x', '/open/x?a=//..', '/open/x?a|b', '/open/x?', '/open/x#/../../api/x', '/open/x%23y', '/open/x%3fy', '/open/a%20b', '/open/%C3%A9', '/open/\xc3\xa9', '/open/%ff', '/open/a+b', '/open/a|b', '/open/{a}', '/open/"a"', '/open/a\tb',
  '/%6fpen/x', '/OPEN/x', '/open/x%2f..%2f..%2fapi', '/api/../open/x', '/api/%2e%2e/open/x', '/api/%41', '/api/a%2fb', '/api/x;a=b', '/api//x', '/api/', '/api', '/api/x/', '/api/x%20', '/api/x.', '/api/%7Ejane', '/api/~jane',
  '/', '//', '/.', '/..', '/%2f', '/_postern/authorize', '/_postern/authorize/open/x', '//_postern/authorize', '/_postern/../open/x', '/open/../_postern/authorize',
  ...['', 's', '/..', '/../api/x', '/%2e%2e/api/x', '/..%2fapi/x', '//../../api/x', '/..;/..;/api/x', '/x/../../../api/x'].map((more) => `${METADATA}${more}`),
  'http://api.example/open/x', 'http://api.example/api/x', 'http://api.example//api/x', 'http://api.example', 'https://api.example/open/../api/x', 'foo:/api/x', 'foo:open/x', 'foo:http://127.0.0.1/_postern/authorize', '*', 'open/x', '?', `/open/${'a'.repeat(6000)}`, `/open/x?${'a'.repeat(6000)}`,
];

/** What a client may add, in the hope that it is taken for the gateway's. */
const ADDED = [
  ['X-Original-URI: /open/x'], ['X-Original-Method: GET', 'X-Original-URI: /open/x'], ['x-original-uri: /open/x', 'X-ORIGINAL-URI: /open/x'], ['X-Original-URL: /open/x'], ['X-Rewrite-URL: /open/x'],
  ['X-Forwarded-Uri: /open/x'], ['X-Forwarded-Uri: /open/x', 'X-Forwarded-Method: GET'], ['X-Forwarded-Uri: /open/x', 'X-Forwarded-Uri: /open/y'], ['X-Forwarded-Path: /open/x'], ['X-Forwarded-Prefix: /open'],
  ['X_Original_URI: /open/x'], ['X_Forwarded_Uri: /open/x', 'X_Forwarded_Method: GET'], ['X.Forwarded.Uri: /open/x'], ['X-Forwarded_Uri: /open/x'],
  ['x-envoy-original-path: /open/x'], ['x-envoy-original-path: /open/x', 'x-envoy-decorator-operation: open'], ['X-Forwarded-Host: named.example'], ['X-Forwarded-Host: a', 'X-Forwarded-Host: b'], ['X-Forwarded-Server: a'],
  ['Forwarded: for=192.0.2.77;host=named.example;proto=https'], ['X-HTTP-Method-Override: GET'], [':path: /open/x'], ['X-Original-URI:'], ['X-Forwarded-Uri:', 'X-Original-Method:'],
  ['Connection: X-Forwarded-Uri, X-Forwarded-Method'], ['Connection: X-Original-URI, X-Original-Method, Authorization'], ['Connection: Authorization'], ['Connection: X-User, X-Roles, X-Scopes'], ['X-Postern-Status: 200'], ['Expect: 100-continue'], ['Max-Forwards: 0'], ['Upgrade: websocket', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='],
];

const IDENTITY = ['x-user', 'x-roles', 'x-scopes', 'x-client', 'x-issuer'];

for (const [name, { form, files, pages, alone }] of Object.entries(GATEWAYS)) test(`${name}, by its example`, { skip: await missing(name) }, async (t) => {
  const upstream = await recordingUpstream(t);
  const [port, authPort] = [await freePort(), await freePort()];
  const gate = await startGate(t, { files: { 'keys.json': keySet(key) }, policy: RULES, config: { issuers: fileIssuer(), forward_auth: { address: `127.0.0.1:${authPort}`, form, trusted_proxies: '127.0.0.1' } } });
  await gate.hasKeys();
  gate.authPort = authPort;
  /** Traefik answers 404 before it has read its routes. */
  const up = async () => (await ask(port, { target: '/open/up' })).status === 200;
  await startGateway(t, name, { example: EXAMPLE, files, replace: gatewayPorts(port, gate, upstream.port), answers: up });

  /** What the client got (null: nothing), and what the API got. */
  const via = async (request) => {
    upstream.clear();
    const got = await ask(port, request);
    assert.ok(upstream.requests.length < 2, 'the API is asked once');
    return { got, sent: upstream.requests[0] };
  };
  /** The gate has allowed exactly what the API got. */
  const judged = async (sent, since) => {
    const path = Buffer.from(sent.target.replace(/^http:\/\/[^/]*/, '').split('?')[0], 'latin1').toString().slice(0, 2048);
    const line = await gate.line((one) => one.verdict === 'allow' && one.path === path && gate.lines.indexOf(one) >= since);
    assert.equal(line.method, sent.method);
    return line;
  };
  const refused = ({ got, sent }, status, reason) => {
    assert.equal(sent, undefined, `${reason}: the API was asked`);
    assert.equal(got.status, status, got.text);
    if (!pages) assert.equal(got.json().reason, reason);
  };

  await t.test('the API gets the identity, and not the token', async () => {
    const { got, sent } = await via({ target: '/api/x?y=1&z=/..//', headers: { ...jane, 'X-User': 'root', 'X-Roles': 'root', 'X-Client': 'root' } });
    assert.equal(got.status, 200, got.text);
    assert.deepEqual(['X-User', 'X-Roles', 'X-Scopes', 'X-Client', 'X-Issuer', 'Authorization'].map((one) => sent.all(one)), [['jane'], ['reader'], ['read'], ['app-1'], ['idp'], []]);
    assert.equal(sent.target, '/api/x?y=1&z=/..//');
  });
  await t.test('on a public path nobody is somebody', async () => {
    const { got, sent } = await via({ target: '/open/x', headers: Object.fromEntries(IDENTITY.map((one) => [one, 'root'])) });
    assert.equal(got.status, 200, got.text);
    for (const one of IDENTITY) assert.ok(sent.all(one).every((value) => value === ''), one);
  });
  await t.test('a body goes to the API, and no byte of it to the gate', async () => {
    const body = 'x'.repeat(100000);
    for (const more of [{}, { Expect: '100-continue' }]) {
      const { got, sent } = await via({ method: 'POST', target: '/api/x', headers: { ...jane, ...more }, body });
      assert.deepEqual([got.status, sent.method, sent.body.toString()], [200, 'POST', body]);
    }
    upstream.clear();
    const head = ['POST /api/x HTTP/1.1', 'Host: a', 'Connection: close', `Authorization: ${jane.Authorization}`, 'Transfer-Encoding: chunked', '', ''].join('\r\n');
    assert.equal((await send(port, `${head}3\r\nabc\r\n0\r\n\r\n`)).status, 200);
    assert.equal(upstream.requests[0].body.toString(), 'abc');
  });
  await t.test('a refusal is told: 401, 403, 400 and 429', async () => {
    const none = await via({ target: '/api/x' });
    refused(none, 401, 'credentials_missing');
    assert.match(none.got.get('www-authenticate'), /^Bearer realm="postern"/);
    const old = await via({ target: '/api/x', headers: late });
    refused(old, 401, 'token_expired');
    assert.match(old.got.get('www-authenticate'), /error="invalid_token"/);
    refused(await via({ target: '/api/x', headers: stranger }), 403, 'privilege_missing');
    refused(await via({ target: '/nowhere', headers: jane }), 403, 'no_rule');
    refused(await via({ method: 'POST', target: '/reading/x', headers: jane }), 403, 'method_not_granted');
    refused(await via({ target: '/open/x%2fy' }), 400, 'path_ambiguous');
    assert.equal((await via({ target: '/seldom/x', headers: jane })).got.status, 200);
    const often = await via({ target: '/seldom/x', headers: jane });
    refused(often, 429, 'rate_limited');
    assert.ok(Number(often.got.get('retry-after')) > 0);
  });
  await t.test('a refusal of the API itself is passed on', async () => {
    const { respond } = upstream;
    for (const status of [401, 403]) {
      upstream.respond = () => answer(status, 'of the API');
      const { got } = await via({ target: '/api/x', headers: jane });
      assert.deepEqual([got.status, got.text], [status, 'of the API']);
    }
    upstream.respond = respond;
  });
  await t.test('two tokens are no token', async () => {
    const { got, sent } = await via({ target: '/api/x', headers: [`Authorization: ${jane.Authorization}`, `Authorization: ${jane.Authorization}`] });
    assert.ok(got.status >= 400 && sent === undefined, String(got.status));
  });
  await t.test('an odd path is refused, or goes on as it was judged', async () => {
    for (const target of ODD) for (const headers of [{}, jane]) {
      const since = gate.lines.length;
      const { got, sent } = await via({ target, headers });
      if (sent === undefined) {
        assert.ok(got.status >= 400 || ['*', METADATA].includes(target), `${target}: ${got.status}`);
        continue;
      }
      await judged(sent, since);
      if (!/^\/open(\/|$)/.test(widest(sent.target))) assert.equal(sent.get('x-user'), 'jane', `${target} became ${sent.target}`);
    }
  });
  await t.test('so is a method', async () => {
    for (const method of ['get', 'Get', 'PROPFIND', 'X', 'TRACE', 'OPTIONS', 'HEAD', 'GET\t', 'CONNECT']) for (const target of ['/open/x', '/reading/x']) {
      const since = gate.lines.length;
      const { got, sent } = await via({ method, target, headers: jane });
      if (sent !== undefined) await judged(sent, since);
      else assert.ok(got === null || got.status >= 400, `${method}: ${got?.status}`);
      if (target === '/reading/x') assert.ok(sent === undefined || ['GET', 'HEAD'].includes(sent.method), method);
    }
  });
  await t.test('a client that adds what gateways say gains nothing', async () => {
    for (const lines of ADDED) {
      const anonymous = await via({ target: '/api/x', headers: lines });
      assert.ok(anonymous.got === null || (anonymous.got.status >= 400 && anonymous.got.status < 500), `${lines}: ${anonymous.got?.status}`);
      assert.equal(anonymous.sent, undefined, lines.join());
      const writes = await via({ method: 'POST', target: '/reading/x', headers: [`Authorization: ${jane.Authorization}`, ...lines] });
      assert.equal(writes.sent, undefined, lines.join());
      const since = gate.lines.length;
      const { sent } = await via({ target: '/api/x', headers: [`Authorization: ${jane.Authorization}`, ...lines] });
      if (sent === undefined) continue;
      assert.deepEqual([sent.method, sent.target, sent.all('X-User'), sent.all('X-Roles')], ['GET', '/api/x', ['jane'], ['reader']], lines.join());
      await judged(sent, since);
    }
  });
  await t.test('an identity in another spelling does not reach the API', async () => {
    for (const spelled of ['X_User', 'x_user', 'X.User', 'X-USER', 'x_roles', 'X_Roles']) for (const [target, headers] of [['/open/x', {}], ['/api/x', jane]]) {
      const { sent } = await via({ target, headers: { ...headers, [spelled]: 'root' } });
      assert.deepEqual(sent?.headers.filter(([one, value]) => alike(one) === alike(spelled) && value === 'root') ?? [], [], spelled);
    }
  });
  await t.test('the client is whom the gateway sees, by the scheme and host that it sees', async () => {
    const since = gate.lines.length;
    const got = await send(port, ['GET /api/x HTTP/1.1', 'Host: api.example:8443', 'Connection: close', 'X-Forwarded-For: 192.0.2.77', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.example', 'X-Real-IP: 192.0.2.77', '', ''].join('\r\n'));
    assert.equal(got.status, 401);
    assert.match(got.get('www-authenticate'), /resource_metadata="http:\/\/api\.example:8443\//);
    const line = await gate.line((one) => one.reason === 'credentials_missing' && gate.lines.indexOf(one) >= since);
    assert.notEqual(line.peer, '192.0.2.77');
  });
  await t.test('the challenge names metadata that is there', async () => {
    const { pathname } = new URL(/resource_metadata="([^"]*)"/.exec((await via({ target: '/api/x' })).got.get('www-authenticate'))[1]);
    const { got, sent } = await via({ target: pathname });
    assert.deepEqual([got.status, got.json?.().resource, sent], [200, `http://127.0.0.1:${port}`, undefined]);
  });
  await t.test('the host is the one that the client asks for', async () => {
    const named = (host, more = '') => send(port, `GET /open/named HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`);
    assert.equal((await named('other.example')).status, 200);
    for (const host of ['named.example', 'NAMED.Example:8080', 'named.example.']) {
      assert.equal((await named(host)).status, 401, host);
      assert.equal((await named(host, 'X-Forwarded-Host: other.example\r\n')).status, 401, host);
    }
    for (const [one, other] of [['named.example', 'other.example'], ['other.example', 'named.example']]) {
      upstream.clear();
      const got = await send(port, `GET http://${one}/open/named HTTP/1.1\r\nHost: ${other}\r\nConnection: close\r\n\r\n`);
      assert.ok(got.status >= 400 || (one !== 'named.example' && !upstream.bytes().includes('named.example')), `${one}, ${other}: ${upstream.bytes()}`);
    }
  });
  await t.test('a cookie counts for pages of the same origin alone', async () => {
    const cookie = `Cookie: session=${jane.Authorization.slice('Bearer '.length)}`;
    const socket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
    const own = `Origin: http://127.0.0.1:${port}`;
    assert.equal((await via({ target: '/page/x', headers: [cookie] })).got.status, 200);
    for (const request of [{ method: 'POST', headers: [cookie] }, { headers: [cookie, ...socket], close: false }]) {
      for (const origin of [[], ['Origin: http://evil.example'], ['Origin: null'], [own, 'Origin: http://evil.example']]) {
        refused(await via({ ...request, target: '/page/x', headers: [...request.headers, ...origin] }), 403, 'origin_not_allowed');
      }
      assert.equal((await via({ ...request, target: '/page/x', headers: [...request.headers, own] })).got.status, 200);
    }
  });
  await t.test('a head that is too large is refused', async () => {
    for (const headers of [{ ...jane, 'X-Filler': 'x'.repeat(70000) }, { Authorization: `Bearer ${'x'.repeat(40000)}` }]) {
      const { got, sent } = await via({ target: '/api/x', headers });
      assert.ok((got === null || got.status >= 400) && sent === undefined, String(got?.status));
    }
  });
  await t.test('without an answer of the gate nothing goes on', async () => {
    await gate.stop();
    const { got, sent } = await via({ target: '/open/x' });
    assert.deepEqual([got.status, sent], [alone, undefined]);
  });
});

for (const [name, { form, files }] of Object.entries(GATEWAYS)) test(`${name}, and the gate of the example`, { skip: await missing(name) }, async (t) => {
  const upstream = await recordingUpstream(t);
  const [port, authPort] = [await freePort(), await freePort()];
  const gate = new Gate(scratch(), await freePort(), await freePort());
  const addresses = { 8080: port, 8081: gate.port, 9901: gate.adminPort, 9903: authPort, 9000: upstream.port, 'form: original': `form: ${form}` };
  fs.mkdirSync(path.join(gate.dir, 'state'), { mode: 0o700 });
  copyExample(gate.dir, EXAMPLE, ['postern.yaml', 'policy.yaml'], addresses);
  const { client_id: id, client_secret: secret } = await gate.addClient('big_partner_company');
  await gate.client('grant', 'big_partner_company', 'customer_api_role');
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  const refusal = async () => (await ask(port, { target: '/customer/1' })).status === 401;
  await startGateway(t, name, { example: EXAMPLE, files, replace: addresses, answers: refusal });
  const { access_token: token } = (await gate.ask({ method: 'POST', target: '/oauth/token', headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }, body: 'grant_type=client_credentials' })).json();
  const got = await ask(port, { target: '/customer/1?all=yes', headers: { Authorization: `Bearer ${token}` } });
  assert.equal(got.status, 200, got.text);
  const [sent] = upstream.requests;
  assert.deepEqual([sent.target, sent.all('X-Client'), sent.all('X-Roles'), sent.all('X-Issuer')], ['/customer/1?all=yes', [id], ['customer_api_role'], ['local']]);
  assert.equal((await ask(port, { target: '/orders/1', headers: { Authorization: `Bearer ${token}` } })).status, 403);
});
