// SPDX-License-Identifier: Apache-2.0
// `metrics`: a listener for whoever may look at the gate and not steer it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { ask } from './harness/raw.mjs';

const POLICY = { public: ['/open/*'] };

test('health and metrics, and nothing else', async (t) => {
  const port = await freePort();
  const gate = await startGate(t, { config: { metrics: { address: `127.0.0.1:${port}` } }, policy: POLICY });
  const there = (method, target) => ask(port, { method, target });

  await t.test('it shows what the admin listener shows', async () => {
    assert.equal((await there('GET', '/livez')).text, 'alive\n');
    assert.equal(JSON.parse((await there('GET', '/readyz')).text).ready, true);
    assert.match((await there('GET', '/metrics')).text, /^postern_build_info/m);
    assert.equal((await there('HEAD', '/metrics')).status, 200);
  });
  await t.test('it steers nothing', async () => {
    for (const [method, target] of [['POST', '/reload'], ['GET', '/reload'], ['POST', '/explain'], ['POST', '/livez'], ['DELETE', '/metrics'], ['GET', '/'], ['GET', '/open/x'], ['GET', '/livez/'], ['GET', '/metrics?x'], ['GET', '//livez'], ['GET', '/oauth/token'], ['GET', '/.well-known/oauth-protected-resource']]) {
      assert.equal((await there(method, target)).status, 404, `${method} ${target}`);
    }
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  });
  await t.test('`health` asks `admin` as ever', async () => assert.equal((await run(['health', '-c', gate.file])).code, 0));
  await t.test('another address takes effect at the next start, and the log says so', async () => {
    gate.write('postern.yaml', { ...gate.config, metrics: { address: `127.0.0.1:${await freePort()}` } });
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    await gate.complains(/listen, admin, metrics, forward_auth\.address/);
    assert.equal((await there('GET', '/livez')).status, 200);
  });
});

test('a Unix socket of it is for its owner alone', async (t) => {
  const gate = await startGate(t, { config: ({ dir }) => ({ metrics: { address: `unix:${path.join(dir, 'metrics.sock')}` } }), policy: POLICY });
  assert.equal(fs.statSync(path.join(gate.dir, 'metrics.sock')).mode & 0o777, 0o600);
});
