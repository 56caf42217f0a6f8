// SPDX-License-Identifier: Apache-2.0
// When a secret was last used, so that the operator of a rotation knows when the old one may go.
import assert from 'node:assert/strict';
import test from 'node:test';
import { basic, GRANT, issuerGate, known, post } from './harness/oauth.mjs';

test('the last use of a secret', async (t) => {
  const gate = await issuerGate(t);
  const idle = await gate.addClient('idle', '--role', 'reader');
  const used = await known(gate, await gate.addClient('used', '--role', 'reader'));
  assert.equal((await post(gate, '/oauth/token', GRANT, { client: null, headers: { Authorization: basic(idle.client_id, 'wrong') } })).status, 401);
  const since = Date.now();
  await gate.stop();
  const secrets = async (client) => JSON.parse(await gate.client('show', client.client_id, '--output', 'json')).secrets;

  await t.test('is shown with it', async () => {
    const [{ slot, used: when }] = await secrets(used);
    assert.equal(slot, 1);
    assert.ok(Math.abs(Date.parse(when) - since) < 60000, when);
  });
  await t.test('a failure is none', async () => assert.ok(!(await secrets(idle))[0].used));
  gate.spawn();
  await gate.ready();
});
