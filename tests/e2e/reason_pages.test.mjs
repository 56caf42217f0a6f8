// SPDX-License-Identifier: Apache-2.0
// Each reason has a page: in the manual, from `postern explain REASON`, and at the address in `type`.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, run, startGate } from './harness/gate.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORDS = [...fs.readFileSync(path.join(ROOT, 'base/reason.h'), 'utf8').matchAll(/^\tREASON\(\w+,\s*"(\w+)"/gm)].map((found) => found[1]).filter((word) => word !== 'ok');
const MANUAL = fs.readFileSync(path.join(ROOT, 'docs/refusals.md'), 'utf8').split('## Reason by reason\n')[1];

test('the manual has each page, as the command prints it, in the order of the table', async (t) => {
  assert.deepEqual([...MANUAL.matchAll(/^### (.*)$/gm)].map((found) => found[1]), WORDS);
  assert.ok(WORDS.length >= 42);
  for (const word of WORDS) {
    await t.test(word, async () => {
      const done = await run(['explain', word]);
      assert.equal(done.code, 0, done.stderr);
      const said = Object.fromEntries(done.stdout.trimEnd().split('\n').map((line) => line.match(/^([a-z ]+): (.*)$/).slice(1)));
      const page = `### ${word}\n\n**${said.title}.** ${said.cause}\n\nHow to see it: ${said['how to see it']}\n\nRemedy: ${said.remedy}\n`;
      assert.equal(said.reason, word);
      for (const part of ['cause', 'how to see it', 'remedy']) assert.match(said[part], /^[A-Z`].{10,}\.$/, part);
      assert.ok(MANUAL.includes(page), page);
    });
  }
});

test('a word that is no reason: exit 2, and the nearest one', async () => {
  for (const word of ['token_expird', 'Token_Expired', 'token-expired', 'TOKEN_EXPIRED']) {
    const done = await run(['explain', word]);
    assert.equal(done.code, 2, word);
    assert.match(done.stderr, /neither a path, which begins with \/, nor a reason; did you mean "token_expired"\?/);
  }
});

test('as JSON, and beside nothing that would be left out', async () => {
  const done = await run(['explain', 'token_expired', '--json']);
  const said = JSON.parse(done.stdout);
  assert.deepEqual(Object.keys(said), ['reason', 'status', 'title', 'cause', 'see', 'remedy']);
  assert.deepEqual([said.reason, said.status, done.code], ['token_expired', 401, 0]);
  for (const more of [['--client', 'a'], ['--peer', '10.0.0.1']]) {
    const odd = await run(['explain', 'token_expired', ...more]);
    assert.equal(odd.code, 2);
    assert.match(odd.stderr, /a REASON takes no other option than --json/);
  }
});

test('what a page names is there', async (t) => {
  const gate = await makeGate(t, { policy: {} });
  const printed = (await run(['check', '-c', gate.file, '--print'])).stdout + fs.readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8');
  for (const [, section, key] of MANUAL.matchAll(/`(limits|jwks|local_issuer)\.([a-z_]+)/g)) assert.ok(printed.includes(key), `${section}.${key}`);
  const metrics = fs.readFileSync(path.join(ROOT, 'docs/manual.md'), 'utf8');
  for (const [name] of MANUAL.matchAll(/postern_[a-z_]+/g)) assert.ok(metrics.includes(`\`${name}\``), name);
  for (const [, line] of MANUAL.matchAll(/`postern ([a-z]+)/g)) assert.equal((await run([line, '--help'])).code, 0, line);
});

test('answers.type_base', async (t) => {
  await t.test('the default is a URN', async (inner) => {
    const gate = await startGate(inner, { policy: {} });
    assert.equal((await gate.ask({ target: '/nowhere' })).json().type, 'urn:postern:reason:no_rule');
  });
  await t.test('the address of a page', async (inner) => {
    const gate = await startGate(inner, { policy: {}, config: { answers: { type_base: 'https://wiki.example/refusals.md#' } } });
    assert.equal((await gate.ask({ target: '/nowhere' })).json().type, 'https://wiki.example/refusals.md#no_rule');
    assert.equal((await gate.ask({ target: '/open/x', headers: ['Content-Length: 1', 'Content-Length: 1'] })).json().type, 'https://wiki.example/refusals.md#request_malformed');
  });
  for (const bad of ['wiki/', 'javascript:x', 'https://a b/', 'https://a"/', 'https://é/', `https://${'a'.repeat(600)}`, '']) {
    await t.test(`a mistake: ${bad.slice(0, 30)}`, async (inner) => {
      const gate = await makeGate(inner, { policy: {}, config: { answers: { type_base: bad } } });
      const done = await run(['check', '-c', gate.file]);
      assert.equal(done.code, 1);
      assert.match(done.stderr, /\/answers\/type_base: must /);
    });
  }
});
