// SPDX-License-Identifier: Apache-2.0
// `postern schema`: what `check` accepts is valid by the schema, and what only an editor could notice
// while one types (unknown keys, missing ones, values of a wrong kind) is not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { run, scratch } from './harness/gate.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const AT_A_TIME = 4;
const read = (...names) => fs.readFileSync(path.join(ROOT, ...names), 'utf8');

// Draft 2020-12 needs ajv 8; beside it stands version 6, which others bring.
const Ajv = createRequire(import.meta.url)('ajv8/dist/2020').default;
const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });

const texts = {};
for (const file of ['config', 'policy']) {
  const done = await run(['schema', file]);
  assert.equal(done.code, 0, done.stderr);
  texts[file] = JSON.parse(done.stdout);
}
const valid = Object.fromEntries(Object.entries(texts).map(([file, schema]) => [file, ajv.compile(schema)]));
const why = (file) => ajv.errorsText(valid[file].errors);

const dir = scratch();

/** Every key of postern.yaml, good: the one that check_serve keeps. */
const CONFIG = new Function(`return (${/^const base = ([^]*?\n\}\));$/m.exec(read('tests/e2e/check_serve.test.mjs'))[1]})`)()({ port: 8080, adminPort: 9901, metricsPort: 9902, authPort: 9903 });
const POLICY = {
  roles: {
    r: { granted_to: [{ issuer: 'web', scope: 'a', group: 'g', role: 'x', claim: '/sub', equals: ['y'] }, { issuer: 'web', claim: '/d', prefix: 'p' }, { claim: '/d', exists: true, certificate: 'CN=a' }, { client: 'c' }, { user: 'u' }, { issuer: 'web', peer: '10.0.0.0/8' }] },
    s: {},
  },
  modules: {
    m: {
      paths: ['/m/*'], path_allow: ['semicolon'], basic: true,
      upstream: { url: 'https://127.0.0.1:9/v2', host: 'keep', strip_prefix: '/m', rewrite_location: true, timeout: '60s', tls: { ca_file: 'cert.pem', certificate: { file: 'cert.pem' }, key: { file: 'tls.key' }, server_name: 'api.example' }, health_check: { path: '/health', every: '10s' }, retry_budget: 0.1 },
      cors: { origins: ['https://app.example'], methods: ['PUT'], headers: ['X-A'], expose: ['ETag'], credentials: true, max_age: '10m' },
      credentials: { cookie: 'token', query: 'access_token', websocket_protocol: true },
      rate: { by: 'peer', limit: '100/s', burst: 200 },
    },
    n: { paths: '/n', hosts: ['api.example', '*.b.example'], upstream: 'unix:/run/n.sock', resource: 'https://api.example/n', tunnel_until_expiry: true },
    o: { paths: ['/o/*'], case_sensitive: false, upstream: 'unix:/run/o.sock' },
  },
  privileges: {
    p: { label: 'P', description: 'd', paths: ['/p/{t}'], methods: ['GET'], match: { t: '/tid' }, roles: ['r'], scopes: ['s'], all_roles: ['r'], deny: ['s'], shadow: false, rate: { limit: '1/d' } },
  },
  public: ['/h'],
  default: 'deny',
};
fs.writeFileSync(path.join(dir, 'policy.yaml'), JSON.stringify(POLICY));
const GOOD = { config: CONFIG, policy: POLICY };

let made = 0;
/** What `check --offline` says of a file, beside the good other one. */
async function checked(file, value) {
  const config = `postern-${++made}.yaml`;
  const policy = `policy-${made}.yaml`;
  const top = file === 'policy' ? { ...CONFIG, policy } : value;
  fs.writeFileSync(path.join(dir, config), JSON.stringify(top));
  if (file === 'policy') fs.writeFileSync(path.join(dir, policy), JSON.stringify(value));
  const done = await run(['check', '--offline', '--json', '-c', path.join(dir, config)]);
  return { good: done.code === 0, text: done.stdout };
}

const copy = (value) => JSON.parse(JSON.stringify(value));
function changed(document, at, change) {
  const next = copy(document);
  change(at.slice(0, -1).reduce((map, key) => map[key], next), at.at(-1));
  return next;
}
/** Places of everything below, maps and lists included. */
function places(value, at = []) {
  if (value === null || typeof value !== 'object') return [{ at, value }];
  return [{ at, value }, ...Object.entries(value).flatMap(([key, below]) => places(below, [...at, key]))];
}
const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Maps of which any key may be: names that one chooses, claims and headers. */
const OPEN = [/^issuers$/, /^issuers\.\w+\.require$/, /^forward\.headers$/, /^privileges\.\w+\.match$/, /^roles$/, /^modules$/, /^privileges$/];

async function inTurn(all, each) {
  const rest = [...all];
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    while (rest.length > 0) await each(rest.pop());
  }));
}

const pointer = (at) => at.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
const within = (at, other) => at.length >= other.length && other.every((key, i) => String(at[i]) === String(other[i]));

/** [at, value] that are at places apart from each other, as many as fit into each document. */
function apart(mutants) {
  const batches = [];
  for (const one of mutants) {
    const batch = batches.find((all) => all.every(({ at }) => !within(at, one.at) && !within(one.at, at)));
    if (batch) batch.push(one);
    else batches.push([one]);
  }
  return batches;
}

/**
 * Those that `check` does not refuse. It says every mistake at once and where each is, so many are
 * made in one document; one of which nothing is said at its own place is tried again by itself.
 */
async function accepted(file, document, mutants) {
  const alone = [];
  await inTurn(apart(mutants), async (batch) => {
    const next = batch.reduce((all, { at, value }) => changed(all, at, (map, key) => (map[key] = value)), document);
    const errors = JSON.parse((await checked(file, next)).text).findings.filter(({ severity }) => severity === 'error').map((one) => one.pointer ?? '');
    alone.push(...batch.filter(({ at }) => !errors.some((one) => one === pointer(at) || one.startsWith(`${pointer(at)}/`))));
  });
  const good = [];
  await inTurn(alone, async (one) => {
    if ((await checked(file, changed(document, one.at, (map, key) => (map[key] = one.value)))).good) good.push(one);
  });
  return { good, alone: alone.length };
}

test('the documents themselves', async (t) => {
  for (const [file, schema] of Object.entries(texts)) {
    await t.test(`${file}: it is a schema of draft 2020-12`, () => {
      assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
      assert.ok(ajv.validateSchema(schema), ajv.errorsText());
    });
    await t.test(`${file}: every key is described`, () => {
      const walk = (one) => {
        if (one === null || typeof one !== 'object') return;
        for (const [key, below] of Object.entries(one.properties ?? {})) if (!('env' in one.properties)) assert.ok(below.description, key);
        Object.values(one).forEach(walk);
      };
      walk(schema);
    });
    await t.test(`${file}: every key of it is in the sample`, () => {
      const written = new Set(places(GOOD[file]).flatMap(({ at }) => at));
      const walk = (one) => {
        if (one === null || typeof one !== 'object') return;
        for (const key of Object.keys(one.properties ?? {})) if (!('env' in one.properties)) assert.ok(written.has(key), key);
        Object.values(one).forEach(walk);
      };
      walk(schema);
    });
    await t.test(`${file}: every key of the manual is in it`, async () => {
      assert.ok(valid[file](GOOD[file]), why(file));
      const one = await checked(file, GOOD[file]);
      assert.ok(one.good, JSON.stringify(JSON.parse(one.text).findings.filter(({ severity }) => severity === 'error')));
    });
  }
});

test('what ships is valid', async (t) => {
  const shipped = fs.readdirSync(path.join(ROOT, 'examples')).flatMap((name) => [[`examples/${name}/postern.yaml`, 'config'], [`examples/${name}/policy.yaml`, 'policy']]);
  const providers = fs.readdirSync(path.join(ROOT, 'docs/providers')).filter((name) => name.endsWith('.yaml')).map((name) => [`docs/providers/${name}`, 'config']);
  assert.ok(shipped.length >= 8);
  for (const [name, file] of [...shipped, ...providers, ['tests/cases/decisions.yaml', 'policy']]) {
    await t.test(name, () => assert.ok(valid[file](parse(read(name))) || valid[file].errors.every(({ keyword }) => keyword === 'required' && !name.startsWith('examples')), why(file)));
  }
  for (const [name, file] of shipped) {
    await t.test(`${name} names its schema`, () => assert.equal(read(name).split('\n')[0], `# yaml-language-server: $schema=${file}.schema.json`));
  }
});

const ODD = ['', 'x', 1, 0, true, ['x'], { file: 'none' }];

for (const [file, document] of Object.entries(GOOD)) {
  test(`${file}: what check accepts is valid, whatever stands there`, async () => {
    const mutants = places(document).filter(({ at }) => at.length > 0).flatMap(({ at }) => ODD.map((value) => ({ at, value })));
    // Of what the schema takes nothing can be learnt here.
    const refused = mutants.filter(({ at, value }) => !valid[file](changed(document, at, (map, key) => (map[key] = value))));
    assert.ok(refused.length > 100 && refused.length < mutants.length);
    const { good, alone } = await accepted(file, document, refused);
    assert.deepEqual(good.map(({ at, value }) => `${pointer(at)}: ${JSON.stringify(value)} is refused by the schema alone`), []);
    assert.ok(alone < refused.length / 4, `${alone} of ${refused.length} were not told of at their place`);
  });

  test(`${file}: what is not there, what is missing and what is of a wrong kind`, async () => {
    const all = places(document);
    const maps = all.filter(({ at, value }) => isMap(value) && !OPEN.some((open) => open.test(at.join('.'))));
    const mutants = [
      ...maps.map(({ at }) => [`${at.join('/')}/nonsense`, changed({ top: document }, ['top', ...at, 'nonsense'], (map, key) => (map[key] = 1)).top]),
      ...all.filter(({ at, value }) => at.length > 0 && !isMap(value) && value !== null).map(({ at }) => [at.join('/'), changed(document, at, (map, key) => (map[key] = { nonsense: {} }))]),
      ...all.filter(({ value, at }) => at.length > 0 && isMap(value)).map(({ at }) => [at.join('/'), changed(document, at, (map, key) => (map[key] = 1))]),
    ];
    assert.ok(mutants.length > 60);
    for (const [what, mutant] of mutants) assert.ok(!valid[file](mutant), `${what} is valid`);
  });
}

/** [file, place, what the schema must refuse and the reader does, too]. */
const WRONG = [
  ['config', ['log', 'level'], 'loud'], ['config', ['limits', 'connections'], 0], ['config', ['limits', 'connections'], '5x'], ['config', ['limits', 'header_timeout'], '10 s'], ['config', ['limits', 'token_cache'], '32q'],
  ['config', ['upstream'], 'localhost:9000'], ['config', ['issuers', 'file', 'claims', 'subject'], 'sub'], ['config', ['issuers', 'web', 'audience'], undefined], ['config', ['issuers', 'web', 'clock_skew'], 301],
  ['config', ['listen', 'tls', 'certificates', 0, 'key'], undefined], ['config', ['forward', 'authorization'], true], ['policy', ['default'], 'allow'], ['policy', ['modules', 'm', 'paths'], undefined], ['policy', ['modules', 'm'], null],
  ['policy', ['privileges', 'p', 'shadow'], 'true'], ['policy', ['roles', 'r', 'granted_to'], { issuer: 'web' }], ['policy', ['modules', 'm', 'cors', 'max_age'], 86401], ['policy', ['modules', 'm', 'cors', 'origins'], undefined],
];

test('words, bounds, units and required keys', async (t) => {
  for (const [file, at, value] of WRONG) {
    await t.test(`/${at.join('/')}: ${JSON.stringify(value)}`, async () => {
      const mutant = changed(GOOD[file], at, (map, key) => (value === undefined ? delete map[key] : (map[key] = value)));
      assert.ok(!valid[file](mutant));
      assert.ok(!(await checked(file, mutant)).good);
    });
  }
});

test('a role may be nothing but its name', async () => {
  const text = 'roles:\n  s:\nprivileges: {p: {paths: [/a], roles: [s]}}\n';
  assert.ok(valid.policy(parse(text)), why('policy'));
  fs.writeFileSync(path.join(dir, 'bare.yaml'), text);
  fs.writeFileSync(path.join(dir, 'postern.yaml'), JSON.stringify({ ...CONFIG, policy: 'bare.yaml' }));
  assert.equal((await run(['check', '--offline', '-c', path.join(dir, 'postern.yaml')])).code, 0);
});

test('cases', async (t) => {
  const schema = JSON.parse((await run(['schema', 'cases'])).stdout);
  const fits = ajv.compile(schema);
  const one = { caller: 'anonymous', request: 'GET /', expect: 'allow' };
  for (const name of fs.readdirSync(path.join(ROOT, 'examples'))) {
    await t.test(`examples/${name}/cases.yaml is valid, and names its schema`, () => {
      assert.ok(fits(parse(read('examples', name, 'cases.yaml'))), ajv.errorsText(fits.errors));
      assert.equal(read('examples', name, 'cases.yaml').split('\n')[0], '# yaml-language-server: $schema=cases.schema.json');
    });
  }
  for (const caller of [{ issuer: 'a', claims: { b: { c: [null, { d: 1 }] }, e: null } }, { client: 'a', roles: 'b' }, { roles: ['a'], scopes: [] }]) {
    await t.test(`${JSON.stringify(caller)} is a caller`, () => assert.ok(fits({ cases: [{ ...one, caller }] }), ajv.errorsText(fits.errors)));
  }
  for (const caller of ['anybody', 1, ['anonymous'], { issuer: 'a', claims: 'b' }, { isuer: 'a' }, { issuer: ['a'] }]) {
    await t.test(`${JSON.stringify(caller)} is none`, () => assert.ok(!fits({ cases: [{ ...one, caller }] })));
  }
  for (const more of [{ expect: undefined }, { request: undefined }, { caller: undefined }, { nonsense: 1 }, { name: {} }, { role: [] }]) {
    await t.test(`a case with ${JSON.stringify(Object.keys(more))} ${Object.values(more)[0] === undefined ? 'missing' : 'wrong'} is none`, () => assert.ok(!fits(JSON.parse(JSON.stringify({ cases: [{ ...one, ...more }] })))));
  }
  await t.test('what is no list of cases', () => {
    for (const odd of [{}, { cases: {} }, { cases: 'x' }, { cases: [1] }, { case: [] }, []]) assert.ok(!fits(odd));
    assert.ok(fits({ cases: [one] }));
  });
});

test('wrong use', async () => {
  for (const words of [[], ['case'], ['config', 'x'], ['config', '--json']]) assert.equal((await run(['schema', ...words])).code, 2);
});
