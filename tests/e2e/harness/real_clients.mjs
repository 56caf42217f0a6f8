// SPDX-License-Identifier: Apache-2.0
// A client library at work: in this process, or a program in another language that makes one round for
// each line it reads and says in one line what came of it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { promisify } from 'node:util';
import { run } from './gate.mjs';
import { tokenOf } from './oauth.mjs';
import { eventually, PATIENCE_MS } from './wait.mjs';

export const AUDIENCE = 'api://local';
export const WRONG_AUDIENCE = 'api://other';

export const execute = promisify(execFile);

/** Why oauth4webapi and the MCP SDK cannot be tried here, or false: they use the global `crypto`. */
export const NEEDS_NODE_20 = Number(process.versions.node.split('.')[0]) < 20 && 'it needs Node 20';

/** Does that command work here? */
export const works = async (file, args, options) => (await execute(file, args, options).catch(() => null)) !== null;

const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;

/**
 * What every client that verifies tokens has to get right. `round` takes a new token, verifies it for
 * AUDIENCE and for WRONG_AUDIENCE, and gives {kid, refused}: the key that verified it, and what was said
 * of the wrong audience. It keeps its keys from one round to the next as the library does.
 */
export async function verifies(gate, round) {
  const first = await round();
  assert.equal(first.kid, kidOf(await tokenOf(gate)));
  assert.match(first.refused, /aud/i);

  const done = await run(['keys', 'rotate', '--now', '-c', gate.file]);
  assert.equal(done.code, 0, done.stderr);
  const kid = done.stdout.trim();
  await eventually(async () => kidOf(await tokenOf(gate)) === kid, 'tokens of the new key');
  const second = await round();
  assert.equal(second.kid, kid);
  assert.match(second.refused, /aud/i);
}

/** What such a program is told, all in its environment. */
export const environment = (gate, probe) => ({
  ISSUER: gate.issuer,
  AUDIENCE,
  WRONG_AUDIENCE,
  CLIENT_ID: gate.partner.client_id,
  CLIENT_SECRET: gate.partner.client_secret,
  PROBE_ID: probe.client_id,
  PROBE_SECRET: probe.client_secret,
});

/** Run the program, hand its rounds to `use`, and see that it ends well. */
export async function withProgram([file, ...args], { env, cwd }, use) {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env } });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  child.stdin.on('error', () => {});
  const ended = once(child, 'close');
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    await use(async () => {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${file} ended:\n${stderr}`);
      return JSON.parse(value);
    });
    child.stdin.end();
    assert.deepEqual(await ended, [0, null], stderr);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}
