// SPDX-License-Identifier: Apache-2.0
// The walk of the compose demo, on a real Keycloak without Docker: the same script, realm,
// configuration, policy and API.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { scratch } from './harness/gate.mjs';
import { demoPolicy, NEEDS_KEYCLOAK, SECRETS } from './harness/keycloak.mjs';
import { eventually } from './harness/wait.mjs';
import { demoGate, secretsIn, walkOn } from './harness/walk.mjs';

test('the walk', NEEDS_KEYCLOAK, async (t) => {
  const gate = await demoGate(t);
  const done = await walkOn(gate, SECRETS);

  await t.test('every answer is the right one', () => {
    const wrong = done.stdout.split('\n').filter((line) => line.includes('WRONG')).join('\n');
    assert.equal(done.code, 0, `${wrong}\n${done.stderr}\n${done.stdout}`);
    assert.match(done.stdout, /every answer was the right one/);
    assert.equal(done.stderr, '');
  });

  await t.test('it shows what it is to show', () => {
    for (const word of ['credentials_missing', 'privilege_missing', 'audience_mismatch', 'token_expired', 'signature_invalid', 'local_issuer_standing_by', 'keys_unavailable']) {
      assert.match(done.stdout, new RegExp(`"reason":"${word}"`), word);
      assert.match(done.stdout, new RegExp(`\\| reason: +${word}`), `explain: ${word}`);
    }
    const [, all] = /(\d+) requests meanwhile, 0 of them refused/.exec(done.stdout);
    assert.ok(Number(all) > 10, `${all} requests while the key changed`);
    t.diagnostic(`${all} requests while the key changed, none refused`);
  });

  await t.test('it prints no secret and no token', () => {
    for (const secret of secretsIn(SECRETS)) assert.ok(!done.stdout.includes(secret));
    assert.doesNotMatch(done.stdout, /eyJ[A-Za-z0-9_-]{20}/);
  });

  await t.test('it leaves the policy as it was', () => {
    assert.equal(fs.readFileSync(path.join(gate.dir, 'policy.yaml'), 'utf8'), demoPolicy());
  });

  await t.test('the gate logged each change in one line', () => {
    const events = gate.stderr.split('\n').filter(Boolean).map((line) => JSON.parse(line).event);
    for (const event of ['keys_ok', 'keys_failed', 'reload']) assert.ok(events.includes(event), `${event} in ${events}`);
  });
});

test('a walk on a demo that is not as it should be', NEEDS_KEYCLOAK, async (t) => {
  await t.test('sees a wrong answer, and when it is ended puts the policy back', async (inner) => {
    const lax = (text) => text.replace('audience: [crm-api]', 'audience: [crm-api, mail-api]');
    const gate = await demoGate(inner, { change: lax });
    const policyOf = () => fs.readFileSync(path.join(gate.dir, 'policy.yaml'), 'utf8');
    const done = await walkOn(gate, SECRETS, { until: /did you mean/ });
    assert.match(done.stdout, /WRONG: GET \/customer\/1: wanted "401 audience_mismatch", got "200 "/);
    assert.equal(done.code, 143);
    assert.equal(policyOf(), demoPolicy());
  });

  await t.test('names the realm that is not there', async (inner) => {
    const gate = await demoGate(inner, { change: (text) => text.replace('/realms/crm', '/realms/cmr') });
    await eventually(async () => /404/.test((await gate.admin('/readyz')).text), '404 on /readyz');
    const done = await walkOn(gate, SECRETS, { env: { WALK_PATIENCE_S: '2' } });
    assert.equal(done.code, 1);
    assert.match(done.stderr, /^walk: the gate has no keys of Keycloak: .*404.*\n$/);
  });

  await t.test('names the client whose secret is not the right one, and not the secret', async (inner) => {
    const gate = await demoGate(inner);
    const dir = path.join(scratch(inner), 'secrets');
    fs.cpSync(SECRETS, dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'big_partner_company_secret'), 'not-the-right-one\n');
    const done = await walkOn(gate, dir);
    assert.equal(done.code, 1);
    assert.match(done.stderr, /^walk: Keycloak gives big_partner_company no token: .*unauthorized_client.*\n$/);
    assert.doesNotMatch(done.stdout + done.stderr, /not-the-right-one/);
  });
});
