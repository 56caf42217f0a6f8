// SPDX-License-Identifier: Apache-2.0
// A real PostgreSQL server of a test's own, where the package postgresql is installed.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './ports.mjs';

const SCRIPT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../scripts/postgres');

export const PASSWORD = 'Gu4rded-of-postgres';

/** Why there can be no server here; false: there can. */
export function noPostgres() {
  const there = fs.existsSync('/usr/lib/postgresql') && fs.readdirSync('/usr/lib/postgresql').some((version) => fs.existsSync(`/usr/lib/postgresql/${version}/bin/initdb`));
  return there ? false : 'the package postgresql is not there';
}

/** {url, port, dir, stop(), resume()}; ended and removed with the test. */
export async function startPostgres(t) {
  const port = await freePort();
  const dir = `/tmp/postern-postgres-${port}`;
  const env = { ...process.env, POSTGRES_PORT: String(port), POSTGRES_DIR: dir, POSTGRES_PASSWORD: PASSWORD };
  const script = async (word) => (await promisify(execFile)(SCRIPT, [word], { env })).stdout.trim();
  t.after(() => script('remove'));
  await script('start');
  return { port, dir, url: await script('url'), stop: () => script('stop'), resume: () => script('resume') };
}
