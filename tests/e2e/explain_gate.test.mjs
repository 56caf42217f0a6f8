// SPDX-License-Identifier: Apache-2.0
// Policies made at random, and requests: what `POST /explain` says of each is what the running gate did with
// it. A part is asked of `postern explain` too, and what a case can say of `postern test`. ORACLE_SEED repeats
// a run, ORACLE_COUNT makes it longer: 1000 policies are 100 000 requests.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import tls from 'node:tls';
import { Certificates } from './harness/certificates.mjs';
import { dice } from './harness/dice.mjs';
import { CALLERS, Draw, NAMES, ROLES, SCOPES } from './harness/draw.mjs';
import { makeGate, run } from './harness/gate.mjs';
import { basic } from './harness/oauth.mjs';
import { forge, forgeHmac, keySet, makeKey, now } from './harness/tokens.mjs';
import { answer, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const COUNT = Number(process.env.ORACLE_COUNT ?? 20);
const SEED = Number(process.env.ORACLE_SEED ?? 1);
const REQUESTS = 100;
const AT_ONCE = 8;

/** `plain` may have no scope, `gone` is disabled. */
const CLIENTS = [...NAMES, 'plain', 'gone'];
const scopesOf = (name) => (name === 'plain' ? [] : SCOPES);
const PASSWORD = 'a long pass phrase of theirs';
const KEYS = Object.fromEntries(CALLERS.map((name) => [name, makeKey('ES256', 'k1')]));
const issOf = (name) => (name.startsWith('kc:') ? `https://kc.test/realms/${name.slice(3)}` : `https://${name}.test`);
const STRANGE = makeKey('ES256', 'k1');

const made = new Certificates();
made.make('ca').make('gate', { by: 'ca', names: 'IP:127.0.0.1' }).make('partner', { by: 'ca', subject: '/O=Big, Co/CN=partner' }).make('other', { by: 'ca' });
const SUBJECTS = { partner: 'CN=partner,O=Big\\, Co', other: 'CN=other' };

/** Targets that are no plain paths, or the gate's own. */
const ODD = ['/a/../b', '/a//b', '//', '/a;x', '/a/b;x/c', '/a%2Fb', '/a.', '/a/b.', '/a%5Cb', '/a%00', '/%zz', '/a%', '/a%20', '/a?x=1', '/a#b', '/%EF%BC%8F', '/a|b', '/a"b', '/%C5%BF', '/a%252Fb', '/%2e%2e/a', '/%FF',
  '/.well-known/jwks.json', '/.well-known/oauth-protected-resource', '/.well-known/oauth-authorization-server/', '/oauth/token/x', '/oauth/introspect/', '/OAuth/token'];
const WORDS = ['semicolon', 'encoded_delimiters', 'trailing_dot', 'encoded_percent', 'encoded_backslash', 'any_utf8', 'raw_pipe'];

/** What may be wrong with the claims of a token that is true otherwise. */
const FAULTS = [
  (own, at) => ({ exp: at - 100 }), (own, at) => ({ nbf: at + 100 }), (own, at) => ({ iat: at - 7200 }), () => ({ aud: 'other' }), () => ({ aud: ['x', 'api'] }), () => ({ aud: undefined }), () => ({ exp: undefined }),
  () => ({ exp: 'x' }), () => ({ iss: 'https://nobody.test' }), () => ({ iss: undefined }), () => ({ env: 'other' }), () => ({ env: undefined }), () => ({ scope: 5 }), () => ({ groups: { a: 1 } }), () => ({ azp: 5 }), () => ({ sub: 5 }),
  () => ({ cnf: { jkt: 'x' } }), () => ({ cnf: null }), () => ({ scope: null }), () => ({ _claim_names: { groups: 'src1' }, groups: undefined }), () => ({ hasgroups: true, groups: undefined }), () => ({ tid: undefined }),
];
const HEADERS = [{ kid: 'k9' }, { kid: undefined }, { typ: 'x+jwt' }, { typ: undefined }, { alg: 'none' }, { alg: 'RS256' }, { crit: ['exp'] }, { b64: false }];

/** Words that come up with as few policies as the suite has, and those that need more. */
const OFTEN = ['ok', 'credentials_missing', 'privilege_missing', 'no_rule', 'path_ambiguous', 'request_malformed', 'method_not_granted', 'audience_mismatch', 'signature_invalid', 'token_expired', 'issuer_unknown', 'token_malformed', 'client_disabled', 'claim_malformed'];
const SELDOM = ['claim_mismatch', 'basic_not_allowed', 'token_too_old', 'groups_overage'];

const pick = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** What is asked of a running gate: the generator of the cases, and what only a request can have. */
class GateDraw extends Draw {
  /** A module may say what the cases leave out. */
  policy() {
    const policy = super.policy();
    for (const module of Object.values(policy.modules)) {
      if (this.chance(4)) module.path_allow = this.some(WORDS, 3);
      if (this.chance(6)) module.resource = `https://${this.one(['x', 'y'])}.test/r`;
    }
    return policy;
  }

  claimsOf(issuer, at) {
    const own = { iss: issOf(issuer), aud: this.chance(6) ? ['api', 'https://x.test/r'] : 'api', sub: this.one(['s', 'a']), iat: at - 5, exp: at + 3600, ...(issuer === 'two' ? { env: 'test' } : {}), ...this.claims() };
    return pick(this.chance(5) ? { ...own, ...this.one(FAULTS)(own, at) } : own);
  }

  /** A third party's token: {token, question, caller of a case}. */
  token(at) {
    const issuer = this.one(CALLERS);
    const claims = this.claimsOf(issuer, at);
    if (this.chance(3)) {
      const header = pick({ alg: 'ES256', typ: 'at+jwt', kid: KEYS[issuer].kid, ...(this.chance(3) ? this.one(HEADERS) : {}) });
      const key = this.chance(5) ? STRANGE : KEYS[issuer];
      const whole = this.chance(12) ? forgeHmac('HS256', 'secret', header, claims) : forge(key, header, claims);
      const token = this.chance(15) ? this.one(['abc', 'a.b.c', `${whole}x`, `${whole}=`, whole.slice(0, -1), `${whole} x`, whole.split('.').slice(0, 2).join('.')]) : whole;
      return { token, question: { token } };
    }
    const token = forge(KEYS[issuer], { alg: 'ES256', typ: 'at+jwt', kid: KEYS[issuer].kid }, claims);
    const whole = ['iss', 'aud', 'exp'].every((name) => name in claims) && claims.iss === issOf(issuer);
    // Of claims without them it is assumed that they are right.
    return whole ? { token, question: this.chance(2) ? { token } : { claims, issuer }, caller: { issuer, claims } } : { token, question: { token } };
  }

  /** Who asks, of whom `locals` are the local issuer's. */
  who(tokens, locals) {
    switch (this.roll(6)) {
      case 0: return { question: {} };
      case 1: case 2: return this.one(locals);
      default: return this.one(tokens);
    }
  }

  request(tokens, locals) {
    const concealed = this.chance(6);
    const peer = concealed ? undefined : this.one(['10.1.2.3', '10.1.3.3', '192.0.2.7', '192.0.2.8', '127.0.0.1', 'unix']);
    return {
      method: this.one(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND', 'LIST']), target: this.chance(10) ? this.one(ODD) : this.path(),
      host: this.one(['localhost', 'a.test', 'A.Test:8080', 'b.test.', 'c.test', 'x.b.test', 'x.y.test', 'test', '10.0.0.1', '[::1]:80', 'a_b']),
      peer, certificate: concealed || this.chance(2) ? undefined : this.one(['partner', 'other']), ...this.who(tokens, locals),
    };
  }
}

/** Clients of the gate: by each way that it can come to know an address and a certificate, connections that are kept. */
class Ways {
  #agents = new Map();

  constructor(gate) {
    this.gate = gate;
  }

  #agent({ peer, certificate }) {
    const name = `${peer} ${certificate}`;
    if (this.#agents.has(name)) return this.#agents.get(name);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 2 });
    agent.createConnection = (options, done) => {
      const socket = net.connect(peer === 'unix' ? { path: path.join(this.gate.dir, 'gate.sock') } : { port: this.gate.port, host: '127.0.0.1' });
      socket.setNoDelay(true);
      socket.once('error', done);
      socket.once('connect', () => {
        if (peer !== 'unix') socket.write(`PROXY TCP4 ${peer ?? '127.0.0.1'} 127.0.0.1 4711 443\r\n`);
        const secure = tls.connect({ socket, ca: made.text('ca.pem'), servername: '', ...(certificate ? made.identity(certificate) : {}), checkServerIdentity: () => undefined });
        secure.once('secureConnect', () => done(null, secure));
        secure.once('error', done);
      });
    };
    this.#agents.set(name, agent);
    return agent;
  }

  async ask({ method, target, host, peer, certificate, token, authorization = token && `Bearer ${token}`, form }) {
    const type = form && 'application/x-www-form-urlencoded';
    const headers = pick({ Host: host, 'X-Forwarded-For': peer === undefined ? 'unknown' : undefined, Authorization: authorization, 'Content-Type': type, 'Content-Length': form?.length });
    const request = https.request({ method, path: target, agent: this.#agent({ peer, certificate }), headers });
    request.end(form);
    const [response] = await once(request, 'response').catch((error) => {
      this.gate.assertAlive();
      throw new Error(`${method} ${target} (peer ${peer}, certificate ${certificate}, ${request.reusedSocket ? 'a' : 'not a'} used connection): ${error.message}`);
    });
    let text = '';
    for await (const piece of response) text += piece;
    return { status: response.statusCode, id: response.headers['x-request-id'], refused: response.headers['x-postern'] === 'refused', text };
  }

  end() {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

/** The gate, and whom its database knows. */
async function knownGate(t) {
  const upstream = await recordingUpstream(t, ({ method }) => (method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : answer(200, 'ok')));
  const third = (name) => ({ issuer: issOf(name), audience: 'api', jwks_file: `${name}.json`, claims: { scopes: '/scope', groups: '/groups', roles: '/roles', client: '/azp', subject: '/sub' } });
  const gate = await makeGate(t, {
    policy: { roles: Object.fromEntries(ROLES.map((role) => [role, {}])), privileges: { any: { paths: ['/*'] } } },
    upstream: upstream.url,
    files: Object.fromEntries(CALLERS.map((name) => [`${name.replace('kc:', '')}.json`, keySet(KEYS[name])])),
    config: (own) => ({
      listen: {
        address: [`127.0.0.1:${own.port}`, `unix:${path.join(own.dir, 'gate.sock')}`], engine: 'events', threads: 2, trusted_proxies: ['127.0.0.1'], trusted_headers: ['X-Forwarded-For'], proxy_protocol: true,
        tls: { certificate: made.path('gate.pem'), key: made.path('gate.key'), client_ca: made.path('ca.pem'), client_certificate: 'optional' },
      },
      issuers: { one: third('one'), two: { ...third('two'), require: { '/env': ['prod', 'test'] }, max_age: '1h' }, kc: { ...third('kc:{realm}'), tenants: ['acme', 'globex'], jwks_file: '{realm}.json' } },
      local_issuer: { issuer: 'https://gate.test', audience: 'api://local', basic: true, lockout: { failures: 0 }, resources: ['https://x.test/r'] },
      log: { caller: 'full' },
      limits: { header_timeout: '10m', idle_timeout: '1h' }, // a connection that waits for the next policy is not to end then
    }),
  });
  const clients = {};
  const granted = {};
  for (const [i, name] of CLIENTS.entries()) {
    granted[name] = ROLES.filter((role, j) => i === j || (i === 1 && j === 3));
    clients[name] = await gate.addClient(name, ...granted[name].flatMap((role) => ['--role', role]), ...scopesOf(name).flatMap((scope) => ['--scope', scope]));
    granted[`user ${name}`] = ROLES.filter((role, j) => j === i + 1);
    const added = await run(['user', 'add', name, ...granted[`user ${name}`].flatMap((role) => ['--role', role]), '-c', gate.file], { input: `${PASSWORD}\n` });
    assert.equal(added.code, 0, added.stderr);
  }
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  return { gate, upstream, clients, granted };
}

/** The local issuer's callers, as `token` gives them; a token of a client that is disabled, and one that is revoked, are among them. */
async function localCallers({ gate, clients, granted }, ways) {
  const callers = CLIENTS.map((user) => ({ authorization: basic(user, PASSWORD), question: { user }, caller: { user, roles: granted[`user ${user}`] } }));
  const post = async (target, client, form) => {
    const got = await ways.ask({ method: 'POST', target, host: 'gate.test', peer: '127.0.0.1', authorization: basic(client.client_id, client.client_secret), form: new URLSearchParams(form).toString() });
    assert.equal(got.status, 200, got.text);
    return got.text === '' ? {} : JSON.parse(got.text);
  };
  const issue = async (client, scope, resource) => (await post('/oauth/token', client, { grant_type: 'client_credentials', ...(scope ? { scope } : {}), ...(resource ? { resource } : {}) })).access_token;
  for (const [name, client] of Object.entries(clients)) {
    for (const scope of [undefined, ...scopesOf(name)].slice(name === 'plain' ? 0 : 1)) {
      const token = await issue(client, scope);
      callers.push({ token, question: { token }, ...(name === 'gone' ? {} : { caller: { client: name, roles: granted[name], claims: pick({ scope }) } }) });
      if (name === 'plain' || name === 'gone') callers.push({ token, question: { client: name } });
    }
    const elsewhere = await issue(client, undefined, 'https://x.test/r');
    callers.push({ token: elsewhere, question: { token: elsewhere } });
  }
  const revoked = await issue(clients.ann, 'orders');
  await post('/oauth/revoke', clients.ann, { token: revoked });
  callers.push({ token: revoked, question: { token: revoked } });
  await gate.client('disable', 'gone');
  await eventually(async () => (await explain(gate, { path: '/', client: 'gone' })).reason === 'client_disabled', 'the client is disabled');
  return callers;
}

const asking = new http.Agent({ keepAlive: true });

async function explain(gate, question) {
  const request = http.request({ method: 'POST', host: '127.0.0.1', port: gate.adminPort, path: '/explain', agent: asking });
  request.end(JSON.stringify(question));
  const [response] = await once(request, 'response');
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  assert.equal(response.statusCode, 200, `${JSON.stringify(question)}: ${text}`);
  return JSON.parse(text);
}

const VERDICTS = { forward: 'forward', refuse: 'refuse', allow: 'forward', serve: 'answer' };

/** What is to be the same, as the line of the log has it. */
const done = ({ verdict, reason, shadow_reason, pattern, privilege, module, host, client, user, roles = [] }) =>
  ({ verdict: VERDICTS[verdict], reason, shadow_reason, pattern, privilege, module, host, client, user, roles: [...roles].sort() });

/** The same as explained: null where the log says nothing. */
const said = (told) => Object.fromEntries(Object.entries(done(told)).map(([name, value]) => [name, name === 'verdict' ? told.verdict : value ?? undefined]));

/** One request, what came of it and what is said of it. */
async function both(gate, ways, request) {
  const question = pick({ method: request.method, path: request.target, host: request.host, peer: request.peer, certificate: SUBJECTS[request.certificate], ...request.question });
  return { request, question, got: await ways.ask(request), told: await explain(gate, question) };
}

/** All of a list, some at once, in the order of the list. */
async function each(list, what) {
  const results = [];
  let next = 0;
  const work = async () => {
    for (let i = next++; i < list.length; i = next++) results[i] = await what(list[i]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

/** `postern explain`, of which `POST /explain` says this. */
async function commandAgrees(gate, { question: { method, path: target, claims, ...rest }, told }) {
  if (claims) gate.write('claims.json', claims);
  const args = Object.entries({ ...rest, claims: claims && path.join(gate.dir, 'claims.json') }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  const tried = await run(['explain', '-c', gate.file, '--json', '-X', method, ...args, target]);
  assert.deepEqual(said(JSON.parse(tried.stdout)), said(told), `${args.join(' ')} ${target}${tried.stderr}`);
}

/** The case that says what came of a request; null: none can. */
function caseOf({ request: { method, target, host, peer, certificate, question, caller }, line }, number) {
  const who = caller ?? (Object.keys(question).length === 0 ? 'anonymous' : null);
  // Of a local token that a case assumes the audience is right.
  if (who === null || line.verdict === 'serve' || line.reason === 'request_malformed' || (who.client && line.reason === 'audience_mismatch')) return null;
  return pick({
    name: `${number}`, caller: who, request: `${method} ${target}`, host, peer, certificate: SUBJECTS[certificate], expect: line.reason === 'ok' ? 'allow' : line.reason, privilege: line.privilege, role: line.roles?.[0],
  });
}

test(`${COUNT} policies of ${REQUESTS} requests each, seed ${SEED}`, async (t) => {
  const known = await knownGate(t);
  const { gate, upstream } = known;
  const ways = new Ways(gate);
  t.after(() => { ways.end(); asking.destroy(); });
  const locals = await localCallers(known, ways);
  const words = new Map();

  for (let i = 0; i < COUNT; i++) {
    const draw = new GateDraw(dice(SEED * 1000003 + i));
    const policy = draw.policy();
    const tokens = Array.from({ length: REQUESTS / 5 }, () => draw.token(now()));
    const requests = Array.from({ length: REQUESTS }, () => draw.request(tokens, locals));
    const here = `policy ${i} of seed ${SEED}: ${JSON.stringify(policy)}`;

    gate.lines.length = 0;
    upstream.clear();
    gate.write('policy.yaml', policy);
    const reloaded = await gate.admin('/reload', { method: 'POST' });
    assert.equal(reloaded.status, 200, `${here}\n${reloaded.text}`);
    const asked = await each(requests, (request) => both(gate, ways, request));
    await eventually(() => gate.lines.filter(({ event }) => event === 'request').length >= asked.length, 'the lines');
    const lines = new Map(gate.lines.map((line) => [line.request_id, line]));
    for (const one of asked) {
      one.line = lines.get(one.got.id);
      // Of a client it is assumed that its token is for the module in question.
      if (one.question.client && one.line.reason === 'audience_mismatch') continue;
      const what = `${here}\n${JSON.stringify(one.question)}\n${JSON.stringify(one.line)}\n${JSON.stringify(one.told)}`;
      assert.deepEqual(said(one.told), done(one.line), what);
      assert.deepEqual([one.got.refused, one.got.status], [one.told.status >= 400, one.told.status], what);
      words.set(one.line.reason, (words.get(one.line.reason) ?? 0) + 1);
    }
    assert.equal(upstream.requests.length, asked.filter((one) => one.line.verdict === 'forward').length, here);
    await commandAgrees(gate, draw.one(asked));
    gate.write('cases.yaml', { cases: asked.map(caseOf).filter(Boolean) });
    const tried = await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
    assert.equal(tried.code, 0, `${here}\n${tried.stdout}${tried.stderr}`);
  }
  t.diagnostic(JSON.stringify(Object.fromEntries([...words].sort((a, b) => b[1] - a[1]))));
  const never = [...OFTEN, ...(COUNT < 500 ? [] : SELDOM)].filter((word) => !words.has(word));
  assert.deepEqual(never, [], `these never came up: ${JSON.stringify([...words])}`);
});
