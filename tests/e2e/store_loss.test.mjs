// SPDX-License-Identifier: Apache-2.0
// Nothing that was acknowledged is lost: changes by the endpoint and by commands, between reloads,
// good and bad, and kill -9.
import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from './harness/gate.mjs';
import { callWith, issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { noPostgres, startPostgres } from './harness/postgres.mjs';
import { eventually } from './harness/wait.mjs';

const ROUNDS = 4;

const command = async (gate, ...args) => {
  const got = await run([...args, '-c', gate.file], { input: args.includes('-') ? gate.input : '' });
  assert.equal(got.code, 0, `${args.join(' ')}: ${got.stderr}`);
  return got.stdout;
};

/** Reload, and wait until the gate has said what came of it. */
async function reload(gate, local, says) {
  const seen = gate.stderr.length;
  gate.write('postern.yaml', { ...gate.config, local_issuer: { ...gate.config.local_issuer, ...local } });
  gate.signal('SIGHUP');
  await eventually(() => says.test(gate.stderr.slice(seen)), `a reload that says ${says}`);
}

/** The gate, killed and started again. */
async function killAndStart(gate) {
  gate.signal('SIGKILL');
  await gate.exit;
  gate.write('postern.yaml', gate.config);
  gate.spawn();
  await gate.ready();
}

async function survives(t, database) {
  const gate = await issuerGate(t, { local: database === undefined ? {} : { database } });
  const ended = [];
  const disabled = [];

  for (let round = 0; round < ROUNDS; round++) {
    const [one, two, three] = [await tokenOf(gate), await tokenOf(gate), await tokenOf(gate)];
    const client = await known(gate, await gate.addClient(`c${round}`, '--role', 'reader'));
    const its = await tokenOf(gate, client);

    await reload(gate, { token_lifetime: `${10 + round}m` }, /was reloaded/);
    await reload(gate, { token_lifetime: `${30 + round}m`, signing: { key: { file: 'nothing.pem' } } }, /old configuration stays/);
    await command(gate, 'client', 'list');
    assert.equal((await post(gate, '/oauth/revoke', { token: one })).status, 200);
    gate.input = two;
    await command(gate, 'revoke', '--token', '-');
    await command(gate, 'client', 'disable', `c${round}`);
    const late = await gate.addClient(`late${round}`, '--role', 'reader');
    await command(gate, 'store', 'check');
    ended.push(one, two);
    disabled.push(its);

    // In force at once here, a moment later what commands did; and all of it after a crash.
    assert.equal((await callWith(gate, one)).status, 401);
    await eventually(async () => (await callWith(gate, two)).status === 401, 'what a command revoked is refused');
    await eventually(async () => (await callWith(gate, its)).status === 401, "a disabled client's token is refused");
    await killAndStart(gate);
    for (const token of [...ended, ...disabled]) assert.equal((await callWith(gate, token)).status, 401, `round ${round}: refused before the crash, let in after it`);
    assert.equal((await callWith(gate, three)).status, 200);
    await known(gate, late);
    await command(gate, 'store', 'check');
  }
  const clients = JSON.parse(await command(gate, 'client', 'list', '--output', 'json'));
  assert.equal(clients.length, 1 + 2 * ROUNDS);
  assert.equal(clients.filter((client) => client.disabled).length, ROUNDS);
}

test('acknowledged changes outlive reloads, commands and kill -9', async (t) => {
  await t.test('in a file', (t) => survives(t));
  await t.test('in PostgreSQL', { skip: noPostgres() }, async (t) => survives(t, (await startPostgres(t)).url));
});
