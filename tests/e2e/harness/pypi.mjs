// SPDX-License-Identifier: Apache-2.0
// Programs and modules of PyPI, each in an environment of its own below build/.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { works } from './real_clients.mjs';

const BUILD = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../build');

/** An environment with that version of a package, made once for each: {dir}, or {why} there is none. */
export async function fromPypi(name, version) {
  const dir = path.join(BUILD, `${name}-${version}`);
  const python = path.join(dir, 'bin/python');
  const has = () => works(python, ['-c', `import importlib.metadata as m; assert m.version("${name}") == "${version}"`]);
  if (await has()) return { dir };
  fs.rmSync(dir, { recursive: true, force: true });
  if (!(await works('python3', ['-m', 'venv', dir]))) return { why: 'python3-venv is not installed' };
  await works(python, ['-m', 'pip', 'install', '-q', '--retries', '1', '--timeout', '20', `${name}==${version}`]);
  return await has() ? { dir } : { why: `pip cannot get ${name} ${version} from PyPI` };
}
