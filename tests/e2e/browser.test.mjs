// SPDX-License-Identifier: Apache-2.0
// What a real browser makes of `cors` and `credentials`: pages of an application, of the gate's own host, of a
// neighbour that SameSite trusts, and of a stranger.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import test from 'node:test';
import { WebSocketServer } from 'ws';
import { Browser, NEEDS_CHROMIUM } from './harness/chromium.mjs';
import { startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';

const key = makeKey('ES256');

/** An API that logs in by a cookie, and tells of every request that came. */
async function startApi(t, browser, token) {
  const asked = [];
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    asked.push({ method: request.method, url: request.url, headers: request.headers });
    if (pathname === '/api/login') response.setHeader('Set-Cookie', `sid=${token}; Path=/; HttpOnly; SameSite=Lax`);
    const type = { '/api/events': 'text/event-stream', '/pages/home': 'text/html' }[pathname] ?? 'text/plain';
    response.writeHead(200, { 'Content-Type': type, ETag: '"1"', 'X-Secret': 's' });
    if (pathname === '/api/events') return response.write('data: hello\n\n');
    return response.end(pathname === '/pages/home' ? browser.html(Number(new URL(request.url, 'http://x').searchParams.get('page'))) : `${request.headers['x-user'] ?? 'nobody'}`);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    asked.push({ method: 'UPGRADE', url: request.url, headers: request.headers });
    socket.on('error', () => {});
    socket.on('message', (data) => socket.send(`${data}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, asked };
}

/** Runs in the browser. What each of the calls came to. */
async function script({ api, token, expired }) {
  const call = async (target, options = {}) => {
    try {
      const got = await fetch(api + target, options);
      const text = await got.text();
      const header = (name) => got.headers.get(name);
      return { type: got.type, status: got.status, text, reason: /json/.test(header('content-type')) ? JSON.parse(text).reason : undefined, etag: header('etag'), secret: header('x-secret'), id: header('x-request-id') !== null, postern: header('x-postern'), challenge: header('www-authenticate') };
    } catch (error) {
      return error.name;
    }
  };
  const socket = (target, ...protocols) => new Promise((resolve) => {
    const one = new WebSocket(api.replace('http', 'ws') + target, protocols);
    one.onopen = () => one.send('ping');
    one.onmessage = ({ data }) => { resolve([data, one.protocol]); one.close(); };
    one.onclose = ({ code }) => resolve(code);
  });
  const events = (target) => new Promise((resolve) => {
    const source = new EventSource(api + target, { withCredentials: true });
    source.onmessage = ({ data }) => { resolve(data); source.close(); };
    source.onerror = () => { resolve('error'); source.close(); };
  });
  const image = (src) => new Promise((resolve) => {
    const one = new Image();
    one.onload = one.onerror = () => resolve('over');
    one.src = src;
  });
  const Authorization = `Bearer ${token}`;
  return {
    put: await call('/api/put', { method: 'PUT', headers: { Authorization, 'X-Own': '1' } }),
    missing: await call('/api/missing'),
    expired: await call('/api/expired', { headers: { Authorization: `Bearer ${expired}` } }),
    method: await call('/api/method', { method: 'PATCH', headers: { Authorization } }),
    header: await call('/api/header', { headers: { Authorization, 'X-Other': '1' } }),
    login: await call('/api/login', { credentials: 'include' }),
    cookie: await call('/api/cookie', { credentials: 'include' }),
    omitted: await call('/api/omitted', { credentials: 'omit' }),
    post: await call('/api/post', { method: 'POST', credentials: 'include', body: 'text' }),
    blind: await call('/api/blind', { method: 'POST', credentials: 'include', mode: 'no-cors', body: 'text' }),
    both: await call('/api/both', { credentials: 'include', headers: { Authorization } }),
    socket: await socket('/api/socket'),
    bearer: await socket('/strict/socket', 'bearer', token),
    events: await events('/api/events'),
    query: await events(`/api/events?access_token=${token}`),
    image: await image(`/api/image?page=${location.pathname}`),
  };
}

test('pages in Chromium', { skip: NEEDS_CHROMIUM }, async (t) => {
  const browser = await Browser.start(t);
  const token = await sign(key);
  const api = await startApi(t, browser, token);
  const app = browser.origin('app.test');
  const cors = { origins: [app], methods: ['PUT'], headers: ['Authorization', 'X-Own'], expose: ['ETag'], credentials: true };
  const gate = await startGate(t, {
    policy: {
      roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
      modules: {
        api: { paths: ['/api/*'], cors, credentials: { cookie: 'sid', query: 'access_token' } },
        pages: { paths: ['/pages/*'], credentials: { query: 'access_token' } },
        strict: { paths: ['/strict/*'], credentials: { websocket_protocol: true } },
      },
      privileges: { all: { modules: ['api', 'pages', 'strict'], roles: ['reader'] } },
      public: ['/api/login'],
    },
    upstream: api.url,
    files: { 'keys.json': keySet(key) },
    config: { issuers: fileIssuer() },
  });
  const own = `http://api.app.test:${gate.port}`;
  const given = { api: own, token, expired: await sign(key, { exp: 1 }) };
  browser.add('app.test', script, given);
  browser.add('evil.app.test', script, given); // the same site: SameSite sends it the cookie
  browser.add('evil.test', script, given);
  browser.add(null, script, given, `${own}/pages/home?page=3&access_token=${token}`);
  const [listed, neighbour, stranger, home] = await browser.run(t);
  const of = (path, origin) => api.asked.filter(({ url, headers }) => url.startsWith(path) && headers.origin === origin).map(({ method }) => method);

  await t.test('a page of cors.origins calls, and reads what it may', () => {
    assert.deepEqual([listed.put.status, listed.put.text, listed.put.etag, listed.put.secret, listed.put.id], [200, 'alice', '"1"', null, true]);
    for (const name of ['method', 'header']) assert.equal(listed[name], 'TypeError', `${name}: refused by the preflight`);
    assert.deepEqual([...of('/api/method', app), ...of('/api/header', app)], []);
  });
  await t.test('it reads a refusal, too', () => {
    for (const [name, reason] of [['missing', 'credentials_missing'], ['expired', 'token_expired'], ['omitted', 'credentials_missing']]) {
      assert.deepEqual([listed[name].status, listed[name].reason, listed[name].postern], [401, reason, 'refused']);
      assert.match(listed[name].challenge, /^Bearer realm=/);
    }
  });
  await t.test('its cookie counts for every method, for events and for WebSockets', () => {
    assert.equal(listed.login.status, 200);
    for (const name of ['cookie', 'post']) assert.deepEqual([listed[name].status, listed[name].text], [200, 'alice'], name);
    assert.equal(listed.blind.type, 'opaque');
    assert.deepEqual(of('/api/blind', app), ['POST']);
    assert.deepEqual([listed.socket, listed.bearer, listed.events], [['ping', ''], ['ping', 'bearer'], 'hello']);
    assert.deepEqual([listed.both.status, listed.both.reason], [400, 'credentials_duplicate']);
    assert.equal(listed.query, 'error'); // it has the cookie, too
  });
  await t.test('a neighbour has the cookie sent, and gets no further', async () => {
    const origin = browser.origin('evil.app.test');
    for (const name of ['put', 'missing', 'expired', 'method', 'header', 'cookie', 'post', 'both']) assert.equal(neighbour[name], 'TypeError', name);
    assert.deepEqual([neighbour.socket, neighbour.events, neighbour.query], [1006, 'error', 'error']);
    // what is safe comes, and cannot be read
    assert.deepEqual(of('/api/cookie', origin), ['GET']);
    for (const target of ['/api/put', '/api/post', '/api/blind', '/api/socket']) assert.deepEqual(of(target, origin), [], target);
    for (const target of ['/api/post', '/api/blind', '/api/socket']) await gate.line((line) => line.path === target && line.reason === 'origin_not_allowed');
    // a token that a page has itself is no matter of its origin
    assert.deepEqual(neighbour.bearer, ['ping', 'bearer']);
  });
  await t.test('a stranger does not even have it sent', () => {
    const origin = browser.origin('evil.test');
    for (const name of ['put', 'missing', 'cookie', 'post', 'both']) assert.equal(stranger[name], 'TypeError', name);
    assert.deepEqual([stranger.socket, stranger.events], [1006, 'error']);
    for (const target of ['/api/put', '/api/cookie', '/api/post', '/api/blind', '/api/socket']) assert.deepEqual(of(target, origin), [], target);
  });
  await t.test('a page of the gate\'s own host needs no list', () => {
    for (const name of ['cookie', 'post']) assert.deepEqual([home[name].status, home[name].text], [200, 'alice'], name);
    assert.deepEqual(home.socket, ['ping', '']);
    assert.deepEqual(of('/api/socket', own), ['UPGRADE']);
  });
  await t.test('no token of cookie or query goes past the gate', () => {
    assert.ok(api.asked.some(({ url }) => url === '/pages/home?page=3'));
    // the page's address has a token: what it loads would name it in Referer
    const images = api.asked.filter(({ url }) => url.startsWith('/api/image'));
    assert.ok(images.length > 0);
    for (const { headers } of images) assert.equal(headers.referer, undefined);
    for (const { url, headers } of api.asked) assert.ok(!JSON.stringify([url, { ...headers, 'set-cookie': '' }]).includes(token), url);
    assert.ok(!JSON.stringify(gate.lines).includes(token));
  });
});
