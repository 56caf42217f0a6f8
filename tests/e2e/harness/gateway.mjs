// SPDX-License-Identifier: Apache-2.0
// A real nginx or HAProxy in front of a gate, by a file of examples/ word for word: only addresses change.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratch } from './gate.mjs';
import { eventually } from './wait.mjs';

const EXAMPLES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../examples');

const ARGS = {
  nginx: (dir, file) => ['-p', dir, '-c', path.join(dir, file), '-g', 'daemon off;'],
  haproxy: (dir, file) => ['-f', file],
};

/** Why it cannot be tried here; false: it can. */
export const missing = (name) => (spawnSync(name, ['-v']).error ? `${name} is not installed` : false);

/**
 * Start it, and end it with the test.
 *
 * example  the folder of examples/
 * files    of that folder; the first one is the configuration
 * replace  {what: with}, in all of them
 * more     {name: text} of files that the example does not have
 * answers  is asked until it gives something: the gateway is there
 */
export async function startGateway(t, name, { example, files, replace, more = {}, answers }) {
  const dir = scratch();
  fs.mkdirSync(path.join(dir, 'tmp'));
  fs.chmodSync(dir, 0o755);
  for (const one of files) {
    const text = fs.readFileSync(path.join(EXAMPLES, example, one), 'utf8');
    fs.writeFileSync(path.join(dir, one), Object.entries(replace).reduce((all, [what, by]) => all.replaceAll(what, by), text));
  }
  for (const [one, text] of Object.entries(more)) fs.writeFileSync(path.join(dir, one), text);
  const gateway = spawn(name, ARGS[name](dir, files[0]), { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  gateway.stderr.on('data', (data) => (stderr += data));
  t.after(async () => {
    const gone = gateway.exitCode === null ? once(gateway, 'close') : null;
    gateway.kill('SIGTERM');
    await gone;
  });
  await eventually(async () => {
    if (gateway.exitCode !== null) throw new Error(`${name} ended: ${stderr}`);
    return answers().catch(() => null);
  }, name);
}
