// SPDX-License-Identifier: Apache-2.0
// `hosts` of modules: which host a request is for decides before its path does, in whatever way the
// host is written; one that can be read in two ways is refused.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { send } from './harness/raw.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const policy = (own, wide) => ({
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: {
    own: { hosts: ['api.example', '[::1]'], paths: ['/*'], upstream: own },
    wide: { hosts: ['*.b.example'], paths: ['/a/*'], upstream: wide, cors: { origins: ['https://app.example'] } },
    all: { paths: ['/a/*'] },
  },
  privileges: { own: { modules: ['own'], roles: ['reader'] }, wide: { modules: ['wide'] } },
  public: ['/a/*', '/health'],
});

async function hosted(t) {
  const upstreams = {};
  for (const name of ['own', 'wide', 'all']) upstreams[name] = await recordingUpstream(t, () => answer(200, name));
  const gate = await startGate(t, { policy: policy(upstreams.own.url, upstreams.wide.url), upstream: upstreams.all.url, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
  await gate.hasKeys();
  const at = (host, target = '/a/x', lines = [], method = 'GET') => send(gate.port, [`${method} ${target} HTTP/1.1`, ...(host === null ? [] : [`Host: ${host}`]), 'Connection: close', ...lines, '', ''].join('\r\n'));
  return { gate, at, upstreams };
}

const bearer = `Authorization: Bearer ${await sign(key, { scope: 'read' })}`;

test('the host decides who may, and what serves', async (t) => {
  const { gate, at, upstreams } = await hosted(t);
  for (const host of ['api.example', 'API.EXAMPLE', 'api.example:8443', 'api.example.', 'Api.Example.:1', '[::1]', '[0::1]:80']) {
    const line = await expectRefusal(gate, await at(host), 'credentials_missing');
    assert.deepEqual([line.host, line.pattern, line.privilege, line.module], [host.startsWith('[') ? '[::1]' : 'api.example', '/*', 'own', 'own'], host);
    assert.equal((await at(host, '/a/x', [bearer])).text, 'own', host);
    assert.equal(upstreams.own.requests.at(-1).get('x-forwarded-host'), host);
  }
  assert.equal((await at('x.b.example', '/a/x', [bearer])).text, 'wide');
  await expectRefusal(gate, await at('x.b.example'), 'credentials_missing');
  // What is for every host counts where the host has no pattern.
  assert.equal((await at('x.b.example', '/health')).text, 'all');
  for (const host of ['other.example', 'b.example', 'x.y.b.example', 'api.example.evil.test', 'xapi.example', '127.0.0.1', 'localhost']) {
    assert.equal((await at(host)).text, 'all', host);
    const line = await gate.line((one) => one.path === '/a/x' && one.module === 'all');
    assert.equal(line.host, undefined);
  }
  await expectRefusal(gate, await at('api.example', '/health'), 'credentials_missing');
});

test('a host that is none of both is refused', async (t) => {
  const { gate, at } = await hosted(t);
  for (const host of ['api%2eexample', 'api..example', '.api.example', 'api.example:0', 'api.example:99999', 'api.example..', 'a!b', '[::1', 'api.example api.example']) {
    await expectRefusal(gate, await at(host), 'request_malformed');
  }
  await expectRefusal(gate, await at('api.example\r\nHost: other.example'), 'request_malformed');
  // Without a host it is none of those that are listed.
  const old = await send(gate.port, 'GET /a/x HTTP/1.0\r\n\r\n');
  assert.deepEqual([old.status, old.text], [200, 'all']);
});

test('a browser asks the host that it names', async (t) => {
  const { at } = await hosted(t);
  const preflight = ['Origin: https://app.example', 'Access-Control-Request-Method: PUT'];
  assert.equal((await at('x.b.example', '/a/x', preflight, 'OPTIONS')).get('access-control-allow-origin'), 'https://app.example');
  assert.equal((await at('other.example', '/a/x', preflight, 'OPTIONS')).get('access-control-allow-origin'), undefined);
});

test('explain and cases take a host', async (t) => {
  const { gate } = await hosted(t);
  const explained = async (...args) => {
    const done = await run(['explain', '-c', gate.file, '/a/x', '--json', ...args]);
    const said = JSON.parse(done.stdout);
    return [said.reason, said.host, said.pattern, said.module];
  };
  assert.deepEqual(await explained('--host', 'API.example:8443'), ['credentials_missing', 'api.example', '/*', 'own']);
  assert.deepEqual(await explained('--host', 'x.b.example'), ['credentials_missing', '*.b.example', '/a/*', 'wide']);
  assert.deepEqual(await explained(), ['ok', null, '/a/*', 'all']);
  assert.deepEqual(await explained('--host', 'a..b'), ['request_malformed', null, null, null]);
  const text = await run(['explain', '-c', gate.file, '/a/x', '--host', 'x.b.example']);
  assert.match(text.stdout, /^host: {10}"\*\.b\.example"$/m);

  const one = (host, request, expect, privilege) => ({ caller: 'anonymous', host, request, expect, privilege });
  gate.write('cases.yaml', { cases: [one('api.example', 'GET /a/x', 'credentials_missing', 'own'), one('other.example', 'GET /a/x', 'allow'), { caller: 'anonymous', request: 'GET /health', expect: 'allow' }] });
  const tried = await run(['test', '-c', gate.file, '--coverage', path.join(gate.dir, 'cases.yaml')]);
  assert.equal(tried.code, 0, tried.stdout + tried.stderr);
  assert.match(tried.stdout, /^not covered: pattern \/a\/\* on \*\.b\.example$/m);
  assert.match(tried.stdout, /^not covered: pattern \/\* on \[::1\]$/m);
  assert.doesNotMatch(tried.stdout, /pattern \/a\/\*$/m);
  gate.write('cases.yaml', { cases: [one('api.example', 'GET /a/x', 'allow')] });
  assert.equal((await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')])).code, 1);
});

test('a token that counts on one host counts no further than it may on another', async (t) => {
  const { gate, at } = await hosted(t);
  const other = `Authorization: Bearer ${await sign(key, { scope: 'other' })}`;
  for (let i = 0; i < 3; i++) {
    assert.equal((await at('x.b.example', '/a/x', [other])).text, 'wide');
    await expectRefusal(gate, await at('api.example', '/a/x', [other]), 'privilege_missing');
  }
});
