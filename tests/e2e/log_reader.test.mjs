// SPDX-License-Identifier: Apache-2.0
// Whoever reads the log cannot stop the gate: lines are dropped, counted, and said to be missing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { makeGate, POSTERN, startGate } from './harness/gate.mjs';
import { requestText, Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const OPTIONS = { files: { 'keys.json': keySet(makeKey('RS256')) }, config: { issuers: fileIssuer() } };
const LONG = `/open/${'x'.repeat(2000)}`;

const dropped = async (gate) => Number(/^postern_log_dropped_total (\d+)$/m.exec((await gate.admin('/metrics')).text)[1]);

/** Requests on one connection until lines were dropped; how many. */
async function fillTheLog(gate) {
  const wire = await Wire.open(gate.port);
  let count = 0;
  while ((await dropped(gate)) === 0) {
    assert.ok(count < 20000, 'the log takes everything');
    for (let i = 0; i < 200; i++, count++) {
      await wire.write(requestText(gate.port, { target: LONG, close: false }));
      assert.equal((await wire.answer()).status, 200);
    }
  }
  wire.close();
  return count;
}

test('a reader that stops reading', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, ''));
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  gate.child.stdout.pause();
  gate.child.stderr.pause();
  let count;

  await t.test('stops no request', async () => {
    count = await fillTheLog(gate);
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
    count++;
  });

  await t.test('and no reload', async () => {
    gate.write('policy.yaml', { ...JSON.parse(fs.readFileSync(path.join(gate.dir, 'policy.yaml'), 'utf8')), public: ['/open/*', '/new/*'] });
    gate.signal('SIGHUP');
    await eventually(async () => {
      count++;
      return (await gate.ask({ target: '/new/x' })).status === 200;
    }, 'the new policy');
  });

  await t.test('finds out how many lines are missing when it reads again', async () => {
    gate.child.stdout.resume();
    gate.child.stderr.resume();
    const said = await gate.line((entry) => entry.event === 'log_dropped');
    assert.equal(said.level, 'warn');
    await gate.ask({ target: '/open/last' });
    count++;
    await gate.line((entry) => entry.path === '/open/last');
    const missing = gate.lines.filter((entry) => entry.event === 'log_dropped').reduce((sum, entry) => sum + entry.dropped, 0);
    assert.equal(missing, await dropped(gate));
    assert.equal(gate.lines.filter((entry) => entry.event === 'request').length + missing, count);
  });
});

test('SIGTERM needs no reader', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, ''));
  const gate = await makeGate(t, { ...OPTIONS, upstream: upstream.url });
  // Pipes of our own: what node reads for us would have to be read to the end before it says that the gate ended.
  const fifo = path.join(gate.dir, 'log');
  execFileSync('mkfifo', [fifo]);
  const fd = fs.openSync(fifo, fs.constants.O_RDWR);
  gate.child = spawn(POSTERN, ['serve', '-c', gate.file], { stdio: ['ignore', fd, fd] });
  const exit = once(gate.child, 'exit');
  t.after(() => {
    gate.child.kill('SIGKILL');
    fs.closeSync(fd);
  });
  await gate.ready();
  await fillTheLog(gate);
  gate.signal('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

test('a full disk and a reader that left stop nothing, and are counted', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, ''));
  const gate = await makeGate(t, { ...OPTIONS, upstream: upstream.url });
  const full = fs.openSync('/dev/full', 'w');
  gate.child = spawn(POSTERN, ['serve', '-c', gate.file], { stdio: ['ignore', full, 'pipe'] });
  gate.child.stderr.destroy();
  const exit = once(gate.child, 'exit');
  t.after(() => {
    gate.child.kill('SIGKILL');
    fs.closeSync(full);
  });
  await gate.ready();
  for (let i = 0; i < 10; i++) assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  await eventually(async () => (await dropped(gate)) >= 10, 'the lines counted');
  gate.signal('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

test('what was logged before SIGTERM is in the log', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, ''));
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  for (let i = 0; i < 50; i++) await gate.ask({ target: `/open/${i}` });
  await gate.stop();
  assert.equal(gate.lines.filter((entry) => entry.event === 'request').length, 50);
  assert.match(gate.stderr, /"event":"stop"/);
});
