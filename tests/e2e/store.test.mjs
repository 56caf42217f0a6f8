// SPDX-License-Identifier: Apache-2.0
// The SQLite file in trouble: a writer killed at every write, a full disk, damage, writers at once; copies.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, POSTERN, run } from './harness/gate.mjs';

const config = { local_issuer: { issuer: 'http://gate.example', audience: 'api://local' } };
const POLICY = { roles: { reader: {}, writer: {} }, modules: { api: { paths: ['/api/*'] } }, privileges: { read: { modules: ['api'], roles: ['reader'] } } };

const make = (t) => makeGate(t, { config, policy: POLICY });
const database = (gate) => path.join(gate.dir, 'state', 'postern.db');
const command = (gate, ...args) => run([...args, '-c', gate.file]);

async function sound(gate, says = /^sound: /) {
  const got = await command(gate, 'store', 'check');
  assert.equal(got.code, 0, got.stderr);
  assert.match(got.stdout, says);
}

async function clients(gate) {
  const got = await command(gate, 'client', 'list', '--output', 'json');
  assert.equal(got.code, 0, got.stderr);
  return JSON.parse(got.stdout);
}

/** strace may be missing, or may not trace. */
function noTracing() {
  const got = spawnSync('strace', ['-f', '-qq', '-e', 'trace=none', 'true']);
  return got.status === 0 ? false : 'strace is not there, or may not trace';
}

/** Run postern, killed when it enters its write number `when`. */
async function killed(args, when) {
  const child = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `inject=write,pwrite64,fsync,fdatasync,ftruncate,unlink:signal=SIGKILL:when=${when}`, POSTERN, ...args], {
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
  });
  let stdout = '';
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.resume();
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout };
}

test('a writer that is killed at any write leaves all or nothing, and what it told stays', { skip: noTracing() }, async (t) => {
  const gate = await make(t);
  await gate.addClient('first', '--role', 'reader');
  const before = path.join(gate.dir, 'before');
  fs.cpSync(path.join(gate.dir, 'state'), before, { recursive: true });
  let [kills, kept] = [0, 0];

  for (let when = 1; when < 200; when++) {
    fs.rmSync(path.join(gate.dir, 'state'), { recursive: true });
    fs.cpSync(before, path.join(gate.dir, 'state'), { recursive: true });
    const got = await killed(['client', 'add', 'second', '--role', 'reader', '--role', 'writer', '--scope', 's', '--output', 'json', '-c', gate.file], when);
    await sound(gate);
    const names = (await clients(gate)).map((client) => client.name);
    assert.ok(names.includes('first'), `killed at write ${when}: the old client is gone`);
    if (names.includes('second')) {
      const shown = JSON.parse((await command(gate, 'client', 'show', 'second', '--output', 'json')).stdout);
      assert.deepEqual([shown.roles, shown.scopes], [['reader', 'writer'], ['s']], `killed at write ${when}: half a client`);
      kept++;
    }
    if (got.stdout.includes('client_id')) assert.ok(names.includes('second'), `killed at write ${when}: what was told is gone`);
    if (got.code === 0) break;
    assert.ok(got.signal === 'SIGKILL' || got.code === 137, `${got.code} ${got.signal}`);
    kills++;
  }
  t.diagnostic(`${kills} kills, kept ${kept}`);
  assert.ok(kills >= 5, `only ${kills} writes`);
  assert.ok(kept >= 1);
});

test('a full disk is reported, and nothing is lost', async (t) => {
  const gate = await make(t);
  await gate.addClient('first', '--role', 'reader');
  // Half-kilobytes or kilobytes, by shell: in either case less than the file must grow to.
  const add = `trap '' XFSZ; ulimit -f 1; exec "$0" client add second --role reader -c "$1"`;
  const got = spawnSync('bash', ['-c', add, POSTERN, gate.file], { encoding: 'utf8', env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } });
  assert.equal(got.status, 2, got.stderr);
  assert.match(got.stderr, /postern\.db: .*(full|disk I\/O error)/);
  assert.doesNotMatch(got.stdout, /secret/);
  await sound(gate, /^sound: 1 client, /);
  await gate.addClient('second', '--role', 'reader');
});

test('a damaged file is reported, never taken for an empty one', async (t) => {
  const gate = await make(t);
  await gate.addClient('first', '--role', 'reader');
  for (const end of ['-wal', '-shm']) fs.rmSync(database(gate) + end, { force: true });
  fs.writeFileSync(database(gate), Buffer.alloc(8192, 'x'));
  for (const args of [['store', 'check'], ['client', 'list'], ['client', 'add', 'second'], ['serve']]) {
    const got = await command(gate, ...args);
    assert.equal(got.code, 2, args.join(' '));
    assert.match(got.stderr, /postern\.db: the database is damaged/);
  }
});

test('writers at once all get through', async (t) => {
  const gate = await make(t);
  const names = Array.from({ length: 10 }, (_, i) => `client-${i}`);
  await Promise.all(names.map((name) => gate.addClient(name, '--role', 'reader')));
  assert.deepEqual((await clients(gate)).map((client) => client.name), names);
  await sound(gate, /10 clients/);
});

test('postern store backup', async (t) => {
  const gate = await make(t);
  const copy = path.join(gate.dir, 'copy.db');
  await gate.addClient('first', '--role', 'reader');

  await t.test('makes a private copy that is whole', async () => {
    const got = await command(gate, 'store', 'backup', copy);
    assert.equal(got.code, 0, got.stderr);
    assert.equal(fs.statSync(copy).mode & 0o777, 0o600);
    await gate.addClient('second', '--role', 'reader');
    for (const end of ['', '-wal', '-shm']) fs.rmSync(database(gate) + end, { force: true });
    fs.copyFileSync(copy, database(gate));
    fs.chmodSync(database(gate), 0o600);
    assert.deepEqual((await clients(gate)).map((client) => client.name), ['first']);
  });
  await t.test('writes over nothing', async () => {
    const before = fs.readFileSync(copy);
    const got = await command(gate, 'store', 'backup', copy);
    assert.equal(got.code, 2);
    assert.match(got.stderr, /is there already/);
    assert.deepEqual(fs.readFileSync(copy), before);
  });
  await t.test('says how it is used', async () => {
    for (const args of [['store'], ['store', 'backup'], ['store', 'check', 'x'], ['store', 'drop']]) {
      const got = await run(args);
      assert.equal(got.code, 2);
      assert.match(got.stderr, /^postern: store.*: .*\n$/);
    }
  });
});
