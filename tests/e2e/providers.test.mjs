// SPDX-License-Identifier: Apache-2.0
// Identity providers: tokens of each one's documented shape, judged as its documentation says.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, scratch } from './harness/gate.mjs';
import { forge, makeKey } from './harness/tokens.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DOCS = path.resolve(HERE, '../../docs/providers');
const FIXTURES = JSON.parse(fs.readFileSync(path.join(HERE, 'fixtures/providers.json'), 'utf8'));
const AT = '2025-10-09T08:54:00Z';
const TENANT = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490';
const V2 = 'https://login.microsoftonline.com/{tenantid}/v2.0';
const key = makeKey('RS256', 'k');
const payload = (name, more = {}) => ({ ...FIXTURES[`${name}.payload`], ...more });
const without = (claims, ...names) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));

const ENTRA = { provider: 'entra', issuer: V2.replace('{tenantid}', TENANT), audience: ['6e74172b-be56-4843-9ff4-e66a39bb12e3', 'api://6e74172b-be56-4843-9ff4-e66a39bb12e3'] };
const ENTRA_MANY = { ...ENTRA, issuer: V2, tenants: [TENANT] };
const OKTA = { provider: 'okta', issuer: 'https://example.okta.com/oauth2/aus9o8wzkhckw9TLa0h7', audience: 'api://orders' };
const KEYCLOAK = { provider: 'keycloak', issuer: 'https://kc.example.com/realms/acme', audience: 'orders-api' };
const AUTH0 = { provider: 'auth0', issuer: 'https://acme.eu.auth0.com/', audience: 'https://orders.example.com/api' };
const COGNITO = { provider: 'cognito', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI', audience: 'any', require: { '/client_id': '7m1234abcdefghijklmnopqrst' } };
const GOOGLE = { provider: 'google', issuer: 'https://accounts.google.com', audience: ['1234987819200.apps.googleusercontent.com', 'https://orders.example.com'], require: { '/email': ['jsmith@example.com', 'svc@proj.iam.gserviceaccount.com'] } };
const OCI = { provider: 'oci', issuer: 'https://identity.oraclecloud.com/', audience: 'https://orders.example.com/', require: { '/client_tenantname': 'idcs-6e0f2608732d4331a407d4a5583257ab' } };
const PING = { provider: 'ping', issuer: 'https://auth.pingone.eu/11111111-aaaa-4bbb-8ccc-222222222222/as', audience: 'https://orders.example.com' };
const GITLAB = { provider: 'gitlab', issuer: 'https://gitlab.example.com', audience: 'https://orders.example.com' };
const GITHUB = { provider: 'github', issuer: 'https://token.actions.githubusercontent.com', audience: 'https://github.com/octo-org', require: { '/repository_owner_id': 123456 } };
const KUBERNETES = { provider: 'kubernetes', issuer: 'https://kubernetes.default.svc.cluster.local', audience: 'https://orders.example.com' };

/** A configuration in a directory of its own. */
function configure(t, issuer, grants = [{ issuer: 'idp' }], jwk = key.jwk) {
  const dir = scratch(t);
  const policy = {
    roles: { r: { granted_to: grants } },
    modules: { m: { paths: ['/m/*'] } },
    privileges: { p: { label: 'P', description: 'P', modules: ['m'], paths: ['/m/*'], methods: ['GET'], roles: ['r'] } },
  };
  fs.writeFileSync(path.join(dir, 'keys.json'), JSON.stringify({ keys: [jwk] }));
  fs.writeFileSync(path.join(dir, 'policy.yaml'), JSON.stringify(policy));
  fs.writeFileSync(path.join(dir, 'postern.yaml'), JSON.stringify({
    listen: { address: '127.0.0.1:1' }, upstream: 'http://127.0.0.1:2', policy: 'policy.yaml', state: dir, issuers: { idp: { jwks_file: 'keys.json', ...issuer } },
  }).replace('"audience":"any"', '"audience": any'));
  return path.join(dir, 'postern.yaml');
}

async function judge(t, { issuer, claims, header = {}, grants, jwk }) {
  const token = forge(key, { alg: 'RS256', kid: 'k', ...header }, claims);
  const { code, stdout, stderr } = await run(['explain', '-c', configure(t, issuer, grants, jwk), '-X', 'GET', '/m/1', '--token', token, '--at', AT]);
  return { code, text: stdout + stderr };
}

const role = (name) => [{ issuer: 'idp', role: name }];
const group = (name) => [{ issuer: 'idp', group: name }];
const scope = (name) => [{ issuer: 'idp', scope: name }];
const claim = (pointer, value) => [{ issuer: 'idp', claim: pointer, equals: value }];
const consumers = { ...key.jwk, issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0' };

const GOOD = [
  ['okta: scp is an array', OKTA, payload('okta_custom_user'), scope('orders:read')],
  ['okta: a group has a space in its name', OKTA, payload('okta_custom_user'), group('Midwest Sales')],
  ['entra: scp is a string', ENTRA, payload('entra_v2_user'), scope('Orders.Write')],
  ['entra: an app has roles', ENTRA, payload('entra_v2_app'), role('Orders.Read.All')],
  ['entra: groups are ids', ENTRA, payload('entra_v2_user'), group('aaaa1111-0000-4000-8000-000000000002')],
  ['entra: a token of version 1', ENTRA, payload('entra_v1_user'), scope('user_impersonation')],
  ['entra: a listed tenant', ENTRA_MANY, payload('entra_v2_user'), scope('Orders.Read'), { ...key.jwk, issuer: V2 }],
  ['entra: overage, and a scope does', ENTRA, payload('entra_v2_overage'), scope('Orders.Read')],
  ['keycloak: a realm role', KEYCLOAK, payload('keycloak_user'), role('auditor')],
  ['keycloak: a client role by pointer', { ...KEYCLOAK, claims: { roles: '/resource_access/orders-api/roles' } }, payload('keycloak_m2m'), role('reader')],
  ['keycloak: a group with its path', KEYCLOAK, payload('keycloak_user'), group('/staff/eu')],
  ['auth0: a permission', AUTH0, payload('auth0_user'), role('write:orders')],
  ['auth0: a claim named by a URL', AUTH0, payload('auth0_user'), claim('/https:~1~1example.com~1roles', 'admin')],
  ['auth0: the profile of RFC 9068', AUTH0, payload('auth0_rfc9068'), scope('read:orders')],
  ['cognito: no aud, a group', COGNITO, payload('cognito_user'), group('eu-ops')],
  ['cognito: a scope with a slash', COGNITO, payload('cognito_m2m'), scope('orders/write')],
  ['google: the short issuer', GOOGLE, payload('google_idtoken_user'), claim('/hd', 'example.com')],
  ['google: a service account', GOOGLE, payload('google_idtoken_sa'), claim('/email', 'svc@proj.iam.gserviceaccount.com')],
  ['oci: a user', OCI, payload('oci_user'), group('ORDERS_ADMINS')],
  ['oci: a client', OCI, payload('oci_client'), scope('read')],
  ['oci: the issuer without its slash', OCI, payload('oci_client', { iss: 'https://identity.oraclecloud.com' }), scope('read')],
  ['ping: a user', PING, payload('pingone_user'), scope('orders:write')],
  ['ping: no sub', PING, payload('pingone_m2m'), scope('orders:read')],
  ['pingfederate: scope is an array', { provider: 'ping', issuer: 'https://sso.example.com', audience: 'orders' }, payload('pingfederate_array_scope'), scope('orders:write')],
  ['gitlab: an id as text', GITLAB, payload('gitlab_ci'), claim('/project_id', '20')],
  ['github: a repository', GITHUB, payload('github_actions', { exp: 1760000300 }), claim('/repository', 'octo-org/octo-repo')],
  ['kubernetes: a namespace under a name with a dot', KUBERNETES, payload('k8s_bound'), claim('/kubernetes.io/namespace', 'billing')],
];

for (const [name, issuer, claims, grants, jwk] of GOOD) test(`accepted: ${name}`, async (t) => {
  const { code, text } = await judge(t, { issuer, claims, grants, jwk });
  assert.equal(code, 0, text);
});

const hasgroups = { ...without(payload('entra_v2_user'), 'groups'), hasgroups: true };
const other = '11111111-1111-4111-8111-111111111111';
const BAD = [
  ['okta: the org server', OKTA, payload('okta_org_user'), /issuer_unknown[^]*only Okta can verify/],
  ['entra: groups elsewhere', ENTRA, payload('entra_v2_overage'), /groups_overage/, { reason: 'groups_overage', grants: group('x') }],
  ['entra: hasgroups', ENTRA, hasgroups, /groups_overage/, { reason: 'groups_overage', grants: group('x') }],
  ['entra: overage does not help a role', ENTRA, hasgroups, /privilege_missing/, { grants: role('x') }],
  ['entra: Microsoft Graph', ENTRA, payload('entra_v2_user'), /Microsoft Graph/, { header: { nonce: 'n' } }],
  ['entra: Microsoft Graph by its id', ENTRA, payload('entra_v1_user', { aud: '00000003-0000-0000-c000-000000000000' }), /audience_mismatch[^]*Microsoft Graph/],
  ['entra: Microsoft Graph by its address', ENTRA, payload('entra_v2_user', { aud: 'https://graph.microsoft.com' }), /audience_mismatch[^]*Microsoft Graph/],
  ['entra: a key of many tenants that names none', ENTRA_MANY, payload('entra_v2_user'), /key_unknown[^]*the key names no/],
  ['entra: a tenant not listed', ENTRA_MANY, payload('entra_v2_user', { iss: V2.replace('{tenantid}', other), tid: other }), /issuer_unknown/],
  ['entra: the template itself as iss', ENTRA_MANY, payload('entra_v2_user', { iss: V2 }), /issuer_unknown/],
  ['entra: tid of another tenant', ENTRA_MANY, payload('entra_v2_user', { tid: other }), /issuer_unknown/],
  ['entra: tid is no GUID', ENTRA_MANY, payload('entra_v2_user', { tid: 'x' }), /issuer_unknown/],
  ['entra: no tid', ENTRA_MANY, without(payload('entra_v2_user'), 'tid'), /claim_required_missing/],
  ['entra: a key of the consumers', ENTRA_MANY, payload('entra_v2_user'), /key_unknown/, { jwk: consumers }],
  ['entra: a key of the consumers, one tenant', ENTRA, payload('entra_v2_user'), /key_unknown/, { jwk: consumers }],
  ['entra: another application', ENTRA, payload('entra_v2_user', { aud: other }), /audience_mismatch/],
  ['keycloak: an ID token', KEYCLOAK, payload('keycloak_user', { typ: 'ID' }), /claim_required_missing/],
  ['keycloak: a refresh token', KEYCLOAK, payload('keycloak_user', { typ: 'Refresh' }), /claim_required_missing/],
  ['keycloak: another realm', KEYCLOAK, payload('keycloak_user', { iss: 'https://kc.example.com/realms/other' }), /the realm differs/],
  ['keycloak: no aud', { ...KEYCLOAK, issuer: 'https://kc.example.com/auth/realms/acme' }, payload('keycloak_audless_legacy'), /audience_mismatch/],
  ['cognito: an ID token', COGNITO, payload('cognito_idtoken', { client_id: '7m1234abcdefghijklmnopqrst' }), /claim_required_missing/],
  ['cognito: another client', COGNITO, payload('cognito_m2m', { client_id: 'x' }), /claim_required_missing/],
  ['google: an address that is not verified', GOOGLE, payload('google_idtoken_user', { email_verified: false }), /email_verified/],
  ['oci: another tenant', OCI, payload('oci_client', { client_tenantname: 'idcs-x' }), /client_tenantname/],
  ['oci: not an access token', OCI, payload('oci_client', { tok_type: 'IT' }), /tok_type/],
  ['github: another owner', GITHUB, payload('github_actions', { repository_owner_id: '9' }), /repository_owner_id/],
  ['kubernetes: a token of the old kind', KUBERNETES, payload('k8s_legacy'), /issuer_unknown/],
  ['the last slash', AUTH0, payload('auth0_user', { iss: 'https://acme.eu.auth0.com' }), /the last slash differs/],
];

for (const [name, issuer, claims, want, more] of BAD) test(`refused: ${name}`, async (t) => {
  const { code, text } = await judge(t, { issuer, claims, ...more });
  assert.equal(code, 1, text);
  assert.match(text, want);
});

const OPAQUE = [
  ['an opaque token of Auth0', AUTH0, 'hT9nq0_Zx-3kV1a', /token_malformed[^]*opaque[^]*Auth0: with the API's audience/],
  ['an access token of Google', GOOGLE, 'ya29.a0AfH6SMBx', /token_malformed[^]*only Google can read/],
];

for (const [name, issuer, token, want] of OPAQUE) test(`refused: ${name}`, async (t) => {
  const { code, stdout, stderr } = await run(['explain', '-c', configure(t, issuer), '-X', 'GET', '/m/1', '--token', token, '--at', AT]);
  assert.equal(code, 1, stdout + stderr);
  assert.match(stdout + stderr, want);
  assert.ok(!(stdout + stderr).includes(token), 'the token is not told');
});

const WRONG = [
  ['google without a condition', without(GOOGLE, 'require'), /\/hd, \/email or \/sub/],
  ['google by its short name', { ...without(GOOGLE, 'require'), issuer: 'accounts.google.com' }, /\/hd/],
  ['google as a generic issuer', { ...without(GOOGLE, 'require'), provider: 'generic' }, /\/hd/],
  ['google as an alias', { ...without(GOOGLE, 'require'), issuer: 'https://x.test', issuer_aliases: 'https://accounts.google.com' }, /\/hd/],
  ['a condition that takes any value', { ...GITHUB, require: { '/repository': [] } }, /\/repository_id/],
  ['a condition on something else', { ...GITHUB, require: { '/ref': 'refs/heads/main' } }, /\/repository_id/],
  ['gitlab.com without a condition', { ...GITLAB, issuer: 'https://gitlab.com' }, /\/project_id/],
  ['oci without a condition', without(OCI, 'require'), /\/client_tenantname/],
  ['cognito without a condition', without(COGNITO, 'require'), /require/],
  ['the org server of okta', { ...OKTA, issuer: 'https://example.okta.com' }, /only Okta can verify/],
  ['a template without tenants', without(ENTRA_MANY, 'tenants'), /needs "tenants"/],
  ['a tenant that is no GUID', { ...ENTRA_MANY, tenants: ['contoso'] }, /GUID/],
  ['a template with keys that are not the tenant\'s', { ...ENTRA_MANY, provider: 'generic' }, /must have \{tenantid\}, too/],
];

for (const [name, issuer, want] of WRONG) test(`check refuses ${name}`, async (t) => {
  const { code, stdout, stderr } = await run(['check', '-c', configure(t, issuer)]);
  assert.notEqual(code, 0);
  assert.match(stdout + stderr, want);
});

test('every page of the manual has a configuration that check accepts', async (t) => {
  const pages = fs.readdirSync(DOCS).filter((name) => name.endsWith('.md')).sort();
  assert.deepEqual(pages.map((name) => name.replace('.md', '')), ['auth0', 'cognito', 'entra', 'generic', 'github', 'gitlab', 'google', 'keycloak', 'kubernetes', 'oci', 'okta', 'ping']);
  for (const page of pages) {
    const blocks = [...fs.readFileSync(path.join(DOCS, page), 'utf8').matchAll(/^```yaml\n([^]*?)^```/gm)].map((match) => match[1]);
    assert.equal(blocks.length, 2, `${page}: postern.yaml and policy.yaml`);
    const dir = scratch(t);
    fs.writeFileSync(path.join(dir, 'postern.yaml'), blocks[0]);
    fs.writeFileSync(path.join(dir, 'policy.yaml'), blocks[1]);
    const { code, stdout, stderr } = await run(['check', '--offline', '-c', path.join(dir, 'postern.yaml')]);
    assert.equal(code, 0, `${page}: ${stdout}${stderr}`);
  }
});
