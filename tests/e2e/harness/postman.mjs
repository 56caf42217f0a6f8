// SPDX-License-Identifier: Apache-2.0
// Run the Postman collection with Newman, as a person would press Run.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const E2E = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const POSTMAN = path.resolve(E2E, '../../postman');
export const COLLECTION = path.join(POSTMAN, 'postern.postman_collection.json');

/** An environment file with these values filled in; the file of the repository stays as it is. */
function filled(dir, name, values) {
  const environment = JSON.parse(fs.readFileSync(path.join(POSTMAN, `${name}.postman_environment.json`), 'utf8'));
  const left = new Set(Object.keys(values));
  for (const value of environment.values) {
    if (!(value.key in values)) continue;
    value.value = values[value.key];
    left.delete(value.key);
  }
  if (left.size > 0) throw new Error(`${name} has no ${[...left].join(', ')}`);
  const file = path.join(dir, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify(environment), { mode: 0o600 });
  return file;
}

/** {code, text, run}: Newman's exit code, what it printed, and its report. */
export async function newman(dir, name, values, more = []) {
  const report = path.join(dir, 'report.json');
  const args = ['run', COLLECTION, '-e', filled(dir, name, values), '-r', 'cli,json', '--reporter-json-export', report, '--color', 'off', ...more];
  const { code, text } = await new Promise((resolve) => {
    execFile(path.join(E2E, 'node_modules/.bin/newman'), args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, text: stdout + stderr });
    });
  });
  return { code, text, run: JSON.parse(fs.readFileSync(report, 'utf8')).run };
}
