// SPDX-License-Identifier: Apache-2.0
// The unit for systemd: right and tight by systemd's own judgement, and a gate under what its filters
// come down to. systemd itself does not run here: its mounts and its users are not tried.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, POSTERN, scratch } from './harness/gate.mjs';
import { basic, FORM, GRANT } from './harness/oauth.mjs';
import { ask } from './harness/raw.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SYSTEMD = path.resolve(HERE, '../../deploy/systemd');
const CONFINE = path.join(HERE, 'fixtures/confine.py');
const NUMBERS = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
const MOST = 20; // tenths: 2.0 of 10

const UNIT = fs.readFileSync(path.join(SYSTEMD, 'postern.service.in'), 'utf8').replaceAll('@POSTERN_BIN@', POSTERN);
const SOCKET = fs.readFileSync(path.join(SYSTEMD, 'postern.socket'), 'utf8');
const setting = (name) => [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

async function program(file, args, options = {}) {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  const [code] = await once(child, 'close');
  return { code, text };
}

const has = (command) => process.env.PATH.split(':').some((dir) => fs.existsSync(path.join(dir, command)));
const NO_SYSTEMD = has('systemd-analyze') ? false : 'systemd-analyze is not installed';

function unitFile(t, text = UNIT) {
  const file = path.join(scratch(t), 'postern.service');
  fs.writeFileSync(file, text);
  return file;
}

const verify = (file) => program('systemd-analyze', ['verify', '--man=no', file]);
const security = (file, most) => program('systemd-analyze', ['security', '--offline=true', '--no-pager', `--threshold=${most}`, file]);

test('the unit', { skip: NO_SYSTEMD }, async (t) => {
  await t.test('systemd finds nothing wrong with it', async () => assert.deepEqual(await verify(unitFile(t)), { code: 0, text: '' }));
  await t.test('nor with the unit of its socket', async () => {
    const file = path.join(path.dirname(unitFile(t)), 'postern.socket');
    fs.writeFileSync(file, SOCKET);
    assert.deepEqual(await verify(file), { code: 0, text: '' });
    fs.writeFileSync(file, SOCKET.replace('ListenStream', 'ListenStreams'));
    assert.match((await verify(file)).text, /ListenStreams/);
  });
  await t.test('and would, if there were', async () => {
    const done = await verify(unitFile(t, UNIT.replace('NoNewPrivileges', 'NoNewPrivilege')));
    assert.match(done.text, /NoNewPrivilege/);
  });
  await t.test(`its exposure is at most ${MOST / 10} of 10`, async (t) => {
    const done = await security(unitFile(t), MOST);
    t.diagnostic(done.text.match(/Overall exposure level.*: ([\d.]+)/)[0]);
    assert.equal(done.code, 0, done.text);
  });
  await t.test('and would be more without its filters', async () => {
    assert.notEqual((await security(unitFile(t, UNIT.replace(/^(SystemCall|Restrict|Capability).*\n/gm, '')), MOST)).code, 0);
  });
});

test('what the unit says fits the gate', async (t) => {
  await t.test('it is given longer than the longest draining', () => {
    const page = fs.readFileSync(path.resolve(HERE, '../../docs/configuration.md'), 'utf8');
    const drain = Number(page.match(/\| `upstream_timeout` \| `(\d+)s` \|/)[1]);
    assert.ok(parseInt(setting('TimeoutStopSec')[0], 10) > drain);
  });
  await t.test('its other filters are those under which a gate is tried below', () => {
    assert.deepEqual(setting('MemoryDenyWriteExecute'), ['yes']);
    assert.deepEqual(setting('RestrictAddressFamilies'), ['AF_INET AF_INET6 AF_UNIX']);
    assert.deepEqual([setting('NoNewPrivileges'), setting('CapabilityBoundingSet')], [['yes'], ['']]);
  });
  await t.test('there is such a user', () => {
    assert.match(fs.readFileSync(path.join(SYSTEMD, 'postern.sysusers.conf'), 'utf8'), new RegExp(`^u ${setting('User')[0]} `, 'm'));
  });
});

/** The names of the system calls that the unit's filters leave. */
async function callsLeft() {
  const names = async (set) => {
    const { code, text } = await program('systemd-analyze', ['syscall-filter', '--no-pager', set]);
    assert.equal(code, 0, text);
    const found = text.split('\n').slice(1).map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
    return (await Promise.all(found.map((name) => (name.startsWith('@') ? names(name) : [name])))).flat();
  };
  const left = new Set();
  for (const filter of setting('SystemCallFilter')) {
    for (const word of filter.replace('~', '').split(' ')) {
      for (const name of word.startsWith('@') ? await names(word) : [word]) filter.startsWith('~') ? left.delete(name) : left.add(name);
    }
  }
  return [...left];
}

/** Why a gate cannot be confined here, or false. */
function whyNot() {
  if (NO_SYSTEMD) return NO_SYSTEMD;
  if (process.arch !== 'x64') return 'the filter is written for x86-64';
  if (process.getuid() !== 0) return 'needs root, to give it up';
  if (!fs.existsSync(NUMBERS)) return `there is no ${NUMBERS}`;
  const command = ['python3', 'setpriv'].find((name) => !has(name));
  return command ? `${command} is not installed` : false;
}

test('a gate under the filters of the unit', { skip: whyNot() }, async (t) => {
  // Where nobody in particular can read them, wherever the tree is.
  const dir = scratch(t);
  fs.chmodSync(dir, 0o755);
  const [calls, confine, postern] = ['calls', 'confine.py', 'postern'].map((name) => path.join(dir, name));
  fs.writeFileSync(calls, (await callsLeft()).join('\n'));
  fs.copyFileSync(CONFINE, confine);
  fs.copyFileSync(POSTERN, postern);
  const confined = (args) => {
    const child = spawn('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all',
      'python3', confine, NUMBERS, ...args], {
      stdio: [fs.openSync(calls), 'pipe', 'pipe'],
      // LeakSanitizer needs ptrace, which the unit does not allow.
      env: { ...process.env, PATH: '/usr/bin:/bin', ASAN_OPTIONS: 'detect_leaks=0' },
    });
    child.text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.text += data));
    child.end = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    return child;
  };

  for (const [name, script, error] of [
    ['memory that is written and executed', 'import mmap; mmap.mmap(-1, 4096, prot=7)', /PermissionError/],
    ['a system call outside of the filter', 'import os; os.nice(1)', /PermissionError/],
    ['a raw packet socket', 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)', /not supported/],
  ]) {
    await t.test(`the filter refuses ${name}`, async () => {
      const child = confined(['/usr/bin/python3', '-c', script]);
      assert.deepEqual(await child.end, { code: 1, signal: null });
      assert.match(child.text, error);
    });
  }

  await t.test('it starts, issues, forwards, reloads, and ends', async (t) => {
    const upstream = await recordingUpstream(t);
    const gate = await makeGate(t, {
      upstream: `http://localhost:${upstream.port}`,
      policy: { roles: { reader: {} }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } },
      config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }),
    });
    for (const name of ['', ...fs.readdirSync(gate.dir)]) fs.chownSync(path.join(gate.dir, name), 65534, 65534);
    const child = confined([postern, 'serve', '-c', gate.file]);
    t.after(() => child.kill('SIGKILL'));
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(child.text);
      return (await ask(gate.adminPort, { target: '/livez' }).catch(() => null))?.status === 200;
    }, 'the gate');

    const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\t65534\t65534/m);
    assert.match(status, /^CapBnd:\t0+$/m);
    assert.match(status, /^Seccomp:\t2$/m);

    const add = confined([postern, 'client', 'add', 'partner', '--role', 'reader', '--output', 'json', '-c', gate.file]);
    assert.deepEqual(await add.end, { code: 0, signal: null }, add.text);
    const client = JSON.parse(add.text);
    const got = await eventually(async () => {
      const answer = await ask(gate.port, { method: 'POST', target: '/oauth/token', body: GRANT, headers: { 'Content-Type': FORM, Authorization: basic(client.client_id, client.client_secret) } });
      return answer.status === 200 ? answer.json() : null;
    }, 'a token');
    const call = () => ask(gate.port, { target: '/api/x', headers: { Authorization: `Bearer ${got.access_token}` } });
    assert.equal((await call()).status, 200);

    gate.write('policy.yaml', { roles: { reader: {} }, privileges: { read: { paths: ['/elsewhere/*'], roles: ['reader'] } } });
    child.kill('SIGHUP');
    await eventually(async () => (await call()).status === 403, 'the new policy');
    child.kill('SIGTERM');
    assert.deepEqual(await child.end, { code: 0, signal: null }, child.text);
    assert.ok(!/Sanitizer|runtime error/.test(child.text), child.text);
  });
});
