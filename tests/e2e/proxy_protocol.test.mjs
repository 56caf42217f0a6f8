// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol (`listen.proxy_protocol`): whom a connection is of, before everything else. Here
// 127.0.0.2 is a trusted proxy, and 127.0.0.1 is anybody.
import assert from 'node:assert/strict';
import test from 'node:test';
import tls from 'node:tls';
import { Certificates } from './harness/certificates.mjs';
import { cannot } from './harness/engines.mjs';
import { POLICY, startGate } from './harness/gate.mjs';
import { missing, startGateway } from './harness/gateway.mjs';
import { freePort } from './harness/ports.mjs';
import { Wire, requestText } from './harness/raw.mjs';
import { assertRefusal, expectRefusal } from './harness/refusal.mjs';
import { fileIssuer, keySet, makeKey } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const PROXY = '127.0.0.2';
const key = makeKey('RS256');
const made = new Certificates();
made.make('gate', { names: 'DNS:gate.test' }).make('ca').make('client', { by: 'ca' });
const FILES = { 'keys.json': keySet(key), 'gate.pem': made.text('gate.pem'), 'gate.key': made.text('gate.key'), 'ca.pem': made.text('ca.pem') };
const TLS = { certificate: 'gate.pem', key: 'gate.key', client_ca: 'ca.pem', client_certificate: 'optional' };

function behind(t, { upstream, listen = {}, ...config } = {}) {
  return startGate(t, {
    upstream: upstream?.url,
    files: FILES,
    policy: POLICY,
    config: (gate) => ({ issuers: fileIssuer(), listen: { address: `127.0.0.1:${gate.port}`, threads: 1, trusted_proxies: [PROXY, '10.0.0.0/8'], trusted_headers: ['X-Forwarded-For'], proxy_protocol: true, ...listen }, ...config }),
  });
}

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const v1 = (words) => `PROXY ${words}\r\n`;
const v2 = (command, family, block) => SIGNATURE + String.fromCharCode(command, family, block.length >> 8, block.length & 255) + block;
const four = (address) => String.fromCharCode(...address.split('.').map(Number)) + '\xc0\x00\x02\x02\x12\x67\x00\x50';
const six = (last) => `\x20\x01\x0d\xb8${'\0'.repeat(11)}${last}${'\0'.repeat(15)}\x01\x12\x67\x00\x50`;

/** Send a header and a request from there, in these pieces; the answer, or null. */
async function say(gate, header, { from = PROXY, headers = [], pieces = (bytes) => [bytes] } = {}) {
  const wire = await Wire.open(gate.port, { localAddress: from });
  try {
    await wire.write(pieces(header + requestText(gate.port, { target: '/open/x', headers })));
    return await wire.answer();
  } finally {
    wire.close();
  }
}

const lineOf = (gate, got) => gate.line((one) => one.request_id === got.get('x-request-id'));

test('PROXY headers', { skip: cannot('PROXY_PROTOCOL') }, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await behind(t, { upstream });
  const named = async (header, peer, options) => {
    upstream.clear();
    const got = await say(gate, header, options);
    assert.equal(got?.status, 200, JSON.stringify(header));
    const line = await lineOf(gate, got);
    assert.deepEqual([line.peer, line.proxy], [peer, peer === PROXY ? undefined : PROXY], JSON.stringify(header));
    assert.deepEqual(upstream.requests[0].all('X-Forwarded-For'), [peer]);
  };

  await t.test('name the client', async () => {
    await named(v1('TCP4 192.0.2.1 192.0.2.2 4711 80'), '192.0.2.1');
    await named(v1('TCP6 2001:DB8::1 ::1 4711 80'), '2001:db8::1');
    await named(v2(0x21, 0x11, four('192.0.2.1')), '192.0.2.1');
    await named(v2(0x21, 0x21, six('\x07')), '2001:db8::7');
    await named(v2(0x21, 0x11, `${four('192.0.2.1')}\x04\x0f\x00${'x'.repeat(0xf00)}`), '192.0.2.1');
  });
  await t.test('may come byte by byte', async () => {
    await named(v1('TCP4 192.0.2.1 192.0.2.2 4711 80'), '192.0.2.1', { pieces: (bytes) => [...bytes] });
    await named(v2(0x21, 0x11, four('192.0.2.1')), '192.0.2.1', { pieces: (bytes) => [...bytes] });
  });
  await t.test('hold for all requests of the connection', async () => {
    const wire = await Wire.open(gate.port, { localAddress: PROXY });
    const one = requestText(gate.port, { target: '/open/x', close: false });
    await wire.write(v1('TCP4 192.0.2.1 192.0.2.2 4711 80') + one + one);
    await wire.answer();
    await wire.answer();
    await wire.write(one);
    assert.equal((await lineOf(gate, await wire.answer())).peer, '192.0.2.1');
    await wire.write(v1('TCP4 6.6.6.6 192.0.2.2 4711 80') + one);
    assertRefusal(await wire.answer(), 'request_malformed');
    wire.close();
  });
  await t.test('of a client decide whether its headers count', async () => {
    const headers = ['X-Forwarded-For: 192.0.2.9'];
    await named(v1('TCP4 192.0.2.1 192.0.2.2 4711 80'), '192.0.2.1', { headers });
    await named(v1('TCP4 10.0.0.1 192.0.2.2 4711 80'), '192.0.2.9', { headers });
  });
  await t.test('that name nobody: the proxy is the client, and no header counts', async () => {
    for (const header of [v1('UNKNOWN'), v1('UNKNOWN ffff::1 ffff::2 1 2'), v2(0x21, 0x00, ''), v2(0x21, 0x31, 'x'.repeat(216))]) await named(header, PROXY, { headers: ['X-Forwarded-For: 192.0.2.9'] });
  });
  await t.test('of its own: its headers count', async () => {
    await named(v2(0x20, 0x00, ''), '192.0.2.9', { headers: ['X-Forwarded-For: 192.0.2.9'] });
    await named(v2(0x20, 0x11, four('6.6.6.6')), PROXY);
  });
  await t.test('that say TLS make the scheme https', async () => {
    for (const [flag, scheme] of [['\x01', 'https'], ['\x00', 'http']]) {
      await named(v2(0x21, 0x11, `${four('192.0.2.1')}\x20\x00\x05${flag}\0\0\0\0`), '192.0.2.1');
      assert.equal(upstream.requests[0].get('X-Forwarded-Proto'), scheme);
    }
  });
  await t.test('are not taken from others', async () => {
    for (const header of [v1('TCP4 192.0.2.1 192.0.2.2 4711 80'), v2(0x21, 0x11, four('192.0.2.1'))]) {
      const got = await say(gate, header, { from: '127.0.0.1' });
      await expectRefusal(gate, got, 'request_malformed');
      assert.equal((await lineOf(gate, got)).peer, '127.0.0.1');
    }
    const got = await say(gate, '', { from: '127.0.0.1' });
    assert.equal((await lineOf(gate, got)).peer, '127.0.0.1');
  });
  await t.test('that are none end the connection, and the log says so', async () => {
    const garbage = ['', 'PROXY', 'proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n', v1('TCP4 1.1.1.1 x 1 1'), v1('TCP9 1.1.1.1 1.1.1.1 1 1'), `PROXY UNKNOWN${' '.repeat(200)}`, v2(0x21, 0x11, 'short'), v2(0x31, 0x11, four('1.1.1.1')), `${SIGNATURE}\x21\x11\xff\xff`, '\x16\x03\x01', '\0'];
    for (const header of garbage) assert.equal(await say(gate, header), null, JSON.stringify(header));
    await gate.complains(/"event":"proxy_protocol".*a connection of the trusted proxy 127\.0\.0\.2 is closed/);
    assert.equal(gate.stderr.match(/"event":"proxy_protocol"/g).length, 1, 'once a minute');
  });
  await t.test('that are cut end the connection', async () => {
    for (const cut of ['', 'P', v1('TCP4 192.0.2.1').trimEnd(), SIGNATURE, v2(0x21, 0x11, four('1.1.1.1')).slice(0, -1)]) {
      const wire = await Wire.open(gate.port, { localAddress: PROXY, allowHalfOpen: true });
      if (cut) await wire.write(cut);
      wire.socket.end();
      assert.ok(await wire.isClosed());
    }
  });
  await t.test('are what a reload makes of them', async () => {
    gate.write('postern.yaml', { ...gate.config, listen: { ...gate.config.listen, proxy_protocol: false } });
    assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
    await expectRefusal(gate, await say(gate, v1('TCP4 192.0.2.1 192.0.2.2 4711 80')), 'request_malformed');
    assert.equal((await lineOf(gate, await say(gate, ''))).peer, PROXY);
  });
});

test('a PROXY header that does not come in time', { skip: cannot('PROXY_PROTOCOL') }, async (t) => {
  const gate = await behind(t, { limits: { header_timeout: '300ms' } });
  for (const part of ['', 'PROXY ', SIGNATURE]) {
    const wire = await Wire.open(gate.port, { localAddress: PROXY });
    if (part) await wire.write(part);
    assert.ok(await wire.isClosed());
  }
});

test('a PROXY header comes before TLS', { skip: cannot('PROXY_PROTOCOL') }, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await behind(t, { upstream, listen: { tls: TLS } });
  /** By TLS behind a header, which is written in the same breath as the client's first bytes. */
  const secure = async (header) => {
    const plain = await Wire.open(gate.port, { localAddress: PROXY });
    await plain.write(header);
    plain.socket.removeAllListeners('data');
    const socket = tls.connect({ socket: plain.socket, rejectUnauthorized: false, ...made.identity('client') });
    let text = '';
    socket.on('data', (data) => (text += data));
    socket.on('error', () => {});
    socket.write(requestText(gate.port, { target: '/open/x' }));
    await eventually(() => /\r\n\r\n/.test(text) || socket.destroyed, 'an answer');
    socket.destroy();
    const id = /x-request-id: (\S+)/i.exec(text)?.[1];
    return gate.line((one) => one.request_id === id);
  };
  const line = await secure(v1('TCP4 192.0.2.1 192.0.2.2 4711 443'));
  assert.deepEqual([line.peer, line.proxy, line.certificate], ['192.0.2.1', PROXY, 'CN=client'], 'the connection is the client\'s');
  const own = await secure(v2(0x21, 0x11, `${four('192.0.2.1')}\x20\x00\x05\x01\0\0\0\0`));
  assert.deepEqual([own.peer, own.certificate], ['192.0.2.1', undefined], 'the connection is the proxy\'s');
  const forwarded = upstream.requests.at(-1);
  assert.deepEqual([forwarded.get('X-Forwarded-Proto'), forwarded.get('X-Client-Certificate')], ['https', undefined]);
});

const WAYS = { 'send-proxy-v2': {}, 'send-proxy': {}, 'send-proxy-v2-ssl': { ssl: true }, 'send-proxy-v2 before TLS': { through: true } };
for (const [way, { ssl, through }] of Object.entries(WAYS)) test(`HAProxy, by its example, with ${way}`, { skip: (await missing('haproxy')) || cannot('PROXY_PROTOCOL') }, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await behind(t, { upstream, listen: { trusted_proxies: '127.0.0.1', trusted_headers: undefined, ...(through ? { tls: TLS } : {}) } });
  const port = await freePort();
  const via = async (localAddress) => {
    const wire = await Wire.open(port, { localAddress, ...(ssl || through ? { tls: { rejectUnauthorized: false } } : {}) });
    try {
      await wire.write(requestText(port, { target: '/open/x', headers: ['X-Forwarded-For: 6.6.6.6'] }));
      return await wire.answer();
    } finally {
      wire.close();
    }
  };
  await startGateway(t, 'haproxy', {
    example: 'behind-proxy', files: ['haproxy-tcp.cfg'], more: { 'proxy.pem': made.text('gate.pem') + made.text('gate.key') },
    replace: { '127.0.0.1:8443': `127.0.0.1:${port}${ssl ? ' ssl crt proxy.pem' : ''}`, '127.0.0.1:8080 send-proxy-v2': `127.0.0.1:${gate.port} ${way.split(' ')[0]}` },
    answers: () => via('127.0.0.1'),
  });
  upstream.clear();
  const got = await via('127.0.0.9');
  assert.equal(got.status, 200);
  const line = await lineOf(gate, got);
  assert.deepEqual([line.peer, line.proxy], ['127.0.0.9', '127.0.0.1']);
  assert.deepEqual(['X-Forwarded-For', 'X-Forwarded-Proto'].map((name) => upstream.requests[0].all(name)), [['127.0.0.9'], [ssl || through ? 'https' : 'http']]);
});
