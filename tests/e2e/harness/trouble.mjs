// SPDX-License-Identifier: Apache-2.0
// A database in trouble: disks that are full, servers that hang, and what a gate must do all the same.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { makeGate, run } from './gate.mjs';
import { assertOauthError, basic, callWith, known, post, tokenOf } from './oauth.mjs';
import { recordingUpstream } from './upstream.mjs';
import { eventually } from './wait.mjs';

const POLICY = {
  roles: { reader: {} },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
};
const PASSWORD = 'ann-knows-this-one';

/** Why no file system can be mounted here; false: it can. */
export const noMount = () => (process.getuid() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0 ? false : 'only root may mount');
export const without = (command) => (spawnSync('sh', ['-c', `command -v ${command}`]).status === 0 ? false : `${command} is not there`);

/** A small file system in memory at `dir`, gone with the test. */
export function mount(t, dir, options) {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', dir]);
  t.after(() => spawnSync('umount', ['-l', dir]));
}

/** Fill the disk that `dir` is on; gives what makes room again. */
export function fill(dir) {
  const file = path.join(dir, 'filler');
  const fd = fs.openSync(file, 'w');
  try {
    for (;;) fs.writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
  fs.closeSync(fd);
  return () => fs.rmSync(file);
}

/** A gate that runs, with the client "partner" and the user "ann". `before` is called before anything is written. */
export async function troubledGate(t, { local = {}, before = () => {} } = {}) {
  const upstream = await recordingUpstream(t);
  const gate = await makeGate(t, {
    upstream: upstream.url,
    policy: POLICY,
    config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local', lockout: { failures: 0 }, ...local } }),
  });
  before(gate);
  gate.endpoints = '';
  gate.database = path.join(gate.dir, 'state', 'postern.db');
  gate.partner = await gate.addClient('partner', '--role', 'reader');
  assert.equal((await run(['user', 'add', 'ann', '--role', 'reader', '-c', gate.file], { input: `${PASSWORD}\n` })).code, 0);
  gate.spawn();
  t.after(() => gate.gone || gate.stop());
  await gate.ready();
  return gate;
}

export const readyz = async (gate) => JSON.parse((await gate.admin('/readyz')).text);

/** The database is away, and /readyz, the metric and the log say why. */
export async function away(gate, why) {
  await eventually(async () => why.test((await readyz(gate)).database.error ?? ''), `/readyz says ${why}`);
  await gate.counts('postern_database_up', 0);
  await gate.complains(new RegExp(`"event":"store_failed".*${why.source}`));
  assert.ok((await readyz(gate)).ready);
}

export async function up(gate) {
  await eventually(async () => (await readyz(gate)).database.up, '/readyz says that the database is up');
  await gate.counts('postern_database_up', 1);
}

/** What needs no database: tokens, Basic, token requests of clients that are known. */
export async function goesOn(gate, token) {
  assert.equal((await callWith(gate, token)).status, 200);
  assert.equal((await gate.ask({ target: '/api/x', headers: { Authorization: basic('ann', PASSWORD) } })).status, 200);
  await tokenOf(gate);
}

/** A revocation that cannot be written down is refused, and not half done. */
export async function revokesNothing(gate, token) {
  const got = await post(gate, '/oauth/revoke', { token });
  assertOauthError(got, 503, 'temporarily_unavailable');
  assert.match(got.get('retry-after'), /^[1-9]\d*$/);
  assert.equal((await callWith(gate, token)).status, 200);
}

export async function fails(gate, args, why) {
  const got = await run([...args, '-c', gate.file]);
  assert.equal(got.code, 2, `${args.join(' ')}: ${got.stdout}${got.stderr}`);
  assert.match(got.stderr, why);
}

export async function succeeds(gate, ...args) {
  const got = await run([...args, '-c', gate.file]);
  assert.equal(got.code, 0, `${args.join(' ')}: ${got.stderr}`);
  return got.stdout;
}

/** All is as before: revocations and commands are written, and what they say counts. */
export async function heals(gate, token) {
  await up(gate);
  await eventually(async () => (await post(gate, '/oauth/revoke', { token })).status === 200, 'the token is revoked');
  assert.equal((await callWith(gate, token)).status, 401);
  const name = `late-${Math.random().toString(36).slice(2)}`;
  await known(gate, await gate.addClient(name, '--role', 'reader'));
  await succeeds(gate, 'store', 'check');
}

/** Another process in the midst of writing to the file; gives what ends it. */
export async function writer(t, database) {
  const child = spawn('sqlite3', [database], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  child.stdin.write(".timeout 100000\nBEGIN IMMEDIATE;\nSELECT 'it holds the lock';\n");
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
}

/** Writing to that file fails with `error` in the gate that runs; gives what ends that. */
export async function breakWrites(t, gate, file, error) {
  const child = spawn('strace', ['-f', '-p', String(gate.child.pid), '-P', file, '-e', 'trace=pwrite64', '-e', `inject=pwrite64:error=${error}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGINT'));
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  await eventually(() => /attached/.test(said), 'strace to be attached');
  return async () => {
    child.kill('SIGINT');
    await once(child, 'close');
  };
}

/** In front of a server: every piece comes late. */
export async function slowly(t, port, ms) {
  const sockets = new Set();
  const late = (from, to) => {
    sockets.add(from);
    from.on('data', (data) => setTimeout(() => to.destroyed || to.write(data), ms));
    from.on('close', () => setTimeout(() => to.destroy(), ms));
    from.on('error', () => {});
  };
  const server = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    late(client, upstream);
    late(upstream, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server.address().port;
}

/** Stop a server's every process, or let them go on. */
export function signalServer(server, signal) {
  const [pid] = fs.readFileSync(path.join(server.dir, 'data', 'postmaster.pid'), 'utf8').split('\n');
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/);
  for (const one of [pid, ...children].filter(Boolean)) process.kill(Number(one), signal);
}

export const psql = (url, ...commands) => execFileSync('psql', [url, '-qAtX', '-v', 'ON_ERROR_STOP=1', ...commands.flatMap((command) => ['-c', command])], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
