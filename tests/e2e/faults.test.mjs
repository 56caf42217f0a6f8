// SPDX-License-Identifier: Apache-2.0
// An issuer that answers with anything but keys: each kind has a word, and nobody else suffers.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { AUDIENCE, ISSUER, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const FAULTS = {
  redirect: (response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/?secret' }).end(),
  http_status: (response) => response.writeHead(429, { 'Retry-After': '60' }).end(),
  html: (response) => response.writeHead(200).end('<!DOCTYPE html>'),
  compressed: (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('bomb'),
  truncated: (response) => { response.writeHead(200, { 'Content-Length': 500 }).write('{"keys":['); setTimeout(() => response.destroy(), 50); },
  too_large: (response) => response.writeHead(200).end(' '.repeat(300000)),
  timeout: () => {},
  not_json: (response) => response.writeHead(200).end('['.repeat(1000)),
  no_usable_key: (response) => response.writeHead(200).end('{"keys":[]}'),
};

async function keyServer(t, answer) {
  const listener = http.createServer((request, response) => answer(response)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => { listener.closeAllConnections(); listener.close(); });
  return `http://127.0.0.1:${listener.address().port}/keys`;
}

test('each fault has its word in /readyz and /metrics, and delays no other issuer', async (t) => {
  const key = makeKey('ES256', 'good');
  const issuers = { idp: { issuer: ISSUER, audience: [AUDIENCE], jwks_uri: await keyServer(t, (response) => response.end(JSON.stringify(keySet(key)))) } };
  for (const [word, answer] of Object.entries(FAULTS))
    issuers[word] = { issuer: `https://${word}.example`, audience: [AUDIENCE], jwks_uri: await keyServer(t, answer), jwks: { timeout: word === 'timeout' ? '1s' : '60s' } };
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: { issuers } });

  const told = await eventually(async () => {
    const { issuers: all } = JSON.parse((await gate.admin('/readyz')).text);
    return all.every((one) => one.ready || one.failure) ? all : null;
  }, 'an end of every first try');
  for (const word of Object.keys(FAULTS)) assert.equal(told.find((one) => one.issuer === word).failure, word);
  for (const word of Object.keys(FAULTS)) {
    await eventually(async () => (await gate.metric(`postern_key_fetches_total{issuer="${word}",result="${word}"}`)) >= 1, `the count of ${word}`);
  }
  const headers = { Authorization: `Bearer ${await sign(key)}` };
  assert.equal((await gate.ask({ target: '/api/x', headers })).status, 200);

  await t.test('postern jwks says the keys and the faults', async () => {
    const good = await run(['jwks', '-c', gate.file, 'idp']);
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, /key good: kty EC, alg ES256, use sig, 256 bits/);
    const bad = await run(['jwks', '-c', gate.file, 'redirect']);
    assert.equal(bad.code, 1, bad.stderr);
    assert.match(bad.stdout, /failed: redirect: /);
    assert.doesNotMatch(bad.stdout, /secret/);
    assert.equal((await run(['jwks', '-c', gate.file, 'nobody'])).code, 1);
  });
});
