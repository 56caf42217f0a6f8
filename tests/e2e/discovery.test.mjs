// SPDX-License-Identifier: Apache-2.0
// What clients read before they have a token: challenges (RFC 6750) and metadata (RFC 9728).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { issuerGate, tokenOf } from './harness/oauth.mjs';
import { send } from './harness/raw.mjs';

/** GET with a Host of our own choice. */
const askHost = (gate, target, host) => send(gate.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 'GET');

/** The challenge of that scheme; one of Basic follows. */
const bearer = (got) => got.get('www-authenticate').replace(/, Basic .*/, '');

const POLICY = {
  roles: {
    reader: { granted_to: [{ client: 'nobody' }] },
    scoped: { granted_to: [{ issuer: 'local', scope: 'b' }, { issuer: 'local', scope: 'c', group: 'g' }] },
    grouped: { granted_to: [{ issuer: 'local', group: 'g' }] },
  },
  modules: { api: { paths: ['/api/*'] } },
  privileges: {
    api: { modules: ['api'] },
    scoped: { paths: ['/scoped/*'], roles: ['scoped'] },
    grouped: { paths: ['/grouped/*'], roles: ['grouped'] },
    both: { paths: ['/both/*'], roles: ['scoped'], scopes: ['special'] },
    get: { paths: ['/get/*'], methods: ['GET'] },
  },
};
const PROVIDERS = new URL('../../docs/providers/', import.meta.url);
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

test('challenges', async (t) => {
  const gate = await issuerGate(t, { policy: POLICY });
  const token = await tokenOf(gate, gate.partner, { scope: 'a' });
  const call = (target, more = {}) => gate.ask({ target, headers: { Authorization: `Bearer ${token}` }, ...more });

  await t.test('where nothing was presented there is no error code', async () => {
    for (const target of ['/nowhere', '/api/x', '/scoped/x', '/grouped/x']) {
      const got = await gate.ask({ target });
      assert.equal(got.status, target === '/nowhere' ? 403 : 401);
      assert.ok(!/error=/.test(got.get('www-authenticate') ?? ''), got.get('www-authenticate'));
    }
    assert.match((await gate.ask({ target: '/both/x' })).get('www-authenticate'), /, scope="special b"/);
  });
  await t.test('insufficient_scope comes with the scopes that help', async () => {
    for (const [target, scope] of [['/scoped/x', 'b'], ['/both/x', 'special b']]) {
      const got = await call(target);
      assert.equal(got.json().reason, 'privilege_missing');
      assert.match(got.get('www-authenticate'), new RegExp(`error="insufficient_scope", .*, scope="${scope}"`));
    }
  });
  await t.test('where no scope helps nobody is sent for one', async () => {
    for (const [target, more, reason] of [['/grouped/x', {}, 'privilege_missing'], ['/nowhere', {}, 'no_rule'], ['/get/x', { method: 'DELETE' }, 'method_not_granted']]) {
      const got = await call(target, more);
      assert.equal(got.status, 403);
      assert.equal(got.json().reason, reason);
      assert.equal(got.get('www-authenticate'), undefined);
    }
  });
  await t.test('a header of another kind is named, its value never', async () => {
    for (const [header, detail] of [
      ['Token hunter2', 'Authorization has the scheme Token, not Bearer'],
      ['jwt hunter2', 'Authorization has the scheme JWT, not Bearer'],
      ['Bearer: hunter2', 'Authorization has "Bearer:" with a colon, which must be "Bearer"'],
      ['hunter2', 'Authorization has neither the scheme Bearer nor Basic'],
      ['Bearer:hunter2', 'Authorization has a colon after Bearer, which must be a space'],
      ['eyJhbGciOiJub25lIn0.hunter2.', 'Authorization has a token without a scheme: put "Bearer" before it'],
      ['hunter2 hunter2', 'Authorization has neither the scheme Bearer nor Basic'],
    ]) {
      const got = await gate.ask({ target: '/api/x', headers: { Authorization: header } });
      assert.equal(got.status, 401);
      assert.equal(got.json().reason, 'credentials_missing');
      assert.equal(got.json().detail, detail);
      assert.ok(!`${got.text}${got.get('www-authenticate')}`.includes('hunter2'));
    }
  });
});

const idp = (name, more = {}) => ({ issuer: `https://${name}.example`, audience: 'api', jwks: { timeout: '1s' }, jwks_uri: `http://127.0.0.1:1/${name}`, ...more });

test('the metadata of the resource', async (t) => {
  const config = (resource) => ({ issuers: { one: idp('one'), kube: idp('kube', { provider: 'kubernetes' }), two: idp('two') }, ...(resource && { resource }) });

  await t.test('names where a client can get a token, in the order of the file', async (t) => {
    const gate = await issuerGate(t, { config: config(), policy: POLICY });
    const got = (await gate.ask({ target: WELL_KNOWN })).json();
    assert.deepEqual(got.authorization_servers, ['https://one.example', 'https://two.example', gate.issuer]);
    assert.deepEqual(got.scopes_supported, ['special', 'b', 'c']);
  });
  await t.test('a Host that is no name or address is repeated neither there nor in a challenge', async (t) => {
    const gate = await issuerGate(t, { config: config(), policy: POLICY });
    for (const host of ['a.example%22', 'evil.example%00', 'a&b', '$x', '~', '!', 'a..b', '.example', 'a.example:0', 'a.example:99999', '[:::]', `${'a'.repeat(64)}.example`]) {
      const bad = await askHost(gate, WELL_KNOWN, host);
      assert.equal(bad.status, 400, host);
      assert.ok(!bad.text.includes(host));
      assert.match(bad.json().detail, /Host/);
      const challenge = bearer(await askHost(gate, '/api/x', host));
      assert.equal(challenge, 'Bearer realm="postern"', host);
    }
    for (const host of ['api.example', 'API.example:8443', 'a_b.example.', '[::1]:80', '10.0.0.7']) {
      assert.equal((await askHost(gate, WELL_KNOWN, host)).json().resource, `http://${host}`);
      const challenge = bearer(await askHost(gate, '/api/x', host));
      assert.equal(challenge, `Bearer realm="postern", resource_metadata="http://${host}${WELL_KNOWN}"`);
    }
  });
  await t.test('is turned away as a problem where path or method is wrong', async (t) => {
    const gate = await issuerGate(t, { config: config({ url: 'https://api.example/orders' }), policy: POLICY });
    const cases = [
      ['POST', WELL_KNOWN, 405, 'Method Not Allowed', 'the method must be GET, HEAD'],
      ['DELETE', `${WELL_KNOWN}/orders`, 405, 'Method Not Allowed', 'the method must be GET, HEAD'],
      ['GET', `${WELL_KNOWN}/`, 404, 'Not Found', `this document's path is exactly ${WELL_KNOWN}`],
      ['POST', `${WELL_KNOWN}/orders/`, 404, 'Not Found', `this document's path is exactly ${WELL_KNOWN}/orders`],
      ['GET', WELL_KNOWN.toUpperCase(), 404, 'Not Found', `this document's path is exactly ${WELL_KNOWN}`],
    ];
    for (const [method, target, status, title, detail] of cases) {
      const got = await gate.ask({ method, target });
      assert.equal(got.status, status, `${method} ${target}`);
      assert.equal(got.get('content-type'), 'application/problem+json');
      assert.deepEqual(got.json(), { type: 'about:blank', title, status, detail, instance: got.get('x-request-id') });
      assert.equal(got.get('x-postern'), 'refused');
      assert.equal(got.get('cache-control'), 'no-store');
      assert.equal(got.get('allow'), status === 405 ? 'GET, HEAD' : undefined);
    }
    assert.equal((await gate.ask({ target: `${WELL_KNOWN}/other` })).json().reason, 'no_rule');
  });
  await t.test('HTTP/1.0 without a Host header', async (t) => {
    const gate = await issuerGate(t, { config: config(), policy: POLICY });
    const ask = (target) => send(gate.port, `GET ${target} HTTP/1.0\r\n\r\n`, 'GET');
    const bad = await ask(WELL_KNOWN);
    assert.equal(bad.status, 400);
    assert.equal(bad.json().detail, 'without a Host header it is unknown by which name clients use this gate');
    assert.equal(bearer(await ask('/api/x')), 'Bearer realm="postern"');
  });
  await t.test('names each kind of provider but those of workloads, unless they are asked for', async (t) => {
    const words = fs.readdirSync(PROVIDERS).map((page) => page.replace('.md', ''));
    const workloads = ['github', 'gitlab', 'kubernetes'];
    const issuers = Object.fromEntries(words.map((word) => [word, idp(word, {
      provider: word, require: { '/a': 'b', '/email': 'e', '/client_id': 'c', '/client_tenantname': 't', '/project_path': 'p', '/repository_id': 'r' }, ...word === 'okta' && { issuer: 'https://okta.example/oauth2/default' },
    })]));
    const listed = async (resource) => {
      const gate = await issuerGate(t, { config: { issuers, ...resource && { resource } }, policy: POLICY });
      return (await gate.ask({ target: WELL_KNOWN })).json().authorization_servers.map((url) => /\/\/(\w+)/.exec(url)[1]).filter((word) => words.includes(word));
    };
    assert.ok(words.length > 10 && workloads.every((word) => words.includes(word)));
    assert.deepEqual(await listed(), words.filter((word) => !workloads.includes(word)));
    assert.deepEqual(await listed({ authorization_servers: ['gitlab', 'okta'] }), ['gitlab', 'okta']);
  });
  await t.test('not a local issuer whose tokens do not count', async (t) => {
    const gate = await issuerGate(t, { config: config(), local: { accept: 'never' }, policy: POLICY });
    assert.deepEqual((await gate.ask({ target: WELL_KNOWN })).json().authorization_servers, ['https://one.example', 'https://two.example']);
  });
  await t.test('a public URL and an order by configuration', async (t) => {
    const url = 'https://api.example/orders';
    const gate = await issuerGate(t, { config: config({ url, authorization_servers: ['local', 'one'] }), policy: POLICY });
    for (const target of [WELL_KNOWN, `${WELL_KNOWN}/orders`]) {
      const got = await askHost(gate, target, 'evil.example');
      assert.equal(got.json().resource, url, got.text);
      assert.deepEqual(got.json().authorization_servers, [gate.issuer, 'https://one.example']);
      assert.ok(!got.text.includes('evil'));
    }
    const challenge = (await askHost(gate, '/api/x', 'evil.example')).get('www-authenticate');
    assert.match(challenge, /resource_metadata="https:\/\/api\.example\/\.well-known\/oauth-protected-resource\/orders"/);
  });
});
