// SPDX-License-Identifier: Apache-2.0
// What `postern check` warns about: every row of the manual's table, each with its place, and exit 0.
// And mistakes in names, which say what was probably meant.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Certificates } from './harness/certificates.mjs';
import { makeGate, run } from './harness/gate.mjs';

const MANUAL = fs.readFileSync(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/manual.md'), 'utf8');
const SECTION = MANUAL.split('\n### Warnings\n')[1].split('\n### ')[0];
const TABLE = [...SECTION.matchAll(/^\| (.*?) \|.* (\S+) \|$/gm)].slice(2);
const ROWS = TABLE.map(([, what]) => what);
const RULES = new Map(TABLE.map(([, what, rule]) => [what, rule.slice(1, -1)]));

const made = new Certificates();
made.make('gate').make('expired', { expired: true, by: 'gate' });
/** The listener's certificate, and what else `tls` says. */
const tls = (name, keys) => ({ listen: { address: '127.0.0.1:8443', engine: 'events', tls: { certificate: made.path(`${name}.pem`), key: made.path(`${name}.key`), ...keys } } });

const IDP = { issuer: 'https://idp.example', audience: ['api'] };
const LOCAL = { local_issuer: { issuer: 'http://127.0.0.1:8080', audience: 'api://local' } };
const issuer = (keys) => ({ issuers: { idp: { ...IDP, ...keys } } });

/** A policy in which only this line is odd. */
const line = (text) => `roles:\n  r:\n    granted_to:\n      - ${text}\n      - {issuer: idp}\nprivileges:\n  p: {paths: [/a], roles: [r]}\n`;
const privilege = (keys) => `privileges:\n  p: {paths: [/a], ${keys}}\n`;

/** By row: [policy, its one warning, more of the configuration, options of check]. */
const CASES = {
  'a role that nobody can get': [['roles: {r: {}}\nprivileges: {p: {paths: [/a], roles: [r]}}\n', /policy\.yaml:1:9: \/roles\/r: warning: nobody can get this role/]],
  'a role that no privilege uses': [['roles:\n  r: {granted_to: [{issuer: idp}]}\n', /policy\.yaml:2:3: \/roles\/r: warning: no privilege uses this role/]],
  "a module's path without a privilege": [
    ['modules:\n  m: {paths: [/a]}\n', /policy\.yaml:2:15: \/modules\/m\/paths\/0: warning: .*nobody can use it/],
    ['modules:\n  m: {paths: [/a]}\ndefault: public\n', /it is public/],
    ['modules:\n  m: {paths: ["/a/*"]}\npublic: [/a/health]\n', /nobody can use it, but anybody "\/a\/health", which is public/],
  ],
  'a narrower path that is laxer than the wider one': [['privileges: {p: {paths: ["/*"]}}\npublic: [/h]\n', /policy\.yaml:2:10: \/public\/0: warning: .*laxer/]],
  "a host's path that is laxer than a narrower one for every host": [['roles: {r: {granted_to: [{issuer: idp}]}}\nmodules: {m: {paths: ["/a/*"], hosts: h.example}}\nprivileges:\n  p: {modules: [m]}\n  q: {paths: [/a/b], roles: [r]}\n', /policy\.yaml:4:17: \/privileges\/p\/modules\/0: warning: on h\.example the path "\/a\/\*" decides for "\/a\/b" as well, and is laxer: it needs no role/]],
  "a line for the local issuer's callers, without a local issuer": [[line('{client: partner}'), /policy\.yaml:4:9: .*can never match: there is no local_issuer/]],
  "a group or role of the local issuer's tokens": [
    [line('{issuer: local, group: g}'), /policy\.yaml:4:25: .*\/group: warning: can never match.*write "scope"/, LOCAL],
    [line('{client: partner, role: x}'), /\/role: warning: can never match/, LOCAL],
  ],
  'a client certificate that nobody is asked for': [[line('{issuer: idp, certificate: CN=a}'), /policy\.yaml:4:23: \/roles\/r\/granted_to\/0\/certificate: warning: can never match: the listener does not ask/]],
  'a scope with a space': [
    [line('{issuer: idp, scope: read write}'), /policy\.yaml:4:23: \/roles\/r\/granted_to\/0\/scope: warning: .*write a line for each scope/],
    [privilege('scopes: [read write]'), /policy\.yaml:2:29: \/privileges\/p\/scopes\/0: warning: .*list each scope/],
  ],
  'a character that no scope, or hardly any name, has': [
    [line('{issuer: idp, scope: "re\u0430d"}'), /policy\.yaml:4:23: \/roles\/r\/granted_to\/0\/scope: warning: can hardly match: after "re" it has the character U\+0430, which no scope can have/],
    [line('{issuer: idp, scope: "read\u200b"}'), /after "read" it has the character U\+200B/],
    [line('{issuer: idp, scope: "read\\n"}'), /after "read" it has the character U\+000A/],
    [privilege("scopes: ['a\"b']"), /policy\.yaml:2:29: \/privileges\/p\/scopes\/0: warning: .*after "a" it has the character U\+0022/],
    [line('{issuer: idp, group: "Team\\n"}'), /policy\.yaml:4:23: \/roles\/r\/granted_to\/0\/group: warning: can hardly match: after "Team" it has the control character U\+000A: write it on one line, or a block as "\|-"/],
    [line('{issuer: idp, claim: /d, equals: ["a", "b\\t"]}'), /\/equals\/1: warning: .*U\+0009/],
  ],
  'an empty list that opens a privilege': [
    [privilege('methods: []'), /policy\.yaml:2:20: \/privileges\/p\/methods: warning: is empty, so every method is granted/],
    [privilege('roles: []'), /policy\.yaml:2:20: \/privileges\/p\/roles: warning: is empty, so every authenticated caller is let in/],
  ],
  'a `*` in a value that is compared exactly': [
    [line('{issuer: idp, group: "*"}'), /\/group: warning: is compared exactly.*write a line for each group/],
    [line('{issuer: idp, claim: /d, equals: "b*"}'), /\/equals: warning: is compared exactly.*leave "equals" out/],
    ['', /postern\.yaml:\d+:\d+: \/issuers\/idp\/audience\/1: warning: is compared exactly/, issuer({ audience: ['api', 'api://*'] })],
    ['', /\/issuers\/idp\/require\/~1sub: warning: is compared exactly/, issuer({ require: { '/sub': 'repo:org/*' } })],
  ],
  'a method that is probably misspelt': [
    [privilege('methods: [GTE]'), /policy\.yaml:2:30: \/privileges\/p\/methods\/0: warning: .*did you mean "GET"\?/],
    [privilege('methods: [ANY]'), /leave "methods" out/],
  ],
  'a method that is never forwarded': ['TRACE', 'CONNECT'].map((method) => [privilege(`methods: [GET, ${method}]`), /\/methods\/1: warning: is never forwarded/]),
  'a placeholder of other routers in a path': [
    ['privileges:\n  p: {paths: ["/a/:id/b"]}\n', /policy\.yaml:2:15: \/privileges\/p\/paths\/0: warning: .*":id".*write "\/a\/\*\/b"/],
    ['public: ["/a/[id]"]\n', /policy\.yaml:1:10: \/public\/0: warning: .*write "\/a\/\*", which also matches all paths below/],
  ],
  'a path that the gate refuses': [
    ['privileges:\n  p: {paths: ["/a;b"]}\n', /policy\.yaml:2:15: \/privileges\/p\/paths\/0: warning: can never match: .*a module with path_allow: \[semicolon\]/],
    ['modules:\n  m: {paths: ["/a%2Fb"]}\nprivileges: {p: {paths: ["/*"]}}\n', /\/modules\/m\/paths\/0: warning: .*give module "m" path_allow: \[encoded_delimiters\]/],
    ['public: [/a.]\n', /path_allow: \[trailing_dot\]/],
  ],
  "a path of the gate's own endpoints": [
    ['public:\n  - /oauth/token\n', /policy\.yaml:2:5: \/public\/0: warning: the gate itself answers \/oauth\/token/, LOCAL],
    ['public: [/.well-known/oauth-protected-resource]\n', /the gate itself answers \/\.well-known\/oauth-protected-resource/],
    ['privileges: {p: {paths: [/.well-known/oauth-protected-resource/v2]}}\n', /the gate itself answers/, { resource: { url: 'https://api.example/v2' } }],
    ['modules: {m: {paths: [/v3], resource: "https://api.example/v3"}}\nprivileges: {p: {modules: [m]}}\npublic: [/.well-known/oauth-protected-resource/v3]\n', /policy\.yaml:3:10: \/public\/0: warning: the gate itself answers \/\.well-known\/oauth-protected-resource\/v3/],
  ],
  'a certificate of the listener that has expired, or is not valid yet': [['', /\/listen\/tls\/certificate: warning: .*has expired on/, tls('expired'), []]],
  '`trusted_proxies` that are everybody': [['', /\/listen\/trusted_proxies\/1: warning: is everybody/, { listen: { trusted_proxies: ['10.0.0.0/8', '0.0.0.0/0'], trusted_headers: 'Forwarded' } }]],
  'an upstream that is the gate itself': [
    ['', /\/upstream: warning: is the gate itself, which has this address in "admin": write that of the API/, { upstream: 'http://127.0.0.1:9901', admin: { address: '127.0.0.1:9901' } }],
    ['', /\/upstream: warning: .*"admin"/, { upstream: 'http://localhost:9901', admin: { address: '0.0.0.0:9901' } }],
    ['', /\/upstream: warning: .*"listen"/, { upstream: { url: ['http://10.0.0.1:9000', 'http://[::1]:9000'] }, listen: { address: ['127.0.0.1:9000', '[::1]:9000'] } }],
    ['', /\/upstream: warning: .*"listen"/, { upstream: 'http://127.0.0.1', listen: { address: '127.0.0.1:80' } }],
    ['', /\/upstream: warning: .*"metrics"/, { upstream: 'unix:/run/own', metrics: { address: 'unix:/run/own' } }],
    ['modules: {m: {paths: [/a], upstream: "http://127.0.0.1:9903"}}\npublic: [/a]\n', /\/modules\/m\/upstream: warning: .*"forward_auth"/, { forward_auth: { address: '127.0.0.1:9903', trusted_proxies: '127.0.0.1' } }],
  ],
  'a `client_ca` that is not used': [['', /\/listen\/tls\/client_ca: warning: clients are not asked for a certificate/, tls('gate', { client_ca: made.path('gate.pem') })]],
  'a claim pointer that fits no token': [
    [line('{issuer: idp, claim: "/https://x/roles"}'), /policy\.yaml:4:23: .*write ~1 for it: "\/https:~1~1x~1roles"/],
    ['', /\/issuers\/idp\/claims\/subject: warning: .*write "\/a\/b"/, issuer({ claims: { subject: '/a.b' } })],
    ['', /\/forward\/headers\/X-User: warning: /, { forward: { headers: { 'X-User': '/roles/*' } } }],
  ],
  'a scope, group, role or claim that no issuer gives': [
    [privilege('scopes: [read]'), /policy\.yaml:2:20: \/privileges\/p\/scopes: warning: can never be had: no issuer has a claim for scopes/, issuer({ claims: { scopes: [] } })],
    [line('{issuer: local, claim: /org/unit, equals: x}'), /policy\.yaml:4:25: \/roles\/r\/granted_to\/0\/claim: warning: can never match: tokens of the local issuer have no such claim.*--claim NAME=VALUE/, LOCAL],
    [line('{issuer: idp, group: g}'), /policy\.yaml:4:23: \/roles\/r\/granted_to\/0\/group: warning: can never match: issuer "idp" has no claim for groups; name it with its claims: \{groups: \/NAME\}/, issuer({ claims: { groups: [] } })],
    [line('{role: x}'), /\/role: warning: can never match: no issuer has a claim for roles/, issuer({ claims: { roles: [] } })],
  ],
  'a path that changes nothing beside a wider one': [['privileges: {p: {paths: ["/a/*", /a/b]}}\n', /policy\.yaml:1:34: \/privileges\/p\/paths\/1: warning: "\/a\/b" changes nothing: "\/a\/\*" has the same rule; leave it out/]],
  'paths that differ in case only': [['privileges:\n  p: {paths: [/Admin]}\n  q: {paths: [/admin]}\n', /policy\.yaml:\d:15: \/privileges\/\w\/paths\/0: warning: "\/admin" differs from "\/Admin" in case only.*write the one/i]],
  "a module's path that a wider public one opens": [['modules: {m: {paths: ["/m/*"]}}\npublic: ["/*"]\n', /policy\.yaml:1:23: \/modules\/m\/paths\/0: warning: needs no credentials, since "\/\*" is public: write a privilege for module "m"/]],
  'an issuer that no token names': [
    ['', /\/issuers\/idp\/issuer: warning: no token has this iss/, issuer({ provider: 'entra', issuer: 'https://login.microsoftonline.com/common/v2.0' })],
    ['', /write "https:\/\/acme\.eu\.auth0\.com\/"/, issuer({ provider: 'auth0', issuer: 'https://acme.eu.auth0.com' })],
    ['', /name each issuer/, issuer({ issuer: 'https://kc.example/realms/*' })],
  ],
};

test('every row of the manual is tried, and nothing else', () => assert.deepEqual(Object.keys(CASES).sort(), [...ROWS].sort()));

test("every rule that makes warnings is in the manual's table, once", async () => {
  const log = JSON.parse((await run(['check', '--sarif', '-c', 'none.yaml'])).stdout);
  const rules = log.runs[0].tool.driver.rules.filter((rule) => rule.defaultConfiguration.level === 'warning');
  assert.deepEqual(rules.map(({ id }) => id).sort(), [...RULES.values()].sort());
});

for (const [what, cases] of Object.entries(CASES)) {
  test(what, async (t) => {
    for (const [policy, want, config, options = ['--offline']] of cases) {
      await t.test(String(want), async (inner) => {
        const gate = await makeGate(inner, { policy: policy || 'public: [/o]\n', config: { issuers: { idp: IDP }, ...config } });
        const done = await run(['check', ...options, '-c', gate.file]);
        const warnings = done.stderr.split('\n').filter((one) => one.includes(': warning: '));
        assert.equal(warnings.length, 1, done.stderr);
        assert.match(warnings[0], want);
        assert.match(warnings[0], /\.yaml:\d+:\d+: \/\S+: warning: /);
        assert.match(done.stdout, /, 1 warning[,)]/);
        assert.equal(done.code, 0);
        const strict = await run(['check', ...options, '--strict', '--json', '-c', gate.file]);
        const found = JSON.parse(strict.stdout).findings.filter(({ severity }) => severity === 'warning');
        assert.deepEqual(found.map(({ rule }) => rule), [RULES.get(what)]);
        assert.equal(strict.code, 1);
      });
    }
  });
}

/** [policy, the mistake, more of the configuration]. */
const NAMES = [
  ['', /postern\.yaml:\d+:\d+: \/issuers\/idp\/provider: .*did you mean "entra"\?/, issuer({ provider: 'azure' })],
  ['', /\/issuers\/idp\/provider: .*did you mean "cognito"\?/, issuer({ provider: 'aws' })],
  ['', /\/issuers\/idp\/algorithms\/0: .*did you mean "RS256"\?/, issuer({ algorithms: ['RS25'] })],
  ['', /\/log\/level: .*did you mean "warn"\?/, { log: { level: 'warning' } }],
  ['', /\/resource\/authorization_servers: .*did you mean "idp"\?/, { resource: { authorization_servers: ['https://idp.example'] } }],
  [line('{issuer: local, scope: s}'), /policy\.yaml:4:18: \/roles\/r\/granted_to\/0\/issuer: is the local issuer, and there is no "local_issuer"/],
  [line('{issuer: local_issuer, scope: s}'), /\/issuer: no issuer of that name; did you mean "local"\?/, LOCAL],
  [line('{issuer: "https://idp.example", scope: s}'), /\/issuer: no issuer of that name; did you mean "idp"\?/],
  ['', /\/forward\/headers\/x-user: is "X-User" again: upper and lower case are one/, { forward: { headers: { 'X-User': '/sub', 'x-user': '/email' } } }],
  ['', /\/issuers\/a\\x0d\\x0aX-Roles: admin: a name must not contain a comma, a quote, a backslash or a control character/, { issuers: { 'a\r\nX-Roles: admin': IDP } }],
  ['', /\/issuers\/: needs a name/, { issuers: { '': IDP } }],
  [line('{issuer:idp, scope: s}'), /policy\.yaml:4:10: \/roles\/r\/granted_to\/0\/issuer:idp: unknown key: a space must follow the colon/],
  [line('{issuer: idp, scope: null}'), /\/scope: must not be empty: a name that YAML takes for nothing needs quotes \(found "null"\)/],
  [privilege("shadow: 'true'"), /\/shadow: must be true or false, without quotes/],
  ['public: ["/{t}/%61/*"]\n', /\/public\/0: must be in canonical spelling: \/\{t\}\/a\/\* /],
  ['public: ["/é/{t}/a b"]\n', /\/public\/0: no path can match it: .*: write \/%C3%A9\/\{t\}\/a%20b /],
  [line('{issuer: "*", scope: s}'), /for tokens of any issuer leave "issuer" out/],
];

test('another machine may have the port of a listener on all addresses', async (t) => {
  const gate = await makeGate(t, { policy: 'public: [/o]\n', config: { issuers: { idp: IDP }, listen: { address: '0.0.0.0:8080' }, upstream: { url: ['http://10.0.0.1:8080', 'http://127.0.0.1:8081', 'http://api:8080'] } } });
  const done = await run(['check', '--offline', '--strict', '-c', gate.file]);
  assert.equal(done.code, 0, done.stderr);
});

test('a mistake in a name says what was probably meant', async (t) => {
  for (const [policy, want, config] of NAMES) {
    await t.test(String(want), async (inner) => {
      const gate = await makeGate(inner, { policy: policy || 'public: [/o]\n', config: { issuers: { idp: IDP }, ...config } });
      const done = await run(['check', '--offline', '-c', gate.file]);
      assert.match(done.stderr, want);
      assert.equal(done.code, 1);
    });
  }
});

test('beside mistakes, warnings are told as well', async (t) => {
  const gate = await makeGate(t, { policy: 'roles: {r: {}}\nprivileges: {p: {paths: [/a], roles: [none], scopes: [a b]}}\nmodules: {m: {paths: [/b], basic: maybe}}\n', config: issuer() });
  const done = await run(['check', '-c', gate.file]);
  assert.equal(done.code, 1);
  const told = done.stderr.split('\n').filter((one) => one.includes('policy.yaml:'));
  const { findings } = JSON.parse((await run(['check', '--json', '-c', gate.file])).stdout);
  assert.deepEqual(told.map((one) => one.match(/: (\/\S+): /)[1]), findings.map((one) => one.pointer));
  assert.deepEqual([...new Set(findings.map(({ severity }) => severity))].sort(), ['error', 'warning']);
});
