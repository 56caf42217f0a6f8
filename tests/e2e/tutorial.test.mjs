// SPDX-License-Identifier: Apache-2.0
// docs/from-ords.md, followed word for word: its files, its commands, in its order. Only ports are
// replaced.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Gate, POSTERN, scratch } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const PAGE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/from-ords.md');

/** The page's blocks of one kind, {name: text}. */
function blocks(text, kind) {
  const found = {};
  for (const [, name, body] of text.matchAll(new RegExp('```[a-z]+ ' + kind + '=(\\S+)\\n([\\s\\S]*?)```', 'g'))) found[name] = body;
  return found;
}

test('the tutorial of docs/from-ords.md', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = new Gate(scratch(t), await freePort(), await freePort());
  const page = fs.readFileSync(PAGE, 'utf8')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${gate.port}`)
    .replaceAll('127.0.0.1:9901', `127.0.0.1:${gate.adminPort}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${upstream.port}`);
  const steps = blocks(page, 'step');
  for (const [name, content] of Object.entries(blocks(page, 'file'))) gate.write(name, content);
  fs.mkdirSync(path.join(gate.dir, 'state'), { mode: 0o700 });

  // The token of one step is the shell's variable in a later one.
  let token = '';
  const follow = async (step, after = '') => {
    assert.ok(steps[step], `the page has a step "${step}"`);
    const env = { ...process.env, PATH: `${path.dirname(POSTERN)}:${process.env.PATH}`, TOKEN: token, ASAN_OPTIONS: 'detect_leaks=1' };
    const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', steps[step] + after], { cwd: gate.dir, env });
    return stdout;
  };

  await t.test('check finds nothing wrong', async () => {
    await follow('check');
    assert.equal(steps.serve.trim(), 'postern serve');
  });
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  await t.test('the client is made, its secret shown once', async () => {
    const list = await follow('add');
    assert.match(list, /big_partner_company/);
    const env = fs.readFileSync(path.join(gate.dir, 'client.env'), 'utf8');
    const secret = env.match(/^CLIENT_SECRET=(\S+)$/m)[1];
    assert.ok(secret.length >= 43);
    assert.ok(!list.includes(secret));
  });
  await t.test('it gets a token', async () => {
    token = (await follow('token', 'echo "$TOKEN"\n')).trim().split('\n').pop();
    assert.equal(token.split('.').length, 3);
  });
  await t.test('the call reaches the API', async () => assert.match(await follow('call'), /^HTTP\/1.1 200 /));
  await t.test('without a token it is refused, and says so', async () => {
    const answer = await follow('refused');
    assert.match(answer, /^HTTP\/1.1 401 /);
    assert.match(answer, /credentials_missing/);
  });
  await t.test('explain says yes', async () => assert.match(await follow('explain'), /customer_api_priv/));
  await t.test('without the role the same token is refused', async () => {
    assert.match((await follow('revoke')).trim(), /^(200|403)$/m); // another process tells the gate: a moment
    const again = () => gate.ask({ target: '/customer/1', headers: { Authorization: `Bearer ${token}` } });
    await eventually(async () => (await again()).status === 403, 'a 403');
  });
});
