// SPDX-License-Identifier: Apache-2.0
// Tokens that are ended before their time: POST /oauth/revoke (RFC 7009) by the client, `postern revoke`
// by the operator, of the local issuer's tokens and of third parties'.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { assertOauthError, callWith, claimsOf, issuerGate, known, post, tokenOf } from './harness/oauth.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const revoke = (gate, token, client = gate.partner, more = {}) => post(gate, '/oauth/revoke', { token, ...more }, { client });
const counts = async (gate, token) => (await callWith(gate, token)).status === 200;
const refused = async (gate, token) => expectRefusal(gate, await callWith(gate, token), 'token_revoked');

/** `postern revoke …` on the gate's configuration. */
const command = (gate, args, more) => run(['revoke', ...args, '-c', gate.file], more);

async function commanded(gate, args, more) {
  const done = await command(gate, args, more);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

/** Made by another process: known a moment later. */
const soon = (gate, token) => eventually(async () => !(await counts(gate, token)), 'the gate refuses it');

test('POST /oauth/revoke', async (t) => {
  const gate = await issuerGate(t);
  const other = await known(gate, await gate.addClient('other', '--role', 'reader'));

  await t.test('ends a token at once, also one whose verdict is kept', async () => {
    const token = await tokenOf(gate);
    for (let i = 0; i < 3; i++) assert.ok(await counts(gate, token));
    const got = await revoke(gate, token);
    assert.equal(got.status, 200);
    assert.equal(got.text, '');
    assert.equal(got.get('cache-control'), 'no-store');
    await refused(gate, token);
    await refused(gate, token);
  });
  await t.test('and no other token of the client', async () => {
    const [one, two] = [await tokenOf(gate), await tokenOf(gate)];
    await revoke(gate, one);
    await refused(gate, one);
    assert.ok(await counts(gate, two));
  });
  for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
    await t.test(`with the hint ${token_type_hint}`, async () => {
      const token = await tokenOf(gate);
      assert.equal((await revoke(gate, token, gate.partner, { token_type_hint })).status, 200);
      await refused(gate, token);
    });
  }
  await t.test('twice is as good as once', async () => {
    const token = await tokenOf(gate);
    for (let i = 0; i < 2; i++) assert.equal((await revoke(gate, token)).status, 200);
    await refused(gate, token);
  });
  await t.test('however often and in whichever way: one row, one line of the audit', async () => {
    const rows = async () => Number((await run(['store', 'check', '-c', gate.file])).stdout.match(/(\d+) revocations/)[1]);
    const token = await tokenOf(gate);
    const before = await rows();
    const told = () => gate.stderr.split('\n').filter((line) => line.includes(claimsOf(token).jti));
    await Promise.all(Array.from({ length: 20 }, async () => assert.equal((await revoke(gate, token)).status, 200)));
    for (const args of [['--token', '-'], ['--jti', claimsOf(token).jti]]) {
      const again = await commanded(gate, args, { input: token });
      assert.match(again.stderr, /^postern: revoke: the token is already revoked\n$/);
    }
    assert.equal(await rows(), before + 1);
    // A later change is told after all of them.
    const last = await tokenOf(gate);
    await revoke(gate, last);
    await eventually(() => gate.stderr.split('\n').some((line) => line.includes('"event":"audit"') && line.includes(claimsOf(last).jti)), 'the last audit line');
    assert.equal(told().filter((line) => line.includes('"event":"audit"')).length, 1);
    assert.equal(told().filter((line) => line.includes('"event":"revoked"')).length, 1);
    await refused(gate, token);
  });
  await t.test('another client\'s token: 200, and it still counts', async () => {
    const token = await tokenOf(gate, other);
    const got = await revoke(gate, token);
    assert.equal(got.status, 200);
    assert.ok(await counts(gate, token));
    const unknown = await revoke(gate, 'x');
    assert.equal(unknown.status, got.status);
    assert.equal(unknown.text, got.text);
  });
  await t.test('a token that is none: 200', async () => {
    for (const token of ['x', '...', 'a.b.c', 'ï»¿']) assert.equal((await revoke(gate, token)).status, 200);
  });
  await t.test('a token of ours with changed claims: 200, without effect', async () => {
    const token = await tokenOf(gate);
    const [head, , signature] = token.split('.');
    const body = Buffer.from(JSON.stringify({ ...claimsOf(token), client_id: gate.partner.client_id })).toString('base64url');
    assert.equal((await revoke(gate, `${head}.${body}x.${signature}`)).status, 200);
    assert.ok(await counts(gate, token));
  });
  await t.test('without authentication: 401, and it still counts', async () => {
    const token = await tokenOf(gate);
    assertOauthError(await post(gate, '/oauth/revoke', { token }, { client: null }), 401, 'invalid_client');
    assertOauthError(await post(gate, '/oauth/revoke', { token, client_id: gate.partner.client_id }, { client: null }), 401, 'invalid_client');
    assert.ok(await counts(gate, token));
  });
  await t.test('outlives a restart', async () => {
    const [token, alive] = [await tokenOf(gate), await tokenOf(gate)];
    await revoke(gate, token);
    await gate.stop();
    gate.spawn();
    await gate.ready();
    await refused(gate, token);
    assert.ok(await counts(gate, alive));
  });
  await t.test('leaves an audit line without the token', async () => {
    const token = await tokenOf(gate);
    await revoke(gate, token);
    const { jti } = claimsOf(token);
    const line = () => gate.stderr.split('\n').find((entry) => entry.includes(jti) && entry.includes('"event":"revoked"'));
    await eventually(line, 'the audit line');
    const audit = JSON.parse(line());
    assert.equal(audit.event, 'revoked');
    assert.equal(audit.what, 'token');
    assert.equal(audit.value, jti);
    assert.equal(audit.by, 'client:partner');
    assert.ok(!gate.stderr.includes(token) && !gate.stderr.includes(token.split('.')[2]));
  });
});

test('postern revoke: the local issuer\'s tokens', async (t) => {
  const gate = await issuerGate(t);
  const other = await known(gate, await gate.addClient('other', '--role', 'reader'));

  await t.test('--token -', async () => {
    const [token, alive] = [await tokenOf(gate), await tokenOf(gate)];
    assert.ok(await counts(gate, token));
    await commanded(gate, ['--token', '-'], { input: `${token}\n` });
    await soon(gate, token);
    await refused(gate, token);
    assert.ok(await counts(gate, alive));
  });
  await t.test('--jti', async () => {
    const [token, alive] = [await tokenOf(gate), await tokenOf(gate)];
    await commanded(gate, ['--jti', claimsOf(token).jti]);
    await soon(gate, token);
    await refused(gate, token);
    assert.ok(await counts(gate, alive));
  });
  for (const [how, name] of [['name', 'partner'], ['id', gate.partner.client_id]]) {
    await t.test(`--client by ${how}: all that is out, of that client alone`, async () => {
      const [one, two, alive] = [await tokenOf(gate), await tokenOf(gate), await tokenOf(gate, other)];
      await commanded(gate, ['--client', name]);
      await soon(gate, one);
      await refused(gate, one);
      await refused(gate, two);
      assert.ok(await counts(gate, alive));
    });
  }
  await t.test('--client: a token of the next second counts', async () => {
    await eventually(async () => counts(gate, await tokenOf(gate)), 'a new token counts');
  });
  await t.test('--issued-before in the past: what is younger counts', async () => {
    const token = await tokenOf(gate);
    await commanded(gate, ['--client', 'partner', '--issued-before', String(claimsOf(token).iat)]);
    const marker = await tokenOf(gate, other);
    await commanded(gate, ['--jti', claimsOf(marker).jti]);
    await soon(gate, marker);
    assert.ok(await counts(gate, token), 'issued at that second is not issued before it');
  });
  await t.test('--subject', async () => {
    const [token, alive] = [await tokenOf(gate), await tokenOf(gate, other)];
    await commanded(gate, ['--subject', gate.partner.client_id]);
    await soon(gate, token);
    await refused(gate, token);
    assert.ok(await counts(gate, alive));
  });
  await t.test('--issued-before now --issuer local: all of them', async () => {
    const tokens = [await tokenOf(gate, other)];
    await commanded(gate, ['--issued-before', 'now', '--issuer', 'local']);
    await soon(gate, tokens[0]);
    for (const token of tokens) await refused(gate, token);
  });
  await t.test('the audit line names what, and who', async () => {
    assert.equal((await run(['user', 'add', 'somebody', '--generate', '-c', gate.file])).code, 0);
    const done = await commanded(gate, ['--subject', 'somebody']);
    const audit = JSON.parse(done.stderr.trim().split('\n').at(-1));
    assert.equal(audit.event, 'revoked');
    assert.equal(audit.what, 'subject');
    assert.equal(audit.value, 'somebody');
    assert.equal(audit.issuer, gate.issuer);
    assert.match(audit.by, /^uid:\d+$/);
  });
  await t.test('a client or a subject that is not there: exit 1, nothing is revoked, and which one was meant', async () => {
    const before = (await run(['store', 'check', '-c', gate.file])).stdout;
    const { client_id: id } = gate.partner;
    const typo = `${id.slice(0, -1)}${id.at(-1) === 'x' ? 'y' : 'x'}`;
    const says = {
      'partnre': ['--client', 'there is no client "partnre"; did you mean "partner"?'],
      [typo]: ['--client', `there is no client "${typo}"; did you mean "${id}"?`],
      somebdoy: ['--subject', 'there is no user "somebdoy"; did you mean "somebody"?'],
      partner: ['--subject', '"partner" is the name of a client, and the subject of its tokens is its id; give --client'],
    };
    for (const [name, [option, text]] of Object.entries(says)) {
      const done = await command(gate, [option, name]);
      assert.deepEqual([done.code, done.stdout, done.stderr], [1, '', `postern: revoke: ${text}\n`]);
    }
    assert.equal((await run(['store', 'check', '-c', gate.file])).stdout, before);
  });

  const wrong = {
    'nothing': [],
    'two ways': ['--jti', 'a', '--client', 'b'],
    'a token in the process list': ['--token', 'a.b.c'],
    'a token and an issuer': ['--token', '-', '--issuer', 'local'],
    'all, without naming the issuer': ['--issued-before', 'now'],
    'an issuer and no more': ['--issuer', 'local'],
    'a time for a jti': ['--jti', 'a', '--issued-before', 'now'],
    'a time that is none': ['--client', 'partner', '--issued-before', 'yesterday'],
    'an empty jti': ['--jti', ''],
    'a value left out': ['--jti'],
    'an unknown option': ['--nonsense'],
    'a word': ['partner'],
  };
  for (const [name, args] of Object.entries(wrong)) {
    await t.test(`wrong use: ${name}: exit 2, nothing is revoked`, async () => {
      const done = await run(['revoke', '-c', gate.file, ...args]);
      assert.equal(done.code, 2, done.stderr);
      assert.match(done.stderr, /^postern: revoke: .*\n$/);
    });
  }
  await t.test('an issuer that is not configured: exit 1', async () => assert.equal((await command(gate, ['--jti', 'a', '--issuer', 'nobody'])).code, 1));
  await t.test('no token on standard input: exit 1', async () => assert.equal((await command(gate, ['--token', '-'], { input: 'x' })).code, 1));
});

test('a command says until when only if no gate dates it', async (t) => {
  const gate = await issuerGate(t);
  const line = async (...args) => (await commanded(gate, args)).stderr.split('\n').find((one) => one.includes('revoked'));
  assert.match(await line('--client', 'partner', '--issued-before', '2020-01-01T00:00:00Z'), /issued_until"?[:=]"?2019-12-31T23:59:59/);
  for (const args of [['--client', 'partner'], ['--issued-before', 'now', '--issuer', 'local']]) assert.doesNotMatch(await line(...args), /issued_until|remembered_until/);
});

test('two gates that share a database', async (t) => {
  const first = await issuerGate(t);
  const second = await startGate(t, {
    upstream: first.config.upstream,
    policy: JSON.parse(fs.readFileSync(path.join(first.dir, 'policy.yaml'))),
    config: () => ({ state: path.join(first.dir, 'state'), local_issuer: first.config.local_issuer }),
  });
  second.partner = first.partner;
  second.endpoints = '';
  const token = await tokenOf(first);
  const alive = await tokenOf(first);
  for (const gate of [first, second, second]) assert.ok(await counts(gate, token));

  await t.test('what is revoked at one is refused at the other', async () => {
    assert.equal((await revoke(first, token)).status, 200);
    const since = Date.now();
    await soon(second, token);
    t.diagnostic(`refused after ${Date.now() - since} ms`);
    await refused(second, token);
    for (const gate of [first, second]) assert.ok(await counts(gate, alive));
  });
  await t.test('and the other way round', async () => {
    assert.equal((await revoke(second, alive)).status, 200);
    await soon(first, alive);
    await refused(first, alive);
  });
});

test('postern revoke: third parties\' tokens', async (t) => {
  const key = makeKey('ES256');
  const second = makeKey('ES256', 'other');
  const issuer = 'https://second.test';
  const policy = {
    roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { issuer: 'second', scope: 'read' }] } },
    modules: { api: { paths: ['/api/*'] } },
    privileges: { read: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
  };
  const gate = await issuerGate(t, {
    policy,
    local: { accept: 'never' },
    files: { 'keys.json': keySet(key), 'second.json': keySet(second) },
    config: { issuers: { ...fileIssuer(), second: { ...fileIssuer().idp, issuer, jwks_file: 'second.json' } } },
  });
  const of = (more = {}) => sign(key, more);

  await t.test('--jti --issuer: this one, and not the same jti of another issuer', async () => {
    const token = await of({ jti: 'same' });
    const elsewhere = await sign(second, { iss: issuer, jti: 'same' });
    for (let i = 0; i < 3; i++) assert.ok(await counts(gate, token));
    await commanded(gate, ['--jti', 'same', '--issuer', 'idp']);
    await soon(gate, token);
    await refused(gate, token);
    assert.ok(await counts(gate, elsewhere));
  });
  await t.test('--token - finds the issuer by itself', async () => {
    const token = await of();
    assert.ok(await counts(gate, token));
    await commanded(gate, ['--token', '-'], { input: token });
    await soon(gate, token);
    await refused(gate, token);
  });
  await t.test('--subject: older tokens, and those without iat', async () => {
    const old = await of({ sub: 'alice', iat: now() - 100 });
    const without = await of({ sub: 'alice', iat: undefined });
    const bob = await of({ sub: 'bob', iat: now() - 100 });
    const young = await of({ sub: 'alice', iat: now() - 10 });
    for (const token of [old, without, bob, young]) assert.ok(await counts(gate, token));
    await commanded(gate, ['--subject', 'alice', '--issuer', 'idp', '--issued-before', String(now() - 50)]);
    await soon(gate, old);
    await refused(gate, old);
    await refused(gate, without);
    assert.ok(await counts(gate, bob));
    assert.ok(await counts(gate, young));
  });
  await t.test('everything issued before', async () => {
    const old = await of({ sub: 'carol', iat: now() - 2000 });
    const young = await of({ sub: 'carol', iat: now() - 10 });
    const elsewhere = await sign(second, { iss: issuer, iat: now() - 2000 });
    for (const token of [old, young, elsewhere]) assert.ok(await counts(gate, token));
    await commanded(gate, ['--issued-before', String(now() - 1000), '--issuer', 'idp']);
    await soon(gate, old);
    await refused(gate, old);
    assert.ok(await counts(gate, young));
    assert.ok(await counts(gate, elsewhere));
  });
  await t.test('a subject of the local issuer is another one', async () => {
    const token = await of({ sub: 'dave' });
    assert.equal((await run(['user', 'add', 'dave', '--generate', '-c', gate.file])).code, 0);
    await commanded(gate, ['--subject', 'dave']);
    const marker = await of();
    await commanded(gate, ['--token', '-'], { input: marker });
    await soon(gate, marker);
    assert.ok(await counts(gate, token));
  });
  await t.test('a token without a jti cannot be revoked by itself: exit 1', async () => {
    const done = await command(gate, ['--token', '-'], { input: await sign(key, { jti: undefined }) });
    assert.equal(done.code, 1);
    assert.match(done.stderr, /jti/);
  });
  await t.test('a token of nobody we know: exit 1', async () => {
    const done = await command(gate, ['--token', '-'], { input: await sign(key, { iss: 'https://nobody.test' }) });
    assert.equal(done.code, 1);
  });
  await t.test('without a local issuer there is no database to write to: exit 2, said so', async () => {
    const alone = path.join(gate.dir, 'alone.yaml');
    const { local_issuer: _, ...rest } = gate.config;
    fs.writeFileSync(alone, JSON.stringify(rest));
    const done = await run(['revoke', '--jti', 'a', '--issuer', 'idp', '-c', alone]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, /local_issuer/);
  });
});
