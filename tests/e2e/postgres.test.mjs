// SPDX-License-Identifier: Apache-2.0
// Two gates on one PostgreSQL database: what is done at one is in force at the other, and the loss of the
// server takes nothing away that was known.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { copySigning, makeGate, run } from './harness/gate.mjs';
import { assertOauthError, callWith, GRANT, known, post, tokenOf } from './harness/oauth.mjs';
import { noPostgres, PASSWORD, startPostgres } from './harness/postgres.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: {}, writer: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: {
    read: { modules: ['api'], paths: ['/api/*'], methods: ['GET'], roles: ['reader'] },
    write: { modules: ['api'], paths: ['/api/*'], methods: ['POST'], roles: ['writer'] },
  },
};
const skip = noPostgres();

const local = (database) => ({ local_issuer: { issuer: 'http://gates.example', audience: 'api://local', lockout: { failures: 0 }, database } });

/** A gate, not yet running; of two the second signs with the first one's key. */
async function gateOn(t, database, { upstream, first, env } = {}) {
  const gate = await makeGate(t, { upstream: upstream?.url, policy: POLICY, config: local(database) });
  if (first) copySigning(first, gate);
  gate.endpoints = '';
  gate.env = env;
  return gate;
}

async function start(t, gate) {
  gate.spawn(gate.env);
  t.after(() => gate.stop());
  await gate.ready();
  return gate;
}

const readyz = async (gate) => JSON.parse((await gate.admin('/readyz')).text);
const away = (gate) => eventually(async () => !(await readyz(gate)).database.up, '/readyz says that the database is away');
const back = (gate) => eventually(async () => (await readyz(gate)).database.up, '/readyz says that the database is back');
const told = (gate) => JSON.stringify(gate.lines) + gate.stderr;

test('two gates on one PostgreSQL database', { skip }, async (t) => {
  const server = await startPostgres(t);
  const upstream = await recordingUpstream(t);
  const one = await start(t, await gateOn(t, server.url, { upstream }));
  const secret = path.join(one.dir, 'database-url');
  fs.writeFileSync(secret, `${server.url}\n`, { mode: 0o600 });
  const two = await start(t, await gateOn(t, { file: secret }, { upstream, first: one }));
  one.partner = two.partner = await one.addClient('partner', '--role', 'reader');

  await t.test('a client is known to both', async () => {
    await known(one, one.partner);
    await known(two, two.partner);
  });
  await t.test('a token of one counts at the other', async () => {
    const token = await tokenOf(one);
    assert.equal((await callWith(one, token)).status, 200);
    assert.equal((await callWith(two, token)).status, 200);
  });
  await t.test('a token that is revoked at one is refused at the other', async () => {
    const token = await tokenOf(one);
    assert.equal((await callWith(two, token)).status, 200);
    assert.equal((await post(one, '/oauth/revoke', { token })).status, 200, told(one));
    await expectRefusal(one, await callWith(one, token), 'token_revoked');
    await eventually(async () => (await callWith(two, token)).status === 401, 'the other refuses it');
    await expectRefusal(two, await callWith(two, token), 'token_revoked');
  });
  await t.test('a role is granted and revoked at both', async () => {
    const token = await tokenOf(two);
    const write = (gate) => gate.ask({ method: 'POST', target: '/api/x', headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await write(two)).status, 403);
    await two.client('grant', 'partner', 'writer');
    for (const gate of [one, two]) await eventually(async () => (await write(gate)).status === 200, 'may write');
    await one.client('revoke', 'partner', 'writer');
    for (const gate of [one, two]) await eventually(async () => (await write(gate)).status === 403, 'may not write');
  });
  await t.test('writers at once do not lose each other', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name, i) => (i % 2 ? one : two).addClient(name, '--role', 'reader')));
    const listed = await one.client('list');
    for (const name of names) assert.match(listed, new RegExp(name));
  });
  await t.test('the copy of a database is the server\'s business', async () => {
    assert.deepEqual((await readyz(one)).database, { up: true, away_s: 0 });
    await one.counts('postern_database_up', 1);
  });

  await t.test('without its server', async (t) => {
    const token = await tokenOf(one);
    await server.stop();
    await away(one);
    await away(two);
    assert.ok((await readyz(one)).ready);
    await eventually(async () => (await readyz(one)).database.away_s >= 1, 'the seconds that it is away');
    await one.counts('postern_database_up', 0);

    await t.test('known tokens and known clients go on', async () => {
      for (const gate of [one, two]) {
        assert.equal((await callWith(gate, token)).status, 200);
        assert.equal((await callWith(gate, await tokenOf(gate))).status, 200);
      }
    });
    await t.test('an unknown client, and a secret that may be new, are told to come again', async () => {
      for (const client of [{ client_id: 'nobody', client_secret: 'x' }, { ...one.partner, client_secret: 'x' }]) {
        const got = await post(one, '/oauth/token', GRANT, { client });
        assertOauthError(got, 503, 'temporarily_unavailable');
        assert.match(got.get('retry-after'), /^[1-9]\d*$/);
      }
    });
    await t.test('a revocation is refused, and not half done', async () => {
      const got = await post(one, '/oauth/revoke', { token });
      assertOauthError(got, 503, 'temporarily_unavailable');
      assert.match(got.get('retry-after'), /^[1-9]\d*$/);
      assert.equal((await callWith(one, token)).status, 200);
    });
    await t.test('a command and a new gate say so', async () => {
      const done = await run(['client', 'add', 'late', '-c', one.file]);
      assert.equal(done.code, 2);
      assert.match(done.stderr, /postgresql:\/\/postern@127\.0\.0\.1:\d+\/postgres: .*refused/);
      const third = await run(['serve', '-c', two.file]);
      assert.equal(third.code, 2);
      assert.match(third.stderr, /postgresql:\/\/postern@127\.0\.0\.1/);
      assert.ok(!(done.stderr + third.stderr).includes(PASSWORD));
    });
    await t.test('and when it is back, all is as before', async () => {
      await server.resume();
      await back(one);
      await back(two);
      await one.counts('postern_database_up', 1);
      assert.equal((await post(one, '/oauth/revoke', { token })).status, 200, told(one));
      await eventually(async () => (await callWith(two, token)).status === 401, 'the other refuses it');
      await known(two, await one.addClient('after', '--role', 'reader'));
      assertOauthError(await post(one, '/oauth/token', GRANT, { client: { client_id: 'nobody', client_secret: 'x' } }), 401, 'invalid_client');
    });
  });
  await t.test('the password is nowhere in the logs', () => {
    for (const gate of [one, two]) assert.ok(!told(gate).includes(PASSWORD));
    assert.match(told(one), /store_failed/);
    assert.match(told(one), /store_recovered/);
  });
});

test('a URL that leads nowhere', { skip }, async (t) => {
  const server = await startPostgres(t);
  const wrong = server.url.replace(PASSWORD, `${PASSWORD}-wrong`);
  const cases = {
    'a wrong password': [wrong, /password authentication failed/],
    'no such database': [server.url.replace('/postgres', '/nowhere'), /database "nowhere" does not exist/],
    'no such parameter': [`${server.url}?passwrd=${PASSWORD}`, /URL that libpq can read/],
    'a percent sign too few': [server.url.replace(PASSWORD, `${PASSWORD}%zz`), /URL that libpq can read/],
    'a server that is not PostgreSQL': [server.url.replace(`:${server.port}`, ':HTTP'), /postgresql:\/\/postern@127\.0\.0\.1/],
  };
  const upstream = await recordingUpstream(t);

  for (const [name, [url, says]] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const gate = await gateOn(t, { env: 'DATABASE_URL' });
      const got = await run(['serve', '-c', gate.file], { env: { DATABASE_URL: url.replace(':HTTP', `:${upstream.port}`) } });
      assert.notEqual(got.code, 0);
      assert.match(got.stdout + got.stderr, says);
      assert.ok(!(got.stdout + got.stderr).includes(PASSWORD), got.stderr);
    });
  }
  await t.test('an environment variable that is not set', async (t) => {
    const gate = await gateOn(t, { env: 'NO_SUCH_DATABASE_URL' });
    const got = await run(['check', '-c', gate.file]);
    assert.equal(got.code, 1);
    assert.match(got.stdout + got.stderr, /\/local_issuer\/database/);
  });
});
