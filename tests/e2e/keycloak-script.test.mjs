// SPDX-License-Identifier: Apache-2.0
// What scripts/keycloak and deploy/compose/prepare do where something is missing, taken or forged:
// one line that says which, and nothing started. No Keycloak is needed for this.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { scratch } from './harness/gate.mjs';
import { DEMO, ROOT } from './harness/keycloak.mjs';
import { freePort } from './harness/ports.mjs';

/** A directory of commands: a shell script's text, or true for the machine's own. */
function commands(dir, wanted) {
  const bin = path.join(dir, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  for (const [name, text] of Object.entries(wanted)) {
    if (text === true) fs.symlinkSync(spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), path.join(bin, name));
    else fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return bin;
}

async function run(file, args, env) {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

async function keycloak(dir, what, env = {}) {
  return run(path.join(ROOT, 'scripts/keycloak'), [what], {
    KEYCLOAK_DIR: path.join(dir, 'keycloak'), XDG_CACHE_HOME: path.join(dir, 'cache'), KEYCLOAK_PORT: String(await freePort()), KEYCLOAK_HEALTH_PORT: String(await freePort()), ...env,
  });
}

const lines = (text) => text.trim().split('\n');

const ARCHIVE = 'keycloak-quarkus-dist-26.5.6.tar.gz';
// What a registry that has been broken into would do.
const FORGER = 'for a; do case $a in -DoutputDirectory=*) echo forged > "${a#*=}/' + ARCHIVE + '" ;; esac; done';

test('scripts/keycloak', async (t) => {
  await t.test('does not take an archive whose checksum is another', async (inner) => {
    const dir = scratch(inner);
    const PATH = `${commands(dir, { mvn: FORGER })}:${process.env.PATH}`;
    const done = await keycloak(dir, 'fetch', { PATH });
    assert.equal(done.code, 1);
    assert.match(done.stderr, new RegExp(`${ARCHIVE} is not it: its SHA-256 is not [0-9a-f]{64}`));
    assert.deepEqual(fs.readdirSync(path.join(dir, 'cache/postern')), [], 'nothing is kept of it');
  });

  await t.test('does not believe what lies in its cache unseen', async (inner) => {
    const dir = scratch(inner);
    fs.mkdirSync(path.join(dir, 'cache/postern'), { recursive: true });
    fs.writeFileSync(path.join(dir, 'cache/postern', ARCHIVE), 'forged');
    const PATH = `${commands(dir, { mvn: 'echo "no such host" >&2; exit 1' })}:${process.env.PATH}`;
    const done = await keycloak(dir, 'fetch', { PATH });
    assert.equal(done.code, 3);
    assert.deepEqual(lines(done.stderr), ['no such host', 'keycloak: mvn could not fetch Keycloak']);
  });

  await t.test('says that a port is taken, and which', async (inner) => {
    const server = net.createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    inner.after(() => server.close());
    for (const name of ['KEYCLOAK_PORT', 'KEYCLOAK_HEALTH_PORT']) {
      const { port } = server.address();
      const done = await keycloak(scratch(inner), 'start', { [name]: String(port) });
      assert.equal(done.code, 1);
      assert.deepEqual(lines(done.stderr), [`keycloak: port ${port} is taken (choose others with KEYCLOAK_PORT and KEYCLOAK_HEALTH_PORT)`]);
    }
  });

  await t.test('says that there is no Java, or one that is too old', async (inner) => {
    const TOOLS = { bash: true, env: true, dirname: true, basename: true, sed: true, head: true, cat: true };
    for (const [java, pattern] of [[{}, /^keycloak: there is no java/], [{ java: 'echo \'openjdk version "11.0.2"\' >&2' }, /^keycloak: needs Java 17 or later \(is "11"\)/]]) {
      const dir = scratch(inner);
      const done = await keycloak(dir, 'start', { PATH: commands(dir, { ...TOOLS, ...java }) });
      assert.equal(done.code, 1);
      assert.equal(lines(done.stderr).length, 1, done.stderr);
      assert.match(done.stderr, pattern);
    }
  });

  await t.test('resumes nothing that was not started', async (inner) => {
    const done = await keycloak(scratch(inner), 'resume');
    assert.equal(done.code, 1);
    assert.match(done.stderr, /nothing to resume/);
  });

  await t.test('does not end somebody else\'s process whose number it once had', async (inner) => {
    const dir = scratch(inner);
    const other = spawn('sleep', ['3600']);
    inner.after(() => other.kill());
    fs.mkdirSync(path.join(dir, 'keycloak'));
    fs.writeFileSync(path.join(dir, 'keycloak/pid'), String(other.pid));
    assert.equal((await keycloak(dir, 'stop')).code, 0);
    assert.equal(other.exitCode, null);
    process.kill(other.pid, 0);
  });

  await t.test('wants one of its words', async (inner) => {
    assert.equal((await keycloak(scratch(inner), 'begin')).code, 2);
  });
});

test('deploy/compose/prepare', async (t) => {
  const prepare = (dir) => run(path.join(DEMO, 'prepare'), [dir]);
  const dir = path.join(scratch(t), 'secrets');
  const first = await prepare(dir);
  assert.equal(first.code, 0, first.stderr);
  const content = () => Object.fromEntries(fs.readdirSync(dir).map((name) => [name, fs.readFileSync(path.join(dir, name), 'utf8')]));
  const made = content();

  await t.test('makes every secret that the realm and Keycloak ask for, each another', () => {
    const realm = fs.readFileSync(path.join(DEMO, 'keycloak/realm.json'), 'utf8');
    const wanted = [...realm.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name.toLowerCase());
    assert.ok(wanted.length >= 4);
    for (const name of [...wanted, 'keycloak_admin_password', 'grafana_admin_password']) assert.match(made[name], /^[0-9a-f]{48}\n$/, name);
    assert.equal(new Set(Object.values(made)).size, Object.keys(made).length);
  });

  await t.test('makes a certificate that a strict client accepts', () => {
    const done = spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', path.join(dir, 'ca.pem'), path.join(dir, 'keycloak.pem')], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
  });

  await t.test('prints none of them', () => {
    for (const value of Object.values(made)) assert.ok(!(first.stdout + first.stderr).includes(value.trim()));
  });

  await t.test('keeps other users out', () => assert.equal(fs.statSync(dir).mode & 0o777, 0o700));

  await t.test('leaves what is there as it is', async () => {
    assert.equal((await prepare(dir)).code, 0);
    assert.deepEqual(content(), made);
  });

  await t.test('makes a certificate that its own authority signed, for keycloak and localhost', () => {
    for (const host of ['keycloak', 'localhost']) {
      const done = spawnSync('openssl', ['verify', '-CAfile', `${dir}/ca.pem`, '-verify_hostname', host, `${dir}/keycloak.pem`], { encoding: 'utf8' });
      assert.equal(done.status, 0, done.stderr);
    }
    const other = spawnSync('openssl', ['verify', '-CAfile', `${dir}/ca.pem`, '-verify_hostname', 'other.test', `${dir}/keycloak.pem`]);
    assert.notEqual(other.status, 0);
  });

  await t.test('Keycloak does not start without any one of them, and says which', async (inner) => {
    for (const name of ['keycloak_admin_password', 'big_partner_company_secret', 'keycloak.key']) {
      const place = path.join(scratch(inner), 'secrets');
      fs.cpSync(dir, place, { recursive: true });
      for (const [how, spoil] of [['missing', (file) => fs.rmSync(file)], ['empty', (file) => fs.writeFileSync(file, '')]]) {
        spoil(path.join(place, name));
        const done = await run(path.join(DEMO, 'keycloak/start'), [], { SECRETS: place, KEYCLOAK_HOME: '/nowhere' });
        assert.equal(done.code, 1);
        assert.deepEqual(lines(done.stderr), [`keycloak: the secret ${name} is ${how} (deploy/compose/prepare makes it)`]);
      }
    }
  });
});
