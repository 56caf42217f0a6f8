// SPDX-License-Identifier: Apache-2.0
// The refusals that somebody meets first who puts the gate in front of an API: each is provoked over a
// real socket, and one command names its cause and what to do, with the values of this configuration.
import assert from 'node:assert/strict';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { basic, known, post, tokenOf } from './harness/oauth.mjs';
import { AUDIENCE, fileIssuer, forgeHmac, ISSUER, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const rsa = makeKey('RS256');
const stranger = makeKey('RS256');
const TENANT = '0f3c1a2b-0000-4000-8000-000000000001';
const V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const KEYCLOAK = 'https://kc.example/realms/shop';
const PASSWORD = 'correct horse battery staple';

const POLICY = [
  'roles:',
  '  orders_reader:',
  '    granted_to:',
  '      - {issuer: idp, scope: orders.read}',
  '  inside: {granted_to: [{issuer: idp, peer: 10.0.0.0/8}]}',
  '  auditor: {granted_to: [{issuer: idp, scope: "audit:*"}, {issuer: idp, group: auditors}]}',
  '  banned: {granted_to: [{issuer: idp, claim: /banned}]}',
  'modules:',
  '  orders: {paths: ["/orders/*"]}',
  '  web: {paths: ["/web/*"], credentials: {cookie: session}, cors: {origins: ["https://app.example"]}}',
  '  dead: {paths: ["/dead/*"], upstream: "http://127.0.0.1:9"}',
  '  bare: {paths: ["/bare/*"]}',
  '  tokens: {paths: ["/tokens"], basic: false}',
  '  partner: {hosts: [partner.example], paths: ["/partner/*"]}',
  'privileges:',
  '  orders_read:',
  '    modules: [orders]',
  '    methods: [GET]',
  '    roles: [orders_reader]',
  '  special: {paths: ["/special/*"], scopes: [special.read]}',
  '  web: {modules: [web]}',
  '  few: {paths: ["/few/*"], rate: {by: subject, limit: 1/h, burst: 1}}',
  '  inside: {paths: ["/inside/*"], roles: [inside]}',
  '  audit: {paths: ["/audit/*"], roles: [auditor], all_roles: [orders_reader, inside], deny: [banned]}',
  '  tokens: {modules: [tokens]}',
  '  tenants: {paths: ["/tenants/{tenant}/*"], match: {tenant: /tid}}',
  '  partner: {modules: [partner], roles: [orders_reader]}',
  'public: ["/dead/*"]',
  '',
].join('\n');
const line = (text) => POLICY.split('\n').findIndex((one) => one.includes(text)) + 1;

async function startedGate(t, lockout) {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url, policy: POLICY, files: { 'keys.json': keySet(rsa), 'keys-acme.json': keySet(rsa), 'keys-globex.json': keySet(rsa) },
    config: (self) => ({
      issuers: {
        ...fileIssuer({ require: { '/token_use': 'access' } }),
        entra: { issuer: V2, audience: ['api://shop'], jwks_file: 'keys.json' },
        kc: { provider: 'keycloak', issuer: KEYCLOAK, audience: ['shop-api'], jwks_file: 'keys.json' },
        many: { issuer: 'https://many.example/{realm}', tenants: ['acme', 'globex'], audience: [AUDIENCE], jwks_file: 'keys-{realm}.json' },
        down: { issuer: 'https://down.test', audience: [AUDIENCE], jwks_uri: 'http://127.0.0.1:9/keys' },
      },
      local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local', basic: true, lockout },
    }),
  });
  gate.endpoints = '';
  const added = await run(['user', 'add', 'ann', '-c', gate.file], { input: `${PASSWORD}\n` });
  assert.equal(added.code, 0, added.stderr);
  return gate;
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const good = (more = {}, header = {}) => sign(rsa, { scope: 'orders.read', token_use: 'access', ...more }, header);
const orders = (headers, method = 'GET') => ({ target: '/orders/1', headers, method });

/** What one command says of a request: {text, cause, remedies}. */
async function explained(gate, got) {
  const id = got.get('x-request-id');
  await gate.line((one) => one.request_id === id);
  const done = await run(['explain', '-c', gate.file, '--request-id', id]);
  const lines = (name) => done.stdout.split('\n').filter((one) => one.startsWith(`${name}:`)).map((one) => one.slice(name.length + 1).trim());
  assert.equal(done.stderr, '');
  return { code: done.code, text: done.stdout, detail: lines('detail')[0], cause: lines('cause')[0], remedies: lines('remedy') };
}

/** name: [the request, its reason, what the detail or the cause says, what is among the remedies] */
const CASES = {
  'no token': [() => orders({}), 'credentials_missing', [/has no `Authorization` header/, /privilege orders_read needs an authenticated caller/],
    [/^send the header "Authorization: Bearer TOKEN", with an access token of one of: idp \(https:\/\/idp\.test\/tenant\), entra /, /^or Basic credentials of a local user/, /drops the header/, /list it under `public`/]],
  'an expired token': [async () => orders(bearer(await good({ iat: now() - 7200, exp: now() - 3600 }))), 'token_expired', [/expired 36\d\d s ago/],
    [/^ask idp for a new token/, /a clock is wrong: compare `date -u` .*clock_skew bridges 30 s/]],
  'the wrong audience': [async () => orders(bearer(await good({ aud: 'api://other' }))), 'audience_mismatch', [/aud is .{2}api:\/\/other.{2}, expected .{2}api:\/\/default/, /meant for another API/],
    [/^ask idp for a token whose aud is "api:\/\/default"$/, /add it to `audience` \(issuers\.idp\.audience, \S+postern\.yaml:\d+\)/]],
  'no audience mapper in Keycloak': [async () => orders(bearer(await good({ iss: KEYCLOAK, aud: 'account' }, { typ: 'JWT' }))), 'audience_mismatch', [/aud is .{2}account.{2}, expected .{2}shop-api/],
    [/^ask kc for a token whose aud is "shop-api": give the client scope an audience mapper/]],
  'a token of version 1 of Entra': [async () => orders(bearer(await good({ iss: `https://sts.windows.net/${TENANT}/` }))), 'issuer_unknown', [/the closest is .{2}entra.{2}.*one is of version 1, the other of version 2/],
    [/^Entra: for tokens of version 2 set requestedAccessTokenVersion/, /`provider: entra` trusts both versions/]],
  'an issuer with one slash more': [async () => orders(bearer(await good({ iss: `${ISSUER}/` }))), 'issuer_unknown', [/the closest is .{2}idp.{2}, .*the last slash differs/],
    [/^if idp is meant, write its `issuer` \(issuers\.idp\.issuer, \S+postern\.yaml:\d+\) exactly as the token's iss has it: scheme, case and last slash count; it is "https:\/\/idp\.test\/tenant" now$/, /issuer that is trusted: idp \(https:\/\/idp\.test\/tenant\), /]],
  'an unknown kid': [async () => orders(bearer(await good({}, { kid: 'nobody' }))), 'key_unknown', [/no key has the token's kid .*nobody/],
    [/those that `postern jwks idp` lists/, /put them into the file \S+keys\.json$/]],
  'the key of somebody else': [async () => orders(bearer(await sign(stranger, { token_use: 'access' }, { kid: rsa.kid }))), 'signature_invalid', [/was not made with the key/],
    [/^send the token exactly as idp issued it; .*`postern jwks idp`/]],
  'an ID token': [async () => orders(bearer(await good({ aud: 'app-1', nonce: 'n', token_use: 'id' }, { typ: 'JWT' }))), 'audience_mismatch', [/it looks like an ID token \(it has nonce\)/],
    [/^send the access token of idp: an ID token is for the application/]],
  'an ID token for this audience': [async () => orders(bearer(await good({ token_use: 'id' }, { typ: 'JWT' }))), 'claim_required_missing', [/token_use/],
    [/often the access token and not the ID token; .*change `require` \(issuers\.idp\.require, /]],
  'another kind of token': [async () => orders(bearer(await good({}, { typ: 'logout+jwt' }))), 'token_type_wrong', [/typ is .{2}logout\+jwt/],
    [/^send the access token of idp, not its ID token or refresh token/, /add it to `types`, which is "at\+jwt", "JWT" now \(issuers\.idp\.types, /]],
  HS256: [() => orders(bearer(forgeHmac('HS256', 'secret', { alg: 'HS256', typ: 'JWT' }, { iss: ISSUER }))), 'algorithm_not_allowed', [/HS256.{2}, which is never allowed/],
    [/sign with RS256, PS256 or ES256 .*since who can check such a token can make one/]],
  'an opaque token': [() => orders(bearer('6f1c0b7a5c7d4f1e')), 'token_malformed', [/three parts/], [/^send an access token that is a JWT/, /Auth0 by `audience`/]],
  'keys that cannot be fetched': [async () => orders(bearer(await good({ iss: 'https://down.test' }))), 'keys_unavailable', [/the issuer has no keys yet/],
    [/^the last try to get the keys of down failed: http:\/\/127\.0\.0\.1:9\/keys: Failed to connect/, /^make http:\/\/127\.0\.0\.1:9\/keys reachable .*issuers\.down\.jwks_uri, .*`postern jwks down` tries it/]],
  'no role': [async () => orders(bearer(await good({ scope: 'profile' }))), 'privilege_missing', [/needs the role .{2}orders_reader.{2} \(privilege orders_read\); the caller has none/],
    [/one of the lines `to pass` names/]],
  'a scope in another case': [async () => orders(bearer(await good({ scope: 'Orders.Read' }))), 'privilege_missing', [/needs the role/],
    [new RegExp(`policy\\.yaml:${line('orders.read')} wants scope orders\\.read, and the caller has Orders\\.Read \\(upper and lower case differ\\): write it alike`)]],
  'no scope': [async () => ({ target: '/special/1', headers: bearer(await good()) }), 'scope_missing', [/needs the scope .{2}special\.read.{2} \(privilege special\); the caller has .{2}orders\.read/],
    [/^have the client ask for one of the scopes "special\.read"/, new RegExp(`\`scopes\` of privilege special \\(\\S+policy\\.yaml:${line('special:')}\\)`)]],
  'a scope of the privilege in another case': [async () => ({ target: '/special/1', headers: bearer(await good({ scope: 'Special.Read' })) }), 'scope_missing', [/needs the scope .{2}special\.read/],
    [new RegExp(`^privilege special wants the scope "special\\.read" \\(\\S+policy\\.yaml:${line('special:')}\\), and the caller has "Special\\.Read": upper and lower case`)]],
  'a role that is denied': [async () => ({ target: '/audit/1', headers: bearer(await good({ banned: true })) }), 'privilege_missing', [/privilege audit denies the role .{2}banned/, /or holds one that it names in `deny`/],
    [new RegExp(`^take the role "banned" from the caller: \\S+policy\\.yaml:${line('banned:')} gives it by issuer idp, claim /banned$`), new RegExp(`^or take it out of \`deny\` of privilege audit \\(\\S+policy\\.yaml:${line('  audit:')}\\)`)]],
  'roles that all are needed': [async () => ({ target: '/audit/1', headers: bearer(await good({ scope: 'x' })) }), 'privilege_missing', [/needs the role .{2}orders_reader.{2} among others/],
    [/^privilege audit wants every role of its `all_roles` \(\S+\), and the caller lacks "orders_reader", "inside", and it wants one of its `roles` or `scopes` besides: have it get each one/]],
  'a prefix of scopes in another case': [async () => ({ target: '/audit/1', headers: bearer(await good({ scope: 'Audit:read' })) }), 'privilege_missing', [/needs the role/],
    [new RegExp(`policy\\.yaml:${line('auditor:')} wants a scope that begins with "audit:" and goes on, and the caller has Audit:read \\(upper and lower case differ\\)$`)]],
  'a role that is a scope of the token': [async () => ({ target: '/audit/1', headers: bearer(await good({ scope: 'auditors' })) }), 'privilege_missing', [/needs the role/],
    [/wants the group auditors, and the token has that as a scope: if that is meant, write scope for group there/]],
  'the path of another tenant': [async () => ({ target: '/tenants/acme/1', headers: bearer(await good({ tid: 'Acme' })) }), 'claim_mismatch', [/needs the claim \/tid to be the segment \{tenant\} of the path, .*the token has .{2}Acme/],
    [/^ask for the path with "Acme" in place of \{tenant\}, which \/tid of the token is \(upper and lower case differ, and count\); or send a token of which it is "acme"$/]],
  'a tenant that is no text': [async () => ({ target: '/tenants/1/1', headers: bearer(await good({ tid: [true] })) }), 'claim_mismatch', [/the token has no text or whole number there/],
    [/^have the identity provider write \/tid into the token, as a text, a whole number or a list/]],
  'a path of another host': [async () => ({ target: '/partner/1', headers: bearer(await good()) }), 'no_rule', [/no pattern matches/],
    [/^the pattern "\/partner\/\*" is for the host partner\.example alone: /]],
  'a tenant that is not listed': [async () => orders(bearer(await good({ iss: 'https://many.example/acne' }))), 'issuer_unknown', [/the closest is .{2}many:acme/],
    [/^if the tenant of the token's iss is to be trusted, too, add it to `tenants` \(issuers\.many\.tenants, \S+postern\.yaml:\d+\)/]],
  'a token without an end': [async () => orders(bearer(await good({ exp: undefined }))), 'claim_required_missing', [/exp is missing/], [/^have idp write exp: a token without an end is never accepted$/]],
  'a method in small letters': [async () => orders(bearer(await good()), 'get'), 'method_not_granted', [/\/orders\/\* grants GET/], [/^have the client send another method: .*"get" is none of them$/]],
  'a semicolon': [async () => ({ target: '/orders/1;v=2', headers: bearer(await good()) }), 'path_ambiguous', [/a semicolon in a segment/],
    [new RegExp(`^or, if the API needs it, give module orders \\(\\S+policy\\.yaml:${line('  orders: {paths')}\\) path_allow: \\[semicolon\\]`)]],
  'a path that nothing covers': [async () => ({ target: '/nowhere', headers: bearer(await good()) }), 'no_rule', [/no pattern matches the path/],
    [/^no module has this path either: add a privilege with a pattern for it/, /"\/a\/\*" is \/a and all below it/]],
  'a path in another case': [async () => ({ target: '/Orders/1', headers: bearer(await good()) }), 'no_rule', [/no pattern matches the path/],
    [/^the pattern "\/orders\/\*" differs in upper and lower case alone: .*case_sensitive: false/]],
  'a module without a privilege': [async () => ({ target: '/bare/1', headers: bearer(await good()) }), 'no_rule', [/no pattern matches the path/],
    [new RegExp(`^module bare serves this path \\(\\S+policy\\.yaml:${line('bare:')}\\), but no privilege covers it`)]],
  'a method that no privilege has': [async () => orders(bearer(await good()), 'DELETE'), 'method_not_granted', [/\/orders\/\* grants GET/],
    [new RegExp(`^add DELETE to \`methods\` of privilege orders_read \\(\\S+policy\\.yaml:${line('methods: [GET]')}\\)`), /the most specific pattern alone decides/]],
  'a page of another origin, with a cookie': [async () => ({ method: 'POST', target: '/web/1', headers: { Cookie: `session=${await good()}`, Origin: 'https://evil.example' } }), 'origin_not_allowed',
    [/needs the Origin of this host, which is http:\/\/127\.0\.0\.1:\d+, or one of cors\.origins; it has .{2}https:\/\/evil\.example/],
    [new RegExp(`cors\\.origins of module web \\(\\S+policy\\.yaml:${line('  web: {paths')}\\)`), /listen\.trusted_proxies .*a request that came to it by https counts as http/]],
  'a preflight of another origin': [() => ({ method: 'OPTIONS', target: '/web/1', headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'PUT' } }), 'origin_not_allowed',
    [/the origin of the page, .{2}https:\/\/evil\.example.{2}, is not one of cors\.origins/], [/add its origin .* to cors\.origins of module web/]],
  "a proxy's header that is not believed": [async () => ({ target: '/inside/1', headers: { ...bearer(await good()), 'X-Forwarded-For': '10.1.2.3' } }), 'privilege_missing', [/needs the role .{2}inside/],
    [/^if a proxy stands in front of the gate, list its address in listen\.trusted_proxies \(\S+postern\.yaml:\d+\): .*its X-Forwarded-For is not believed/]],
  'credentials twice': [async () => orders([`Authorization: Bearer ${await good()}`, `Authorization: Bearer ${await good()}`]), 'credentials_duplicate', [/more than one Authorization header/, /two readers could take it for two callers/], [/^Send exactly one\.$/]],
  'an empty header': [() => orders({ Authorization: 'Bearer' }), 'credentials_malformed', [/nothing follows the scheme/], [/comes from a variable that was not set/]],
  'an API that is not there': [() => ({ target: '/dead/1' }), 'upstream_unreachable', [/http:\/\/127\.0\.0\.1:9: cannot connect: Connection refused/],
    [/^start the API at http:\/\/127\.0\.0\.1:9,/, new RegExp(`correct \`upstream\` of module dead \\(\\S+policy\\.yaml:${line('dead:')}\\)`)]],
  'a wrong password': [() => orders({ Authorization: basic('ann', 'wrong') }), 'basic_wrong', [/the password of user ann is wrong/], [/`postern user passwd NAME` sets a new password/]],
  'a password where a module takes none': [() => ({ target: '/tokens', headers: { Authorization: basic('ann', PASSWORD) } }), 'basic_not_allowed', [/a module with `basic: false`/],
    [/^send an access token of one of: idp /, new RegExp(`^or allow Basic: \`basic\` of module tokens \\(\\S+policy\\.yaml:${line('  tokens: {paths')}\\) is false$`)]],
  'a user who is not there': [() => orders({ Authorization: basic('nobody', PASSWORD) }), 'basic_wrong', [/there is no such user/], [/`postern user list` has the names, .*`postern user add NAME` makes one/]],
  'a path that is ambiguous': [async () => ({ target: '/orders//1', headers: bearer(await good()) }), 'path_ambiguous', [/an empty segment/], [/^let the client send the path without it$/, /^no `path_allow` admits it$/]],
};

test('one command names cause and cure', async (t) => {
  const gate = await startedGate(t, { failures: 0 });
  for (const [name, [request, reason, causes, cures]] of Object.entries(CASES)) {
    await t.test(name, async () => {
      const got = await gate.ask(await request());
      const said = await explained(gate, got);
      assert.equal(said.code, 1);
      assert.match(said.text, new RegExp(`^reason: +${reason} \\(${got.status}\\)$`, 'm'));
      for (const cause of causes) assert.match(`${said.detail} ${said.cause}`, cause);
      for (const cure of cures) assert.ok(said.remedies.some((one) => cure.test(one)), `${cure} in ${JSON.stringify(said.remedies, null, 1)}`);
    });
  }

  await t.test('too many requests', async () => {
    const request = { target: '/few/1', headers: bearer(await good()) };
    assert.equal((await gate.ask(request)).status, 200);
    const said = await explained(gate, await gate.ask(request));
    assert.match(said.detail, /privilege few allows 1\/h for each subject; the next may come in 3600 s/);
    assert.ok(said.remedies.some((one) => new RegExp(`^or allow more: \`rate\` of privilege few is 1/h \\(\\S+policy\\.yaml:${line('few:')}\\)$`).test(one)), said.text);
  });

  await t.test('a client that was disabled', async () => {
    const client = await known(gate, await gate.addClient('gone'));
    const token = await tokenOf(gate, client);
    await gate.client('disable', 'gone');
    const got = await eventually(async () => {
      const one = await gate.ask(orders(bearer(token)));
      return one.status === 401 && one;
    }, 'a refusal');
    const said = await explained(gate, got);
    assert.match(said.detail, new RegExp(`the client .{2}${client.client_id}.{2} is disabled`));
    assert.ok(said.remedies.some((one) => /`postern client enable NAME`/.test(one)), said.text);
  });

  await t.test('a token that was revoked: by whom, when, with what', async () => {
    const client = await known(gate, await gate.addClient('away'));
    const token = await tokenOf(gate, client);
    assert.equal((await run(['revoke', '-c', gate.file, '--client', 'away'])).code, 0);
    const got = await eventually(async () => {
      const one = await gate.ask(orders(bearer(token)));
      return one.status === 401 && one;
    }, 'a refusal');
    const said = await explained(gate, got);
    assert.match(said.text, new RegExp(`^revoked at: +\\d{4}-\\d\\d-\\d\\dT\\S+\nrevoked by: +"uid:${process.getuid()}"\nrevoked: +"every token of client ${client.client_id}"$`, 'm'));
    assert.ok(said.remedies.some((one) => /^ask local for a new token$/.test(one)), said.text);
    const { revoked } = JSON.parse((await run(['explain', '-c', gate.file, '--json', '--request-id', got.get('x-request-id')])).stdout);
    assert.deepEqual(Object.keys(revoked).sort(), ['at', 'by', 'of']);
  });

  await t.test('a wrong client secret', async () => {
    const client = await known(gate, await gate.addClient('shop'));
    const ask = async (id, secret) => explained(gate, await post(gate, '/oauth/token', 'grant_type=client_credentials', { client: { client_id: id, client_secret: secret } }));
    const wrong = await ask(client.client_id, 'wrong');
    assert.match(wrong.detail, /invalid_client: the secret is wrong/);
    assert.match(wrong.remedies.join('\n'), /^send the secret that `postern client add` or `rotate` printed.*`postern client rotate NAME` makes a new one/);
    const named = await ask('shop', client.client_secret);
    assert.match(named.detail, /no such client/);
    assert.match(named.remedies.join('\n'), /client_id is the id that `postern client list` shows, not the client's name/);
  });
});

test('somebody who is locked out', async (t) => {
  const gate = await startedGate(t, { failures: 2 });
  const got = await eventually(async () => {
    const one = await gate.ask(orders({ Authorization: basic('ann', 'wrong') }));
    return one.status === 429 && one;
  }, 'the lock-out');
  const said = await explained(gate, got);
  assert.match(said.text, /^reason: +locked_out \(429\)$/m);
  assert.match(said.detail, /locked for \d+ s: too many wrong passwords for this name, or from this address/);
  assert.ok(said.remedies.some((one) => /find out who is guessing\. `local_issuer\.lockout` sets the limits/.test(one)), said.text);
});

test('what is asked without a request that was made is told the same', async (t) => {
  const gate = await startedGate(t, { failures: 0 });
  const token = await good({ aud: 'api://other' });
  const said = JSON.parse((await run(['explain', '-c', gate.file, '--json', '/orders/1', '--token', token])).stdout);
  assert.match(said.cause, /meant for another API/);
  assert.match(said.remedy[0], /^ask idp for a token whose aud is "api:\/\/default"$/);
  const posted = (await gate.admin('/explain', { method: 'POST', body: JSON.stringify({ method: 'GET', path: '/orders/1', token }) })).json();
  assert.deepEqual(posted.remedy, said.remedy);
  const may = JSON.parse((await run(['explain', '-c', gate.file, '--json', '/orders/1', '--token', await good()])).stdout);
  assert.deepEqual([may.cause, may.remedy], [null, []]);
});

test('what a client sends does not reach the terminal as it is', async (t) => {
  const gate = await startedGate(t, { failures: 0 });
  const said = await explained(gate, await gate.ask(orders(bearer(await good({ scope: undefined, scp: ['orders.read\u001b[31m', 'ORDERS.READ\u009b'] })))));
  assert.doesNotMatch(said.text, /[\u0000-\u0009\u000b-\u001f\u0080-\u009f]/);
});

test('a role of thousands of lines is explained, too, and three that are near are told', async (t) => {
  const lines = Array.from({ length: 4000 }, (_, i) => `      - {issuer: idp, scope: orders.read.${i}, group: group-${i}}`);
  const policy = ['roles:', '  many:', '    granted_to:', ...lines, 'privileges:', '  many: {paths: [/many], roles: [many]}', ''].join('\n');
  const gate = await startGate(t, { policy, files: { 'keys.json': keySet(rsa), 'keys-acme.json': keySet(rsa), 'keys-globex.json': keySet(rsa) }, config: { issuers: fileIssuer() } });
  const token = await good({ scope: 'Orders.Read.7 Orders.Read.8 Orders.Read.9 Orders.Read.10 Orders.Read.11' });
  const done = await run(['explain', '-c', gate.file, '--json', '/many', '--token', token]);
  const said = JSON.parse(done.stdout);
  assert.deepEqual([done.code, said.reason, said.granted_to.length], [1, 'privilege_missing', 4000]);
  assert.deepEqual(said.remedy.slice(0, 3).map((one) => one.match(/ wants scope (\S+), and the caller has \S+ \(upper and lower case differ\)/)?.[1]), ['orders.read.7', 'orders.read.8', 'orders.read.9']);
  assert.equal(said.remedy.filter((one) => / wants scope /.test(one)).length, 3);
  assert.equal((await gate.ask({ target: '/many', headers: bearer(token) })).status, 403);
});
