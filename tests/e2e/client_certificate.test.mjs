// SPDX-License-Identifier: Apache-2.0
// What a verified client certificate means to the gate: a condition of the policy, a credential of its
// own, what a token may be bound to, and a header for the upstream; and that none of it gets from one
// connection to another.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import test from 'node:test';
import tls from 'node:tls';
import { Certificates } from './harness/certificates.mjs';
import { run, startGate } from './harness/gate.mjs';
import { Wire } from './harness/raw.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const signer = makeKey('ES256');
const SUBJECT = 'CN=partner,O=Big\\, Co';
const POLICY = {
  roles: {
    partner: { granted_to: [{ certificate: 'cn=partner, o=Big\\2c Co' }] },
    pinned: { granted_to: [{ issuer: 'idp', scope: 'read', certificate: SUBJECT }] },
    jose: { granted_to: [{ certificate: 'CN=José' }] },
    admin: { granted_to: [{ certificate: 'UID=admin' }] },
  },
  privileges: {
    partner: { paths: ['/partner'], roles: ['partner'] }, pinned: { paths: ['/pinned'], roles: ['pinned'] },
    jose: { paths: ['/jose'], roles: ['jose'] }, admin: { paths: ['/admin'], roles: ['admin'] }, any: { paths: ['/any'] },
  },
  public: ['/open'],
};

const made = new Certificates();
made.make('ca').make('successor').make('gate', { by: 'ca', names: 'IP:127.0.0.1' });

/** A client's certificate, signed by our authority unless `by` another: {cert, key, thumbprint}. */
function issue(name, subject, more = {}) {
  made.make(name, { by: 'ca', subject, ...more });
  const identity = made.identity(name);
  const { raw } = new crypto.X509Certificate(identity.cert);
  return { ...identity, thumbprint: crypto.createHash('sha256').update(raw).digest('base64url') };
}

const partner = issue('partner', '/O=Big, Co/CN=partner');
const other = issue('other', '/CN=other');

async function certifiedGate(t, mode = 'optional', authority = 'ca') {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    policy: POLICY,
    upstream: `http://127.0.0.1:${upstream.port}`,
    files: { 'keys.json': keySet(signer) },
    config: (own) => ({
      listen: { address: `127.0.0.1:${own.port}`, engine: 'events', tls: { certificate: made.path('gate.pem'), key: made.path('gate.key'), client_ca: made.path(`${authority}.pem`), client_certificate: mode } },
      issuers: fileIssuer(),
    }),
  });
  return { gate, upstream };
}

/** A client with its own connections; `certificate` may be absent. */
class Client {
  constructor(t, gate, certificate, options = {}) {
    this.gate = gate;
    this.agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: made.text('ca.pem'), cert: certificate?.cert, key: certificate?.key, ...options });
    t.after(() => this.agent.destroy());
  }

  /** {status, reason, headers} */
  async ask(target, { token, headers = {} } = {}) {
    const all = token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` };
    const request = https.request({ host: '127.0.0.1', port: this.gate.port, path: target, agent: this.agent, headers: all });
    request.end();
    const [response] = await once(request, 'response');
    let text = '';
    for await (const piece of response) text += piece;
    return { status: response.statusCode, reason: response.headers['x-postern'] ? JSON.parse(text).reason : 'ok', headers: response.headers, text };
  }
}

const clientsOf = (t, gate) => ({ partner: new Client(t, gate, partner), other: new Client(t, gate, other), nobody: new Client(t, gate) });

test('a certificate grants what the policy gives to its subject', async (t) => {
  const { gate, upstream } = await certifiedGate(t);
  const clients = clientsOf(t, gate);
  const token = await sign(signer);
  for (const [who, target, reason, given] of [
    ['partner', '/partner', 'ok'], ['other', '/partner', 'privilege_missing'], ['nobody', '/partner', 'credentials_missing'],
    ['partner', '/any', 'ok'], ['other', '/any', 'ok'], ['nobody', '/any', 'credentials_missing'],
    ['partner', '/pinned', 'privilege_missing'], ['partner', '/pinned', 'ok', token], ['other', '/pinned', 'privilege_missing', token], ['nobody', '/pinned', 'privilege_missing', token],
    ['partner', '/partner', 'ok', token], ['other', '/partner', 'privilege_missing', token],
    ['partner', '/partner', 'token_malformed', 'x'], ['partner', '/nowhere', 'no_rule'],
  ]) {
    const before = upstream.requests.length;
    const got = await clients[who].ask(target, { token: given });
    assert.equal(got.reason, reason, `${who} ${target} ${given ? 'with a token' : ''}`);
    assert.equal(upstream.requests.length - before, reason === 'ok' ? 1 : 0);
    if (reason === 'ok') assert.equal(upstream.requests.at(-1).get('x-client-certificate'), { partner: SUBJECT, other: 'CN=other' }[who]);
    if (who === 'nobody') continue;
    const said = JSON.parse((await run(['explain', '-c', gate.file, '--json', target, '--certificate', who === 'partner' ? SUBJECT : 'CN=other', ...(given ? ['--token', given] : [])])).stdout);
    assert.equal(said.reason, reason);
  }
  await clients.partner.ask('/partner');
  assert.equal(upstream.requests.at(-1).get('x-user'), SUBJECT);
  const line = await gate.line((one) => one.path === '/partner' && one.sub === SUBJECT);
  assert.deepEqual([line.certificate, line.verdict, line.privilege], [SUBJECT, 'forward', 'partner']);
});

test('the same token on connections with different certificates, by turns and at once', async (t) => {
  const { gate, upstream } = await certifiedGate(t);
  const clients = Object.entries(clientsOf(t, gate));
  const free = await sign(signer);
  const bound = await sign(signer, { cnf: { 'x5t#S256': partner.thumbprint } });
  const wanted = (who, refusal) => (who === 'partner' ? 'ok' : refusal);
  for (const [target, token, refusal] of [['/pinned', free, 'privilege_missing'], ['/any', bound, 'binding_mismatch']]) {
    for (let turn = 0; turn < 5; turn++) {
      for (const [who, client] of clients) assert.equal((await client.ask(target, { token })).reason, wanted(who, refusal), `${who}, turn ${turn}`);
    }
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => clients[i % 3]).map(async ([who, client]) => [who, (await client.ask(target, { token })).reason]));
    for (const [who, reason] of all) assert.equal(reason, wanted(who, refusal), who);
  }
  for (const request of upstream.requests) assert.equal(request.get('x-client-certificate'), SUBJECT);
  assert.ok((await gate.metric('postern_token_cache_total{result="hit"}')) > 0);
});

test('a bound token counts beside its own certificate, and no other binding counts', async (t) => {
  const { gate } = await certifiedGate(t);
  const clients = clientsOf(t, gate);
  const { thumbprint } = partner;
  const good = await sign(signer, { cnf: { 'x5t#S256': thumbprint } });
  assert.equal((await clients.partner.ask('/any', { token: good })).reason, 'ok');
  for (const who of ['other', 'nobody']) {
    const got = await clients[who].ask('/any', { token: good });
    assert.deepEqual([got.status, got.reason], [401, 'binding_mismatch']);
    assert.match(got.headers['www-authenticate'], /^Bearer realm="postern", error="invalid_token", error_description="the token is bound to /);
  }
  for (const cnf of [
    { 'x5t#S256': `${thumbprint}=` }, { 'x5t#S256': thumbprint.slice(1) }, { 'x5t#S256': `${thumbprint}A` }, { 'x5t#S256': [thumbprint] }, { 'x5t#S256': 7 }, { 'x5t#S256': null },
    { 'x5t#S256': Buffer.from(thumbprint, 'base64url').toString('hex') }, { 'x5t#S256': thumbprint, jkt: thumbprint }, { jkt: thumbprint }, { 'X5T#S256': thumbprint }, { 'x5t#S256': other.thumbprint },
    [thumbprint], thumbprint, {}, null,
  ]) {
    const got = await clients.partner.ask('/any', { token: await sign(signer, { cnf }) });
    assert.deepEqual([got.status, got.reason], [401, 'binding_mismatch'], JSON.stringify(cnf));
  }
});

test('what a client says of certificates is not believed', async (t) => {
  const { gate, upstream } = await certifiedGate(t);
  const clients = clientsOf(t, gate);
  const names = ['X-Client-Certificate', 'x-client-certificate', 'X_Client_Certificate', 'X.Client.Certificate'];
  for (const [who, target] of [['nobody', '/open'], ['other', '/any'], ['other', '/open']]) {
    for (const name of names) {
      await clients[who].ask(target, { headers: { [name]: [SUBJECT, SUBJECT], Connection: `keep-alive, ${name}` } });
      const { all, head } = upstream.requests.at(-1);
      assert.deepEqual(all('x-client-certificate'), who === 'nobody' ? [] : ['CN=other']);
      assert.doesNotMatch(head, /partner/);
    }
  }
  for (const headers of [{ 'X-Client-Certificate': SUBJECT }, { 'Client-Cert': `:${Buffer.from('x').toString('base64')}:` }, { 'X-SSL-Client-S-DN': SUBJECT }]) {
    assert.equal((await clients.nobody.ask('/partner', { headers })).reason, 'credentials_missing');
    assert.equal((await clients.other.ask('/partner', { headers })).reason, 'privilege_missing');
  }
});

test('a session that is resumed is of whoever began it', async (t) => {
  const { gate, upstream } = await certifiedGate(t);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const begin = async (certificate) => {
      const socket = tls.connect({ host: '127.0.0.1', port: gate.port, ca: made.text('ca.pem'), cert: certificate?.cert, key: certificate?.key, maxVersion });
      const session = once(socket, 'session');
      socket.write('GET /open HTTP/1.1\r\nHost: x\r\n\r\n');
      const [ticket] = await session;
      socket.destroy();
      return ticket;
    };
    const resume = async (session, certificate) => {
      const socket = tls.connect({ host: '127.0.0.1', port: gate.port, ca: made.text('ca.pem'), cert: certificate?.cert, key: certificate?.key, maxVersion, session });
      socket.write('GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      const reused = once(socket, 'secureConnect').then(() => socket.isSessionReused());
      for await (const piece of socket) void piece;
      return { reused: await reused, says: upstream.requests.at(-1).get('x-client-certificate') };
    };
    assert.deepEqual(await resume(await begin(), partner), { reused: true, says: undefined }, maxVersion);
    assert.deepEqual(await resume(await begin(other), partner), { reused: true, says: 'CN=other' }, maxVersion);
    assert.deepEqual(await resume(await begin(partner)), { reused: true, says: SUBJECT }, maxVersion);
  }
});

test('subjects that are not what they look like', async (t) => {
  const { gate, upstream } = await certifiedGate(t);
  for (const [index, [subject, says]] of [
    ['/CN=partner,O=Big, Co', 'CN=partner\\,O=Big\\, Co'],
    ['/CN=partner\\\\,O=Big, Co', 'CN=partner\\\\\\,O=Big\\, Co'],
    ['/CN=partner/O=Big, Co', 'O=Big\\, Co,CN=partner'],
    ['/O=Big, Co/CN=Partner', 'CN=Partner,O=Big\\, Co'],
    ['/O=Big, Co/CN=partner ', 'CN=partner\\ ,O=Big\\, Co'],
    ['/O=Big, Co/CN=partner/CN=x', 'CN=x,CN=partner,O=Big\\, Co'],
    ['/C=DE/O=Big, Co/CN=partner', 'CN=partner,O=Big\\, Co,C=DE'],
    ['/uniqueIdentifier=admin', undefined],
    ['/CN=Jose\u0301', 'CN=Jose\\CC\\81'],
    ['/CN=a\r\nX-Injected: 1', 'CN=a\\0D\\0AX-Injected: 1'],
    [`/O=Big, Co/CN=partner${`/OU=${'x'.repeat(64)}`.repeat(70)}`, undefined],
    ['/', undefined],
  ].entries()) {
    const client = new Client(t, gate, issue(`odd-${index}`, subject, { names: 'DNS:partner' }));
    for (const target of ['/partner', '/jose', '/admin']) assert.equal((await client.ask(target)).reason, 'privilege_missing', subject);
    assert.equal((await client.ask('/any')).reason, 'ok', subject);
    assert.equal(upstream.requests.at(-1).get('x-client-certificate'), says);
    assert.equal(upstream.requests.at(-1).get('x-injected'), undefined);
  }
  assert.equal((await new Client(t, gate, issue('jose', '/CN=Jos\u00e9')).ask('/jose')).reason, 'ok');
  assert.equal(upstream.requests.at(-1).get('x-client-certificate'), 'CN=Jos\\C3\\A9');
  assert.equal((await new Client(t, gate, issue('user', '/UID=admin')).ask('/admin')).reason, 'ok');
});

test('a certificate that is not verified is nobody', async (t) => {
  made.make('strangers');
  for (const mode of ['optional', 'required']) {
    const { gate, upstream } = await certifiedGate(t, mode);
    const claimed = [issue('foreign', '/O=Big, Co/CN=partner', { by: 'strangers' }), issue('expired', '/O=Big, Co/CN=partner', { expired: true }), ...(mode === 'required' ? [undefined] : [])];
    for (const certificate of claimed) {
      for (const target of ['/partner', '/any', '/open']) await assert.rejects(new Client(t, gate, certificate).ask(target));
    }
    assert.equal(upstream.requests.length, 0);
    assert.equal((await new Client(t, gate, partner).ask('/partner')).reason, 'ok');
  }
});

test('a single client that is trusted vouches for nobody else', async (t) => {
  made.make('single', { authority: false });
  const { gate } = await certifiedGate(t, 'optional', 'single');
  assert.equal((await new Client(t, gate, made.identity('single')).ask('/any')).reason, 'ok');
  const forged = issue('forged', '/O=Big, Co/CN=partner', { by: 'single' });
  for (const cert of [forged.cert, forged.cert + made.text('single.pem')]) await assert.rejects(new Client(t, gate, { ...forged, cert }).ask('/any'));
});

test('a certificate counts no longer than the authority between it and ours', async (t) => {
  const { gate } = await certifiedGate(t);
  const until = Math.floor(Date.now() / 1000) + 5;
  made.makeEnding('between', { by: 'ca', until, authority: true });
  const under = issue('under', '/O=Big, Co/CN=partner', { by: 'between' });
  const open = async (maxVersion, session) => Wire.open(gate.port, { tls: { ca: made.text('ca.pem'), key: under.key, cert: under.cert + made.text('between.pem'), maxVersion, session } });
  const ask = (wire) => wire.write('GET /partner HTTP/1.1\r\nHost: x\r\n\r\n');
  const begun = [];
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    let session;
    const first = await open(maxVersion);
    first.socket.on('session', (given) => { session = given; });
    await ask(first);
    assert.equal((await first.answer()).status, 200);
    await eventually(() => (session ??= maxVersion === 'TLSv1.2' ? first.socket.getSession() : undefined), 'a session');
    const kept = await open(maxVersion, session);
    assert.ok(kept.socket.isSessionReused());
    begun.push({ maxVersion, session, wires: [first, kept] });
  }
  assert.ok(Date.now() / 1000 < until, 'they began in time');
  await eventually(() => Date.now() / 1000 > until + 1, 'the end of the authority');
  for (const { maxVersion, session, wires } of begun) {
    for (const wire of wires) {
      await ask(wire);
      const got = await wire.answer();
      assert.equal(got.json().reason, 'credentials_missing', maxVersion);
      assert.equal(got.get('connection'), 'close', 'over another one the client can show a new certificate');
      await wire.ended();
    }
    await assert.rejects(async () => {
      const wire = await open(maxVersion, session);
      await ask(wire);
      if ((await wire.answer()) === null) throw await wire.ended();
    }, /expired/, maxVersion);
  }
});

test('who is connected when their authority is taken away', async (t) => {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const upstream = await recordingUpstream(t, async ({ target }) => {
    if (target === '/partner?slow') await held;
    return answer(200, 'ok');
  });
  const gate = await startGate(t, {
    policy: POLICY,
    upstream: upstream.url,
    files: { 'keys.json': keySet(signer), 'clients.pem': made.text('ca.pem') },
    config: (own) => ({
      listen: { address: `127.0.0.1:${own.port}`, engine: 'events', tls: { certificate: made.path('gate.pem'), key: made.path('gate.key'), client_ca: 'clients.pem', client_certificate: 'optional' } },
      issuers: fileIssuer(),
    }),
  });
  const open = () => Wire.open(gate.port, { tls: { ca: made.text('ca.pem'), cert: partner.cert, key: partner.key } });
  const ask = (wire, target) => wire.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const reload = async () => assert.equal((await gate.admin('/reload', { method: 'POST' })).status, 200);
  const [idle, busy, begun, fresh] = [await open(), await open(), await open(), await open()];

  for (const wire of [idle, begun]) {
    await ask(wire, '/partner');
    assert.equal((await wire.answer()).status, 200);
  }
  await reload(); // which changes nothing
  await ask(idle, '/partner');
  assert.equal((await idle.answer()).status, 200);
  await ask(busy, '/partner?slow');
  await ask(busy, '/partner?next');
  await begun.write('GET /partner?begun HTTP/1.1\r\n');
  await upstream.until(4);
  gate.write('clients.pem', made.text('successor.pem'));
  await reload();
  for (const wire of [idle, begun, fresh]) await ask(wire, '/partner?after');
  for (const wire of [idle, begun, fresh]) assert.equal(await wire.answer(), null);
  release();
  assert.equal((await busy.answer()).text, 'ok');
  assert.equal(await busy.answer(), null);
  assert.deepEqual(upstream.requests.slice(3).map(({ target }) => target), ['/partner?slow']);
  assert.equal((await new Client(t, gate).ask('/open')).reason, 'ok');
});

test('the metadata says that bound tokens count, where clients are asked for a certificate', async (t) => {
  for (const [mode, says] of [['required', true], ['optional', true], ['none', undefined]]) {
    const { gate } = await certifiedGate(t, mode);
    const got = await new Client(t, gate, mode === 'none' ? undefined : partner).ask('/.well-known/oauth-protected-resource');
    assert.equal(JSON.parse(got.text).tls_client_certificate_bound_access_tokens, says, mode);
  }
});
