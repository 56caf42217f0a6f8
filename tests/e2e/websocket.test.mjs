// SPDX-License-Identifier: Apache-2.0
// WebSockets by a client library that people use (npm ws), and how long they and event streams may go on:
// with `tunnel_until_expiry` no longer than whatever let them in.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import test from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Certificates } from './harness/certificates.mjs';
import { cannot } from './harness/engines.mjs';
import { run, startGate } from './harness/gate.mjs';
import { issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');
const FILES = { 'keys.json': keySet(key) };
const MODULES = {
  api: { paths: ['/api/*'], tunnel_until_expiry: true, credentials: { cookie: 'sid', query: 'access_token', websocket_protocol: true } },
  free: { paths: ['/free/*'] },
};
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: MODULES,
  privileges: { all: { modules: ['api', 'free'], roles: ['reader'] } },
  public: ['/api/open'],
};

/** An API that echoes by WebSocket, and streams what `say` is given to whoever asks otherwise; by TLS with `tls`. */
async function startApi(t, tls) {
  const streams = new Set();
  const server = (tls ? https : http).createServer(tls ?? {}, (request, response) => {
    response.writeHead(200, { 'Content-Type': request.url.includes('events') ? 'text/event-stream; charset=utf-8' : 'application/octet-stream' });
    response.write('data: first\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
  });
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => (offered.has('v1') ? 'v1' : false) });
  const heads = [];
  sockets.on('connection', (socket, request) => {
    heads.push(request);
    socket.on('error', () => {});
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`, sockets, heads, streams, say: (text) => streams.forEach((one) => one.write(text)), end: () => streams.forEach((one) => one.end()) };
}

/** A gate in front of it. */
async function start(t, { config = {}, policy = POLICY, listen = {}, tls } = {}) {
  const api = await startApi(t, tls);
  const gate = await startGate(t, { policy, upstream: tls ? { url: api.url, tls: { ca_file: tls.file } } : api.url, files: FILES, config: (self) => ({ issuers: fileIssuer({ clock_skew: '0s' }), ...(Object.keys(listen).length > 0 ? { listen: { address: `127.0.0.1:${self.port}`, ...listen } } : {}), ...config }) });
  return { api, gate };
}

const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });

/** An open WebSocket: its `closed` is what it was closed with. */
async function open(t, gate, target, { protocols = [], scheme = 'ws', ...options } = {}) {
  const socket = new WebSocket(`${scheme}://127.0.0.1:${gate.port}${target}`, protocols, options);
  t.after(() => socket.terminate());
  socket.on('error', () => {});
  socket.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
  await Promise.race([once(socket, 'open'), socket.closed.then((code) => { throw new Error(`${target}: closed by ${code}`); })]);
  return socket;
}

/** What comes back. */
async function echo(socket, data) {
  const got = once(socket, 'message');
  socket.send(data);
  const [back, binary] = await got;
  return binary ? back : back.toString();
}

/** The status by which an upgrade is refused, and its reason. */
async function refusal(gate, target, options = {}, protocols = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${gate.port}${target}`, protocols, options);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  response.setEncoding('utf8');
  let text = '';
  for await (const piece of response) text += piece;
  return [response.statusCode, JSON.parse(text).reason];
}

async function talks(t, gate, api, options = {}) {
  const token = await sign(key);
  const socket = await open(t, gate, '/api/x', { ...bearer(token), ...options });
  assert.equal(await echo(socket, 'hello'), 'hello');
  assert.deepEqual(await echo(socket, Buffer.alloc(300000, 7)), Buffer.alloc(300000, 7));
  for (let i = 0; i < 50; i++) assert.equal(await echo(socket, `message ${i}`), `message ${i}`);
  const pong = once(socket, 'pong');
  socket.ping('are you there');
  assert.equal((await pong)[0].toString(), 'are you there');
  assert.equal(api.heads.at(-1).headers['x-user'], 'alice');
  assert.equal(api.heads.at(-1).headers.authorization, undefined);
  socket.close(4001, 'done');
  assert.equal(await socket.closed, 4001);
}

test('a client library talks through the gate', async (t) => {
  const { api, gate } = await start(t);
  const token = await sign(key);
  await talks(t, gate, api);
  const deflated = await open(t, gate, '/api/x', { ...bearer(token), perMessageDeflate: true });
  assert.equal(await echo(deflated, 'x'.repeat(5000)), 'x'.repeat(5000));
  // closed by the API
  [...api.sockets.clients].at(-1).close(4002);
  assert.equal(await deflated.closed, 4002);
  const chosen = await open(t, gate, '/api/x', { protocols: ['v0', 'v1', 'bearer', token] });
  assert.equal(chosen.protocol, 'v1');
  assert.equal(await echo(chosen, 'hello'), 'hello');
  assert.deepEqual(api.heads.at(-1).headers['sec-websocket-protocol'], 'v0, v1');
  const alone = await open(t, gate, '/api/x', { protocols: ['bearer', token] });
  assert.equal(alone.protocol, 'bearer');
  assert.equal(api.heads.at(-1).headers['sec-websocket-protocol'], undefined);
  const query = await open(t, gate, `/api/x?a=1&access_token=${token}`);
  assert.equal(await echo(query, 'hello'), 'hello');
  assert.equal(api.heads.at(-1).url, '/api/x?a=1');
  const cookie = await open(t, gate, '/api/x', { headers: { Cookie: `sid=${token}` }, origin: `http://127.0.0.1:${gate.port}` });
  assert.equal(await echo(cookie, 'hello'), 'hello');
  const before = api.heads.length;
  assert.deepEqual(await refusal(gate, '/api/x'), [401, 'credentials_missing']);
  assert.deepEqual(await refusal(gate, '/api/x', { headers: { Cookie: `sid=${token}` } }), [403, 'origin_not_allowed']);
  assert.deepEqual(await refusal(gate, '/api/x', { headers: { Cookie: `sid=${token}` }, origin: 'https://evil.test' }), [403, 'origin_not_allowed']);
  assert.deepEqual(await refusal(gate, '/api/x', {}, ['bearer', await sign(key, { exp: 1 })]), [401, 'token_expired']);
  assert.deepEqual(await refusal(gate, `/api/x?access_token=${token}`, {}, ['bearer', token]), [400, 'credentials_duplicate']);
  assert.equal(api.heads.length, before);
});

test('and by TLS', { skip: cannot('TLS') }, async (t) => {
  const made = new Certificates();
  made.make('gate', { names: 'IP:127.0.0.1' });
  const { api, gate } = await start(t, { listen: { tls: { certificate: made.path('gate.pem'), key: made.path('gate.key') } } });
  await talks(t, gate, api, { scheme: 'wss', ca: made.text('gate.pem') });
  const token = await sign(key, { exp: now() + 3 });
  const socket = await open(t, gate, '/api/x', { scheme: 'wss', ca: made.text('gate.pem'), headers: { Cookie: `sid=${token}` }, origin: `https://127.0.0.1:${gate.port}` });
  assert.equal(await echo(socket, 'hello'), 'hello');
  assert.equal(await socket.closed, 1006);
});

test('an upgrade by any method', { skip: cannot('METHODS') }, async (t) => {
  const { gate, api } = await start(t);
  const switched = [];
  const server = http.createServer();
  server.on('upgrade', (request, socket) => {
    switched.push(request.method);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  gate.write('postern.yaml', { ...gate.config, upstream: `http://127.0.0.1:${server.address().port}` });
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  const token = await sign(key);
  for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'REPORT']) {
    const wire = await Wire.open(gate.port);
    await wire.write(`${method} /free/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\nConnection: upgrade\r\nUpgrade: echo\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`);
    assert.equal((await wire.head()).status, 101, method);
    await wire.write('ping');
    assert.equal((await wire.bytes(4)).toString(), 'ping');
    wire.close();
  }
  assert.deepEqual(switched, ['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'REPORT']);
  assert.equal(api.heads.length, 0);
});

/** The access line of a stream that was ended, which has that reason. */
const ended = (gate, reason) => gate.line((line) => line.aborted === `the caller may no longer: ${reason}`);

test('a tunnel ends with its token', async (t) => {
  const { gate, api } = await start(t);
  const token = await sign(key, { exp: now() + 3 });
  const ways = [bearer(token), { protocols: ['bearer', token] }, { headers: { Cookie: `sid=${token}` }, origin: `http://127.0.0.1:${gate.port}` }];
  const sockets = await Promise.all(ways.map((way) => open(t, gate, '/api/x', way)));
  const free = await open(t, gate, '/free/x', bearer(token));
  const longer = await open(t, gate, '/api/x', bearer(await sign(key)));
  const anybody = await open(t, gate, '/api/open');
  // one that never falls silent
  const busy = await open(t, gate, '/api/x', bearer(token));
  busy.on('message', (data) => busy.readyState === WebSocket.OPEN && busy.send(data));
  busy.send('again');
  for (const socket of [...sockets, busy]) assert.equal(await socket.closed, 1006);
  const line = await ended(gate, 'token_expired');
  assert.deepEqual([line.status, line.reason, line.verdict, line.module], [101, 'ok', 'forward', 'api']);
  await eventually(() => api.sockets.clients.size === 3, 'the ends at the API');
  for (const socket of [free, longer, anybody]) assert.equal(await echo(socket, 'still there'), 'still there');
});

/** An event stream, or another one, that has begun: its wire. */
async function stream(gate, target, headers) {
  const wire = await Wire.open(gate.port);
  await wire.write(`GET ${target} HTTP/1.1\r\nHost: h\r\n${headers.join('\r\n')}\r\n\r\n`);
  const head = await wire.head();
  assert.equal(head.status, 200);
  await eventually(() => wire.pending.includes('first'), 'the first event');
  return wire;
}

/** The reason of a refusal, or ok, on a connection that is kept. */
async function reasonOf(wire, target) {
  await wire.write(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
  const got = await wire.answer();
  return got.get('x-postern') ? got.json().reason : 'ok';
}

test('a tunnel ends with the certificate that it needs', { skip: cannot('TLS') }, async (t) => {
  const made = new Certificates();
  made.make('ca').make('gate', { by: 'ca', names: 'IP:127.0.0.1' }).make('lasting', { by: 'ca', subject: '/CN=partner' });
  const until = now() + 5;
  made.makeEnding('ending', { by: 'ca', subject: '/CN=partner', until });
  const { api, gate } = await start(t, {
    listen: { tls: { certificate: made.path('gate.pem'), key: made.path('gate.key'), client_ca: made.path('ca.pem'), client_certificate: 'optional' } },
    policy: { ...POLICY, roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { certificate: 'CN=partner' }] }, pinned: { granted_to: [{ issuer: 'idp', certificate: 'CN=partner' }] } }, modules: { ...MODULES, pinned: { paths: ['/pinned/*'], tunnel_until_expiry: true } }, privileges: { ...POLICY.privileges, pinned: { modules: ['pinned'], roles: ['pinned'] } } },
  });
  const by = (name, more = {}) => ({ scheme: 'wss', ca: made.text('ca.pem'), ...made.identity(name), ...more });
  const token = await sign(key);
  const wire = await Wire.open(gate.port, { tls: { ca: made.text('ca.pem'), ...made.identity('ending') } });
  t.after(() => wire.close());
  assert.equal(await reasonOf(wire, '/nowhere'), 'no_rule');
  const alone = await open(t, gate, '/api/x', by('ending'));
  const needed = await open(t, gate, '/pinned/x', by('ending', bearer(token)));
  const others = [await open(t, gate, '/api/x', by('lasting')), await open(t, gate, '/api/x', by('ending', bearer(token))), await open(t, gate, '/api/open', by('ending')), await open(t, gate, '/free/x', by('ending'))];
  assert.ok(now() <= until, 'they began in time');
  assert.equal(await alone.closed, 1006);
  await ended(gate, 'credentials_missing');
  assert.equal(await needed.closed, 1006);
  await ended(gate, 'privilege_missing');
  assert.ok(now() > until, 'not before');
  for (const socket of others) assert.equal(await echo(socket, 'still there'), 'still there');
  assert.equal(api.sockets.clients.size, others.length);
  // the connection was kept, the certificate counts no longer
  assert.equal(await reasonOf(wire, '/api/events'), 'credentials_missing');
});

test('a tunnel ends when the authority of the certificate that it needs is taken away', { skip: cannot('TLS') }, async (t) => {
  const made = new Certificates();
  made.make('ca').make('successor').make('gate', { by: 'ca', names: 'IP:127.0.0.1' }).make('partner', { by: 'ca', subject: '/CN=partner' });
  fs.copyFileSync(made.path('ca.pem'), made.path('clients.pem'));
  const { gate } = await start(t, {
    listen: { tls: { certificate: made.path('gate.pem'), key: made.path('gate.key'), client_ca: made.path('clients.pem'), client_certificate: 'optional' } },
    policy: { ...POLICY, roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { certificate: 'CN=partner' }] } } },
  });
  const by = (more = {}) => ({ scheme: 'wss', ca: made.text('ca.pem'), ...made.identity('partner'), ...more });
  const alone = await open(t, gate, '/api/x', by());
  const others = [await open(t, gate, '/api/x', by(bearer(await sign(key)))), await open(t, gate, '/api/open', by()), await open(t, gate, '/free/x', by())];
  fs.copyFileSync(made.path('successor.pem'), made.path('clients.pem'));
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  assert.equal(await alone.closed, 1006);
  await ended(gate, 'credentials_missing');
  for (const socket of others) assert.equal(await echo(socket, 'still there'), 'still there');
});

test('an event stream ends with its token, and never as if it were complete', async (t) => {
  const { gate, api } = await start(t);
  const headers = [`Authorization: Bearer ${await sign(key, { exp: now() + 3 })}`];
  const quiet = await stream(gate, '/api/events', headers);
  const lively = await stream(gate, '/api/events', headers);
  const free = await stream(gate, '/free/events', headers);
  const file = await stream(gate, '/api/file', headers);
  const timer = setInterval(() => api.say('data: more\n\n'), 20);
  t.after(() => clearInterval(timer));
  for (const wire of [quiet, lively]) {
    await wire.isClosed();
    assert.ok(!wire.pending.toString().endsWith('0\r\n\r\n'), 'no last chunk');
  }
  await ended(gate, 'token_expired');
  clearInterval(timer);
  await eventually(() => api.streams.size === 2, 'the ends at the API');
  api.end();
  for (const wire of [free, file]) {
    await eventually(() => wire.pending.toString().endsWith('0\r\n\r\n'), 'the last chunk');
    wire.close();
  }
});

test('so do those from an API by TLS', async (t) => {
  const made = new Certificates();
  made.make('api', { names: 'IP:127.0.0.1' });
  const { gate, api } = await start(t, { tls: { cert: made.text('api.pem'), key: made.text('api.key'), file: made.path('api.pem') } });
  await talks(t, gate, api);
  const token = await sign(key, { exp: now() + 3 });
  const socket = await open(t, gate, '/api/x', bearer(token));
  socket.on('message', (data) => socket.readyState === WebSocket.OPEN && socket.send(data));
  socket.send(Buffer.alloc(100000, 7));
  const headers = [`Authorization: Bearer ${token}`];
  const quiet = await stream(gate, '/api/events', headers);
  const lively = await stream(gate, '/api/events', headers);
  const timer = setInterval(() => api.say(`data: ${'x'.repeat(50000)}\n\n`), 20);
  t.after(() => clearInterval(timer));
  assert.equal(await socket.closed, 1006);
  for (const wire of [quiet, lively]) await wire.isClosed();
  await eventually(() => api.sockets.clients.size === 0 && api.streams.size === 0, 'the ends at the API');
});

test('what does not concern the caller ends nothing', async (t) => {
  const { gate } = await start(t);
  const socket = await open(t, gate, '/api/x', bearer(await sign(key)));
  const expiring = await open(t, gate, '/api/x', bearer(await sign(key, { exp: now() + 4 })));
  gate.write('policy.yaml', { ...POLICY, roles: { ...POLICY.roles, other: {} } });
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  gate.write('policy.yaml', '{');
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 422);
  // judged again by then, since this one is at its end
  assert.equal(await expiring.closed, 1006);
  assert.equal(await echo(socket, 'still there'), 'still there');
});

test('a policy that no longer allows it ends it', async (t) => {
  for (const [name, change, reason] of [
    ['the role is gone', { roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'write' }] } } }, 'privilege_missing'],
    ['it is denied', { privileges: { all: { modules: ['api', 'free'], deny: ['reader'] } } }, 'privilege_missing'],
    ['another method', { privileges: { all: { modules: ['api', 'free'], methods: ['POST'], roles: ['reader'] } } }, 'method_not_granted'],
    ['no rule', { privileges: { all: { modules: ['free'], roles: ['reader'] } } }, 'no_rule'],
    ['the place is gone', { modules: { ...MODULES, api: { paths: ['/api/*'], tunnel_until_expiry: true } } }, 'credentials_missing'],
  ]) {
    await t.test(name, async (inner) => {
      const { gate } = await start(inner);
      const token = await sign(key);
      const socket = await open(inner, gate, '/api/x', { protocols: ['bearer', token] });
      const events = await stream(gate, '/api/events', [`Sec-WebSocket-Protocol: bearer, ${token}`]);
      gate.write('policy.yaml', { ...POLICY, ...change });
      assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
      assert.equal(await socket.closed, 1006);
      await events.isClosed();
      await ended(gate, reason);
    });
  }
  await t.test('a public path that is public no longer', async (inner) => {
    const { gate } = await start(inner);
    const socket = await open(inner, gate, '/api/open');
    gate.write('policy.yaml', { ...POLICY, public: [] });
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal(await socket.closed, 1006);
    await ended(gate, 'credentials_missing');
  });
  await t.test('a key that was withdrawn', async (inner) => {
    const { gate } = await start(inner);
    const socket = await open(inner, gate, '/api/x', bearer(await sign(key)));
    gate.write('keys.json', keySet(makeKey('ES256', 'another')));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal(await socket.closed, 1006);
    await ended(gate, 'key_unknown');
  });
});

/** A gate with a local issuer in front of the API. */
async function localGate(t) {
  const api = await startApi(t);
  const gate = await issuerGate(t, {
    policy: { roles: { reader: {} }, modules: MODULES, privileges: { all: { modules: ['api', 'free'], roles: ['reader'] } } },
    config: { upstream: api.url },
    local: { basic: true },
  });
  return { gate, api };
}

async function command(gate, ...args) {
  const done = await run([...args, '-c', gate.file]);
  assert.equal(done.code, 0, done.stderr);
}

async function password(gate, verb, user, word, ...more) {
  const done = await run(['user', verb, user, ...more, '-c', gate.file], { input: `${word}\n` });
  assert.equal(done.code, 0, done.stderr);
}

test('what ends a token ends its tunnels', async (t) => {
  const { gate } = await localGate(t);
  const other = await known(gate, await gate.addClient('other', '--role', 'reader'));
  const untouched = await open(t, gate, '/api/x', bearer(await tokenOf(gate, other)));
  const ends = {
    'POST /oauth/revoke': ['token_revoked', (client, token) => post(gate, '/oauth/revoke', { token }, { client })],
    'postern revoke --client': ['token_revoked', (client) => command(gate, 'revoke', '--client', client.client_id)],
    'client disable': ['client_disabled', (client) => command(gate, 'client', 'disable', client.client_id)],
    'client delete': ['client_disabled', (client) => command(gate, 'client', 'delete', client.client_id)],
    'client revoke of the role': ['privilege_missing', (client) => command(gate, 'client', 'revoke', client.client_id, 'reader')],
  };
  for (const [name, [reason, end]] of Object.entries(ends)) {
    await t.test(name, async (inner) => {
      const client = await known(gate, await gate.addClient(name.replaceAll(/[^a-z]/g, '_'), '--role', 'reader'));
      const token = await tokenOf(gate, client);
      gate.lines.length = 0;
      const socket = await open(inner, gate, '/api/x', bearer(token));
      const events = await stream(gate, '/api/events', [`Authorization: Bearer ${token}`]);
      assert.equal(await echo(socket, 'hello'), 'hello');
      await end(client, token);
      assert.equal(await socket.closed, 1006);
      await events.isClosed();
      await ended(gate, reason);
      assert.equal(await echo(untouched, 'still there'), 'still there');
    });
  }
});

test('so does what ends a user', async (t) => {
  const { gate } = await localGate(t);
  const ends = {
    'user disable': ['basic_wrong', (user) => command(gate, 'user', 'disable', user)],
    'user delete': ['basic_wrong', (user) => command(gate, 'user', 'delete', user)],
    'user revoke of the role': ['privilege_missing', (user) => command(gate, 'user', 'revoke', user, 'reader')],
    'user passwd': ['basic_wrong', (user) => password(gate, 'passwd', user, 'another horse')],
  };
  for (const [name, [reason, end]] of Object.entries(ends)) {
    await t.test(name, async (inner) => {
      const user = name.replaceAll(' ', '_');
      await password(gate, 'add', user, 'correct horse', '--role', 'reader');
      const headers = { Authorization: `Basic ${Buffer.from(`${user}:correct horse`).toString('base64')}` };
      const socket = await eventually(() => open(inner, gate, '/api/x', { headers }).catch(() => null), 'the user is known');
      assert.equal(await echo(socket, 'hello'), 'hello');
      await password(gate, 'add', `${user}_2`, 'correct horse'); // another user is no matter of theirs
      assert.equal(await echo(socket, 'still there'), 'still there');
      gate.lines.length = 0;
      await end(user);
      assert.equal(await socket.closed, 1006);
      await ended(gate, reason);
    });
  }
});
