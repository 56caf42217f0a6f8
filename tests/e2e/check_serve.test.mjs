// SPDX-License-Identifier: Apache-2.0
// `check` and `serve` never disagree: whatever `check` calls good comes up, and what it does not ends
// `serve` with the same mistakes. Every key of the manual is tried with values of every kind.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Gate, POSTERN, run, scratch } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { keySet, makeKey } from './harness/tokens.mjs';
import { eventually } from './harness/wait.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const ISSUERS = path.join(ROOT, 'docs/providers');
const AT_A_TIME = 4;

const shelf = scratch();
const openssl = (...args) => assert.equal(spawnSync('openssl', args, { cwd: shelf }).status, 0, args.join(' '));
openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-keyout', 'tls.key', '-out', 'cert.pem');
openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'key.pem');
openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'rsa.pem');
openssl('pkcs8', '-topk8', '-in', 'key.pem', '-passout', 'pass:x', '-out', 'phrase.pem');
const KEY_SET = JSON.stringify(keySet(makeKey('RS256')));

/** A folder with a file of each kind. */
function fill(dir) {
  for (const name of fs.readdirSync(shelf)) fs.copyFileSync(path.join(shelf, name), path.join(dir, name));
  for (const name of ['key.pem', 'rsa.pem', 'phrase.pem', 'tls.key']) fs.chmodSync(path.join(dir, name), 0o600);
  fs.copyFileSync(path.join(dir, 'key.pem'), path.join(dir, 'open.pem'));
  fs.chmodSync(path.join(dir, 'open.pem'), 0o644);
  const files = { 'keys.json': KEY_SET, 'no-keys.json': '{"keys":[]}', 'policy.yaml': 'public: ["/o/*"]\n', empty: '', garbage: '\x00\x01{', token: 'abc\n' };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text);
  fs.mkdirSync(path.join(dir, 'folder'));
  assert.equal(spawnSync('mkfifo', [path.join(dir, 'fifo')]).status, 0);
}

/** Every key of the manual, good. */
const base = ({ port, adminPort, metricsPort, authPort }) => ({
  listen: { address: `127.0.0.1:${port}`, engine: 'events', threads: 2, socket_mode: '0660',
    tls: { certificate: 'cert.pem', key: 'tls.key', certificates: [{ certificate: 'cert.pem', key: 'tls.key' }], client_ca: 'cert.pem', client_certificate: 'optional' },
    trusted_proxies: ['10.0.0.0/8', 'unix'], trusted_headers: ['X-Forwarded-For'], proxy_protocol: true,
  },
  admin: { address: `127.0.0.1:${adminPort}` },
  metrics: { address: `127.0.0.1:${metricsPort}` },
  forward_auth: { address: `127.0.0.1:${authPort}`, form: 'path', trusted_proxies: ['127.0.0.0/8', 'unix'] },
  upstream: { url: 'https://127.0.0.1:9/v2', host: 'keep', strip_prefix: '/a', rewrite_location: true, timeout: '60s', retry_budget: 0.1, health_check: { path: '/health', every: '10s' }, tls: { ca_file: 'cert.pem', certificate: { file: 'cert.pem' }, key: { file: 'tls.key' }, server_name: 'api.example' } },
  policy: 'policy.yaml',
  policy_next: 'policy.yaml',
  state: 'state',
  issuers: {
    file: {
      provider: 'generic', issuer: 'https://file.example', issuer_aliases: ['https://alias.example'], audience: ['api'], jwks_file: 'keys.json', algorithms: ['RS256'], types: ['JWT'],
      clock_skew: '30s', max_age: '1h', require: { '/a': 'b' }, claims: { subject: '/sub', client: '/azp', scopes: ['/scope'], groups: '/groups', roles: '/roles' },
    },
    web: {
      issuer: 'https://web.example', audience: 'api', jwks_uri: 'http://127.0.0.1:9/keys',
      jwks: { refresh: '10m', cooldown: '30s', stale: '24h', timeout: '5s', ca_file: 'cert.pem', proxy: 'http://127.0.0.1:9', client_certificate: { file: 'cert.pem' }, client_key: { file: 'tls.key' }, bearer: { file: 'token' } },
    },
    entra: { provider: 'entra', issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', tenants: ['8eaef023-2b34-4da1-9baa-8bc8c9d6a490'], audience: 'api', jwks_uri: 'http://127.0.0.1:9/keys' },
  },
  local_issuer: {
    issuer: `http://127.0.0.1:${port}`, audience: 'api://local', resources: ['https://other.example'], introspection_role: 'introspection', accept: 'always', database: 'postern.db', token_lifetime: '1h', basic: true,
    lockout: { failures: 5, first: '1s', most: '5m', forget: '1h' },
    signing: { algorithm: 'ES256', rotate_after: '90d', publish_ahead: '1h', key: { file: 'key.pem' } },
    fallback: { after: '60s', hold: '60s' },
    cors: { origins: ['https://app.example'], methods: ['PUT'], headers: ['X-A'], expose: ['ETag'], credentials: true, max_age: '10m' },
  },
  forward: { authorization: 'strip', request_id: 'keep', headers: { 'X-User': '/sub' } },
  explain: { recent: 100 },
  limits: { header_bytes: '16k', body_bytes: 0, connections: 8, header_timeout: '10s', body_timeout: '60s', body_min_rate: 128, upstream_timeout: '60s', stream_timeout: '1h', idle_timeout: '60s', write_timeout: '60s', token_cache: '32m' },
  log: { format: 'json', level: 'info', caller: 'full' },
  answers: { detail: 'public', type_base: 'https://pages.example/' },
  resource: { url: 'https://api.example', authorization_servers: ['file'] },
});

/** Places of single values: lists count as one. */
function leaves(value, at = []) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [{ at, value }];
  return Object.entries(value).flatMap(([key, below]) => leaves(below, [...at, key]));
}

function set(config, at, value) {
  const into = at.slice(0, -1).reduce((map, key) => map[key], config);
  if (value === undefined) delete into[at.at(-1)];
  else into[at.at(-1)] = value;
}

const ANY = [undefined, null, '', 'x', 1, '61m', ['x'], { file: 'none' }];
const FILES = ['none', 'empty', 'folder', 'fifo', '/dev/zero', 'garbage', 'keys.json', 'no-keys.json', 'cert.pem', 'key.pem', 'rsa.pem', 'phrase.pem', 'open.pem', 'folder/none', 'none/none', '/nowhere/deeper'];
const URLS = [
  'http://127.0.0.1:88836', 'http://127.0.0.1:abc', 'http://127.0.0.1:0', 'http://127.0.0.1:000080', 'http://user:pw@127.0.0.1', 'http://127.0.0.1/api', 'http://127.0.0.1?x', 'http://127.0.0.1#x', 'http://a http://b', 'http://a b',
  'localhost:8080', '127.0.0.1', 'ftp://127.0.0.1', 'HTTP://127.0.0.1', 'https://[::1]', 'http://[::1', '//127.0.0.1', 'http://', '/api', '?x', 'unix:/tmp/none', 'unix:none', `unix:/${'a'.repeat(200)}`, `http://${'a'.repeat(300)}`,
];
// Addresses of one upstream.
const LISTS = [[], ['https://127.0.0.1:9/v2', 'https://127.0.0.1:8/v2/'], ['https://127.0.0.1:9', 'http://127.0.0.1:8'], ['https://127.0.0.1:9/v2', 'https://127.0.0.1:8/v3'], ['https://127.0.0.1:9', 'https://127.0.0.1:9/'], ['https://127.0.0.1:9', null], [['https://127.0.0.1:9']], Array(17).fill('https://127.0.0.1:9')];
const ADDRESSES = ({ port, adminPort }) => [
  '127.0.0.1', '8080', ':8080', 'localhost:8080', '127.0.0.1:0', '127.0.0.1:65536', '127.0.0.1:80s', '999.1.1.1:80', '1.2.3:80', '::1:80', '[127.0.0.1]:80', 'http://127.0.0.1:80', `unix:/tmp/postern-${port}`, 'unix:none', 'unix:/tmp', 'unix:/nowhere/none', 'systemd:', `[::1]:${port}`,
  `127.0.0.1:${port}`, `127.0.0.1:${adminPort}`, `0.0.0.0:${port}`, `0.0.0.0:${adminPort}`, [`127.0.0.1:${port}`, `127.0.0.1:${port}`], [`127.0.0.1:${port}`, `127.0.0.2:${port}`], Array.from({ length: 9 }, (_, i) => `127.0.0.${i + 1}:${port}`),
];
// What libpq would find out only when it connects, and paths that name no file.
const BY_URL = ['port=99999', 'port=0', 'port=80x', 'hostaddr=x', 'sslmode=bogus', 'target_session_attrs=x', 'gssencmode=x', 'channel_binding=x', 'ssl_min_protocol_version=TLSv9', 'ssl_max_protocol_version=x',
  'ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2', 'connect_timeout=abc', 'connect_timeout=99999999999', 'keepalives=x', 'keepalives_idle=x', 'keepalives_interval=x', 'keepalives_count=x', 'tcp_user_timeout=x',
  'sslmode=verify-full&sslrootcert=/none', 'sslcert=/none', 'sslkey=/none', 'sslrootcert=/tmp', 'require_auth=x', 'service=x', 'nope=x'];
const DATABASES = ['.', '..', 'st/', 'st/.', 'st/..', '/', 'd'.repeat(250), 'd'.repeat(300), `${'d/'.repeat(250)}d`, `/${'./'.repeat(300)}tmp/postern-none.db`,
  'postgresql://127.0.0.1:99999/x', 'postgresql://127.0.0.1:0/x', 'postgresql://127.0.0.1:a/x', 'postgresql://u@/x?host=127.0.0.1,127.0.0.2&port=1,2,3', 'postgresql://u:pa/ss@127.0.0.1/x', 'postgresql://a,b/x?hostaddr=127.0.0.1', 'mysql://127.0.0.1/x',
  ...BY_URL.map((query) => `postgresql://u@/x?host=127.0.0.1&${query}`)];

/** What only the attempt can tell, as the manual lists it; and ports that are not ours to take. */
const excepted = ({ at, value }) => ['listen', 'admin', 'metrics', 'forward_auth'].includes(at[0]) && (value === undefined || value === 'x:1');

const namesFile = ({ at }) => at.at(-1) === 'file' || ['jwks_file', 'ca_file', 'policy', 'policy_next', 'state', 'database'].includes(at.at(-1)) || (at.includes('tls') && ['certificate', 'key', 'client_ca'].includes(at.at(-1)));

/**
 * Starting a gate is dear: `serve` is asked of the first six values that check calls good where files
 * and addresses decide, elsewhere of the first; and of the first that check calls bad, or two.
 */
function enoughOf(leaf) {
  const asked = { true: 0, false: 0 };
  const deep = namesFile(leaf) || ['listen', 'admin', 'metrics', 'upstream'].includes(leaf.at[0]);
  return (good) => ++asked[good] > (good ? (deep ? 6 : 1) : deep ? 2 : 1);
}

function valuesFor(leaf, ports) {
  const text = String(leaf.value);
  if (leaf.at.at(-1) === 'address') return [...ANY, ...ADDRESSES(ports)];
  if (namesFile(leaf)) return [...ANY, ...FILES];
  if (leaf.at[0] === 'upstream' && leaf.at.at(-1) === 'url') return [...ANY, ...URLS, ...LISTS];
  return text.includes('://') ? [...ANY, ...URLS] : ANY;
}

/** Comes it up? {code, stderr}: code 0 when it did, and was ended. */
async function serve(dir, config) {
  const gate = new Gate(dir, 0, 0);
  gate.child = spawn(POSTERN, ['serve', '-c', gate.file], { env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=1' }, stdio: ['ignore', 'ignore', 'pipe'] });
  gate.child.stderr.on('data', (data) => (gate.stderr += data));
  gate.exit = new Promise((resolve) => gate.child.on('close', (code, signal) => resolve({ code, signal })));
  gate.gone = null;
  gate.exit.then((end) => (gate.gone = end));
  // By its own word: where its admin listener is, is one of the things that are tried.
  await eventually(() => gate.gone || /postern [0-9.]+ is ready/.test(gate.stderr), 'a gate that is ready, or its end');
  if (gate.gone) return { ...gate.gone, stderr: gate.stderr };
  await gate.stop();
  return { code: 0, stderr: gate.stderr };
}

/** True: check says good; null: it does not, and serve was not asked because `enough` were. */
async function agree({ ports, at, value, edit, enough }) {
  const what = `${at.join('/')}: ${JSON.stringify(value)}`.slice(0, 200);
  const dir = scratch();
  fill(dir);
  const config = base(ports);
  set(config, at, value);
  edit?.(dir, config);
  fs.writeFileSync(path.join(dir, 'postern.yaml'), JSON.stringify(config));
  const checked = await run(['check', '-c', path.join(dir, 'postern.yaml')]);
  assert.ok(!fs.existsSync(path.join(dir, 'state')), `${what}: check made the state folder`);
  if (enough?.(checked.code === 0)) return checked.code === 0;
  const served = await serve(dir, config);
  if (checked.code === 0) assert.equal(served.code, 0, `${what}: check says good, serve says ${served.stderr}`);
  else {
    assert.equal(served.code, 2, `${what}: check says ${checked.stderr}, and serve came up or ended by ${JSON.stringify(served)}`);
    assert.equal(served.stderr, checked.stderr, what);
    assert.ok(checked.stderr.length > 0, what);
  }
  fs.rmSync(dir, { recursive: true });
  return checked.code === 0;
}

/** Ports that somebody else's test has taken meanwhile say nothing: then once more, with others. */
async function agreed(variant, tries = 3) {
  const ports = { port: await freePort(), adminPort: await freePort(), metricsPort: await freePort(), authPort: await freePort() };
  try {
    return await agree({ ports, ...variant(ports) });
  } catch (error) {
    if (tries === 1 || !/Address already in use/.test(error.message)) throw error;
    return agreed(variant, tries - 1);
  }
}

/** Work the list off, a few at a time, each with ports of its own; says how many were good. */
async function all(variants) {
  const wrong = [];
  const count = { good: 0, bad: 0 };
  const next = variants[Symbol.iterator]();
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (const variant of next) {
      try {
        count[(await agreed(variant)) ? 'good' : 'bad'] += 1;
      } catch (error) {
        wrong.push(error.message);
      }
    }
  }));
  assert.deepEqual(wrong, [], wrong.join('\n'));
  return count;
}

const SOME = { port: 1, adminPort: 2, metricsPort: 3, authPort: 4 };
const KEYS = leaves(base(SOME));

test('every key of the manual is tried', () => {
  const rows = fs.readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8').matchAll(/^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|/gm);
  const providers = fs.readdirSync(ISSUERS).map((page) => page.replace('.md', ''));
  const keys = [...new Set([...rows].flatMap((row) => row[1].match(/[a-z_]+/g)))].filter((key) => !providers.includes(key));
  const tried = new Set(KEYS.flatMap(({ at }) => at));
  assert.deepEqual(keys.filter((key) => !tried.has(key)), []);
});

test('what check says of a value, serve says', async (t) => {
  const sections = [...new Set(KEYS.map(({ at }) => at[0]))];
  assert.ok(sections.length > 8);
  for (const section of sections) await t.test(section, async () => {
    const list = KEYS.filter(({ at }) => at[0] === section);
    const variants = list.flatMap((leaf) => {
      const enough = enoughOf(leaf);
      return valuesFor(leaf, SOME).map((value, index) => ({ leaf, value, index, enough }));
    }).filter(({ leaf, value }) => !excepted({ at: leaf.at, value }));
    const { good, bad } = await all(variants.map(({ leaf, index, enough }) => (ports) => ({ at: leaf.at, value: valuesFor(leaf, ports)[index], enough })));
    assert.ok(good > 0 && bad > 0, `${good} good, ${bad} bad`);
  });
});

test('databases that cannot be', async () => {
  const { good, bad } = await all(DATABASES.map((value) => () => ({ at: ['local_issuer', 'database'], value })));
  assert.equal(good, 0, 'check must call none of them good');
  assert.equal(bad, DATABASES.length);
});

test('the upstream of a module', async () => {
  const { good, bad } = await all(URLS.map((url) => () => ({
    at: ['upstream'], value: undefined, edit: (dir) => fs.writeFileSync(path.join(dir, 'policy.yaml'), JSON.stringify({ modules: { m: { paths: ['/m/*'], upstream: url } }, public: ['/m/*'] })),
  })));
  assert.ok(good > 0 && bad > 0);
});

const PLACES = [{}, null, 'x', [], { cookie: 't' }, { cookie: '' }, { cookie: 'a b' }, { cookie: ['t'] }, { query: 't' }, { query: 'a&b' }, { query: 'é' }, { websocket_protocol: true }, { websocket_protocol: 'yes' }, { websocket_protocol: false }, { cookie: 't', query: 't', websocket_protocol: true }, { header: 'X' }];

const ALLOWANCES = [null, [], 'semicolon', ['encoded_percent', 'encoded_backslash', 'any_utf8', 'raw_pipe'], ['raw_pipe', 'raw_pipe'], 'Raw_pipe', ['percent'], { raw_pipe: true }, true];

const RATES = [{ limit: '10/s' }, { limit: '10/s', burst: 20, by: 'peer' }, {}, { limit: 10 }, { limit: '10/s', burst: 0 }, { limit: '1/d', burst: 31 }, { limit: '1/s', by: 'role' }, '10/s', null];

const HOSTS = ['h.example', ['*.h.example', '[::1]', '127.0.0.1'], [], null, '*', 'h.example:80', 'http://h.example', '*.*.h.example', ['a.example', 'A.EXAMPLE.'], { h: 1 }];

const RESOURCES = ['https://a.example/m', 'http://127.0.0.1:1', '/m', 'a.example/m', 'https://a.example/m?x', 'https://a.example/m#x', 'https://u:p@a.example', 'unix:/m', '', null, 1, ['https://a.example/m'], {}];

test('the keys of a module', async () => {
  const rows = [...RATES.map((rate) => ({ rate })), ...HOSTS.map((hosts) => ({ hosts })), ...PLACES.map((credentials) => ({ credentials })), ...ALLOWANCES.map((words) => ({ path_allow: words })), ...[true, false, null, 'true', 'until', 1].map((word) => ({ tunnel_until_expiry: word })), ...RESOURCES.map((resource) => ({ resource })), ...[true, false, 'false', 'no', 0].map((word) => ({ case_sensitive: word }))];
  const { good, bad } = await all(rows.map((row) => () => ({
    at: ['upstream'], value: 'http://127.0.0.1:9', edit: (dir) => fs.writeFileSync(path.join(dir, 'policy.yaml'), JSON.stringify({ modules: { m: { paths: ['/m/*'], ...row } }, public: ['/m/*'] })),
  })));
  assert.ok(good > 6 && bad > 8, `${good} good, ${bad} bad`);
});

test('paths and match of a privilege', async () => {
  const rows = [
    ...['/m/*.pdf', '/m/{id}', '/m/a*b/x', '/m/**', '/m/a*b*', '/m/{id', '/m/{a}x', '/m/{a}/{a}'].map((one) => ({ paths: [one] })),
    ...[{ t: '/tid' }, { t: 'tid' }, { u: '/tid' }, {}, [], '/tid', { t: ['/tid'] }, { t: '/a~2' }].map((match) => ({ paths: ['/m/{t}/*'], match })),
    { paths: ['/m/a*', '/m/*b'] },
  ];
  const { good, bad } = await all(rows.map((row) => () => ({
    at: ['upstream'], value: 'http://127.0.0.1:9', edit: (dir) => fs.writeFileSync(path.join(dir, 'policy.yaml'), JSON.stringify({ privileges: { p: row } })),
  })));
  assert.ok(good >= 4 && bad >= 12, `${good} good, ${bad} bad`);
});

test('several policy files', async () => {
  const files = [['{}', '{}'], ['public: [/a]', 'public: [/b]'], ['public: [/a]', 'public: [/a]'], ['public: [/a]', 'public: {}'], ['public: [/a]', ''], ['public: [/a]', '- a'], ['public: [/a]', '{']];
  const { good, bad } = await all([...files.map((texts) => () => ({
    at: ['policy'], value: 'p-*.yaml', edit: (dir) => texts.forEach((text, i) => fs.writeFileSync(path.join(dir, `p-${i}.yaml`), text)),
  })), () => ({ at: ['policy'], value: 'none-*.yaml' }), () => ({ at: ['policy'], value: 'no*/policy.yaml' })]);
  assert.ok(good >= 2 && bad >= 6, `${good} good, ${bad} bad`);
});

test('folders and files of the local issuer', async () => {
  const state = (dir) => path.join(dir, 'made');
  const edits = {
    'the state is a file': (dir, config) => (config.state = 'token'),
    'a database that is a folder': (dir, config) => { config.state = 'made'; fs.mkdirSync(path.join(state(dir), 'postern.db'), { recursive: true }); },
    'a database that everybody can read': (dir, config) => { config.state = 'made'; fs.mkdirSync(state(dir)); fs.writeFileSync(path.join(state(dir), 'postern.db'), '', { mode: 0o644 }); },
    'a database that is a link': (dir, config) => { config.state = 'made'; fs.mkdirSync(state(dir)); fs.symlinkSync('../empty', path.join(state(dir), 'postern.db')); },
    'a database that was lost beside its keys': (dir, config) => { config.state = 'made'; fs.mkdirSync(path.join(state(dir), 'signing'), { recursive: true }); fs.copyFileSync(path.join(dir, 'key.pem'), path.join(state(dir), 'signing', 'a.pem')); },
    'a database in a folder that can be made': (dir, config) => (config.local_issuer.database = 'below/x.db'),
    'a database in a folder that cannot': (dir, config) => (config.local_issuer.database = 'below/below/x.db'),
  };
  const seen = {};
  await all(Object.entries(edits).map(([name, edit]) => () => ({ at: ['log', 'level'], value: 'info', edit: (dir, config) => { edit(dir, config); seen[name] = true; } })));
  assert.equal(Object.keys(seen).length, Object.keys(edits).length);
});

test('a file that may not be read', async (t) => {
  const root = process.getuid() === 0;
  const as = root ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const call = (...args) => spawnSync([...as, POSTERN][0], [...as, POSTERN, ...args].slice(1), { encoding: 'utf8', timeout: 60000 });
  // Nobody must be able to run the binary at all; root reads every file, whatever its mode.
  if (call('version').status !== 0) return t.skip('the binary cannot be run by another user here');
  const dir = scratch();
  fs.chmodSync(dir, 0o755);
  fill(dir);
  const config = base({ port: await freePort(), adminPort: await freePort(), metricsPort: await freePort(), authPort: await freePort() });
  fs.writeFileSync(path.join(dir, 'postern.yaml'), JSON.stringify(config));
  fs.chmodSync(path.join(dir, 'keys.json'), 0);
  const [checked, served] = ['check', 'serve'].map((word) => call(word, '-c', path.join(dir, 'postern.yaml')));
  assert.deepEqual([checked.status, served.status], [1, 2]);
  assert.match(checked.stderr, /jwks_file: .*keys\.json: Permission denied/);
  assert.equal(served.stderr, checked.stderr);
  fs.chmodSync(path.join(dir, 'keys.json'), 0o644);
  fs.mkdirSync(path.join(dir, 'theirs'), { mode: 0o555 });
  for (const [state, what] of [['theirs', /\/state: the state directory .*theirs cannot be written: Permission denied/], ['theirs/below', /\/state: the state directory .*below cannot be created: Permission denied/]]) {
    fs.writeFileSync(path.join(dir, 'postern.yaml'), JSON.stringify({ ...config, state }));
    const [found, ended] = ['check', 'serve'].map((word) => call(word, '-c', path.join(dir, 'postern.yaml')));
    assert.deepEqual([found.status, ended.status], [1, 2], found.stderr);
    assert.match(found.stderr, what);
    assert.equal(ended.stderr, found.stderr);
  }
});

test('offline', async (t) => {
  const dir = scratch();
  const config = base({ port: 8080, adminPort: 9901, metricsPort: 9902, authPort: 9903 });
  config.local_issuer.database = { env: 'POSTERN_UNSET' };
  config.state = '/nowhere/deeper';
  fs.writeFileSync(path.join(dir, 'policy.yaml'), 'public: ["/o/*"]\n');
  const file = path.join(dir, 'postern.yaml');
  const write = () => fs.writeFileSync(file, JSON.stringify(config));
  write();
  await t.test('what is not on this machine is left out, by name', async () => {
    assert.equal((await run(['check', '-c', file])).code, 1);
    const done = await run(['check', '--offline', '-c', file]);
    assert.equal(done.code, 0, done.stderr);
    for (const [pointer, name] of [['state', '/nowhere/deeper'], ['issuers/file/jwks_file', 'keys.json'], ['issuers/web/jwks/ca_file', 'cert.pem'], ['issuers/web/jwks/client_certificate', 'cert.pem'], ['issuers/web/jwks/client_key', 'tls.key'], ['issuers/web/jwks/bearer', 'token'], ['local_issuer/database/env', 'POSTERN_UNSET'], ['local_issuer/signing/key/file', 'key.pem'],
      ['listen/tls/certificate', 'cert.pem'], ['listen/tls/key', 'tls.key'], ['listen/tls/certificates/0/certificate', 'cert.pem'], ['listen/tls/certificates/0/key', 'tls.key'], ['listen/tls/client_ca', 'cert.pem'],
      ['upstream/tls/ca_file', 'cert.pem'], ['upstream/tls/certificate/file', 'cert.pem'], ['upstream/tls/key/file', 'tls.key']]) {
      assert.match(done.stderr, new RegExp(`: /${pointer}: skipped: .*${name}`), pointer);
    }
    assert.match(done.stdout, /, 16 skipped\)/);
  });
  await t.test('a mistake remains one', async () => {
    config.limits.connections = 0;
    write();
    const done = await run(['check', '--offline', '-c', file]);
    assert.equal(done.code, 1);
    assert.match(done.stderr, /\/limits\/connections: must be/);
  });
});
