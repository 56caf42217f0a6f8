// SPDX-License-Identifier: Apache-2.0
// The Postman collection with the environment of Keycloak, run by Newman against a real one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeGate, scratch } from './harness/gate.mjs';
import { CA_FILE, demoConfig, demoPolicy, NEEDS_KEYCLOAK, REALM, SECRETS } from './harness/keycloak.mjs';
import { newman } from './harness/postman.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const client = (prefix, id) => ({ [`${prefix}client_id`]: id, [`${prefix}client_secret`]: fs.readFileSync(path.join(SECRETS, `${id}_secret`), 'utf8').trim() });

test('Newman runs the collection with Keycloak', NEEDS_KEYCLOAK, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await makeGate(t, { policy: demoPolicy() });
  gate.write('postern.yaml', demoConfig(gate, upstream.port));
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  await eventually(async () => (await gate.admin('/readyz')).json().issuers.find(({ issuer }) => issuer === 'keycloak').ready, 'the keys of Keycloak');
  const { code, text, run } = await newman(scratch(t), 'keycloak', {
    gate: `http://127.0.0.1:${gate.port}`,
    admin: `http://127.0.0.1:${gate.adminPort}`,
    issuer: REALM,
    token_url: `${REALM}/protocol/openid-connect/token`,
    ...client('', 'big_partner_company'),
    ...client('other_', 'small_partner_company'),
    ...client('short_', 'small_partner_company'),
    ...client('audience_', 'newsletter'),
  }, ['--ssl-extra-ca-certs', CA_FILE]);
  assert.equal(code, 0, text);
  assert.equal(run.stats.assertions.failed, 0);
  assert.ok(run.stats.assertions.total > 30, text);
});
