// SPDX-License-Identifier: Apache-2.0
// A real Keycloak with the realm, the policy and the configuration of the compose demo: what its
// tokens look like, its keys changing under load, its going away and coming back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { addKey, admin, adminToken, demoConfig, demoPolicy, NEEDS_KEYCLOAK, publishedKeys, REALM, removeKeys, resume, stop, token } from './harness/keycloak.mjs';
import { startLoad } from './harness/load.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually, pause } from './harness/wait.mjs';

const headerOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url'));
const present = (gate, jwt, target = '/customer/1', method = 'GET') => gate.ask({ method, target, headers: { Authorization: `Bearer ${jwt}` } });

async function demoGate(t, change = (text) => text) {
  const upstream = await recordingUpstream(t);
  const gate = await makeGate(t, { policy: demoPolicy() });
  gate.write('postern.yaml', change(demoConfig(gate, upstream.port)));
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  return { gate, upstream };
}

// The gate as a whole is ready all the while: its local issuer steps in.
const keycloakOf = (gate, fits, what) => eventually(async () => {
  const got = (await gate.admin('/readyz')).json().issuers.find(({ issuer }) => issuer === 'keycloak');
  return fits(got) ? got : null;
}, what);

const isReady = (gate) => keycloakOf(gate, ({ ready }) => ready, 'the keys of Keycloak');

test('Keycloak', NEEDS_KEYCLOAK, async (t) => {
  const { gate, upstream } = await demoGate(t);
  await isReady(gate);

  await t.test('a realm role opens what it may, and its identity goes to the API', async () => {
    upstream.clear();
    assert.equal((await present(gate, await token('big_partner_company'))).status, 200);
    const [request] = upstream.requests;
    assert.equal(request.get('x-client'), 'big_partner_company');
    assert.equal(request.get('x-issuer'), 'keycloak');
    assert.match(request.get('x-user'), /^[0-9a-f-]{36}$/);
    assert.match(request.get('x-roles'), /\bcustomer_api_role\b/);
    assert.equal(request.get('authorization'), undefined);
  });

  await t.test('a group with its whole path opens what it may', async () => {
    assert.equal((await present(gate, await token('big_partner_company'), '/partner/offers')).status, 200);
    await expectRefusal(gate, await present(gate, await token('small_partner_company'), '/partner/offers'), 'privilege_missing');
  });

  await t.test('a client role opens what it may, and nothing else', async () => {
    const auditor = await token('auditing_company');
    assert.equal((await present(gate, auditor, '/audit/2026')).status, 200);
    await expectRefusal(gate, await present(gate, auditor), 'privilege_missing');
  });

  await t.test('a token for another API is refused, whatever its roles', async () => {
    await expectRefusal(gate, await present(gate, await token('newsletter')), 'audience_mismatch');
  });

  await t.test('a method that the roles do not cover is refused', async () => {
    await expectRefusal(gate, await present(gate, await token('big_partner_company'), '/customer/1', 'PUT'), 'privilege_missing');
  });

  await t.test('a token of another realm is of an unknown issuer', async () => {
    await expectRefusal(gate, await present(gate, await adminToken()), 'issuer_unknown');
  });

  await t.test('a role taken away at Keycloak is gone with the next token', async () => {
    const [client] = await admin('GET', '/clients?clientId=big_partner_company');
    const user = await admin('GET', `/clients/${client.id}/service-account-user`);
    const role = await admin('GET', '/roles/customer_reader');
    await admin('DELETE', `/users/${user.id}/role-mappings/realm`, [role]);
    await expectRefusal(gate, await present(gate, await token('big_partner_company')), 'privilege_missing');
    await admin('POST', `/users/${user.id}/role-mappings/realm`, [role]);
    assert.equal((await present(gate, await token('big_partner_company'))).status, 200);
  });

  await t.test('explain reads its tokens as the gate does', async () => {
    const input = await token('auditing_company');
    const done = await run(['explain', '-c', gate.file, '-X', 'GET', '/customer/1', '--token', '-'], { input });
    assert.equal(done.code, 1, done.stderr);
    assert.match(done.stdout, /privilege_missing/);
    assert.doesNotMatch(done.stdout + done.stderr, new RegExp(input.slice(-40)), 'it does not repeat the token');
  });
});

test('Keycloak changes its keys under load', NEEDS_KEYCLOAK, async (t) => {
  const { gate } = await demoGate(t, (text) => text.replace('stale: 20s', 'stale: 10m'));
  await isReady(gate);
  for (const [providerId, alg] of [['rsa-generated', 'RS256'], ['ecdsa-generated', 'ES256'], ['rsa-generated', 'RS256']]) {
    await t.test(`to ${alg}: no request is refused, and the old key is once it is removed`, async () => {
      const before = await token('big_partner_company');
      const pool = [before];
      const seen = { good: new Map(), refused: 0, wrong: [], removed: false };
      let turn = 0;
      const load = startLoad(gate.port, {
        target: '/customer/1',
        next: () => ({ token: pool[turn++ % pool.length] }),
        answered: ({ token: jwt }, status, reason) => {
          if (status === 200) seen.good.set(jwt, (seen.good.get(jwt) ?? 0) + 1);
          else if (seen.removed && jwt === before && reason === 'key_unknown') seen.refused++;
          else seen.wrong.push(`${headerOf(jwt).kid}: ${status} ${reason}`);
        },
      });
      const more = (jwt) => {
        const had = seen.good.get(jwt) ?? 0;
        return eventually(() => (seen.good.get(jwt) ?? 0) >= had + 50, 'fifty good answers');
      };
      await more(before);
      await admin('PUT', '', { defaultSignatureAlgorithm: alg });
      const old = await addKey(providerId, alg);
      const after = await token('big_partner_company');
      assert.equal(headerOf(after).alg, alg);
      assert.notEqual(headerOf(after).kid, headerOf(before).kid);
      pool.push(after);
      await more(after);
      await more(before);
      assert.deepEqual(seen.wrong, []);
      seen.removed = true;
      await removeKeys(old);
      assert.ok((await publishedKeys()).every((key) => key.kid !== headerOf(before).kid));
      // The gate asks again when its time has come, or when somebody comes with a key it does not know.
      const stranger = await sign(makeKey('RS256', 'stranger'), { iss: REALM, aud: 'crm-api' }, { typ: 'JWT' });
      await eventually(async () => {
        await expectRefusal(gate, await present(gate, stranger), 'key_unknown');
        return seen.refused >= 50;
      }, 'refusals of the removed key');
      await more(after);
      const requests = await load.end();
      // The stranger used up the cooldown; the next new key is not to suffer from that.
      await pause(1500);
      assert.deepEqual(seen.wrong, [], 'nobody was refused wrongly');
      t.diagnostic(`to ${alg}: ${requests} requests, ${seen.wrong.length} refused wrongly`);
    });
  }
});

test('what is wrong is said in one line', NEEDS_KEYCLOAK, async (t) => {
  const MISTAKES = [
    ['a realm that is not there', (text) => text.replace('/realms/crm', '/realms/cmr'), /404/],
    ['an authority that did not sign its certificate', (text) => text.replace(/ca_file: .*/, ''), /certificate/i],
    ['a port on which nobody listens', (text) => text.replace(REALM, 'https://localhost:9/realms/crm'), /connect|refused/i],
  ];
  for (const [name, change, pattern] of MISTAKES) {
    await t.test(name, async (inner) => {
      const { gate } = await demoGate(inner, change);
      const got = await keycloakOf(gate, ({ error }) => pattern.test(error ?? ''), `${pattern} on /readyz`);
      assert.equal(got.ready, false);
      const told = () => gate.stderr.split('\n').find((line) => line.includes('keys_failed') && line.includes('keycloak'));
      assert.match(await eventually(told, 'a line of the log'), pattern);
    });
  }
});

test('Keycloak goes away and comes back', NEEDS_KEYCLOAK, async (t) => {
  // Longer than its absence: its known keys go on until then.
  const patient = (text) => text.replace('stale: 20s', 'stale: 10m');
  const { gate } = await demoGate(t, patient);
  await isReady(gate);
  const jwt = await token('big_partner_company');
  assert.equal((await present(gate, jwt)).status, 200);
  await stop();

  await t.test('known keys go on', async () => {
    assert.equal((await present(gate, jwt)).status, 200);
  });

  await t.test('they outlive a restart of the gate', async () => {
    await gate.stop();
    gate.spawn();
    await gate.ready();
    assert.equal((await present(gate, jwt)).status, 200);
  });

  await t.test('a gate that never had them cannot judge its tokens, and its public path is open', async (inner) => {
    const { gate: other } = await demoGate(inner);
    await keycloakOf(other, ({ ready, error }) => !ready && error, 'the reason on /readyz');
    const got = await present(other, jwt);
    await expectRefusal(other, got, 'keys_unavailable');
    assert.ok(Number(got.get('retry-after')) > 0);
    assert.equal((await other.ask({ target: '/health' })).status, 200);
  });

  await resume();
  await t.test('when it is back, its old and its new tokens count', async () => {
    assert.equal((await present(gate, jwt)).status, 200);
    assert.equal((await present(gate, await token('big_partner_company'))).status, 200);
    await isReady(gate);
  });
});
