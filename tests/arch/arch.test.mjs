// SPDX-License-Identifier: Apache-2.0
// The rules hold for this tree, say so of an empty tree, and find a seeded breach.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as rules from './rules.mjs';
import { readTree } from './tree.mjs';

const tree = readTree();
const SPDX = '/* SPDX-License-Identifier: Apache-2.0 */\n';

/** The tree with some files changed or added. */
function seeded(files) {
  return new Map([...tree, ...Object.entries(files)]);
}

/** name of the rule: [the function, a tree with a breach, what is said of it] */
const RULES = [
  ['includes follow the arrows', rules.arrows, { 'base/seed.c': `${SPDX}#include "jwks/key.h"\n` }, /base\/seed\.c:2: jwks\/key\.h is against the arrows/],
  ['a room sees no room above it', rules.arrows, { 'issuer/oauth/seed.c': `${SPDX}#include "issuer/local/local.h"\n` }, /issuer\/oauth\/seed\.c:2: issuer\/local\/local\.h is against the arrows/],
  ['every file stands in a room', rules.arrows, { 'proxy/seed.c': `${SPDX}#include "base/span.h"\n` }, /proxy\/seed\.c: proxy is no room/],
  ['each room has a README', rules.readmes, { 'base/README.md': '\n'.repeat(10) + 'x\n' }, /base\/README\.md: 11 lines/],
  ['own headers that are included exist', rules.arrows, { 'cli/seed.c': `${SPDX}#include "base/nowhere.h"\n` }, /cli\/seed\.c:2: there is no base\/nowhere\.h/],
  ['third-party headers stay in their folder', rules.owners, { 'cli/seed.c': '#include <curl/curl.h>\n' }, /cli\/seed\.c:1: curl\/curl\.h belongs to jwks/],
  ['libraries have an owner', rules.owners, { 'base/seed.c': '#include <uv.h>\n' }, /base\/seed\.c:1: uv\.h has no owner/],
  ['OpenSSL stays with keys, digests and TLS', rules.owners, { 'policy/seed.c': '#include <openssl/evp.h>\n' }, /policy\/seed\.c:1: openssl\/evp\.h belongs to jwks/],
  ['jansson stays with those who read JSON', rules.owners, { 'proxy/http/seed.c': '#include <jansson.h>\n' }, /proxy\/http\/seed\.c:1: jansson\.h belongs to token/],
  ['cmocka stays in the tests', rules.owners, { 'base/seed.c': '#include <cmocka.h>\n' }, /base\/seed\.c:1: cmocka\.h belongs to tests/],
  ['one file includes civetweb.h', rules.owners, { 'proxy/listener/civetweb/a.c': '#include <civetweb.h>\n', 'proxy/listener/civetweb/b.c': '#include <civetweb.h>\n' }, /civetweb.*at most 1/],
  ['one file includes jwt.h', rules.owners, { 'issuer/keys/a.c': '#include <jwt.h>\n', 'issuer/keys/b.c': '#include <jwt.h>\n' }, /jwt.*at most 1/],
  ['files have at most 450 lines', rules.fileLength, { 'base/seed.c': 'int a;\n'.repeat(451) }, /base\/seed\.c: 451 lines/],
  ['functions have at most 60 lines', rules.functionLength, { 'base/seed.c': `int\nseed(void)\n{\n${'\tx();\n'.repeat(61)}}\n` }, /base\/seed\.c:3: seed\(void\) has 61 lines/],
  ['functions have at most 4 parameters', rules.parameterCount, { 'base/seed.c': 'static int\nseed(int a, int (*b)(int, int), int c,\n    int d, int e)\n{\n}\n' }, /base\/seed\.c:2: seed\(\) has 5 parameters/],
  ['files do not call each other in a circle', rules.callCircles, { 'base/seed_a.c': 'void\nseed_a(void)\n{\n\tseed_b();\n}\n', 'base/seed_b.c': 'void\nseed_b(void)\n{\n\tseed_a();\n}\n' }, /a circle: base\/seed_a\.c -> base\/seed_b\.c -> base\/seed_a\.c/],
  ['an address that is taken is a call', rules.callCircles, { 'base/seed_a.c': 'void\nseed_a(void)\n{\n\tseed_b();\n}\n', 'base/seed_b.c': 'void (*const table[])(void) = { seed_a };\n\nvoid\nseed_b(void)\n{\n}\n' }, /a circle: base\/seed_a\.c -> base\/seed_b\.c -> base\/seed_a\.c/],
  ['pure rooms ask nothing of the world', rules.pureFiles, { 'token/seed.c': 'void\nseed(void)\n{\n\tclock_gettime();\n}\n' }, /token\/seed\.c:4: clock_gettime\(\) in a file that is pure/],
  ['what calls itself pure is', rules.pureFiles, { 'base/seed.h': '/*\n * seed - a seed.\n *\n * Pure:   yes.\n */\n', 'base/seed.c': 'void\nseed(void)\n{\n\tgetenv("A");\n}\n' }, /base\/seed\.c:4: getenv\(\) in a file that is pure/],
  ["public functions carry their file's name", rules.functionNames, { 'base/seed.c': 'void\nplant(void)\n{\n}\n' }, /base\/seed\.c: plant\(\) carries neither/],
  ['public functions are told of', rules.toldPrototypes, { 'base/seed.h': '/* told */\nint told(void);\n\nint seed(int a,\n    int b);\n' }, /base\/seed\.h:4: no comment/],
  ['banned functions are not called', rules.bannedCalls, { 'base/seed.c': '/* strcpy() */\nint a = sprintf (b, "gets(");\n' }, /base\/seed\.c:2: sprintf\(\) is banned/],
  ['tests use nothing that node 18 has not', rules.newerNode, { 'tests/e2e/seed.mjs': 'const a = [1].toSorted();\n' }, /tests\/e2e\/seed\.mjs:1: node 18 has no toSorted/],
  ['tests import what is declared', rules.declaredModules, { 'tests/e2e/seed.mjs': "const Ajv = createRequire(import.meta.url)('ajv/dist/2020').default;\nimport { a } from '@seed/b/c';\n" }, /tests\/e2e\/seed\.mjs:1: ajv is not in .*\n.*:2: @seed\/b is not in/],
  ['sources name their licence', rules.licence, { 'base/seed.c': 'int a;\n' }, /base\/seed\.c: no SPDX line/],
  ['headers compile alone', rules.headersAlone, { 'base/seed.h': 'size_t seed(void);\n' }, /base\/seed\.h does not compile alone/],
  ['refusals have an end-to-end case', rules.reasonCases, { 'base/reason.h': `${tree.get('base/reason.h')}\nREASON(SEED, "seed", 400` }, /seed has no end-to-end case/],
  ['refusals have a page', rules.reasonPages, { 'base/reason.h': `${tree.get('base/reason.h')}\nREASON(SEED, "seed", 400` }, /seed has no page in base\/reason_page\.c\nseed has no row in docs\/refusals\.md\nseed has no section/],
  ['features of the engines have suites that run there', rules.engineMatrix, {
    'docs/manual.md': '\n## The two engines\n\n| seed | yes | yes | `seed`, `tls` |\n| bare | yes | yes | |\n| Unix sockets | yes | yes | `listeners` |\n| methods | yes | no | `cors` |\n',
  }, /"seed": there is no tests\/e2e\/seed[^]*"seed": scripts\/test does not run tls with civetweb\n[^]*"bare": no suite proves it\n[^]*no row "IPv6"\n[^]*"Unix sockets": civetweb cannot\n[^]*"methods": no suite leaves it out/],
  ['refusals without a case have none', (seen) => rules.reasonCases(seen, seen.has('tests/e2e/seed.test.mjs') ? { groups_overage: 'seeded' } : undefined), { 'tests/e2e/seed.test.mjs': "expectRefusal(gate, answer, 'groups_overage')" }, /groups_overage has a case/],
];

for (const [name, rule, breach, said] of RULES) {
  test(name, () => assert.deepEqual(rule(tree), []));
  test(`${name}: an empty tree is a breach`, () => assert.ok(rule(new Map()).length > 0));
  test(`${name}: a seeded breach is found`, () => assert.match(rule(seeded(breach)).join('\n'), said));
}

test('every word of the refusals is written down in the end-to-end tests', async () => {
  const text = tree.get('tests/e2e/harness/refusal.mjs');
  const table = text.slice(text.indexOf('export const REFUSALS'), text.indexOf('};'));
  const written = [...table.matchAll(/^ {2}([a-z_]+): \[/gm)].map((match) => match[1]);
  assert.deepEqual(written, rules.reasonWords(tree));
});

test('the arrows make no circle', () => assert.deepEqual(rules.circles(), []));
test('the arrows make no circle: no room is a breach', () => assert.ok(rules.circles({}).length > 0));
test('the arrows make no circle: a seeded breach is found', () => assert.match(rules.circles({ a: ['b'], b: ['c'], c: ['a'] }).join('\n'), /a circle: a -> b -> c -> a/));
