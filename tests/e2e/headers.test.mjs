// SPDX-License-Identifier: Apache-2.0
// What the upstream sees of a request's head: identity from the gate alone, nothing hop-by-hop.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { assertRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const rsa = makeKey('RS256');
const FILES = { 'keys.json': keySet(rsa) };
const OWNED = ['X-User', 'X-Roles', 'X-Scopes', 'X-Client', 'X-Issuer'];

/** Ways of writing a header's name that some server folds to the same. */
const SPELLINGS = {
  'as it is': (name) => name, 'in lower case': (name) => name.toLowerCase(), 'in upper case': (name) => name.toUpperCase(),
  'with underscores': (name) => name.replaceAll('-', '_'), 'in lower case with underscores': (name) => name.toLowerCase().replaceAll('-', '_'),
  'with dots': (name) => name.replaceAll('-', '.'),
};

const squash = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

test('identity headers', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: { issuers: fileIssuer() }, files: FILES });
  const token = await sign(rsa, { sub: 'alice', scope: 'read write', azp: 'app-1' });
  const seen = async (request) => {
    upstream.clear();
    const got = await gate.ask(request);
    assert.equal(got.status, 200, got.text);
    return upstream.requests[0];
  };
  const values = (request, name) => request.headers.filter(([other]) => squash(other) === squash(name)).map(([, value]) => value);

  await t.test('come from the token', async () => {
    const request = await seen({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });
    assert.deepEqual(OWNED.map((name) => request.all(name)), [['alice'], ['reader'], ['read write'], ['app-1'], ['idp']]);
  });

  for (const [how, spell] of Object.entries(SPELLINGS)) {
    for (const name of OWNED) {
      await t.test(`${name} ${how} cannot be spoofed`, async () => {
        const spoof = `${spell(name)}: root`;
        const open = await seen({ target: '/open/x', headers: [spoof] });
        assert.deepEqual(values(open, name), [], 'on a public path');
        const known = await seen({ target: '/api/x', headers: [spoof, `Authorization: Bearer ${token}`, spoof] });
        assert.equal(values(known, name).length, 1, 'with a token');
        assert.notEqual(values(known, name)[0], 'root');
      });
    }
  }

  await t.test('a claim that is absent leaves no header, and none of the client\'s', async () => {
    const bare = await sign(rsa, { sub: undefined, azp: undefined, client_id: undefined });
    const request = await seen({ target: '/api/x', headers: [`Authorization: Bearer ${bare}`, 'X-User: root', 'X-Client: root'] });
    assert.deepEqual(values(request, 'X-User'), []);
    assert.deepEqual(values(request, 'X-Client'), []);
  });

  await t.test('Connection cannot name them away', async () => {
    const request = await seen({ target: '/api/x', headers: [`Authorization: Bearer ${token}`, `Connection: close, ${OWNED.join(', ')}`] });
    assert.deepEqual(OWNED.map((name) => request.all(name).length), [1, 1, 1, 1, 1]);
  });

  await t.test('a subject with a line break is refused', async () => {
    upstream.clear();
    const nasty = await sign(rsa, { sub: 'a\r\nX-Roles: admin' });
    assertRefusal(await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${nasty}` } }), 'claim_malformed');
    assert.equal(upstream.bytes(), '');
  });

  await t.test('a client with a line break makes no header of its own', async () => {
    upstream.clear();
    const got = await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${await sign(rsa, { azp: 'a\r\nX-Roles: admin' })}` } });
    if (got.status !== 200) assertRefusal(got, 'claim_malformed');
    assert.doesNotMatch(upstream.bytes(), /admin/);
  });

  await t.test('a subject in UTF-8 arrives unchanged', async () => {
    const request = await seen({ target: '/api/x', headers: { Authorization: `Bearer ${await sign(rsa, { sub: 'Zoë' })}` } });
    assert.equal(Buffer.from(request.get('x-user'), 'latin1').toString('utf8'), 'Zoë');
  });

  await t.test('X-Request-Id is the gate\'s', async () => {
    const request = await seen({ target: '/open/x', headers: ['X-Request-Id: mine'] });
    assert.equal(request.all('x-request-id').length, 1);
    assert.notEqual(request.get('x-request-id'), 'mine');
  });

  await t.test('Authorization is stripped', async () => {
    assert.equal((await seen({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } })).get('authorization'), undefined);
    assert.equal((await seen({ target: '/open/x', headers: { Authorization: `Bearer ${token}` } })).get('authorization'), undefined);
  });
});

test('forward.authorization: keep, and headers of one\'s own', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, files: FILES,
    config: { issuers: fileIssuer(), forward: { authorization: 'keep', headers: { 'X-Who': '/sub', 'X-Tenant': '/org/id', 'X-Groups': '/groups', 'X-May': 'roles' } } },
  });
  const token = await sign(rsa, { org: { id: 7 }, groups: ['a', 'b'] });
  await gate.ask({ target: '/api/x', headers: [`Authorization: Bearer ${token}`, 'x_who: root', 'X-User: kept'] });
  const [request] = upstream.requests;

  assert.equal(request.get('authorization'), `Bearer ${token}`);
  assert.deepEqual(request.all('x-who'), ['alice']);
  assert.equal(request.get('x_who'), undefined);
  assert.equal(request.get('x-tenant'), '7');
  assert.equal(request.get('x-groups'), 'a,b');
  assert.equal(request.get('x-may'), 'reader');
  assert.equal(request.get('x-user'), 'kept', 'which the gate does not set here');
});

test('what only proxies say, and another method, are not for clients to say', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer(), forward: { headers: { 'X-Forwarded-User': '/sub' } } } });
  const NAMES = ['X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Client-Cert', 'X-Forwarded-Access-Token', 'X-Forwarded-Ssl', 'X-Original-Host', 'X-Original-URL', 'X-Client-IP', 'X-HTTP-Method-Override', 'X-Method-Override', 'X-HTTP-Method'];
  for (const [how, spell] of Object.entries(SPELLINGS)) {
    await t.test(how, async () => {
      upstream.clear();
      const spoofs = NAMES.map((name) => `${spell(name)}: root`);
      for (const headers of [spoofs, [...spoofs, `Authorization: Bearer ${await sign(rsa)}`]]) {
        const got = await gate.ask({ method: 'POST', target: headers.length > spoofs.length ? '/api/x' : '/open/x', headers });
        assert.equal(got.status, 200, got.text);
      }
      assert.doesNotMatch(upstream.bytes(), /root/);
      assert.deepEqual(upstream.requests.map((request) => request.all('x-forwarded-user')), [[], ['alice']], 'but the gate may');
    });
  }
});

test('heads of requests', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: { issuers: fileIssuer() }, files: FILES });
  const seen = async (request) => {
    upstream.clear();
    await gate.ask({ target: '/open/x', ...request });
    return upstream.requests[0];
  };

  await t.test('hop-by-hop headers go', async () => {
    const request = await seen({ headers: ['Keep-Alive: timeout=5', 'Proxy-Authorization: Basic eDp5', 'Proxy-Connection: keep-alive', 'TE: gzip', 'Trailer: X', 'Proxy: http://evil'] });
    for (const name of ['keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'proxy', 'upgrade']) assert.equal(request.get(name), undefined, name);
  });

  await t.test('what Connection names goes', async () => {
    const request = await seen({ headers: ['Connection: x-hop, X-Other', 'X-Hop: 1', 'X-Other: 2', 'X-Stays: 3'] });
    assert.equal(request.get('x-hop'), undefined);
    assert.equal(request.get('x-other'), undefined);
    assert.equal(request.get('x-stays'), '3');
  });

  await t.test('Connection cannot name away what carries meaning', async () => {
    const request = await seen({ method: 'POST', body: 'abc', headers: ['Connection: Host, Content-Length, Cookie, X-Request-Id, X-Forwarded-For', 'Cookie: a=b'] });
    assert.ok(request.get('host'));
    assert.equal(request.body.toString(), 'abc');
    assert.equal(request.get('cookie'), 'a=b');
    assert.ok(request.get('x-request-id'));
    assert.ok(request.get('x-forwarded-for'));
  });

  await t.test('X-Forwarded-* are rebuilt', async () => {
    const request = await seen({ headers: ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Uri: /open', 'Forwarded: for=6.6.6.6', 'X-Real-IP: 6.6.6.6', 'x_forwarded_for: 6.6.6.6'] });
    assert.deepEqual(request.all('x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(request.all('x-forwarded-proto'), ['http']);
    assert.deepEqual(request.all('x-forwarded-host'), [`127.0.0.1:${gate.port}`]);
    assert.doesNotMatch(request.head, /6\.6\.6\.6|evil\.test/);
    assert.equal(request.get('x-forwarded-uri'), undefined);
  });

  await t.test('other headers pass in order, with their duplicates and their case', async () => {
    const request = await seen({ headers: ['X-B: 2', 'x-a: 1', 'X-B: 3', 'Accept: */*'] });
    assert.deepEqual(request.headers.filter(([name]) => /^(x-[ab]|accept)$/i.test(name)), [['X-B', '2'], ['x-a', '1'], ['X-B', '3'], ['Accept', '*/*']]);
  });

  await t.test('500 names in Connection are bounded work', async () => {
    const names = Array.from({ length: 500 }, (_, i) => `x${i}`).join(', ');
    const request = await seen({ headers: [`Connection: ${names}`, 'X499: 1', 'X-Stays: 1'] });
    if (request) {
      assert.equal(request.get('x499'), undefined);
      assert.equal(request.get('x-stays'), '1');
    }
  });
});

test('heads of answers', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, 'x', ['Connection: x-hop', 'X-Hop: 1', 'Keep-Alive: timeout=5', 'Proxy-Authenticate: Basic', 'X-Postern: refused', 'X-Request-Id: theirs', 'Set-Cookie: a=b', 'Set-Cookie: c=d', 'X-Mixed: Case']));
  const gate = await startGate(t, { upstream: upstream.url, config: { issuers: fileIssuer() }, files: FILES });
  const got = await gate.ask({ target: '/open/x' });

  for (const name of ['x-hop', 'keep-alive', 'proxy-authenticate']) assert.equal(got.get(name), undefined, name);
  assert.equal(got.get('x-postern'), undefined, 'only the gate says that');
  assert.deepEqual(got.all('set-cookie'), ['a=b', 'c=d']);
  assert.match(got.head, /\r\nX-Mixed: Case/);
  assert.equal(got.all('x-request-id').length, 1);
  assert.equal(got.get('x-request-id'), upstream.requests[0].get('x-request-id'));
});
