// SPDX-License-Identifier: Apache-2.0
// The image of deploy/Dockerfile, built for real by scripts/image, and a gate that runs from its file
// system as its user: no capabilities, the root read-only.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scratch } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { ask } from './harness/raw.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const run = promisify(execFile);
const image = async (word) => (await run(path.join(ROOT, 'scripts/image'), [word], { maxBuffer: 1 << 24 })).stdout.trim();

const has = (command) => process.env.PATH.split(':').some((dir) => fs.existsSync(path.join(dir, command)));
const missing = process.getuid() !== 0 ? 'root' : ['buildah', 'debootstrap', 'unshare', 'chroot'].find((command) => !has(command));
const NEEDS_BUILDAH = missing ? { skip: `the image cannot be built here: there is no ${missing}` } : {};

/** What a container runtime does: mounts of its own, then the user. */
const INSIDE = `
set -eu
root=$1 conf=$2 state=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$conf" "$root/etc/postern"
mount --bind "$state" "$root/var/lib/postern"
mount -o remount,bind,ro "$root/etc/postern"
mount -t tmpfs tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot "$root" /usr/bin/setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
    /bin/sh -c 'cd /etc/postern && exec "$@"' sh "$@"
`;

test('the image', NEEDS_BUILDAH, async (t) => {
  await image('build');
  const root = await image('root');
  const config = JSON.parse(await image('config'));
  const inside = (conf, state, ...args) => spawn('unshare', ['--mount', 'sh', '-c', INSIDE, 'sh', root, conf, state, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = async (child) => {
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    child.stderr.on('data', (data) => (text += data));
    const [code] = await once(child, 'close');
    return { code, text };
  };

  await t.test('says who runs it, how it is asked and how it is stopped', () => {
    assert.equal(config.User, '10001:10001');
    assert.deepEqual(config.Entrypoint, ['postern']);
    assert.deepEqual(config.Healthcheck.Test, ['CMD', 'postern', 'health']);
    assert.equal(config.StopSignal, 'SIGTERM');
    assert.deepEqual(Object.keys(config.Volumes), ['/etc/postern', '/var/lib/postern']);
    assert.ok(config.Labels['org.opencontainers.image.title']);
  });
  await t.test('holds no tools for building', () => {
    for (const tool of ['gcc', 'cc', 'cmake', 'ninja', 'make', 'git', 'curl']) assert.ok(!fs.existsSync(path.join(root, 'usr/bin', tool)), tool);
    assert.deepEqual(fs.readdirSync(path.join(root, 'var/lib/apt/lists')), []);
    assert.ok(!fs.existsSync(path.join(root, 'src')));
  });
  await t.test('is less than 100 MB above its base', async () => {
    const [, base, whole] = (await image('size')).match(/([\d.]+) MB postern ([\d.]+) MB/).map(Number);
    assert.ok(whole - base < 100, `${whole} MB on ${base} MB`);
  });

  const upstream = await recordingUpstream(t);
  const [port, adminPort] = [await freePort(), await freePort()];
  const conf = scratch(t);
  const state = scratch(t);
  fs.chmodSync(conf, 0o755);
  fs.chownSync(state, 10001, 10001);
  const write = (name, value) => fs.writeFileSync(path.join(conf, name), JSON.stringify(value));
  write('postern.yaml', {
    listen: { address: `127.0.0.1:${port}` }, admin: { address: `127.0.0.1:${adminPort}` }, upstream: upstream.url,
    policy: 'policy.yaml', state: '/var/lib/postern',
    local_issuer: { issuer: `http://127.0.0.1:${port}`, audience: 'api://local' },
  });
  write('policy.yaml', { roles: { reader: {} }, privileges: { read: { paths: ['/customer/*'], roles: ['reader'] } } });

  await t.test('a gate starts from it, answers, and ends when it is told to', async () => {
    const gate = inside(conf, state, 'postern', 'serve');
    const end = ended(gate);
    await eventually(async () => (await ask(adminPort, { target: '/livez' }).catch(() => null))?.status === 200, 'the gate');
    assert.equal((await ask(port, { target: '/customer/1' })).json().reason, 'credentials_missing');

    const made = await ended(inside(conf, state, 'postern', 'client', 'add', 'partner', '--role', 'reader', '--output', 'json'));
    assert.equal(made.code, 0, made.text);
    const client = JSON.parse(made.text);
    const got = await ask(port, {
      method: 'POST', target: '/oauth/token', body: 'grant_type=client_credentials',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}` },
    });
    assert.equal(got.status, 200, got.text);
    const called = await ask(port, { target: '/customer/1', headers: { Authorization: `Bearer ${got.json().access_token}` } });
    assert.equal(called.status, 200);

    const health = await ended(inside(conf, state, ...config.Healthcheck.Test.slice(1)));
    assert.deepEqual(health, { code: 0, text: '' });
    const status = fs.readFileSync(`/proc/${gate.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\t10001\t10001\t10001\t10001$/m);
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    gate.kill('SIGTERM');
    assert.equal((await end).code, 0);
  });
  await t.test('its root cannot be written', async () => {
    const done = await ended(inside(conf, state, 'touch', '/etc/written'));
    assert.notEqual(done.code, 0);
    assert.match(done.text, /Read-only/);
  });
  await t.test('without a gate its health check says so', async () => {
    const done = await ended(inside(conf, state, 'postern', 'health'));
    assert.equal(done.code, 1);
    assert.match(done.text, /^postern: health: .*refused\n$/);
  });
  await t.test('without a configuration it says so in one line', async () => {
    const empty = scratch(t);
    fs.chmodSync(empty, 0o755);
    const done = await ended(inside(empty, state, 'postern', 'serve'));
    assert.equal(done.code, 2);
    assert.equal(done.text.trim().split('\n').length, 1);
    assert.match(done.text, /postern\.yaml/);
  });
  await t.test('with a state volume that cannot be written it says so', async () => {
    const other = scratch(t);
    fs.chmodSync(other, 0o755);
    const done = await ended(inside(conf, other, 'postern', 'serve'));
    assert.equal(done.code, 2);
    assert.match(done.text, /^\S*postern\.yaml:\d+:\d+: \/state: the state directory \/var\/lib\/postern cannot be written: Permission denied$/m);
  });
});
