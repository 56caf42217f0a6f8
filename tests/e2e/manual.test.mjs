// SPDX-License-Identifier: Apache-2.0
// docs/manual.md says what the binary does: its commands, their options, and when each exits with 1.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { abilities } from './harness/engines.mjs';
import { makeGate, run } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';

const MANUAL = fs.readFileSync(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/manual.md'), 'utf8');

/** The words of the first column below `title` in a text of --help. */
const listed = (text, title) => [...(text.split(`\n${title}:\n`)[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\S+)/gm)].map(([, word]) => word);
const optionsOf = (text) => [...text.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name).filter((name) => name !== '--help');

const commands = listed((await run(['help'])).stdout, 'commands');
const help = new Map();
for (const command of commands) help.set(command, (await run([command, '--help'])).stdout);

/** The table of commands: {command: what its third column says}. */
const table = Object.fromEntries([...MANUAL.matchAll(/^\| `postern (\w+)[^|]*`(?:[^|]|\\\|)*\|(?:[^|]|\|(?=\w+`))*\| (.*) ?\|$/gm)].map(([, command, when]) => [command, when.trim()]));

test('every command is in the table of the manual, and the reverse', () => {
  assert.deepEqual(Object.keys(table).sort(), [...commands].sort());
});

test('what each engine can do', async (t) => {
  const [, section] = MANUAL.split('\n## The two engines\n')[1].match(/\n(\|[^]*?)\n\n/);
  const rows = section.split('\n').map((line) => line.slice(2, -2).split(' | '));
  assert.match(section, /^\| \| `events` \| `civetweb`/);
  assert.ok(Object.keys(abilities).length > 3);
  for (const { row, ...engines } of Object.values(abilities)) {
    await t.test(row, () => {
      const cells = rows.find(([first]) => first === row);
      assert.ok(cells, 'a row of the manual');
      // What is said there may be more than a word, but not the opposite.
      assert.doesNotMatch(cells[1], /^no\b/);
      assert.notEqual(engines.civetweb === 'NO' && cells[2], 'yes');
      assert.notEqual(engines.civetweb !== 'NO' && cells[2], 'no');
    });
  }
});

test('options', async (t) => {
  for (const command of commands) {
    await t.test(`${command}: every option is in the manual`, () => {
      for (const name of optionsOf(help.get(command))) {
        if (name === '--config') continue;
        assert.ok(new RegExp(`\`[^\`]*${name}(?![\\w-])|^postern ${command}.*${name}(?![\\w-])|^ +.*\\[${name}`, 'm').test(MANUAL), `${name} is not in the manual`);
      }
    });
  }
  const lines = MANUAL.replace(/\n {2,}(?=\[)/g, ' ').match(/postern [a-z]+ [^`\n]*/g) ?? [];
  assert.ok(lines.length > 30);
  for (const line of lines) {
    const [, command, rest] = line.match(/^postern ([a-z]+) (.*)/);
    if (!commands.includes(command)) continue;
    await t.test(`${line.slice(0, 90)}: its options are there`, () => {
      for (const [name] of rest.split(' #')[0].matchAll(/--[a-z][\w-]*/g)) assert.ok(optionsOf(help.get(command)).includes(name), `${command} has no ${name}`);
    });
  }
});

test('when a command exits with 1', async (t) => {
  const key = makeKey('RS256');
  const dead = await freePort();
  const gate = await makeGate(t, {
    policy: { roles: { reader: {} }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } },
    config: (self) => ({
      issuers: { ...fileIssuer(), dead: { issuer: `http://127.0.0.1:${dead}`, audience: 'x', jwks_uri: `http://127.0.0.1:${dead}/keys` } },
      local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' },
    }),
    files: { 'keys.json': keySet(key), 'bad.yaml': 'listen: {adress: x}\n', 'other.yaml': 'public: [/other]\n' },
  });
  const file = (name) => path.join(gate.dir, name);
  const ended = async ([words, input], code) => {
    const done = await run([...words, ...(words.includes('-c') || ['init', 'verify', 'help', 'version', 'policy'].includes(words[0]) ? [] : ['-c', gate.file])], { input });
    assert.equal(done.code, code, `${words.join(' ')}: ${done.stderr}`);
  };
  const bad = ['-c', file('bad.yaml')];
  for (const [name, expect] of [['yes', 'credentials_missing'], ['no', 'allow']]) gate.write(`${name}.yaml`, { cases: [{ caller: 'anonymous', request: 'GET /api/x', expect }] });
  for (const words of [['client', 'add', 'p'], ['client', 'add', 'off'], ['client', 'disable', 'off'], ['user', 'add', 'u']]) await ended([words, 'correct horse battery\n'], 0);

  /** By what the manual says: [lines that exit with 1, lines that exit with 2]. */
  const cases = {
    serve: ['never: mistakes in the configuration are 2 here', [], [[['serve', ...bad]]]],
    check: ['there is a mistake; warnings alone are 0, but 1 with `--strict`', [[['check', ...bad]], [['check', '--json', ...bad]]], [[['check', '-c', file('nowhere.yaml')]]]],
    explain: ['it would refuse', [[['explain', '/api/x']]], [[['explain', '/api/x', '--client', 'nobody']]]],
    test: ['a case comes out differently, or too little is covered', [[['test', file('no.yaml')]], [['test', '--fail-under', '100', file('yes.yaml')]]], [[['test', file('postern.yaml')]]]],
    diff: ['they differ', [[['diff', file('policy.yaml'), file('other.yaml')]]], [[['diff', file('policy.yaml')]], [['diff', file('policy.yaml'), file('bad.yaml')]]]],
    init: ['', [], [[['init']], [['init', gate.dir, '--provider', 'local', '--upstream', 'http://127.0.0.1:9']]]],
    policy: ['', [], [[['policy', 'import-ords', file('keys.json')]], [['policy', 'import-ords']]]],
    verify: ['it is refused', [[['verify', '--jwks', file('keys.json'), 'a.b.c']]], [[['verify', '--jwks', file('nowhere.json'), 'a.b.c']]]],
    client: ['no such client or role, a name that is taken, no secret in that slot',
      [[['client', 'show', 'nobody']], [['client', 'grant', 'p', 'nothing']], [['client', 'revoke', 'p', 'nothing']], [['client', 'add', 'p']], [['client', 'rename', 'p', 'off']], [['client', 'revoke-secret', 'p', '--slot', '2']]],
      [[['client', 'change', 'p']]]],
    user: ['no such user or role, a name that is taken, a password that is not allowed',
      [[['user', 'show', 'nobody']], [['user', 'grant', 'u', 'nothing']], [['user', 'add', 'u'], 'correct horse battery\n'], [['user', 'add', 'short'], 'x\n']],
      [[['user', 'show']]]],
    revoke: ['no such client, user or issuer, a token that cannot be revoked by itself',
      [[['revoke', '--client', 'nobody']], [['revoke', '--subject', 'nobody']], [['revoke', '--jti', 'x', '--issuer', 'nobody']], [['revoke', '--token', '-'], await sign(key, { jti: undefined })]],
      [[['revoke']]]],
    keys: ['`retire`: no such key', [[['keys', 'retire', 'x']]], [[['keys', 'retire']]]],
    token: ['no such client or user, one that is disabled, a scope that it may not have, or a resource for which no tokens are issued',
      [[['token', '--client', 'nobody']], [['token', '--user', 'nobody']], [['token', '--client', 'off']], [['token', '--client', 'p', '--scope', 's']]],
      [[['token']]]],
    store: ['', [], [[['store', 'backup', file('postern.yaml')]]]],
    jwks: ['an issuer has no usable keys, no such issuer', [[['jwks', 'dead']], [['jwks', 'nobody']]], [[['jwks', '-c', file('nowhere.yaml')]]]],
    health: ['it does not answer 200', [[['health']]], [[['health', '--address', 'x']]]],
    schema: ['', [], [[['schema', 'x']]]],
    version: ['', [], [[['version', 'x']]]],
    help: ['', [], [[['help', 'nothing']]]],
  };
  for (const [command, [when, no, wrong]] of Object.entries(cases)) {
    await t.test(`${command}: ${when || 'never'}`, async () => {
      assert.equal(table[command], when);
      for (const line of no) await ended(line, 1);
      for (const line of wrong) await ended(line, 2);
    });
  }
  assert.deepEqual(Object.keys(cases).sort(), [...commands].sort());
});
