// SPDX-License-Identifier: Apache-2.0
// docs/getting-started.md, followed word for word. Only ports are replaced, and the API is one of ours.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Gate, POSTERN, scratch } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

test('docs/getting-started.md', async (t) => {
  const upstream = await recordingUpstream(t);
  const cwd = scratch();
  const gate = new Gate(path.join(cwd, 'gate'), await freePort(), await freePort());
  const page = fs.readFileSync(new URL('../../docs/getting-started.md', import.meta.url), 'utf8')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${gate.port}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${upstream.port}`);
  const steps = Object.fromEntries([...page.matchAll(/```sh step=(\S+)\n([^]*?)\n```/g)].map(([, name, text]) => [name, text]));
  const env = { ...process.env, PATH: `${path.dirname(POSTERN)}:${process.env.PATH}`, ASAN_OPTIONS: 'detect_leaks=1' };
  const follow = (step, after = '') => new Promise((resolve, reject) => {
    assert.ok(steps[step], `the page has a step "${step}"`);
    execFile('sh', ['-eu', '-c', steps[step] + after], { cwd, env }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
  const good = async (...step) => {
    const done = await follow(...step);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  };

  await t.test('init makes what the page says', async () => {
    await good('init', ` --listen 127.0.0.1:${gate.port} --admin 127.0.0.1:${gate.adminPort}`);
    const named = [...page.matchAll(/^\| `(\w+\.yaml)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(fs.readdirSync(gate.dir).sort(), named.sort());
  });
  await t.test('check and test', async () => assert.match(await good('check'), /: good \(.*\n4 passed, 0 failed\n$/));
  assert.equal(steps.serve, 'postern serve -c gate/postern.yaml');
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  await t.test('nobody gets in', async () => {
    const answer = await good('refused');
    assert.match(answer, /^HTTP\/1.1 401 /);
    assert.match(answer, /"credentials_missing"/);
  });
  await t.test('a client gets in', async () => {
    assert.match(await good('client'), /my_app/);
    await eventually(async () => /^HTTP\/1.1 200 /.test(await good('call')), 'a 200');
    assert.equal(upstream.requests.at(-1).target, '/customer/1');
  });
  await t.test('explain says why not', async () => {
    const { code, stdout } = await follow('explain');
    assert.equal(code, 1);
    assert.match(stdout, /method_not_granted/);
  });
  await t.test('after the change it says yes, and so does the gate', async () => {
    assert.match(await good('change'), /: good \(/);
    assert.match(await good('explain'), /forward/);
    const put = () => follow('call', ' -X PUT');
    await eventually(async () => /^HTTP\/1.1 200 /.test((await put()).stdout), 'a 200');
  });
});
