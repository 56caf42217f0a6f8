// SPDX-License-Identifier: Apache-2.0
// scripts/quickstart twice, on other ports: the second one leaves the first one's files alone. Nothing
// is built or installed: the tree is a copy that has the binary already.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { POSTERN, scratch } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const SEARCH = `${process.env.PATH}:/usr/sbin:/sbin`;
const missing = ['nginx', 'jq', 'curl', 'apt-get'].find((command) => spawnSync('sh', ['-c', `command -v ${command}`], { env: { PATH: SEARCH } }).status !== 0);

function tree() {
  const dir = scratch();
  for (const name of ['scripts', 'examples']) fs.cpSync(path.join(ROOT, name), path.join(dir, name), { recursive: true });
  fs.mkdirSync(path.join(dir, 'build/release'), { recursive: true });
  fs.symlinkSync(POSTERN, path.join(dir, 'build/release/postern'));
  fs.mkdirSync(path.join(dir, 'bin'));
  fs.writeFileSync(path.join(dir, 'bin/cmake'), '#!/bin/sh\n', { mode: 0o755 });
  fs.writeFileSync(path.join(dir, 'bin/dpkg-query'), '#!/bin/sh\nprintf installed\n', { mode: 0o755 });
  return dir;
}

async function quickstart(dir, port) {
  const child = spawn(path.join(dir, 'scripts/quickstart'), ['--once'], {
    env: {
      ...process.env, PATH: `${path.join(dir, 'bin')}:${SEARCH}`, ASAN_OPTIONS: 'detect_leaks=0',
      POSTERN_GATE_PORT: String(port), POSTERN_ADMIN_PORT: String(await freePort()), POSTERN_UPSTREAM_PORT: String(await freePort()),
    },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, text);
  return text;
}

test('two quickstarts have a directory each', { skip: missing && `${missing} is not here` }, async () => {
  const dir = tree();
  const ports = [await freePort(), await freePort()];
  const files = (port) => fs.readdirSync(path.join(dir, `build/quickstart-${port}`)).sort();
  const says = await quickstart(dir, ports[0]);
  assert.match(says, new RegExp(`-c build/quickstart-${ports[0]}/postern\\.yaml`));
  const client = fs.readFileSync(path.join(dir, `build/quickstart-${ports[0]}/big_partner_company.env`), 'utf8');
  const before = files(ports[0]);
  await quickstart(dir, ports[1]);
  assert.deepEqual(files(ports[0]), before);
  assert.ok(fs.existsSync(path.join(dir, `build/quickstart-${ports[0]}/state/postern.db`)));
  assert.equal(fs.readFileSync(path.join(dir, `build/quickstart-${ports[0]}/big_partner_company.env`), 'utf8'), client);
  assert.ok(!fs.existsSync(path.join(dir, 'build/quickstart')));
});
