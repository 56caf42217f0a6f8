// SPDX-License-Identifier: Apache-2.0
// `postern diff`: what changes from one policy to another, key by key, and for the requests of an access log.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, POLICY, run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');
const NEXT = { ...POLICY, roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'other' }] } } };
const FILES = { 'keys.json': keySet(key), 'next.yaml': NEXT, 'same.yaml': { ...POLICY }, 'resource.yaml': { ...POLICY, modules: { api: { ...POLICY.modules.api, resource: 'https://api.example/api' } } } };
const issuers = fileIssuer();

/** Run in the folder of the gate. */
const diff = (gate, ...args) => run(['diff', ...args], { cwd: gate.dir });

test('two policy files', async (t) => {
  const gate = await makeGate(t, { config: { issuers }, files: FILES });

  await t.test('alike: nothing, exit code 0', async () => {
    const done = await diff(gate, 'policy.yaml', 'same.yaml');
    assert.deepEqual([done.code, done.stdout, done.stderr], [0, '', '']);
  });
  await t.test('different: the keys, exit code 1', async () => {
    const done = await diff(gate, 'policy.yaml', 'next.yaml');
    assert.equal(done.code, 1, done.stderr);
    assert.match(done.stdout, /^"\/roles\/reader\/granted_to": .*"read".* -> .*"other"/);
    const json = await diff(gate, 'policy.yaml', 'next.yaml', '--json');
    assert.equal(json.code, 1);
    assert.deepEqual(JSON.parse(json.stdout).map((one) => one.at), ['/roles/reader/granted_to']);
  });
  await t.test('with a mistake, absent, or too few of them: exit code 2', async () => {
    gate.write('bad.yaml', { rols: {} });
    for (const [args, word] of [[['policy.yaml', 'bad.yaml'], /bad\.yaml:\d+:\d+: \/rols/], [['none.yaml', 'policy.yaml'], /none\.yaml/], [['policy.yaml'], /NEW is missing/], [['policy.yaml', 'next.yaml', '--log', 'none.log'], /none\.log/], [['policy.yaml', 'next.yaml', '-c', 'none'], /none/]]) {
      const done = await diff(gate, ...args);
      assert.equal(done.code, 2, args.join(' '));
      assert.match(done.stderr, word);
      assert.equal(done.stdout, '');
    }
  });
});

test('the requests of a log', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: { issuers, log: { caller: 'full' } }, files: FILES });
  const ask = async (target, token) => {
    const got = await gate.ask({ target, headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
    return gate.line((line) => line.request_id === got.get('x-request-id'));
  };
  const reads = await sign(key, { scope: 'read b', groups: ['g"1', 'g,2'] });
  const others = await sign(key, { scope: 'other', azp: 'app-2' });

  await t.test('log.caller: full names roles, scopes and groups', async () => {
    const { roles, scopes, groups } = await ask('/api/x', reads);
    assert.deepEqual({ roles, scopes, groups }, { roles: ['reader'], scopes: ['read', 'b'], groups: ['g"1', 'g,2'] });
    const nobody = await ask('/api/x');
    assert.ok(!('roles' in nobody));
  });
  await ask('/api/x', reads);
  await ask('/api/y', others);
  await ask('/open/x');
  const log = path.join(gate.dir, 'access.log');
  fs.writeFileSync(log, gate.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

  await t.test('which would change, who asked, and how often', async () => {
    const done = await diff(gate, 'policy.yaml', 'next.yaml', '--log', 'access.log', '--json');
    assert.equal(done.code, 1, done.stderr);
    const { requests, same, changed, undecidable, changes } = JSON.parse(done.stdout);
    assert.deepEqual({ requests, same, changed, undecidable }, { requests: 5, same: 2, changed: 3, undecidable: 0 });
    const { request_id: id, ...lost } = changes.find((one) => one.new !== 'ok');
    assert.match(id, /^[\w-]{16}$/);
    assert.deepEqual(lost, { method: 'GET', path: '/api/x', pattern: '/api/*', caller: 'app-1', old: 'ok', new: 'privilege_missing', privilege: 'api_priv', count: 2 });
    assert.deepEqual([changes.find((one) => one.new === 'ok').caller, changes.length], ['app-2', 2]);
    const text = await diff(gate, 'policy.yaml', 'next.yaml', '--log', 'access.log');
    assert.equal(text.code, 1);
    assert.match(text.stdout, /^2 x "GET" "\/api\/x" by "app-1": ok -> privilege_missing, privilege "api_priv"$/m);
    assert.match(text.stdout, /^5 requests: 2 same, 3 changed, 0 undecidable$/m);
    assert.equal((await diff(gate, 'policy.yaml', 'same.yaml', '--log', 'access.log')).code, 0);
  });
  await t.test('nothing is said of tokens where another audience is wanted', async () => {
    const done = await diff(gate, 'policy.yaml', 'resource.yaml', '--log', 'access.log');
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^5 requests: 2 same, 0 changed, 3 undecidable\nundecidable: 3: the log does not say for which audience the token is$/m);
  });

  await t.test('what was logged without that is counted as undecidable', async () => {
    const short = gate.lines.map(({ roles: _, scopes: __, groups: ___, ...line }) => `${JSON.stringify(line)}\n`);
    const done = await run(['diff', 'policy.yaml', 'next.yaml', '--log', '-', '--json'], { cwd: gate.dir, input: `${short.join('')}no JSON\n{"event":"reload"}\n\n` });
    assert.equal(done.code, 0, done.stderr);
    const { requests, undecidable, undecidable_by_cause: causes } = JSON.parse(done.stdout);
    assert.deepEqual([requests, undecidable], [6, 4]);
    assert.deepEqual(causes, { 'the log was not written with log.caller: full': 3, 'the line is not JSON': 1 });
  });

  await t.test('hostile lines change nothing on a terminal', async () => {
    const line = { event: 'request', method: 'GET\u001b[2J', path: '/api/x', reason: 'ok', issuer: 'idp', client: '\u001b]0;x\u0007\n', roles: ['reader'], scopes: [], groups: [] };
    const done = await run(['diff', 'policy.yaml', 'next.yaml', '--log', '-'], { cwd: gate.dir, input: `${JSON.stringify(line)}\n${'['.repeat(100000)}\n` });
    assert.equal(done.code, 1, done.stderr);
    assert.ok(!/[\u0000-\u0009\u000b-\u001f]/.test(done.stdout), done.stdout);
    assert.match(done.stdout, /^1 x /);
  });
});
