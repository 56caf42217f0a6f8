// SPDX-License-Identifier: Apache-2.0
// One reader of command lines: --help everywhere, one line for each mistake, nothing guessed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeGate, run } from './harness/gate.mjs';

/** The words of the first column below `title` in a text of --help. */
function listed(text, title) {
  const part = text.split(`\n${title}:\n`)[1]?.split('\n\n')[0] ?? '';
  return [...part.matchAll(/^ {2}(\S+)/gm)].map(([, word]) => word);
}

const overview = await run(['help']);
const commands = listed(overview.stdout, 'commands');
const texts = new Map();
for (const command of commands) {
  const { stdout } = await run([command, '--help']);
  texts.set(command, stdout);
  if (command !== 'help') for (const verb of listed(stdout, 'commands')) texts.set(`${command} ${verb}`, (await run([command, verb, '--help'])).stdout);
}

test('help', async (t) => {
  await t.test('the overview names every command', () => {
    assert.deepEqual([...commands].sort(), ['check', 'client', 'diff', 'explain', 'health', 'help', 'init', 'jwks', 'keys', 'policy', 'revoke', 'schema', 'serve', 'store', 'test', 'token', 'user', 'verify', 'version']);
    assert.ok(texts.size > 30);
  });
  for (const [line, text] of texts) {
    const words = line.split(' ');
    await t.test(`${line} --help: exit 0, on standard output, the same text however it is asked for`, async () => {
      for (const args of [[...words, '--help'], [...words, '-h'], ['help', ...words], [words[0], '--help', ...words.slice(1)]]) {
        const done = await run(args);
        assert.equal(done.code, 0, done.stderr);
        assert.equal(done.stderr, '');
        assert.equal(done.stdout, text);
      }
      assert.match(text, new RegExp(`^usage: postern ${line} `));
      assert.match(text, /\n {2}-h, --help +show/);
      assert.ok(text.split('\n').every((row) => row.length <= 110), 'a row is too long');
    });
  }
  await t.test('help of something that is not there', async () => {
    const done = await run(['help', 'clinet']);
    assert.equal(done.code, 2);
    assert.equal(done.stderr, 'postern: unknown command "clinet"; did you mean "client"?\n');
  });
});

/** Texts for people: an empty one clears the field. */
const FIELDS = ['--label', '--description', '--owner', '--contact'];

test('every option of every command', async (t) => {
  for (const [line, text] of texts) {
    const rows = [...text.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)(?: ([^\s]+))?/gm)].filter(([, name]) => name !== '--help');
    if (line.split(' ').length === 1 && text.includes('\ncommands:')) continue;
    for (const [, name, argument] of rows) {
      await t.test(`${line} ${name}: in full only, a value or none as its help says`, async () => {
        const short = await run([...line.split(' '), name.slice(0, -1)]);
        assert.equal(short.code, 2);
        assert.ok(short.stderr.startsWith(`postern: ${line}: unknown option "${name.slice(0, -1)}"; did you mean "--`), short.stderr);
        const bare = await run([...line.split(' '), argument ? name : `${name}=x`]);
        assert.equal(bare.code, 2);
        assert.equal(bare.stderr, argument ? `postern: ${line}: ${name} needs a value: ${argument}\n` : `postern: ${line}: ${name} takes no value\n`);
        if (!argument || FIELDS.includes(name)) return;
        // An unset variable of a shell; the line ends with it, and may lack more.
        for (const args of [[name, ''], [`${name}=`]]) {
          const empty = await run([...line.split(' '), ...args]);
          assert.equal(empty.code, 2);
          assert.match(empty.stderr, new RegExp(`^postern: ${line}: ${name} must (not be empty: .+|be .+ \\(found ""\\))\n$`));
          assert.equal(empty.stdout, '');
        }
      });
    }
  }
});

const MISTAKES = [
  [['clinet', 'list'], 'unknown command "clinet"; did you mean "client"?'],
  [['client'], 'client: which command? --help lists them'],
  [['client', 'lst'], 'client: unknown command "lst"; did you mean "list"?'],
  [['client', 'frobnicate'], 'client: unknown command "frobnicate"; --help lists them'],
  [['client', 'add', 'x', '--lable', 'y'], 'client add: unknown option "--lable"; did you mean "--label"?'],
  [['client', 'add', 'x', '--LABEL', 'y'], 'client add: unknown option "--LABEL"; did you mean "--label"?'],
  [['client', 'list', '-json'], 'client list: unknown option "-json"; did you mean "--json"?'],
  [['client', 'add'], 'client add: NAME is missing'],
  [['client', 'grant', 'x'], 'client grant: ROLE is missing'],
  [['client', 'add', 'x', 'y'], 'client add: too many arguments; it takes NAME'],
  [['client', 'list', 'x'], 'client list: takes no argument'],
  [['client', 'list', '--output', 'jsn'], 'client list: --output must be table, json or env (found "jsn"); did you mean "json"?'],
  [['client', 'show', 'x', '--role', 'y'], 'client show: --role is an option of add only'],
  [['client', 'add', 'x', '--label', 'a', '--label', 'b'], 'client add: --label is given twice'],
  [['client', 'add', 'x', '--label=a', '--label=a'], 'client add: --label is given twice'],
  [['check', '-c', 'a', '--config=a'], 'check: --config is given twice'],
  [['revoke', '--client', '--issued-before', 'now'], 'revoke: --client needs a value: NAME|ID (write --client=--issued-before if that is the value)'],
  [['revoke', '--jti', 'x', '--until', 'tomorrow'], 'revoke: --until must be Unix seconds, RFC 3339 or now (found "tomorrow")'],
  [['serve', '-x'], 'serve: unknown option "-x"; --help lists the options'],
  [['serve', '--help=yes'], 'serve: --help takes no value'],
  [['user', 'add', 'x', '--password=SECRET'], 'user add: unknown option "--password"; --help lists the options'],
  [['keys', 'retire', '-Kid'], 'keys retire: unknown option "-K"; put a KID that begins with "-" after "--"'],
  [['keys', 'retire', '-Kid', '-c', 'a'], 'keys retire: unknown option "-K"; put a KID that begins with "-" after "--"'],
  [['keys', 'retire', '-Kid', '--config', 'a'], 'keys retire: unknown option "-K"; put a KID that begins with "-" after "--"'],
  [['keys', 'retire', '-Kid', '-c', 'a', 'x'], 'keys retire: unknown option "-K"; --help lists the options'],
  [['client', 'show', '--output=json', '-x'], 'client show: unknown option "-x"; put a NAME|ID that begins with "-" after "--"'],
  [['client', 'show', '-x', 'partner'], 'client show: unknown option "-x"; --help lists the options'],
  [['user', 'add', 'x', '-pSECRET'], 'user add: unknown option "-p"; --help lists the options'],
  [['verify', '--jwks', 'x', '--algorithm', 'HS256', '-'], 'verify: --algorithm must be one of RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA; HS* and none are never accepted (found "HS256")'],
  [['verify', '--jwks', 'x', '--algorithm', 'RS25', '-'], 'verify: --algorithm must be one of RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA; HS* and none are never accepted (found "RS25"); did you mean "RS256"?'],
  [['client', 'add', 'x', '--auth-method', 'private_key'], 'client add: --auth-method must be client_secret, client_secret_basic, client_secret_post or private_key_jwt (found "private_key"); did you mean "private_key_jwt"?'],
];

test('mistakes', async (t) => {
  for (const [args, line] of MISTAKES) {
    await t.test(`${args.join(' ')}: exit 2, one line`, async () => {
      const done = await run(args);
      assert.equal(done.stderr, `postern: ${line}\n`);
      assert.equal(done.stdout, '');
      assert.equal(done.code, 2);
    });
  }
  await t.test('two mistakes: two lines', async () => {
    const done = await run(['client', 'add', 'x', '--lable', '--output', 'jsn']);
    assert.equal(done.code, 2);
    assert.deepEqual(done.stderr.trimEnd().split('\n').map((line) => line.match(/--[a-z]+/)[0]), ['--lable', '--output']);
  });
});

test('where options may stand', async (t) => {
  const gate = await makeGate(t, { policy: {}, config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }) });
  const good = async (args, options) => {
    const done = await run(args, options);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  };
  const rows = JSON.parse(await good(['client', 'add', 'one', '--label', 'l', '-c', gate.file, '--output=json']));
  assert.equal(rows.name, 'one');
  const want = await good(['client', 'show', 'one', '-c', gate.file, '--json']);
  const lines = {
    'before the verb': ['client', '-c', gate.file, '--json', 'show', 'one'],
    'between': ['client', 'show', '--json', 'one', `--config=${gate.file}`],
    'glued to the letter': ['client', 'show', `-c${gate.file}`, 'one', '--output', 'json'],
    'a flag twice': ['client', 'show', '--json', '--json', 'one', '-c', gate.file],
    'before --': ['client', 'show', '--json', '-c', gate.file, '--', 'one'],
  };
  for (const [name, args] of Object.entries(lines)) {
    await t.test(name, async () => assert.equal(await good(args), want));
    await t.test(`${name}, with POSIXLY_CORRECT`, async () => assert.equal(await good(args, { env: { ...process.env, POSIXLY_CORRECT: '1' } }), want));
  }
  await t.test('after -- nothing is an option', async () => {
    assert.equal(JSON.parse(await good(['client', 'add', '-c', gate.file, '--json', '--', '--label'])).name, '--label');
    assert.equal(JSON.parse(await good(['client', 'show', '-c', gate.file, '--json', '--', '--label'])).name, '--label');
  });
  await t.test('a value may be another option, behind =', async () => {
    assert.equal(JSON.parse(await good(['client', 'add', 'two', '-c', gate.file, '--json', '--label=--role'])).name, 'two');
    assert.equal(JSON.parse(await good(['client', 'show', 'two', '-c', gate.file, '--json'])).label, '--role');
  });
});
