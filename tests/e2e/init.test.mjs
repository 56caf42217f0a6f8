// SPDX-License-Identifier: Apache-2.0
// `postern init`: from nothing to a first request that is allowed, and what it does when the identity
// provider lies, hangs or is not there, when files are there already, and when answers are hostile.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { Certificates } from './harness/certificates.mjs';
import { Gate, POSTERN, run, scratch } from './harness/gate.mjs';
import { startIdp } from './harness/idp.mjs';
import { freePort } from './harness/ports.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually, PATIENCE_MS } from './harness/wait.mjs';
import { keySet, makeKey } from './harness/tokens.mjs';

const Ajv = createRequire(import.meta.url)('ajv8/dist/2020').default;

const FILES = ['cases.yaml', 'policy.yaml', 'postern.yaml'];
const REST = ['--audience', 'api://default', '--upstream', 'http://127.0.0.1:9'];

/** init in a directory of its own: {dir, done}. */
async function init(args, { cwd = scratch(), ...more } = {}) {
  return { dir: cwd, done: await run(['init', ...args], { cwd, ...more }) };
}

/** Nothing was made, and the command says so with exit code 2. */
function assertNothing({ dir, done }, word) {
  assert.equal(done.code, 2, done.stdout);
  assert.match(done.stderr, word);
  assert.deepEqual(fs.readdirSync(dir), []);
}

/** `check` (--strict and more) and `test` with full coverage say yes. */
async function assertSound(dir, ...options) {
  const checked = await run(['check', ...options], { cwd: dir });
  assert.equal(checked.code, 0, checked.stderr);
  const tested = await run(['test', '--coverage', '--fail-under', '100', 'cases.yaml'], { cwd: dir });
  assert.equal(tested.code, 0, `${tested.stdout}${tested.stderr}`);
  assert.match(tested.stdout, /^4 passed, 0 failed$/m);
}

async function serve(t, handler, make = http.createServer) {
  const server = make(handler);
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

test('with a real provider', async (t) => {
  const idp = await startIdp(t);
  const upstream = await recordingUpstream(t);
  const gate = new Gate(path.join(scratch(), 'gate'), await freePort(), await freePort());
  const { done } = await init([gate.dir, '--provider', 'other', '--issuer', idp.issuer, '--audience', 'api://default', '--upstream', upstream.url,
    '--listen', `127.0.0.1:${gate.port}`, '--admin', `127.0.0.1:${gate.adminPort}`]);
  assert.equal(done.code, 0, done.stderr);

  await t.test('what was found is shown', () => {
    assert.match(done.stdout, new RegExp(`^discovery +${idp.issuer}/\\.well-known/openid-configuration: its issuer is that one$`, 'm'));
    assert.match(done.stdout, new RegExp(`^jwks_uri +${idp.issuer}/jwks$`, 'm'));
    assert.match(done.stdout, /^keys +4 usable$/m);
    assert.match(done.stdout, /^algorithms +RS256 PS256 ES256 EdDSA$/m);
    assert.equal(done.stderr, '');
  });
  await t.test('check --strict and test say yes', () => assertSound(gate.dir, '--strict'));
  await t.test('modes', () => {
    for (const name of FILES) assert.equal(fs.statSync(path.join(gate.dir, name)).mode & 0o777, 0o666 & ~process.umask() & 0o644);
  });
  await t.test('a token with the scope that policy.yaml names is let in', async () => {
    const file = path.join(gate.dir, 'policy.yaml');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('api.read', 'read'));
    gate.spawn();
    t.after(() => gate.stop());
    await gate.ready();
    const call = async (scope) => (await gate.ask({ target: '/', headers: { Authorization: `Bearer ${await idp.token('RS256', scope)}` } })).status;
    assert.equal((await gate.ask({ target: '/' })).status, 401);
    assert.equal(await call('read'), 200);
    assert.equal(await call('write'), 403);
  });
});

test('the local issuer: the printed lines, typed as they are', async (t) => {
  const upstream = await recordingUpstream(t);
  const cwd = scratch();
  const gate = new Gate(path.join(cwd, "it's my $(gate)"), await freePort(), await freePort());
  const { done } = await init([path.basename(gate.dir), '--provider', 'local', '--upstream', upstream.url, '--listen', `127.0.0.1:${gate.port}`, '--admin', `127.0.0.1:${gate.adminPort}`], { cwd });
  assert.equal(done.code, 0, done.stderr);
  await assertSound(gate.dir, '--strict');
  const lines = done.stdout.split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim());
  assert.equal(lines.length, 3, done.stdout);
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=1' };
  const sh = async (line) => (await promisify(execFile)('sh', ['-eu', '-c', line], { cwd, env })).stdout;

  const server = spawn('sh', ['-c', `exec ${lines[0]}`], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (data) => (said += data));
  const ended = once(server, 'close');
  t.after(async () => {
    server.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], said);
  });
  await eventually(async () => {
    if (server.exitCode !== null) throw new Error(said);
    return (await gate.admin('/livez').catch(() => null))?.status === 200;
  }, '/livez 200');
  assert.match(await sh(lines[1]), /secret/i);
  // Another process tells the gate of the client: a moment.
  const answer = await eventually(async () => {
    const text = await sh(lines[2]);
    return /^HTTP\/1.1 200 /.test(text) && text;
  }, 'a 200');
  assert.doesNotMatch(answer, /X-Postern/);
  assert.equal(upstream.requests.at(-1).target, '/');
  assert.equal((await gate.ask({ target: '/' })).status, 401);
});

const PROVIDERS = {
  okta: ['--domain', 'example.okta.com', '--audience', 'api://default'],
  entra: ['--tenant', '00000000-0000-0000-0000-000000000000', '--audience', '11111111-1111-1111-1111-111111111111'],
  keycloak: ['--domain', 'keycloak.example.com', '--realm', 'acme', '--audience', 'orders-api'],
  auth0: ['--domain', 'example.eu.auth0.com', '--audience', 'https://orders.example.com/api'],
  cognito: ['--pool', 'eu-west-1_AbCdEfGhI', '--client', '7m1234abcdefghijklmnopqrst'],
  google: ['--email', 'svc@project.iam.gserviceaccount.com', '--audience', 'https://orders.example.com'],
  ping: ['--domain', 'auth.pingone.eu', '--tenant', '11111111-aaaa-4bbb-8ccc-222222222222', '--audience', 'https://orders.example.com'],
  oci: ['--domain', 'idcs-0123456789abcdef.identity.oraclecloud.com', '--audience', 'https://orders.example.com/'],
  gitlab: ['--project', 'my-group/my-project', '--audience', 'https://orders.example.com'],
  github: ['--repository', 'my-org/my-repo', '--audience', 'https://orders.example.com'],
  kubernetes: ['--jwks-file', 'cluster-keys.json', '--audience', 'https://orders.example.com'],
  generic: ['--issuer', 'https://idp.example.com', '--audience', 'api://orders'],
  other: ['--issuer', 'https://idp.example.com', '--audience', 'api://orders', '--audience', 'api://more'],
  local: [],
};

test('every provider', async (t) => {
  const valid = {};
  for (const file of ['config', 'policy', 'cases']) valid[file] = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse((await run(['schema', file])).stdout));
  for (const [provider, args] of Object.entries(PROVIDERS)) {
    await t.test(`${provider}: check --strict and test say yes, and the schema is kept`, async () => {
      const { dir, done } = await init(['--provider', provider, ...args, '--upstream', 'http://127.0.0.1:9', '--offline']);
      assert.equal(done.code, 0, done.stderr);
      assert.deepEqual(fs.readdirSync(dir).sort(), FILES);
      await assertSound(dir, '--strict', '--offline');
      for (const [schema, file] of [['config', 'postern.yaml'], ['policy', 'policy.yaml'], ['cases', 'cases.yaml']]) {
        const text = fs.readFileSync(path.join(dir, file), 'utf8');
        assert.ok(text.startsWith(`# yaml-language-server: $schema=${schema}.schema.json\n`));
        assert.ok(valid[schema](parse(text)), JSON.stringify(valid[schema].errors));
      }
      if (provider === 'local') return;
      // Its page of the manual has the same issuer, and the same command.
      const page = fs.readFileSync(new URL(`../../${done.stdout.match(/docs\/providers\/\w+\.md/)[0]}`, import.meta.url), 'utf8');
      const [, issuer] = page.match(/^ {4}issuer: (.*)$/m);
      if (provider !== 'other') {
        const [, command] = page.match(/```sh\npostern init gate --provider ([^]*?)\n```/);
        assert.deepEqual(command.split(/[\s\\]+/), [provider === 'generic' ? 'other' : provider, ...args, '--upstream', 'http://127.0.0.1:9000']);
      }
      assert.equal(Object.values(parse(fs.readFileSync(path.join(dir, 'postern.yaml'), 'utf8')).issuers)[0].issuer, issuer);
    });
  }
  await t.test('every page of the manual has its provider', () => {
    for (const page of fs.readdirSync(new URL('../../docs/providers/', import.meta.url))) assert.ok(page.replace('.md', '') in PROVIDERS, page);
  });
});

test('a provider that is not what it should be', async (t) => {
  const keys = keySet(makeKey('RS256'));
  let elsewhere = 0;
  const other = await serve(t, (request, response) => {
    elsewhere++;
    response.end('{}');
  });
  const send = (value, more = {}) => (request, response) => response.writeHead(200, { 'Content-Type': 'application/json', ...more }).end(typeof value === 'string' ? value : JSON.stringify(value));
  const document = (change) => (issuer) => (request, response) => send(request.url.endsWith('/keys') ? keys : { issuer, jwks_uri: `${issuer}/keys`, ...change(issuer) })(request, response);
  const LIES = {
    'another issuer': [document(() => ({ issuer: 'https://evil.example' })), /discovery says issuer "https:\/\/evil\.example" instead of "http:\/\/127/],
    'an issuer with a slash more': [document((issuer) => ({ issuer: `${issuer}/` })), /discovery says issuer "http:\/\/127[^"]*\/": write exactly that, not "/],
    'an issuer that would move the cursor': [document(() => ({ issuer: 'https://a\u001b[2J\u0007\u009b1m' })), /discovery says issuer "https:\/\/a\?/],
    'an issuer that is a list': [document((issuer) => ({ issuer: [issuer] })), /no "issuer" or no "jwks_uri"/],
    'no jwks_uri': [document(() => ({ jwks_uri: undefined })), /no "issuer" or no "jwks_uri"/],
    'keys by plain http': [document(() => ({ jwks_uri: 'http://idp.example/keys' })), /jwks_uri is not https/],
    'keys in a file': [document(() => ({ jwks_uri: 'file:///etc/passwd' })), /jwks_uri is not https/],
    'keys at a place that would move the cursor': [document(() => ({ jwks_uri: 'https://127.0.0.1:1/\u001b[2J' })), /./],
    'no keys': [(issuer) => (request, response) => send(request.url.endsWith('/keys') ? { keys: [] } : { issuer, jwks_uri: `${issuer}/keys` })(request, response), /\/keys: /],
    'a redirect to another host': [() => (request, response) => response.writeHead(302, { Location: `http://127.0.0.1:${other}/.well-known/openid-configuration` }).end(), /HTTP 302: redirect to http:\/\/127\.0\.0\.1:\d+\/\S* refused/],
    'keys that are elsewhere by a redirect': [(issuer) => (request, response) => (request.url.endsWith('/keys') ? response.writeHead(307, { Location: `http://127.0.0.1:${other}/` }).end() : send({ issuer, jwks_uri: `${issuer}/keys` })(request, response)), /\/keys: HTTP 307: redirect/],
    'a document without end': [() => (request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    }, /answer larger than 262144 bytes/],
    'a document of an announced size': [() => (request, response) => response.writeHead(200, { 'Content-Length': 1 << 30 }).end('{'), /answer larger than 262144 bytes/],
    'a page for browsers': [() => (request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>'), /a login page or HTML/],
    'not found': [() => (request, response) => response.writeHead(404).end('{}'), /HTTP 404/],
    'trouble': [() => (request, response) => response.writeHead(500).end('{}'), /HTTP 500/],
    'no JSON': [() => send('{"issuer":'), /discovery/],
    'the same member twice': [(issuer) => send(`{"issuer":"https://evil.example","issuer":"${issuer}","jwks_uri":"${issuer}/keys"}`), /discovery/],
    'a compressed answer': [() => send('{}', { 'Content-Encoding': 'gzip' }), /compressed/],
    'an answer that ends early': [() => (request, response) => {
      response.writeHead(200, { 'Content-Length': 1000 });
      response.write('{');
      setImmediate(() => response.destroy());
    }, /ends early|openid-configuration: ./],
    'silence': [() => () => {}, /timed? ?out|Operation/i],
  };
  for (const [name, [make, word]] of Object.entries(LIES)) {
    await t.test(name, async (t) => {
      let handler;
      const port = await serve(t, (request, response) => handler(request, response));
      const issuer = `http://127.0.0.1:${port}`;
      handler = make(issuer);
      const made = await init(['--provider', 'other', '--issuer', issuer, ...REST]);
      assertNothing(made, word);
      assert.match(made.done.stderr, /nothing was written; --offline does not ask the provider\n$/);
      assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(made.done.stderr), 'no control characters');
    });
  }
  await t.test('a key set that the preset has no use for', async (t) => {
    const set = keySet(makeKey('ES256'));
    let issuer = '';
    const port = await serve(t, (request, response) => send(request.url.endsWith('/keys') ? set : { issuer, jwks_uri: `${issuer}/keys` })(request, response));
    issuer = `http://127.0.0.1:${port}`;
    assertNothing(await init(['--provider', 'okta', '--issuer', issuer, ...REST]), /none of its keys is of an algorithm that okta signs with/);
  });
  await t.test('nobody was sent elsewhere', () => assert.equal(elsewhere, 0));
  await t.test('nobody is there', async () => assertNothing(await init(['--provider', 'other', '--issuer', `http://127.0.0.1:${await freePort()}`, ...REST]), /openid-configuration: .*onnect/));
  await t.test('plain http to another machine is not even tried', async () => {
    assertNothing(await init(['--provider', 'other', '--issuer', 'http://192.0.2.1', ...REST]), /^postern: init: --issuer: must start with "https/);
    assertNothing(await init(['--provider', 'other', '--issuer', 'https://user:hunter2@192.0.2.1', ...REST]), /^postern: init: --issuer: (?!.*hunter2)/);
  });
});

test('TLS', async (t) => {
  const certificates = new Certificates().make('ca').make('idp', { names: 'IP:127.0.0.1', by: 'ca' });
  const keys = keySet(makeKey('RS256'));
  let issuer = '';
  const port = await serve(t, (request, response) => response.end(JSON.stringify(request.url === '/keys' ? keys : { issuer, jwks_uri: `${issuer}/keys` })), (handler) => https.createServer(certificates.identity('idp'), handler));
  issuer = `https://127.0.0.1:${port}`;
  const args = ['--provider', 'other', '--issuer', issuer, ...REST];
  await t.test('a certificate that nobody vouches for is refused', async () => assertNothing(await init(args), /TLS: /));
  await t.test('--ca-file vouches for it, here and for the gate', async () => {
    const cwd = scratch();
    fs.copyFileSync(certificates.path('ca.pem'), path.join(cwd, 'ca.pem'));
    const { done } = await init(['gate', ...args, '--ca-file', 'ca.pem'], { cwd });
    assert.equal(done.code, 0, done.stderr);
    const dir = path.join(cwd, 'gate');
    await assertSound(dir, '--strict');
    const found = await run(['jwks'], { cwd: dir });
    assert.equal(found.code, 0, found.stdout);
  });
  await t.test('a --ca-file that is not there', async () => {
    const { dir, done } = await init(['gate', ...args, '--ca-file', 'none.pem']);
    assertNothing({ dir, done }, /--ca-file: there is no file none\.pem/);
  });
});

test('keys by their own address, and by a file', async (t) => {
  const keys = keySet(makeKey('RS256'));
  const port = await serve(t, (request, response) => response.end(JSON.stringify(keys)));
  await t.test('--jwks-uri: there is no discovery', async () => {
    const { dir, done } = await init(['--provider', 'other', '--issuer', 'kubernetes/serviceaccount', '--jwks-uri', `http://127.0.0.1:${port}/keys`, ...REST]);
    assert.equal(done.code, 0, done.stderr);
    assert.doesNotMatch(done.stdout, /discovery/);
    assert.match(done.stdout, /keys +1 usable/);
    await assertSound(dir, '--strict');
  });
  await t.test('--jwks-file: nobody is asked', async () => {
    const cwd = scratch();
    fs.writeFileSync(path.join(cwd, 'cluster keys.json'), JSON.stringify(keys));
    const { done } = await init(['gate', '--provider', 'kubernetes', '--jwks-file', 'cluster keys.json', ...REST], { cwd });
    assert.equal(done.code, 0, done.stderr);
    await assertSound(path.join(cwd, 'gate'), '--strict');
  });
});

test('nothing is overwritten', async (t) => {
  const args = ['--provider', 'local', '--upstream', 'http://127.0.0.1:9'];
  for (const name of FILES) {
    await t.test(name, async () => {
      const cwd = scratch();
      fs.writeFileSync(path.join(cwd, name), 'mine');
      const { done } = await init(args, { cwd });
      assert.equal(done.code, 2);
      assert.equal(done.stderr, `postern: init: DIR: ${name} exists already, and nothing is overwritten\n`);
      assert.deepEqual(fs.readdirSync(cwd), [name]);
      assert.equal(fs.readFileSync(path.join(cwd, name), 'utf8'), 'mine');
    });
  }
  await t.test('a second time', async () => {
    const { dir, done } = await init(args);
    assert.equal(done.code, 0, done.stderr);
    const before = fs.readFileSync(path.join(dir, 'postern.yaml'), 'utf8');
    assert.equal((await init([...args, '--listen', '127.0.0.1:81'], { cwd: dir })).done.code, 2);
    assert.equal(fs.readFileSync(path.join(dir, 'postern.yaml'), 'utf8'), before);
  });
  await t.test('a directory that cannot be made', async () => assertNothing(await init(['no/where', ...args]), /^postern: init: no\/where: No such file or directory\n$/));
  await t.test('two at once: one of them makes all', async () => {
    const cwd = scratch();
    const ends = await Promise.all(['81', '82'].map((port) => init([...args, '--listen', `127.0.0.1:${port}`], { cwd })));
    assert.deepEqual(ends.map(({ done }) => done.code).sort(), [0, 2]);
    await assertSound(cwd, '--strict');
  });
});

test('without a terminal nobody is waited for', async (t) => {
  for (const stdin of ['pipe', 'ignore']) {
    await t.test(`standard input is ${stdin}, and stays open`, async () => {
      const child = spawn(POSTERN, ['init'], { cwd: scratch(), stdio: [stdin, 'pipe', 'pipe'] });
      let said = '';
      child.stderr.on('data', (data) => (said += data));
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const [code] = await once(child, 'exit');
      clearTimeout(timer);
      child.stdin?.end();
      assert.equal(code, 2);
      assert.equal(said, 'postern: init: --provider is missing, and there is no terminal to ask on\n');
    });
  }
});

const HOSTILE = ['a"b', "it's", 'a # b', 'a: b', '], x: [', '}, public: ["/*"]', '*x', '&x', '!!binary x', '- a', '---', '%YAML 1.2', '{domain}', '\\n', 'ä\u2028😀', 'true', 'null', '0x10', '{env: HOME}', ' a '];

const COGNITO = ['--provider', 'cognito', '--pool', 'eu-west-1_x', '--upstream', 'http://127.0.0.1:9', '--offline'];

test('hostile answers', async (t) => {
  for (const answer of HOSTILE) {
    await t.test(JSON.stringify(answer), async () => {
      const { dir, done } = await init([...COGNITO, '--client', answer, '--audience', answer]);
      assert.equal(done.code, 0, done.stderr);
      const config = parse(fs.readFileSync(path.join(dir, 'postern.yaml'), 'utf8'));
      assert.deepEqual(Object.keys(config), ['listen', 'admin', 'upstream', 'policy', 'state', 'issuers']);
      assert.deepEqual(config.issuers.cognito, { provider: 'cognito', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x', audience: [answer], require: { '/client_id': [answer] } });
      // With a star in it, `check` warns that it stands for nothing else.
      await assertSound(dir, '--offline', ...(answer.includes('*') ? [] : ['--strict']));
    });
  }
  for (const answer of ['a\nadmin: {address: 0.0.0.0:1}', 'a\r', '\u001b[2J', '\u0085']) {
    await t.test(`${JSON.stringify(answer)} is no answer`, async () => {
      assertNothing(await init([...COGNITO, '--client', 'c', '--audience', answer]), /--audience: must be text without control characters/);
      assertNothing(await init([...COGNITO, '--client', answer]), /--client: must be text without control characters/);
      for (const option of ['--issuer', '--upstream', '--listen', '--admin']) {
        const rest = ['--issuer', 'https://idp.example', '--upstream', 'http://127.0.0.1:9'].filter((word, i, all) => word !== option && all[i - 1] !== option);
        assertNothing(await init(['--provider', 'other', '--audience', 'a', '--offline', ...rest, option, answer]), new RegExp(option));
      }
    });
  }
});
