// SPDX-License-Identifier: Apache-2.0
// Tokens in a cookie, in the query and in Sec-WebSocket-Protocol, where a module takes them: what counts, what
// goes no further than the gate, and what no page of another origin can make a browser do.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { Certificates } from './harness/certificates.mjs';
import { cannot } from './harness/engines.mjs';
import { run, startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const APP = 'https://app.example';
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: {
    cookie: { paths: ['/cookie/*'], credentials: { cookie: '__Host-token' }, cors: { origins: [APP], methods: ['PUT'], credentials: true } },
    any: { paths: ['/any/*'], credentials: { cookie: '__Host-token' }, cors: { origins: '*' } },
    query: { paths: ['/query/*'], credentials: { query: 'access_token' } },
    ws: { paths: ['/ws/*'], credentials: { websocket_protocol: true } },
    all: { paths: ['/all/*'], credentials: { cookie: '__Host-token', query: 'access_token', websocket_protocol: true } },
    plain: { paths: ['/plain/*'] },
  },
  privileges: { all: { modules: ['cookie', 'any', 'query', 'ws', 'all', 'plain'], roles: ['reader'] }, shadow: { paths: ['/cookie/shadow'], roles: ['reader'], shadow: true } },
  public: ['/all/open', '/cookie/open'],
};

async function start(t, { respond = () => answer(200, 'fine'), config = {} } = {}) {
  const upstream = await recordingUpstream(t, respond);
  const gate = await startGate(t, { policy: POLICY, upstream: upstream.url, files: { 'keys.json': keySet(key) }, config: (one) => ({ issuers: fileIssuer(), ...(typeof config === 'function' ? config(one) : config) }) });
  return { gate, upstream };
}

/** No part of the token that is long enough to matter is in the text. */
function assertHidden(token, text, what) {
  for (const part of token.split('.')) assert.ok(!text.includes(part), `${what} has a part of the token`);
}

const everything = (gate) => JSON.stringify(gate.lines) + gate.stderr;

test('a token counts where its module says, and goes no further', async (t) => {
  const { gate, upstream } = await start(t);
  const token = await sign(key);
  const cases = [
    { target: '/cookie/x?a=1', headers: [`Cookie: a=1; __Host-token=${token};  b="2"`], forwarded: '/cookie/x?a=1', has: [['cookie', ['a=1;  b="2"']]] },
    { target: '/cookie/x', headers: [`Cookie: __Host-token=${token}`], forwarded: '/cookie/x', has: [['cookie', []]] },
    { target: '/cookie/x', headers: ['Cookie: a=1', `cookie: __Host-token=${token}; b=2`], forwarded: '/cookie/x', has: [['cookie', ['a=1', 'b=2']]] },
    { target: `/query/x?access_token=${token}`, headers: [], forwarded: '/query/x' },
    { target: `/query/x?access_token=${token}&b=%2b+&&c`, headers: [], forwarded: '/query/x?b=%2b+&&c' },
    { target: `/query/x?a=1&access%5Ftoken=${token}`, headers: [], forwarded: '/query/x?a=1' },
    { target: `/query/%78?a=1&access_token=${token}&b=2`, headers: ['Cookie: token=mine'], forwarded: '/query/x?a=1&b=2', has: [['cookie', ['token=mine']]] },
    { target: '/ws/x', headers: [`Sec-WebSocket-Protocol: v1, bearer, ${token}`], forwarded: '/ws/x', has: [['sec-websocket-protocol', ['v1']]] },
    { target: `/all/x?access_token=${token}`, headers: ['Referer: https://h/page?b=1'], forwarded: '/all/x', has: [['referer', ['https://h/page?b=1']]] },
    { target: '/all/x', headers: [`Cookie: __Host-token=${token}`], forwarded: '/all/x' },
    { target: '/all/x', headers: [`Sec-WebSocket-Protocol: bearer,${token}`], forwarded: '/all/x', has: [['sec-websocket-protocol', []]] },
    { target: '/all/x', headers: [`Authorization: Bearer ${token}`], forwarded: '/all/x' },
    // A browser sends it to the whole host, and so to modules that take none.
    { target: '/plain/x', headers: [`Authorization: Bearer ${token}`, `Cookie: a=1; __Host-token=${token}`], forwarded: '/plain/x', has: [['cookie', ['a=1']]] },
    { target: `/query/x?access_token=${token}`, headers: [`Cookie: __Host-token=${token}`], forwarded: '/query/x', has: [['cookie', []]] },
    // A page with the token in its address refers to it in whatever it asks for.
    { target: '/plain/x', headers: [`Authorization: Bearer ${token}`, `Referer: http://h/query/x?a=1&access_token=${token}`], forwarded: '/plain/x', has: [['referer', []]] },
    { target: '/plain/x', headers: [`Authorization: Bearer ${token}`, `referer: http://h/query/x?access%5ftoken=${token}#f`], forwarded: '/plain/x', has: [['referer', []]] },
  ];
  for (const { target, headers, forwarded, has = [] } of cases) {
    upstream.clear();
    const got = await gate.ask({ target, headers });
    assert.equal(got.status, 200, `${target} ${headers}: ${got.text}`);
    const [request] = upstream.requests;
    assert.equal(request.target, forwarded);
    assert.equal(request.get('x-user'), 'alice');
    for (const [name, values] of has) assert.deepEqual(request.all(name), values, `${target} ${headers}`);
    assertHidden(token, upstream.bytes(), 'what the upstream got');
  }
  await gate.line((line) => line.path === '/plain/x');
  assertHidden(token, everything(gate), 'the log');
});

test('elsewhere it is nobody, and stays as it is', async (t) => {
  const { gate, upstream } = await start(t);
  const token = await sign(key);
  for (const [target, headers] of [['/cookie/x?access_token=T', []], ['/cookie/x', ['Sec-WebSocket-Protocol: bearer, T']], ['/query/x', ['Cookie: __Host-token=T']], ['/query/x?Access_Token=T', []], ['/query/x?access%255Ftoken=T', []], ['/ws/x?access_token=T', []], ['/plain/x?access_token=T', ['Cookie: __Host-token=T', 'Sec-WebSocket-Protocol: bearer, T']], ['/cookie/x', ['Cookie: __HOST-token=T; x__Host-token=T; __Host-token']]]) {
    const lines = headers.map((line) => line.replaceAll('=T', `=${token}`).replace(/ T$/, ` ${token}`));
    await expectRefusal(gate, await gate.ask({ target: target.replace('=T', `=${token}`), headers: lines }), 'credentials_missing');
  }
  assert.equal(upstream.requests.length, 0);
  const got = await gate.ask({ target: '/plain/x?access_token=mine', headers: [`Authorization: Bearer ${token}`, 'Cookie: token=mine', 'Sec-WebSocket-Protocol: bearer, mine'] });
  assert.equal(got.status, 200);
  assert.equal(upstream.requests[0].target, '/plain/x?access_token=mine');
  assert.deepEqual(['cookie', 'sec-websocket-protocol'].map((name) => upstream.requests[0].get(name)), ['token=mine', 'bearer, mine']);
});

test('one token in one place, or none', async (t) => {
  const { gate, upstream } = await start(t);
  const token = await sign(key);
  const bearer = `Authorization: Bearer ${token}`;
  const cookie = `Cookie: __Host-token=${token}`;
  const protocol = `Sec-WebSocket-Protocol: bearer, ${token}`;
  const query = `/all/x?access_token=${token}`;
  const twice = [
    ['/all/x', [bearer, cookie]], ['/all/x', [bearer, protocol]], ['/all/x', [cookie, protocol]], [query, [bearer]], [query, [cookie]], [query, [protocol]], [query, ['Authorization: Digest x']], [query, [bearer, cookie, protocol]],
    ['/all/x', [`Cookie: __Host-token=${token}; __Host-token=${token}`]], ['/all/x', [cookie, cookie]], ['/all/x', [`Cookie: __Host-token=${token}; a="; __Host-token=x"`]], [`${query}&access_token=${token}`, []], [`${query}&b=1&%61ccess_token=x`, []], [`${query}&access_token`, []], ['/all/x', [`Sec-WebSocket-Protocol: bearer, ${token}, bearer, x`]],
    // also where nobody needs credentials
    ['/all/open', [bearer, cookie]],
  ];
  for (const [target, headers] of twice) await expectRefusal(gate, await gate.ask({ target, headers }), 'credentials_duplicate');
  const malformed = [
    ['/all/x', ['Cookie: __Host-token=']], ['/all/x', [`Cookie: __Host-token="${token}"`]], ['/all/x', [`Cookie: __Host-token=${token.replace('.', '%2E')}`]], ['/all/x?access_token=', []], ['/all/x?access_token', []], [`/all/x?access_token=${token.replace('.', '%2e')}`, []], [`/all/x?a=1;access_token=${token}`, []], [`${query};a=1`, []],
    ['/all/x', ['Sec-WebSocket-Protocol: bearer']], ['/all/x', [`Sec-WebSocket-Protocol: Bearer, ${token}`]], ['/all/x', [protocol, 'Sec-WebSocket-Protocol: v1']], ['/all/x', [`Sec_WebSocket_Protocol: bearer, ${token}`]], ['/all/x', [`Sec-WebSocket-Protocol: bearer,, ${token}`]],
  ];
  for (const [target, headers] of malformed) await expectRefusal(gate, await gate.ask({ target, headers }), 'credentials_malformed');
  const changed = `${token.slice(0, -4)}AAAA`;
  for (const [word, text] of [['token_malformed', 'x'], ['token_malformed', 'a.b.c'], ['signature_invalid', changed], ['token_expired', await sign(key, { exp: 1 })], ['token_too_large', 'a'.repeat(16385)]]) {
    for (const [target, headers] of [[`/all/x?access_token=${text}`, []], ['/all/x', [`Cookie: __Host-token=${text}`]], ['/all/x', [`Sec-WebSocket-Protocol: bearer, ${text}`]]]) {
      if (word === 'token_too_large') continue;
      await expectRefusal(gate, await gate.ask({ target, headers }), word);
    }
  }
  assert.equal(upstream.requests.length, 0);
  await gate.line((line) => line.reason === 'token_expired');
  assertHidden(token, everything(gate), 'the log');
});

test('one that is too large is that, wherever it is', async (t) => {
  const { gate } = await start(t, { config: { limits: { header_bytes: '64k' } } });
  const huge = 'a'.repeat(16385);
  for (const [target, headers] of [[`/all/x?access_token=${huge}`, []], ['/all/x', [`Cookie: __Host-token=${huge}`]], ['/all/x', [`Sec-WebSocket-Protocol: bearer, ${huge}`]]]) await expectRefusal(gate, await gate.ask({ target, headers }), 'token_too_large');
});

test('a public path gets no token either', async (t) => {
  const { gate, upstream } = await start(t);
  const token = await sign(key);
  for (const request of [{ target: `/all/open?access_token=${token}&a=1` }, { target: '/all/open', headers: [`Cookie: a=1; __Host-token=${token}`] }, { target: '/all/open', headers: [`Sec-WebSocket-Protocol: bearer, ${token}`] }, { method: 'POST', target: '/all/open', headers: [`Cookie: __Host-token=${token}`] }]) {
    const got = await gate.ask(request);
    assert.equal(got.status, 200, got.text);
    assertHidden(token, upstream.bytes(), 'what the upstream got');
    assert.equal(upstream.requests.at(-1).get('x-user'), undefined);
  }
});

test('a cookie counts for the pages it is meant for', async (t) => {
  const { gate, upstream } = await start(t);
  const token = await sign(key);
  const cookie = `Cookie: __Host-token=${token}`;
  const own = `http://127.0.0.1:${gate.port}`;
  const upgrade = ['Upgrade: websocket', 'Connection: Upgrade'];
  const ask = (method, headers, target = '/cookie/x') => gate.ask({ method, target, headers: [cookie, ...headers] });
  for (const method of ['GET', 'HEAD']) for (const origin of [[], ['Origin: https://evil.test'], ['Origin: null']]) assert.equal((await ask(method, origin)).status, 200);
  for (const origin of [own, APP]) for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) assert.equal((await ask(method, [`Origin: ${origin}`])).status, 200, `${method} ${origin}`);
  const forwarded = upstream.requests.length;
  const foreign = [[], ['Origin: null'], ['Origin:'], ['Origin: https://evil.test'], [`Origin: ${APP}.evil.test`], [`Origin: ${APP}/`], ['Origin: https://evil-app.example'], ['Origin: https://App.example'], ['Origin: http://app.example'], [`Origin: ${APP}:443`], [`Origin: https://127.0.0.1:${gate.port}`], [`Origin: ${own}0`], [`Origin: ${own}.evil.test`], [`Origin: http://x@127.0.0.1:${gate.port}`], ['Origin: http://127.0.0.1'], [`Origin: ${APP}`, `Origin: ${APP}`], [`Origin: ${own}`, 'origin: https://evil.test'], [`Origin: ${APP}, ${APP}`], [`Origin: ${APP} ${own}`], ['Origin: *'], [`Referer: ${own}/x`], [`X-Origin: ${own}`], [`X-Forwarded-Host: evil.test`, 'Origin: http://evil.test']];
  for (const origin of foreign) {
    for (const method of ['POST', 'DELETE']) await expectRefusal(gate, await ask(method, origin), 'origin_not_allowed');
    await expectRefusal(gate, await ask('GET', [...origin, ...upgrade]), 'origin_not_allowed');
  }
  await expectRefusal(gate, await ask('GET', ['Upgrade: h2c']), 'origin_not_allowed');
  await expectRefusal(gate, await ask('POST', [], '/cookie/shadow'), 'origin_not_allowed');
  // "*" lists no origin, but the own host needs no list
  await expectRefusal(gate, await ask('POST', [`Origin: ${APP}`], '/any/x'), 'origin_not_allowed');
  await expectRefusal(gate, await ask('POST', ['Origin: *'], '/any/x'), 'origin_not_allowed');
  assert.equal(upstream.requests.length, forwarded);
  assert.equal((await ask('POST', [`Origin: ${own}`], '/any/x')).status, 200);
  // and no page can make a browser send one of these
  for (const headers of [[`Authorization: Bearer ${token}`], [`Sec-WebSocket-Protocol: bearer, ${token}`]]) assert.equal((await gate.ask({ method: 'POST', target: '/all/x', headers: ['Origin: https://evil.test', ...headers] })).status, 200);
  assert.equal((await gate.ask({ method: 'POST', target: `/all/x?access_token=${token}` })).status, 200);
  // a token that was verified beside a good Origin counts beside no other
  await expectRefusal(gate, await ask('POST', ['Origin: https://evil.test']), 'origin_not_allowed');
});

test('the own host is that of https, too', { skip: cannot('TLS') }, async (t) => {
  const made = new Certificates();
  made.make('gate', { names: 'IP:127.0.0.1' });
  const { gate } = await start(t, {
    config: (one) => ({ listen: { address: `127.0.0.1:${one.port}`, tls: { certificate: made.path('gate.pem'), key: made.path('gate.key') } } }),
  });
  const token = await sign(key);
  for (const [host, origin, status] of [['api.example', 'https://api.example', 200], ['api.example:443', 'https://api.example', 200], ['api.example', 'http://api.example', 403], ['api.example:8443', 'https://api.example', 403], ['api.example', 'https://api.example:443', 403]]) {
    const wire = await Wire.open(gate.port, { tls: { rejectUnauthorized: false } });
    await wire.write(`POST /cookie/x HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nCookie: __Host-token=${token}\r\nContent-Length: 0\r\n\r\n`);
    assert.equal((await wire.answer('POST')).status, status, `${host} ${origin}`);
    wire.close();
  }
});

test('bearer is selected where the upstream selects nothing', async (t) => {
  const token = await sign(key);
  const heads = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      heads.push(data.toString('latin1'));
      const selected = /\r\nsec-websocket-protocol: (\w+)/i.exec(data.toString('latin1'))?.[1];
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${selected ? `Sec-WebSocket-Protocol: ${selected}\r\n` : ''}\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = await startGate(t, { policy: POLICY, upstream: `http://127.0.0.1:${server.address().port}`, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  for (const [offered, forwarded, selected] of [[`bearer, ${token}`, undefined, 'bearer'], [`v1, bearer, ${token}`, 'v1', 'v1'], [`bearer, ${token}, v1, v2`, 'v1, v2', 'v1']]) {
    const wire = await Wire.open(gate.port);
    await wire.write(`GET /ws/x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://evil.test\r\nSec-WebSocket-Protocol: ${offered}\r\n\r\n`);
    const head = await wire.head();
    assert.equal(head.status, 101);
    assert.deepEqual(head.all('sec-websocket-protocol'), [selected]);
    assert.equal(/\r\nsec-websocket-protocol: (.*)\r\n/i.exec(heads.at(-1))?.[1], forwarded);
    assertHidden(token, heads.at(-1), 'what the upstream got');
    wire.close();
  }
});

test('a reload changes the places', async (t) => {
  const { gate, upstream } = await start(t);
  const token = await sign(key);
  const ask = () => gate.ask({ target: '/query/x', headers: [`Cookie: sid=${token}`] });
  await expectRefusal(gate, await ask(), 'credentials_missing');
  gate.write('policy.yaml', { ...POLICY, modules: { ...POLICY.modules, query: { paths: ['/query/*'], credentials: { cookie: 'sid' } } } });
  assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  assert.equal((await ask()).status, 200);
  assertHidden(token, upstream.bytes(), 'what the upstream got');
  gate.write('policy.yaml', { ...POLICY, modules: { ...POLICY.modules, query: { paths: ['/query/*'], credentials: {} } } });
  const refused = await gate.admin('/reload', { method: 'POST' });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /\/modules\/query\/credentials: names no place/);
  assert.equal((await ask()).status, 200);
});

test('explain judges a token in the query, and shows the target without it', async (t) => {
  const { gate } = await start(t);
  const token = await sign(key);
  const explain = async (target) => (await run(['explain', '-c', gate.file, target, '--json'])).stdout;
  const shown = await explain(`/query/x?a=1&access_token=${token}`);
  const said = JSON.parse(shown);
  assert.deepEqual([said.verdict, said.forwarded], ['forward', '/query/x?a=1']);
  assertHidden(token, shown, 'what explain prints');
  assert.equal(JSON.parse(await explain(`/query/x?access_token=${token}&access_token=x`)).reason, 'credentials_duplicate');
});
