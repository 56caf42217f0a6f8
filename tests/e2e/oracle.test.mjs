// SPDX-License-Identifier: Apache-2.0
// Policies made at random, and requests: what `postern test` says of each is what the manual's words say
// (harness/oracle.mjs), without one difference. ORACLE_SEED repeats a run, ORACLE_COUNT makes it longer:
// 10000 policies are a million requests.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { dice } from './harness/dice.mjs';
import { Draw, parts } from './harness/draw.mjs';
import { makeGate, run } from './harness/gate.mjs';
import { keySet, makeKey } from './harness/tokens.mjs';

const COUNT = Number(process.env.ORACLE_COUNT ?? 150);
const SEED = Number(process.env.ORACLE_SEED ?? 1);
const REQUESTS = 100;

const CONFIG = {
  local_issuer: { issuer: 'http://127.0.0.1:8080', audience: 'api://local', database: 'local.db' },
  issuers: Object.fromEntries(Object.entries({
    one: { issuer: 'https://one.test', jwks_file: 'keys.json' }, two: { issuer: 'https://two.test', jwks_file: 'keys.json' },
    kc: { issuer: 'https://kc.test/realms/{realm}', tenants: ['acme', 'globex'], jwks_file: '{realm}.json' },
  }).map(([name, issuer]) => [name, { ...issuer, audience: 'api', claims: { scopes: '/scope', groups: '/groups', roles: '/roles', client: '/azp', subject: '/sub' } }])),
};

test(`${COUNT} policies of ${REQUESTS} requests each, seed ${SEED}`, async (t) => {
  const keys = keySet(makeKey('ES256'));
  const gate = await makeGate(t, { policy: {}, files: { 'keys.json': keys, 'acme.json': keys, 'globex.json': keys }, config: CONFIG });
  const policies = path.join(gate.dir, 'policies');
  gate.write('several.yaml', { ...gate.config, policy: 'policies/*.yaml' });
  const words = new Map();

  for (let i = 0; i < COUNT; i++) {
    const draw = new Draw(dice(SEED * 1000003 + i));
    const policy = draw.policy();
    const cases = Array.from({ length: REQUESTS }, (_, number) => draw.case_(policy, number));
    const several = draw.chance(3);
    fs.rmSync(policies, { recursive: true, force: true });
    fs.mkdirSync(policies);
    if (several) for (const [number, part] of parts(draw, policy).entries()) gate.write(`policies/${number}.yaml`, part);
    else gate.write('policy.yaml', policy);
    gate.write('cases.yaml', { cases });
    const tried = await run(['test', '-c', path.join(gate.dir, several ? 'several.yaml' : 'postern.yaml'), path.join(gate.dir, 'cases.yaml')]);
    if (tried.code !== 0) {
      const kept = path.join(process.cwd(), `oracle-${SEED}-${i}`);
      if (process.env.ORACLE_KEEP) fs.cpSync(gate.dir, kept, { recursive: true });
      assert.fail(`policy ${i} of seed ${SEED}: exit ${tried.code}\n${tried.stdout}${tried.stderr}\n${JSON.stringify(policy)}`);
    }
    for (const { expect } of cases) words.set(expect, (words.get(expect) ?? 0) + 1);
  }
  const seldom = ['allow', 'no_rule', 'credentials_missing', 'privilege_missing', 'scope_missing', 'method_not_granted', 'claim_mismatch', 'path_ambiguous', 'basic_not_allowed'].filter((word) => (words.get(word) ?? 0) < COUNT / 10);
  assert.deepEqual(seldom, [], `these hardly came up: ${JSON.stringify([...words])}`);
});
