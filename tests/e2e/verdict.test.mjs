// SPDX-License-Identifier: Apache-2.0
// What a verdict rests on, under load: whatever changes, answers that are wrong after the change was
// acknowledged are counted, and there are none beyond the bound that the manual names.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import test from 'node:test';
import { basic, issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { run, startGate } from './harness/gate.mjs';
import { startLoad } from './harness/load.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { AUDIENCE, fileIssuer, ISSUER, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');

test('time: a token ends by max_age, though its verdict is remembered', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer({ max_age: '3s', clock_skew: '0s' }) } });
  const iat = now();
  const token = await sign(key, { iat, exp: iat + 3600 });
  const wrong = [];
  let good = 0;
  let ended = 0;
  const load = startLoad(gate.port, {
    target: '/api/x',
    next: () => ({ token, asked: Date.now() }),
    answered: ({ asked }, status, reason) => {
      if (status === 200) good++;
      if (reason === 'token_too_old') ended++;
      if (asked >= (iat + 4) * 1000 && reason !== 'token_too_old') wrong.push({ asked, status, reason });
    },
  });
  t.after(load.end);
  await eventually(() => ended > 100 || wrong.length > 100, 'answers after its age');
  await load.end();
  assert.ok(good > 0);
  assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${load.requests} answers are wrong`);
});

/**
 * Ask without a pause while `change` happens. It is acknowledged when `change` returns: with `atOnce`
 * whatever is asked after that must have the new answer. Otherwise the change is noticed a moment
 * later; then whatever is asked after the first new answer must have it, too. Old and new are words of
 * refusals, null for none. Gives the milliseconds from the acknowledgement to the last old answer.
 */
async function changes(t, gate, token, { from, to, change, atOnce = false, target = '/api/x' }) {
  const seen = { old: 0, new: 0 };
  const wrong = [];
  let known = Infinity;
  let acknowledged = Infinity;
  let late = 0;
  const load = startLoad(gate.port, {
    target,
    next: () => ({ token, asked: performance.now() }),
    answered: ({ asked }, status, reason) => {
      const is = status === 200 ? null : reason ?? status;
      if (is === from) {
        seen.old++;
        if (asked >= acknowledged) late = Math.max(late, performance.now() - acknowledged);
        if (asked > known) wrong.push({ asked, known, status, reason });
      } else if (is === to) {
        seen.new++;
        known = Math.min(known, performance.now());
      } else wrong.push({ status, reason });
    },
  });
  t.after(load.end);
  await eventually(() => seen.old > 50 || wrong.length > 0, 'answers before the change');
  await change();
  acknowledged = performance.now();
  if (atOnce) known = acknowledged;
  const before = seen.new;
  await eventually(() => seen.new > before + 200, 'answers after the change');
  await load.end();
  assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${load.requests} answers are wrong`);
  t.diagnostic(`${load.requests} requests, the last old answer ${late.toFixed(0)} ms after the acknowledgement`);
  return late;
}

const reload = async (gate) => assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);

test('configuration, policy and keys', async (t) => {
  const [first, second] = [makeKey('ES256', 'one'), makeKey('ES256', 'two')];
  const gate = await issuerGate(t, { files: { 'keys.json': keySet(first) }, config: { issuers: fileIssuer() } });
  const policy = (scope) => ({ roles: { reader: { granted_to: [{ issuer: 'idp', scope }] } }, modules: { api: { paths: ['/api/*'] } }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } });
  gate.write('policy.yaml', policy('read'));
  await reload(gate);
  const token = await sign(first, { scope: 'read' });

  await t.test('a role that is taken away by the policy', (s) => changes(s, gate, token, { from: null, to: 'privilege_missing', atOnce: true, change: async () => { gate.write('policy.yaml', policy('other')); await reload(gate); } }));
  await t.test('and given again', (s) => changes(s, gate, token, { from: 'privilege_missing', to: null, atOnce: true, change: async () => { gate.write('policy.yaml', policy('read')); await reload(gate); } }));
  await t.test('an audience of the configuration', (s) => changes(s, gate, token, { from: null, to: 'audience_mismatch', atOnce: true, change: async () => { gate.write('postern.yaml', { ...gate.config, issuers: fileIssuer({ audience: ['api://new'] }) }); await reload(gate); } }));
  await t.test('and the former one again', (s) => changes(s, gate, token, { from: 'audience_mismatch', to: null, atOnce: true, change: async () => { gate.write('postern.yaml', gate.config); await reload(gate); } }));
  await t.test('a key that its file does not name any more', (s) => changes(s, gate, token, { from: null, to: 'key_unknown', change: async () => gate.write('keys.json', keySet(second)) }));
});

test('clients, revocations and the local issuer\'s keys', async (t) => {
  const gate = await issuerGate(t);
  const command = async (...args) => {
    const done = await run([...args, '-c', gate.file]);
    assert.equal(done.code, 0, done.stderr);
  };
  const token = await tokenOf(gate);

  await t.test('a client is disabled', (s) => changes(s, gate, token, { from: null, to: 'client_disabled', change: () => gate.client('disable', 'partner') }));
  await t.test('and enabled', (s) => changes(s, gate, token, { from: 'client_disabled', to: null, change: () => gate.client('enable', 'partner') }));
  await t.test('a role is revoked', (s) => changes(s, gate, token, { from: null, to: 'privilege_missing', change: () => gate.client('revoke', 'partner', 'reader') }));
  await t.test('and granted', (s) => changes(s, gate, token, { from: 'privilege_missing', to: null, change: () => gate.client('grant', 'partner', 'reader') }));
  await t.test('a token is revoked at the endpoint', (s) => changes(s, gate, token, { from: null, to: 'token_revoked', atOnce: true, change: async () => assert.equal((await post(gate, '/oauth/revoke', { token })).status, 200) }));
  const other = await known(gate, await gate.addClient('other', '--role', 'reader'));
  const second = await tokenOf(gate, other);
  await t.test('a client\'s tokens are revoked by a command', (s) => changes(s, gate, second, { from: null, to: 'token_revoked', change: () => command('revoke', '--client', 'other') }));
  const third = await tokenOf(gate, await known(gate, await gate.addClient('third', '--role', 'reader')));
  const kid = JSON.parse(Buffer.from(third.split('.')[0], 'base64url')).kid;
  await t.test('the key that signed is retired', (s) => changes(s, gate, third, { from: null, to: 'key_unknown', change: async () => assert.equal((await run(['keys', 'retire', '-c', gate.file, '--', kid])).code, 0) }));
});

test('a user\'s password', async (t) => {
  const gate = await issuerGate(t, { local: { basic: true } });
  const made = await run(['user', 'add', 'jane', '--role', 'reader', '-c', gate.file], { input: 'a long pass phrase of hers\n' });
  assert.equal(made.code, 0, made.stderr);
  const ask = (password) => gate.ask({ target: '/api/x', headers: { Authorization: basic('jane', password) } });
  await eventually(async () => (await ask('a long pass phrase of hers')).status === 200, 'the user is known');
  assert.equal((await ask('a long pass phrase of hers')).status, 200, 'remembered');
  const changed = await run(['user', 'passwd', 'jane', '-c', gate.file], { input: 'another pass phrase of hers\n' });
  assert.equal(changed.code, 0, changed.stderr);
  await eventually(async () => (await ask('another pass phrase of hers')).status === 200, 'the new password');
  for (let i = 0; i < 5; i++) assert.equal((await ask('a long pass phrase of hers')).status, 401, 'the old one is forgotten');
});

/** An identity provider that answers once with its first keys, and from then on holds its answers until it is let go. */
async function holdingIdp(t, first, then) {
  const held = [];
  let hold = false;
  const idp = { held };
  const server = http.createServer((request, response) => {
    if (hold) held.push(response);
    else response.end(JSON.stringify(idp.released ? then : first));
    hold = !idp.released;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  idp.url = `http://127.0.0.1:${server.address().port}/keys`;
  idp.release = () => {
    idp.released = true;
    hold = false;
    for (const response of held.splice(0)) response.end(JSON.stringify(then));
  };
  return idp;
}

test('a reload while a request waits for keys', async (t) => {
  const [first, second] = [makeKey('ES256', 'one'), makeKey('ES256', 'two')];
  const other = { issuer: 'https://other.example', audience: ['api://other'], jwks_file: 'other.json' };
  const upstream = await recordingUpstream(t);
  const { idp: known } = fileIssuer();
  const cases = {
    'its issuer stays as it is': [null, null],
    'its issuer makes way for another': [{ idp: other }, 'issuer_unknown'],
    'its issuer has another audience': [{ idp: { ...known, audience: ['api://new'] } }, 'audience_mismatch'],
    'another issuer has its place': [{ other, idp: known }, null],
    'another issuer has its place and its keys': [{ other: { ...other, jwks_file: 'keys.json' }, idp: { ...known, jwks_file: 'other.json' } }, 'key_unknown'],
  };
  for (const [name, [issuers, reason]] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const idp = await holdingIdp(t, keySet(first), keySet(first, second));
      const gate = await startGate(t, {
        upstream: upstream.url,
        files: { 'keys.json': keySet(first, second), 'other.json': keySet(first) },
        config: { issuers: { idp: { issuer: ISSUER, audience: [AUDIENCE], jwks_uri: idp.url, jwks: { timeout: '60s' } } } },
      });
      await eventually(async () => (await gate.admin('/readyz')).status === 200, 'the first keys');
      const asked = gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${await sign(second)}` } });
      await eventually(() => idp.held.length > 0, 'the refresh');
      gate.write('postern.yaml', { ...gate.config, log: { level: 'info' }, ...(issuers && { issuers }) });
      await reload(gate);
      idp.release();
      const got = await asked;
      if (reason) await expectRefusal(gate, got, reason);
      else assert.equal(got.status, 200, got.text);
    });
  }
});
