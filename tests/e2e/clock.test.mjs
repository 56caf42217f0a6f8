// SPDX-License-Identifier: Apache-2.0
// A wall clock that is set, by a day or by years: no wait grows or shrinks, no key is lost or waits until
// then.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run } from './harness/gate.mjs';
import { basic, callWith, GRANT, known, post, tokenOf } from './harness/oauth.mjs';
import { noPostgres, startPostgres } from './harness/postgres.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const DAY = 86400;
const YEARS = 730 * DAY;
const POLICY = {
  roles: { reader: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
};

/** A gate, not yet running, whose clock `set(seconds)` puts ahead. */
async function clockedGate(t, local = {}) {
  const upstream = await recordingUpstream(t);
  const gate = await makeGate(t, { upstream: upstream.url, policy: POLICY, config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local', ...local } }) });
  const library = path.join(gate.dir, 'clock.so');
  const offset = path.join(gate.dir, 'offset');
  execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-o', library, new URL('fixtures/clock.c', import.meta.url).pathname]);
  gate.endpoints = '';
  gate.set = (seconds) => {
    fs.writeFileSync(`${offset}.new`, String(seconds));
    fs.renameSync(`${offset}.new`, offset);
  };
  gate.set(0);
  gate.env = { LD_PRELOAD: library, CLOCK_OFFSET: offset, ASAN_OPTIONS: 'verify_asan_link_order=0:detect_leaks=0' };
  gate.start = async () => {
    gate.spawn(gate.env);
    await gate.ready();
  };
  t.after(() => gate.gone || gate.stop());
  return gate;
}

const guess = (gate, client, secret) => post(gate, '/oauth/token', GRANT, { client: null, headers: { Authorization: basic(client.client_id, secret) } });

test('a lock-out lasts as long as it says, whatever the clock is set to', async (t) => {
  const gate = await clockedGate(t, { lockout: { failures: 2, first: '3s', most: '3s' } });
  const brought = { client_id: 'brought', client_secret: 'pT5nC8rJ4kF6yU0aXe1iOQ..' };
  await gate.start();
  const done = await run(['client', 'import', '-', '-c', gate.file], { input: JSON.stringify({ clients: [{ name: 'brought', client_id: brought.client_id, secrets: [{ slot: 1, secret: brought.client_secret }] }] }) });
  assert.equal(done.code, 0, done.stderr);
  await known(gate, brought);
  for (const set of [-DAY, DAY]) {
    gate.set(0);
    for (let i = 0; i < 2; i++) await guess(gate, brought, `wrong-${i}`);
    gate.set(set);
    const got = await guess(gate, brought, brought.client_secret);
    assert.equal(got.status, 429, `set by ${set}`);
    assert.ok(Number(got.get('retry-after')) <= 3, got.get('retry-after'));
    await eventually(async () => (await guess(gate, brought, brought.client_secret)).status === 200, 'the wait ends');
  }
});

test('a clock that is two years ahead for a moment takes no key and makes none', async (t) => {
  const gate = await clockedGate(t, { lockout: { failures: 0 } });
  await gate.start();
  const kids = async () => (await gate.ask({ target: '/.well-known/jwks.json' })).json().keys.map(({ kid }) => kid).sort();
  const client = await gate.addClient('partner', '--role', 'reader');
  await known(gate, client);
  const token = await tokenOf(gate, client);
  assert.equal((await run(['keys', 'rotate', '--now', '-c', gate.file])).code, 0);
  await eventually(async () => (await kids()).length === 2, 'two keys');
  const before = await kids();
  gate.set(YEARS);
  await gate.complains(/"event":"clock_set"/);
  assert.equal((await callWith(gate, token)).status, 401);
  gate.set(0);
  await gate.complains(/the clock was set by -/);
  assert.deepEqual(await kids(), before);
  assert.equal((await callWith(gate, token)).status, 200, 'of the key before');
});

test('a key that was made two years ahead signs like one made now', async (t) => {
  const gate = await clockedGate(t, { lockout: { failures: 0 }, signing: { publish_ahead: '2s', rotate_after: '1h' } });
  gate.set(YEARS);
  await gate.start();
  await gate.stop();
  const [kid] = fs.readdirSync(path.join(gate.dir, 'state', 'signing')).filter((name) => name.endsWith('.json'));
  const signs = () => JSON.parse(fs.readFileSync(path.join(gate.dir, 'state', 'signing', kid), 'utf8')).signs_from;
  assert.ok(signs() > Date.now() / 1000 + YEARS - DAY);
  gate.set(0);
  await gate.start();
  await gate.complains(/"event":"signing_key_redated"/);
  assert.ok(signs() < Date.now() / 1000 + DAY);
});

test('a clock that is two years ahead when the gate starts loses no revocation', async (t) => {
  const gate = await clockedGate(t, { lockout: { failures: 0 } });
  await gate.start();
  const client = await gate.addClient('partner', '--role', 'reader');
  await known(gate, client);
  // More than the table in memory holds at first: when it grows, it leaves out what is over.
  const tokens = await Promise.all(Array.from({ length: 40 }, () => tokenOf(gate, client)));
  for (const token of tokens) assert.equal((await post(gate, '/oauth/revoke', { token }, { client })).status, 200);
  await gate.stop();
  gate.set(YEARS);
  await gate.start();
  for (const token of tokens) assert.equal((await callWith(gate, token)).status, 401);
  gate.set(0);
  for (const token of tokens) assert.equal((await callWith(gate, token)).status, 401, 'revoked, whatever the clock was');
  assert.equal((await callWith(gate, await tokenOf(gate, client))).status, 200);
});

/** Runs a command whose clock is off by so many seconds, beside the gate. */
async function commandAt(gate, seconds, args) {
  const offset = path.join(gate.dir, 'command-offset');
  fs.writeFileSync(offset, String(seconds));
  const done = await run([...args, '-c', gate.file], { env: { ...gate.env, CLOCK_OFFSET: offset } });
  assert.equal(done.code, 0, done.stderr);
  return done;
}

for (const [name, skip] of [['SQLite', false], ['PostgreSQL', noPostgres()]]) {
  test(`what is revoked until now is dated by the gate, whatever the clock of the command: ${name}`, { skip }, async (t) => {
    const database = skip === false && name === 'PostgreSQL' ? (await startPostgres(t)).url : undefined;
    const gate = await clockedGate(t, { lockout: { failures: 0 }, ...(database && { database }) });
    await gate.start();
    const client = await gate.addClient('partner', '--role', 'reader');
    await known(gate, client);
    const status = async (token) => (await callWith(gate, token)).status;
    const refused = (token, what) => eventually(async () => (await status(token)) === 401, what);
    const again = async () => {
      await gate.stop();
      await gate.start();
    };
    const counts = (what) => eventually(async () => {
      const token = await tokenOf(gate, client);
      return (await status(token)) === 200 && token;
    }, what);
    const ways = [['revoke', '--client', 'partner'], ['revoke', '--subject', client.client_id], ['client', 'rotate', 'partner', '--end-tokens'], ['revoke', '--issuer', 'local', '--issued-before', 'now']];

    for (const [i, seconds] of [-5, -60, -DAY, YEARS].entries()) {
      await t.test(`off by ${seconds} s`, async () => {
        const token = await counts('a token counts');
        await commandAt(gate, seconds, ways[i]);
        await refused(token, 'what was out is refused');
        await gate.complains(/"event":"revocation_redated"/);
        const next = await counts('a token of later counts');
        await again();
        assert.equal(await status(token), 401, 'refused after a restart');
        assert.equal(await status(next), 200, 'counts after a restart');
      });
    }
    await t.test('while no gate runs', async () => {
      const token = await counts('a token counts');
      await gate.stop();
      await commandAt(gate, -60, ['revoke', '--client', 'partner']);
      await gate.start();
      assert.equal(await status(token), 401);
    });
    await t.test('again, when the gate has dated what was revoked before', async () => {
      const token = await counts('a token counts');
      await commandAt(gate, -60, ['revoke', '--client', 'partner']);
      await refused(token, 'what was out is refused');
    });
    await t.test('a time that was asked for stays', async () => {
      const token = await counts('a token counts');
      const future = Math.floor(Date.now() / 1000) + 3600;
      await commandAt(gate, -60, ['revoke', '--client', 'partner', '--issued-before', String(future)]);
      await refused(token, 'what was out is refused');
      await again();
      assert.equal(await status(await tokenOf(gate, client)), 401, 'until the time that was asked for');
    });
  });
}
