// SPDX-License-Identifier: Apache-2.0
// Where requests come in: ports of both families, Unix sockets, and sockets that systemd hands over,
// which refuse nobody while the gate is started anew.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { Wire } from './harness/raw.mjs';
import { without } from './harness/trouble.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually, pause } from './harness/wait.mjs';

const ACTIVATE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'fixtures/activate.py');
const POLICY = { public: ['/open/*'] };
const NO_IPV6 = Object.values(os.networkInterfaces()).flat().some((entry) => entry.address === '::1') ? false : 'this machine has no IPv6';
const NO_PYTHON = without('python3');

/** One request on a connection of its own, there: {path} or {host, port}. */
async function askAt(where, target = '/open/x') {
  const wire = await Wire.open(where.port, where);
  try {
    await wire.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    const got = await wire.answer();
    assert.ok(got, 'an answer');
    assert.ok(got.complete, 'all of it');
    return got;
  } finally {
    wire.close();
  }
}

const modeOf = (file) => fs.statSync(file).mode & 0o777;
const listenOn = (address, more = {}) => (gate) => ({ listen: { address: typeof address === 'function' ? address(gate) : address, ...more } });
const socketOf = (gate) => path.join(gate.dir, 'gate.sock');
const unixOf = (gate) => `unix:${socketOf(gate)}`;
const made = (t, options) => makeGate(t, { policy: POLICY, ...options });
const started = (t, options) => startGate(t, { policy: POLICY, ...options });

/** It does not start; what it says. */
async function fails(gate) {
  gate.spawn();
  const { code } = await gate.exit;
  assert.equal(code, 2, gate.stderr);
  return gate.stderr;
}

test('several addresses, of both families', { skip: NO_IPV6 }, async (t) => {
  const upstream = await recordingUpstream(t);
  const other = await freePort();
  const gate = await started(t, { upstream: upstream.url, config: listenOn((made_) => [`127.0.0.1:${made_.port}`, `[::1]:${other}`, unixOf(made_)]) });

  for (const [where, peer] of [[{ host: '127.0.0.1', port: gate.port }, '127.0.0.1'], [{ host: '::1', port: other }, '::1'], [{ path: socketOf(gate) }, 'unix']]) {
    const got = await askAt(where);
    assert.equal(got.status, 200);
    const line = await gate.line((entry) => entry.request_id === got.get('x-request-id'));
    assert.equal(line.peer, peer);
    // A peer without an address is not forwarded as one.
    assert.equal(upstream.requests.at(-1).get('x-forwarded-for'), peer === 'unix' ? undefined : peer);
  }
});

test('a Unix socket', async (t) => {
  const upstream = await recordingUpstream(t);

  await t.test('has the mode that is configured, and goes with the gate', async (inner) => {
    for (const [mode, want] of [[undefined, 0o660], ['0600', 0o600], ['666', 0o666]]) {
      const gate = await made(inner, { upstream: upstream.url, config: listenOn(unixOf, mode && { socket_mode: mode }) });
      gate.spawn();
      await gate.ready();
      assert.equal(modeOf(socketOf(gate)), want);
      assert.equal((await askAt({ path: socketOf(gate) })).status, 200);
      await gate.stop();
      assert.ok(!fs.existsSync(socketOf(gate)));
    }
  });

  await t.test('that a dead gate has left is replaced', async (inner) => {
    const gate = await made(inner, { upstream: upstream.url, config: listenOn(unixOf) });
    gate.spawn();
    await gate.ready();
    gate.signal('SIGKILL');
    await gate.exit;
    assert.ok(fs.statSync(socketOf(gate)).isSocket());
    gate.spawn();
    inner.after(() => gate.stop());
    await gate.ready();
    assert.equal((await askAt({ path: socketOf(gate) })).status, 200);
  });

  await t.test('that somebody listens on is left to them', async (inner) => {
    const gate = await made(inner, { config: listenOn(unixOf) });
    const theirs = net.createServer((socket) => socket.on('error', () => {}).end('theirs'));
    await new Promise((resolve) => { theirs.listen(socketOf(gate), resolve); });
    inner.after(() => theirs.close());
    assert.match(await fails(gate), new RegExp(`listen: cannot listen on ${unixOf(gate)}: another process listens there`));
    const wire = await Wire.open(0, { path: socketOf(gate) });
    assert.equal((await wire.bytes(6)).toString(), 'theirs');
    wire.close();
  });

  await t.test('whose place another file has is a mistake, and the file stays', async (inner) => {
    const gate = await made(inner, { config: listenOn(unixOf) });
    fs.writeFileSync(socketOf(gate), 'precious');
    const checked = await run(['check', '-c', gate.file]);
    assert.equal(checked.code, 1);
    assert.match(checked.stderr, /postern\.yaml:\d+:\d+: \/listen\/address: \S*gate\.sock: there is a file that is no socket/);
    assert.match(await fails(gate), /there is a file that is no socket/);
    assert.equal(fs.readFileSync(socketOf(gate), 'utf8'), 'precious');
  });

  await t.test('of the admin listener is for its own user, and health asks there', async (inner) => {
    const gate = await made(inner, { config: (self) => ({ admin: { address: unixOf(self) } }) });
    gate.spawn();
    inner.after(() => gate.stop());
    await eventually(async () => (await run(['health', '-c', gate.file])).code === 0, 'a gate that is healthy');
    assert.equal(modeOf(socketOf(gate)), 0o600);
    assert.equal((await run(['health', '--address', unixOf(gate)])).code, 0);
    const none = await run(['health', '--address', `unix:${gate.dir}/none`]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /unix:.*none: No such file/);
  });

  await t.test('takes a client that leaves as gone', async (inner) => {
    const held = await recordingUpstream(inner, () => undefined);
    const gate = await started(inner, { upstream: held.url, config: listenOn(unixOf) });
    const wire = await Wire.open(0, { path: socketOf(gate) });
    await wire.write('GET /open/gone HTTP/1.1\r\nHost: h\r\n\r\n');
    await held.until(1);
    wire.close();
    assert.equal((await gate.line((line) => line.path === '/open/gone')).reason, 'client_gone');
  });
});

test('what check says of addresses', async (t) => {
  const gate = await made(t, {});
  const said = async (listen) => {
    gate.write('postern.yaml', { ...gate.config, listen: { ...gate.config.listen, engine: 'events', ...listen } });
    const { code, stderr } = await run(['check', '-c', gate.file]);
    return { code, stderr };
  };

  for (const [name, listen, pattern] of [
    ['a relative path', { address: 'unix:gate.sock' }, /must be the absolute path of a file: unix:\/PATH/],
    ['a path that is too long', { address: `unix:/tmp/${'x'.repeat(110)}` }, /at most 107 bytes/],
    ['a folder that is not there', { address: 'unix:/nowhere/gate.sock' }, /\/nowhere\/gate\.sock: there is no such folder/],
    ['one path twice', { address: ['unix:/tmp/postern-a', 'unix:/tmp/postern-a'] }, /already used/],
    ['a name that none can be', { address: 'systemd:a:b' }, /must be systemd:NAME/],
    ['a mode that is none', { socket_mode: '0888' }, /\/listen\/socket_mode: must be a mode in octal digits, such as "0660"/],
    ['a mode with letters', { socket_mode: 'rw-rw----' }, /must be a mode in octal digits/],
    ['a Unix socket of the other engine', { address: 'unix:/tmp/postern-a', engine: 'civetweb' }, /the CivetWeb of this machine has no Unix sockets; "engine": events has/],
    ['activation with the other engine', { address: 'systemd:web', engine: 'civetweb' }, /has no sockets that systemd hands over; "engine": events has/],
  ]) {
    await t.test(name, async () => {
      const { code, stderr } = await said(listen);
      assert.equal(code, 1, stderr);
      assert.match(stderr, pattern);
      assert.match(stderr, /postern\.yaml:\d+:\d+: \/listen\//);
    });
  }

  await t.test('and nothing of good ones', async () => {
    for (const address of ['unix:/tmp/postern-a', 'systemd:web', ['systemd:web', 'unix:/tmp/postern-a']]) {
      const { code, stderr } = await said({ address });
      assert.equal(code, 0, stderr);
    }
  });
});

/** A gate with these sockets, {name: [address]}, as systemd starts it. */
function activated(gate, sockets) {
  const specs = Object.entries(sockets).flatMap(([name, all]) => all.map((address) => `${name}=${address}`));
  gate.spawn({}, ['python3', ACTIVATE, ...specs, '--']);
}

const readies = (gate) => (gate.stderr.match(/is ready/g) ?? []).length;

/** Start it anew; `count` is how often it was ready then. */
async function restart(gate, count) {
  gate.signal('SIGUSR1');
  await eventually(() => {
    gate.assertAlive();
    return readies(gate) === count;
  }, 'the next process');
}

test('sockets that systemd hands over', { skip: NO_PYTHON }, async (t) => {
  const upstream = await recordingUpstream(t);

  await t.test('all of one name are served, and the admin listener by another', async (inner) => {
    const both = await freePort();
    const gate = await made(inner, { upstream: upstream.url, config: { listen: { address: 'systemd:web' }, admin: { address: 'systemd:admin' } } });
    const web = [`127.0.0.1:${gate.port}`, `unix:${socketOf(gate)}`, ...(NO_IPV6 ? [] : [`[::]:${both}`])];
    activated(gate, { web, spare: [`127.0.0.1:${await freePort()}`], admin: [`127.0.0.1:${gate.adminPort}`] });
    inner.after(() => gate.stop());
    await gate.ready();
    await gate.complains(/systemd hands over a socket \\"spare\\" that no address names/);
    assert.doesNotMatch(gate.stderr, /hands over a socket \\"(web|admin)/);
    assert.equal((await askAt({ port: gate.port })).status, 200);
    assert.equal((await askAt({ path: socketOf(gate) })).status, 200);
    const asked = await run(['health', '-c', gate.file]);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /"systemd:admin" is known to systemd only: say --address/);
    if (NO_IPV6) return;
    // Whoever comes by IPv4 to a socket of both is the same peer.
    const got = await askAt({ port: both });
    assert.equal((await gate.line((entry) => entry.request_id === got.get('x-request-id'))).peer, '127.0.0.1');
  });

  await t.test('that are not there, or are none, end the start', async (inner) => {
    const gate = await made(inner, { config: listenOn('systemd:web') });
    assert.match(await fails(gate), /listen: cannot listen on systemd:web: no socket of that name was handed over/);
    gate.stderr = '';
    activated(gate, { other: [`127.0.0.1:${gate.port}`] });
    assert.equal((await gate.exit).code, 2);
    assert.match(gate.stderr, /no socket of that name was handed over/);
  });

  await t.test('a file of systemd\'s stays', async (inner) => {
    const gate = await made(inner, { upstream: upstream.url, config: listenOn('systemd:web') });
    activated(gate, { web: [unixOf(gate)] });
    await gate.ready();
    await gate.stop();
    assert.ok(fs.existsSync(socketOf(gate)));
  });
});

test('a restart of a gate with sockets of systemd', { skip: NO_PYTHON }, async (t) => {
  await t.test('lets the last requests end, and whoever comes meanwhile is served by the next process', async (inner) => {
    const holding = await recordingUpstream(inner, (request) => (request.target === '/open/held' ? undefined : answer(200, 'next')));
    // Nothing ends by itself while the test looks.
    const limits = { header_timeout: '10m', upstream_timeout: '10m' };
    const gate = await made(inner, { upstream: holding.url, config: { listen: { address: 'systemd:web' }, limits } });
    activated(gate, { web: [`127.0.0.1:${gate.port}`] });
    inner.after(() => gate.stop());
    await gate.ready();

    const held = askAt({ port: gate.port }, '/open/held');
    await holding.until(1);
    // It has sent nothing, and holds up nobody for long.
    const silent = await Wire.open(gate.port);
    gate.signal('SIGUSR1');
    assert.ok(await silent.isClosed());
    const next = await Wire.open(gate.port);
    await next.write('GET /open/next HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal(holding.requests.length, 1, 'the next request waits for the next process');
    holding.connections[0].socket.write(answer(200, 'held'));
    assert.equal((await held).text, 'held');
    assert.equal((await next.answer()).text, 'next');
    next.close();
    await eventually(() => readies(gate) === 2, 'the next process');
  });

  await t.test('waits for a request that has begun', async (inner) => {
    const gate = await made(inner, { upstream: (await recordingUpstream(inner)).url, config: { listen: { address: 'systemd:web' }, limits: { header_timeout: '10m', upstream_timeout: '10m' } } });
    activated(gate, { web: [`127.0.0.1:${gate.port}`] });
    inner.after(() => gate.stop());
    await gate.ready();

    const [begun, silent] = [await Wire.open(gate.port), await Wire.open(gate.port)];
    await begun.write('GET /open/x HTTP/1.1\r\n');
    await gate.counts('postern_connections', 2);
    gate.signal('SIGUSR1');
    // Nothing else is under way by now.
    assert.ok(await silent.isClosed());
    await begun.write('Host: h\r\n\r\n');
    const got = await begun.answer();
    assert.equal(got?.status, 200);
    assert.equal(got.get('connection'), 'close');
    await eventually(() => readies(gate) === 2, 'the next process');
  });

  await t.test('refuses and cuts nobody', async (inner) => {
    const slow = await recordingUpstream(inner, async () => {
      await pause(10);
      return answer(200, 'whole');
    });
    const gate = await made(inner, { upstream: slow.url, config: listenOn('systemd:web') });
    activated(gate, { web: [`127.0.0.1:${gate.port}`] });
    inner.after(() => gate.stop());
    await gate.ready();

    const done = Array(8).fill(0);
    let over = false;
    const clients = done.map(async (_, i) => {
      for (; !over; done[i]++) {
        const got = await askAt({ port: gate.port });
        assert.deepEqual([got.status, got.text], [200, 'whole']);
      }
    });
    const failed = Promise.all(clients);
    failed.catch(() => {});
    const more = async () => {
      const before = [...done];
      await Promise.race([failed, eventually(() => done.every((count, i) => count > before[i] + 2), 'more answers for each')]);
    };
    for (let count = 2; count <= 5; count++) {
      await more();
      await restart(gate, count);
    }
    await more();
    over = true;
    await failed;
  });
});
