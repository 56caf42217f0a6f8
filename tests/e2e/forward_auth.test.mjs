// SPDX-License-Identifier: Apache-2.0
// Forward-auth: a gateway in front asks, and forwards by itself. Here a raw client asks, honestly and
// not; forward_auth_gateways has the real gateways.
import assert from 'node:assert/strict';
import test from 'node:test';
import { POLICY, run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { ask, requestText, send, Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';

const NAMES = ['X-User', 'X-Roles', 'X-Scopes', 'X-Client', 'X-Issuer'];
const key = makeKey('RS256');
const files = { 'keys.json': keySet(key) };
const jane = { Authorization: `Bearer ${await sign(key, { sub: 'jane', scope: 'read' })}` };
const stranger = { Authorization: `Bearer ${await sign(key, { sub: 'joe', scope: 'other' })}` };

/** On one host this path is not public. */
const HOSTED = {
  ...POLICY,
  modules: { ...POLICY.modules, named: { paths: ['/open/named'], hosts: ['named.example'] }, page: { paths: ['/page/*'], credentials: { cookie: 'session' } }, reading: { paths: ['/reading/*'] } },
  roles: { ...POLICY.roles, near: { granted_to: [{ issuer: 'idp', peer: '10.0.0.0/8' }] } },
  privileges: { ...POLICY.privileges, near: { paths: ['/near'], roles: ['near'] }, named: { modules: ['named'] }, page: { modules: ['page'], roles: ['reader'] }, reading: { modules: ['reading'], roles: ['reader'], methods: ['GET'] } },
};

/** A gate that may be asked at gate.authPort. */
async function askable(t, form, more = {}) {
  const authPort = await freePort();
  const gate = await startGate(t, { files, policy: HOSTED, config: { issuers: fileIssuer(), forward_auth: { address: `127.0.0.1:${authPort}`, form, trusted_proxies: ['127.0.0.0/8'], ...more } } });
  await gate.hasKeys();
  return Object.assign(gate, { authPort });
}

/** The request that a gateway of that form makes of one. */
const FORMS = {
  original: (method, uri) => ({ target: '/_postern/authorize', lines: [`X-Original-Method: ${method}`, `X-Original-URI: ${uri}`] }),
  forwarded: (method, uri) => ({ target: '/_postern/authorize', lines: [`X-Forwarded-Method: ${method}`, `X-Forwarded-Uri: ${uri}`] }),
  path: (method, uri) => ({ method, target: `/_postern/authorize${uri}`, lines: [] }),
};

test('a gateway that asks wrongly is told how to ask', async (t) => {
  const gate = await askable(t, 'forwarded', { trusted_proxies: ['127.0.0.1'] });
  const said = async (got) => {
    const id = got.get('x-request-id');
    await gate.line((one) => one.request_id === id);
    return JSON.parse((await run(['explain', '-c', gate.file, '--json', '--request-id', id])).stdout);
  };
  const { lines, ...request } = FORMS.original('GET', '/api/x');
  const wrong = await said(await ask(gate.authPort, { ...request, headers: lines }));
  assert.equal(wrong.reason, 'request_malformed');
  assert.match(wrong.cause, /a gateway asks `forward_auth` in another form than its `form`/);
  assert.match(wrong.remedy[0], /^forward_auth\.form is forwarded \(\S+postern\.yaml:\d+\): have the gateway send exactly one X-Forwarded-Uri and one X-Forwarded-Method, /);
  assert.match(wrong.remedy[1], /original for nginx and HAProxy, forwarded for Caddy and Traefik, path for Envoy$/);

  const near = FORMS.forwarded('GET', '/near');
  const away = await said(await ask(gate.authPort, { target: near.target, headers: [...near.lines, `Authorization: ${jane.Authorization}`, 'X-Forwarded-For: 10.1.1.1, 192.0.2.1'] }));
  assert.deepEqual([away.reason, away.peer], ['privilege_missing', '192.0.2.1']);
  assert.ok(away.remedy.some((one) => /^if a gateway asked by forward_auth, have it set X-Forwarded-For itself: .*forward_auth\.trusted_proxies \(\S+postern\.yaml:\d+\) counts$/.test(one)), JSON.stringify(away.remedy));

  const far = await askable(t, 'original', { trusted_proxies: ['10.0.0.0/8'] });
  const got = await ask(far.authPort, { ...request, headers: lines });
  await far.line((one) => one.request_id === got.get('x-request-id'));
  const told = JSON.parse((await run(['explain', '-c', far.file, '--json', '--request-id', got.get('x-request-id')])).stdout);
  assert.match(told.remedy[0], /^if 127\.0\.0\.1 is your gateway, add it to forward_auth\.trusted_proxies \(\S+postern\.yaml:\d+\)$/);
});

for (const [form, made] of Object.entries(FORMS)) {
  test(`form ${form}`, async (t) => {
    const gate = await askable(t, form);
    const asks = (method, uri, headers = {}, extra = []) => {
      const { lines, ...request } = made(method, uri);
      return ask(gate.authPort, { ...request, headers: [...Object.entries(headers).map((pair) => pair.join(': ')), ...lines, ...extra] });
    };
    /** Refused by that status, or as 403 in form original. */
    const refused = (got, status, reason) => {
      const shown = form === 'original' && status !== 401 ? 403 : status;
      assert.deepEqual([got.status, JSON.parse(got.text).reason], [shown, reason]);
      assert.equal(got.get('x-postern-status'), form === 'original' && status !== 401 ? String(status) : undefined);
    };

    await t.test('who may, may: with every name of forward.headers', async () => {
      const got = await asks('GET', '/api/x?y=z', jane);
      assert.equal(got.status, 200);
      assert.deepEqual(NAMES.map((name) => got.all(name)), [['jane'], ['reader'], ['read'], ['app-1'], ['idp']]);
      const line = await gate.line((one) => one.request_id === got.get('x-request-id'));
      assert.deepEqual([line.verdict, line.method, line.path, line.sub], ['allow', 'GET', '/api/x', 'jane']);
    });
    await t.test('of a public path every name is empty', async () => {
      const got = await asks('GET', '/open/x', { 'X-User': 'root' });
      assert.deepEqual([got.status, ...NAMES.map((name) => got.all(name))], [200, [''], [''], [''], [''], ['']]);
    });
    await t.test('the host counts', async () => {
      const named = (host) => {
        const { method = 'GET', target, lines } = made('GET', '/open/named');
        const own = form === 'forwarded' ? ['Host: gate.example', `X-Forwarded-Host: ${host}`] : [`Host: ${host}`];
        return send(gate.authPort, [`${method} ${target} HTTP/1.1`, 'Connection: close', ...own, ...lines, '', ''].join('\r\n'));
      };
      assert.equal((await named('other.example')).status, 200);
      refused(await named('Named.Example:80'), 401, 'credentials_missing');
      if (form === 'forwarded') refused(await named('named.example, other.example'), 400, 'request_malformed');
      if (form === 'forwarded') refused(await named('other.example\r\nX-Forwarded-Host: named.example'), 400, 'request_malformed');
    });
    await t.test('who may not, may not', async () => {
      const got = await asks('GET', '/api/x');
      refused(got, 401, 'credentials_missing');
      assert.match(got.get('www-authenticate'), /^Bearer realm="postern"/);
      refused(await asks('GET', '/api/x', stranger), 403, 'privilege_missing');
      refused(await asks('GET', '/other', jane), 403, 'no_rule');
    });
    await t.test('the URI is read as strictly as a target', async () => {
      for (const uri of ['/open/../api/x', '/open/%2e%2e/api/x', '/open//x', '/open/%2Fx', '/open/x;y']) refused(await asks('GET', uri), 400, 'path_ambiguous');
      if (form !== 'path') for (const uri of ['open/x', 'http://127.0.0.1/open/x', '*']) refused(await asks('GET', uri), 400, 'request_malformed');
      for (const method of ['TRACE', 'CONNECT']) {
        const got = await asks(method, '/open/x');
        assert.ok(got.status >= 400, method);
      }
    });
    await t.test('headers of another form, of another spelling, or twice are an attack', async () => {
      const attacks = ['X-Original-URI: /open/x', 'X-Original-Method: GET', 'X-Forwarded-Uri: /open/x', 'X-Forwarded-Method: GET', 'x_original_uri: /open/x', 'X_Forwarded_Uri: /open/x', 'X.Forwarded-Method: GET', 'X-Original-URI: '];
      for (const attack of attacks) refused(await asks('GET', '/api/x', jane, [attack]), 400, 'request_malformed');
    });
    await t.test('without its headers, or elsewhere, nothing is said', async () => {
      for (const target of ['/_postern/authorize', '/', '/open/x', '/_postern/authorizex', '//_postern/authorize/x']) {
        const got = await ask(gate.authPort, { target });
        refused(got, 400, 'request_malformed');
      }
    });
    await t.test('the client is the last that no proxy is', async () => {
      const peers = { '192.0.2.7': '192.0.2.7', '192.0.2.8, 127.0.0.1': '192.0.2.8', '1.1.1.1, 192.0.2.9': '192.0.2.9', 'evil, 192.0.2.10': '192.0.2.10', '2001:db8::1': '2001:db8::1' };
      for (const [value, peer] of Object.entries(peers)) {
        const got = await asks('GET', '/open/x', {}, [`X-Forwarded-For: ${value}`]);
        assert.equal((await gate.line((one) => one.request_id === got.get('x-request-id'))).peer, peer);
      }
      refused(await asks('GET', '/open/x', {}, ['X-Forwarded-For: 192.0.2.1, evil']), 400, 'request_malformed');
    });
    await t.test('the scheme is what the gateway says, and nothing else is one', async () => {
      const challenge = async (...extra) => (await asks('GET', '/api/x', {}, extra)).get('www-authenticate');
      const named = (scheme) => new RegExp(`resource_metadata="${scheme}://127\\.0\\.0\\.1:${gate.authPort}/`);
      assert.match(await challenge(), named('http'));
      for (const said of ['https', 'HTTPS', 'wss', 'http, https']) assert.match(await challenge(`X-Forwarded-Proto: ${said}`), named('https'));
      assert.match(await challenge('X-Forwarded-Proto: https', 'X-Forwarded-Proto: http'), named('http'));
      for (const said of ['', 'ftp', 'https,', 'https://']) refused(await asks('GET', '/open/x', {}, [`X-Forwarded-Proto: ${said}`]), 400, 'request_malformed');
      if (form === 'forwarded') assert.match(await challenge('X-Forwarded-Host: shop.example:8443', 'X-Forwarded-Proto: https'), /"https:\/\/shop\.example:8443\//);
    });
    await t.test('a page of the same scheme and host may use its cookie', async () => {
      const cookie = [`Cookie: session=${jane.Authorization.slice('Bearer '.length)}`, `Origin: https://127.0.0.1:${gate.authPort}`];
      assert.equal((await asks('POST', '/page/x', {}, [...cookie, 'X-Forwarded-Proto: https'])).status, 200);
      for (const extra of [[], ['X-Forwarded-Proto: http']]) refused(await asks('POST', '/page/x', {}, [...cookie, ...extra]), 403, 'origin_not_allowed');
    });
    await t.test('another spelling of an identity header is an attack, the name itself is not', async () => {
      for (const spelled of ['X_User', 'x_user', 'X.User', 'X_Roles']) refused(await asks('GET', '/open/x', {}, [`${spelled}: root`]), 400, 'request_malformed');
      for (const own of ['x-user', 'X-USER', 'X-Users', 'XX-User']) assert.equal((await asks('GET', '/open/x', {}, [`${own}: root`])).get('x-user'), '');
    });
    await t.test('a method is a method, in its own letters', async () => {
      assert.equal((await asks('GET', '/reading/x', jane)).status, 200);
      for (const method of ['get', 'Get', 'POST', 'PROPFIND']) refused(await asks(method, '/reading/x', jane), 403, 'method_not_granted');
      for (const method of ['G ET', 'GET,POST', 'GET;', '(GET)', 'G\u00c9T', 'GET /api/x HTTP/1.1']) {
        const got = await asks(method, '/open/x', jane);
        assert.ok(got.status >= 400, method);
      }
    });
    await t.test('what is huge is refused, and the next question answered', async () => {
      for (const extra of [[`X-Filler: ${'x'.repeat(200000)}`], Array(2000).fill('X-Filler: x'), [`X-Forwarded-For: ${'192.0.2.1, '.repeat(20000)}192.0.2.1`]]) {
        const got = await asks('GET', '/open/x', {}, extra).catch(() => null);
        assert.ok(got === null || got.status >= 400, got?.text);
      }
      const long = await asks('GET', `/open/${'x'.repeat(200000)}`).catch(() => null);
      assert.ok(long === null || long.status >= 400);
      assert.equal((await asks('GET', '/open/x')).status, 200);
    });
    await t.test('a body is not the next question', async () => {
      const { method = 'GET', target, lines } = made('GET', '/open/x');
      const question = (more, body) => `${method} ${target} HTTP/1.1\r\n${['Host: a', ...lines, ...more].join('\r\n')}\r\n\r\n${body}`;
      const smuggled = question([], '');
      for (const [more, body] of [[[`Content-Length: ${smuggled.length}`], smuggled], [['Transfer-Encoding: chunked'], `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`], [['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'], [['Content-Length: 3', 'Content-Length: 4'], 'abcd']]) {
        const wire = await Wire.open(gate.authPort);
        await wire.write(question([...more, 'Connection: close'], body));
        const first = await wire.answer();
        assert.ok([200, form === 'original' ? 403 : 400].includes(first.status), first.text);
        assert.equal(await wire.answer(), null, more.join());
        wire.close();
      }
    });
    await t.test('questions on one connection are answered in order, each for itself', async () => {
      const wire = await Wire.open(gate.authPort);
      const texts = [['/open/x', {}], ['/api/x', jane], ['/api/x', {}], ['/open/x', {}]].map(([uri, headers]) => {
        const { lines, ...request } = made('GET', uri);
        return requestText(gate.authPort, { ...request, headers: [...Object.entries(headers).map((pair) => pair.join(': ')), ...lines], close: false });
      });
      await wire.write(texts.join(''));
      const got = [await wire.answer(), await wire.answer(), await wire.answer(), await wire.answer()];
      assert.deepEqual(got.map((one) => [one.status, one.get('x-user')]), [[200, ''], [200, 'jane'], [401, undefined], [200, '']]);
      wire.close();
    });
    await t.test('absolute-form, HTTP/1.0, HEAD and a question without a host are judged by the same path', async () => {
      for (const [uri, fine] of [['/open/x', true], ['/api/x', false]]) {
        const { method = 'GET', target, lines } = made('GET', uri);
        const tail = ['Connection: close', ...lines, '', ''].join('\r\n');
        for (const head of [`${method} http://a.example${target} HTTP/1.1\r\nHost: a.example`, `${method} ${target} HTTP/1.0\r\nHost: a.example`, `${method} ${target} HTTP/1.0`, `HEAD ${target} HTTP/1.1\r\nHost: a.example`]) {
          const got = await send(gate.authPort, `${head}\r\n${tail}`, head.split(' ')[0]);
          assert.ok(fine ? got.status < 500 : got.status >= 400 && got.status < 500, `${head}: ${got.status}`);
        }
        const hostless = await send(gate.authPort, `${method} ${target} HTTP/1.1\r\n${tail}`);
        assert.equal(hostless.status, 400 + 3 * (form === 'original'));
      }
    });
    if (form !== 'path') await t.test('a query of its own is not looked at', async () => {
      const { target, lines } = made('GET', '/api/x');
      for (const query of ['?', '?y=1', '?/open/x', '?/_postern/authorize']) assert.equal((await ask(gate.authPort, { target: target + query, headers: [`Authorization: ${jane.Authorization}`, ...lines] })).status, 200);
    });
  });
}

test('only who is trusted may ask', async (t) => {
  const gate = await askable(t, 'path', { trusted_proxies: ['10.0.0.0/8', 'unix'] });
  const got = await ask(gate.authPort, { target: '/_postern/authorize/open/x', headers: { 'X-Forwarded-For': '10.0.0.1' } });
  assert.deepEqual([got.status, JSON.parse(got.text).reason], [400, 'request_malformed']);
  assert.equal((await gate.ask({ target: '/_postern/authorize/open/x' })).status, 403, 'the listener has no such endpoint');
});
