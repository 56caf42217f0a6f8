// SPDX-License-Identifier: Apache-2.0
// Commands that are needed in an emergency work while a file has a mistake, and say that they went on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { eventually } from './harness/wait.mjs';

const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local' }, issuers: {} });
const POLICY = { roles: { reader: {} }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } };
const PASSWORD = 'correct horse battery\n';

/** A gate that has been up, with a client, a user, a key that waits and a token of each. */
async function made(t) {
  const gate = await startGate(t, { config: (self) => ({ ...config(self), issuers: undefined }), policy: POLICY });
  const good = async (args, input) => {
    const done = await run(given(args, '-c', gate.file), { input });
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
    assert.equal(done.stderr.replace(/^\{.*\}\n/gm, ''), '', args.join(' '));
    return done.stdout;
  };
  const client = await gate.addClient('partner', '--role', 'reader');
  await gate.addClient('doomed');
  await good(['user', 'add', 'ann', '--output', 'json'], PASSWORD);
  await good(['user', 'add', 'dora'], PASSWORD);
  const token = (await good(['token', '--client', 'partner'])).trim();
  const keys = JSON.parse(await good(['keys', 'list', '--json']));
  return { gate, client, token, kid: keys[0].kid, database: path.join(gate.dir, 'state', 'postern.db') };
}

/** Each row of the manual's table, as {words, input, noted}: every command is tried in this order. */
const rows = ({ client, token, kid, dir, mark }) => [
  [['client', 'list', '--json']],
  [['client', 'show', 'partner']],
  [['client', 'add', `new-${mark}`, '--role', 'reader', '--json']],
  [['client', 'rename', `new-${mark}`, `newer-${mark}`]],
  [['client', 'change', `newer-${mark}`, '--label', 'x']],
  [['client', 'grant', 'doomed', 'reader']],
  [['client', 'revoke', 'doomed', 'reader']],
  [['client', 'rotate', 'partner', '--end-tokens', '--output', 'json']],
  [['client', 'revoke-secret', 'partner']],
  [['client', 'disable', 'partner']],
  [['client', 'enable', 'partner']],
  [['client', 'delete', `newer-${mark}`]],
  [['client', 'export']],
  [['client', 'import', '-'], '{"clients":[]}'],
  [['user', 'list']],
  [['user', 'show', 'ann', '--json']],
  [['user', 'add', `new-${mark}`, '--role', 'reader'], PASSWORD],
  [['user', 'passwd', 'ann'], PASSWORD],
  [['user', 'grant', 'ann', 'reader']],
  [['user', 'revoke', 'ann', 'reader']],
  [['user', 'disable', 'ann']],
  [['user', 'enable', 'ann']],
  [['user', 'delete', `new-${mark}`]],
  [['revoke', '--client', 'partner']],
  [['revoke', '--client', client.client_id]],
  [['revoke', '--subject', 'ann']],
  [['revoke', '--jti', 'some-id']],
  [['revoke', '--token', '-'], token],
  [['revoke', '--issued-before', 'now', '--issuer', 'local']],
  [['keys', 'list']],
  [['keys', 'rotate']],
  [['keys', 'retire', '--', kid]],
  [['store', 'check']],
  [['store', 'backup', path.join(dir, `copy-${mark}`)]],
  [['store', 'restore', path.join(dir, `copy-${mark}`)]],
];

/** Options come before "--": behind it a word is a word. */
function given(words, ...options) {
  const at = words.includes('--') ? words.indexOf('--') : words.length;
  return [...words.slice(0, at), ...options, ...words.slice(at)];
}

const mistaken = (rest) => JSON.stringify({ ...rest, limits: { connections: 'many' }, forwrad: {} });

const TROUBLE = {
  'a policy with a mistake': [(gate) => gate.write('policy.yaml', { ...POLICY, privileges: { read: { paths: ['/api/*'], roles: ['raeder'] } } }), /postern\.yaml: 1 mistake; continuing anyway \("postern check" lists them\)\n/],
  'a policy that is no YAML': [(gate) => gate.write('policy.yaml', 'roles: [\n'), /postern\.yaml: 1 mistake; continuing anyway/],
  'no policy': [(gate) => fs.rmSync(path.join(gate.dir, 'policy.yaml')), /policy\.yaml: .*No such file.*; continuing anyway\n/],
  'mistakes in other keys': [(gate) => gate.write('postern.yaml', mistaken(gate.config)), /postern\.yaml: 2 mistakes; continuing anyway/],
  'mistakes within local_issuer': [
    (gate) => gate.write('postern.yaml', { ...gate.config, local_issuer: { issuer: gate.config.local_issuer.issuer, signing: { algorithm: 'none' }, lockout: { failures: 'x' } } }),
    /postern\.yaml: 3 mistakes; continuing anyway/],
};

test('incident commands while a file has a mistake', async (t) => {
  const all = await made(t);
  const { gate } = all;
  let mark = 0;
  for (const [name, [breakIt, says]] of Object.entries(TROUBLE)) {
    await t.test(name, async (t2) => {
      gate.write('postern.yaml', gate.config);
      gate.write('policy.yaml', POLICY);
      const { kid } = JSON.parse((await run(['keys', 'list', '--json', '-c', gate.file])).stdout)[0];
      breakIt(gate);
      mark += 1;
      for (const [words, input] of rows({ ...all, kid, dir: gate.dir, mark })) {
        await t2.test(words.slice(0, 3).join(' '), async () => {
          const done = await run(given(words, '-c', gate.file), { input });
          assert.equal(done.code, 0, done.stderr);
          assert.match(done.stderr, says);
          assert.equal(done.stderr.match(/continuing anyway/g).length, 1);
        });
      }
      const token = await run(['token', '--client', 'partner', '-c', gate.file]);
      if (name === 'mistakes within local_issuer') {
        assert.equal(token.code, 1);
        assert.match(token.stderr, /its local_issuer must not have mistakes\n$/);
      } else {
        assert.equal(token.code, 0, token.stderr);
        assert.match(token.stderr, says);
      }
    });
  }
  gate.write('postern.yaml', gate.config);
  gate.write('policy.yaml', POLICY);
});

test('--database when the configuration cannot be read at all', async (t) => {
  const all = await made(t);
  const { gate, database } = all;
  const nowhere = path.join(gate.dir, 'nowhere.yaml');
  let mark = 100;
  const ways = {
    'no YAML': ['listen: [\n', gate.file, []],
    'no file': ['', nowhere, []],
    'a mistake where the database is': [JSON.stringify({ ...gate.config, local_issuer: { ...gate.config.local_issuer, database: { env: 'NOT_SET_ANYWHERE' } } }), gate.file, []],
    '--state, too': ['listen: [\n', gate.file, ['--state', path.join(gate.dir, 'state')]],
  };
  for (const [name, [text, file, more]] of Object.entries(ways)) {
    await t.test(name, async (t2) => {
      gate.write('postern.yaml', gate.config);
      const { kid } = JSON.parse((await run(['keys', 'list', '--json', '-c', gate.file])).stdout)[0];
      if (text) gate.write('postern.yaml', text);
      mark += 1;
      for (const [words, input] of rows({ ...all, kid, dir: gate.dir, mark })) {
        await t2.test(words.slice(0, 3).join(' '), async () => {
          const done = await run(given(words, '--database', database, ...more, '-c', file), { input });
          assert.equal(done.code, 0, done.stderr);
          assert.match(done.stderr, /continuing anyway/);
        });
      }
      await t2.test('an issuer by its iss', async () => {
        const done = await run(['revoke', '--jti', `x-${mark}`, '--issuer', 'https://idp.example', '--database', database, '-c', file]);
        assert.equal(done.code, 0, done.stderr);
        assert.match(done.stderr, /"issuer":"https:\/\/idp\.example"/);
      });
      await t2.test('without --database: exit not 0, and what to give', async () => {
        for (const words of [['client', 'list'], ['user', 'list'], ['revoke', '--client', 'partner'], ['store', 'check']]) {
          const done = await run(given(words, '-c', file));
          assert.equal(done.code, file === nowhere ? 2 : 1, done.stderr);
          assert.match(done.stderr, /; give the database: --database URL\|FILE\n$/);
          assert.equal(done.stdout, '');
        }
      });
    });
  }
  gate.write('postern.yaml', gate.config);
  await t.test('what was revoked counts in the gate that runs', async () => {
    const { client_id: id, client_secret: secret } = await gate.addClient('late', '--role', 'reader');
    const issue = async () => (await gate.ask({ method: 'POST', target: '/oauth/token', body: 'grant_type=client_credentials', headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${btoa(`${id}:${secret}`)}` } })).json().access_token;
    const call = async (token) => (await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } })).status;
    let token;
    await eventually(async () => (await call(token = await issue())) === 502, 'a token issued after the second in which all were revoked, and the upstream that is not there');
    assert.equal((await run(['revoke', '--client', 'late', '--database', database, '-c', nowhere])).code, 0);
    await eventually(async () => (await call(token)) === 401, 'the refusal');
  });
});

test('a database is never guessed, and never made in an emergency', async (t) => {
  const gate = await makeGate(t, { config: (self) => ({ ...config(self), issuers: undefined }), policy: POLICY });
  const state = path.join(gate.dir, 'state');
  const files = {
    'a misspelt state': [{ ...gate.config, state: undefined, stat: 'state' }, 1, /unknown key.*\n.*; give the database: --database/s],
    'a misspelt database': [{ ...gate.config, local_issuer: { ...gate.config.local_issuer, databse: 'other.db' } }, 1, /give the database/],
    'a misspelt local_issuer': [{ ...gate.config, local_issuer: undefined, local_isuer: gate.config.local_issuer }, 1, /give the database/],
    'no local_issuer': [{ ...gate.config, local_issuer: undefined, limits: { connections: 'x' } }, 2, /has no local_issuer/],
    'the default database, which is not there': [{ ...gate.config, limits: { connections: 'x' } }, 2, /postern\.db/],
  };
  for (const [name, [text, code, says]] of Object.entries(files)) {
    await t.test(name, async () => {
      gate.write('postern.yaml', text);
      const done = await run(['client', 'add', 'x', '-c', gate.file]);
      assert.equal(done.code, code, done.stderr);
      assert.match(done.stderr, says);
      assert.deepEqual(fs.readdirSync(state), []);
    });
  }
  await t.test('--database that is not there', async () => {
    for (const words of [['client', 'list'], ['revoke', '--jti', 'x', '--issuer', 'https://idp.example'], ['keys', 'list']]) {
      const done = await run([...words, '--database', path.join(state, 'no.db'), '-c', gate.file]);
      assert.equal(done.code, 2, done.stderr);
      assert.deepEqual(fs.readdirSync(state), []);
    }
  });
  await t.test('the role that cannot be checked is granted, and that is said', async () => {
    gate.write('postern.yaml', gate.config);
    await gate.addClient('x');
    fs.rmSync(path.join(gate.dir, 'policy.yaml'));
    const done = await run(['client', 'grant', 'x', 'anything', '-c', gate.file]);
    assert.equal(done.code, 0);
    assert.match(done.stderr, /\npostern: client: cannot check whether the policy has a role "anything"\n$/);
  });
});
