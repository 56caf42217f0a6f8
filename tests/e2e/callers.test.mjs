// SPDX-License-Identifier: Apache-2.0
// docs/callers.md with the local issuer: every example that can run here, as it stands on the page.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { blocks, everyCaller, inShell } from './harness/callers.mjs';
import { startGate } from './harness/gate.mjs';
import { basic, FORM, GRANT, known } from './harness/oauth.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

test('docs/callers.md', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url,
    policy: blocks('file')['policy.yaml'],
    config: (self) => ({ local_issuer: { issuer: `http://127.0.0.1:${self.port}`, audience: 'api://local' } }),
  });
  gate.endpoints = '';
  const api = `http://127.0.0.1:${gate.port}`;
  const PASSWORD = 'correct horse: battery';
  const caller = { cwd: gate.dir, env: { API: api, TOKEN_URL: `${api}/oauth/token`, PASSWORD }, reason: 'privilege_missing' };

  await t.test('the client and the user are made', async () => {
    fs.writeFileSync(path.join(gate.dir, 'password.txt'), `${PASSWORD}\n`);
    await inShell('prepare', caller);
    const text = fs.readFileSync(path.join(gate.dir, 'client.env'), 'utf8');
    for (const name of ['CLIENT_ID', 'CLIENT_SECRET']) caller.env[name] = text.match(new RegExp(`^${name}=(\\S+)$`, 'm'))[1];
    await known(gate, { client_id: caller.env.CLIENT_ID, client_secret: caller.env.CLIENT_SECRET });
    const asAnna = () => gate.ask({ target: '/customer/1', headers: { Authorization: basic('anna', PASSWORD) } });
    await eventually(async () => (await asAnna()).status === 200, 'the user is known');
  });
  await everyCaller(t, caller);

  // What apex_web_service sends for the page's PL/SQL: there is no Oracle database to run it in.
  await t.test('PL/SQL: its requests', async () => {
    const sent = { 'User-Agent': 'Oracle-HTTP/1.1', Accept: '*/*' };
    const got = await gate.ask({
      method: 'POST', target: '/oauth/token', body: GRANT,
      headers: { ...sent, 'Content-Type': FORM, Authorization: basic(caller.env.CLIENT_ID, caller.env.CLIENT_SECRET) },
    });
    assert.equal(got.status, 200, got.text);
    const call = (target, Authorization) => gate.ask({ target, headers: { ...sent, Authorization } });
    const bearer = `Bearer ${got.json().access_token}`;
    assert.equal((await call('/customer/1', bearer)).status, 200);
    const refused = await call('/salary/1', bearer);
    assert.equal(refused.get('content-type'), 'application/problem+json');
    assert.deepEqual([refused.status, refused.json().reason], [403, 'privilege_missing']);
    assert.equal((await call('/customer/1', basic('anna', PASSWORD))).status, 200);
  });
  await t.test('a wrong secret gives no token, in any of them', async (t) => {
    const wrong = { ...caller, env: { ...caller.env, CLIENT_SECRET: 'wrong' } };
    for (const step of ['curl-token', 'curl-form']) {
      await t.test(step, async () => assert.equal(await inShell(step, { ...wrong, after: '\necho "$TOKEN"\n' }), ''));
    }
  });
});
