// SPDX-License-Identifier: Apache-2.0
// An issuer that is a pattern: each listed tenant is an issuer with keys of its own, and no token chooses one.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { AUDIENCE, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const [acme, globex] = [makeKey('ES256', 'same'), makeKey('ES256', 'same')];
const REALMS = 'https://kc.test/realms';
const KC = { issuer: `${REALMS}/{realm}`, tenants: ['acme', 'globex'], audience: [AUDIENCE], jwks_file: '{realm}.json' };
const POLICY = {
  roles: { any: { granted_to: [{ issuer: 'kc' }] }, acme: { granted_to: [{ issuer: 'kc:acme' }] } },
  privileges: { any: { paths: ['/any'], roles: ['any'] }, acme: { paths: ['/acme'], roles: ['acme'] }, own: { paths: ['/own/{user}'], match: { user: '/sub' } } },
};
const FILES = { 'acme.json': keySet(acme), 'globex.json': keySet(globex), 'other.json': keySet(acme) };
const setup = (kc = KC) => ({ policy: POLICY, files: FILES, config: { issuers: { kc }, forward: { headers: { 'X-Issuer': 'issuer' } } } });

test('tenants of a pattern', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { ...setup(), upstream: upstream.url });
  const rows = [
    [acme, 'acme', '/any', 'ok'],
    [globex, 'globex', '/any', 'ok'],
    [acme, 'acme', '/acme', 'ok'],
    [globex, 'globex', '/acme', 'privilege_missing'],
    [acme, 'globex', '/any', 'signature_invalid'],
    [globex, 'acme', '/acme', 'signature_invalid'],
    [acme, 'other', '/any', 'issuer_unknown'],
    [acme, '{realm}', '/any', 'issuer_unknown'],
    [acme, 'ACME', '/any', 'issuer_unknown'],
    [acme, 'acme/', '/any', 'issuer_unknown'],
    [acme, 'acme/../globex', '/any', 'issuer_unknown'],
    [acme, '%61cme', '/any', 'issuer_unknown'],
    [acme, '', '/any', 'issuer_unknown'],
  ];

  for (const [key, realm, target, expect] of rows) {
    const token = await sign(key, { iss: `${REALMS}/${realm}` });
    for (const again of ['first', 'again']) {
      const got = await gate.ask({ target, headers: [`Authorization: Bearer ${token}`] });
      assert.equal(got.status === 200 ? 'ok' : got.json().reason, expect, `${realm} ${target} ${again}`);
    }
    const told = JSON.parse((await run(['explain', '-c', gate.file, '--json', '-X', 'GET', target, '--token', token])).stdout);
    assert.equal(told.reason, expect);
  }
  assert.deepEqual(upstream.requests.map((request) => request.get('x-issuer')).filter((one, i, all) => all.indexOf(one) === i).sort(), ['kc:acme', 'kc:globex']);
  assert.equal((await gate.line((line) => line.path === '/acme' && line.reason === 'ok')).issuer, 'kc:acme');
  gate.write('cases.yaml', { cases: [
    { name: 'a', caller: { issuer: 'kc:acme' }, request: 'GET /acme', expect: 'allow' },
    { name: 'g', caller: { issuer: 'kc:globex' }, request: 'GET /acme', expect: 'privilege_missing' },
    { name: 'w', caller: { issuer: 'kc:globex' }, request: 'GET /any', expect: 'allow' },
  ] });
  const done = await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
  assert.equal(done.code, 0, done.stdout + done.stderr);

  gate.write('family.json', { scope: 'a' });
  gate.write('family.yaml', { cases: [{ name: 'f', caller: { issuer: 'kc' }, request: 'GET /any', expect: 'allow' }] });
  for (const line of [['explain', '/any', '--claims', path.join(gate.dir, 'family.json'), '--issuer', 'kc'], ['jwks', 'kc'], ['test', path.join(gate.dir, 'family.yaml')]]) {
    const odd = await run([...line, '-c', gate.file]);
    assert.match(odd.stderr, /did you mean "kc:acme"\?/, line[0]);
  }

  const printed = await run(['check', '-c', gate.file, '--print']);
  assert.equal(printed.code, 0, printed.stderr);
  assert.match(printed.stdout, /tenants: \["acme", "globex"\]/);
});

test('what the tenants of a pattern give is not warned of', async (t) => {
  const role = { granted_to: [{ issuer: 'kc', scope: 'a', group: 'b', role: 'c' }, { issuer: 'kc:acme', group: 'd' }] };
  const policy = { roles: { r: role }, privileges: { p: { paths: ['/p'], roles: ['r'] } } };
  const gate = await makeGate(t, { ...setup(), policy });
  const done = await run(['check', '-c', gate.file, '--strict']);
  assert.equal(done.code, 0, done.stderr);

  const bare = await makeGate(t, { ...setup({ ...KC, claims: { groups: [] } }), policy });
  const warned = await run(['check', '-c', bare.file, '--strict']);
  assert.equal(warned.code, 1);
  assert.deepEqual([...warned.stderr.matchAll(/can never match: issuer "([^"]+)" has no claim for groups/g)].map((one) => one[1]), ['kc', 'kc:acme']);
});

test('mistakes of a pattern are said once, where they are', async (t) => {
  const rows = [
    [{ ...KC, tenants: undefined }, /\/issuers\/kc: the pattern in "issuer" needs "tenants"/],
    [{ ...KC, jwks_file: 'acme.json' }, /\/issuers\/kc\/jwks_file: must have \{realm\}, too/],
    [{ ...KC, audience: undefined }, /\/issuers\/kc(:acme)?: .*audience/],
    [{ ...KC, tenants: ['acme', '*'] }, /\/issuers\/kc\/tenants\/1: must be a tenant/],
    [{ ...KC, tenants: ['acme', 'missing'] }, /missing\.json/],
  ];
  for (const [kc, pattern] of rows) {
    const gate = await makeGate(t, setup(kc));
    const done = await run(['check', '-c', gate.file]);
    assert.notEqual(done.code, 0, JSON.stringify(kc));
    assert.match(done.stdout + done.stderr, pattern);
    assert.equal((done.stdout + done.stderr).split('\n').filter((line) => pattern.test(line)).length, 1, done.stdout + done.stderr);
  }
});
