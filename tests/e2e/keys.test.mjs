// SPDX-License-Identifier: Apache-2.0
// Keys: from a file, from a URL, by discovery; asked for when they are needed, and not more often.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { signingJwk, startIdp } from './harness/idp.mjs';
import { freePort } from './harness/ports.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { AUDIENCE, ISSUER, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const present = (gate, token) => gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });

/** A server of keys that counts: `answer(request, response)` may be replaced. */
async function keyServer(t, body) {
  const server = { hits: 0, body, port: await freePort() };
  server.answer = (request, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(server.body));
  const listener = http.createServer((request, response) => { server.hits++; server.answer(request, response); });
  server.url = `http://127.0.0.1:${server.port}/keys`;
  server.start = async () => { listener.listen(server.port, '127.0.0.1'); await once(listener, 'listening'); };
  await server.start();
  t.after(() => { listener.closeAllConnections(); listener.close(); });
  return server;
}

const idpAt = (url, jwks = {}) => ({ issuers: { idp: { issuer: ISSUER, audience: [AUDIENCE], jwks_uri: url, jwks: { timeout: '60s', ...jwks } } } });

const readyzOf = (gate, fits) => eventually(async () => {
  const got = await gate.admin('/readyz');
  return fits(got) ? got : null;
}, 'that answer of /readyz');

test('jwks_uri', async (t) => {
  const old = makeKey('RS256', 'old');
  const fresh = makeKey('ES256', 'fresh');
  const server = await keyServer(t, keySet(old));
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: idpAt(server.url, { cooldown: '1h' }) });
  await readyzOf(gate, (got) => got.status === 200);

  await t.test('is fetched once, not per request', async () => {
    for (let i = 0; i < 10; i++) assert.equal((await present(gate, await sign(old))).status, 200);
    assert.equal(server.hits, 1);
  });

  await t.test('is fetched again for an unknown kid, and the request that met it is served', async () => {
    server.body = keySet(old, fresh);
    assert.equal((await present(gate, await sign(fresh))).status, 200);
    assert.equal(server.hits, 2);
  });

  await t.test('is fetched once per cooldown, however many unknown kids come', async () => {
    const stranger = makeKey('ES256', 'stranger');
    await Promise.all(Array.from({ length: 20 }, async (_, i) => expectRefusal(gate, await present(gate, await sign(stranger, {}, { kid: `k${i}` })), 'key_unknown')));
    assert.equal(server.hits, 2);
    assert.equal((await present(gate, await sign(old))).status, 200, 'known ones are served all the while');
  });
});

test('a fetch that is slow holds up nobody but the request that needs it', async (t) => {
  const key = makeKey('RS256', 'known');
  const server = await keyServer(t, keySet(key));
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: idpAt(server.url, { cooldown: '1s' }) });
  await readyzOf(gate, (got) => got.status === 200);
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const quick = server.answer;
  server.answer = async (request, response) => { await held; quick(request, response); };

  const waiting = present(gate, await sign(makeKey('RS256', 'unknown')));
  await eventually(() => server.hits >= 2, 'a fetch for the unknown kid');
  assert.equal((await present(gate, await sign(key))).status, 200);
  release();
  await expectRefusal(gate, await waiting, 'key_unknown');
});

test('an identity provider that is down at the start', async (t) => {
  const key = makeKey('RS256', 'late');
  const port = await freePort();
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: idpAt(`http://127.0.0.1:${port}/keys`) });

  await t.test('the gate runs, and /readyz says which issuer has no keys and why', async () => {
    const got = await readyzOf(gate, ({ text }) => /refused|connect/i.test(text));
    assert.equal(got.status, 503);
    assert.match(got.text, /idp/);
    assert.equal((await gate.admin('/livez')).status, 200);
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200, 'public paths need no keys');
  });

  await t.test('its tokens cannot be judged', async () => {
    const got = await present(gate, await sign(key));
    await expectRefusal(gate, got, 'keys_unavailable');
    assert.ok(Number(got.get('retry-after')) > 0);
  });

  await t.test('they can once it is up', async () => {
    const server = http.createServer((request, response) => response.end(JSON.stringify(keySet(key))));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    await readyzOf(gate, (got) => got.status === 200);
    assert.equal((await present(gate, await sign(key))).status, 200);
  });
});

const BAD_ANSWERS = {
  'status 500': (request, response) => response.writeHead(500).end('{"keys":[]}'),
  'a redirection': (request, response) => response.writeHead(302, { Location: '/other' }).end(),
  'no JSON': (request, response) => response.end('<html>'),
  'an empty document': (request, response) => response.end(''),
  'an empty object': (request, response) => response.end('{}'),
  'an empty set': (request, response) => response.end('{"keys":[]}'),
  'keys that are no array': (request, response) => response.end('{"keys":123}'),
  'more than 256 KiB': (request, response) => response.end(JSON.stringify({ ...keySet(GOOD), pad: 'x'.repeat(300000) })),
  'JSON nested 1000 deep': (request, response) => response.end(`{"keys":${'['.repeat(1000)}${']'.repeat(1000)}}`),
  'a connection that breaks off': (request, response) => { response.writeHead(200, { 'Content-Length': 5000 }); response.write('{"keys":['); response.destroy(); },
};
const GOOD = makeKey('RS256', 'good');

test('answers that are no set of keys', async (t) => {
  for (const [name, answer] of Object.entries(BAD_ANSWERS)) {
    await t.test(`${name}: the last good set is kept`, async (inner) => {
      const server = await keyServer(inner, keySet(GOOD));
      const upstream = await recordingUpstream(inner);
      const gate = await startGate(inner, { upstream: upstream.url, config: idpAt(server.url, { cooldown: '1s' }) });
      await readyzOf(gate, (got) => got.status === 200);
      server.answer = answer;
      await expectRefusal(gate, await present(gate, await sign(makeKey('RS256', 'unknown'))), 'key_unknown');
      assert.ok(server.hits >= 2);
      assert.equal((await present(gate, await sign(GOOD))).status, 200);
    });
  }
});

test('one unusable key does not spoil the set', async (t) => {
  const server = await keyServer(t, { keys: [{ kty: 'unknown', kid: 'a' }, { kty: 'RSA', kid: 'b', n: '!', e: 'AQAB' }, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'c' }, { kty: 'oct', kid: 'd', k: 'AAAA' }, 7, ...keySet(GOOD).keys] });
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: idpAt(server.url) });
  await readyzOf(gate, (got) => got.status === 200);
  assert.equal((await present(gate, await sign(GOOD))).status, 200);
});

test('discovery', async (t) => {
  const idp = await startIdp(t, ['RS256']);
  const upstream = await recordingUpstream(t);
  const config = { issuers: { idp: { issuer: idp.issuer, audience: [AUDIENCE], jwks: { cooldown: '1s', timeout: '60s' } } } };
  const gate = await startGate(t, { upstream: upstream.url, config });
  await readyzOf(gate, (got) => got.status === 200);

  await t.test('finds the keys', async () => {
    assert.equal((await present(gate, await idp.token('RS256'))).status, 200);
    assert.equal(idp.count('/.well-known/openid-configuration'), 1);
    assert.equal(idp.count('/jwks'), 1);
  });

  await t.test('a rotation is followed without a restart', async () => {
    const before = await idp.token('RS256');
    idp.replaceKeys([signingJwk('RS256', 'rotated'), ...idp.keys]);
    assert.equal((await present(gate, await idp.token('RS256'))).status, 200);
    assert.equal((await present(gate, before)).status, 200, 'the old key is still in the set');
  });

  await t.test('known tokens are judged while it is down', async () => {
    const token = await idp.token('RS256');
    await idp.stop();
    assert.equal((await present(gate, token)).status, 200);
    await idp.start();
  });

  await t.test('a document that names another issuer is not believed', async (inner) => {
    const liar = await keyServer(inner, null);
    liar.answer = (request, response) => response.end(JSON.stringify({ issuer: 'https://other.test', jwks_uri: `${liar.url}` }));
    const other = await startGate(inner, { upstream: upstream.url, config: { issuers: { liar: { issuer: `http://127.0.0.1:${liar.port}`, audience: [AUDIENCE] } } }, policy: { public: ['/'] } });
    const got = await readyzOf(other, ({ text }) => /issuer/i.test(text) && liar.hits > 0);
    assert.equal(got.status, 503);
  });
});

test('the last good set outlives a restart', async (t) => {
  const server = await keyServer(t, keySet(GOOD));
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: idpAt(server.url) });
  await readyzOf(gate, (got) => got.status === 200);
  await gate.stop();
  server.answer = (request, response) => response.destroy();
  gate.stderr = '';
  gate.spawn();
  await gate.ready();
  assert.equal((await present(gate, await sign(GOOD))).status, 200);
});
