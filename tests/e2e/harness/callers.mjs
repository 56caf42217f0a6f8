// SPDX-License-Identifier: Apache-2.0
// The examples of docs/callers.md, run as they stand there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { POSTERN } from './gate.mjs';

const PAGE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../docs/callers.md');
const execute = promisify(execFile);

/** The page's blocks of one kind, {name: text}. */
export function blocks(kind) {
  const found = {};
  for (const [, name, body] of fs.readFileSync(PAGE, 'utf8').matchAll(new RegExp('```[a-z]+ ' + kind + '=(\\S+)\\n([\\s\\S]*?)```', 'g'))) found[name] = body;
  return found;
}

const STEPS = blocks('step');

/** One step, in the environment of its reader; what it printed. */
async function follow(step, interpreter, { env, cwd, after = '' }) {
  assert.ok(STEPS[step], `the page has a step "${step}"`);
  const { stdout } = await execute(interpreter[0], [...interpreter.slice(1), STEPS[step] + after], {
    cwd,
    env: { HOME: cwd, PATH: `${path.dirname(POSTERN)}:${process.env.PATH}`, ASAN_OPTIONS: 'detect_leaks=1', ...env },
  });
  return stdout.trim();
}

const SHELL = ['sh', '-eu', '-c'];
export const inShell = (step, options) => follow(step, SHELL, options);

async function works(file, ...args) {
  return (await execute(file, args).catch(() => null)) !== null;
}

/** A Python that has requests: Debian's is not always the first one in the path. */
async function pythonWithRequests() {
  for (const python of ['python3', '/usr/bin/python3']) if (await works(python, '-c', 'import requests')) return python;
  return null;
}

/** The steps of one command-line tool. */
async function commandLine(t, tool, caller) {
  for (const way of ['token', 'form']) {
    await t.test(`${tool}: a token by ${way === 'token' ? 'Basic' : 'form'}, a call that is allowed, one that is not`, async () => {
      const TOKEN = (await inShell(`${tool}-${way}`, { ...caller, after: '\necho "$TOKEN"\n' })).split('\n').pop();
      assert.equal(TOKEN.split('.').length, 3, 'a JWT');
      const holder = { ...caller, env: { ...caller.env, TOKEN } };
      assert.deepEqual(JSON.parse(await inShell(`${tool}-call`, holder)), { from: 'upstream' });
      assert.equal(await inShell(`${tool}-refused`, holder), `403 ${caller.reason}`);
    });
  }
  if (!caller.env.PASSWORD) return;
  await t.test(`${tool}: a user's call`, async () => assert.deepEqual(JSON.parse(await inShell(`${tool}-user`, caller)), { from: 'upstream' }));
}

/**
 * All of the page against one gate. caller: {cwd, env, reason}; env has API, TOKEN_URL, CLIENT_ID and
 * CLIENT_SECRET, and PASSWORD where there is a user; reason is the word for /salary/1.
 */
export async function everyCaller(t, caller) {
  await commandLine(t, 'curl', caller);
  if (await works('http', '--version')) await commandLine(t, 'httpie', caller);
  else await t.test('httpie', { skip: 'httpie is not installed' }, () => {});

  const said = ['allowed 200', `refused 403 ${caller.reason}`, ...(caller.env.PASSWORD ? ['user 200'] : [])].join('\n');
  const requests = await pythonWithRequests();
  await t.test('Python: requests', { skip: requests ? false : 'python3-requests is not installed' }, async () => {
    assert.equal(await follow('requests', [requests, '-c'], caller), said);
  });
  await t.test('Python: the standard library', async () => assert.equal(await follow('python', ['python3', '-c'], caller), said));
  await t.test('JavaScript: fetch', async () => {
    assert.equal(await follow('node', [process.execPath, '--input-type=module', '-e'], caller), said);
  });
}
