// SPDX-License-Identifier: Apache-2.0
// `upstream` as a map: path, host, timeout, private authorities and client certificates.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { Certificates } from './harness/certificates.mjs';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

/** A module for everything, with that upstream. */
const policyOf = (upstream, paths = ['/*']) => ({ modules: { all: { paths, upstream } }, public: paths });

test('the path of the URL goes in front, and Host is what it is to be', async (t) => {
  const upstream = await recordingUpstream(t);
  const own = `127.0.0.1:${upstream.port}`;
  const gate = await startGate(t, {
    upstream: { url: `${upstream.url}/v2/`, host: 'upstream' },
    policy: {
      modules: {
        kept: { paths: ['/kept/*'], upstream: { url: `${upstream.url}/a/b` } },
        named: { paths: ['/named/*'], upstream: { url: upstream.url, host: 'crm.example:8443' } },
        plain: { paths: ['/plain/*'], upstream: `${upstream.url}/plainly` },
      },
      public: ['/*'],
    },
  });
  const client = `127.0.0.1:${gate.port}`;
  const cases = [
    ['/x?a=/../b', '/v2/x?a=/../b', own],
    ['/', '/v2/', own],
    ['/kept/%61', '/a/b/kept/a', client],
    ['/named/1', '/named/1', 'crm.example:8443'],
    ['/plain', '/plainly/plain', client],
  ];
  for (const [target, forwarded, host] of cases) await t.test(target, async () => {
    assert.equal((await gate.ask({ target })).status, 200);
    const seen = upstream.requests.at(-1);
    assert.equal(seen.target, forwarded);
    assert.deepEqual(seen.all('host'), [host]);
    assert.deepEqual(seen.all('x-forwarded-host'), [client]);
  });
  await t.test('nobody leaves the path', async () => {
    upstream.clear();
    for (const target of ['/../x', '/%2e%2e/x', '/kept/..%2fx', '/a//b']) await expectRefusal(gate, await gate.ask({ target }), 'path_ambiguous');
    assert.equal(upstream.bytes(), '');
  });
  await t.test('one address is one row of the metrics, whatever its path', async () => {
    const { text } = await gate.admin('/metrics');
    assert.deepEqual([...new Set(text.match(/upstream="[^"]*"/g))], [`upstream="${upstream.url}"`]);
  });
});

test('a timeout of its own', async (t) => {
  const silent = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const gate = await startGate(t, { policy: policyOf({ url: `http://127.0.0.1:${silent.address().port}`, timeout: '200ms' }) });
  await expectRefusal(gate, await gate.ask({ target: '/x' }), 'upstream_timeout');
});

test('a private authority and a client certificate', async (t) => {
  const made = new Certificates().make('ca').make('other-ca').make('api', { by: 'ca', names: 'DNS:crm.internal' })
    .make('gate', { by: 'ca', subject: '/CN=the gate' }).make('stranger', { by: 'other-ca' });
  const seen = [];
  const server = https.createServer({ ...made.identity('api'), ca: made.text('ca.pem'), requestCert: true, rejectUnauthorized: true }, (request, response) => {
    seen.push(request.socket.getPeerCertificate().subject.CN);
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections?.(); server.close(); });
  const url = `https://127.0.0.1:${server.address().port}`;
  const file = (name) => ({ file: made.path(name) });
  const whole = { ca_file: made.path('ca.pem'), certificate: file('gate.pem'), key: file('gate.key'), server_name: 'crm.internal' };
  const ways = {
    good: whole,
    by_env: { ...whole, certificate: { env: 'GATE_PEM' }, key: { env: 'GATE_KEY' } },
    unknown_authority: { ...whole, ca_file: undefined },
    another_authority: { ...whole, ca_file: made.path('other-ca.pem') },
    another_name: { ...whole, server_name: 'other.internal' },
    address_as_name: { ...whole, server_name: undefined },
    nothing_shown: { ...whole, certificate: undefined, key: undefined },
    stranger_shown: { ...whole, certificate: file('stranger.pem'), key: file('stranger.key') },
  };
  const names = Object.keys(ways);
  const gate = await startGate(t, {
    policy: { modules: Object.fromEntries(names.map((name) => [name, { paths: [`/${name}`], upstream: { url, tls: ways[name] } }])), public: names.map((name) => `/${name}`) },
    env: { GATE_PEM: made.text('gate.pem'), GATE_KEY: made.text('gate.key') },
  });
  for (const name of names) await t.test(name, async () => {
    const got = await gate.ask({ target: `/${name}` });
    if (name === 'good' || name === 'by_env') assert.equal(got.status, 200);
    else assert.ok(got.status === 502, `${got.status}`);
  });
  assert.deepEqual(seen, ['the gate', 'the gate']);
  await t.test('the metrics tell them apart', async () => {
    const { text } = await gate.admin('/metrics');
    const labels = [...new Set(text.match(/upstream="https:[^"]*"/g))];
    assert.ok(labels.length > 5, labels.join());
    const lines = text.split('\n').filter((line) => line.startsWith('postern_upstream')).map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(lines).size, lines.length, 'no series twice');
  });
  await t.test('a certificate that is renewed is taken at a reload', async () => {
    seen.length = 0;
    made.make('gate', { by: 'ca', subject: '/CN=renewed' });
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal((await gate.ask({ target: '/good' })).status, 200);
    assert.deepEqual(seen, ['renewed']);
  });
});

test('mistakes', async (t) => {
  const made = new Certificates().make('ca').make('one').make('two');
  fs.writeFileSync(made.path('empty'), '');
  const file = (name) => ({ file: made.path(name) });
  const url = 'https://a.example';
  const cases = [
    [{}, /"url" is missing/],
    [[url], /must be a URL, or a map with "url"/],
    [{ url, hosts: 'a' }, /hosts/],
    [{ url: 'ftp://a' }, /must start with/],
    [{ url: `${url}/a/../b` }, /\/upstream\/url: its path is ambiguous/],
    [{ url: `${url}/%61` }, /its path must be canonical: write "\/a"/],
    [{ url: `${url}/a;b` }, /its path is ambiguous/],
    [{ url: `${url}/a?b` }, /must not have a query/],
    [{ url: 'http://u:p@a.example/x' }, /must not contain a user or a password/],
    [{ url, host: 'a b' }, /must be keep, upstream, HOST or HOST:PORT/],
    [{ url, host: 'a/b' }, /must be keep, upstream, HOST or HOST:PORT/],
    [{ url, timeout: '1ms' }, /timeout/],
    [{ url: 'http://a.example', tls: {} }, /is for an https:\/\/ URL/],
    [{ url, tls: { certificate: file('one.pem') } }, /are given together, or neither/],
    [{ url, tls: { certificate: made.path('one.pem'), key: file('one.key') } }, /must be \{file: PATH\} or \{env: NAME\}/],
    [{ url, tls: { certificate: file('one.pem'), key: file('two.key') } }, /\/upstream\/tls\/key/],
    [{ url, tls: { certificate: file('empty'), key: file('two.key') } }, /\/upstream\/tls\/certificate/],
    [{ url, tls: { ca_file: made.path('none.pem') } }, /\/upstream\/tls\/ca_file/],
    [{ url, tls: { ca_file: made.path('empty') } }, /\/upstream\/tls\/ca_file/],
    [{ url, tls: { ca_file: made.path('one.key') } }, /\/upstream\/tls\/ca_file/],
    [{ url, tls: { server_name: 'a:1' } }, /must be a host's name/],
  ];
  for (const [upstream, complaint] of cases) await t.test(JSON.stringify(upstream).replaceAll(made.dir, ''), async (inner) => {
    for (const options of [{ upstream, policy: { public: ['/*'] } }, { policy: policyOf(upstream) }]) {
      const gate = await makeGate(inner, options);
      const { code, stdout, stderr } = await run(['check', '-c', gate.file]);
      assert.equal(code, 1);
      assert.match(stdout + stderr, complaint);
      assert.ok(!(stdout + stderr).includes('BEGIN'), 'no key is shown');
    }
  });
  await t.test('what needs files is left out offline', async (inner) => {
    const gate = await makeGate(inner, { policy: policyOf({ url, tls: { ca_file: '/none/ca.pem', certificate: { env: 'NONE' }, key: { file: '/none/key' } } }) });
    const { code, stdout, stderr } = await run(['check', '--offline', '-c', gate.file]);
    assert.equal(code, 0, stdout + stderr);
    for (const left of ['/none/ca.pem', 'NONE', '/none/key']) assert.ok((stdout + stderr).includes(left), left);
  });
});
