// SPDX-License-Identifier: Apache-2.0
// `postern serve` as a process: it starts, tells how it is, reloads, drains, ends; and the
// quickstart's own example.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { makeGate, POLICY, run, startGate } from './harness/gate.mjs';
import { assertRefusal } from './harness/refusal.mjs';
import { Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, nginxUpstream, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const EXAMPLES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../examples');
const rsa = makeKey('RS256');
const FILES = { 'keys.json': keySet(rsa) };
const CONFIG = { issuers: fileIssuer() };

test('the quickstart\'s example', async (t) => {
  const www = path.join(EXAMPLES, 'quickstart/www');
  const nginx = await nginxUpstream(t, Object.fromEntries(fs.readdirSync(path.join(www, 'customer')).map((name) => [`customer/${name.replace('.json', '')}`, fs.readFileSync(path.join(www, 'customer', name), 'utf8')])));
  const gate = await startGate(t, {
    upstream: nginx.url,
    policy: fs.readFileSync(path.join(EXAMPLES, 'quickstart/policy.yaml'), 'utf8'),
    config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }),
  });
  const partner = await gate.addClient('big_partner_company');
  await gate.client('grant', 'big_partner_company', 'customer_api_role');
  const stranger = await gate.addClient('another_company');
  // A client made by another process is known a moment later.
  const tokenOf = ({ client_id: id, client_secret: secret }) => eventually(async () => (await gate.ask({
    method: 'POST', target: '/oauth/token', body: 'grant_type=client_credentials',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`, 'Content-Type': 'application/x-www-form-urlencoded' },
  })).json().access_token, 'a token');
  const customer = async (token) => gate.ask({ target: '/customer/1', headers: token ? { Authorization: `Bearer ${token}` } : {} });

  assertRefusal(await customer(), 'credentials_missing');
  const got = await customer(await tokenOf(partner));
  assert.equal(got.status, 200, got.text);
  assert.equal(got.json().name, 'Big Partner Company');
  assertRefusal(await customer(await tokenOf(stranger)), 'privilege_missing');
  const why = await run(['explain', '-c', gate.file, '-X', 'GET', '/customer/1', '--token', '-', '--json'], { input: await tokenOf(stranger) });
  assert.equal(why.code, 1, why.stderr);
  assert.equal(JSON.parse(why.stdout).reason, 'privilege_missing');
});

test('examples', async (t) => {
  const names = fs.readdirSync(EXAMPLES).filter((name) => fs.existsSync(path.join(EXAMPLES, name, 'postern.yaml')));
  assert.ok(names.includes('quickstart'));
  for (const name of names) {
    await t.test(`${name} is a right configuration`, async () => {
      const done = await run(['check', '-c', path.join(EXAMPLES, name, 'postern.yaml')]);
      assert.equal(done.code, 0, done.stdout + done.stderr);
    });
  }
});

test('the admin listener', async (t) => {
  const gate = await startGate(t, { config: CONFIG, files: FILES });

  await t.test('/livez', async () => assert.equal((await gate.admin('/livez')).status, 200));
  await t.test('/readyz', async () => assert.equal((await gate.admin('/readyz')).status, 200));
  await t.test('/metrics counts requests by reason', async () => {
    const series = 'postern_requests_total{reason="credentials_missing"}';
    const before = await gate.metric(series);
    await gate.ask({ target: '/api/x' });
    await gate.ask({ target: '/api/x' });
    await gate.counts(series, before + 2);
  });
  await t.test('/metrics is Prometheus text', async () => {
    const got = await gate.admin('/metrics');
    assert.match(got.get('content-type'), /^text\/plain/);
    for (const line of got.text.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.eE+-]+)$/);
  });
  await t.test('nothing else', async () => {
    for (const [target, method, status, title] of [['/api/x', 'GET', 404, 'Not Found'], ['/explainx', 'GET', 404, 'Not Found'], ['/reload', 'GET', 405, 'Method Not Allowed'], ['/explain', 'GET', 405, 'Method Not Allowed']]) {
      const got = await gate.admin(target, { method });
      assert.deepEqual([got.status, got.get('content-type')], [status, 'application/problem+json'], target);
      assert.deepEqual({ ...got.json(), detail: '' }, { type: 'about:blank', title, status, detail: '' });
    }
  });
  await t.test('none of it on the public listener', async () => {
    for (const target of ['/livez', '/readyz', '/metrics', '/reload']) assertRefusal(await gate.ask({ target }), 'no_rule');
  });
});

test('SIGTERM', async (t) => {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const upstream = await recordingUpstream(t, async () => { await held; return answer(200, 'finished'); });
  const gate = await startGate(t, { upstream: upstream.url, config: CONFIG, files: FILES });
  const idle = await Wire.open(gate.port);
  const waiting = gate.ask({ target: '/open/slow' });
  await upstream.until(1);

  gate.signal('SIGTERM');
  await eventually(async () => (await gate.admin('/readyz')).status === 503, '/readyz to say that it is not ready any more');
  assert.ok(!gate.gone, 'it waits for the request under way');
  release();
  const got = await waiting;
  assert.equal(got.status, 200);
  assert.equal(got.text, 'finished');
  assert.deepEqual(await gate.exit, { code: 0, signal: null });
  assert.ok(await idle.isClosed());
});

test('SIGHUP', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: CONFIG, files: FILES });
  const headers = { Authorization: `Bearer ${await sign(rsa)}` };
  const status = async (target) => (await gate.ask({ target, headers })).status;

  await t.test('takes over a new policy', async () => {
    assert.equal(await status('/new/x'), 403);
    gate.write('policy.yaml', { ...POLICY, public: [...POLICY.public, '/new/*'] });
    gate.signal('SIGHUP');
    await eventually(async () => (await status('/new/x')) === 200, '200 for /new/x');
    assert.equal(await status('/new/x'), 200);
  });

  await t.test('a verdict of the old policy is not remembered', async () => {
    assert.equal(await status('/api/x'), 200);
    gate.write('policy.yaml', { ...POLICY, roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'another' }] } } });
    gate.signal('SIGHUP');
    await eventually(async () => (await status('/api/x')) === 403, '403 for /api/x');
    assertRefusal(await gate.ask({ target: '/api/x', headers }), 'privilege_missing');
  });

  for (const [name, text] of [['that is no YAML', '{{{'], ['with an unknown key', 'pulbic: ["/x"]\n'], ['that is empty', '']]) {
    await t.test(`keeps the old one for a policy ${name}, and says why`, async () => {
      gate.write('policy.yaml', POLICY);
      gate.signal('SIGHUP');
      // Not the log line: that of the reload before may come only now.
      await eventually(async () => (await status('/api/x')) === 200, '200 for /api/x');
      gate.stderr = '';
      gate.write('policy.yaml', text);
      gate.signal('SIGHUP');
      await gate.complains(/policy\.yaml/);
      assert.equal(await status('/api/x'), 200);
      assert.equal((await gate.admin('/livez')).status, 200);
    });
  }
});

test('starting fails with one line that says what and where, and exit 2', async (t) => {
  const oneLine = (done, pattern) => {
    assert.equal(done.code, 2, done.stderr);
    assert.match(done.stderr, pattern);
    const lines = done.stderr.trimEnd().split('\n').filter((line) => !line.startsWith('{'));
    assert.equal(lines.length, 1, `besides the log, one line: ${done.stderr}`);
    assert.match(lines[0], pattern);
  };
  const good = (more) => makeGate(t, { config: CONFIG, files: FILES, ...more });

  await t.test('no configuration', async () => oneLine(await run(['serve', '-c', '/nowhere/postern.yaml']), /\/nowhere\/postern\.yaml/));
  await t.test('no policy', async () => {
    const gate = await good();
    fs.rmSync(path.join(gate.dir, 'policy.yaml'));
    oneLine(await run(['serve', '-c', gate.file]), /policy\.yaml/);
  });
  await t.test('a configuration that is a directory', async () => {
    const gate = await good();
    oneLine(await run(['serve', '-c', gate.dir]), new RegExp(gate.dir));
  });
  await t.test('no key file', async () => {
    const gate = await good();
    fs.rmSync(path.join(gate.dir, 'keys.json'));
    oneLine(await run(['serve', '-c', gate.file]), /keys\.json/);
  });
  for (const [name, text] of [['no JSON', 'hello'], ['no key set', '{}'], ['an empty set', '{"keys":[]}'], ['a set without a usable key', '{"keys":[{"kty":"oct","k":"AAAA"}]}']]) {
    await t.test(`a key file that is ${name}`, async () => {
      const gate = await good();
      gate.write('keys.json', text);
      oneLine(await run(['serve', '-c', gate.file]), /keys\.json/);
    });
  }
  for (const which of ['port', 'adminPort']) {
    await t.test(`${which} that is taken`, async () => {
      const gate = await good();
      const taker = net.createServer();
      taker.listen(gate[which], '127.0.0.1');
      await once(taker, 'listening');
      t.after(() => taker.close());
      oneLine(await run(['serve', '-c', gate.file]), new RegExp(`127\\.0\\.0\\.1:${gate[which]}`));
    });
  }
  await t.test('mistakes: every one is reported, and nothing is started', async () => {
    const gate = await good();
    gate.write('postern.yaml', 'lisen: {}\nupstream: ftp://x\nlimits: {header_bytes: 1}\n');
    const done = await run(['serve', '-c', gate.file]);
    assert.equal(done.code, 2);
    for (const pattern of [/postern\.yaml:1:\d+: \/lisen: /, /postern\.yaml:2:\d+: \/upstream: /, /postern\.yaml:3:\d+: \/limits\/header_bytes: /]) assert.match(done.stderr, pattern);
  });
});
