// SPDX-License-Identifier: Apache-2.0
// Upstreams whose names are slow, move, or lead to addresses where nobody is.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import test from 'node:test';
import { gateWithNames, nameServer, QUESTIONS, unableToName } from './harness/dns.mjs';
import { freePort } from './harness/ports.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const skip = unableToName();
const options = (port, limits = {}) => ({
  files: { 'keys.json': keySet(makeKey('RS256')) },
  config: { issuers: fileIssuer(), limits: { upstream_timeout: '20s', ...limits } },
  upstream: `http://api.moving.test:${port}`,
});

/** An upstream on an address that says which one it is, and keeps its connections. */
async function standing(t, address, port) {
  const server = http.createServer({ keepAliveTimeout: 600000 }, (request, response) => response.end(address));
  server.open = 0;
  server.on('connection', (socket) => {
    server.open++;
    socket.on('close', () => server.open--);
  });
  server.listen(port, address);
  await once(server, 'listening');
  server.end = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(() => server.end());
  return server;
}

/** An address that takes no connection and refuses none: its backlog is full. */
async function silent(t, address, port) {
  const script = `use IO::Socket::INET; my ($h, $p) = @ARGV; my $s = IO::Socket::INET->new(LocalAddr => $h, LocalPort => $p, Listen => 1, ReuseAddr => 1) or die;
    my @c; for (1..8) { my $c = IO::Socket::INET->new(PeerAddr => $h, PeerPort => $p, Blocking => 0); push @c, $c if $c; } $| = 1; print "full\\n"; sleep 600;`;
  const child = spawn('perl', ['-e', script, address, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  t.after(() => child.kill('SIGKILL'));
}

const metric = async (gate, pattern) => Number((new RegExp(`^${pattern} (\\d+)$`, 'm').exec((await gate.admin('/metrics')).text) ?? [])[1]);

test('a slow name server', { skip }, async (t) => {
  const port = await freePort();
  await standing(t, '127.0.0.2', port);
  const names = await nameServer(t, ['127.0.0.2']);
  names.hold = true;
  // One loop: each keeps connections of its own.
  const { config, ...rest } = options(port);
  const gate = await gateWithNames(t, names, { ...rest, config: (made) => ({ ...config, listen: { address: `127.0.0.1:${made.port}`, threads: 1 } }) });

  await t.test('the first request waits for the first answer', async () => {
    const asked = gate.ask({ target: '/open/x' });
    await eventually(() => names.asked > 0, 'a question');
    // Later requests that need no upstream are answered meanwhile: the first one is waiting.
    for (let i = 0; i < 5; i++) assert.equal((await gate.ask({ target: '/none' })).status, 403);
    names.release();
    const got = await asked;
    assert.deepEqual([got.status, got.text], [200, '127.0.0.2']);
  });

  await t.test('a reload keeps the addresses, and the connections', async () => {
    names.hold = true;
    for (let i = 0; i < 3; i++) {
      gate.signal('SIGHUP');
      await eventually(() => (gate.stderr.match(/was reloaded/g) ?? []).length > i, 'the reload');
      assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
    }
    assert.equal(await metric(gate, 'postern_upstream_connects_total\\{.*kind="new"\\}'), 1);
  });
});

test('a name server that never answers holds neither a reload nor SIGTERM', { skip }, async (t) => {
  const names = await nameServer(t, []);
  names.hold = true;
  const gate = await gateWithNames(t, names, options(9, { upstream_timeout: '1s' }));
  await eventually(() => names.asked > 0, 'a question');
  // Another name: the world of the first goes while its question is open.
  gate.write('postern.yaml', { ...gate.config, upstream: 'http://other.moving.test:9' });
  gate.signal('SIGHUP');
  await gate.complains(/was reloaded/);
  await expectRefusal(gate, await gate.ask({ target: '/open/x' }), 'upstream_unreachable');
  assert.ok((await metric(gate, 'postern_upstream_failures_total\\{.*kind="dns"\\}')) > 0);
  await gate.stop();
  for (const [name, count] of Object.entries(names.of)) assert.ok(count < QUESTIONS, `the resolver has not given up ${name}`);
});

test('a name server that never answers for a database holds neither a reload nor SIGTERM', { skip }, async (t) => {
  const names = await nameServer(t, []);
  names.hold = true;
  const gate = await gateWithNames(t, names, options(9));
  const local = (database) => ({ ...gate.config, local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', database } });
  gate.write('postern.yaml', local('postgresql://u@one.moving.test,two.moving.test/x'));
  gate.signal('SIGHUP');
  await gate.complains(/one\.moving\.test: no answer from a name server in time; the old configuration stays/);
  assert.equal((await gate.ask({ target: '/none' })).status, 403);
  const asked = names.asked;
  gate.write('postern.yaml', local('postgresql://u@three.moving.test/x'));
  gate.signal('SIGHUP');
  await eventually(() => names.asked > asked, 'a question');
  await gate.stop();
  for (const [name, count] of Object.entries(names.of)) assert.ok(count < QUESTIONS, `the resolver has not given up ${name}`);
});

test('a name server that never answers for an issuer\'s keys holds neither a start, a reload nor SIGTERM', { skip }, async (t) => {
  const port = await freePort();
  await standing(t, '127.0.0.2', port);
  const names = await nameServer(t, []);
  names.hold = true;
  const issuerAt = (name) => ({ idp: { issuer: 'https://idp.test/tenant', audience: ['api://default'], jwks_uri: `https://${name}.moving.test:9/keys` } });
  const { config, ...rest } = options(port);
  const gate = await gateWithNames(t, names, { ...rest, config: { ...config, issuers: issuerAt('one') }, upstream: `http://127.0.0.2:${port}` });
  await eventually(() => names.asked > 0, 'a question');
  const serves = async () => {
    assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
    await expectRefusal(gate, await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${await sign(makeKey('RS256'))}` } }), 'keys_unavailable');
  };
  await serves();
  for (const name of ['two', 'three']) {
    const { asked } = names;
    gate.write('postern.yaml', { ...gate.config, issuers: issuerAt(name) });
    const reloaded = await gate.admin('/reload', { method: 'POST' });
    assert.equal(reloaded.status, 200, reloaded.text);
    await eventually(() => names.asked > asked, 'a question for the new name');
    await serves();
  }
  await gate.stop();
  for (const [name, count] of Object.entries(names.of)) assert.ok(count < QUESTIONS, `the resolver has not given up ${name}`);
});

test('no such name is said at once', { skip }, async (t) => {
  const names = await nameServer(t, []);
  names.code = 3;
  const gate = await gateWithNames(t, names, options(9, { upstream_timeout: '1h' }));
  await expectRefusal(gate, await gate.ask({ target: '/open/x' }), 'upstream_unreachable');
});

test('a name that moves', { skip }, async (t) => {
  const port = await freePort();
  const old = await standing(t, '127.0.0.2', port);
  const next = await standing(t, '127.0.0.3', port);
  const names = await nameServer(t, ['127.0.0.2']);
  const gate = await gateWithNames(t, names, options(port));
  const from = async () => (await gate.ask({ target: '/open/x' })).text;

  await t.test('takes its kept connections along', async () => {
    assert.equal(await from(), '127.0.0.2');
    names.addresses = ['127.0.0.3'];
    await eventually(async () => (await from()) === '127.0.0.3', 'the new address');
    await eventually(() => old.open === 0, 'the end of the connections to the old one');
  });

  await t.test('is resolved again at once when nobody is there', async () => {
    next.end();
    names.addresses = ['127.0.0.2'];
    const got = await gate.ask({ target: '/open/x' });
    assert.deepEqual([got.status, got.text], [200, '127.0.0.2']);
  });
});

test('several addresses', { skip }, async (t) => {
  const port = await freePort();
  await silent(t, '127.0.0.4', port);
  await standing(t, '127.0.0.2', port);
  const names = await nameServer(t, ['127.0.0.4', '127.0.0.5', '127.0.0.2']);
  const gate = await gateWithNames(t, names, options(port));

  await t.test('one that is silent and one that refuses cost no request', async () => {
    const got = await gate.ask({ target: '/open/x' });
    assert.deepEqual([got.status, got.text], [200, '127.0.0.2']);
  });

  await t.test('one that is silent is left when the name has another', async () => {
    names.addresses = ['127.0.0.4'];
    await eventually(async () => (await metric(gate, 'postern_upstream_connections\\{.*state="idle"\\}')) === 0, 'the kept ones gone');
    const asked = gate.ask({ target: '/open/x' });
    names.addresses = ['127.0.0.2'];
    assert.equal((await asked).text, '127.0.0.2');
  });
});
