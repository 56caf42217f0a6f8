// SPDX-License-Identifier: Apache-2.0
// TLS on the listener (`listen.tls`): what is negotiated, whose certificate is shown and asked for, a
// renewal under load, and clients that do not speak TLS as they should.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import tls from 'node:tls';
import { Certificates } from './harness/certificates.mjs';
import { startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const made = new Certificates();
made.make('gate', { names: 'DNS:gate.test,DNS:*.wild.test' })
  .make('other', { names: 'DNS:other.test' })
  .make('renewed', { names: 'DNS:gate.test' })
  .make('ca')
  .make('good', { by: 'ca', subject: '/O=Partners, Inc./CN=good' })
  .make('expired', { by: 'ca', expired: true })
  .make('own')
  .make('stranger')
  .make('foreign', { by: 'stranger' });

const OPEN = 'GET /open/x HTTP/1.1\r\nHost: h\r\n\r\n';
const POLICY = { public: ['/open/*'] };

/** The files of this gate's certificate, which may be replaced. */
function put(gate, name) {
  for (const end of ['pem', 'key']) gate.write(`served.${end}`, made.text(`${name}.${end}`));
}

/** A gate with TLS, on one loop. */
async function tlsGate(t, { upstream, more = {}, limits = {}, config = {}, policy = POLICY } = {}) {
  return startGate(t, {
    upstream,
    policy,
    files: { 'served.pem': made.text('gate.pem'), 'served.key': made.text('gate.key') },
    config: (gate) => ({
      listen: { address: `127.0.0.1:${gate.port}`, threads: 1, tls: { certificate: 'served.pem', key: 'served.key', ...more } },
      limits: { header_timeout: '3m', idle_timeout: '3m', ...limits },
      ...config,
    }),
  });
}

/** The certificate is looked at by the tests, not by node. */
const ANYBODY = { rejectUnauthorized: false };
const wireTo = (gate, options = {}) => Wire.open(gate.port, { tls: { ...ANYBODY, ...options } });

async function askOnce(gate, options, request = OPEN) {
  const wire = await wireTo(gate, options);
  await wire.write(request);
  const got = await wire.answer();
  wire.socket.destroy();
  return got;
}

/** A handshake: {socket}, or the {code} with which it failed, however late the client hears of it. */
async function shake(gate, options = {}) {
  const socket = tls.connect({ port: gate.port, host: '127.0.0.1', ...ANYBODY, ...options });
  const outcome = new Promise((resolve) => {
    socket.on('error', ({ code }) => resolve({ code }));
    socket.on('close', () => resolve({ code: 'CLOSED' }));
    socket.once('data', () => resolve({ socket }));
    socket.once('secureConnect', () => socket.write(OPEN));
  });
  return outcome;
}

const shownTo = async (gate, options) => {
  const { socket, code } = await shake(gate, options);
  assert.equal(code, undefined);
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
};

test('https', async (t) => {
  const upstream = await recordingUpstream(t, (request) => answer(200, request.target));
  const gate = await tlsGate(t, { upstream: upstream.url });

  await t.test('is told to the upstream, and many requests come on a connection', async () => {
    const wire = await wireTo(gate);
    for (let i = 0; i < 5; i++) {
      await wire.write(`GET /open/${i} HTTP/1.1\r\nHost: h\r\nX-Forwarded-Proto: http\r\n\r\n`);
      assert.equal((await wire.answer()).text, `/open/${i}`);
    }
    assert.deepEqual(upstream.requests.at(-1).all('x-forwarded-proto'), ['https']);
    wire.socket.destroy();
  });

  await t.test('requests that come at once are answered in their order', async () => {
    const wire = await wireTo(gate);
    await wire.write([0, 1, 2, 3].map((i) => `GET /open/${i} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''));
    for (let i = 0; i < 4; i++) assert.equal((await wire.answer()).text, `/open/${i}`);
    wire.socket.destroy();
  });

  await t.test('a head in records of one byte is a head', async () => {
    const wire = await wireTo(gate);
    await wire.write([...OPEN]);
    assert.equal((await wire.answer()).status, 200);
    wire.socket.destroy();
  });

  await t.test('an answer that closes ends with close_notify', async () => {
    const wire = await wireTo(gate);
    await wire.write('GET /open/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    await once(wire.socket, 'end');
    wire.socket.destroy();
  });

  await t.test('the metadata name https', async () => {
    const got = await askOnce(gate, {}, 'GET /.well-known/oauth-protected-resource HTTP/1.1\r\nHost: api.example\r\n\r\n');
    assert.match(got.json().resource, /^https:\/\/api\.example/);
  });

  await t.test('plain HTTP on this port is refused in plain', async () => {
    for (const method of ['GET', 'PATCH', 'options']) {
      const wire = await Wire.open(gate.port);
      await wire.write(`${method} /open/x HTTP/1.1\r\nHost: h\r\n\r\n`);
      const line = await expectRefusal(gate, await wire.answer(), 'request_malformed');
      assert.match(line.detail, /plain HTTP/);
      await wire.ended();
    }
  });
});

test('what is negotiated', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await tlsGate(t, { upstream: upstream.url, more: { certificates: [{ certificate: made.path('other.pem'), key: made.path('other.key') }] } });

  await t.test('TLS 1.2 and 1.3', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const { socket } = await shake(gate, { minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      assert.match(socket.getCipher().name, /GCM|CHACHA20/);
      socket.destroy();
    }
  });

  await t.test('nothing older, and no weak cipher', async () => {
    const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
    assert.equal((await shake(gate, OLD)).code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    for (const cipher of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256', 'AECDH-NULL-SHA', 'DHE-RSA-AES128-GCM-SHA256']) {
      const { code } = await shake(gate, { maxVersion: 'TLSv1.2', ciphers: `${cipher}:@SECLEVEL=0` });
      assert.match(code, /HANDSHAKE_FAILURE/, cipher);
    }
  });

  await t.test('http/1.1, or no protocol at all', async () => {
    for (const [offered, chosen] of [[['http/1.1'], 'http/1.1'], [['h2', 'http/1.1'], 'http/1.1'], [undefined, false]]) {
      const { socket } = await shake(gate, { ALPNProtocols: offered });
      assert.equal(socket.alpnProtocol, chosen);
      socket.destroy();
    }
    for (const offered of [['h2'], ['http/1.0'], ['http/1.1x', 'h2']]) {
      assert.match((await shake(gate, { ALPNProtocols: offered })).code, /NO_APPLICATION_PROTOCOL/, offered);
    }
  });

  await t.test('the certificate by the name', async () => {
    for (const [servername, shown] of [['gate.test', 'gate'], ['a.wild.test', 'gate'], ['other.test', 'other'], ['OTHER.test', 'other'], ['nobody.test', 'gate'], ['', 'gate']]) {
      assert.equal(await shownTo(gate, { servername }), shown, servername);
    }
  });

  await t.test('no renegotiation', async () => {
    const { status, stderr } = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${gate.port}`, '-tls1_2'], { input: 'R\n', encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.match(stderr, /no renegotiation/);
    assert.equal((await askOnce(gate, {})).status, 200);
  });
});

/** Connect, and say whether the session of before was resumed; gives the last session, too. */
async function resume(gate, options, session) {
  const socket = tls.connect({ port: gate.port, host: '127.0.0.1', ...ANYBODY, ...options, session });
  let last;
  socket.on('session', (given) => { last = given; });
  await once(socket, 'secureConnect');
  socket.write(OPEN);
  await once(socket, 'data');
  await eventually(() => last !== undefined || socket.isSessionReused(), 'a session');
  const resumed = socket.isSessionReused();
  socket.end();
  return { resumed, session: last ?? session };
}

test('sessions', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await tlsGate(t, { upstream: upstream.url, more: { client_ca: made.path('ca.pem'), client_certificate: 'optional' } });

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    await t.test(`are resumed with ${version}, also after a reload`, async () => {
      const options = { minVersion: version, maxVersion: version, ...made.identity('good') };
      const first = await resume(gate, options);
      assert.equal(first.resumed, false);
      const second = await resume(gate, options, first.session);
      assert.equal(second.resumed, true);
      assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
      upstream.clear();
      assert.equal((await resume(gate, options, second.session)).resumed, true);
      await upstream.until(1);
      assert.match(upstream.requests[0].get('x-client-certificate') ?? '', /CN=good/, 'as who they were');
    });
  }

  await t.test('are not, when clients are asked for something else', async () => {
    const options = made.identity('good');
    const { session } = await resume(gate, options);
    gate.config.listen.tls.client_ca = made.path('stranger.pem');
    gate.write('postern.yaml', gate.config);
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.ok((await shake(gate, { ...options, session })).code);
    assert.equal((await resume(gate, {})).resumed, false);
  });
});

test('a renewal', async (t) => {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const upstream = await recordingUpstream(t, async (request) => {
    if (request.target === '/open/slow') await held;
    return answer(200, 'x'.repeat(100000));
  });
  const gate = await tlsGate(t, { upstream: upstream.url });
  const idle = await wireTo(gate);
  const waiting = await wireTo(gate);

  await idle.write(OPEN);
  assert.equal((await idle.answer()).status, 200);
  await waiting.write('GET /open/slow HTTP/1.1\r\nHost: h\r\n\r\n');
  await upstream.until(2);

  await t.test('is seen by new connections, and old ones go on', async () => {
    let over = false;
    let served = 0;
    const load = Promise.all([0, 1, 2, 3].map(async () => {
      while (!over) {
        const got = await askOnce(gate, {});
        assert.equal(got.text.length, 100000);
        served++;
      }
    }));
    for (const name of ['renewed', 'other', 'renewed']) {
      put(gate, name);
      await eventually(async () => (await shownTo(gate)) === name, `the certificate ${name}`);
    }
    const before = served;
    await eventually(() => served > before + 4, 'requests under way');
    over = true;
    await load;
    await idle.write(OPEN);
    assert.equal((await idle.answer()).status, 200);
    assert.equal(idle.socket.getPeerCertificate().subject.CN, 'gate');
    release();
    assert.equal((await waiting.answer()).text.length, 100000);
  });

  await t.test('by SIGHUP', async () => {
    put(gate, 'gate');
    gate.signal('SIGHUP');
    await eventually(async () => (await shownTo(gate)) === 'gate', 'the certificate');
  });

  for (const [what, file, text, says] of [
    ['a key of another', 'served.key', made.text('other.key'), /served\.key: the key does not fit the certificate/],
    ['no certificate', 'served.pem', 'garbage', /served\.pem: there is no certificate in it/],
    ['half a certificate', 'served.pem', made.text('gate.pem').slice(0, 300), /served\.pem: there is no certificate in it/],
  ]) {
    await t.test(`with ${what} leaves everything as it is, and says so`, async () => {
      gate.write(file, text);
      const reload = await gate.admin('/reload', { method: 'POST' });
      assert.notEqual(reload.status, 200);
      assert.match(reload.text, says);
      await gate.complains(says);
      assert.equal(await shownTo(gate), 'gate');
      await idle.write(OPEN);
      assert.equal((await idle.answer()).status, 200);
      put(gate, 'gate');
    });
  }

  await t.test('and then with the right files works', async () => {
    put(gate, 'renewed');
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    assert.equal(await shownTo(gate), 'renewed');
    idle.socket.destroy();
    waiting.socket.destroy();
  });

  await t.test('the key is in no log', () => {
    const written = gate.stderr + JSON.stringify(gate.lines);
    for (const name of ['gate', 'other', 'renewed']) {
      for (const line of made.text(`${name}.key`).split('\n').filter((part) => part.length > 20 && !part.startsWith('-'))) assert.ok(!written.includes(line), name);
    }
  });
});

test('client certificates', async (t) => {
  const upstream = await recordingUpstream(t);
  const refused = /ALERT|CLOSED|ECONNRESET|EPIPE/;
  const who = { nobody: {}, good: made.identity('good'), expired: made.identity('expired'), own: made.identity('own'), foreign: made.identity('foreign') };
  const modes = {
    none: { nobody: true, good: true, expired: true, own: true, foreign: true },
    optional: { nobody: true, good: true, expired: false, own: false, foreign: false },
    required: { nobody: false, good: true, expired: false, own: false, foreign: false },
  };

  for (const [mode, wanted] of Object.entries(modes)) {
    await t.test(mode, async (inner) => {
      const gate = await tlsGate(inner, { upstream: upstream.url, more: { client_ca: made.path('ca.pem'), client_certificate: mode } });
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
        for (const [name, identity] of Object.entries(who)) {
          upstream.clear();
          const { socket, code } = await shake(gate, { ...identity, maxVersion });
          assert.equal(code === undefined, wanted[name], `${name} with ${maxVersion}: ${code}`);
          if (!wanted[name]) assert.match(code, refused);
          assert.equal(upstream.requests.length, wanted[name] ? 1 : 0);
          if (wanted[name]) assert.equal(upstream.requests[0].get('x-client-certificate'), mode !== 'none' && name === 'good' ? 'CN=good,O=Partners\\, Inc.' : undefined);
          socket?.destroy();
        }
      }
    });
  }
});

test('bodies', async (t) => {
  const large = crypto.randomBytes(5 << 20);
  const sha = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
  const head = `HTTP/1.1 200 Fine\r\nContent-Length: ${large.length}\r\n\r\n`;
  const upstream = await recordingUpstream(t, (request) => (request.method === 'GET' ? Buffer.concat([Buffer.from(head), large]) : answer(200, sha(request.body))));
  const gate = await tlsGate(t, { upstream: upstream.url });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    await t.test(`go both ways with ${maxVersion}`, async () => {
      const wire = await wireTo(gate, { maxVersion });
      wire.socket.write(`POST /open/x HTTP/1.1\r\nHost: h\r\nContent-Length: ${large.length}\r\n\r\n`);
      wire.socket.write(large);
      assert.equal((await wire.answer()).text, sha(large));
      wire.socket.write('POST /open/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let at = 0; at < large.length; at += 100000) {
        const piece = large.subarray(at, at + 100000);
        wire.socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
      }
      wire.socket.write('0\r\n\r\n');
      assert.equal((await wire.answer()).text, sha(large));
      await wire.write(OPEN);
      const got = await wire.answer();
      assert.equal(sha(got.body), sha(large));
      wire.socket.destroy();
    });
  }
});

test('an upgrade becomes a tunnel, and what was sent early goes first', async (t) => {
  const server = net.createServer((socket) => {
    let head = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const text = data.toString('latin1');
      if (head.includes('\r\n\r\n')) return void socket.write(text.toUpperCase());
      head += text;
      const end = head.indexOf('\r\n\r\n');
      if (end >= 0) socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${head.slice(end + 4).toUpperCase()}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = await tlsGate(t, { upstream: `http://127.0.0.1:${server.address().port}` });
  const wire = await wireTo(gate);
  const take = async (text) => {
    await eventually(() => wire.pending.includes(text), text.slice(0, 20));
  };
  await wire.write('GET /open/x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ');
  assert.equal((await wire.head()).status, 101);
  await take('EARLY ');
  for (let i = 0; i < 20; i++) {
    await wire.write(`line ${i}. `);
    await take(`LINE ${i}. `);
  }
  // Several records at once, of which the socket tells only once.
  await wire.write(['one ', 'two ', 'three ', `${'x'.repeat(50000)} end`]);
  await take(`ONE TWO THREE ${'X'.repeat(50000)} END`);
  wire.socket.end();
  await wire.ended();
});

test('a client that leaves is noticed at once', async (t) => {
  const upstream = await recordingUpstream(t, () => undefined);
  const gate = await tlsGate(t, { upstream: upstream.url, limits: { upstream_timeout: '1h', body_timeout: '1h' } });
  const ways = {
    'with close_notify': (wire) => wire.socket.end(),
    'without a word': (wire) => wire.raw.destroy(),
    'with a reset': (wire) => wire.raw.resetAndDestroy(),
  };
  let count = 0;
  for (const [how, leave] of Object.entries(ways)) {
    await t.test(how, async () => {
      const raw = net.connect(gate.port, '127.0.0.1');
      await once(raw, 'connect');
      raw.on('error', () => {});
      const wire = await wireTo(gate, { socket: raw });
      wire.raw = raw;
      await wire.write(OPEN);
      await upstream.until(count + 1);
      leave(wire);
      await eventually(() => upstream.connections[count]?.closed, 'the gate to let the upstream go');
      await gate.counts('postern_requests_total{reason="client_gone"}', ++count);
    });
  }
});

test('half a handshake', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await tlsGate(t, { upstream: upstream.url, limits: { connections: 2000, header_timeout: '3m' } });
  const hellos = await clientHello();

  await t.test('of a thousand clients leaves others their turn', async () => {
    const stopped = [];
    for (let i = 0; i < 1000; i++) {
      const socket = net.connect(gate.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      // Nothing, the beginning of a record, half a hello, or all of it and no answer to the answer.
      socket.write(hellos.subarray(0, [0, 3, 100, hellos.length][i % 4]));
      stopped.push(socket);
      if (i % 100 === 0) assert.equal((await askOnce(gate, {})).status, 200);
    }
    await gate.counts('postern_connections', 1000);
    assert.equal((await askOnce(gate, {})).status, 200);
    for (const socket of stopped) socket.destroy();
    await gate.counts('postern_connections', 0);
  });

  await t.test('that arrives byte by byte is one', async () => {
    const raw = net.connect(gate.port, '127.0.0.1');
    await once(raw, 'connect');
    raw.setNoDelay(true);
    let got = Buffer.alloc(0);
    raw.on('data', (data) => { got = Buffer.concat([got, data]); });
    for (const byte of hellos) await new Promise((resolve) => raw.write(Buffer.from([byte]), resolve));
    await eventually(() => got[0] === 22, 'the server hello');
    raw.destroy();
  });

  await t.test('of garbage ends the connection, and no other', async () => {
    const neighbour = await wireTo(gate);
    const bad = [Buffer.from('\r\n\r\n\r\n'), crypto.randomBytes(3000), Buffer.from([22, 3, 1, 255, 255]), Buffer.from([21, 3, 3, 0, 2, 2, 40]),
      Buffer.concat([hellos, crypto.randomBytes(200)]), Buffer.concat([hellos.subarray(0, 60), crypto.randomBytes(hellos.length)]),
      // Records of nothing, without end.
      Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([22, 3, 1, 0, 0]))), Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([20, 3, 3, 0, 1, 1])))];
    for (const bytes of bad) {
      if (/[A-Za-z]/.test(String.fromCharCode(bytes[0]))) bytes[0] = 0;
      const socket = net.connect(gate.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('data', () => {});
      await once(socket, 'connect');
      socket.write(bytes);
      await once(socket, 'close');
      await neighbour.write(OPEN);
      assert.equal((await neighbour.answer()).status, 200);
    }
    neighbour.socket.destroy();
  });
});

test('a handshake that takes longer than header_timeout is over', async (t) => {
  const gate = await tlsGate(t, { limits: { header_timeout: '300ms' } });
  const hellos = await clientHello();
  for (const bytes of [0, 50, hellos.length]) {
    const socket = net.connect(gate.port, '127.0.0.1');
    socket.on('data', () => {});
    await once(socket, 'connect');
    socket.write(hellos.subarray(0, bytes));
    await once(socket, 'close');
  }
  const wire = await wireTo(gate); // and no request
  await wire.ended();
});

/** The first bytes of a client. */
async function clientHello() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: server.address().port, host: '127.0.0.1' });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [bytes] = await once(socket, 'data');
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}
