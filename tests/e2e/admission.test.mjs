// SPDX-License-Identifier: Apache-2.0
// What two parsers could read in two ways never comes through: refused with the right word, the
// connection closed, nothing whole at the upstream, and the next honest request served.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cannot } from './harness/engines.mjs';
import { ENGINE, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';

const rsa = makeKey('RS256');
const FILES = { 'keys.json': keySet(rsa) };
const SMUGGLED = 'GET /open/smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
const many = (count) => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('');

/** A request whose lines between Host and the empty line are given. */
const post = (lines, body = '') => `POST /open/x HTTP/1.1\r\nHost: h\r\n${lines}\r\n${body}`;
const get = (lines) => `GET /open/x HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;
const chunked = (body) => post('Transfer-Encoding: chunked\r\n', body);

/** Refused as a whole, before anything is forwarded. */
const REFUSED = {
  request_malformed: {
    'two equal lengths': post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
    'two different lengths': post('Content-Length: 3\r\nContent-Length: 0\r\n', `abc${SMUGGLED}`),
    'a list of lengths': post('Content-Length: 3, 3\r\n', 'abc'),
    'a length with a plus': post('Content-Length: +3\r\n', 'abc'),
    'a length with a minus': post('Content-Length: -3\r\n', 'abc'),
    'a length of minus nought': post('Content-Length: -0\r\n', ''),
    'a length with junk after it': post('Content-Length: 3x\r\n', 'abc'),
    'a length in hex': post('Content-Length: 0x3\r\n', `abc${SMUGGLED}`),
    'a length with an exponent': post('Content-Length: 3e0\r\n', 'abc'),
    'a length with an underscore': post('Content-Length: 1_0\r\n', 'abc'),
    'a length with a space in it': post('Content-Length: 3 3\r\n', 'abc'),
    'an empty length': post('Content-Length:\r\n', 'abc'),
    'a length of 2^63': post('Content-Length: 9223372036854775808\r\n', 'abc'),
    'a length of 2^64 and 3': post('Content-Length: 18446744073709551619\r\n', `abc${SMUGGLED}`),
    'a length and chunked': post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    'chunked and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', `0\r\n\r\n${SMUGGLED}`),
    'coding identity with a length': post('Transfer-Encoding: identity\r\nContent-Length: 3\r\n', 'abc'),
    'coding identity alone': post('Transfer-Encoding: identity\r\n', ''),
    'identity, then chunked': post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    'chunked, then identity': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${SMUGGLED}`),
    'chunked twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    'a list of codings': post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    'chunked, identity in a list': post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
    'coding xchunked': post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    'coding in quotes': post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'),
    'an empty coding': post('Transfer-Encoding:\r\n', '0\r\n\r\n'),
    'coding with a vertical tab': post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'),
    'coding with a byte 0xA0': post('Transfer-Encoding: \xa0chunked\r\n', '0\r\n\r\n'),
    'coding with a byte 0x85': post('Transfer-Encoding: chunked\x85\r\n', '0\r\n\r\n'),
    'coding on HTTP/1.0': 'POST /open/x HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'space before the colon': get('X-A : 1\r\n'),
    'space before the colon of a coding': post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    'space before the colon of a length': post('Content-Length : 3\r\n', 'abc'),
    'a folded line': post('X-A: b\r\n c\r\nContent-Length: 41\r\n', SMUGGLED),
    'a line folded by a tab': post('X-A: b\r\n\tc\r\nContent-Length: 41\r\n', SMUGGLED),
    'a folded first line': 'GET /open/x HTTP/1.1\r\n Host: h\r\nX-A: b\r\n\r\n',
    'a folded coding': post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'),
    'an empty name': post(': 1\r\nContent-Length: 41\r\n', SMUGGLED),
    'a name that starts with a byte over 0x7F': post('\xe9x: 1\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    'a name with a byte over 0x7F in it': get('X\xe9: 1\r\n'),
    'a line without a colon': get('junk\r\n'),
    ...Object.fromEntries([...'(),/;<=>?@[\\]{}"'].map((c) => [`a name with ${c}`, get(`X${c}Y: 1\r\n`)])),
    'a NUL in a value': get('X-A: a\0b\r\n'),
    'a NUL in a name': get('X\0A: b\r\n'),
    'a bare CR in a value': get('X-A: a\rb\r\n'),
    'a control byte in a value': get('X-A: a\x01b\r\n'),
    'DEL in a value': get('X-A: a\x7fb\r\n'),
    'line ends that are bare LF': 'GET /open/x HTTP/1.1\nHost: h\n\n',
    'one line end that is a bare LF': 'GET /open/x HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n',
    'an empty line by a bare LF in the block': `GET /open/x HTTP/1.1\r\nHost: h\r\nX-A: b\n\r\n${SMUGGLED}`,
    'an end of CRLF LF': `GET /open/x HTTP/1.1\r\nHost: h\r\n\n${SMUGGLED}`,
    'two lines before the request': `\r\n\r\n${get('')}`,
    'two line feeds before the request': `\n\n${get('')}`,
    'a space before the request': ` ${get('')}`,
    'two spaces after the method': 'GET  /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
    'two spaces after the target': 'GET /open/x  HTTP/1.1\r\nHost: h\r\n\r\n',
    'a tab after the method': 'GET\t/open/x HTTP/1.1\r\nHost: h\r\n\r\n',
    'a line end within the first line': 'GET /open/x \r\nHTTP/1.1\r\nHost: h\r\n\r\n',
    'no version': 'GET /open/x\r\nHost: h\r\n\r\n',
    'HTTP/0.9': 'GET /open/x HTTP/0.9\r\nHost: h\r\n\r\n',
    'HTTP/1.2': 'GET /open/x HTTP/1.2\r\nHost: h\r\n\r\n',
    'HTTP/2.0': 'GET /open/x HTTP/2.0\r\nHost: h\r\n\r\n',
    'http in lower case': 'GET /open/x http/1.1\r\nHost: h\r\n\r\n',
    'HTTP/1.10': 'GET /open/x HTTP/1.10\r\nHost: h\r\n\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'no Host': 'GET /open/x HTTP/1.1\r\nX-A: b\r\n\r\n',
    'two Hosts': get('Host: h\r\n'),
    'two different Hosts': get('host: other\r\n'),
    'a Host with a space': 'GET /open/x HTTP/1.1\r\nHost: h x\r\n\r\n',
    'a Host with a path': 'GET /open/x HTTP/1.1\r\nHost: h/open\r\n\r\n',
    'a Host with userinfo': 'GET /open/x HTTP/1.1\r\nHost: a@h\r\n\r\n',
    'a Host that is a list': 'GET /open/x HTTP/1.1\r\nHost: h, other\r\n\r\n',
    'an empty Host': 'GET /open/x HTTP/1.1\r\nHost:\r\n\r\n',
    // Where any token is a method, the policy decides.
    ...(cannot('METHODS') && {
      TRACE: 'TRACE /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
      'CONNECT of an authority': 'CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n',
      'a method in lower case': 'get /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
      'a method that nobody knows': 'SMUGGLE /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
    }),
    'a method that is no token': 'GE(T /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
    'another expectation': post('Expect: 200-ok\r\nContent-Length: 3\r\n', 'abc'),
    'a target with a control byte': 'GET /open/\x01x HTTP/1.1\r\nHost: h\r\n\r\n',
    'a target with a byte over 0x7F': 'GET /open/\xe9 HTTP/1.1\r\nHost: h\r\n\r\n',
    'a target that is an authority': 'GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n',
    'a target without a slash': 'GET open/x HTTP/1.1\r\nHost: h\r\n\r\n',
  },
  method_not_supported: {
    'CONNECT of a path': 'CONNECT /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
    ...(!cannot('METHODS') && {
      'CONNECT of an authority': 'CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n',
      TRACE: 'TRACE /open/x HTTP/1.1\r\nHost: h\r\n\r\n',
    }),
  },
  header_too_large: {
    '64 headers': get(many(63)),
    'a length that is the 65th header': post(`${many(64)}Content-Length: 41\r\n`, SMUGGLED),
    'credentials that are the 65th header': get(`${many(64)}Authorization: Bearer x\r\n`),
    '500 headers': get(many(500)),
    'a head beyond the limit': get(`X-A: ${'a'.repeat(20000)}\r\n`),
    'a target beyond the limit': `GET /open/${'a'.repeat(20000)} HTTP/1.1\r\nHost: h\r\n\r\n`,
  },
};

/** Known to break off while the body is read: the upstream may see its start, never its end. */
const BROKEN = {
  'a chunk size with 0x': chunked(`0x3\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  'a chunk size with a plus': chunked('+3\r\nabc\r\n0\r\n\r\n'),
  'a chunk size with an underscore': chunked('1_0\r\nabc\r\n0\r\n\r\n'),
  'a chunk size with a space before it': chunked(' 3\r\nabc\r\n0\r\n\r\n'),
  'a chunk size with a space after it': chunked('3 \r\nabc\r\n0\r\n\r\n'),
  'a chunk size beyond 2^64': chunked('10000000000000003\r\nabc\r\n0\r\n\r\n'),
  'a chunk size of 2^63': chunked('8000000000000000\r\nabc\r\n0\r\n\r\n'),
  'an empty chunk size': chunked('\r\nabc\r\n0\r\n\r\n'),
  'a chunk size that is no number': chunked('zz\r\nabc\r\n0\r\n\r\n'),
  'a chunk whose data do not end in CRLF': chunked('3\r\nabcd\r\n0\r\n\r\n'),
  'a chunk size that ends in LF': chunked('3\nabc\r\n0\r\n\r\n'),
  'chunk data that end in LF': chunked('3\r\nabc\n0\r\n\r\n'),
  'a last chunk that ends in LF': chunked(`3\r\nabc\r\n0\n\n${SMUGGLED}`),
  'an extension with a bare CR': chunked('3;a\rb\r\nabc\r\n0\r\n\r\n'),
  'an extension with a bare LF': chunked(`3;a\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  'an extension of 64 KiB': chunked(`3;${'a'.repeat(65536)}\r\nabc\r\n0\r\n\r\n`),
};

test('hostile heads', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer(), limits: { header_timeout: '3m' } } });
  const honest = async () => {
    const got = await gate.ask({ target: '/open/honest' });
    assert.equal(got.status, 200, got.text);
    upstream.clear();
  };

  for (const [word, cases] of Object.entries(REFUSED)) {
    for (const [name, bytes] of Object.entries(cases)) {
      await t.test(`${name}: ${word}`, async () => {
        upstream.clear();
        const wire = await Wire.open(gate.port);
        await wire.write(bytes);
        const got = await wire.answer();
        await expectRefusal(gate, got, word);
        assert.equal(got.get('connection'), 'close');
        assert.ok(await wire.isClosed(), 'the connection is closed');
        assert.equal(wire.pending.length, 0, 'and nothing more was said on it');
        assert.equal(upstream.bytes(), '', 'nothing arrived at the upstream');
        await honest();
      });
    }
  }

  await t.test('an upgrade with a body is none', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(get('Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n') + 'abc');
    const got = await wire.answer();
    if (got.status !== 200) await expectRefusal(gate, got, 'request_malformed');
    assert.doesNotMatch(upstream.bytes(), /upgrade/i);
    upstream.clear();
    wire.close();
  });

  await t.test('a head in single bytes is served', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write([...get('Connection: close\r\n')]);
    assert.equal((await wire.answer()).status, 200);
    wire.close();
    upstream.clear();
  });

  await t.test('a hostile head in single bytes is refused', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write([...post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc')]);
    await expectRefusal(gate, await wire.answer(), 'request_malformed');
    assert.equal(upstream.bytes(), '');
    wire.close();
  });

  await t.test('a head that does not come in time is refused and closed', async (inner) => {
    const hasty = await startGate(inner, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer(), limits: { header_timeout: '1s' } } });
    const wire = await Wire.open(hasty.port);
    await wire.write('GET /open/x HTTP/1.1\r\nHost: h\r\n');
    const got = await wire.answer();
    // CivetWeb may notice it by itself, and does not say why it gives up a head.
    if (got && !(ENGINE === 'civetweb' && got.status === 400)) await expectRefusal(hasty, got, 'request_timeout');
    assert.ok(await wire.isClosed());
    await honest();
  });

  await t.test('an absolute target of another host is refused', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('GET http://other/open/x HTTP/1.1\r\nHost: h\r\n\r\n');
    if (!cannot('OTHER_TARGETS')) await expectRefusal(gate, await wire.answer(), 'request_malformed');
    assert.ok(await wire.isClosed());
    assert.equal(upstream.bytes(), '');
    await honest();
  });

  await t.test('OPTIONS * is closed without reaching anybody', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.ok(await wire.isClosed());
    assert.equal(upstream.bytes(), '');
    await honest();
  });
});

test('white space never replays what an earlier client sent', async (t) => {
  const upstream = await recordingUpstream(t, (request) => answer(200, request.target));
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer(), limits: { connections: 2 } } });
  const token = await sign(rsa);

  for (let i = 0; i < 12; i++) {
    // The victim pipelines, so that its second request stands behind the first in the buffer.
    const victim = await Wire.open(gate.port);
    const own = `GET /api/secret HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n`;
    await victim.write(`${own}\r\n${own}Connection: close\r\n\r\n`);
    assert.equal((await victim.answer()).text, '/api/secret');
    assert.equal((await victim.answer()).text, '/api/secret');
    assert.ok(await victim.isClosed());
    upstream.clear();

    const attacker = await Wire.open(gate.port);
    await attacker.write([['\n\n', '\r\n\r\n'][i % 2], ' '.repeat(264)][i % 3 === 0 ? 0 : 1].padEnd(264, i % 2 ? '\r\n' : '\n'));
    attacker.socket.end();
    const got = await attacker.answer();
    if (got) assert.equal(got.status, 400);
    assert.equal(upstream.bytes(), '', 'no request of the victim was run again');
    attacker.close();
  }
});

test('hostile bodies', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer(), limits: { body_timeout: '3m' } } });

  for (const [name, bytes] of Object.entries(BROKEN)) {
    await t.test(`${name}: the upstream sees no whole request`, async () => {
      upstream.clear();
      const wire = await Wire.open(gate.port);
      await wire.write(bytes).catch(() => {});
      const got = await wire.answer().catch(() => null);
      if (got) await expectRefusal(gate, got, 'request_malformed');
      assert.ok(await wire.isClosed(), 'the connection is closed');
      assert.equal(upstream.requests.length, 0, upstream.bytes());
      assert.equal((await gate.ask({ target: '/open/honest' })).status, 200);
      assert.doesNotMatch(upstream.bytes(), /smuggled/);
      upstream.clear();
    });
  }

  await t.test('a body shorter than its length: the upstream sees no whole request', async () => {
    upstream.clear();
    const wire = await Wire.open(gate.port);
    await wire.write(post('Content-Length: 10\r\n', 'abc'));
    wire.socket.end();
    await wire.isClosed();
    assert.equal(upstream.requests.length, 0);
    wire.close();
  });

  await t.test('a body that stalls is given up', async (inner) => {
    const hasty = await startGate(inner, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer(), limits: { body_timeout: '1s' } } });
    upstream.clear();
    const wire = await Wire.open(hasty.port);
    await wire.write(post('Content-Length: 10\r\n', 'abc'));
    const got = await wire.answer();
    if (got) await expectRefusal(hasty, got, 'request_timeout');
    assert.ok(await wire.isClosed());
    assert.equal(upstream.requests.length, 0);
  });

  await t.test('a chunk extension is dropped, or the whole refused', async () => {
    upstream.clear();
    const wire = await Wire.open(gate.port);
    await wire.write(chunked('3;a=b\r\nabc\r\n0\r\n\r\n'));
    const got = await wire.answer();
    if (got.status === 200) assert.equal(upstream.requests[0].body.toString(), 'abc');
    else await expectRefusal(gate, got, 'request_malformed');
    assert.doesNotMatch(upstream.bytes(), /;a=b/);
    wire.close();
  });

  await t.test('trailers of 1 MiB cost no more than the connection', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(chunked(`3\r\nabc\r\n0\r\n${'X-T: a\r\n'.repeat(130000)}\r\n`)).catch(() => {});
    assert.ok(await wire.isClosed());
    assert.equal((await gate.ask({ target: '/open/honest' })).status, 200);
    assert.doesNotMatch(upstream.bytes(), /X-T/);
  });

  await t.test('trailers are dropped and never become headers', async () => {
    upstream.clear();
    const wire = await Wire.open(gate.port);
    await wire.write(chunked('3\r\nabc\r\n0\r\nX-User: root\r\nAuthorization: Bearer x\r\n\r\n'));
    assert.equal((await wire.answer()).status, 200);
    assert.equal(upstream.requests[0].body.toString(), 'abc');
    assert.doesNotMatch(upstream.bytes(), /root|Bearer/);
    upstream.clear();
    wire.close();
  });
});

test('connections', async (t) => {
  const upstream = await recordingUpstream(t, (request) => answer(200, request.target));
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer() } });

  await t.test('pipelined requests are answered in order, each judged by itself', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(`${get('').replace('/x', '/1')}GET /api/2 HTTP/1.1\r\nHost: h\r\n\r\n${get('').replace('/x', '/3')}`);
    assert.equal((await wire.answer()).text, '/open/1');
    await expectRefusal(gate, await wire.answer(), 'credentials_missing');
    assert.equal((await wire.answer()).text, '/open/3');
    assert.deepEqual(upstream.requests.map((request) => request.target), ['/open/1', '/open/3']);
    upstream.clear();
    wire.close();
  });

  await t.test('a request within the body of a refused one is not run', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write(`POST /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
    await expectRefusal(gate, await wire.answer(), 'credentials_missing');
    assert.ok(await wire.isClosed());
    assert.equal(wire.pending.length, 0);
    assert.equal(upstream.bytes(), '');
  });

  await t.test('a refused upload of 10 GB is not waited for', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('POST /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000000\r\n\r\nabc');
    const got = await wire.answer();
    await expectRefusal(gate, got, 'credentials_missing');
    assert.equal(got.get('connection'), 'close');
    assert.ok(await wire.isClosed());
  });

  await t.test('a refused expectation gets the refusal and no 100', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('POST /api/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    const got = await wire.answer();
    await expectRefusal(gate, got, 'credentials_missing');
    assert.deepEqual(got.interim, []);
    assert.ok(await wire.isClosed());
  });

  await t.test('a preflight is judged like any request', async () => {
    await expectRefusal(gate, await gate.ask({ method: 'OPTIONS', target: '/api/x', headers: { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'GET' } }), 'credentials_missing');
  });

  await t.test('a digest of another server means nothing here', async () => {
    await expectRefusal(gate, await gate.ask({ target: '/api/x', headers: { Authorization: 'Digest username="a"' } }), 'credentials_missing');
  });

  await t.test('HTTP/1.0 without keep-alive is answered and closed', async () => {
    const wire = await Wire.open(gate.port);
    await wire.write('GET /open/x HTTP/1.0\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    assert.ok(await wire.isClosed());
  });

  await t.test('bytes over 0x7F may stand in a value and arrive unchanged', async () => {
    upstream.clear();
    await gate.ask({ target: '/open/x', headers: ['X-A: caf\xe9'] });
    assert.equal(upstream.requests[0].get('x-a'), 'caf\xe9');
  });
});

test('credentials elsewhere are none', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: FILES, config: { issuers: fileIssuer() } });
  const token = await sign(rsa);
  const missing = {
    'in the query': { target: `/api/x?access_token=${token}` },
    'in a form': { method: 'POST', target: '/api/x', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: `access_token=${token}` },
    'in a cookie': { target: '/api/x', headers: { Cookie: `access_token=${token}` } },
    'for a proxy': { target: '/api/x', headers: { 'Proxy-Authorization': `Bearer ${token}` } },
    'of another scheme': { target: '/api/x', headers: { Authorization: `Token ${token}` } },
    'glued to the scheme': { target: '/api/x', headers: { Authorization: `Bearer${token}` } },
    'in an underscored header': { target: '/api/x', headers: { X_Authorization: `Bearer ${token}` } },
  };
  const malformed = {
    'a scheme without a token': 'Bearer', 'two spaces and nothing': 'Bearer  ', 'two values with two spaces': `Bearer  ${token}  ${token}`, quoted: `Bearer "${token}"`, 'a list': `Bearer ${token}, Bearer ${token}`,
    'a parameter after it': `Bearer ${token} x=1`,
  };

  for (const [name, request] of Object.entries(missing)) {
    await t.test(`a token ${name}`, async () => expectRefusal(gate, await gate.ask(request), 'credentials_missing'));
  }
  for (const [name, value] of Object.entries({ 'two spaces': `Bearer  ${token}`, 'many spaces': `Bearer${' '.repeat(20)}${token}` })) {
    await t.test(`${name} before the token are read`, async () => assert.equal((await gate.ask({ target: '/api/x', headers: { Authorization: value } })).status, 200));
  }
  for (const [name, value] of Object.entries(malformed)) {
    await t.test(`${name}`, async () => expectRefusal(gate, await gate.ask({ target: '/api/x', headers: { Authorization: value } }), 'credentials_malformed'));
  }
  for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
    await t.test(`the scheme ${scheme} is accepted`, async () => {
      assert.equal((await gate.ask({ target: '/api/x', headers: { Authorization: `${scheme} ${token}` } })).status, 200);
    });
  }
  await t.test('a method named in a header changes nothing', async () => {
    upstream.clear();
    await gate.ask({ method: 'POST', target: '/api/x', headers: { Authorization: `Bearer ${token}`, 'X-HTTP-Method-Override': 'DELETE' } });
    assert.equal(upstream.requests[0].method, 'POST');
    assert.doesNotMatch(upstream.requests[0].head, /override/i, 'nor what the API makes of it');
  });
});
