// SPDX-License-Identifier: Apache-2.0
// What the language of policy.yaml says: the gate, `explain` and `test` read it alike.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const key = makeKey('ES256');

/** A gate with this policy in front of an upstream that answers everything. */
async function start(t, policy, more = {}) {
  const upstream = await recordingUpstream(t);
  return startGate(t, { policy, upstream: upstream.url, files: { 'keys.json': keySet(key), ...more.files }, config: { issuers: fileIssuer(), ...more.config } });
}

/** Each row, [claims, request, expected reason]: the gate, `explain` and `test` say the same. */
async function alike(gate, rows) {
  const cases = rows.map(([claims, request, expect], i) => ({ name: `row ${i}`, caller: claims ? { issuer: 'idp', claims } : 'anonymous', request, expect: expect === 'ok' ? 'allow' : expect }));
  for (const [claims, request, expect] of rows) {
    const [method, target] = request.split(' ');
    const headers = claims ? [`Authorization: Bearer ${await sign(key, { scope: undefined, ...claims })}`] : [];
    for (const again of ['first', 'again, from the cache']) {
      const got = await gate.ask({ method, target, headers });
      assert.equal(got.status === 200 ? 'ok' : JSON.parse(got.text).reason, expect, `${JSON.stringify(claims)} ${request}, ${again}: ${got.text}`);
    }
    const token = claims ? ['--token', headers[0].split(' ')[2]] : [];
    const told = await run(['explain', '-c', gate.file, '--json', '-X', method, target, ...token]);
    assert.equal(JSON.parse(told.stdout).reason, expect, `explain ${JSON.stringify(claims)} ${request}: ${told.stdout}`);
  }
  gate.write('cases.yaml', { cases });
  const done = await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
  assert.equal(done.code, 0, done.stdout + done.stderr);
}

const explain = async (gate, claims, target) => {
  gate.write('claims.json', claims);
  return (await run(['explain', '-c', gate.file, '-X', 'GET', target, '--issuer', 'idp', '--claims', path.join(gate.dir, 'claims.json')])).stdout;
};

test('lists of which all must hold, and scopes by prefix', async (t) => {
  const gate = await start(t, {
    roles: {
      both: { granted_to: [{ issuer: 'idp', scope: ['a', 'b'] }, { issuer: 'idp', group: ['g', 'h'], role: ['r', 's'] }] },
      orders: { granted_to: [{ issuer: 'idp', scope: 'orders:*' }] },
    },
    privileges: { both: { paths: ['/both'], roles: ['both'] }, orders: { paths: ['/orders'], roles: ['orders'] }, own: { paths: ['/own'], scopes: ['files.*'] } },
  });

  await alike(gate, [
    [{ scope: 'a b' }, 'GET /both', 'ok'],
    [{ scope: 'b c a' }, 'GET /both', 'ok'],
    [{ scope: 'a' }, 'GET /both', 'privilege_missing'],
    [{ scope: 'ab' }, 'GET /both', 'privilege_missing'],
    [{ groups: ['g', 'h'], roles: ['s', 'r'] }, 'GET /both', 'ok'],
    [{ groups: ['g', 'h'], roles: ['s'] }, 'GET /both', 'privilege_missing'],
    [{ groups: ['g', 'h', 'r', 's'] }, 'GET /both', 'privilege_missing'],
    [{ scope: 'a', groups: ['b'] }, 'GET /both', 'privilege_missing'],
    [{ scope: 'orders:read' }, 'GET /orders', 'ok'],
    [{ scope: 'orders:' }, 'GET /orders', 'privilege_missing'],
    [{ scope: 'orders' }, 'GET /orders', 'privilege_missing'],
    [{ scope: 'Orders:read' }, 'GET /orders', 'privilege_missing'],
    [{ scope: 'files.read' }, 'GET /own', 'ok'],
    [{ scope: 'files:read' }, 'GET /own', 'scope_missing'],
    [{ scope: '*' }, 'GET /own', 'scope_missing'],
    [null, 'GET /own', 'credentials_missing'],
  ]);

  const told = await explain(gate, { scope: 'a' }, '/both');
  assert.match(told, /to issuer idp, scope a and b: fails on scope b, found "a"/);
  assert.match(told, /to issuer idp, group g and h, role r and s: fails on group g, found nothing/);
  const { headers } = await gate.ask({ target: '/own', headers: [`Authorization: Bearer ${await sign(key, { scope: 'x' })}`] });
  assert.ok(!JSON.stringify(headers).includes('files.*'), 'nobody is told to ask for a prefix');
});
