// SPDX-License-Identifier: Apache-2.0
// Guessing at the issuer's endpoints: whoever fails too often waits, unknown clients as well as known
// ones, and a client that was right before is not kept out by what others do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { run } from './harness/gate.mjs';
import { assertOauthError, basic, callWith, GRANT, issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { eventually } from './harness/wait.mjs';

const guess = (gate, id, secret, target = '/oauth/token', body = GRANT) => post(gate, target, body, { client: null, headers: { Authorization: basic(id, secret) } });

/** How many guesses are answered 401 before one is answered 429. */
async function guesses(gate, id, target, body) {
  for (let count = 0; count < 200; count++) {
    const got = await guess(gate, id, `wrong-${count}`, target, body);
    if (got.status === 429) return { count, got };
    assertOauthError(got, 401, 'invalid_client');
  }
  throw new Error('nobody was locked out');
}

/** A client with a secret of 128 bits from elsewhere, known to the gate. */
async function importClient(gate) {
  const brought = { client_id: 'brought', client_secret: 'pT5nC8rJ4kF6yU0aXe1iOQ..' };
  const done = await run(['client', 'import', '-', '-c', gate.file], { input: JSON.stringify({ clients: [{ name: 'brought', client_id: brought.client_id, secrets: [{ slot: 1, secret: brought.client_secret }] }] }) });
  assert.equal(done.code, 0, done.stderr);
  await gate.complains(/"message":"client add","object":"brought"/);
  return brought;
}

const rules = { failures: 5, first: '2m', most: '1h' };

test('the lock-out', async (t) => {
  await t.test('known and unknown clients wait alike, and a secret that we made is never kept out', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    const fresh = await gate.addClient('fresh', '--role', 'reader');
    const known = await guesses(gate, fresh.client_id);
    const unknown = await guesses(gate, 'A'.repeat(22));
    assert.equal(known.count, 5);
    assert.equal(unknown.count, 5);
    assertOauthError(known.got, 429, 'temporarily_unavailable');
    assert.equal(known.got.text, unknown.got.text);
    assert.ok(Number(known.got.get('retry-after')) > 60);
    assert.equal((await guess(gate, fresh.client_id, fresh.client_secret)).status, 200);
    assert.equal((await post(gate, '/oauth/token', { grant_type: 'client_credentials', client_id: fresh.client_id, client_secret: fresh.client_secret }, { client: null })).status, 200, 'nor in the form');
  });
  await t.test('a secret that was brought along waits as a password does', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    const brought = await importClient(gate);
    assert.equal((await guesses(gate, brought.client_id)).count, 5);
    assert.equal((await guess(gate, brought.client_id, brought.client_secret)).status, 429);
  });
  await t.test('failures at other names keep out nobody at the same address, not even at its first request', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    const made = await gate.addClient('made', '--role', 'reader');
    const brought = await importClient(gate);
    let locked = 0;
    for (let i = 0; i < 60; i++) locked += (await guess(gate, `nobody-${i}`, 'x')).status === 429 ? 1 : 0;
    assert.ok(locked > 20, `${locked} of 60`);
    for (const client of [made, brought]) {
      assert.equal((await guess(gate, client.client_id, client.client_secret)).status, 200);
      assert.equal((await guess(gate, client.client_id, client.client_secret, '/oauth/revoke', 'token=x')).status, 200);
      assert.equal((await guess(gate, client.client_id, client.client_secret, '/oauth/introspect', 'token=x')).status, 403);
    }
  });
  await t.test('a reload that changes the local issuer lifts no lock-out', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    const brought = await importClient(gate);
    await guesses(gate, brought.client_id);
    const config = fs.readFileSync(gate.file, 'utf8');
    assert.match(config, /1h/);
    fs.writeFileSync(gate.file, config.replace('1h', '2h'));
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal((await guess(gate, brought.client_id, brought.client_secret)).status, 429);
  });
  await t.test('a path that is nearly an endpoint is named, and nothing sent there counts', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    for (let i = 0; i < 8; i++) {
      const got = await guess(gate, gate.partner.client_id, gate.partner.client_secret, i % 2 ? '/oauth/token/' : '/OAuth/Token');
      assert.equal(got.status, 404);
      assert.equal(got.json().error_description, "this endpoint's path is exactly /oauth/token");
    }
    await tokenOf(gate);
  });
  await t.test('all endpoints count together', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    const fresh = await gate.addClient('fresh', '--role', 'reader');
    for (const target of ['/oauth/revoke', '/oauth/introspect', '/oauth/revoke', '/oauth/introspect', '/oauth/token']) {
      assert.equal((await guess(gate, fresh.client_id, 'wrong', target, target === '/oauth/token' ? GRANT : 'token=x')).status, 401);
    }
    for (const target of ['/oauth/revoke', '/oauth/introspect', '/oauth/token']) {
      assert.equal((await guess(gate, fresh.client_id, 'wrong', target, target === '/oauth/token' ? GRANT : 'token=x')).status, 429);
    }
  });
  await t.test('a peer that tries many names waits, and a client that was right before from there does not', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    let locked = 0;
    for (let i = 0; i < 60; i++) locked += (await guess(gate, `nobody-${i}`, 'x')).status === 429 ? 1 : 0;
    assert.ok(locked > 20, `${locked} of 60`);
    assert.equal((await callWith(gate, await tokenOf(gate))).status, 200);
  });
  await t.test('who was right before has the failures forgotten by being right again', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 4; i++) assert.equal((await guess(gate, gate.partner.client_id, 'wrong')).status, 401);
      await tokenOf(gate);
    }
  });
  await t.test('what a client may not have is no failure to prove who it is', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    for (let i = 0; i < 30; i++) assert.equal((await post(gate, '/oauth/token', { grant_type: 'client_credentials', scope: 'nonsense' })).status, 400);
    await tokenOf(gate);
  });
  await t.test('many at once that are right do not stand in each other\'s way', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    for (let round = 0; round < 3; round++) {
      const got = await Promise.all(Array.from({ length: 64 }, () => post(gate, '/oauth/token', GRANT, { client: gate.partner })));
      assert.deepEqual(got.filter(({ status }) => status !== 200).map(({ status }) => status), []);
    }
  });
  await t.test('the wait ends', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: { failures: 3, first: '1s', most: '1s' } } });
    const fresh = await gate.addClient('fresh', '--role', 'reader');
    await guesses(gate, fresh.client_id);
    await known(gate, fresh);
  });
  await t.test('it is logged, with who and from where, and without a secret', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: rules } });
    const fresh = await gate.addClient('fresh');
    const lines = () => gate.stderr.split('\n').filter((entry) => entry.includes('"locked_out"')).map((entry) => JSON.parse(entry));
    await guesses(gate, fresh.client_id);
    const told = await eventually(() => lines()[0], 'the line');
    assert.equal(told.client, 'fresh');
    assert.equal(told.peer, '127.0.0.1');
    assert.ok(told.wait_s > 0);
    await guesses(gate, 'a-secret-in-the-wrong-field');
    assert.equal((await eventually(() => lines()[1], 'the next line')).client, undefined);
    assert.ok(!(gate.stderr + JSON.stringify(gate.lines)).includes('in-the-wrong-field'), 'what is nobody\'s id may be a secret');
    assert.ok(!gate.stderr.includes('wrong-'));
    await gate.line((entry) => entry.status === 429 && /locked out/.test(entry.detail));
  });
  await t.test('failures: 0 switches it off', async (t) => {
    const gate = await issuerGate(t, { local: { lockout: { failures: 0 } } });
    for (let i = 0; i < 60; i++) assert.equal((await guess(gate, gate.partner.client_id, 'wrong')).status, 401);
  });
});
