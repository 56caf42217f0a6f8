// SPDX-License-Identifier: Apache-2.0
// Policy files that are cut off or spoilt, of one file and of several: a running gate either has the former
// policy as a whole, or all that the files say now, which a second reader and a second judge (harness/oracle.mjs)
// say as well. ORACLE_SEED repeats a run, ORACLE_COUNT makes it longer.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { parse, stringify } from 'yaml';
import { dice } from './harness/dice.mjs';
import { Draw, parts } from './harness/draw.mjs';
import { run, startGate } from './harness/gate.mjs';
import { judge } from './harness/oracle.mjs';
import { keySet, makeKey, sign } from './harness/tokens.mjs';

const COUNT = Number(process.env.ORACLE_COUNT ?? 3);
const SEED = Number(process.env.ORACLE_SEED ?? 1);
const SPOILT = 30;
const PROBES = 8;

const key = makeKey('ES256');
const keys = keySet(key);
const claims = { scopes: '/scope', groups: '/groups', roles: '/roles', client: '/azp', subject: '/sub' };
const third = (more) => ({ audience: 'api', claims, jwks_file: 'keys.json', ...more });
const CONFIG = {
  policy: 'policies/*.yaml', policy_next: 'next.yaml',
  local_issuer: { issuer: 'http://127.0.0.1:8080', audience: 'api://local', database: 'local.db' },
  issuers: { one: third({ issuer: 'https://one.test' }), two: third({ issuer: 'https://two.test' }), kc: third({ issuer: 'https://kc.test/realms/{realm}', tenants: ['acme', 'globex'], jwks_file: '{realm}.json' }) },
};

/** What a file says, for the second judge: null is nothing, one is a list of one. */
function said(text) {
  const LISTS = ['roles', 'scopes', 'all_roles', 'deny', 'methods', 'modules', 'paths', 'hosts', 'path_allow'];
  const bare = (map) => Object.fromEntries(Object.entries(map ?? {}).filter(([, value]) => value !== null));
  const lists = (map) => Object.fromEntries(Object.entries(bare(map)).map(([key, value]) => [key, LISTS.includes(key) ? [value].flat() : value]));
  const each = (map, read) => Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, read(value)]));
  const file = bare(parse(text) ?? {});
  return { ...file, roles: each(file.roles, bare), modules: each(file.modules, lists), privileges: each(file.privileges, lists), public: [file.public ?? []].flat() };
}

/** Several files as one policy. */
const joined = (files) => files.map(said).reduce((all, one) => ({
  roles: { ...all.roles, ...one.roles }, modules: { ...all.modules, ...one.modules }, privileges: { ...all.privileges, ...one.privileges }, public: [...all.public, ...one.public], default: one.default ?? all.default,
}), { roles: {}, modules: {}, privileges: {}, public: [], default: undefined });

/** A text that is cut off, or in which something is amiss. */
function spoil(draw, text) {
  const at = draw.roll(text.length);
  const lines = text.split('\n');
  const line = draw.roll(lines.length);
  const other = draw.roll(lines.length);
  switch (draw.roll(8)) {
    case 0: case 1: return text.slice(0, at);
    case 2: return text.slice(0, at) + text.slice(at + 1 + draw.roll(3));
    case 3: return text.slice(0, at) + draw.one(['{', '}', '[', ']', ':', ',', '"', '#', '- ', '*', '&', '\t', '\u0000', '\u00e9', '  ', '\n']) + text.slice(at);
    case 4: return lines.filter((_, i) => i !== line).join('\n');
    case 5: return [...lines.slice(0, line), lines[other], ...lines.slice(line)].join('\n');
    case 6: return lines.slice(0, line).join('\n');
    default: return lines.map((one, i) => (i === line ? lines[other] : i === other ? lines[line] : one)).join('\n');
  }
}

/** Requests, and who makes them. */
function probes(draw) {
  return Array.from({ length: PROBES }, () => ({
    caller: draw.chance(3) ? 'anonymous' : { issuer: draw.one(['one', 'two', 'kc:acme', 'kc:globex']), claims: draw.claims() },
    method: draw.one(['GET', 'POST', 'PUT', 'DELETE', 'HEAD']), path: draw.path(), where: draw.where(),
  }));
}

/** What the gate says of them. */
async function answers(gate, asked) {
  const told = [];
  for (const { caller, method, path: target, where: { host, peer, certificate } } of asked) {
    const question = { method, path: target, host, peer, certificate, ...(caller === 'anonymous' ? {} : caller) };
    const got = await gate.admin('/explain', { method: 'POST', body: Buffer.from(JSON.stringify(question)).toString('latin1') });
    assert.equal(got.status, 200, got.text);
    const { verdict, reason, privilege } = got.json();
    told.push([verdict === 'forward' ? 'allow' : reason, verdict === 'forward' || reason === 'privilege_missing' ? privilege : null]);
  }
  return told;
}

/** The same by the second judge. */
const judged = (policy, asked) => asked.map(({ caller, method, path: target, where }) => {
  const { expect, privilege = null } = judge(policy, caller, method, target, where);
  return [expect, expect === 'allow' || expect === 'privilege_missing' ? privilege : null];
});

/** A gate, and how to give it files. */
async function tornGate(t) {
  const gate = await startGate(t, { policy: '', files: { 'keys.json': keys, 'acme.json': keys, 'globex.json': keys, 'next.yaml': '{}' }, config: (own) => {
    fs.mkdirSync(path.join(own.dir, 'policies'));
    own.write('policies/0.yaml', '{}');
    return CONFIG;
  } });
  gate.replace = (name, text) => {
    gate.write(`${name}.new`, text);
    fs.renameSync(path.join(gate.dir, `${name}.new`), path.join(gate.dir, name));
  };
  gate.reload = async () => (await gate.admin('/reload', { method: 'POST' })).status;
  return gate;
}

/** Put files in force: [name, text], all others of the folder go. */
async function putInForce(gate, texts) {
  for (const name of fs.readdirSync(path.join(gate.dir, 'policies'))) fs.rmSync(path.join(gate.dir, 'policies', name));
  for (const [i, text] of texts.entries()) gate.replace(`policies/${i}.yaml`, text);
  assert.equal(await gate.reload(), 200, gate.stderr);
}

test(`${COUNT} policies, each spoilt in ${SPOILT} ways, seed ${SEED}`, async (t) => {
  const gate = await tornGate(t);
  const seen = { kept: 0, taken: 0 };
  for (let i = 0; i < COUNT; i++) {
    const draw = new Draw(dice(SEED * 7919 + i));
    const write = draw.chance(2) ? (part) => JSON.stringify(part, null, 1) : (part) => stringify(part, { aliasDuplicateObjects: false });
    const texts = parts(draw, draw.policy()).map(write);
    const asked = probes(draw);
    const good = judged(joined(texts), asked);
    await putInForce(gate, texts);
    assert.deepEqual(await answers(gate, asked), good, texts.join('---\n'));

    for (let k = 0; k < SPOILT; k++) {
      const which = draw.roll(texts.length);
      const spoilt = spoil(draw, texts[which]);
      gate.replace(`policies/${which}.yaml`, spoilt);
      const status = await gate.reload();
      assert.ok(status === 200 || status === 422, `${status}`);
      seen[status === 200 ? 'taken' : 'kept']++;
      const want = status === 422 ? good : judged(joined(texts.map((text, n) => (n === which ? spoilt : text))), asked);
      assert.deepEqual(await answers(gate, asked), want, `policy ${i} of seed ${SEED}, ${k}: ${status}\n${spoilt}`);
      if (draw.chance(10)) assert.equal((await run(['check', '-c', gate.file])).code, status === 422 ? 1 : 0, spoilt);
      gate.replace(`policies/${which}.yaml`, texts[which]);
      assert.equal(await gate.reload(), 200);
    }
  }
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.kept > COUNT * SPOILT / 4 && seen.taken > 0, JSON.stringify(seen));
});

test('a flow that is cut off anywhere is no policy', async (t) => {
  const gate = await tornGate(t);
  const draw = new Draw(dice(SEED));
  const whole = JSON.stringify(draw.policy());
  const asked = probes(draw);
  await putInForce(gate, [whole]);
  const good = await answers(gate, asked);
  for (let at = 1; at < whole.length; at += 1 + Math.floor(whole.length / 60)) {
    gate.replace('policies/0.yaml', whole.slice(0, at));
    assert.equal(await gate.reload(), 422, whole.slice(0, at));
  }
  assert.deepEqual(await answers(gate, asked), good);
});

test('one file of several, or the next policy, holds back all that changed with it', async (t) => {
  const gate = await tornGate(t);
  const policy = (role) => ({ roles: { [role]: { granted_to: [{ issuer: 'one', scope: role }] } }, privileges: { p: { paths: ['/p'], roles: [role] } } });
  const other = (method) => ({ privileges: { q: { paths: ['/q'], methods: [method] } } });
  const next = (scope) => ({ privileges: { q: { paths: ['/q'], scopes: [scope] } } });
  const token = await sign(key, { iss: 'https://one.test', aud: 'api', scope: 'a' });
  const force = async () => {
    const ask = async (question) => (await gate.admin('/explain', { method: 'POST', body: JSON.stringify({ issuer: 'one', ...question }) })).json().reason;
    const got = await gate.ask({ target: '/q', headers: { Authorization: `Bearer ${token}` } });
    const { policy_next: next } = await gate.line((one) => one.request_id === got.get('x-request-id'));
    return [await ask({ path: '/p', claims: { scope: 'a' } }), await ask({ path: '/p', claims: { scope: 'b' } }), await ask({ path: '/q', claims: {} }), await ask({ method: 'PUT', path: '/q', claims: {} }), next];
  };
  await putInForce(gate, [JSON.stringify(policy('a')), JSON.stringify(other('GET'))]);
  gate.replace('next.yaml', JSON.stringify(next('a')));
  assert.equal(await gate.reload(), 200);
  const first = await force();
  assert.deepEqual(first, ['ok', 'privilege_missing', 'ok', 'method_not_granted', undefined]);

  const torn = (value) => JSON.stringify(value).slice(0, -4);
  for (const [spoilt, good, change] of [
    ['policies/1.yaml', other('PUT'), ['policies/0.yaml', policy('b')]],
    ['policies/0.yaml', policy('b'), ['policies/1.yaml', other('PUT')]],
    ['next.yaml', next('b'), ['policies/0.yaml', policy('b')]],
    ['policies/2.yaml', {}, ['policies/0.yaml', policy('b')]],
  ]) {
    gate.replace(spoilt, torn({ ...good, public: ['/x'] }));
    gate.replace(change[0], JSON.stringify(change[1]));
    assert.equal(await gate.reload(), 422, spoilt);
    assert.deepEqual(await force(), first, spoilt);
    gate.replace(spoilt, JSON.stringify(good));
    assert.equal(await gate.reload(), 200, spoilt);
    assert.notDeepEqual(await force(), first, spoilt);
    gate.replace('next.yaml', JSON.stringify(next('a')));
    await putInForce(gate, [JSON.stringify(policy('a')), JSON.stringify(other('GET'))]);
  }
});
