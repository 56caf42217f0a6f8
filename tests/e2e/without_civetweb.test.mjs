// SPDX-License-Identifier: Apache-2.0
// A build without CivetWeb: nothing of it is in the binary, and no function of libc is replaced.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, POSTERN } from './harness/gate.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const DIR = path.join(ROOT, 'build/without-civetweb');
const LEAN = path.join(DIR, 'postern');

/** The functions that a binary puts in the place of libc's. */
const replaced = (binary) => [...execFileSync('nm', [binary], { encoding: 'utf8', maxBuffer: 2 ** 28 }).matchAll(/ [TW] (poll|recv)$/gm)].map(([, name]) => name).sort();

test('a build without CivetWeb', async (t) => {
  execFileSync('cmake', ['-S', ROOT, '-B', DIR, '-G', 'Ninja', '-DPOSTERN_CIVETWEB=OFF', '-DPOSTERN_TESTS=OFF'], { stdio: 'pipe' });
  execFileSync('cmake', ['--build', DIR], { stdio: 'pipe' });

  await t.test('replaces nothing of libc', () => {
    assert.deepEqual(replaced(POSTERN), ['poll', 'recv'], 'the other build does');
    assert.deepEqual(replaced(LEAN), []);
  });

  await t.test('has nothing of CivetWeb', () => {
    const symbols = execFileSync('nm', [LEAN], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    assert.doesNotMatch(symbols, /\bmg_|\b(client_conn|selftest|layout|civetweb)_(?!serves)/);
    assert.doesNotMatch(execFileSync('ldd', [LEAN], { encoding: 'utf8' }), /civetweb/);
  });

  await t.test('says so where a configuration asks for it', async (inner) => {
    const gate = await makeGate(inner, { policy: { public: ['/open/*'] } });
    const check = (engine) => {
      gate.write('postern.yaml', { ...gate.config, listen: { ...gate.config.listen, engine } });
      return spawnSync(LEAN, ['check', '-c', gate.file], { encoding: 'utf8' });
    };
    assert.equal(check('events').status, 0, check('events').stderr);
    const said = check('civetweb');
    assert.equal(said.status, 1);
    assert.match(said.stderr + said.stdout, /postern\.yaml:\d+.*\/listen\/engine: this build of postern has no CivetWeb; its engine is "events"/);
  });
});
