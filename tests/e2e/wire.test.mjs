// SPDX-License-Identifier: Apache-2.0
// What HTTP/1.1 asks of a gateway beyond framing: RFC 9110 sections 7.6 and 15, RFC 9112 sections 2, 3
// and 9. What an engine cannot do is left out by name.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cannot } from './harness/engines.mjs';
import { startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { Wire } from './harness/raw.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const POLICY = { public: ['/open/*'] };

const get = (lines = '', target = '/open/x', version = '1.1') => `GET ${target} HTTP/${version}\r\nHost: h\r\n${lines}\r\n`;

async function start(t, options = {}) {
  const upstream = await recordingUpstream(t, options.respond);
  const gate = await startGate(t, { policy: POLICY, upstream: upstream.url, config: { limits: options.limits ?? {} } });
  return { upstream, gate };
}

async function exchange(gate, bytes, method) {
  const wire = await Wire.open(gate.port);
  await wire.write(bytes);
  return { wire, got: await wire.answer(method) };
}

test('uploads', async (t) => {
  await t.test('one that is slow but steady takes longer than body_timeout', async (inner) => {
    const { upstream, gate } = await start(inner, { limits: { body_timeout: '4s' } });
    const wire = await Wire.open(gate.port);
    const begun = process.hrtime.bigint();
    await wire.write('POST /open/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
    while (process.hrtime.bigint() - begun < 5_000_000_000n) {
      await wire.write(`400\r\n${'x'.repeat(1024)}\r\n`);
      await sleep(100);
    }
    await wire.write('0\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    assert.ok(upstream.requests[0].body.length > 1024);
  });

  await t.test('one that drips is given up', async (inner) => {
    const { gate } = await start(inner, { limits: { body_timeout: '1s', body_min_rate: '1k' } });
    const wire = await Wire.open(gate.port);
    await wire.write('POST /open/x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => wire.socket.write('x'), 50);
    try {
      await expectRefusal(gate, await wire.answer(), 'request_timeout');
    } finally {
      clearInterval(drip);
    }
    assert.ok(await wire.isClosed());
  });

  await t.test('one behind the longest head that is allowed', async (inner) => {
    const { upstream, gate } = await start(inner, { limits: { header_bytes: 4096 } });
    const chunks = `3e8\r\n${'x'.repeat(1000)}\r\n`;
    const rest = `${chunks.repeat(5)}0\r\n\r\n${get()}`;
    for (const [framing, body] of [['Transfer-Encoding: chunked', rest], ['Content-Length: 5000', `${'x'.repeat(5000)}${get()}`]]) {
      for (const length of [4094, 4095, 4096]) {
        const before = `POST /open/x HTTP/1.1\r\nHost: h\r\n${framing}\r\nX: `;
        const head = `${before}${'x'.repeat(length - before.length - 4)}\r\n\r\n`;
        for (const pieces of [[head + body], [head, body]]) {
          const wire = await Wire.open(gate.port);
          await wire.write(pieces);
          for (let i = 0; i < 2; i++) assert.equal((await wire.answer()).status, 200, `${framing}, ${length} bytes`);
          assert.equal(upstream.requests.at(-2).body.length, 5000);
          wire.close();
        }
      }
    }
  });
});

test('what persists (RFC 9112 9.3)', async (t) => {
  const { gate } = await start(t);

  for (const option of ['TE', 'X-Foo', 'Upgrade, HTTP2-Settings'])
    await t.test(`Connection: ${option}`, { skip: cannot('CONNECTION_OPTIONS') }, async () => {
      const { wire, got } = await exchange(gate, get(`Connection: ${option}\r\n`));
      assert.equal(got.get('connection'), undefined);
      await wire.write(get());
      assert.equal((await wire.answer()).status, 200);
      wire.close();
    });

  for (const [name, target, status] of [['an answer of the gate', '/closed', 403], ['a forwarded answer', '/open/x', 200]])
    await t.test(`HTTP/1.0 is told, by ${name}`, async () => {
      for (const lines of ['', 'Connection: keep-alive\r\n']) {
        const { wire, got } = await exchange(gate, get(lines, target, '1.0'));
        assert.equal(got.status, status);
        assert.equal(got.get('connection'), lines === '' ? 'close' : 'keep-alive');
        wire.close();
      }
    });

  await t.test('an answer on its way when the gate drains says close', async (inner) => {
    let speak;
    const own = await start(inner, { respond: () => new Promise((resolve) => { speak = resolve; }) });
    const wire = await Wire.open(own.gate.port);
    await wire.write(get());
    await own.upstream.until(1);
    own.gate.signal('SIGTERM');
    await own.gate.complains(/"drain"/);
    speak(answer(200, 'last'));
    const got = await wire.answer();
    assert.equal(got.text, 'last');
    assert.equal(got.get('connection'), 'close');
  });
});

test('heads', async (t) => {
  const { upstream, gate } = await start(t);

  await t.test('a tab in a value is passed on (RFC 9110 5.5)', { skip: cannot('WHITE_SPACE') }, async () => {
    const { wire, got } = await exchange(gate, get('X-Tab: a\tb\r\n'));
    assert.equal(got.status, 200);
    assert.equal(upstream.requests.at(-1).get('x-tab'), 'a\tb');
    wire.close();
  });

  await t.test('tabs around a value and an empty line before the request are taken', { skip: cannot('WHITE_SPACE') }, async () => {
    const { wire, got } = await exchange(gate, `\r\n${get('X-Tab:\tvalue\t \r\n')}`);
    assert.equal(got.status, 200);
    assert.equal(upstream.requests.at(-1).get('x-tab'), 'value');
    wire.close();
  });

  await t.test('an absolute target for the host in Host is taken', { skip: cannot('OTHER_TARGETS') }, async () => {
    const { wire, got } = await exchange(gate, get('', 'http://h/open/absolute?q'));
    assert.equal(got.status, 200);
    assert.equal(upstream.requests.at(-1).target, '/open/absolute?q');
    wire.close();
  });

  await t.test('OPTIONS * is answered and logged', { skip: cannot('OTHER_TARGETS') }, async () => {
    const { wire, got } = await exchange(gate, 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal(got.status, 400);
    await gate.line((line) => line.method === 'OPTIONS' && line.status === 400);
    wire.close();
  });

  await t.test('any token is a method', { skip: cannot('METHODS') }, async () => {
    for (const method of ['QUERY', 'PURGE', 'SEARCH', 'get', "a!#$%&'*+-.^_`|~1"]) {
      const { wire, got } = await exchange(gate, get().replace('GET', method));
      assert.equal(got.status, 200, method);
      assert.equal(upstream.requests.at(-1).method, method);
      wire.close();
    }
  });
});

test('upgrades', async (t) => {
  const { upstream, gate } = await start(t, {
    respond: (request) => (request.target === '/open/426'
      ? answer(426, 'no', ['Upgrade: websocket', 'Connection: upgrade'])
      : 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello'),
  });

  await t.test('by POST without a body, as docker attach and kubectl do', async () => {
    const { wire, got } = await exchange(gate, 'POST /open/x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n');
    assert.equal(got.status, 101);
    assert.equal(upstream.requests.at(-1).get('upgrade'), 'tcp');
    assert.equal((await wire.bytes(5)).toString(), 'hello');
    wire.close();
  });

  await t.test('a 426 says what it wants', async () => {
    const { wire, got } = await exchange(gate, get('', '/open/426'));
    assert.equal(got.status, 426);
    assert.equal(got.get('upgrade'), 'websocket');
    assert.match(got.get('connection'), /\bupgrade\b/);
    wire.close();
  });
});

test('loops and hops', async (t) => {
  const { upstream, gate } = await start(t);

  await t.test('CONNECT is not for a gateway', async () => {
    const { wire, got } = await exchange(gate, 'CONNECT /open/x HTTP/1.1\r\nHost: h\r\n\r\n');
    await expectRefusal(gate, got, 'method_not_supported');
    wire.close();
  });

  const options = (lines) => `OPTIONS /open/x HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;

  await t.test('Max-Forwards of OPTIONS counts down, and ends here', async () => {
    const first = await exchange(gate, options('Max-Forwards: 2\r\n'));
    assert.equal(first.got.status, 200);
    assert.deepEqual(upstream.requests.at(-1).all('max-forwards'), ['1']);
    upstream.clear();
    const last = await exchange(gate, options('Max-Forwards: 0\r\n'));
    assert.equal(last.got.status, 200);
    assert.equal(upstream.requests.length, 0);
    for (const { wire } of [first, last]) wire.close();
  });

  await t.test('a gate names itself in Via, after those before it', async () => {
    const { wire } = await exchange(gate, get('Via: 1.1 other\r\n'));
    const via = upstream.requests.at(-1).all('via');
    assert.equal(via[0], '1.1 other');
    assert.match(via[1], /^1\.1 postern-[A-Za-z0-9_-]{8}$/);
    wire.close();
  });

  await t.test('a gate whose upstream is itself says so at once', async (inner) => {
    const looped = await startGate(inner, { policy: POLICY, config: (own) => ({ upstream: `http://127.0.0.1:${own.port}` }) });
    const { wire, got } = await exchange(looped, get());
    assert.equal(got.status, 508);
    assert.deepEqual({ ...got.json(), instance: '', detail: '' }, { type: 'urn:postern:reason:loop_detected', title: 'The request has come through this gate before', status: 508, reason: 'loop_detected', detail: '', instance: '' });
    await looped.counts('postern_requests_total{reason="loop_detected"}', 1);
    wire.close();
  });
});
