// SPDX-License-Identifier: Apache-2.0
// What can be wrong before the walk begins: it says which in one line, exits 1 and changes nothing.
// No Keycloak is needed for this.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import { scratch } from './harness/gate.mjs';
import { BASE, DEMO, demoPolicy } from './harness/keycloak.mjs';
import { freePort } from './harness/ports.mjs';
import { eventually } from './harness/wait.mjs';
import { demoGate, walk, walkOn } from './harness/walk.mjs';

function secretsOf(t) {
  const dir = path.join(scratch(t), 'secrets');
  const done = spawnSync(path.join(DEMO, 'prepare'), [dir], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return dir;
}

function assertOneLine(done, pattern) {
  assert.equal(done.code, 1, `${done.stdout}\n${done.stderr}`);
  assert.match(done.stderr, pattern);
  assert.equal(done.stderr.trim().split('\n').length, 1, done.stderr);
  assert.equal(done.stdout, '', 'it has not begun');
}

/** Keycloak's place, but nobody there. */
const nobody = async () => {
  const port = await freePort();
  return (text) => text.replaceAll(BASE, `https://localhost:${port}`);
};

test('the walk does not begin', async (t) => {
  const secrets = secretsOf(t);
  const ca = path.join(secrets, 'ca.pem');
  const nowhere = async () => ({ dir: scratch(t), gateUrl: `http://127.0.0.1:${await freePort()}`, adminUrl: 'http://127.0.0.1:9', secrets });

  await t.test('without a secret', async (inner) => {
    const some = secretsOf(inner);
    fs.rmSync(path.join(some, 'newsletter_secret'));
    assertOneLine(await walk({ ...(await nowhere()), secrets: some }), /^walk: the secret newsletter_secret is missing: run \.\/prepare/);
  });

  await t.test('where nobody answers on the gate\'s port', async () => {
    assertOneLine(await walk(await nowhere()), /^walk: nobody answers on http:\/\/127\.0\.0\.1:\d+ \(POSTERN_PORT says which port\)/);
  });

  await t.test('where another program has the gate\'s port', async (inner) => {
    const server = http.createServer((request, response) => response.end('<html>hello</html>')).listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    inner.after(() => server.close());
    const where = await nowhere();
    assertOneLine(await walk({ ...where, gateUrl: `http://127.0.0.1:${server.address().port}` }), /is not Postern \(another program has the port\? set POSTERN_PORT\)/);
  });

  await t.test('where the policy has a mistake', async (inner) => {
    const gate = await demoGate(inner, { ca, change: await nobody() });
    gate.write('policy.yaml', demoPolicy().replace('issuer: keycloak, role: customer_reader', 'issuer: keycloke, role: customer_reader'));
    await gate.complains(/keycloke/);
    assertOneLine(await walkOn(gate, secrets), /^walk: the configuration has mistakes: .*policy\.yaml:\d+:\d+: \/roles\/customer_api_role\/granted_to\/0.*keycloke/);
  });

  await t.test('where Keycloak is not up', async (inner) => {
    const gate = await demoGate(inner, { ca, change: await nobody() });
    await eventually(async () => /connect|refused/i.test((await gate.admin('/readyz')).text), 'the reason on /readyz');
    assertOneLine(await walkOn(gate, secrets, { env: { WALK_PATIENCE_S: '2' } }), /^walk: the gate has no keys of Keycloak: .*(connect|refused)/i);
  });

  await t.test('with a word that it does not know', async () => {
    const done = await walk({ ...(await nowhere()), args: ['--fast'] });
    assert.equal(done.code, 2);
    assert.match(done.stderr, /^usage: walk/);
  });

  await t.test('where the demo does not run', async () => {
    assertOneLine(await walk({ ...(await nowhere()), env: { WALK_NOT_UP: 'yes' } }), /^walk: the demo does not run: docker-compose up -d/);
  });
});
