// SPDX-License-Identifier: Apache-2.0
// `postern check --json` and `--sarif`: every mistake and warning as a document, whatever is wrong, and
// no secret in it. The members that SARIF requires are those of its public JSON schema.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeGate, POSTERN, run, scratch } from './harness/gate.mjs';

const MANUAL = fs.readFileSync(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/manual.md'), 'utf8');
const IDP = { issuers: { idp: { issuer: 'https://idp.example', audience: ['api'] } } };
const GOOD = 'public: [/o]\n';
const WARNED = 'roles: {r: {granted_to: [{issuer: idp}]}}\n';

const isText = (value) => assert.equal(typeof value, 'string');
const isCount = (value) => assert.ok(Number.isInteger(value) && value >= 1, String(value));
const LEVELS = ['none', 'note', 'warning', 'error'];

function location(one) {
  const { artifactLocation, region } = one.physicalLocation;
  assert.match(artifactLocation.uri, /^(?:file:\/\/\/)?[A-Za-z0-9._~%/-]+$/);
  isCount(region.startLine);
  isCount(region.startColumn);
  for (const logical of one.logicalLocations ?? []) assert.match(logical.fullyQualifiedName, /^\//);
}

/** What sarif-schema-2.1.0.json requires of the objects that we write, and the limits of their values. */
function isSarif(log) {
  assert.deepEqual(Object.keys(log).sort(), ['$schema', 'runs', 'version']);
  assert.equal(log.version, '2.1.0');
  assert.match(log.$schema, /^https:\/\/.*sarif-schema-2\.1\.0\.json$/);
  assert.equal(log.runs.length, 1);
  const [one] = log.runs;
  assert.deepEqual(Object.keys(one).sort(), ['columnKind', 'invocations', 'results', 'tool']);
  assert.ok(['utf16CodeUnits', 'unicodeCodePoints'].includes(one.columnKind));
  const { rules } = one.tool.driver;
  isText(one.tool.driver.name);
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  for (const rule of rules) {
    assert.match(rule.id, /^[a-z]+(?:-[a-z]+)*$/);
    isText(rule.shortDescription.text);
    assert.ok(LEVELS.includes(rule.defaultConfiguration.level));
  }
  assert.equal(one.invocations.length, 1);
  assert.equal(typeof one.invocations[0].executionSuccessful, 'boolean');
  for (const told of [...one.results, ...one.invocations[0].toolConfigurationNotifications]) {
    isText(told.message.text);
    assert.doesNotMatch(told.message.text.replace(/\{\{|\}\}/g, ''), /[{}]/, 'a brace begins a placeholder');
    assert.ok(LEVELS.includes(told.level));
    assert.ok(Array.isArray(told.locations) && told.locations.length === 1);
    told.locations.forEach(location);
  }
  for (const result of one.results) {
    assert.equal(rules[result.ruleIndex].id, result.ruleId);
    assert.equal(rules[result.ruleIndex].defaultConfiguration.level, result.level);
  }
  return one;
}

/** Both documents of a gate's files: {json, sarif, code}, which agree with each other. */
async function documents(file, options = ['--offline']) {
  const [json, sarif] = await Promise.all(['--json', '--sarif'].map((form) => run(['check', ...options, form, '-c', file])));
  const [found, one] = [JSON.parse(json.stdout), isSarif(JSON.parse(sarif.stdout))];
  assert.equal(json.code, sarif.code);
  assert.equal(json.stderr + sarif.stderr, '');
  assert.equal(found.good, json.code === 0);
  const told = found.findings.filter(({ severity }) => severity !== 'skipped');
  assert.equal(found.errors, told.filter(({ severity }) => severity === 'error').length);
  assert.equal(found.warnings, told.length - found.errors);
  assert.equal(found.skipped, one.invocations[0].toolConfigurationNotifications.length);
  assert.deepEqual(
    told.map(({ rule, severity, line, column, pointer, message }) => [rule, severity, line, column, (pointer === '' ? message : `${pointer}: ${message}`).replace(/[{}]/g, '$&$&')]),
    one.results.map(({ ruleId, level, message, locations: [{ physicalLocation }] }) => [ruleId, level, physicalLocation.region.startLine, physicalLocation.region.startColumn, message.text]),
  );
  return { found, one, code: json.code, text: json.stdout + sarif.stdout };
}

/** [what, postern.yaml, policy.yaml, the rule and the place of each finding, exit code]. */
const CASES = [
  ['nothing is wrong', IDP, GOOD, [], 0],
  ['a warning', IDP, WARNED, ['role-unused policy.yaml:1:9 /roles/r'], 0],
  ['a value', { ...IDP, log: { level: 'loud' } }, GOOD, [/^value postern\.yaml:\d+:\d+ \/log\/level$/], 1],
  ['mistakes and warnings in both files', 'listn: {}\nupstream: http://127.0.0.1:9\npolicy: policy.yaml\nissuers: {idp: {issuer: "https://idp.example"}}\n', 'privileges: {p: {paths: [/a], scopes: [a b]}}\npublic: [/o]\npublic: [/q]\n',
    ['unknown-key postern.yaml:1:1 /listn', 'missing-key postern.yaml:4:11 /issuers/idp', /^scope-space policy/, 'duplicate-key policy.yaml:3:1 /public'], 1],
  ['a name', IDP, 'privileges:\n  p: {paths: [/a], roles: [x], modules: [m]}\n', ['unknown-name policy.yaml:2:28 /privileges/p/roles/0', 'unknown-name policy.yaml:2:42 /privileges/p/modules/0'], 1],
  ['a conflict', IDP, 'privileges:\n  p: {paths: [/a]}\n  q: {paths: [/a]}\n', ['conflict policy.yaml:3:15 /privileges/q/paths/0'], 1],
  ['no YAML', 'a: [\n', GOOD, [/^yaml postern\.yaml:\d+:\d+ $/], 1],
  ['an empty file', '', GOOD, ['unreadable postern.yaml:1:1 '], 2],
  ['a key with what SARIF and JSON escape', IDP, '"a/~b{0}[x](y)\\"\\u001b": 1\npublic: [/o]\n', ['unknown-key policy.yaml:1:1 /a~1~0b{0}[x](y)"\u001b'], 1],
];

test('what is wrong, in both documents', async (t) => {
  for (const [what, config, policy, want, code] of CASES) {
    await t.test(what, async (inner) => {
      const gate = await makeGate(inner, { policy, config: typeof config === 'string' ? {} : config });
      if (typeof config === 'string') gate.write('postern.yaml', config);
      const done = await documents(gate.file);
      const shown = done.found.findings.filter(({ rule }) => rule !== undefined).map(({ rule, file, line, column, pointer }) => `${rule} ${path.basename(file)}:${line}:${column} ${pointer}`);
      assert.equal(shown.length, want.length, shown.join('\n'));
      want.forEach((one, i) => (one instanceof RegExp ? assert.match(shown[i], one) : assert.equal(shown[i], one)));
      assert.equal(done.code, code);
    });
  }
});

test('a policy that is not there stands at its name', async (t) => {
  const gate = await makeGate(t, { config: IDP });
  fs.rmSync(path.join(gate.dir, 'policy.yaml'));
  const { found, one, code } = await documents(gate.file);
  assert.equal(found.findings[0].rule, 'unreadable');
  assert.equal(found.findings[0].pointer, '/policy');
  assert.match(found.findings[0].message, /policy\.yaml/);
  assert.equal(one.invocations[0].executionSuccessful, false);
  assert.equal(code, 2);
});

test('what is skipped is no result, and does not count for --strict', async (t) => {
  const gate = await makeGate(t, { policy: GOOD, config: { issuers: { idp: { ...IDP.issuers.idp, jwks_uri: 'https://idp.example/keys', jwks: { bearer: { file: 'not-there' } } } } } });
  const { found, one, code } = await documents(gate.file, ['--offline', '--strict']);
  assert.ok(found.skipped > 0);
  assert.deepEqual(one.results.map(({ message }) => message.text), []);
  assert.ok(one.invocations[0].toolConfigurationNotifications.some(({ message }) => /not-there/.test(message.text)));
  assert.equal(code, 0);
});

test('--strict fails because of warnings, with a line that says so', async (t) => {
  const gate = await makeGate(t, { policy: WARNED, config: IDP });
  const loose = await run(['check', '--offline', '-c', gate.file]);
  const strict = await run(['check', '--offline', '--strict', '-c', gate.file]);
  assert.deepEqual([loose.code, strict.code], [0, 1]);
  assert.match(strict.stderr, /: 1 warning, and --strict allows none\n$/);
  assert.equal(strict.stdout, '');
  assert.equal((await documents(gate.file, ['--offline', '--strict'])).code, 1);
  gate.write('policy.yaml', GOOD);
  assert.equal((await run(['check', '--offline', '--strict', '-c', gate.file])).code, 0);
});

test('a file is a relative URI as it was named, and an absolute path a file URI', async () => {
  const dir = scratch();
  fs.mkdirSync(path.join(dir, 'a b'));
  fs.writeFileSync(path.join(dir, 'a b', 'postern.yaml'), 'x%: 1\n');
  const uri = async (name) => isSarif(JSON.parse((await run(['check', '--sarif', '-c', name], { cwd: dir })).stdout)).results[0].locations[0].physicalLocation.artifactLocation.uri;
  assert.equal(await uri('a b/postern.yaml'), 'a%20b/postern.yaml');
  assert.equal(await uri('./a b/postern.yaml'), 'a%20b/postern.yaml');
  assert.equal(await uri(path.join(dir, 'a b', 'postern.yaml')), `file://${dir}/a%20b/postern.yaml`);
});

test('no secret is in either document', async (t) => {
  const SECRET = 'hunter2secret';
  const ODD = {
    upstream: `http://user:${SECRET}@127.0.0.1:9`,
    policy: `postgresql://user:${SECRET}@db/x`,
    [`password=${SECRET}`]: 1,
    local_issuer: { issuer: 'http://127.0.0.1:8080', audience: 'a', database: `postgresql://u:${SECRET}@h:99999/x` },
    issuers: { idp: { ...IDP.issuers.idp, jwks: { proxy: `http://u:${SECRET}@[::1`, bearer: { env: 'X', file: SECRET } } } },
  };
  for (const [key, value] of Object.entries(ODD)) {
    await t.test(key.slice(0, 8), async (inner) => {
      const gate = await makeGate(inner, { policy: GOOD, config: { ...IDP, [key]: value } });
      const { found, text } = await documents(gate.file);
      assert.equal(found.good, false);
      assert.ok(!text.includes(SECRET), text);
    });
  }
  await t.test('the name of the configuration', async () => {
    const { text } = await documents(`postgresql://u:${SECRET}@h/x`);
    assert.ok(!text.includes(SECRET), text);
  });
});

test('wrong use is 2, and no document', async () => {
  for (const options of [['--json', '--sarif'], ['--print', '--json'], ['--sarif', '--print'], ['--json=x'], ['--strict', 'x']]) {
    const done = await run(['check', ...options]);
    assert.equal(done.code, 2, options.join(' '));
    assert.equal(done.stdout, '');
  }
});

test('a reader that left is trouble, not success', async (t) => {
  if (!fs.existsSync('/dev/full')) return t.skip('there is no /dev/full');
  const full = fs.openSync('/dev/full', 'w');
  const done = spawnSync(POSTERN, ['check', '--sarif', '-c', 'none.yaml'], { stdio: ['ignore', full, 'pipe'] });
  fs.closeSync(full);
  assert.equal(done.status, 2);
  return undefined;
});

test('the manual names every rule, and no other', async () => {
  const log = JSON.parse((await run(['check', '--sarif', '-c', 'none.yaml'])).stdout);
  const ids = log.runs[0].tool.driver.rules.filter((rule) => rule.defaultConfiguration.level === 'error').map(({ id }) => id);
  const table = MANUAL.split('| rule | what is wrong |\n')[1].split('\n\n')[0];
  const named = [...table.matchAll(/^\| (.*?) \|/gm)].slice(1).flatMap(([, cell]) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, id]) => id));
  assert.deepEqual(named.sort(), ids.sort());
});
