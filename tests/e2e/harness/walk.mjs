// SPDX-License-Identifier: Apache-2.0
// The compose demo without Docker: its API, its configuration and its policy, and the walk through
// it. Only addresses and places are others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { POSTERN, makeGate } from './gate.mjs';
import { BASE, DEMO, ROOT, demoConfig, demoPolicy } from './keycloak.mjs';
import { freePort } from './ports.mjs';
import { ask } from './raw.mjs';
import { eventually, PATIENCE_MS } from './wait.mjs';

/** The demo's API: {port}. */
export async function startCrm(t) {
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(DEMO, 'crm/server.mjs')], { env: { ...process.env, PORT: String(port) }, stdio: 'ignore' });
  t.after(() => child.kill());
  await eventually(() => ask(port, { target: '/health' }).catch(() => null), 'the CRM');
  return { port };
}

/** The demo's gate in front of its API. `change` rewrites postern.yaml. */
export async function demoGate(t, { change = (text) => text, ca, policy = demoPolicy() } = {}) {
  const crm = await startCrm(t);
  const gate = await makeGate(t, { policy });
  gate.write('postern.yaml', change(demoConfig(gate, crm.port, ca)));
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  return gate;
}

// Where the stand-in for docker-compose is.
const STAND_IN = path.join(ROOT, 'tests/e2e/harness');

/**
 * Walk: {code, signal, stdout, stderr}. `secrets` is the directory that deploy/compose/prepare made.
 * When its output fits `until`, it is told to end.
 */
export async function walk({ dir, gateUrl, adminUrl, secrets, env = {}, args = ['--no-pause'], until = null }) {
  const child = spawn(path.join(DEMO, 'walk'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env, ASAN_OPTIONS: 'detect_leaks=1', PATH: `${STAND_IN}:${process.env.PATH}`, WALK_ROOT: ROOT, WALK_DIR: dir, WALK_POLICY: path.join(dir, 'policy.yaml'),
      WALK_GATE_URL: gateUrl, WALK_ADMIN_URL: adminUrl, WALK_KEYCLOAK_URL: BASE, WALK_SECRETS: secrets, WALK_POSTERN: POSTERN,
      WALK_PATIENCE_S: String(PATIENCE_MS / 1000), ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
    if (until?.test(stdout)) child.kill('SIGTERM');
  });
  child.stderr.on('data', (data) => (stderr += data));
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout, stderr };
}

export const walkOn = (gate, secrets, more = {}) => walk({ dir: gate.dir, gateUrl: `http://127.0.0.1:${gate.port}`, adminUrl: `http://127.0.0.1:${gate.adminPort}`, secrets, ...more });

/** Every secret of that directory. */
export const secretsIn = (dir) => fs.readdirSync(dir).filter((name) => /_(secret|password)$/.test(name)).map((name) => fs.readFileSync(path.join(dir, name), 'utf8').trim());
