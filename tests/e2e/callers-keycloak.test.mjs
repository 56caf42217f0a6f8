// SPDX-License-Identifier: Apache-2.0
// docs/callers.md with a real Keycloak: the same examples, where only the token URL is another.
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { everyCaller } from './harness/callers.mjs';
import { makeGate } from './harness/gate.mjs';
import { CA_FILE, demoConfig, demoPolicy, NEEDS_KEYCLOAK, REALM, SECRETS, token } from './harness/keycloak.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

test('docs/callers.md with Keycloak', NEEDS_KEYCLOAK, async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await makeGate(t, { policy: demoPolicy() });
  gate.write('postern.yaml', demoConfig(gate, upstream.port));
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  const bearer = { Authorization: `Bearer ${await token('big_partner_company')}` };
  await eventually(async () => (await gate.ask({ target: '/customer/1', headers: bearer })).status === 200, 'the keys of Keycloak');

  // Its certificate's authority is our own: each tool has its way to be told of it.
  const trust = { CURL_CA_BUNDLE: CA_FILE, REQUESTS_CA_BUNDLE: CA_FILE, SSL_CERT_FILE: CA_FILE, NODE_EXTRA_CA_CERTS: CA_FILE, NODE_OPTIONS: '--dns-result-order=ipv4first' };
  await everyCaller(t, {
    cwd: gate.dir,
    reason: 'no_rule',
    env: {
      API: `http://127.0.0.1:${gate.port}`,
      TOKEN_URL: `${REALM}/protocol/openid-connect/token`,
      CLIENT_ID: 'big_partner_company',
      CLIENT_SECRET: fs.readFileSync(path.join(SECRETS, 'big_partner_company_secret'), 'utf8').trim(),
      ...trust,
    },
  });
});
