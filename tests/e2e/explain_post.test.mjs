// SPDX-License-Identifier: Apache-2.0
// `POST /explain` answers what `postern explain --json` prints, and keeps nothing of what it is asked.
import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from './harness/gate.mjs';
import { issuerGate, known } from './harness/oauth.mjs';
import { requestText, send, Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');
const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { certificate: 'CN=partner' }] } },
  privileges: { read: { paths: ['/api/*'], methods: ['GET'], roles: ['reader'] }, wide: { paths: ['/api/x/*'] } },
  public: ['/open/*'],
};

const startedGate = (t) => issuerGate(t, { policy: POLICY, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer() } });
const post = (gate, body) => gate.admin('/explain', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

test('the same as the command', async (t) => {
  const gate = await startedGate(t);
  const token = await sign(key, { scope: 'Read' });
  const late = await sign(key, { iat: now() - 7200, exp: now() - 3600 });
  await known(gate, await gate.addClient('shop', '--role', 'reader'));
  gate.write('claims.json', { scope: 'read' });
  const at = now() + 5; // what a detail counts in seconds is the same for both
  const pairs = [
    [{ path: '/open/x' }, []],
    [{ path: '/api/x' }, []],
    [{ path: '/api/../x' }, []],
    [{ path: '/oauth/token' }, []],
    [{ path: '/api/y', token, at }, ['--token', token, '--at', String(at)]],
    [{ path: '/api/x', token: late, at }, ['--token', late, '--at', String(at)]],
    [{ path: '/api/x', token: 'abc', at }, ['--token', 'abc', '--at', String(at)]],
    [{ path: '/api/x', token: 'abc def' }, ['--token', 'abc def']],
    [{ method: 'POST', path: '/api/x', token, at }, ['-X', 'POST', '--token', token, '--at', String(at)]],
    [{ path: '/api/x', claims: { scope: 'read' }, issuer: 'idp', at }, ['--claims', `${gate.dir}/claims.json`, '--issuer', 'idp', '--at', String(at)]],
    [{ path: '/api/x', client: 'shop', at: new Date(at * 1000).toISOString() }, ['--client', 'shop', '--at', String(at)]],
    [{ path: '/api/x', certificate: 'cn=partner' }, ['--certificate', 'CN=partner']],
    [{ path: '/api/x', user: 'nobody' }, ['--user', 'nobody']],
  ];
  for (const [question, args] of pairs) {
    const got = await post(gate, question);
    assert.deepEqual([got.status, got.get('content-type'), got.get('cache-control')], [200, 'application/json', 'no-store'], got.text);
    const done = await run(['explain', '-c', gate.file, '--json', ...args, question.path]);
    assert.deepEqual(got.json(), JSON.parse(done.stdout), JSON.stringify(question));
  }
  const said = (await post(gate, { path: '/api/x/1', token })).json();
  assert.deepEqual([said.verdict, said.patterns, said.authenticated], ['forward', ['/api/x/*', '/api/*'], true]);
});

test('each check of a token, with what was expected and found', async (t) => {
  const gate = await startedGate(t);
  const checks = async (token, path = '/api/y') => (await post(gate, { path, token })).json().checks;
  const states = (list) => list.map(({ check, holds }) => `${check}${holds === null ? '?' : holds ? '+' : '-'}`).join(' ');
  assert.equal(states(await checks(await sign(key, { scope: 'read' }))), 'iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ aud+');
  const other = await checks(await sign(key, { aud: 'api://other' }));
  assert.equal(states(other), 'iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ aud-');
  assert.deepEqual(other.at(-1), { check: 'aud', expected: '"api://default"', found: '"api://other"', holds: false });
  assert.equal(states(await checks(await sign(key, { iat: now() - 7200, exp: now() - 3600 }))), 'iss+ alg+ typ+ kid+ signature+ exp- nbf? iat? aud?');
  assert.equal(states(await checks(await sign(makeKey('ES256', 'unknown')))), 'iss+ alg+ typ+ kid- signature? exp? nbf? iat? aud?');
  assert.deepEqual(await checks('abc'), []);
  assert.deepEqual(await checks(await sign(key, { iss: 'https://nobody.test' })), []);
  for (const path of ['/open/x', '/nowhere', '/oauth/token']) assert.deepEqual(await checks(await sign(key), path), [], path);
  const assumed = (await post(gate, { path: '/api/y', claims: { scope: 'read', aud: 'x' }, issuer: 'idp' })).json();
  assert.equal(states(assumed.checks), 'iss+ exp+ nbf+ iat+ aud-');
  assert.deepEqual((await post(gate, { path: '/nowhere', claims: {}, issuer: 'idp' })).json().checks, []);
  const text = await run(['explain', '-c', gate.file, '/api/y', '--token', await sign(key, { aud: 'api://other' })]);
  assert.match(text.stdout, /^check: {9}aud "api:\/\/other", expected "api:\/\/default": fails$/m);
});

test('by what the running gate knows', async (t) => {
  const gate = await startedGate(t);
  await known(gate, await gate.addClient('shop'));
  const reason = async () => (await post(gate, { path: '/api/y', client: 'shop' })).json().reason;
  assert.equal(await reason(), 'privilege_missing');
  await gate.client('grant', 'shop', 'reader');
  await eventually(async () => (await reason()) === 'ok', 'the grant');
});

test('what it cannot answer it refuses with a reason, and goes on', async (t) => {
  const gate = await startedGate(t);
  const token = await sign(key, { scope: 'read' });
  const bad = [
    ['', /./], ['{', /./], ['[]', /must be an object/], ['null', /must be an object/], ['{"path": "/a", "path": "/b"}', /./], ['{"path": "/a"} x', /./], [`${'['.repeat(5000)}`, /./],
    [{}, /"path" must begin with \//], [{ path: 'x' }, /"path" must begin/], [{ path: 7 }, /"path" must be a string/], [{ path: '/a\u0000b' }, /NUL/],
    [{ path: '/a', tokne: 'x' }, /unknown member "tokne"; did you mean "token"\?/],
    [{ path: '/a', token: 7 }, /"token" must be a string/], [{ path: '/a', claims: 'x', issuer: 'idp' }, /"claims" must be an object/],
    [{ path: '/a', claims: {} }, /claims and issuer go together/], [{ path: '/a', issuer: 'idp' }, /go together/],
    [{ path: '/a', token, user: 'u' }, /give one of/], [{ path: '/a', at: 'noon' }, /"at" must be/], [{ path: '/a', at: -1 }, /"at" must be/], [{ path: '/a', at: 2 ** 62 }, /1970 to 9999/], [{ path: '/a', at: '253402300800', claims: {}, issuer: 'idp' }, /1970 to 9999/],
    [{ path: '/a', client: 'nobody' }, /nobody/], [{ path: '/a', claims: {}, issuer: 'ipd' }, /names no issuer "ipd"; did you mean "idp"/],
    [{ path: '/a', certificate: 'partner' }, /character 8/],
  ];
  for (const [question, detail] of bad) {
    const got = await post(gate, question);
    assert.deepEqual([got.status, got.get('content-type'), got.json().reason], [400, 'application/problem+json', 'request_malformed'], JSON.stringify(question));
    assert.match(got.json().detail, detail);
    assert.ok(!got.text.includes(token));
  }
  const large = await post(gate, { path: '/a', token: 'x'.repeat(70000) });
  assert.deepEqual([large.status, large.json().reason], [413, 'body_too_large']);
  // Of what says that it will be too large nothing is waited for.
  const announced = await send(gate.adminPort, 'POST /explain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n{');
  assert.deepEqual([announced.status, JSON.parse(announced.text).reason], [413, 'body_too_large']);
  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
    const got = await gate.admin('/explain', { method });
    assert.deepEqual([got.status, got.get('allow')], [405, 'POST'], method);
  }
  for (const odd of [{ path: '/a', token: '' }, { path: '/a', token: '\u0000' }, { path: '/a', token: '\r\nX: y' }, { method: '', path: '/a' }, { method: 'G T', path: '/a' }, { path: `/${'a'.repeat(60000)}` }, { path: '/a', user: '' }]) {
    const got = await post(gate, odd);
    assert.ok([200, 400].includes(got.status), JSON.stringify(odd).slice(0, 60));
  }
  assert.equal((await post(gate, { path: '/open/x' })).json().verdict, 'forward');
});

test('a chunked question, and one that ends early', async (t) => {
  const gate = await startedGate(t);
  const wire = await Wire.open(gate.adminPort);
  const body = JSON.stringify({ path: '/open/x' });
  await wire.write(`POST /explain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`);
  assert.equal((await wire.answer()).json().verdict, 'forward');
  wire.close();
  const cut = await Wire.open(gate.adminPort);
  await cut.write(requestText(gate.adminPort, { method: 'POST', target: '/explain', body }).slice(0, -3));
  cut.close();
  assert.equal((await gate.admin('/livez')).status, 200);
});

test('no token is logged', async (t) => {
  const gate = await startedGate(t);
  const token = await sign(key, { scope: 'read' });
  await post(gate, { path: '/api/x', token });
  await post(gate, `{"path": "/api/x", "token": "${token}"`);
  await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}` } });
  await gate.line((one) => one.event === 'request');
  for (const part of token.split('.')) assert.ok(!JSON.stringify(gate.lines).includes(part) && !gate.stderr.includes(part));
});
