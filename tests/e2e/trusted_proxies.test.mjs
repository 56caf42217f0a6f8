// SPDX-License-Identifier: Apache-2.0
// Proxies in front (`listen.trusted_proxies`): the client is whom they name, in the log, the lock-out, the
// challenge, the metadata and upstream. Here 127.0.0.2 is trusted, and 127.0.0.1 is anybody.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Certificates } from './harness/certificates.mjs';
import { POLICY, run, startGate } from './harness/gate.mjs';
import { missing, startGateway } from './harness/gateway.mjs';
import { freePort } from './harness/ports.mjs';
import { Wire, requestText } from './harness/raw.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const PROXY = '127.0.0.2';
const key = makeKey('RS256');
const X = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host'];

/** One request, from that address; `options` are those of Wire.open(). */
async function askFrom(localAddress, port, request, options = {}) {
  const wire = await Wire.open(port, { localAddress, ...options });
  try {
    await wire.write(requestText(port, request));
    return await wire.answer(request.method ?? 'GET');
  } finally {
    wire.close();
  }
}

/** A gate that trusts PROXY in these headers. */
function behind(t, upstream, headers, { config = {}, more = {}, policy = POLICY } = {}) {
  return startGate(t, {
    upstream: upstream?.url,
    policy,
    files: { 'keys.json': keySet(key) },
    config: (gate) => ({
      issuers: fileIssuer(),
      ...(typeof config === 'function' ? config(gate) : config),
      listen: { address: `127.0.0.1:${gate.port}`, engine: process.env.POSTERN_ENGINE ?? 'events', trusted_proxies: [PROXY, '10.0.0.0/8'], trusted_headers: headers, ...more },
    }),
  });
}

/** What reaches the upstream, and the log line. */
async function through(gate, upstream, from, headers) {
  upstream.clear();
  const got = await askFrom(from, gate.port, { target: '/open/x', headers });
  assert.equal(got.status, 200, got.text);
  return { sent: upstream.requests[0], line: await gate.line((one) => one.request_id === got.get('x-request-id')) };
}

test('what trusted proxies say', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await behind(t, upstream, X);
  const own = `127.0.0.1:${gate.port}`;

  await t.test('is the client: in the log and upstream', async () => {
    const { sent, line } = await through(gate, upstream, PROXY, ['X-Forwarded-For: 6.6.6.6, 192.0.2.7:4711, 10.0.0.9', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: api.example', 'Forwarded: for=6.6.6.6', 'X-Forwarded-Port: 1', 'X-Real-IP: 6.6.6.6']);
    assert.deepEqual([line.peer, line.proxy], ['192.0.2.7', PROXY]);
    assert.deepEqual(X.map((name) => sent.all(name)), [['192.0.2.7'], ['https'], ['api.example']]);
    assert.equal(sent.get('Host'), own, 'Host stays as it was sent');
    assert.doesNotMatch(sent.head, /6\.6\.6\.6|10\.0\.0\.9|x-forwarded-port/i);
  });
  await t.test('is not asked of others', async () => {
    const { sent, line } = await through(gate, upstream, '127.0.0.1', ['X-Forwarded-For: 10.0.0.1, x', 'X-Forwarded-Proto: gopher', 'X-Forwarded-Host: evil.test', 'Forwarded: for="']);
    assert.deepEqual([line.peer, line.proxy], ['127.0.0.1', undefined]);
    assert.deepEqual(X.map((name) => sent.all(name)), [['127.0.0.1'], ['http'], [own]]);
  });
  await t.test('is nothing: then the proxy is the client', async () => {
    const { sent, line } = await through(gate, upstream, PROXY, []);
    assert.deepEqual([line.peer, line.proxy, sent.get('X-Forwarded-For')], [PROXY, undefined, PROXY]);
  });
  await t.test('is IPv6, with a zone, with a port, or nobody', async () => {
    for (const [said, peer, up] of [['[2001:DB8::7]:443', '2001:db8::7', '2001:db8::7'], ['fe80::1%eth0', 'fe80::1', 'fe80::1'], ['::ffff:192.0.2.8', '192.0.2.8', '192.0.2.8'], ['unknown', 'unknown', undefined], ['_hidden', '_hidden', undefined]]) {
      const { sent, line } = await through(gate, upstream, PROXY, [`X-Forwarded-For: 6.6.6.6, ${said}`]);
      assert.deepEqual([line.peer, sent.get('X-Forwarded-For')], [peer, up], said);
    }
  });
  await t.test('can be read, or is refused', async () => {
    for (const said of ['X-Forwarded-For: evil', 'X-Forwarded-For: 192.0.2.1,', 'X-Forwarded-For:', 'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 300.1.1.1', 'X-Forwarded-Proto: gopher', 'X-Forwarded-Host: a b', `X-Forwarded-For: 192.0.2.1${', 10.0.0.1'.repeat(100)}`]) {
      await expectRefusal(gate, await askFrom(PROXY, gate.port, { target: '/open/x', headers: [said] }), 'request_malformed');
    }
  });
  await t.test('may be a chain of 100', async () => {
    const { line } = await through(gate, upstream, PROXY, [`X-Forwarded-For: evil, 192.0.2.1${', 10.0.0.1'.repeat(99)}`]);
    assert.equal(line.peer, '192.0.2.1');
  });
  await t.test('is in the challenge and the metadata', async () => {
    const headers = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: api.example'];
    const refused = await askFrom(PROXY, gate.port, { target: '/api/x', headers });
    assert.match(refused.get('www-authenticate'), /resource_metadata="https:\/\/api\.example\/\.well-known\/oauth-protected-resource"/);
    const target = '/.well-known/oauth-protected-resource';
    assert.equal((await askFrom(PROXY, gate.port, { target, headers })).json().resource, 'https://api.example');
    assert.equal((await askFrom('127.0.0.1', gate.port, { target, headers })).json().resource, `http://${own}`);
    assert.deepEqual((await askFrom('127.0.0.1', gate.port, { target })).all('vary'), ['Host', 'X-Forwarded-Proto', 'X-Forwarded-Host'], 'a cache keeps them apart');
  });
  await t.test('is read anew for each request of a connection', async () => {
    const wire = await Wire.open(gate.port, { localAddress: PROXY });
    for (const address of ['192.0.2.1', '192.0.2.2', null]) {
      await wire.write(requestText(gate.port, { target: '/open/x', close: false, headers: address ? [`X-Forwarded-For: ${address}`] : [] }));
      const id = (await wire.answer()).get('x-request-id');
      const line = await gate.line((one) => one.request_id === id);
      assert.deepEqual([line.peer, line.proxy], address ? [address, PROXY] : [PROXY, undefined]);
    }
    wire.close();
  });
  await t.test('is what a reload makes of it', async () => {
    gate.write('postern.yaml', { ...gate.config, listen: { ...gate.config.listen, trusted_headers: ['Forwarded'] } });
    const done = await gate.admin('/reload', { method: 'POST' });
    assert.equal(done.status, 200, done.text);
    const { sent, line } = await through(gate, upstream, PROXY, ['Forwarded: for=6.6.6.6, for="[2001:db8::9]:1";proto=https;host="api.example:8443"', 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Host: evil.test']);
    assert.deepEqual([line.peer, line.proxy], ['2001:db8::9', PROXY]);
    assert.deepEqual(X.map((name) => sent.all(name)), [['2001:db8::9'], ['https'], ['api.example:8443']]);
    await expectRefusal(gate, await askFrom(PROXY, gate.port, { target: '/open/x', headers: ['Forwarded: for=6.6.6.6;x=", for=192.0.2.1'] }), 'request_malformed');
  });
});

test('lock-out counts by the client', async (t) => {
  const local = (gate) => ({ issuers: undefined, local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', lockout: { failures: 1, first: '60s' } } });
  const gate = await behind(t, null, ['X-Forwarded-For'], { config: local, policy: { ...POLICY, roles: { reader: { granted_to: [{ user: 'ann' }] } } } });
  const done = await run(['user', 'add', 'ann', '-c', gate.file], { input: 'a right password\n' });
  assert.equal(done.code, 0, done.stderr);
  const guess = (client) => askFrom(PROXY, gate.port, { target: '/api/x', headers: { Authorization: `Basic ${Buffer.from('ann:wrong').toString('base64')}`, 'X-Forwarded-For': client } });
  let last;
  for (let i = 0; i < 4 && last?.status !== 429; i++) last = await guess(`192.0.2.${i}, 192.0.2.77`);
  await expectRefusal(gate, last, 'locked_out');
  await gate.complains(/"event":"locked_out".*"peer":"192\.0\.2\.77"/);
  await expectRefusal(gate, await guess('192.0.2.78'), 'basic_wrong');
});

test('a role that depends on where the client is', async (t) => {
  const policy = {
    ...POLICY,
    roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read', peer: '192.0.2.0/24' }] }, office: { granted_to: [{ peer: '192.0.2.0/28' }] } },
    privileges: { api_priv: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] }, office_priv: { paths: ['/office'], roles: ['office'] } },
  };
  const upstream = await recordingUpstream(t);
  const gate = await behind(t, upstream, ['X-Forwarded-For'], { policy });
  await gate.hasKeys();
  const token = await sign(key);
  const from = (client, target = '/api/x', headers = { Authorization: `Bearer ${token}` }) => askFrom(PROXY, gate.port, { target, headers: { ...headers, 'X-Forwarded-For': client } });

  await t.test('is found anew wherever its token comes from', async () => {
    for (let i = 0; i < 2; i++) {
      for (const client of ['192.0.2.1', '192.0.2.200']) assert.equal((await from(client)).status, 200, client);
      for (const client of ['192.0.3.1', '2001:db8::1', 'unknown', '_192.0.2.1', PROXY, '192.0.2.1, 192.0.3.1']) await expectRefusal(gate, await from(client), 'privilege_missing');
    }
    await expectRefusal(gate, await askFrom('127.0.0.1', gate.port, { target: '/api/x', headers: { Authorization: `Bearer ${token}`, 'X-Forwarded-For': '192.0.2.1' } }), 'privilege_missing');
  });
  await t.test('makes no caller', async () => {
    await expectRefusal(gate, await from('192.0.2.1', '/office', {}), 'credentials_missing');
    assert.equal((await from('192.0.2.1', '/office')).status, 200);
    await expectRefusal(gate, await from('192.0.2.200', '/office'), 'privilege_missing');
  });
  await t.test('is explained', async () => {
    gate.write('claims.json', { scope: 'read' });
    const explain = (...more) => run(['explain', '-c', gate.file, '/api/x', '--claims', `${gate.dir}/claims.json`, '--issuer', 'idp', ...more]);
    assert.equal((await explain('--peer', '192.0.2.1')).code, 0);
    for (const [more, shown] of [[['--peer', '192.0.3.1'], /peer.*192\.0\.2\.0\/24.*192\.0\.3\.1/s], [['--peer', 'unix'], /unix/], [[], /192\.0\.2\.0\/24/]]) {
      const done = await explain(...more);
      assert.equal(done.code, 1, more.join(' '));
      assert.match(done.stdout, shown);
    }
    const wrong = await explain('--peer', 'localhost');
    assert.deepEqual([wrong.code, wrong.stderr], [2, 'postern: explain: --peer: must be an address, or the word unix\n']);
  });
  await t.test('is a case', async () => {
    const caller = { issuer: 'idp', claims: { scope: 'read' } };
    const tried = async (...cases) => {
      gate.write('cases.yaml', { cases: cases.map((one) => ({ caller, request: 'GET /api/x', ...one })) });
      return run(['test', '-c', gate.file, `${gate.dir}/cases.yaml`]);
    };
    const done = await tried({ peer: '192.0.2.1', expect: 'allow' }, { peer: '::ffff:192.0.2.1', expect: 'allow' }, { peer: '192.0.3.1', expect: 'privilege_missing' }, { expect: 'privilege_missing' }, { peer: '192.0.2.1', request: 'GET /office', expect: 'allow', role: 'office' }, { peer: '192.0.2.1', caller: 'anonymous', request: 'GET /office', expect: 'credentials_missing' });
    assert.equal(done.code, 0, done.stdout + done.stderr);
    const wrong = await tried({ peer: 'office', expect: 'allow' });
    assert.deepEqual([wrong.code, /\/cases\/0\/peer: must be an address, or the word unix/.test(wrong.stderr)], [2, true], wrong.stderr);
  });
});

const made = new Certificates();
made.make('proxy', { names: 'DNS:gate.example' });
const GATEWAYS = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg' };
for (const [name, file] of Object.entries(GATEWAYS)) test(`${name}, by its example`, { skip: await missing(name) }, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await behind(t, upstream, X, { more: { trusted_proxies: '127.0.0.1' } });
  const port = await freePort();
  const secure = { tls: { rejectUnauthorized: false } };
  const via = (from, headers = []) => askFrom(from, port, { target: '/open/x', headers }, secure);
  await startGateway(t, name, {
    example: 'behind-proxy', files: [file], more: { 'proxy.pem': made.text('proxy.pem') + made.text('proxy.key') },
    replace: { '127.0.0.1:8443': `127.0.0.1:${port}`, '127.0.0.1:8080': `127.0.0.1:${gate.port}` }, answers: () => via('127.0.0.1'),
  });

  await t.test('its client is the client, whatever that says', async () => {
    upstream.clear();
    const got = await via('127.0.0.9', ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: evil.test', 'Forwarded: for=6.6.6.6']);
    assert.equal(got.status, 200, got.text);
    const line = await gate.line((one) => one.request_id === got.get('x-request-id'));
    assert.deepEqual([line.peer, line.proxy], ['127.0.0.9', '127.0.0.1']);
    const [sent] = upstream.requests;
    assert.deepEqual(X.map((header) => sent.all(header)), [['127.0.0.9'], ['https'], [`127.0.0.1:${port}`]]);
    assert.doesNotMatch(sent.head, /6\.6\.6\.6|evil\.test/);
  });
  await t.test('the challenge names what clients can reach', async () => {
    const got = await askFrom('127.0.0.1', port, { target: '/api/x' }, secure);
    assert.match(got.get('www-authenticate'), new RegExp(`resource_metadata="https://127\\.0\\.0\\.1:${port}/`));
  });
});
