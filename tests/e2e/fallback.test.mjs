// SPDX-License-Identifier: Apache-2.0
// `accept: fallback`: local tokens count only while the identity provider is down.
import assert from 'node:assert/strict';
import test from 'node:test';
import { run, makeGate, startGate } from './harness/gate.mjs';
import { startIdp } from './harness/idp.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
};

const local = (gate) => ({ issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', accept: 'fallback', fallback: { after: '5s', hold: '1s' } });
const call = (gate, token) => gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });
const fallback = async (gate) => (await gate.admin('/readyz')).json().fallback;

function askToken(gate, client) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret }).toString();
  return gate.ask({ method: 'POST', target: '/oauth/token', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body });
}

async function explained(gate, token) {
  const done = await run(['explain', '-c', gate.file, '-X', 'GET', '/api/x', '--token', '-', '--json'], { input: token });
  return JSON.parse(done.stdout).reason;
}

test('the identity provider goes and comes back', async (t) => {
  const idp = await startIdp(t, ['ES256']);
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, policy: POLICY,
    config: (self) => ({ issuers: { idp: { issuer: idp.issuer, audience: 'api://default', jwks: { stale: '4s' } } }, local_issuer: local(self) }),
  });
  const client = await gate.addClient('partner', '--role', 'reader');
  const foreign = await idp.token('ES256');
  await eventually(async () => (await call(gate, foreign)).status === 200, 'a token of the identity provider to count');
  const minted = await run(['token', '--client', client.client_id, '-c', gate.file]);
  assert.equal(minted.code, 0, minted.stderr);
  const token = minted.stdout.trim();

  await expectRefusal(gate, await call(gate, token), 'local_issuer_standing_by');
  assert.equal(await explained(gate, token), 'local_issuer_standing_by');
  const refused = await eventually(async () => {
    const got = await askToken(gate, client);
    return got.status === 503 && got;
  }, '503 at the token endpoint');
  assert.equal(refused.json().error, 'temporarily_unavailable');
  assert.match(refused.json().error_description, /local_issuer_standing_by/);
  assert.deepEqual(await fallback(gate), { in_force: false });
  await gate.counts('postern_fallback_active', 0);

  await idp.stop();
  await eventually(async () => (await fallback(gate)).in_force, 'the fallback');
  await gate.complains(/"event":"fallback_entered".*"level":"warn"|"level":"warn","event":"fallback_entered"/);
  assert.equal((await call(gate, token)).status, 200);
  assert.equal((await call(gate, token)).status, 200);
  await eventually(async () => (await askToken(gate, client)).status === 200, 'the token endpoint to follow');
  await gate.counts('postern_fallback_active', 1);
  await eventually(async () => (await explained(gate, token)) === 'ok', 'explain to say what the gate does');

  await gate.admin('/reload', { method: 'POST' });
  await gate.complains(/reload/);
  assert.ok((await fallback(gate)).in_force, 'a reload does not end it');

  await idp.start();
  await eventually(async () => (await call(gate, foreign)).status === 200, 'the identity provider’s tokens to count at once');
  await eventually(async () => !(await fallback(gate)).in_force, 'the end of the fallback');
  await expectRefusal(gate, await call(gate, token), 'local_issuer_standing_by');
  await gate.complains(/fallback_left/);
  await gate.counts('postern_fallback_changes_total', 2);
  await eventually(async () => (await explained(gate, token)) === 'local_issuer_standing_by', 'explain to follow');
});

test('accept: fallback without an issuer to fall back from is a mistake', async (t) => {
  const gate = await makeGate(t, { policy: { modules: {} }, config: (self) => ({ local_issuer: local(self) }) });
  const done = await run(['check', '-c', gate.file]);
  assert.equal(done.code, 1);
  assert.match(done.stderr + done.stdout, /fallback needs/);
});
