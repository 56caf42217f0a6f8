// SPDX-License-Identifier: Apache-2.0
// Interim answers (RFC 9110 section 15.2) are passed on whenever they come and end nothing; and every
// answer says its Date (section 6.6.1).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import https from 'node:https';
import test from 'node:test';
import { scratch, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n';
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const OPTIONS = { files: { 'keys.json': keySet(makeKey('RS256')) }, config: { issuers: fileIssuer(), limits: { upstream_timeout: '5s' } } };

/** A post whose second half is sent once the interim answers to the first have come. */
async function postInHalves(wire, { version = 'HTTP/1.1', lines = '', until = async () => {} } = {}) {
  await wire.write(`POST /open/x ${version}\r\nHost: h\r\n${lines}Content-Length: 6\r\n\r\nabc`);
  const seen = await until();
  await wire.write('def');
  return seen;
}

test('interim answers before the body is there', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { ...OPTIONS, upstream: upstream.url });
  let said = '';
  // Those that were dropped before spoke, too.
  const spoke = () => upstream.connections.some((connection) => connection.spoke && !connection.closed);
  upstream.early = (request, connection) => {
    if (!connection.spoke) connection.socket.write(said);
    connection.spoke = true;
  };

  for (const [name, bytes, statuses] of [
    ['103', HINTS, [103]],
    ['102', PROCESSING, [102]],
    ['100', CONTINUE, [100]],
    ['several', CONTINUE + HINTS + PROCESSING + HINTS, [100, 103, 102, 103]],
  ]) {
    await t.test(`${name}: passed on, and the upload goes on`, async () => {
      const wire = await Wire.open(gate.port);
      said = bytes;
      upstream.requests.length = 0;
      await upstream.dropAll();
      const heads = await postInHalves(wire, {
        until: async () => {
          const all = [];
          while (all.length < statuses.length) all.push(await wire.head());
          return all;
        },
      });
      assert.deepEqual(heads.map((head) => head.status), statuses);
      for (const head of heads.filter(({ status }) => status === 103)) {
        assert.equal(head.get('link'), '</a>');
        assert.equal(head.get('x-hop'), undefined, 'what Connection names stays behind');
      }
      const got = await wire.answer();
      assert.equal(got.status, 200);
      assert.deepEqual(got.interim, []);
      assert.equal(upstream.requests.at(-1).body.toString(), 'abcdef');
      assert.equal(got.get('connection'), undefined, 'the connection stays');
      wire.close();
    });
  }

  await t.test('a client that expected 100 sees one', async () => {
    const wire = await Wire.open(gate.port);
    said = CONTINUE + HINTS;
    await upstream.dropAll();
    await postInHalves(wire, {
      lines: 'Expect: 100-continue\r\n',
      until: async () => {
        assert.equal((await wire.head()).status, 100);
        assert.equal((await wire.head()).status, 103);
      },
    });
    const got = await wire.answer();
    assert.deepEqual([got.interim, got.status], [[], 200]);
    wire.close();
  });

  await t.test('it sees one even if the request is sent again, on a new connection', async () => {
    const wire = await Wire.open(gate.port);
    const { early } = upstream;
    await upstream.dropAll();
    await wire.write('GET /open/x HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    const before = upstream.connections.length;
    upstream.early = (request, { socket, count }) => count > 0 && socket.destroy();
    await wire.write('PUT /open/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    assert.equal((await wire.head()).status, 100);
    await eventually(() => upstream.connections[before]?.seen.includes('PUT'), 'the second attempt');
    await wire.write('abc');
    const got = await wire.answer();
    assert.deepEqual([got.interim, got.status], [[], 200]);
    upstream.early = early;
    wire.close();
  });

  await t.test('HTTP/1.0 sees none, and its upload goes on', async () => {
    const wire = await Wire.open(gate.port);
    said = HINTS;
    await upstream.dropAll();
    await postInHalves(wire, {
      version: 'HTTP/1.0',
      until: () => eventually(spoke, 'the interim answer'),
    });
    const got = await wire.answer();
    assert.deepEqual([got.interim, got.status], [[], 200]);
    wire.close();
  });

  await t.test('one in two pieces, the body between them', async () => {
    const wire = await Wire.open(gate.port);
    said = HINTS.slice(0, 20);
    await upstream.dropAll();
    upstream.respond = () => HINTS.slice(20) + answer(200, 'whole');
    await postInHalves(wire, { until: () => eventually(spoke, 'the first piece') });
    const got = await wire.answer();
    assert.deepEqual([got.interim, got.status, got.text], [[103], 200, 'whole']);
    upstream.respond = () => answer(200, '');
    wire.close();
  });

  await t.test('in chunks, too', async () => {
    const wire = await Wire.open(gate.port);
    said = HINTS;
    await upstream.dropAll();
    await wire.write('POST /open/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    assert.equal((await wire.head()).status, 103);
    await wire.write('3\r\ndef\r\n0\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    assert.equal(upstream.requests.at(-1).body.toString(), 'abcdef');
    wire.close();
  });

  for (const [name, bytes] of [
    ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['too many of them', HINTS.repeat(17)],
  ]) {
    await t.test(`${name}: upstream_malformed`, async () => {
      const wire = await Wire.open(gate.port);
      said = bytes;
      await upstream.dropAll();
      await wire.write('POST /open/x HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
      const got = await wire.answer();
      assert.equal(got.status, 502);
      assert.equal(got.json().reason, 'upstream_malformed');
      wire.close();
    });
  }

  await t.test('after the body and without one', async () => {
    upstream.early = undefined;
    upstream.respond = () => CONTINUE + HINTS + answer(200, 'late');
    for (const [method, body] of [['GET', undefined], ['POST', 'abc']]) {
      const got = await gate.ask({ method, target: '/open/x', body });
      assert.deepEqual([got.interim, got.text], [[100, 103], 'late']);
    }
  });
});

test('an upload over TLS is not ended by what TLS says for itself', async (t) => {
  const dir = scratch();
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' });
  const bodies = [];
  const server = https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, (request, response) => {
    let body = '';
    request.on('data', (data) => {
      if (body === '') response.writeEarlyHints({ link: '</a>' });
      body += data;
    });
    request.on('end', () => {
      bodies.push(body);
      response.end('done');
    });
  });
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const gate = await startGate(t, { ...OPTIONS, upstream: `https://127.0.0.1:${server.address().port}`, env: { SSL_CERT_FILE: cert } });
  const wire = await Wire.open(gate.port);
  await postInHalves(wire, { until: async () => assert.equal((await wire.head()).status, 103) });
  const got = await wire.answer();
  assert.deepEqual([got.status, got.text, bodies], [200, 'done', ['abcdef']]);
  wire.close();
});

test('every answer says its Date', async (t) => {
  const upstream = await recordingUpstream(t, () => answer(200, 'x'));
  const gate = await startGate(t, {
    ...OPTIONS,
    config: (self) => ({ ...OPTIONS.config, local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }),
    upstream: upstream.url,
  });
  const fresh = (got, what) => {
    assert.equal(got.all('date').length, 1, what);
    assert.match(got.get('date'), /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/, what);
    assert.ok(Math.abs(Date.parse(got.get('date')) - Date.now()) < 60000, what);
  };

  await t.test('of the gate itself, on every listener', async () => {
    for (const target of ['/none', '/api/x', '/.well-known/oauth-protected-resource', '/oauth/jwks', '/oauth/token', '/a//b']) {
      fresh(await gate.ask({ target }), target);
    }
    for (const target of ['/livez', '/readyz', '/metrics', '/none']) fresh(await gate.admin(target), target);
    const wire = await Wire.open(gate.port);
    await wire.write('GET / HTTP/1.1\r\nHost: h\r\nbad header\r\n\r\n');
    fresh(await wire.answer(), 'a head that cannot be read');
    wire.close();
  });

  await t.test('of an upstream that says none', async () => {
    fresh(await gate.ask({ target: '/open/x' }), 'forwarded');
    fresh(await gate.ask({ method: 'HEAD', target: '/open/x' }), 'HEAD');
  });

  await t.test('the upstream\'s own stays as it is', async () => {
    upstream.respond = () => answer(200, 'x', ['daTe: Tue, 15 Nov 1994 08:12:31 GMT']);
    assert.deepEqual((await gate.ask({ target: '/open/x' })).all('date'), ['Tue, 15 Nov 1994 08:12:31 GMT']);
  });
});
