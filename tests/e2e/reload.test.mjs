// SPDX-License-Identifier: Apache-2.0
// Reading the configuration again: what came of it is told to whoever asks, and no change of a file
// is missed, whenever it comes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { POLICY, run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually, pause } from './harness/wait.mjs';

const key = makeKey('ES256');
const FILES = { 'keys.json': keySet(key) };
const reload = (gate) => gate.admin('/reload', { method: 'POST' });
const metric = async (gate, name) => Number(new RegExp(`^${name} (.+)$`, 'm').exec((await gate.admin('/metrics')).text)?.[1]);
const configuration = async (gate) => (await gate.admin('/readyz')).json().configuration;

test('a reload shows everywhere, whether it fails or succeeds', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: { issuers: fileIssuer() }, files: FILES });
  const status = async (target) => (await gate.ask({ target })).status;
  const started = await configuration(gate);

  await t.test('after the start', async () => {
    assert.match(started.hash, /^[0-9a-f]{64}$/);
    assert.equal(started.last_reload_successful, true);
    assert.equal(await metric(gate, 'postern_config_last_reload_successful'), 1);
    assert.ok(Math.abs(await metric(gate, 'postern_config_last_reload_success_timestamp_seconds') - Date.now() / 1000) < 60);
    const version = (await run(['version'])).stdout.trim().split(' ').pop();
    assert.equal(await metric(gate, `postern_build_info\\{version="${version.replaceAll('.', '\\.')}"\\}`), 1);
  });

  const bad = {
    'mistakes in the policy': () => gate.write('policy.yaml', { ...POLICY, pulbic: ['/x'], rols: {} }),
    'mistakes in the configuration': () => gate.write('postern.yaml', { ...gate.config, lisen: {} }),
    'no policy': () => fs.rmSync(path.join(gate.dir, 'policy.yaml')),
    'no configuration': () => fs.rmSync(gate.file),
    'a key file without a key': () => { gate.write('keys2.json', '{"keys":[]}'); gate.write('postern.yaml', { ...gate.config, issuers: fileIssuer({ jwks_file: 'keys2.json' }) }); },
  };
  for (const [name, spoil] of Object.entries(bad)) {
    await t.test(name, async () => {
      const before = await metric(gate, 'postern_config_last_reload_success_timestamp_seconds');
      spoil();
      const got = await reload(gate);
      assert.equal(got.status, 422, got.text);
      assert.match(got.get('content-type'), /^application\/problem\+json/);
      const problem = got.json();
      assert.equal(problem.status, 422);
      assert.match(problem.detail, /\S/);
      assert.equal(problem.mistakes.length, { 'mistakes in the policy': 2, 'mistakes in the configuration': 1, 'a key file without a key': 1 }[name] ?? 0, got.text);
      for (const mistake of problem.mistakes) assert.match(mistake, /\.yaml:\d+:\d+: \//);
      assert.equal(await metric(gate, 'postern_config_last_reload_successful'), 0);
      assert.equal(await metric(gate, 'postern_config_last_reload_success_timestamp_seconds'), before);
      const told = await configuration(gate);
      assert.equal(told.last_reload_successful, false);
      assert.equal(told.hash, started.hash, 'the one in force');
      assert.equal(told.error, problem.detail);
      assert.equal((await gate.admin('/readyz')).status, 200, 'the old one serves');
      assert.equal(await status('/open/x'), 200);
      gate.write('postern.yaml', gate.config);
      gate.write('policy.yaml', POLICY);
      const mended = await reload(gate);
      assert.equal(mended.status, 200, mended.text);
      assert.deepEqual([mended.get('content-type'), mended.json().configuration], ['application/json', started.hash]);
      assert.equal(await metric(gate, 'postern_config_last_reload_successful'), 1);
    });
  }

  await t.test('what POST /reload acknowledged counts for the next request', async () => {
    for (let i = 0; i < 20; i++) {
      gate.write('policy.yaml', { ...POLICY, public: [`/n${i}/*`] });
      const got = await reload(gate);
      assert.equal(got.status, 200, got.text);
      assert.notEqual(got.json().configuration, started.hash);
      assert.equal(await status(`/n${i}/x`), 200);
      assert.equal(await status('/open/x'), 403);
    }
  });
  await t.test('other methods', async () => assert.equal((await gate.admin('/reload')).status, 405));
});

test('no change of a file is missed', async (t) => {
  const upstream = await recordingUpstream(t);
  // Reading this takes a while, so that a change falls into it.
  const roles = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`role${i}`, { granted_to: [{ issuer: 'idp', scope: `s${i}` }] }]));
  const policy = (name) => ({ ...POLICY, roles: { ...POLICY.roles, ...roles }, public: [`/${name}/*`] });
  const gate = await startGate(t, {
    upstream: upstream.url,
    policy: policy('first'),
    config: { issuers: fileIssuer() },
    files: { ...FILES, database: 'one.db' },
  });
  const inForce = (name) => eventually(async () => (await gate.ask({ target: `/${name}/x` })).status === 200, `the policy ${name}`);

  await t.test('a policy written during a reload', async () => {
    for (let i = 0; i < 12; i++) {
      gate.signal('SIGHUP');
      await pause(5 * i); // anywhere within the reading
      gate.write('policy.yaml', policy(`during${i}`));
      await inForce(`during${i}`);
    }
  });
  await t.test('a policy that keeps its time, its size and its inode', async () => {
    const file = path.join(gate.dir, 'policy.yaml');
    await inForce('during11');
    const times = fs.statSync(file);
    gate.write('policy.yaml', policy('during99'));
    fs.utimesSync(file, times.atime, times.mtime);
    await inForce('during99');
  });
  await t.test('a policy that another takes the place of', async () => {
    gate.write('next.yaml', policy('renamed'));
    fs.renameSync(path.join(gate.dir, 'next.yaml'), path.join(gate.dir, 'policy.yaml'));
    await inForce('renamed');
  });
  await t.test('a policy that was missing', async () => {
    fs.rmSync(path.join(gate.dir, 'policy.yaml'));
    await eventually(async () => !(await configuration(gate)).last_reload_successful, 'the failure');
    gate.write('policy.yaml', policy('again'));
    await inForce('again');
  });
  await t.test('a failure is logged once, not every second', async () => {
    gate.stderr = '';
    gate.write('policy.yaml', '{{{');
    await eventually(async () => !(await configuration(gate)).last_reload_successful, 'the failure');
    await pause(2500);
    assert.equal(gate.stderr.split('the old configuration stays').length - 1, 1, gate.stderr);
    gate.write('policy.yaml', policy('mended'));
    await inForce('mended');
  });
  await t.test('a secret in a file', async () => {
    gate.write('postern.yaml', { ...gate.config, local_issuer: { issuer: 'http://127.0.0.1:1', audience: 'api://local', database: { file: 'database' } } });
    await eventually(async () => (await gate.admin('/readyz')).json().issuers.length === 2, 'the local issuer');
    const { hash } = await configuration(gate);
    gate.stderr = '';
    gate.write('database', './one.db');
    await gate.complains(/"event":"reload"/);
    assert.equal((await configuration(gate)).hash, hash, 'of which nothing is told');
  });
  await t.test('a key file that kept a configuration from coming in force', async () => {
    gate.write('keys2.json', 'no keys');
    gate.write('postern.yaml', { ...gate.config, issuers: fileIssuer({ jwks_file: 'keys2.json' }) });
    await eventually(async () => !(await configuration(gate)).last_reload_successful, 'the failure');
    gate.write('keys2.json', keySet(key));
    await eventually(async () => (await configuration(gate)).last_reload_successful, 'the success');
  });
  await t.test('a key file that keeps its time, its size and its inode', async () => {
    const [a, b] = [makeKey('ES256', 'k'), makeKey('ES256', 'k')];
    const ask = async (by) => (await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${await sign(by)}` } })).status;
    const file = path.join(gate.dir, 'keys2.json');
    gate.write('keys2.json', keySet(a));
    await eventually(async () => (await ask(a)) === 200, 'the first key');
    const times = fs.statSync(file);
    gate.write('keys2.json', keySet(b));
    fs.utimesSync(file, times.atime, times.mtime);
    assert.equal(fs.statSync(file).size, times.size);
    await eventually(async () => (await ask(b)) === 200, 'the second key');
    await eventually(async () => (await ask(a)) === 401, 'the end of the first');
  });
});
