// SPDX-License-Identifier: Apache-2.0
// Forwarding: bodies stream both ways, connections are kept, trouble is told truthfully.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { ask, requestText, Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, nginxUpstream, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const rsa = makeKey('RS256');
const OPTIONS = { files: { 'keys.json': keySet(rsa) }, config: { issuers: fileIssuer() } };
/** Where the upstream is to be found too slow. */
const HASTY = { ...OPTIONS, config: { issuers: fileIssuer(), limits: { upstream_timeout: '1s' } } };
const MIB = 1 << 20;
const BIG = 256 * MIB;
const get = (target, lines = '') => `GET ${target} HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;

/** Resident memory of the gate in bytes. */
function resident(gate) {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${gate.child.pid}/status`, 'utf8'));
  return Number(match[1]) * 1024;
}

test('bodies', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  const last = () => upstream.requests.at(-1);

  await t.test('one with a length arrives with that length', async () => {
    await gate.ask({ method: 'POST', target: '/open/x', body: 'hello' });
    assert.equal(last().get('content-length'), '5');
    assert.equal(last().get('transfer-encoding'), undefined);
    assert.equal(last().body.toString(), 'hello');
  });

  await t.test('one in chunks arrives in chunks', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(['POST /open/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n', '5\r\nhel', 'lo\r\n', '1', '\r\n!\r\n0\r\n', '\r\n']);
    assert.equal((await wire.answer()).status, 200);
    assert.equal(last().get('content-length'), undefined);
    assert.equal(last().get('transfer-encoding'), 'chunked');
    assert.equal(last().body.toString(), 'hello!');
    wire.close();
  });

  for (const method of ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS']) {
    await t.test(`${method} may have one`, async () => {
      await gate.ask({ method, target: '/open/x', body: 'abc' });
      assert.equal(last().method, method);
      assert.equal(last().body.toString(), 'abc');
    });
  }

  await t.test('a length of 0 is passed on', async () => {
    await gate.ask({ method: 'POST', target: '/open/x', headers: { 'Content-Length': '0' } });
    assert.equal(last().get('content-length'), '0');
  });

  await t.test('an upload goes on while it comes', async () => {
    const wire = await Wire.open(gate.port);
    upstream.clear();
    await wire.write('POST /open/x HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    await eventually(() => upstream.bytes().endsWith('abc'), 'the first half at the upstream');
    assert.equal(upstream.requests.length, 0, 'it is not whole yet');
    await wire.write('def');
    assert.equal((await wire.answer()).status, 200);
    assert.equal(last().body.toString(), 'abcdef');
    wire.close();
  });

  await t.test('a client that expects 100 gets it, then its answer', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('POST /open/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    assert.equal((await wire.head()).status, 100);
    await wire.write('abc');
    assert.equal((await wire.answer()).status, 200);
    assert.equal(last().body.toString(), 'abc');
    assert.equal(last().get('expect'), undefined);
    wire.close();
  });

  await t.test('one beyond limits.body_bytes is refused, told or not', async (inner) => {
    const small = await startGate(inner, { ...OPTIONS, upstream: upstream.url, config: { issuers: fileIssuer(), limits: { body_bytes: '1k' } } });
    upstream.clear();
    await expectRefusal(small, await small.ask({ method: 'POST', target: '/open/x', body: 'a'.repeat(1025) }), 'body_too_large');
    assert.equal(upstream.bytes(), '');
    const wire = await Wire.open(small.port);
    await wire.write(`POST /open/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n${'a'.repeat(1025)}\r\n0\r\n\r\n`);
    await expectRefusal(small, await wire.answer(), 'body_too_large');
    assert.equal(upstream.requests.length, 0);
    wire.close();
    assert.equal((await small.ask({ method: 'POST', target: '/open/x', body: 'a'.repeat(1024) })).status, 200);
  });
});

test('256 MiB stream both ways in flat memory', async (t) => {
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') {
      const hash = crypto.createHash('sha256');
      let length = 0;
      request.on('data', (data) => { hash.update(data); length += data.length; });
      request.on('end', () => response.end(JSON.stringify({ length, digest: hash.digest('hex') })));
      return;
    }
    if (request.url.endsWith('length')) response.setHeader('Content-Length', BIG);
    let left = BIG;
    const piece = Buffer.alloc(MIB, 'x');
    const more = () => {
      while (left > 0) {
        left -= MIB;
        if (!response.write(piece)) return response.once('drain', more);
      }
      return response.end();
    };
    more();
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  const gate = await startGate(t, { ...OPTIONS, upstream: `http://127.0.0.1:${port}` });
  await gate.ask({ method: 'POST', target: '/open/warm', body: 'x' });
  const before = resident(gate);
  const bounded = () => {
    const grown = resident(gate) - before;
    assert.ok(grown < 48 * MIB, `the gate grew by ${grown} bytes`);
  };

  const upload = (headers) => new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/open/up', headers, ...{ port: gate.port } }, (response) => {
      let text = '';
      response.on('data', (data) => (text += data));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
    const piece = Buffer.alloc(MIB, 'y');
    let left = BIG;
    const more = () => {
      while (left > 0) {
        left -= MIB;
        if (!request.write(piece)) return request.once('drain', more);
      }
      return request.end();
    };
    more();
  });
  const want = crypto.createHash('sha256');
  for (let i = 0; i < BIG / MIB; i++) want.update(Buffer.alloc(MIB, 'y'));
  const digest = want.digest('hex');

  for (const [how, headers] of [['with a length', { 'Content-Length': BIG }], ['in chunks', { 'Transfer-Encoding': 'chunked' }]]) {
    await t.test(`an upload ${how}`, async () => {
      assert.deepEqual(await upload(headers), { length: BIG, digest });
      bounded();
    });
  }
  for (const how of ['length', 'chunks']) {
    await t.test(`a download in ${how}`, async () => {
      const length = await new Promise((resolve, reject) => {
        http.get({ port: gate.port, host: '127.0.0.1', path: `/open/${how}` }, (response) => {
          let sum = 0;
          response.on('data', (data) => (sum += data.length));
          response.on('end', () => resolve(sum));
          response.on('error', reject);
        }).on('error', reject);
      });
      assert.equal(length, BIG);
      bounded();
    });
  }
});

test('answers', async (t) => {
  const scripts = {
    '/open/length': () => answer(200, 'hello'),
    '/open/chunks': () => 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: a\r\n\r\n',
    '/open/close': (request, { socket }) => { socket.end('HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\nuntil the end'); },
    '/open/old': (request, { socket }) => { socket.end('HTTP/1.0 200 Fine\r\n\r\nold'); },
    '/open/204': () => 'HTTP/1.1 204 Nothing\r\n\r\n',
    '/open/304': () => 'HTTP/1.1 304 Same\r\nETag: "a"\r\nContent-Length: 100\r\n\r\n',
    '/open/head': () => 'HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\n',
    '/open/head-chunked': () => 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n',
    '/open/302': () => answer(302, '', ['Location: http://127.0.0.1:9/elsewhere']),
    '/open/401': () => answer(401, 'theirs', ['WWW-Authenticate: Basic realm="theirs"']),
    '/open/500': () => answer(500, 'broken'),
    '/open/103': () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${answer(200, 'late')}`,
    '/open/empty': () => answer(200, ''),
    '/open/phrase': () => 'HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n',
  };
  const upstream = await recordingUpstream(t, (request, connection) => scripts[request.target](request, connection));
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  const kept = async (target, method = 'GET') => {
    const wire = await Wire.open(gate.port);
    await wire.write(`${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
    const got = await wire.answer(method);
    await wire.write(get('/open/length', 'Connection: close\r\n'));
    const next = await wire.answer();
    assert.equal(next.text, 'hello', 'the connection is still in step');
    wire.close();
    return got;
  };

  await t.test('one with a length', async () => assert.equal((await kept('/open/length')).text, 'hello'));
  await t.test('one in chunks, its trailers dropped', async () => {
    const got = await kept('/open/chunks');
    assert.equal(got.text, 'hello!');
    assert.equal(got.get('transfer-encoding'), 'chunked');
    assert.doesNotMatch(got.head, /Trailer/i);
  });
  await t.test('one until the connection ends', async () => assert.equal((await kept('/open/close')).text, 'until the end'));
  await t.test('one of HTTP/1.0', async () => assert.equal((await kept('/open/old')).text, 'old'));
  await t.test('204 has no body', async () => assert.equal((await kept('/open/204')).status, 204));
  await t.test('304 has no body, whatever its length says', async () => {
    const got = await kept('/open/304');
    assert.equal(got.status, 304);
    assert.equal(got.get('etag'), '"a"');
  });
  await t.test('HEAD keeps the length and has no body', async () => assert.equal((await kept('/open/head', 'HEAD')).get('content-length'), '100'));
  await t.test('HEAD of chunks has no body', async () => assert.equal((await kept('/open/head-chunked', 'HEAD')).status, 200));
  await t.test('a redirection is the client\'s', async () => assert.equal((await kept('/open/302')).get('location'), 'http://127.0.0.1:9/elsewhere'));
  await t.test('the upstream\'s own 401 is not the gate\'s', async () => {
    const got = await kept('/open/401');
    assert.equal(got.text, 'theirs');
    assert.equal(got.get('x-postern'), undefined);
    assert.deepEqual(got.all('www-authenticate'), ['Basic realm="theirs"']);
  });
  await t.test('its 500 passes', async () => assert.equal((await kept('/open/500')).text, 'broken'));
  await t.test('an interim answer is none', async () => {
    const got = await kept('/open/103');
    assert.equal(got.status, 200);
    assert.equal(got.text, 'late');
  });
  await t.test('an empty one', async () => assert.equal((await kept('/open/empty')).text, ''));
  await t.test('a status without a phrase', async () => assert.equal((await kept('/open/phrase')).status, 299));
  await t.test('to a client of HTTP/1.0 chunks are not sent', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('GET /open/chunks HTTP/1.0\r\nHost: h\r\n\r\n');
    const got = await wire.answer();
    assert.equal(got.get('transfer-encoding'), undefined);
    assert.equal(got.text, 'hello!');
    wire.close();
  });
  await t.test('the log line has the times', async () => {
    const got = await gate.ask({ target: '/open/length' });
    const line = await gate.line((entry) => entry.request_id === got.get('x-request-id'));
    assert.equal(line.verdict, 'forward');
    assert.equal(line.reason, 'ok');
    assert.equal(line.status, 200);
    assert.ok(line.upstream_us > 0);
    assert.ok(line.duration_us >= line.upstream_us);
  });
});

test('an early answer ends the upload', async (t) => {
  const upstream = await recordingUpstream(t);
  upstream.early = (request, { socket }) => socket.write(answer(413, 'enough', ['Connection: close']));
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  const wire = await Wire.open(gate.port);

  await wire.write(`POST /open/x HTTP/1.1\r\nHost: h\r\nContent-Length: ${BIG}\r\n\r\n${'a'.repeat(1000)}`);
  const got = await wire.answer();
  assert.equal(got.status, 413);
  assert.equal(got.text, 'enough');
  assert.ok(await wire.isClosed());
});

test('kept connections to the upstream', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  // All on one connection: an answer may be with its client a moment before the upstream's connection
  // is free again, but the client's next request is looked at after that.
  let wire = null;
  const ask = async (request) => {
    wire ??= await Wire.open(gate.port);
    await wire.write(requestText(gate.port, { ...request, close: false }));
    const got = await wire.answer();
    if (/close/i.test(got.get('connection') ?? '')) { wire.close(); wire = null; }
    return got;
  };
  const allDie = async () => {
    for (const connection of upstream.connections) connection.socket.destroy();
    await eventually(() => upstream.connections.every((connection) => connection.closed), 'their end');
  };
  t.after(() => wire?.close());

  await t.test('are used again', async () => {
    for (let i = 0; i < 10; i++) assert.equal((await ask({ target: '/open/x' })).status, 200);
    assert.equal(upstream.connections.length, 1);
    assert.equal(upstream.requests.length, 10);
  });

  await t.test('that died meanwhile are replaced', async () => {
    await allDie();
    assert.equal((await ask({ target: '/open/x' })).status, 200);
    assert.equal((await ask({ method: 'POST', target: '/open/x', body: 'abc' })).status, 200);
  });

  const dieAfterReading = () => {
    const { respond } = upstream;
    let died = 0;
    upstream.respond = (request, { socket, count }) => {
      if (count > 1) { died++; socket.destroy(); return undefined; }
      return answer(200, 'fresh');
    };
    return { died: () => died, restore: () => { upstream.respond = respond; } };
  };

  await t.test('that die when used are replaced once for GET', async () => {
    const trick = dieAfterReading();
    const got = await ask({ target: '/open/x' });
    assert.equal(got.status, 200);
    assert.equal(got.text, 'fresh');
    assert.equal(trick.died(), 1);
    trick.restore();
  });

  await t.test('that die when used are not replaced for POST: it may have been done', async () => {
    const trick = dieAfterReading();
    upstream.clear();
    await expectRefusal(gate, await ask({ method: 'POST', target: '/open/x', body: 'abc' }), 'upstream_unreachable');
    assert.equal(upstream.requests.length, 1, 'the upstream saw it once');
    trick.restore();
  });

  await t.test('a fresh one that dies is not tried again', async () => {
    const { respond } = upstream;
    await allDie();
    upstream.clear();
    upstream.respond = (request, { socket }) => { socket.destroy(); };
    const got = await ask({ target: '/open/x' });
    assert.equal(got.status, 502);
    assert.equal(upstream.requests.length, 1);
    upstream.respond = respond;
  });

  await t.test('are not kept when the upstream says so, or says too much', async () => {
    const { respond } = upstream;
    for (const bytes of [answer(200, 'x', ['Connection: close']), `${answer(200, 'x')}HTTP/1.1 200 Fine\r\nContent-Length: 6\r\n\r\npoison`]) {
      upstream.respond = () => bytes;
      assert.equal((await ask({ target: '/open/x' })).text, 'x');
      upstream.respond = respond;
      const before = upstream.connections.length;
      assert.equal((await ask({ target: '/open/x' })).text, '{"from":"upstream"}', 'nothing of the former answer is left');
      assert.equal(upstream.connections.length, before + 1, 'a connection of its own');
    }
  });
});

/** Heads that may not be believed: 502, and the connection is not used again. */
const MALFORMED = {
  'two lengths': 'HTTP/1.1 200 Fine\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'two equal lengths': 'HTTP/1.1 200 Fine\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
  'a list of lengths': 'HTTP/1.1 200 Fine\r\nContent-Length: 1, 1\r\n\r\na',
  'a length that is no number': 'HTTP/1.1 200 Fine\r\nContent-Length: 1x\r\n\r\na',
  'a length below 0': 'HTTP/1.1 200 Fine\r\nContent-Length: -1\r\n\r\na',
  'a length of 2^64': 'HTTP/1.1 200 Fine\r\nContent-Length: 18446744073709551617\r\n\r\na',
  'a length and chunks': 'HTTP/1.1 200 Fine\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'another coding': 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'two codings': 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a folded line': 'HTTP/1.1 200 Fine\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 Fine\r\nContent-Length : 0\r\n\r\n',
  'a bare CR in a value': 'HTTP/1.1 200 Fine\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n',
  'bare line feeds': 'HTTP/1.1 200 Fine\nContent-Length: 0\n\n',
  'a NUL': 'HTTP/1.1 200 Fine\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n',
  'a line without a colon': 'HTTP/1.1 200 Fine\r\njunk\r\nContent-Length: 0\r\n\r\n',
  'a status of 99': 'HTTP/1.1 099 Fine\r\nContent-Length: 0\r\n\r\n',
  'a status of 600': 'HTTP/1.1 600 Fine\r\nContent-Length: 0\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 Fine\r\nContent-Length: 0\r\n\r\n',
  'HTTP/2.0': 'HTTP/2.0 200 Fine\r\nContent-Length: 0\r\n\r\n',
  'no HTTP at all': 'hello there, this is no answer\r\n\r\n',
  'an upgrade that nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  'a head of 128 KiB': `HTTP/1.1 200 Fine\r\nX-A: ${'a'.repeat(131072)}\r\nContent-Length: 0\r\n\r\n`,
  '1000 headers': `HTTP/1.1 200 Fine\r\n${'X-A: 1\r\n'.repeat(1000)}Content-Length: 0\r\n\r\n`,
  '2000 interim answers': 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(2000),
};

test('malformed answers', async (t) => {
  let bytes = '';
  const upstream = await recordingUpstream(t, (request) => (request.target === '/open/good' ? answer(200, 'good') : Buffer.from(bytes, 'latin1')));
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });

  for (const [name, text] of Object.entries(MALFORMED)) {
    await t.test(`${name}: upstream_malformed`, async () => {
      bytes = text;
      await expectRefusal(gate, await gate.ask({ target: '/open/bad' }), 'upstream_malformed');
      assert.equal((await gate.ask({ target: '/open/good' })).text, 'good', 'on a connection of its own');
    });
  }

  await t.test('a head that breaks off: upstream_malformed', async (inner) => {
    const rude = await recordingUpstream(inner, (request, { socket }) => { socket.end('HTTP/1.1 200 Fine\r\nContent-'); });
    const other = await startGate(inner, { ...OPTIONS, upstream: rude.url });
    await expectRefusal(other, await other.ask({ target: '/open/x' }), 'upstream_malformed');
  });
});

test('an answer that breaks off aborts the client\'s connection', async (t) => {
  const scripts = {
    '/open/length': 'HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\nabc',
    '/open/chunks': 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    '/open/chunk': 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello',
    '/open/bad-chunk': ['HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'zz\r\n'],
    '/open/bad-end': ['HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello', 'XX0\r\n\r\n'],
  };
  let begun = () => {};
  const upstream = await recordingUpstream(t, (request, { socket }) => {
    const script = scripts[request.target];
    if (Array.isArray(script)) {
      socket.write(script[0]);
      begun = () => socket.write(script[1]);
    } else {
      socket.end(script);
    }
    return undefined;
  });
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });

  for (const target of Object.keys(scripts)) {
    await t.test(target, async () => {
      const wire = await Wire.open(gate.port);
      await wire.write(requestText(gate.port, { target }));
      const head = await wire.head();
      begun(); // what is wrong comes when the start was passed on
      if (head) {
        assert.equal(head.status, 200);
        const got = await wire.body(head).catch(() => null);
        assert.ok(!got?.complete, 'it must not look whole');
      }
      wire.close();
      const line = await gate.line((entry) => entry.path === target);
      assert.ok(line.aborted.length > 0);
    });
  }

  await t.test('what is wrong before anything was passed on is answered instead', async () => {
    upstream.respond = () => 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n';
    await expectRefusal(gate, await gate.ask({ target: '/open/bad' }), 'upstream_malformed');
  });

  await t.test('and a stall in the middle, too', async (inner) => {
    upstream.respond = () => 'HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\nabc';
    const hasty = await startGate(inner, { ...HASTY, upstream: upstream.url });
    const got = await hasty.ask({ target: '/open/stall' });
    assert.equal(got.complete, false);
  });
});

test('upstreams that are not there', async (t) => {
  const silent = net.createServer(() => {});
  silent.listen(await freePort(), '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });

  await upstream.stop();
  await t.test('one that refuses: upstream_unreachable', async () => expectRefusal(gate, await gate.ask({ target: '/open/x' }), 'upstream_unreachable'));
  await t.test('one whose name is unknown: upstream_unreachable', async (inner) => {
    const other = await startGate(inner, { ...OPTIONS, upstream: 'http://nowhere.invalid' });
    await expectRefusal(other, await other.ask({ target: '/open/x' }), 'upstream_unreachable');
  });
  await t.test('one that hangs: upstream_timeout', async (inner) => {
    const other = await startGate(inner, { ...HASTY, upstream: `http://127.0.0.1:${silent.address().port}` });
    await expectRefusal(other, await other.ask({ target: '/open/x' }), 'upstream_timeout');
  });
});

test('a unix socket, and one upstream per module', async (t) => {
  const plain = await recordingUpstream(t, () => answer(200, 'plain'));
  const crm = await recordingUpstream(t, () => answer(200, 'crm'));
  const gate = await startGate(t, {
    ...OPTIONS,
    upstream: plain.url,
    policy: { modules: { crm: { paths: ['/crm/*'], upstream: crm.url } }, public: ['/crm/*', '/else/*'] },
    config: {},
  });
  assert.equal((await gate.ask({ target: '/crm/x' })).text, 'crm');
  assert.equal((await gate.ask({ target: '/else/x' })).text, 'plain');

  const local = net.createServer((socket) => socket.once('data', () => socket.end(answer(200, 'unix', ['Connection: close']))));
  const other = await startGate(t, {
    policy: { public: ['/x'] },
    config: (self) => {
      local.listen(`${self.dir}/up.sock`);
      return { upstream: `unix:${self.dir}/up.sock` };
    },
  });
  t.after(() => local.close());
  assert.equal((await other.ask({ target: '/x' })).text, 'unix');
});

test('a real nginx behind the gate', async (t) => {
  const nginx = await nginxUpstream(t, { 'api/customer.json': '{"id":1}', 'api/big.bin': 'z'.repeat(3 * MIB) });
  const gate = await startGate(t, { ...OPTIONS, upstream: nginx.url });
  const headers = { Authorization: `Bearer ${await sign(rsa)}` };

  assert.equal((await gate.ask({ target: '/api/customer.json', headers })).text, '{"id":1}');
  assert.equal((await gate.ask({ target: '/api/big.bin', headers })).body.length, 3 * MIB);
  assert.equal((await gate.ask({ target: '/api/big.bin', headers: { ...headers, Range: 'bytes=5-9' } })).status, 206);
  assert.equal((await gate.ask({ target: '/api/none', headers })).status, 404);
  const etag = (await gate.ask({ target: '/api/customer.json', headers })).get('etag');
  assert.equal((await gate.ask({ target: '/api/customer.json', headers: { ...headers, 'If-None-Match': etag } })).status, 304);
  assert.equal((await gate.ask({ method: 'HEAD', target: '/api/customer.json', headers })).get('content-length'), '8');

  const wire = await Wire.open(gate.port);
  for (let i = 0; i < 50; i++) {
    await wire.write(requestText(gate.port, { target: '/api/customer.json', headers, close: false }));
    assert.equal((await wire.answer()).text, '{"id":1}');
  }
  wire.close();
  assert.equal((await ask(nginx.port, { target: '/api/customer.json' })).status, 200);
});
