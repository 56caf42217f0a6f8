// SPDX-License-Identifier: Apache-2.0
// Start a real gate in a directory of its own, and watch what it logs and how it ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.mjs';
import { ask } from './raw.mjs';
import { eventually, PATIENCE_MS } from './wait.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

export const POSTERN = path.resolve(process.env.POSTERN ?? path.join(ROOT, 'build/debug/postern'));

/** The engine under test: the suites of the wire run on each. */
export const ENGINE = process.env.POSTERN_ENGINE ?? 'events';

const SANITIZED = /(ERROR: (Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|runtime error:)/;

function childEnv(extra) {
  return {
    ...process.env,
    ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=0',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    ...extra,
  };
}

/** Fail if a sanitizer complained. */
export function assertClean(text, what) {
  assert.ok(!SANITIZED.test(text), `${what}: a sanitizer complained:\n${text}`);
}

const scratches = [];
process.on('exit', () => {
  for (const dir of scratches) fs.rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

/**
 * A directory that goes when the file's tests have ended. Not earlier: what a test does after itself
 * is done in the order in which it was said, and a gate that still runs makes its files again.
 */
export function scratch() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-e2e-'));
  scratches.push(dir);
  return dir;
}

/**
 * Give one gate the signing keys of another, which may be running: a key that it is just writing has
 * another name until it is whole.
 */
export function copySigning(from, to) {
  const [there, here] = [from, to].map((gate) => path.join(gate.dir, 'state', 'signing'));
  fs.mkdirSync(path.dirname(here), { recursive: true, mode: 0o700 });
  fs.mkdirSync(here, { mode: 0o700 });
  for (const name of fs.readdirSync(there).filter((one) => !one.endsWith('.tmp'))) {
    fs.copyFileSync(path.join(there, name), path.join(here, name));
    fs.chmodSync(path.join(here, name), 0o600);
  }
}

/** Run `postern` to its end: {code, signal, stdout, stderr}. */
export async function run(args, { input = '', cwd, env } = {}) {
  const child = spawn(POSTERN, args, { cwd, env: childEnv(env) });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  assertClean(stderr, `postern ${args[0]}`);
  return { code, signal, stdout, stderr };
}

/** What most tests need: one privilege for a role, one public path. */
export const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { api_priv: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
  public: ['/open/*'],
};

export class Gate {
  stderr = '';
  #rest = '';
  lines = [];

  constructor(dir, port, adminPort) {
    Object.assign(this, { dir, port, adminPort, file: path.join(dir, 'postern.yaml') });
  }

  /** Write a file of the configuration. Objects become JSON, which is YAML. */
  write(name, content) {
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
    fs.writeFileSync(path.join(this.dir, name), text);
  }

  /** Start it; `before` are the words of a command that runs it. */
  spawn(env, before = []) {
    const [command, ...args] = [...before, POSTERN, 'serve', '-c', this.file];
    this.child = spawn(command, args, { env: childEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.on('data', (data) => this.#take(data));
    this.child.stderr.on('data', (data) => (this.stderr += data));
    this.exit = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    this.gone = null;
    this.exit.then((end) => (this.gone = end));
  }

  #take(data) {
    const lines = (this.#rest + data).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) this.lines.push(JSON.parse(line));
  }

  async ready() {
    await eventually(async () => {
      if (this.gone) throw new Error(`the gate did not start:\n${this.stderr}`);
      return (await this.admin('/livez').catch(() => null))?.status === 200;
    }, '/livez 200');
  }

  /** Every issuer's keys are there: /livez does not wait for them. */
  async hasKeys() {
    await eventually(async () => (await this.admin('/readyz')).status === 200, '/readyz 200');
  }

  /** An honest request to the gate. */
  async ask(request) {
    this.assertAlive();
    return ask(this.port, request);
  }

  /** Say how it ended rather than that nobody answers. */
  assertAlive() {
    if (this.gone) throw new Error(`the gate ended: ${JSON.stringify(this.gone)}\n${this.stderr}`);
  }

  /** A request to the admin listener. */
  admin(target, request = {}) {
    return ask(this.adminPort, { ...request, target });
  }

  /** An access-log line that fits, once it is written. */
  async line(fits) {
    return eventually(() => this.lines.find(fits), 'that log line');
  }

  /** A metric's value, of the series as it is written; NaN where there is none. */
  async metric(series) {
    const { text } = await this.admin('/metrics');
    return Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.slice(series.length) ?? NaN);
  }

  /** Wait until a metric is that: what counts may come a moment after the answer. */
  async counts(series, value) {
    await eventually(async () => (await this.metric(series)) === value, `${series} ${value}`);
  }

  /** Wait until standard error fits. */
  async complains(pattern) {
    await eventually(() => pattern.test(this.stderr), `${pattern} on standard error`);
  }

  signal(name) {
    this.child.kill(name);
  }

  /** End it orderly, and see that it does: exit 0, nothing from a sanitizer. */
  async stop() {
    if (!this.gone) this.signal('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    const end = await this.exit;
    clearTimeout(timer);
    assertClean(this.stderr, 'postern serve');
    assert.deepEqual(end, { code: 0, signal: null }, `the gate ended badly: ${JSON.stringify(end)}\n${this.stderr}`);
  }

  /** `postern client …` on this gate's configuration. */
  async client(...args) {
    const done = await run(['client', ...args, '-c', this.file]);
    assert.equal(done.code, 0, `client ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  }

  /** A new client of the local issuer, {client_id, client_secret, …}. */
  async addClient(name, ...args) {
    return JSON.parse(await this.client('add', name, ...args, '--output', 'json'));
  }
}

/**
 * Write a gate's files without starting it.
 *
 * config  keys of postern.yaml, or a function of the gate that gives them
 * files   more files of its directory, by name
 */
export async function makeGate(t, { config = {}, policy = POLICY, files = {}, upstream } = {}) {
  const gate = new Gate(scratch(t), await freePort(), await freePort());
  const own = typeof config === 'function' ? config(gate) : config;
  fs.mkdirSync(path.join(gate.dir, 'state'), { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) gate.write(name, content);
  gate.write('policy.yaml', policy);
  gate.config = {
    listen: { address: `127.0.0.1:${gate.port}`, engine: ENGINE },
    admin: { address: `127.0.0.1:${gate.adminPort}` },
    upstream: upstream ?? 'http://127.0.0.1:9',
    policy: 'policy.yaml',
    state: 'state',
    ...own,
  };
  gate.write('postern.yaml', gate.config);
  return gate;
}

/** A running gate, stopped and looked at when the test ends. */
export async function startGate(t, options = {}) {
  const gate = await makeGate(t, options);
  gate.spawn(options.env);
  t.after(() => gate.stop());
  await gate.ready();
  return gate;
}

/** What these wires write is there as a whole when the gate goes on, in this order. */
export async function atOnce(gate, ...writes) {
  gate.signal('SIGSTOP');
  await eventually(() => /^State:\tT/m.test(fs.readFileSync(`/proc/${gate.child.pid}/status`, 'utf8')), 'the stop');
  try {
    for (const [wire, bytes] of writes) await wire.write(bytes);
  } finally {
    gate.signal('SIGCONT');
  }
}
