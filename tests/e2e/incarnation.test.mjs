// SPDX-License-Identifier: Apache-2.0
// A client or user that is deleted and added again under the same name, or the same id, is another
// one: tokens of the former stay dead.
import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from './harness/gate.mjs';
import { callWith, issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { eventually } from './harness/wait.mjs';

/** A command that must succeed; its output. */
async function command(gate, args, input = '') {
  const done = await run([...args, '-c', gate.file], { input });
  assert.equal(done.code, 0, done.stderr);
  return done.stdout.trim();
}

const comes = (gate, token, status) => eventually(async () => (await callWith(gate, token)).status === status, `status ${status}`);

/** It was good once; its holder is gone. */
async function isRefused(gate, token) {
  const got = await callWith(gate, token);
  assert.equal(got.status, 401);
  assert.equal(got.json().reason, 'client_disabled');
}

test('a user that is made again under the same name', async (t) => {
  const gate = await issuerGate(t);
  const add = () => command(gate, ['user', 'add', 'ann', '--role', 'reader'], 'correct horse battery\n');
  const mint = () => command(gate, ['token', '--user', 'ann']);

  await add();
  const old = await mint();
  await comes(gate, old, 200);
  await command(gate, ['user', 'delete', 'ann']);
  await comes(gate, old, 401);
  await add();
  const fresh = await mint();
  await comes(gate, fresh, 200);
  await isRefused(gate, old);
  assert.equal((await callWith(gate, fresh)).status, 200);
});

test('a client that is imported again with the same id', async (t) => {
  const gate = await issuerGate(t);
  const moved = { client_id: 'moved-id', client_secret: 'pT5nC8rJ4kF6yU0aXe1iOQ..' };
  const list = JSON.stringify({ clients: [{ name: 'moved', client_id: moved.client_id, created: 1700000000, roles: ['reader'], secrets: [{ slot: 1, secret: moved.client_secret }] }] });
  const add = () => command(gate, ['client', 'import', '-'], list);
  const asker = await gate.addClient('asker', '--role', 'introspection');
  const active = async (token) => (await post(gate, '/oauth/introspect', { token }, { client: asker })).json().active;

  await add();
  await known(gate, moved);
  await known(gate, asker);
  const old = await tokenOf(gate, moved);
  assert.equal((await callWith(gate, old)).status, 200);
  assert.equal(await active(old), true);
  await command(gate, ['client', 'delete', 'moved']);
  await comes(gate, old, 401);
  await add();
  await known(gate, moved);
  const fresh = await tokenOf(gate, moved);
  assert.equal((await callWith(gate, fresh)).status, 200);
  await isRefused(gate, old);
  assert.equal(await active(old), false);
  assert.equal(await active(fresh), true);
});
