// SPDX-License-Identifier: Apache-2.0
// Libraries that other people wrote find the local issuer by discovery alone, take a token, verify it
// and go on when the signing key changes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { scratch } from './harness/gate.mjs';
import { callWith, issuerGate, known, tokenOf } from './harness/oauth.mjs';
import { AUDIENCE, environment, execute, NEEDS_NODE_20, verifies, withProgram, works, WRONG_AUDIENCE } from './harness/real_clients.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const CLIENTS = path.join(HERE, 'fixtures/clients');

const complaint = (error) => `${error.code} ${error.message}`;

/** createRemoteJWKSet as it is documented, but that it may ask again at once when a key is unknown. */
async function joseRounds(gate) {
  const metadata = await (await fetch(`${gate.issuer}/.well-known/openid-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { cooldownDuration: 0 });
  const verify = (token, audience) => jwtVerify(token, keys, { issuer: gate.issuer, audience, typ: 'at+jwt', algorithms: metadata.id_token_signing_alg_values_supported });

  return async () => {
    const token = await tokenOf(gate);
    const { protectedHeader } = await verify(token, AUDIENCE);
    return { kid: protectedHeader.kid, refused: await verify(token, WRONG_AUDIENCE).then(() => 'it was taken', complaint) };
  };
}

async function oauthRounds(gate, probe) {
  const oauth = await import('oauth4webapi');
  const insecure = { [oauth.allowInsecureRequests]: true };
  const client = { client_id: gate.partner.client_id };
  const secret = oauth.ClientSecretBasic(gate.partner.client_secret);
  const issuer = new URL(gate.issuer);
  const discover = async (algorithm) => oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure }));
  const verify = (as, token, audience) => oauth.validateJwtAccessToken(as, new Request('https://api.example/', { headers: { Authorization: `Bearer ${token}` } }), audience, insecure);
  const active = async (as, token) => {
    const asked = await oauth.introspectionRequest(as, { client_id: probe.client_id }, oauth.ClientSecretPost(probe.client_secret), token, insecure);
    return (await oauth.processIntrospectionResponse(as, { client_id: probe.client_id }, asked)).active;
  };

  return async () => {
    // It keeps a set of keys for a minute at least, with the metadata: hence both anew.
    const [as] = [await discover('oidc'), await discover('oauth2')];
    const granted = await oauth.processClientCredentialsResponse(as, client, await oauth.clientCredentialsGrantRequest(as, client, secret, { scope: 'a' }, insecure));
    const token = granted.access_token;
    assert.equal((await verify(as, token, AUDIENCE)).client_id, client.client_id);
    const refused = await verify(as, token, WRONG_AUDIENCE).then(() => 'it was taken', (error) => `${complaint(error)} ${error.cause?.claim}`);
    assert.equal(await active(as, token), true);
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, secret, token, insecure));
    assert.equal(await active(as, token), false);
    assert.equal((await callWith(gate, token)).status, 401);
    return { kid: JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid, refused };
  };
}

/** The first Python that has it: Debian's is not always the first one in the path. */
async function pythonWith(module) {
  for (const python of ['python3', '/usr/bin/python3']) if (await works(python, ['-c', module])) return python;
  return null;
}

/** By Debian's compiler, which brings its standard library compiled, from Debian's sources. */
async function goProgram() {
  const go = '/usr/bin/go';
  const sources = '/usr/share/gocode';
  if (!fs.existsSync(go) || !fs.existsSync(`${sources}/src/github.com/coreos/go-oidc`)) return { why: 'golang-github-coreos-go-oidc-dev is not installed' };
  const program = path.join(scratch(), 'verify');
  const env = { ...process.env, GOROOT: '', GO111MODULE: 'off', GOPATH: sources, GOFLAGS: '' };
  await execute(go, ['build', '-o', program, path.join(CLIENTS, 'verify.go')], { env });
  return { command: [program] };
}

const SPRING = path.join(CLIENTS, 'spring');

/** Its libraries are fetched once for each pom.xml. */
async function springProgram() {
  if (!(await works('javac', ['-version']))) return { why: 'default-jdk-headless is not installed' };
  if (!(await works('mvn', ['-version']))) return { why: 'maven is not installed' };
  const dir = path.join(HERE, '../../build/spring');
  const pom = path.join(SPRING, 'pom.xml');
  const kept = path.join(dir, 'pom.xml');
  if (!fs.existsSync(kept) || !fs.readFileSync(kept).equals(fs.readFileSync(pom))) {
    fs.rmSync(dir, { recursive: true, force: true });
    const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    if (!(await works('mvn', ['-B', '-q', '--strict-checksums', '-f', pom, copy, `-DoutputDirectory=${dir}`]))) return { why: 'Maven cannot fetch Spring Security' };
    fs.copyFileSync(pom, kept);
  }
  return { command: ['java', '-XX:TieredStopAtLevel=1', '-cp', `${dir}/*`, path.join(SPRING, 'Verify.java')] };
}

const PROGRAMS = {
  'PyJWT: PyJWKClient': async () => {
    const python = await pythonWith('from jwt import PyJWKClient');
    return python ? { command: [python, path.join(CLIENTS, 'verify.py')] } : { why: 'python3-jwt is not installed' };
  },
  Authlib: async () => {
    const python = await pythonWith('import authlib, requests');
    return python ? { command: [python, path.join(CLIENTS, 'authlib_client.py')], env: { AUTHLIB_INSECURE_TRANSPORT: '1' } } : { why: 'python3-authlib is not installed' };
  },
  'go-oidc': goProgram,
  'Spring Security': springProgram,
};

for (const endpoints of ['', '/auth']) {
  test(`clients of an issuer at "${endpoints}/"`, async (t) => {
    const gate = await issuerGate(t, { endpoints });
    const probe = await known(gate, await gate.addClient('probe', '--role', 'introspection'));

    await t.test('jose', async () => verifies(gate, await joseRounds(gate)));
    await t.test('oauth4webapi', { skip: NEEDS_NODE_20 }, async () => verifies(gate, await oauthRounds(gate, probe)));
    for (const [name, find] of Object.entries(PROGRAMS)) {
      await t.test(name, async (t) => {
        const { command, env, why } = await find();
        if (why) return t.skip(why);
        await withProgram(command, { env: { ...environment(gate, probe), ...env } }, (round) => verifies(gate, round));
      });
    }
  });
}

test('docs/callers.md has the versions that are tried here', () => {
  const page = fs.readFileSync(path.join(HERE, '../../docs/callers.md'), 'utf8');
  const { devDependencies } = JSON.parse(fs.readFileSync(path.join(HERE, 'package.json'), 'utf8'));
  for (const name of ['jose', 'oauth4webapi', 'openid-client', '@modelcontextprotocol/sdk']) assert.ok(page.includes(`| ${name} (npm) | ${devDependencies[name]} |`), name);
  const spring = new Set([...fs.readFileSync(path.join(SPRING, 'pom.xml'), 'utf8').matchAll(/<artifactId>spring-security-.*\s*<version>(.*)<\/version>/g)].map(([, version]) => version));
  assert.deepEqual([...spring].filter((version) => page.includes(`| Spring Security | ${version} |`)), [...spring]);
  assert.equal(spring.size, 1);
});
