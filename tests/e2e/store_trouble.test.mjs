// SPDX-License-Identifier: Apache-2.0
// The table "Database troubles" of docs/manual.md, row by row; and its pages about copies, followed word for word.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { POSTERN, run } from './harness/gate.mjs';
import { assertOauthError, callWith, GRANT, known, post, tokenOf } from './harness/oauth.mjs';
import { noPostgres, startPostgres } from './harness/postgres.mjs';
import { away, breakWrites, fails, fill, goesOn, heals, mount, noMount, psql, revokesNothing, signalServer, slowly, succeeds, troubledGate, up, without, writer } from './harness/trouble.mjs';
import { eventually } from './harness/wait.mjs';

const PAGE = fs.readFileSync(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/manual.md'), 'utf8');
const rows = { SQLite: [], PostgreSQL: [] };

/** One row of the table. */
async function row(t, database, name, options, body) {
  rows[database].push(name);
  await t.test(name, options, body);
}

/** What a stranger is told while the database cannot say who is known. */
async function comesAgain(gate) {
  assertOauthError(await post(gate, '/oauth/token', GRANT, { client: { client_id: 'nobody', client_secret: 'x' } }), 503, 'temporarily_unavailable');
}

test('SQLite', async (t) => {
  const gate = await troubledGate(t, { before: (made) => noMount() || mount(t, path.join(made.dir, 'state'), 'size=4m,mode=0700') });
  const state = path.join(gate.dir, 'state');
  const copy = path.join(gate.dir, 'copy.db');
  await succeeds(gate, 'store', 'backup', copy);

  await row(t, 'SQLite', 'frozen', { skip: without('sqlite3') }, async (t) => {
    const token = await tokenOf(gate);
    const release = await writer(t, gate.database);
    await goesOn(gate, token);
    assertOauthError(await post(gate, '/oauth/token', GRANT, { client: { client_id: 'nobody', client_secret: 'x' } }), 401, 'invalid_client');
    await revokesNothing(gate, token);
    await gate.complains(/"event":"revocation_failed".*database is locked/);
    await up(gate);
    assert.match(await succeeds(gate, 'client', 'list'), /partner/);
    await fails(gate, ['client', 'disable', 'partner'], /postern\.db: database is locked/);
    await goesOn(gate, token);
    await release();
    await heals(gate, token);
  });
  await row(t, 'SQLite', 'slow', { skip: without('sqlite3') }, async (t) => {
    const token = await tokenOf(gate);
    const release = await writer(t, gate.database);
    const revoked = post(gate, '/oauth/revoke', { token });
    const added = gate.addClient('patient', '--role', 'reader');
    await goesOn(gate, token);
    await release();
    assert.equal((await revoked).status, 200);
    await known(gate, await added);
    await heals(gate, token);
  });
  await row(t, 'SQLite', 'full disk', { skip: noMount() }, async () => {
    const token = await tokenOf(gate);
    const room = fill(state);
    await goesOn(gate, token);
    await revokesNothing(gate, token);
    await gate.complains(/"event":"revocation_failed".*(full|disk I\/O error)/);
    await up(gate);
    assert.match(await succeeds(gate, 'client', 'list'), /partner/);
    await fails(gate, ['client', 'disable', 'partner'], /postern\.db: .*(full|disk I\/O error)/);
    await goesOn(gate, token);
    room();
    await heals(gate, token);
  });
  await row(t, 'SQLite', 'read-only', { skip: without('strace') }, async (t) => {
    const token = await tokenOf(gate);
    const release = await breakWrites(t, gate, `${gate.database}-wal`, 'EROFS');
    await goesOn(gate, token);
    await revokesNothing(gate, token);
    await gate.complains(/"event":"revocation_failed".*(disk I\/O error|readonly)/);
    await up(gate);
    await release();
    await heals(gate, token);
  });
  await row(t, 'SQLite', 'deleted', {}, async () => {
    const token = await tokenOf(gate);
    fs.rmSync(gate.database);
    await away(gate, /postern\.db: the database was deleted/);
    await goesOn(gate, token);
    await revokesNothing(gate, token);
    await comesAgain(gate);
    for (const args of [['client', 'list'], ['client', 'disable', 'partner'], ['serve']]) await fails(gate, args, /postern\.db: the database is missing; `postern store restore FILE`/);
    assert.ok(!fs.existsSync(gate.database), 'nobody made an empty one');
    await succeeds(gate, 'store', 'restore', copy);
    await heals(gate, token);
  });
  await row(t, 'SQLite', 'replaced', {}, async () => {
    const token = await tokenOf(gate);
    const other = path.join(state, 'other.db');
    fs.copyFileSync(copy, other);
    fs.chmodSync(other, 0o600);
    fs.renameSync(other, gate.database);
    await away(gate, /postern\.db: the database was replaced by another file/);
    await goesOn(gate, token);
    await revokesNothing(gate, token);
    await comesAgain(gate);
    await succeeds(gate, 'store', 'restore', copy);
    await heals(gate, token);
  });
  await row(t, 'SQLite', 'restored', {}, async () => {
    const [revoked, token] = [await tokenOf(gate), await tokenOf(gate)];
    const late = await known(gate, await gate.addClient('of-after-the-copy', '--role', 'reader'));
    assert.equal((await post(gate, '/oauth/revoke', { token: revoked })).status, 200);
    await succeeds(gate, 'store', 'restore', copy);
    await eventually(async () => (await post(gate, '/oauth/token', GRANT, { client: late })).status === 401, 'who came after the copy is gone');
    assert.equal((await callWith(gate, revoked)).status, 401, 'what was revoked after the copy stays so');
    await goesOn(gate, token);
    await heals(gate, token);
  });
  await t.test('a disk that is read-only when a gate or a command starts', { skip: noMount() }, async () => {
    await gate.stop();
    execFileSync('mount', ['-o', 'remount,ro', state]);
    for (const args of [['client', 'list'], ['client', 'disable', 'partner'], ['serve']]) await fails(gate, args, /Read-only file system/);
    execFileSync('mount', ['-o', 'remount,rw', state]);
    gate.spawn();
    await gate.ready();
    await heals(gate, await tokenOf(gate));
  });
});

test('PostgreSQL', { skip: noPostgres() || without('psql') }, async (t) => {
  const server = await startPostgres(t);
  const gate = await troubledGate(t, { local: { database: server.url } });

  /** Away for `why` until `mend` is done. */
  async function isAway(token, why, { mend, ...of }) {
    await away(gate, why);
    await goesOn(gate, token);
    await revokesNothing(gate, token);
    await comesAgain(gate);
    for (const args of [['client', 'list'], ['client', 'disable', 'partner'], ['serve']]) await fails(gate, args, of.command ?? why);
    await mend();
    await heals(gate, token);
  }

  await row(t, 'PostgreSQL', 'frozen', {}, async (t) => {
    const token = await tokenOf(gate);
    t.after(() => signalServer(server, 'SIGCONT'));
    signalServer(server, 'SIGSTOP');
    await isAway(token, /does not answer|timeout expired/, { mend: () => signalServer(server, 'SIGCONT') });
  });
  await row(t, 'PostgreSQL', 'stopped', {}, async () => {
    const token = await tokenOf(gate);
    await server.stop();
    await isAway(token, /refused|terminat|closed the connection/, { command: /refused/, mend: () => server.resume() });
  });
  await row(t, 'PostgreSQL', 'slow', {}, async (t) => {
    const port = await slowly(t, server.port, 100);
    const slow = await troubledGate(t, { local: { database: server.url.replace(`:${server.port}`, `:${port}`).concat('?options=-csearch_path%3Dslow') }, before: () => psql(server.url, 'CREATE SCHEMA slow') });
    const token = await tokenOf(slow);
    await goesOn(slow, token);
    await heals(slow, token);
    assert.ok(!/store_failed/.test(slow.stderr), slow.stderr);
    await slow.stop();
  });
  await row(t, 'PostgreSQL', 'full disk', { skip: noMount() }, async (t) => {
    const token = await tokenOf(gate);
    const small = `/tmp/postern-small-${server.port}`;
    mount(t, small, `size=1m,mode=0700,uid=${fs.statSync(path.join(server.dir, 'data')).uid}`);
    psql(server.url, 'DELETE FROM revocation', `CREATE TABLESPACE small LOCATION '${small}'`, 'VACUUM FULL revocation', 'ALTER TABLE revocation SET TABLESPACE small');
    const room = fill(small);
    await goesOn(gate, token);
    await revokesNothing(gate, token);
    await gate.complains(/"event":"revocation_failed".*No space left on device/);
    await up(gate);
    assert.match(await succeeds(gate, 'client', 'list'), /partner/);
    await fails(gate, ['revoke', '--jti', 'x'], /No space left on device/);
    room();
    await heals(gate, token);
    psql(server.url, 'ALTER TABLE revocation SET TABLESPACE pg_default', 'DROP TABLESPACE small');
  });
  await row(t, 'PostgreSQL', 'read-only', {}, async () => {
    const token = await tokenOf(gate);
    await server.stop();
    fs.writeFileSync(path.join(server.dir, 'data', 'standby.signal'), '');
    await server.resume();
    await isAway(token, /session is read-only/, { mend: () => psql(server.url, 'SELECT pg_promote()') });
  });

  const dump = path.join(gate.dir, 'postern.dump');
  const restore = () => execFileSync('pg_restore', ['--clean', '--if-exists', '--single-transaction', `--dbname=${server.url}`, dump]);
  const empty = ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public'];
  execFileSync('pg_dump', ['--format=custom', `--file=${dump}`, '--schema=public', server.url]);
  await row(t, 'PostgreSQL', 'deleted', {}, async () => {
    const token = await tokenOf(gate);
    psql(server.url, ...empty);
    await isAway(token, /the database is empty, it holds no store/, { mend: restore });
  });
  await row(t, 'PostgreSQL', 'replaced', {}, async () => {
    const token = await tokenOf(gate);
    psql(server.url, ...empty, 'CREATE TABLE of_others(x int)');
    await isAway(token, /not a database of postern/, { mend: () => { psql(server.url, ...empty); restore(); } });
  });
  await row(t, 'PostgreSQL', 'restored', {}, async () => {
    const [revoked, token] = [await tokenOf(gate), await tokenOf(gate)];
    const late = await known(gate, await gate.addClient('of-after-the-dump', '--role', 'reader'));
    assert.equal((await post(gate, '/oauth/revoke', { token: revoked })).status, 200);
    restore();
    await eventually(async () => (await post(gate, '/oauth/token', GRANT, { client: late })).status === 401, 'who came after the dump is gone');
    assert.equal((await callWith(gate, revoked)).status, 401, 'a gate that runs does not forget');
    await goesOn(gate, token);
    await heals(gate, token);
  });
});

test('every row of the table is one of these tests', () => {
  const table = PAGE.split('\n#### Database troubles\n')[1].split('\n### ')[0];
  for (const [database, names] of Object.entries(rows)) {
    if (names.length === 0) continue;
    const listed = [...table.matchAll(new RegExp(`^\\| \\*\\*(.+?)\\*\\* \\| ${database} \\|`, 'gm'))].map(([, name]) => name);
    assert.deepEqual(listed.sort(), names.sort(), database);
  }
});

/** Follow a block of the page, with its directory for copies in one of ours. */
async function follow(gate, step, env = {}) {
  const found = PAGE.match(new RegExp('```sh step=' + step + '\\n([\\s\\S]*?)```'));
  assert.ok(found, `the page has a step "${step}"`);
  const text = found[1].replaceAll('/backup/', `${gate.dir}/`);
  return (await promisify(execFile)('sh', ['-eu', '-c', text], { cwd: gate.dir, env: { ...process.env, PATH: `${path.dirname(POSTERN)}:${process.env.PATH}`, ...env } })).stdout;
}

test('copies, as the manual says: SQLite', async (t) => {
  const gate = await troubledGate(t);
  const gone = (client) => eventually(async () => (await post(gate, '/oauth/token', GRANT, { client })).status === 401, 'it is gone');

  await t.test('a copy, and back', async () => {
    const token = await tokenOf(gate);
    await follow(gate, 'backup');
    const late = await known(gate, await gate.addClient('late', '--role', 'reader'));
    assert.equal((await post(gate, '/oauth/revoke', { token })).status, 200);
    assert.match(await follow(gate, 'restore'), /^sound: 1 client, 1 user, 1 revocation\n$/);
    await gone(late);
    assert.equal((await callWith(gate, token)).status, 401);
    await goesOn(gate, await tokenOf(gate));
  });
  await t.test('back when the file is lost', async () => {
    for (const end of ['', '-wal', '-shm']) fs.rmSync(gate.database + end, { force: true });
    assert.match(await follow(gate, 'restore'), /^sound: 1 client, 1 user/);
    await heals(gate, await tokenOf(gate));
  });
  await t.test('without a copy: a new, empty one, once somebody says so', async () => {
    await gate.stop();
    for (const end of ['', '-wal', '-shm']) fs.rmSync(gate.database + end, { force: true });
    const refused = await run(['serve', '-c', gate.file]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the database is missing.*`postern store init`/);
    await follow(gate, 'init');
    gate.spawn();
    await gate.ready();
    await gone(gate.partner);
    await known(gate, await gate.addClient('partner', '--role', 'reader'));
  });
});

test('copies, as the manual says: PostgreSQL', { skip: noPostgres() || without('pg_dump') }, async (t) => {
  const server = await startPostgres(t);
  const gate = await troubledGate(t, { local: { database: server.url } });
  const env = { DATABASE_URL: server.url };

  await follow(gate, 'pg-backup', env);
  const late = await known(gate, await gate.addClient('late', '--role', 'reader'));
  assert.match(await follow(gate, 'pg-restore', env), /^sound: 1 client, 1 user, 0 revocations\n$/);
  await eventually(async () => (await post(gate, '/oauth/token', GRANT, { client: late })).status === 401, 'it is gone');
  await heals(gate, await tokenOf(gate));
});
