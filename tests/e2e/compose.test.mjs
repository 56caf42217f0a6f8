// SPDX-License-Identifier: Apache-2.0
// The compose file of the demo, as docker-compose itself reads it, and what the files beside it say
// to each other.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, scratch, startGate } from './harness/gate.mjs';
import { DEMO, placed } from './harness/keycloak.mjs';
import { ask } from './harness/raw.mjs';
import { eventually } from './harness/wait.mjs';
import { startCrm } from './harness/walk.mjs';

const COMPOSE = [['docker-compose'], ['docker', 'compose']].find(([command, ...rest]) => spawnSync(command, [...rest, 'version']).status === 0);
const NEEDS_COMPOSE = COMPOSE ? {} : { skip: 'docker-compose is not here' };

function compose(args, env = {}) {
  const [command, ...rest] = COMPOSE;
  return spawnSync(command, [...rest, '-f', path.join(DEMO, 'docker-compose.yml'), ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}

/** The services that a choice of profiles starts, with what docker-compose made of them. */
function services(profiles) {
  const done = compose([...profiles.flatMap((name) => ['--profile', name]), 'config']);
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

const read = (name) => fs.readFileSync(path.join(DEMO, name), 'utf8');

/** {name: text of its section} of the compose file itself. */
function sections(text) {
  const body = /\nservices:\n([\s\S]*?)(\n[a-z]|$)/.exec(text)[1];
  return Object.fromEntries(body.split(/\n(?=  [a-z-]+:\n)/).map((one) => [/^ *([a-z-]+):/.exec(one)[1], one]));
}

test('docker-compose accepts it, with every profile', NEEDS_COMPOSE, async (t) => {
  for (const profiles of [[], ['monitoring'], ['local'], ['keycloak', 'monitoring']]) {
    await t.test(profiles.join(' and ') || 'no profile', () => {
      assert.match(services(profiles), /postern/);
    });
  }
  await t.test('a variable of another name is not required', () => {
    const done = compose(['config']);
    assert.doesNotMatch(done.stderr, /not set|WARN/i);
  });
});

test('the compose file', async (t) => {
  const text = read('docker-compose.yml');
  const parts = sections(text.replace(/^ *#.*\n/gm, ''));

  await t.test('each profile has what it says', () => {
    const of = (profile) => Object.keys(parts).filter((name) => new RegExp(`profiles: \\[[^\\]]*\\b${profile}\\b`).test(parts[name])).sort();
    assert.deepEqual(of('keycloak'), ['crm', 'keycloak', 'postern']);
    assert.deepEqual(of('monitoring'), ['crm', 'grafana', 'keycloak', 'postern', 'prometheus']);
    assert.deepEqual(of('local'), ['crm-local', 'postern-local']);
    assert.match(read('.env'), /^COMPOSE_PROFILES=keycloak$/m);
  });

  await t.test('only Postern has a port, and Grafana where it is wanted; both on loopback', () => {
    const ports = [...text.matchAll(/^ *- "(.*:\d+)"$/gm)].map(([, port]) => port);
    assert.deepEqual(ports, ['127.0.0.1:${POSTERN_PORT:-8080}:8080', '127.0.0.1:${GRAFANA_PORT:-3000}:3000']);
  });

  await t.test('the API can be reached through the gate only', () => {
    assert.match(parts.crm, /network_mode: "service:postern"/);
    assert.match(read('crm/server.mjs'), /listen\(port, '127\.0\.0\.1'/);
  });

  await t.test('no secret is in a file that is kept', () => {
    const names = ['docker-compose.yml', '.env', 'keycloak/realm.json', 'postern/postern.yaml', 'postern/local.yaml'];
    for (const name of names) assert.doesNotMatch(read(name), /(password|secret)["']?\s*[:=]\s*["']?[A-Za-z0-9+/_-]{8,}["']?,?\s*$/im, name);
    assert.match(read('.gitignore'), /^\/secrets\/$/m);
    const realm = JSON.parse(read('keycloak/realm.json'));
    for (const client of realm.clients) if (client.secret !== undefined) assert.match(client.secret, /^\$\{[A-Z_]+\}$/);
  });

  await t.test('every secret it names is one that prepare makes', (inner) => {
    const dir = path.join(scratch(inner), 'secrets');
    assert.equal(spawnSync(path.join(DEMO, 'prepare'), [dir]).status, 0);
    const named = [...text.matchAll(/file: \.\/secrets\/([a-z_.]+)/g)].map(([, name]) => name).sort();
    assert.deepEqual(named, fs.readdirSync(dir).sort());
  });
});

test('the configurations of the demo are good', async (t) => {
  for (const name of ['postern.yaml', 'local.yaml']) {
    await t.test(name, async () => {
      const done = await run(['check', '--offline', '-c', path.join(DEMO, 'postern', name)]);
      assert.equal(done.code, 0, done.stderr);
      assert.doesNotMatch(done.stderr, /warning:/);
    });
  }
});

test('the dashboard uses metrics that the gate has, and Prometheus scrapes the gate', async (t) => {
  const dashboard = JSON.parse(read('grafana/dashboards/postern.json'));
  const asked = new Set(dashboard.panels.flatMap(({ targets }) => targets).flatMap(({ expr }) => expr.match(/postern_[a-z_]+/g)));
  const config = { issuers: { idp: { issuer: 'https://idp.test', audience: ['a'], jwks_uri: 'http://127.0.0.1:9/' } } };
  const gate = await startGate(t, { config, policy: { public: ['/open/*'] } });
  const metrics = (await gate.admin('/metrics')).text;
  assert.ok(asked.size >= 5);
  for (const name of asked) assert.match(metrics, new RegExp(`^${name}[{ ]`, 'm'), name);
  assert.match(read('prometheus/prometheus.yml'), /postern:9902/);
  assert.match(read('postern/postern.yaml'), /metrics: \{address: 0\.0\.0\.0:9902\}/);
  assert.match(read('grafana/provisioning/datasources/prometheus.yaml'), /uid: prometheus/);
});

test('the profile local: its own clients get in, and nobody else', async (t) => {
  const crm = await startCrm(t);
  const gate = await makeGate(t, { files: { 'local-policy.yaml': read('postern/local-policy.yaml') } });
  gate.write('postern.yaml', placed(read('postern/local.yaml'), gate, crm.port));
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  assert.equal((await gate.ask({ target: '/customer/1' })).status, 401);
  const { client_id: id, client_secret: secret } = await gate.addClient('emergency_desk');
  const Authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const form = { method: 'POST', target: '/oauth/token', headers: { Authorization, 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials' };
  const token = await eventually(async () => {
    const got = await gate.ask(form);
    return got.status === 200 && got.json().access_token;
  }, 'a token');
  const got = await gate.ask({ target: '/customer/1', headers: { Authorization: `Bearer ${token}` } });
  assert.equal(got.status, 200, got.text);
  assert.equal(got.json().identity['x-issuer'], 'local');
  assert.equal(got.json().identity.authorization, undefined);
});

test('the API', async (t) => {
  const { port } = await startCrm(t);
  const CASES = [
    ['GET', '/customer/1', 200], ['GET', '/customer/', 200], ['GET', '/customer', 200], ['PUT', '/customer/2', 200], ['GET', '/customer/4', 404],
    ['GET', '/customer/01', 404], ['GET', '/partner/offers', 200], ['GET', '/audit/changes', 200], ['GET', '/health', 200], ['GET', '/', 404],
  ];
  for (const [method, target, status] of CASES) {
    await t.test(`${method} ${target} is ${status}`, async () => assert.equal((await ask(port, { method, target })).status, status));
  }
  await t.test('says which identity headers it got, and if the token got through', async () => {
    const got = await ask(port, { target: '/customer/1', headers: { 'X-User': 'a "b"', 'X-Roles': 'r', Authorization: 'Bearer x', 'X-Other': 'y' } });
    assert.deepEqual(got.json().identity, { 'x-user': 'a "b"', 'x-roles': 'r', authorization: 'Bearer x' });
  });
});
