// SPDX-License-Identifier: Apache-2.0
// More clients than there are places, and clients that are slow: with the engine `events` they cost
// only themselves.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { atOnce, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { ask, Wire } from './harness/raw.mjs';
import { assertRefusal } from './harness/refusal.mjs';
import { b64, claims, fileIssuer } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = { public: ['/open/*'] };
const OPEN = 'GET /open/x HTTP/1.1\r\nHost: h\r\n\r\n';
const SLOW = 'GET /open/slow HTTP/1.1\r\nHost: h\r\n\r\n';
/** The start of a head. */
const PART = 'GET /open/part HTTP/1.1\r\n';

/** No connection ends by itself while a test looks at it. */
const PATIENT = { header_timeout: '3m', idle_timeout: '3m', body_timeout: '3m', write_timeout: '3m', upstream_timeout: '3m' };

const config = (limits, listen = {}) => (gate) => ({
  listen: { address: `127.0.0.1:${gate.port}`, engine: 'events', threads: 1, ...listen },
  limits: { ...PATIENT, ...limits },
});

/** An upstream that says nothing to /open/slow until it may. */
async function holdingUpstream(t) {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const upstream = await recordingUpstream(t, async (request) => {
    if (request.target === '/open/slow') await held;
    return answer(200, request.target);
  });
  return Object.assign(upstream, { release });
}

/** So many connections, each of which has said that. */
const connect = (port, count, bytes) => Promise.all(Array.from({ length: count }, async () => {
  const wire = await Wire.open(port);
  await wire.write(bytes);
  return wire;
}));

/** Refused at once, and told when to come again. */
async function assertOverloaded(got) {
  assertRefusal(got, 'overloaded');
  assert.ok(Number(got.get('retry-after')) > 0);
}

test('more clients than places', async (t) => {
  const upstream = await holdingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({ connections: 4 }) });
  // Each asks twice: the second request is one of an old connection while there are too many.
  const old = await connect(gate.port, 4, SLOW + OPEN);
  await upstream.until(4);

  await t.test('each new one is refused at once', async () => {
    for (let i = 0; i < 20; i++) await assertOverloaded(await gate.ask({ target: '/open/x' }));
    const many = await connect(gate.port, 200, OPEN);
    for (const wire of many) {
      await assertOverloaded(await wire.answer());
      assert.ok(await wire.isClosed());
    }
  });

  await t.test('one that says nothing is closed soon', async () => {
    const [silent, slow] = [...await connect(gate.port, 1, ''), ...await connect(gate.port, 1, PART)];
    assert.ok(await silent.isClosed());
    assertRefusal(await slow.answer(), 'request_timeout');
  });

  await t.test('of many that say nothing the oldest makes room, and who asks is answered', async () => {
    const silent = await connect(gate.port, 300, PART);
    await assertOverloaded(await gate.ask({ target: '/open/x' }));
    assert.ok(await silent[0].isClosed());
    for (const wire of silent) wire.close();
  });

  await t.test('the old ones are served, also with one without a place beside them', async () => {
    const surplus = await connect(gate.port, 1, PART);
    upstream.release();
    for (const wire of old) {
      assert.equal((await wire.answer()).text, '/open/slow');
      assert.equal((await wire.answer()).text, '/open/x');
    }
    surplus[0].close();
  });

  await t.test('one that came without a place is served on one that has become free', async () => {
    for (const wire of old) assert.equal(wire.socket.destroyed, false);
    // Four that are idle: they make room.
    for (const wire of await connect(gate.port, 4, OPEN)) assert.equal((await wire.answer()).status, 200);
    for (const wire of old) assert.ok(await wire.isClosed());
  });
});

test('whoever takes long to send a head makes room', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({ connections: 20 }) });
  const slow = await connect(gate.port, 20, PART);
  let got;

  do got = await gate.ask({ target: '/open/x' }); while (got.status === 503);
  assert.equal(got.status, 200);
  assert.ok(slow.some((wire) => wire.socket.destroyed));
  const left = slow.filter((wire) => !wire.socket.destroyed);
  assert.ok(left.length > 0, 'not all of them');
  for (const wire of left) {
    await wire.write('Host: h\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    wire.close();
  }
});

test('connections to one address make no room for those to another', async (t) => {
  const second = await freePort();
  const upstream = await holdingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, policy: POLICY,
    config: (made) => config({ connections: 2 }, { address: [`127.0.0.1:${made.port}`, `127.0.0.1:${second}`] })(made),
  });
  const idle = await connect(gate.port, 2, OPEN);
  for (const wire of idle) assert.equal((await wire.answer()).status, 200);
  const before = upstream.requests.length;
  const busy = await connect(second, 2, SLOW);
  await upstream.until(before + 2);

  await assertOverloaded(await ask(second, { target: '/open/x' }));
  for (const wire of idle) {
    await wire.write(OPEN);
    assert.equal((await wire.answer()).status, 200);
    wire.close();
  }
  upstream.release();
  for (const wire of busy) assert.equal((await wire.answer()).status, 200);
});

test('the metrics say what the connections do', async (t) => {
  const second = await freePort();
  const upstream = await holdingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, policy: POLICY,
    config: (made) => config({ connections: 4 }, { address: [`127.0.0.1:${made.port}`, `127.0.0.1:${second}`] })(made),
  });
  const counted = async (states) => {
    for (const [state, count] of Object.entries(states)) await gate.counts(`postern_connection_states{state="${state}"}`, count);
  };
  const fibers = async (count) => gate.counts('postern_fibers{state="running"}', count);
  await fibers(0);
  const wires = [...await connect(gate.port, 3, SLOW), ...await connect(gate.port, 1, PART), ...await connect(second, 1, OPEN)];
  await wires[4].answer();
  await upstream.until(4);

  await counted({ serving: 3, reading: 1, idle: 1, surplus: 0, lingering: 0 });
  await gate.counts('postern_connections', 5);
  await fibers(3);
  upstream.release();
  await counted({ serving: 0, reading: 1, idle: 4 });
  await fibers(0);
  assert.ok(await gate.metric('postern_fibers{state="kept"}') >= 2);
  assert.ok(await gate.metric('postern_loop_lag_seconds_count') > 5);

  const manual = fs.readFileSync(new URL('../../docs/manual.md', import.meta.url), 'utf8');
  const names = [...(await gate.admin('/metrics')).text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.ok(names.length > 15);
  for (const name of names) assert.ok(manual.includes(`| \`${name}\` |`), `${name} is in the manual`);

  for (const wire of wires) wire.close();
  await counted({ serving: 0, reading: 0, idle: 0 });
  await gate.counts('postern_connections', 0);
});

/** As many as the system lets wait to be accepted, and some. */
const BACKLOG = Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
const tooMany = BACKLOG > 4096 || Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' })) < BACKLOG + 1000;

test('connections that the system drops are counted', { skip: tooMany && 'more connections than a process may have here' }, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({}) });
  const sockets = [];

  assert.equal(await gate.metric('postern_accept_drops_total'), 0);
  gate.signal('SIGSTOP');
  try {
    while (sockets.length < BACKLOG + 100) sockets.push(net.connect({ port: gate.port, host: '127.0.0.1' }).on('error', () => {}));
    await eventually(() => sockets.filter((socket) => !socket.connecting).length > BACKLOG, 'a full queue');
  } finally {
    gate.signal('SIGCONT');
  }
  await eventually(async () => await gate.metric('postern_accept_drops_total') > 0, 'a drop');
  for (const socket of sockets) socket.destroy();
  await eventually(async () => (await gate.ask({ target: '/open/x' })).status === 200, 'an answer');
});

/** Memory in use, in kB. */
const memory = (gate) => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${gate.child.pid}/status`, 'utf8'))[1]);

// The bound leaves room for what a sanitizer adds: without one it is 0.5 kB.
test('an idle connection that was served keeps neither a buffer nor a stack', async (t) => {
  const COUNT = 2000;
  const upstream = await recordingUpstream(t);
  // Memory that is freed goes back to the system, so that it can be told from what is kept.
  const env = { ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=100' };
  const gate = await startGate(t, { env, upstream: upstream.url, policy: POLICY, config: config({ connections: COUNT + 10, header_bytes: '64k' }) });
  const serve = async (count) => {
    const wires = await connect(gate.port, count, OPEN);
    for (const wire of wires) assert.equal((await wire.answer()).status, 200);
    return wires;
  };
  // What is used once, or is kept for the next burst.
  const first = await serve(50);
  const before = memory(gate);
  const wires = [];
  while (wires.length < COUNT) wires.push(...await serve(50));

  const each = () => (memory(gate) - before) / COUNT;
	await eventually(() => each() < 2, 'less than 2 kB for each');
  for (const wire of [...first, ...wires]) wire.close();
});

test('1 000 slow heads, 1 000 slow bodies and slow readers cost only themselves', async (t) => {
  const LARGE = Buffer.alloc(8 << 20, 'x');
  const upstream = await recordingUpstream(t, (request, connection) => {
    if (request.target !== '/open/large') return answer(200, request.target);
    connection.socket.write(answer(200, LARGE.toString('latin1')));
    return undefined;
  });
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({ connections: 4096 }) });
  const honest = async () => {
    for (let i = 0; i < 20; i++) assert.equal((await gate.ask({ target: `/open/${i}` })).text, `/open/${i}`);
  };
  const heads = await connect(gate.port, 1000, PART);
  await honest();
  const bodies = await connect(gate.port, 1000, 'POST /open/body HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na');
  await gate.counts('postern_connection_states{state="serving"}', 1000);
  await honest();
  const readers = await Promise.all(Array.from({ length: 40 }, async () => {
    const wire = await Wire.open(gate.port);
    wire.socket.pause();
    await wire.write('GET /open/large HTTP/1.1\r\nHost: h\r\n\r\n');
    return wire;
  }));
  await gate.counts('postern_connection_states{state="serving"}', 1040);
  await honest();

  // A byte more of each, and honest ones in between.
  for (const wire of heads) wire.socket.write('X');
  for (const wire of bodies) wire.socket.write('b');
  await honest();
  assert.equal(await gate.metric('postern_connection_states{state="reading"}'), 1000);
  assert.equal(await gate.metric('postern_connection_states{state="serving"}'), 1040);
  for (const wire of bodies) wire.socket.write('c');
  for (const wire of bodies) assert.equal((await wire.answer()).status, 200);
  for (const wire of [...heads, ...bodies, ...readers]) wire.socket.destroy();
  await gate.counts('postern_connections', 0);
});

/** Where a request stands in the log. */
const position = (gate, path) => gate.lines.findIndex((line) => line.event === 'request' && line.path === path);

/** A public key of 16 384 bits, as dear to check as one can be. Nobody has the private one: any product will do. */
function dearKey() {
  const small = Array.from({ length: 375 }, (_, i) => BigInt(2 * i + 3));
  let modulus;
  do {
    modulus = randomBytes(2048);
    modulus[0] |= 0x80;
    modulus[2047] |= 1;
  } while (small.some((number) => BigInt(`0x${modulus.toString('hex')}`) % number === 0n));
  return { kty: 'RSA', kid: 'dear', alg: 'RS256', use: 'sig', n: b64(modulus), e: b64(Buffer.alloc(8, 0xff)) };
}

test('tokens that are dear to check are checked in turn with others', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, files: { 'keys.json': { keys: [dearKey()] } },
    config: (made) => ({ ...config({ header_bytes: '64k' })(made), issuers: fileIssuer() }),
  });
  const token = `${b64('{"alg":"RS256","kid":"dear"}')}.${b64(JSON.stringify(claims()))}.${b64(Buffer.alloc(2048, 0x11))}`;
  const dear = (i) => `GET /api/dear/${i} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const [greedy, modest] = await connect(gate.port, 2, '');

  await atOnce(gate, [greedy, Array.from({ length: 12 }, (_, i) => dear(i)).join('')], [modest, 'GET /api/modest HTTP/1.1\r\nHost: h\r\n\r\n']);
  for (let i = 0; i < 12; i++) assertRefusal(await greedy.answer(), 'signature_invalid');
  assertRefusal(await modest.answer(), 'credentials_missing');
  await gate.line((line) => line.path === '/api/dear/11');
  await gate.line((line) => line.path === '/api/modest');
  assert.ok(position(gate, '/api/modest') < position(gate, '/api/dear/5'), 'after a few of the other\'s');
  greedy.close();
  modest.close();
});

test('a line that waits for the reader of the log waits beside the loop', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, ''));
  const gate = await startGate(t, { upstream: upstream.url, policy: POLICY, config: config({}) });
  const line = `GET /open/${'x'.repeat(2000)} HTTP/1.1\r\nHost: h\r\n\r\n`;
  const wires = await connect(gate.port, 16, '');
  const busy = 'postern_slow_calls{state="busy"}';

  // It reads a piece at a time. On the one loop nobody could be answered who asks how many wait. Where
  // this process is so late that lines are dropped, later ones wait.
  const once = () => gate.child.stdout.pause();
  gate.child.stdout.on('data', once);
  const piecemeal = setInterval(() => gate.child.stdout.resume(), 100);
  t.after(() => clearInterval(piecemeal));
  await eventually(async () => {
    for (const wire of wires) wire.socket.write(line.repeat(8));
    return await gate.metric(busy) > 0;
  }, 'a line that waits');
  clearInterval(piecemeal);
  gate.child.stdout.off('data', once);
  gate.child.stdout.resume();
  await gate.counts(busy, 0);
  assert.equal((await gate.ask({ target: '/open/x' })).status, 200);
  for (const wire of wires) wire.socket.destroy();
});
