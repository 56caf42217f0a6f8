// SPDX-License-Identifier: Apache-2.0
// The Postman collection, run by Newman against a live gate, and what the files themselves promise.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { scratch, startGate } from './harness/gate.mjs';
import { COLLECTION, newman, POSTMAN } from './harness/postman.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const collection = JSON.parse(fs.readFileSync(COLLECTION, 'utf8'));
const requests = (items) => items.flatMap((item) => (item.item ? requests(item.item) : [item]));

test('the collection and its environments', async (t) => {
  await t.test('is of version 2.1', () => assert.match(collection.info.schema, /v2\.1\.0/));
  await t.test('every request has a description and a test that asserts', () => {
    for (const { name, request, event } of requests(collection.item)) {
      assert.ok(request.description?.length > 10, name);
      const tests = event.filter((one) => one.listen === 'test').flatMap((one) => one.script.exec).join('\n');
      assert.match(tests, /pm\.test\(/, name);
    }
  });
  await t.test('the collection can get a token by itself in Postman', () => {
    const auth = Object.fromEntries(collection.auth.oauth2.map(({ key, value }) => [key, value]));
    assert.equal(auth.grant_type, 'client_credentials');
    assert.equal(auth.accessTokenUrl, '{{token_url}}');
  });
  for (const name of ['local', 'keycloak']) {
    await t.test(`${name}: secrets are typed as secret, and empty`, () => {
      const { values } = JSON.parse(fs.readFileSync(path.join(POSTMAN, `${name}.postman_environment.json`), 'utf8'));
      const secrets = values.filter(({ key }) => /secret/.test(key));
      assert.ok(secrets.length >= 4);
      for (const { key, type, value } of secrets) assert.deepEqual({ type, value }, { type: 'secret', value: '' }, key);
    });
  }
});

/** The gate that postman/README.md describes. */
async function localGate(t) {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url,
    config: (made) => ({
      local_issuer: { issuer: `http://127.0.0.1:${made.port}`, audience: 'api://local', resources: ['api://other'] },
    }),
    policy: {
      roles: { customer_api_role: {}, introspection: {} },
      privileges: { customer_api_priv: { paths: ['/customer/*'], roles: ['customer_api_role'] } },
    },
  });
  const clients = {};
  for (const [name, ...options] of [
    ['client', '--role', 'customer_api_role', '--role', 'introspection'],
    ['other'],
    ['short', '--role', 'customer_api_role', '--token-lifetime', '1s'],
    ['audience', '--role', 'customer_api_role'],
  ]) {
    const made = await gate.addClient(name, ...options);
    clients[`${name}_client_id`] = made.client_id;
    clients[`${name}_client_secret`] = made.client_secret;
  }
  const { client_client_id: client_id, client_client_secret: client_secret, ...others } = clients;
  const url = `http://127.0.0.1:${gate.port}`;
  return { gate, upstream, values: { gate: url, admin: `http://127.0.0.1:${gate.adminPort}`, issuer: url, token_url: `${url}/oauth/token`, client_id, client_secret, ...others } };
}

test('Newman runs it with the local issuer', async (t) => {
  const { values } = await localGate(t);
  const { code, text, run } = await newman(scratch(t), 'local', values);
  assert.equal(code, 0, text);
  assert.equal(run.stats.assertions.failed, 0);
  assert.equal(run.stats.requests.failed, 0);
  assert.ok(run.stats.assertions.total >= requests(collection.item).length, text);
});

test('with a wrong secret it fails', async (t) => {
  const { values } = await localGate(t);
  const { code } = await newman(scratch(t), 'local', { ...values, client_secret: 'wrong' });
  assert.notEqual(code, 0);
});
