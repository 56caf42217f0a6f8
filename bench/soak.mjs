// SPDX-License-Identifier: Apache-2.0
// The soak: see README.md. One gate on SQLite and one on PostgreSQL, both under load without a pause,
// while one change after the other is made. Each token knows whether it has to count; while a change
// is under way either answer is right, and from its acknowledgement on only one is.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import { makeGate, run } from '../tests/e2e/harness/gate.mjs';
import { freePort } from '../tests/e2e/harness/ports.mjs';
import { noPostgres, startPostgres } from '../tests/e2e/harness/postgres.mjs';
import { ask, requestText, Wire } from '../tests/e2e/harness/raw.mjs';
import { eventually, pause } from '../tests/e2e/harness/wait.mjs';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 600);
/** What a command in another process changed is heard of within that time. */
const BOUND_MS = Number(process.env.SOAK_BOUND_MS ?? 3000);
const CLIENTS = 6;
const CONNECTIONS = 4;
/** Signing keys of the local issuer; older ones are retired, since it keeps 32 at most. */
const OWN_KEYS = 4;
const GROWTH_LEAST_KIB = 16384;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const began = Date.now();
const cleanups = [];
const t = { after: (cleanup) => cleanups.push(cleanup) };
const elapsed = () => ((Date.now() - began) / 1000).toFixed(1);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
const pick = (list) => list[Math.floor(Math.random() * list.length)];

function makeKey(kid) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
}

function signed(key) {
  const now = Math.floor(Date.now() / 1000);
  const input = `${part({ alg: 'ES256', typ: 'JWT', kid: key.kid })}.${part({
    iss: 'https://idp.example', aud: 'api://soak', sub: 'alice', scope: 'read', iat: now, exp: now + 86400, jti: crypto.randomUUID(),
  })}`;
  return `${input}.${crypto.sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

class World {
  requests = 0;
  wrong = [];
  done = new Map();
  slowest_ms = 0;
  entries = [];
  clients = [];
  up = false;
  life = 0;
  samples = [];
  flips = 0;
  keyNumber = 0;
  ownKids = [];

  constructor(name, database) {
    Object.assign(this, { name, database });
  }

  async begin(upstream) {
    this.keys = [makeKey('key-0')];
    this.gate = await makeGate(t, {
      upstream,
      policy: this.policy(true),
      files: { 'keys.json': this.keySet() },
      config: (gate) => this.config(gate),
    });
    this.gate.spawn();
    await this.gate.ready();
    this.up = true;
    for (let i = 0; i < CLIENTS; i++) await this.addClient(`client-${i}`);
    this.idpToken(this.keys[0]);
    this.add('flip', this.entries.find((entry) => entry.kind === 'idp').token, '/flip/x');
    this.workers = Array.from({ length: CONNECTIONS }, () => this.work());
  }

  config(gate, lifetime = '1h') {
    return {
      log: { level: 'error' },
      // Few threads, so that each has touched its memory long before it is looked at.
      limits: { connections: 64 },
      issuers: { idp: { issuer: 'https://idp.example', audience: ['api://soak'], jwks_file: 'keys.json' } },
      local_issuer: {
        issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local', lockout: { failures: 0 }, token_lifetime: lifetime,
        ...(this.database ? { database: this.database.url } : {}),
      },
    };
  }

  policy(flip) {
    return {
      roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] }, nobody: {} },
      privileges: {
        api: { paths: ['/api/*'], roles: ['reader'] },
        flip: { paths: ['/flip/*'], roles: [flip ? 'reader' : 'nobody'] },
      },
    };
  }

  keySet() {
    return { keys: this.keys.map((key) => key.jwk) };
  }

  // ---- What has to be so -------------------------------------------------------------------------

  /** A request that the load makes from now on. state: true, it counts; false, it is refused; null, either. */
  add(kind, token, target = '/api/x', more = {}) {
    const entry = { kind, token, target, state: true, version: 0, since: Date.now(), bound_ms: 0, ...more };
    this.entries.push(entry);
    return entry;
  }

  /** Make a change: while `action` runs either answer is right, and when it has ended only `state` is. */
  async change(entries, state, bound_ms, action) {
    for (const entry of entries) Object.assign(entry, { state: null, version: entry.version + 1 });
    await action();
    for (const entry of entries) Object.assign(entry, { state, version: entry.version + 1, since: Date.now(), bound_ms });
  }

  report(entry, got, started) {
    this.wrong.push(`${elapsed()} s ${this.name}: ${entry.kind} had to be ${entry.state ? 'let through' : 'refused'}, got ${got} (${started - entry.since} ms after the change)`);
  }

  /** Judge one answer. What began before the last change, or while the gate was down, proves nothing. */
  judge(entry, { version, life, started }, got) {
    this.requests++;
    if (entry.state === null || entry.version !== version) return;
    const good = got?.status === 200;
    if (good === entry.state) return;
    const after_ms = started - entry.since;
    if (good) {
      this.slowest_ms = Math.max(this.slowest_ms, after_ms);
      if (after_ms > entry.bound_ms) this.report(entry, 200, started);
    } else if (this.up && this.life === life && after_ms > entry.bound_ms) {
      this.report(entry, got ? `${got.status} ${got.text}` : 'no answer', started);
    }
  }

  async work() {
    let [wire, life] = [null, this.life];
    while (!this.stopping) {
      if (!this.up) await eventually(() => this.up || this.stopping, 'the gate');
      if (life !== this.life) {
        wire?.close(); // of a process that was killed
        [wire, life] = [null, this.life];
      }
      const entry = pick(this.entries);
      const before = { version: entry.version, life: this.life, started: Date.now() };
      let got = null;
      try {
        wire ??= await Wire.open(this.gate.port);
        await wire.write(requestText(this.gate.port, { target: entry.target, headers: { Authorization: `Bearer ${entry.token}` }, close: false }));
        got = await wire.answer();
      } catch { /* judged as no answer */ }
      this.judge(entry, before, got);
      if (!got || /close/i.test(got.get('connection') ?? '')) {
        wire?.close();
        wire = null;
      }
    }
    wire?.close();
  }

  // ---- What is done -----------------------------------------------------------------------------

  count(what) {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
  }

  async command(args, { operands = [], ...options } = {}) {
    const got = await run([...args, '-c', this.gate.file, ...operands], options);
    if (got.code !== 0) throw new Error(`${this.name}: postern ${args.join(' ')}: exit ${got.code}: ${got.stderr}`);
    return got.stdout;
  }

  async addClient(name) {
    const client = { name, ...JSON.parse(await this.command(['client', 'add', name, '--role', 'reader', '--output', 'json'])) };
    this.clients.push(client);
    await this.mint(client);
  }

  post(client, target, body) {
    const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
    return ask(this.gate.port, { method: 'POST', target, headers: { ...FORM, Authorization: `Basic ${credentials}` }, body });
  }

  /** A token of a client, which is known within the bound. */
  async mint(client) {
    const until = Date.now() + BOUND_MS;
    for (;;) {
      const got = await this.post(client, '/oauth/token', 'grant_type=client_credentials');
      if (got?.status === 200) return this.add('local', got.json().access_token, '/api/x', { client });
      if (Date.now() > until) {
        this.wrong.push(`${elapsed()} s ${this.name}: no token for ${client.name}: ${got?.status} ${got?.text}`);
        return null;
      }
      await pause(20);
    }
  }

  idpToken(key) {
    return this.add('idp', signed(key), '/api/x', { key });
  }

  of(fits) {
    return this.entries.filter((entry) => entry.state === true && fits(entry));
  }

  async reload(status) {
    const got = await ask(this.gate.adminPort, { method: 'POST', target: '/reload' });
    if (got?.status !== status) this.wrong.push(`${elapsed()} s ${this.name}: a reload had to be ${status}, got ${got?.status} ${got?.text}`);
  }

  async revokeAtEndpoint() {
    const client = pick(this.clients);
    const entry = await this.mint(client);
    if (!entry) return;
    await this.change([entry], false, 0, async () => {
      const got = await this.post(client, '/oauth/revoke', `token=${entry.token}`);
      if (got?.status !== 200) throw new Error(`${this.name}: revoke: ${got?.status} ${got?.text}`);
    });
    this.count('revocations at the endpoint');
  }

  async revokeByCommand() {
    const entry = pick([await this.mint(pick(this.clients)), this.idpToken(pick(this.keys))]);
    if (!entry) return;
    await this.change([entry], false, BOUND_MS, () => this.command(['revoke', '--token', '-'], { input: entry.token }));
    this.count('revocations by command');
  }

  async disable() {
    const client = pick(this.clients);
    const tokens = this.of((entry) => entry.client === client);
    await this.change(tokens, false, BOUND_MS, () => this.command(['client', 'disable', client.name]));
    this.count('clients disabled');
    if (Math.random() < 0.5) await this.kill();
    await pause(1000);
    await this.change(tokens, true, BOUND_MS, () => this.command(['client', 'enable', client.name]));
  }

  async replaceClient() {
    const client = this.clients.shift();
    await this.change(this.of((entry) => entry.client === client), false, BOUND_MS, () => this.command(['client', 'delete', client.name]));
    await this.addClient(client.name);
    this.count('clients deleted and added again');
  }

  async flipPolicy() {
    const flip = ++this.flips % 2 === 0;
    await this.change(this.entries.filter((entry) => entry.kind === 'flip'), flip, 0, async () => {
      this.gate.write('policy.yaml', this.policy(flip));
      await this.reload(200);
    });
    this.count('reloads of a changed policy');
  }

  async badReload() {
    const name = pick(['policy.yaml', 'postern.yaml']);
    const file = path.join(this.gate.dir, name);
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, pick(['{{{', 'pulbic: [/x]\n', '']));
    await this.reload(422);
    fs.writeFileSync(file, text);
    await this.reload(200);
    this.count('reloads with a mistake');
  }

  async changeIssuer() {
    const config = { ...this.gate.config, ...this.config(this.gate, pick(['30m', '1h', '2h'])) };
    this.gate.write('postern.yaml', config);
    await this.reload(200);
    this.count('reloads of a changed local_issuer');
  }

  async rotateIdp() {
    const key = makeKey(`key-${++this.keyNumber}`);
    this.keys.push(key);
    this.gate.write('keys.json', this.keySet());
    await this.reload(200);
    this.idpToken(key);
    if (this.keys.length > 2) {
      const old = this.keys.shift();
      await this.change(this.of((entry) => entry.key === old && entry.kind === 'idp').concat(this.movedFlip(old)), false, 0, async () => {
        this.gate.write('keys.json', this.keySet());
        await this.reload(200);
      });
    }
    this.count('rotations of the identity provider');
  }

  /** The flip's token goes with its key: the next one takes over. */
  movedFlip(old) {
    const flip = this.entries.find((entry) => entry.kind === 'flip');
    if (flip.key && flip.key !== old) return [];
    const { state } = flip;
    flip.kind = 'a token of a removed key';
    this.add('flip', signed(this.keys[0]), '/flip/x', { state, key: this.keys[0] });
    return [flip];
  }

  async rotateOwn() {
    this.ownKids.push((await this.command(['keys', 'rotate', '--now'])).trim());
    await this.mint(pick(this.clients));
    this.count('rotations of the signing key');
    if (this.ownKids.length <= OWN_KEYS) return;
    const kid = this.ownKids.shift();
    const tokens = this.of((entry) => entry.client && kidOf(entry.token) === kid);
    await this.change(tokens, false, BOUND_MS, () => this.command(['keys', 'retire'], { operands: ['--', kid] }));
    this.count('signing keys retired');
  }

  async kill() {
    this.up = false;
    this.life++;
    this.gate.signal('SIGKILL');
    await this.gate.exit;
    if (!this.database) await this.command(['store', 'check']);
    this.gate.spawn();
    await this.gate.ready();
    this.life++;
    this.up = true;
    this.count('kills');
  }

  async restartStore() {
    if (!this.database) {
      const copy = path.join(this.gate.dir, 'copy.db');
      await this.command(['store', 'check']);
      await this.command(['store', 'backup', copy]);
      fs.rmSync(copy);
      this.count('backups and checks of the store');
      return;
    }
    const database = async () => (await ask(this.gate.adminPort, { target: '/readyz' })).json().database.up;
    await this.database.stop();
    await eventually(async () => !(await database()), 'the gate to notice that the database is away');
    await pause(1000);
    await this.database.resume();
    await eventually(database, 'the gate to notice that the database is back');
    this.count('restarts of the database');
  }

  // ---- Its life ---------------------------------------------------------------------------------

  sample() {
    const status = fs.readFileSync(`/proc/${this.gate.child.pid}/status`, 'utf8');
    this.samples.push({ at: Date.now(), kib: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]), pid: this.gate.child.pid });
  }

  /** Few enough that each is asked for often; those that were revoked stay for a while. */
  forget() {
    const plain = this.entries.filter((entry) => entry.kind !== 'flip');
    for (const entry of plain.slice(0, Math.max(0, plain.length - 200))) this.entries.splice(this.entries.indexOf(entry), 1);
  }

  async live(until, killUntil) {
    const actions = ['revokeAtEndpoint', 'revokeByCommand', 'disable', 'replaceClient', 'flipPolicy', 'badReload', 'changeIssuer', 'rotateIdp', 'rotateOwn', 'restartStore', 'kill'];
    for (let turn = 0; Date.now() < until; turn++) {
      const name = actions[turn % actions.length];
      // In the last part one process lives through, so that its memory can be looked at.
      this.settled = Date.now() > killUntil;
      if (this.settled && (name === 'kill' || name === 'disable')) await pause(100);
      else await this[name]();
      this.forget();
      this.sample();
    }
  }

  /** At the end everything has to be as it was acknowledged, after one more kill. */
  async last() {
    await pause(BOUND_MS);
    await this.kill();
    this.stopping = true;
    await Promise.all(this.workers);
    for (const entry of this.entries) {
      const before = { version: entry.version, life: this.life, started: Date.now() };
      this.judge(entry, before, await ask(this.gate.port, { target: entry.target, headers: { Authorization: `Bearer ${entry.token}` } }));
    }
    await this.command(['store', 'check']);
    await this.gate.stop();
  }

  /** KiB that memory grew by: the median of the last third of the last process against its first, warm-up left out. */
  growth() {
    const { pid } = this.samples.at(-1);
    const own = this.samples.filter((sample) => sample.pid === pid);
    const warm = own.filter((sample) => sample.at >= own[0].at + (own.at(-1).at - own[0].at) / 4);
    const third = Math.ceil(warm.length / 3);
    const median = (list) => list.map((sample) => sample.kib).sort((a, b) => a - b)[Math.floor(list.length / 2)];
    const [first, last] = [median(warm.slice(0, third)), median(warm.slice(-third))];
    return { first, last, grew: last - first > Math.max(GROWTH_LEAST_KIB, first / 10), samples: warm.length };
  }

  summary() {
    const { first, last, grew, samples } = this.growth();
    console.log(`${this.name}: ${this.requests} requests, ${this.wrong.length} wrong answers`);
    for (const [what, count] of [...this.done].sort()) console.log(`  ${String(count).padStart(5)} ${what}`);
    console.log(`  ${String(this.slowest_ms).padStart(5)} ms at most until an acknowledged change of another process was in force`);
    console.log(`  memory ${first} KiB, then ${last} KiB (${samples} samples after warm-up)${grew ? ': IT GROWS' : ''}`);
    for (const line of this.wrong.slice(0, 20)) console.log(`  WRONG ${line}`);
    return this.wrong.length === 0 && !grew && this.requests > 0;
  }
}

async function upstreamServer() {
  const server = http.createServer((request, response) => { request.resume(); response.end('hello, world\n'); });
  const port = await freePort();
  server.keepAliveTimeout = 3600000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return `http://127.0.0.1:${port}`;
}

async function main() {
  const upstream = await upstreamServer();
  const worlds = [new World('SQLite')];
  if (noPostgres()) console.log(`PostgreSQL is left out: ${noPostgres()}`);
  else worlds.push(new World('PostgreSQL', await startPostgres(t)));
  t.after(() => { for (const world of worlds) if (world.gate && !world.gate.gone) world.gate.signal('SIGKILL'); });
  for (const world of worlds) await world.begin(upstream);
  const start = Date.now();
  await Promise.all(worlds.map((world) => world.live(start + SECONDS * 1000, start + SECONDS * 500)));
  await Promise.all(worlds.map((world) => world.last()));
  return worlds.map((world) => world.summary()).every(Boolean);
}

let good = false;
try {
  good = await main();
} catch (error) {
  console.error(`soak: ${error.stack}`);
}
for (const cleanup of cleanups.reverse()) await cleanup();
console.log(good ? `soak: ${SECONDS} s, no wrong answer, flat memory` : 'soak: FAILED');
process.exit(good ? 0 : 1);
