// SPDX-License-Identifier: Apache-2.0
// Basic authentication of local users on protected paths (RFC 7617), and those who guess.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { assertRefusal, expectRefusal } from './harness/refusal.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = {
  roles: { reader: {}, writer: {}, named: { granted_to: [{ user: 'zoe' }] } },
  modules: { api: { paths: ['/api/*'] }, tokens: { paths: ['/tokens/*'], basic: false } },
  privileges: {
    read: { modules: ['api'], paths: ['/api/*'], methods: ['GET'], roles: ['reader'] },
    write: { modules: ['api'], paths: ['/api/*'], methods: ['POST'], roles: ['writer'] },
    named: { paths: ['/api/named/*'], roles: ['named'] },
    tokens: { modules: ['tokens'], paths: ['/tokens/*'], roles: ['reader'] },
  },
  public: ['/open/*'],
};
const PASSWORD = 'correct horse';
const LOCKOUT = { failures: 3, first: '1h', most: '2h', forget: '3h' };
const config = (more) => (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', lockout: { failures: 0 }, ...more } });

const basic = (name, password) => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` });
const raw = (bytes) => ({ Authorization: `Basic ${Buffer.from(bytes).toString('base64')}` });

/** `postern user …`, with what stands on its standard input. */
async function user(gate, args, input = '') {
  return run(['user', ...args, '-c', gate.file], { input });
}

async function addUser(gate, name, password, ...roles) {
  const done = await user(gate, ['add', name, ...roles.flatMap((role) => ['--role', role]), '--output', 'json'], `${password}\n`);
  assert.equal(done.code, 0, done.stderr);
  return JSON.parse(done.stdout);
}

const ask = (gate, headers, more = {}) => gate.ask({ target: '/api/x', headers, ...more });

/** A change made by another process is known a moment later. */
const comes = (gate, headers, status, more) => eventually(async () => (await ask(gate, headers, more)).status === status, `status ${status}`);

test('a user by Basic', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, 'yes'));
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config() });
  await addUser(gate, 'ann', PASSWORD, 'reader');
  await comes(gate, basic('ann', PASSWORD), 200);

  await t.test('is told to the upstream, and the password is not', async () => {
    const before = upstream.bytes().length;
    assert.equal((await ask(gate, basic('ann', PASSWORD))).status, 200);
    const seen = upstream.bytes().slice(before);
    assert.match(seen, /^X-User: ann\r$/im);
    assert.match(seen, /^X-Roles: reader\r$/im);
    assert.doesNotMatch(seen, /authorization/i);
    assert.doesNotMatch(seen, /X-Issuer|X-Client|X-Scopes/i);
  });

  await t.test('stands in the access log, without the password', async () => {
    const line = await gate.line((entry) => entry.user === 'ann' && entry.verdict === 'forward');
    assert.equal(line.sub, 'ann');
    assert.equal(line.issuer, undefined);
    assert.equal(line.client, undefined);
  });

  await t.test('has the roles of the store and no others', async () => {
    const line = await expectRefusal(gate, await ask(gate, basic('ann', PASSWORD), { method: 'POST', body: 'x' }), 'privilege_missing');
    assert.equal(line.user, 'ann');
  });

  await t.test('has the roles of {user: NAME} lines', async () => {
    await addUser(gate, 'zoe', PASSWORD);
    await comes(gate, basic('zoe', PASSWORD), 200, { target: '/api/named/x' });
    await expectRefusal(gate, await ask(gate, basic('ann', PASSWORD), { target: '/api/named/x' }), 'privilege_missing');
    await expectRefusal(gate, await ask(gate, basic('zoe', PASSWORD)), 'privilege_missing');
  });

  await t.test('the scheme has no case', async () => {
    const { Authorization } = basic('ann', PASSWORD);
    assert.equal((await ask(gate, { Authorization: Authorization.replace('Basic', 'bAsIc') })).status, 200);
  });

  await t.test('is challenged where Basic counts, and only there', async () => {
    const got = await ask(gate, {});
    assertRefusal(got, 'credentials_missing');
    assert.ok(got.all('www-authenticate').includes('Basic realm="postern", charset="UTF-8"'));
    const off = await ask(gate, {}, { target: '/tokens/x' });
    assertRefusal(off, 'credentials_missing');
    assert.ok(!off.all('www-authenticate').some((value) => value.startsWith('Basic')));
    const forbidden = await ask(gate, basic('ann', PASSWORD), { method: 'POST', body: 'x' });
    assert.ok(!forbidden.all('www-authenticate').some((value) => value.startsWith('Basic')), 'other credentials are not asked for');
  });

  await t.test('a module may switch it off', async () => {
    await expectRefusal(gate, await ask(gate, basic('ann', PASSWORD), { target: '/tokens/x' }), 'basic_not_allowed');
    await expectRefusal(gate, await ask(gate, basic('ann', 'wrong'), { target: '/tokens/x' }), 'basic_not_allowed');
  });

  await t.test('public paths do not look at it', async () => {
    assert.equal((await ask(gate, basic('nobody', 'x'), { target: '/open/x' })).status, 200);
  });

  const WRONG = {
    'a wrong password': basic('ann', 'wrong horse'),
    'a longer one': basic('ann', `${PASSWORD} `),
    'a shorter one': basic('ann', PASSWORD.slice(0, -1)),
    'another case': basic('ann', PASSWORD.toUpperCase()),
    'an empty one': basic('ann', ''),
    'another case of the name': basic('Ann', PASSWORD),
    'a space behind the name': basic('ann ', PASSWORD),
    'a space before the name': basic(' ann', PASSWORD),
    'an empty name': basic('', PASSWORD),
    'an unknown name': basic('nobody', PASSWORD),
    'SQL for a name': basic("' OR 1=1 --", PASSWORD),
    'a name that is too long': basic('a'.repeat(2000), PASSWORD),
    'a password that is too long': basic('ann', 'a'.repeat(5000)),
  };
  for (const [what, headers] of Object.entries(WRONG)) {
    await t.test(`${what} is wrong`, async () => {
      const line = await expectRefusal(gate, await ask(gate, headers), 'basic_wrong');
      assert.equal(line.user, undefined, 'what nobody proved is not told');
      assert.equal(line.sub, undefined);
    });
  }

  await t.test('who does not exist, who is disabled and who mistypes get the same answer', async () => {
    await addUser(gate, 'gone', PASSWORD, 'reader');
    await comes(gate, basic('gone', PASSWORD), 200);
    assert.equal((await user(gate, ['disable', 'gone'])).code, 0);
    await comes(gate, basic('gone', PASSWORD), 401);
    const answers = await Promise.all([basic('ann', 'wrong'), basic('nobody', PASSWORD), basic('gone', PASSWORD), basic('gone', 'wrong')].map((headers) => ask(gate, headers)));
    const told = answers.map((got) => JSON.stringify({ status: got.status, body: { ...got.json(), instance: '' }, headers: got.all('www-authenticate') }));
    assert.equal(new Set(told).size, 1, told.join('\n'));
  });

  const MALFORMED = {
    'no base64': { Authorization: 'Basic ***' },
    'base64 without its padding': { Authorization: 'Basic YW5uOmI' },
    'base64 with bits behind its end': { Authorization: 'Basic YTp=' },
    'no colon': raw('ann'),
    'a NUL in the name': raw('a\0n:x'),
    'a NUL in the password': raw(`ann:${PASSWORD}\0`),
    'a line end in the password': raw('ann:a\r\nb'),
    'Latin-1': raw(Buffer.from('ann:caf\xe9', 'latin1')),
    'overlong UTF-8': raw([0x61, 0x3a, 0xc0, 0x80]),
    'nothing behind the scheme': { Authorization: 'Basic' },
    'two values': { Authorization: 'Basic YTpi, Basic YTpi' },
  };
  for (const [what, headers] of Object.entries(MALFORMED)) {
    await t.test(`${what} is malformed`, async () => {
      await expectRefusal(gate, await ask(gate, headers), 'credentials_malformed');
    });
  }

  await t.test('two headers are refused, right as both may be', async () => {
    const line = `Authorization: ${basic('ann', PASSWORD).Authorization}`;
    await expectRefusal(gate, await ask(gate, [line, line]), 'credentials_duplicate');
    await expectRefusal(gate, await ask(gate, [line, 'Authorization: Bearer a.b.c']), 'credentials_duplicate');
  });

  await t.test('two spellings of a password are two passwords', async () => {
    const composed = 'caf\u00e9 noir';
    await addUser(gate, 'b\u00e9a', composed, 'reader');
    await comes(gate, basic('b\u00e9a', composed), 200);
    await expectRefusal(gate, await ask(gate, basic('b\u00e9a', composed.normalize('NFD'))), 'basic_wrong');
    await expectRefusal(gate, await ask(gate, basic('b\u00e9a'.normalize('NFD'), composed)), 'basic_wrong');
  });

  await t.test('a colon may stand in a password', async () => {
    await addUser(gate, 'colon', 'a:b:c:d:e', 'reader');
    await comes(gate, basic('colon', 'a:b:c:d:e'), 200);
  });

  await t.test('a role granted or revoked counts at once', async () => {
    assert.equal((await user(gate, ['grant', 'ann', 'writer'])).code, 0);
    await comes(gate, basic('ann', PASSWORD), 200, { method: 'POST', body: 'x' });
    assert.equal((await user(gate, ['revoke', 'ann', 'writer'])).code, 0);
    await comes(gate, basic('ann', PASSWORD), 403, { method: 'POST', body: 'x' });
  });

  await t.test('a changed password ends the one before, known as it was', async () => {
    assert.equal((await ask(gate, basic('ann', PASSWORD))).status, 200);
    assert.equal((await user(gate, ['passwd', 'ann'], 'another horse\n')).code, 0);
    await comes(gate, basic('ann', PASSWORD), 401);
    await comes(gate, basic('ann', 'another horse'), 200);
    assert.equal((await ask(gate, basic('ann', PASSWORD))).status, 401);
  });

  await t.test('who is disabled is kept out at once, and enabled let in', async () => {
    assert.equal((await user(gate, ['disable', 'ann'])).code, 0);
    await comes(gate, basic('ann', 'another horse'), 401);
    assert.equal((await user(gate, ['enable', 'ann'])).code, 0);
    await comes(gate, basic('ann', 'another horse'), 200);
  });

  await t.test('who is deleted is kept out at once', async () => {
    assert.equal((await user(gate, ['delete', 'ann'])).code, 0);
    await comes(gate, basic('ann', 'another horse'), 401);
  });

  await t.test('each change is a line in the log, without the password', async () => {
    for (const action of ['user add', 'user disable', 'user delete']) await gate.complains(new RegExp(`"event":"audit","message":"${action}","object":"ann"`));
    await gate.complains(/"event":"audit","message":"user passwd","object":"ann"/);
  });

  await t.test('no password and no hash is anywhere in log or store', () => {
    const state = fs.readdirSync(path.join(gate.dir, 'state'), { withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(state.some((entry) => entry.name === 'postern.db'));
    const everything = gate.stderr + JSON.stringify(gate.lines) + state.map((entry) => fs.readFileSync(path.join(gate.dir, 'state', entry.name), 'latin1')).join('');
    for (const secret of [PASSWORD, 'another horse', 'a:b:c:d:e']) {
      for (const text of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), Buffer.from(`ann:${secret}`).toString('base64').replace(/=+$/, '')]) assert.ok(!everything.includes(text), secret);
    }
    assert.ok(!(gate.stderr + JSON.stringify(gate.lines)).includes('$scrypt$'));
  });
});

test('many at a time', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, 'yes'));
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({ lockout: LOCKOUT }) });
  await addUser(gate, 'ann', PASSWORD, 'reader');
  await gate.complains(/"message":"user add","object":"ann"/);

  await t.test('of one user that nobody knows yet are all let in', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(gate, basic('ann', PASSWORD))));
    assert.deepEqual([...new Set(answers.map((got) => got.status))], [200]);
  });

  await t.test('that guess wait, or are turned away, and none gets in', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(gate, basic(`user${i}`, 'guess'))));
    const statuses = new Set(answers.map((got) => got.status));
    for (const status of statuses) assert.ok([401, 429, 503].includes(status), String(status));
    for (const got of answers.filter((one) => one.status === 503)) assert.equal(got.json().reason, 'overloaded');
  });
});

test('who guesses is locked out', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, 'yes'));
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({ lockout: LOCKOUT }) });
  for (const name of ['ann', 'bob', 'eve']) await addUser(gate, name, PASSWORD, 'reader');
  await gate.complains(/"message":"user add","object":"eve"/);
  assert.equal((await ask(gate, basic('bob', PASSWORD))).status, 200);

  await t.test('with 429 and the time to wait, the right password notwithstanding', async () => {
    for (let i = 0; i < 3; i++) await expectRefusal(gate, await ask(gate, basic('ann', `guess${i}`)), 'basic_wrong');
    const got = await ask(gate, basic('ann', PASSWORD));
    await expectRefusal(gate, got, 'locked_out');
    const wait = Number(got.get('retry-after'));
    assert.ok(wait > 3500 && wait <= 3600, got.get('retry-after'));
    assert.equal(got.all('www-authenticate').length, 0);
  });

  await t.test('which is told loudly, once, by name since the name is one', async () => {
    await gate.complains(/"event":"locked_out".*"user":"ann".*"peer":"127\.0\.0\.1"/);
  });

  await t.test('whether there is such a user or not', async () => {
    for (let i = 0; i < 3; i++) await expectRefusal(gate, await ask(gate, basic('nobody', `guess${i}`)), 'basic_wrong');
    await expectRefusal(gate, await ask(gate, basic('nobody', 'guess')), 'locked_out');
    assert.doesNotMatch(gate.stderr, /"user":"nobody"/, 'a name that is no user may be a password');
  });

  await t.test('not by another case or spaces: those are other names, and no users', async () => {
    for (const name of ['Ann', 'ANN', 'ann ']) await expectRefusal(gate, await ask(gate, basic(name, PASSWORD)), 'basic_wrong');
  });

  await t.test('and others who were right from there are not', async () => {
    for (let i = 0; i < 20; i++) await ask(gate, basic(`name${i}`, 'guess'));
    assertRefusal(await ask(gate, basic('name20', 'guess')), 'locked_out');
    assert.equal((await ask(gate, basic('bob', PASSWORD))).status, 200);
  });

  await t.test('nor who is right for the first time', async () => {
    assert.equal((await ask(gate, basic('eve', PASSWORD))).status, 200);
  });

  await t.test('and what is known waits, too, when its own peer guesses', async () => {
    for (let i = 0; i < 3; i++) await expectRefusal(gate, await ask(gate, basic('bob', `guess${i}`)), 'basic_wrong');
    await expectRefusal(gate, await ask(gate, basic('bob', PASSWORD)), 'locked_out');
  });
});

test('Basic switched off, or without a local issuer, is not judged', async (t) => {
  const off = await startGate(t, { policy: POLICY, config: config({ basic: false }) });
  await addUser(off, 'ann', PASSWORD, 'reader');
  const got = await ask(off, basic('ann', PASSWORD));
  await expectRefusal(off, got, 'basic_not_allowed');
  assert.ok(!got.all('www-authenticate').some((value) => value.startsWith('Basic')));
});

test('postern user', async (t) => {
  const gate = await startGate(t, { policy: POLICY, config: config() });

  await t.test('makes a password and shows it once', async () => {
    const done = await user(gate, ['add', 'made', '--role', 'reader', '--label', 'Made up', '--generate', '--output', 'json']);
    const made = JSON.parse(done.stdout);
    assert.equal(done.code, 0);
    assert.match(made.password, /^[A-Za-z0-9_-]{24}$/);
    assert.deepEqual([made.name, made.label, made.roles, made.disabled], ['made', 'Made up', ['reader'], false]);
    const shown = await user(gate, ['show', 'made', '--output', 'json']);
    assert.equal(JSON.parse(shown.stdout).password, undefined);
    assert.ok(!shown.stdout.includes('scrypt'));
    await eventually(async () => (await ask(gate, basic('made', made.password))).status === 502, 'the upstream that is not there');
    const other = JSON.parse((await user(gate, ['passwd', 'made', '--generate', '--output', 'json'])).stdout);
    assert.notEqual(other.password, made.password);
  });

  await t.test('lists them', async () => {
    await addUser(gate, 'second', PASSWORD);
    const list = JSON.parse((await user(gate, ['list', '--output', 'json'])).stdout);
    assert.deepEqual(list.map((one) => one.name), ['made', 'second']);
    assert.match((await user(gate, ['list'])).stdout, /^NAME +STATE +ROLES\nmade +enabled +reader\n/);
  });

  const NO = {
    'a name twice': [['add', 'made'], `${PASSWORD}\n`, /already/],
    'a colon in a name': [['add', 'a:b'], `${PASSWORD}\n`, /colon/],
    'an empty name': [['add', ''], `${PASSWORD}\n`, /name/],
    'a control character in a name': [['add', 'a\x01'], `${PASSWORD}\n`, /name/],
    'a short password': [['add', 'short'], '1234567\n', /8 to 1024/],
    'a long password': [['add', 'long'], `${'x'.repeat(1025)}\n`, /8 to 1024/],
    'an unknown role': [['add', 'role', '--role', 'nothing'], `${PASSWORD}\n`, /no role/],
    'an unknown user': [['passwd', 'nobody'], `${PASSWORD}\n`, /no user/],
    'disabling an unknown user': [['disable', 'nobody'], '', /no user/],
    'deleting an unknown user': [['delete', 'nobody'], '', /no user/],
    'granting an unknown role': [['grant', 'made', 'nothing'], '', /no role/],
  };
  for (const [what, [args, input, says]] of Object.entries(NO)) {
    await t.test(`says no to ${what}`, async () => {
      const done = await user(gate, args, input);
      assert.equal(done.code, 1, done.stderr);
      assert.match(done.stderr, says);
    });
  }

  // Without a line on standard input a password would be complained of, had it been asked for.
  const UNASKED = {
    'passwd of an unknown user': [['passwd', 'nobody'], /no user "nobody"/],
    'a name that is taken': [['add', 'made'], /already/],
    'a name that cannot be': [['add', 'a:b'], /colon/],
    'an unknown role': [['add', 'role', '--role', 'nothing'], /no role/],
  };
  for (const [what, [args, says]] of Object.entries(UNASKED)) {
    await t.test(`asks for no password: ${what}`, async () => {
      const done = await user(gate, args, '');
      assert.equal(done.code, 1, done.stderr);
      assert.match(done.stderr, says);
      assert.ok(!/bytes|standard input/.test(done.stderr.replace(/1 to 128 bytes/, '')), done.stderr);
    });
  }

  const USE = {
    'a password for an argument': ['add', 'name', PASSWORD],
    'an unknown option': ['add', 'name', '--password', PASSWORD],
    'an unknown command': ['rename', 'a', 'b'],
    nothing: [],
    'roles for passwd': ['passwd', 'made', '--role', 'reader'],
    'an unknown output': ['list', '--output', 'env'],
  };
  for (const [what, args] of Object.entries(USE)) {
    await t.test(`takes ${what} for wrong use`, async () => {
      const done = await user(gate, args, `${PASSWORD}\n`);
      assert.equal(done.code, 2, done.stderr);
      assert.match(done.stderr, /^postern: user.*: .*\n$/);
      assert.ok(!done.stderr.includes(PASSWORD));
    });
  }

  await t.test('takes two lines for a mistake, and an empty input too', async () => {
    assert.notEqual((await user(gate, ['add', 'lines'], 'first line\nsecond line\n')).code, 0);
    assert.notEqual((await user(gate, ['add', 'lines'], '')).code, 0);
    assert.equal((await user(gate, ['show', 'lines'])).code, 1);
  });

  await t.test('explain judges as the gate does', async () => {
    const explain = (...args) => run(['explain', '-c', gate.file, '-X', 'GET', '--json', ...args]);
    const yes = await explain('/api/x', '--user', 'made');
    assert.equal(yes.code, 0, yes.stderr);
    assert.equal(JSON.parse(yes.stdout).subject, 'made');
    assert.equal(JSON.parse((await explain('/api/x', '--user', 'second')).stdout).reason, 'privilege_missing');
    assert.equal(JSON.parse((await explain('/tokens/x', '--user', 'made')).stdout).reason, 'basic_not_allowed');
    const typo = await explain('/api/x', '--user', 'mdae');
    assert.equal(typo.code, 1, 'the gate would refuse');
    assert.equal(JSON.parse(typo.stdout).reason, 'basic_wrong');
    assert.match(JSON.parse(typo.stdout).detail, /there is no user "mdae"; did you mean "made"\?/);
    assert.equal((await user(gate, ['disable', 'made'])).code, 0);
    assert.equal(JSON.parse((await explain('/api/x', '--user', 'made')).stdout).detail, 'the user is disabled');
  });
});
