// SPDX-License-Identifier: Apache-2.0
// What the language of policy.yaml says: the gate, `explain` and `test` read it alike.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { issuerGate, tokenOf } from './harness/oauth.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');

/** A gate with this policy in front of an upstream that answers everything. */
async function start(t, policy, more = {}) {
  const upstream = await recordingUpstream(t);
  return startGate(t, { policy, upstream: upstream.url, files: { 'keys.json': keySet(key), ...more.files }, config: { issuers: fileIssuer(), ...more.config } });
}

/** Each row, [claims, request, expected reason]: the gate, `explain` and `test` say the same. */
async function alike(gate, rows) {
  const cases = rows.map(([claims, request, expect], i) => ({ name: `row ${i}`, caller: claims ? { issuer: 'idp', claims } : 'anonymous', request, expect: expect === 'ok' ? 'allow' : expect }));
  for (const [claims, request, expect] of rows) {
    const [method, target] = request.split(' ');
    const headers = claims ? [`Authorization: Bearer ${await sign(key, { scope: undefined, ...claims })}`] : [];
    for (const again of ['first', 'again, from the cache']) {
      const got = await gate.ask({ method, target, headers });
      assert.equal(got.status === 200 ? 'ok' : JSON.parse(got.text).reason, expect, `${JSON.stringify(claims)} ${request}, ${again}: ${got.text}`);
    }
    const token = claims ? ['--token', headers[0].split(' ')[2]] : [];
    const told = await run(['explain', '-c', gate.file, '--json', '-X', method, target, ...token]);
    assert.equal(JSON.parse(told.stdout).reason, expect, `explain ${JSON.stringify(claims)} ${request}: ${told.stdout}`);
  }
  gate.write('cases.yaml', { cases });
  const done = await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
  assert.equal(done.code, 0, done.stdout + done.stderr);
}

const explain = async (gate, claims, target) => {
  gate.write('claims.json', claims);
  return (await run(['explain', '-c', gate.file, '-X', 'GET', target, '--issuer', 'idp', '--claims', path.join(gate.dir, 'claims.json')])).stdout;
};

test('lists of which all must hold, and scopes by prefix', async (t) => {
  const gate = await start(t, {
    roles: {
      both: { granted_to: [{ issuer: 'idp', scope: ['a', 'b'] }, { issuer: 'idp', group: ['g', 'h'], role: ['r', 's'] }] },
      orders: { granted_to: [{ issuer: 'idp', scope: 'orders:*' }] },
    },
    privileges: { both: { paths: ['/both'], roles: ['both'] }, orders: { paths: ['/orders'], roles: ['orders'] }, own: { paths: ['/own'], scopes: ['files.*'] } },
  });

  await alike(gate, [
    [{ scope: 'a b' }, 'GET /both', 'ok'],
    [{ scope: 'b c a' }, 'GET /both', 'ok'],
    [{ scope: 'a' }, 'GET /both', 'privilege_missing'],
    [{ scope: 'ab' }, 'GET /both', 'privilege_missing'],
    [{ groups: ['g', 'h'], roles: ['s', 'r'] }, 'GET /both', 'ok'],
    [{ groups: ['g', 'h'], roles: ['s'] }, 'GET /both', 'privilege_missing'],
    [{ groups: ['g', 'h', 'r', 's'] }, 'GET /both', 'privilege_missing'],
    [{ scope: 'a', groups: ['b'] }, 'GET /both', 'privilege_missing'],
    [{ scope: 'orders:read' }, 'GET /orders', 'ok'],
    [{ scope: 'orders:' }, 'GET /orders', 'privilege_missing'],
    [{ scope: 'orders' }, 'GET /orders', 'privilege_missing'],
    [{ scope: 'Orders:read' }, 'GET /orders', 'privilege_missing'],
    [{ scope: 'files.read' }, 'GET /own', 'ok'],
    [{ scope: 'files:read' }, 'GET /own', 'scope_missing'],
    [{ scope: '*' }, 'GET /own', 'scope_missing'],
    [null, 'GET /own', 'credentials_missing'],
  ]);

  const told = await explain(gate, { scope: 'a' }, '/both');
  assert.match(told, /to issuer idp, scope a and b: fails on scope b, found "a"/);
  assert.match(told, /to issuer idp, group g and h, role r and s: fails on group g, found nothing/);
  const { headers } = await gate.ask({ target: '/own', headers: [`Authorization: Bearer ${await sign(key, { scope: 'x' })}`] });
  assert.ok(!JSON.stringify(headers).includes('files.*'), 'nobody is told to ask for a prefix');
});

test('a star inside a segment, and names', async (t) => {
  const gate = await start(t, {
    roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] }, boss: { granted_to: [{ issuer: 'idp', scope: 'boss' }] } },
    privileges: {
      all: { paths: ['/reports/*'], roles: ['boss'] },
      pdf: { paths: ['/reports/*.pdf'], roles: ['reader'] },
      year: { paths: ['/reports/2026*.pdf'], roles: ['boss'] },
      submit: { paths: ['/items/*:submit'], methods: ['POST'], roles: ['reader'] },
      item: { paths: ['/items/{id}'], methods: ['GET'], roles: ['reader'] },
    },
    public: ['/hls/*.m4s'],
  });
  const [reader, boss] = [{ scope: 'read' }, { scope: 'boss' }];

  await alike(gate, [
    [reader, 'GET /reports/a.pdf', 'ok'],
    [reader, 'GET /reports/a%2Epdf', 'ok'],
    [reader, 'GET /reports/.pdf', 'ok'],
    [reader, 'GET /reports/a.pdf?x=.txt', 'ok'],
    [reader, 'GET /reports/a.txt?x=.pdf', 'privilege_missing'],
    [reader, 'GET /reports/a.txt/b.pdf', 'privilege_missing'],
    [reader, 'GET /reports/a.pdf/b', 'privilege_missing'],
    [reader, 'GET /reports/a.txt%2Fb.pdf', 'path_ambiguous'],
    [reader, 'GET /reports/a.txt;b.pdf', 'path_ambiguous'],
    [reader, 'GET /reports/a.txt%00.pdf', 'path_ambiguous'],
    [reader, 'GET /reports/a.PDF', 'privilege_missing'],
    [reader, 'GET /reports/2026-1.pdf', 'privilege_missing'],
    [reader, 'GET /reports/%32026.pdf', 'privilege_missing'],
    [boss, 'GET /reports/2026.pdf', 'ok'],
    [boss, 'GET /reports/a.pdf', 'privilege_missing'],
    [reader, 'POST /items/1:submit', 'ok'],
    [reader, 'POST /items/1%3Asubmit', 'ok'],
    [reader, 'GET /items/1', 'ok'],
    [reader, 'GET /items/1/', 'ok'],
    [reader, 'GET /items/1:submit', 'method_not_granted'],
    [reader, 'GET /items', 'no_rule'],
    [reader, 'GET /items/1/x', 'no_rule'],
    [null, 'GET /hls/seg-1.m4s', 'ok'],
    [null, 'GET /hls/seg-1.m4s/x', 'no_rule'],
  ]);
});

test('match: a claim is the segment of the path', async (t) => {
  const tenants = { paths: ['/tenants/{tenant}/*'], roles: ['member'], match: { tenant: '/tid' } };
  const gate = await start(t, {
    roles: { member: { granted_to: [{ issuer: 'idp' }, { client: 'robot' }, { user: 'ann' }] } },
    modules: { mild: { paths: ['/mild/{tenant}/*'], path_allow: ['semicolon', 'encoded_delimiters', 'trailing_dot', 'encoded_percent'] } },
    privileges: { tenants, mild: { modules: ['mild'], match: { tenant: '/tid' } }, trial: { paths: ['/trial/{t}'], shadow: true, match: { t: '/tid' } }, both: { paths: ['/both/{org}/{user}'], match: { org: '/org/id', user: '/sub' } } },
  });
  const [acme, ACME] = [{ tid: 'acme' }, { tid: 'ACME' }];

  await alike(gate, [
    [acme, 'GET /tenants/acme/x', 'ok'],
    [acme, 'GET /tenants/acme', 'ok'],
    [acme, 'GET /tenants/%61cme/x', 'ok'],
    [acme, 'GET /tenants/other/x', 'claim_mismatch'],
    [acme, 'GET /tenants/ACME/x', 'claim_mismatch'],
    [ACME, 'GET /tenants/acme/x', 'claim_mismatch'],
    [ACME, 'GET /tenants/ACME/x', 'ok'],
    [{}, 'GET /tenants/acme/x', 'claim_mismatch'],
    [{ tid: ['b', 'acme'] }, 'GET /tenants/acme/x', 'ok'],
    [{ tid: 7 }, 'GET /tenants/7/x', 'ok'],
    [{ tid: true }, 'GET /tenants/true/x', 'claim_mismatch'],
    [{ tid: '*' }, 'GET /tenants/acme/x', 'claim_mismatch'],
    [{ tid: 'acme' }, 'GET /tenants/acme%20/x', 'path_ambiguous'],
    [{ tid: 'acme' }, 'GET /tenants/other/../acme/x', 'path_ambiguous'],
    [acme, 'GET /mild/acme/x', 'ok'],
    [acme, 'GET /mild/acme;other/x', 'claim_mismatch'],
    [acme, 'GET /mild/acme%2Fother/x', 'claim_mismatch'],
    [acme, 'GET /mild/acme./x', 'claim_mismatch'],
    [{ tid: 'a%2Bb' }, 'GET /mild/a%252Bb/x', 'ok'],
    [{ tid: 'a+b' }, 'GET /mild/a%252Bb/x', 'claim_mismatch'],
    [acme, 'GET /trial/other', 'ok'],
    [{ sub: 'alice', org: { id: 5 } }, 'GET /both/5/alice', 'ok'],
    [{ sub: 'alice', org: { id: 5 } }, 'GET /both/alice/5', 'claim_mismatch'],
    [null, 'GET /tenants/acme/x', 'credentials_missing'],
  ]);

  const told = await explain(gate, { tid: ['a', 'b'] }, '/tenants/acme/x');
  assert.match(told, /^match: +\{tenant\} "acme", claim \/tid "a", "b"$/m);
  assert.match(told, /needs the claim \/tid to be the segment \{tenant\} of the path, \\"acme\\"/);
  const line = await gate.line((one) => one.path === '/trial/other');
  assert.equal(line.shadow_reason, 'claim_mismatch');

  // Two callers, turn by turn, on the same connections and in the same cache: nobody gets the other's.
  const tokens = { acme: await sign(key, { scope: undefined, tid: 'acme' }), other: await sign(key, { scope: undefined, tid: 'other' }) };
  for (let round = 0; round < 20; round++) {
    for (const [tenant, token] of Object.entries(tokens)) {
      for (const path of ['acme', 'other']) {
        const got = await gate.ask({ target: `/tenants/${path}/${round}`, headers: [`Authorization: Bearer ${token}`] });
        assert.equal(got.status, path === tenant ? 200 : 403, `${tenant} asks for ${path}`);
      }
    }
  }

  // Another claim in the same policy, while it runs.
  gate.write('policy.yaml', { roles: { member: { granted_to: [{ issuer: 'idp' }] } }, privileges: { tenants: { ...tenants, match: { tenant: '/sub' } } } });
  gate.signal('SIGHUP');
  await eventually(async () => (await gate.ask({ target: '/tenants/alice/x', headers: [`Authorization: Bearer ${tokens.acme}`] })).status === 200, 'the new policy');
  assert.equal((await gate.ask({ target: '/tenants/acme/x', headers: [`Authorization: Bearer ${tokens.acme}`] })).status, 403);
});

test('match: tokens of the local issuer, users and cases without a token', async (t) => {
  const gate = await issuerGate(t, {
    policy: {
      roles: { reader: { granted_to: [{ issuer: 'local' }] } },
      privileges: { tenants: { paths: ['/tenants/{tenant}/*'], roles: ['reader'], match: { tenant: '/client_id' } } },
    },
    config: { issuers: fileIssuer() }, files: { 'keys.json': keySet(key) },
  });
  const token = await tokenOf(gate);
  const id = JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).client_id;
  const ask = async (path) => (await gate.ask({ target: `/tenants/${path}/x`, headers: [`Authorization: Bearer ${token}`] })).json();

  assert.equal((await ask(id)).reason, undefined);
  assert.equal((await ask(`${id}0`)).reason, 'claim_mismatch');
  gate.write('cases.yaml', { cases: [
    { name: 'client', caller: { client: 'robot', claims: { client_id: 'robot' } }, request: 'GET /tenants/robot/x', expect: 'allow' },
    { name: 'another', caller: { client: 'robot' }, request: 'GET /tenants/other/x', expect: 'claim_mismatch' },
    { name: 'roles', caller: { roles: ['reader'] }, request: 'GET /tenants/robot/x', expect: 'claim_mismatch' },
    { name: 'user', caller: { user: 'ann', roles: ['reader'] }, request: 'GET /tenants/ann/x', expect: 'claim_mismatch' },
  ] });
  const done = await run(['test', '-c', gate.file, path.join(gate.dir, 'cases.yaml')]);
  assert.equal(done.code, 0, done.stdout + done.stderr);
});

test('several policy files', async (t) => {
  const roles = { roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } } };
  const a = { privileges: { a: { paths: ['/a/*'], roles: ['reader'] } }, public: ['/open/*'] };
  const gate = await start(t, { public: ['/unused'] }, { files: { '10-roles.yaml': roles, '20-a.yaml': a, '.hidden.yaml': '{', '20-a.yaml~': '{' }, config: { issuers: fileIssuer(), policy: '*0-*.yaml' } });
  const reader = { scope: 'read' };

  await alike(gate, [
    [reader, 'GET /a/x', 'ok'],
    [{ scope: 'none' }, 'GET /a/x', 'privilege_missing'],
    [null, 'GET /open/x', 'ok'],
    [null, 'GET /unused', 'no_rule'],
    [reader, 'GET /b/x', 'no_rule'],
  ]);

  // A file that comes counts, without a signal; what it says at once with another is a mistake.
  gate.write('30-b.yaml', { privileges: { b: { paths: ['/b/*'], roles: ['reader'] } } });
  const token = await sign(key, reader);
  const status = async (target) => (await gate.ask({ target, headers: [`Authorization: Bearer ${token}`] })).status;
  await eventually(async () => (await status('/b/x')) === 200, 'the file that came');
  gate.write('40-c.yaml', { privileges: { c: { paths: ['/a/*'], roles: ['reader'] }, b: { paths: ['/c'] } } });
  const done = await run(['check', '-c', gate.file]);
  assert.equal(done.code, 1);
  assert.match(done.stdout + done.stderr, /40-c\.yaml:\d+:\d+: \/privileges\/c\/paths\/0: privilege "a" already has the same path for every method \(\S*20-a\.yaml:\d+\)/);
  assert.match(done.stdout + done.stderr, /40-c\.yaml:\d+:\d+: \/privileges\/b: is also in \S*30-b\.yaml:\d+/);
  const reload = await gate.admin('/reload', { method: 'POST' });
  assert.equal(reload.status, 422);
  assert.equal(await status('/b/x'), 200);

  // Without any file there is no policy.
  gate.write('postern.yaml', { ...gate.config, policy: 'nothing-*.yaml' });
  const none = await run(['check', '-c', gate.file]);
  assert.notEqual(none.code, 0);
  assert.match(none.stdout + none.stderr, /nothing-\*\.yaml: no file matches/);
});

test('case_sensitive: false', async (t) => {
  const gate = await start(t, {
    roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] }, boss: { granted_to: [{ issuer: 'idp', scope: 'boss' }] } },
    modules: { iis: { paths: ['/Api/*'], case_sensitive: false }, rest: { paths: ['/rest/*'] } },
    privileges: { api: { modules: ['iis'], roles: ['reader'] }, admin: { paths: ['/api/ADMIN/*'], roles: ['boss'] }, mine: { paths: ['/api/t/{t}'], match: { t: '/tid' } }, rest: { modules: ['rest'], roles: ['reader'] } },
  });
  const reader = { scope: 'read' };

  await alike(gate, [
    [reader, 'GET /api/x', 'ok'],
    [reader, 'GET /API/X', 'ok'],
    [reader, 'GET /api/admin', 'privilege_missing'],
    [reader, 'GET /api/Admin/x', 'privilege_missing'],
    [reader, 'GET /%41pi/%61dmin/x', 'privilege_missing'],
    [{ scope: 'boss' }, 'GET /aPi/aDmin', 'ok'],
    [reader, 'GET /api/adm%C4%B1n', 'path_ambiguous'],
    [reader, 'GET /api/%EF%BC%A1dmin', 'path_ambiguous'],
    [reader, 'GET /%EF%BD%81pi/admin', 'path_ambiguous'],
    [reader, 'GET /api/%C3%A9', 'ok'],
    [{ tid: 'a' }, 'GET /API/T/a', 'ok'],
    [{ tid: 'a' }, 'GET /api/t/A', 'claim_mismatch'],
    [reader, 'GET /rest/x', 'ok'],
    [reader, 'GET /Rest/x', 'no_rule'],
    [reader, 'GET /rest/%C5%BF', 'ok'],
  ]);
});

test('match in the next policy, which asks for other claims', async (t) => {
  const roles = { member: { granted_to: [{ issuer: 'idp' }] } };
  const live = { roles, privileges: { p: { paths: ['/t/{t}'], roles: ['member'], match: { t: '/tid' } } } };
  const next = { roles, privileges: { p: { paths: ['/t/{t}'], roles: ['member'], match: { t: '/sub' } }, q: { paths: ['/q/{a}/{b}/{c}'], match: { a: '/a', b: '/b', c: '/tid' } } } };
  const gate = await start(t, live, { files: { 'next.yaml': next }, config: { issuers: fileIssuer(), policy_next: 'next.yaml' } });
  const token = await sign(key, { tid: 'acme', a: '1', b: '2' });
  const rows = [['/t/acme', 200, 'would_refuse'], ['/t/alice', 403, 'would_allow'], ['/q/1/2/acme', 403, 'would_allow'], ['/q/1/3/acme', 403, undefined]];

  for (const again of [1, 2]) {
    for (const [target, status, verdict] of rows) {
      const got = await gate.ask({ target, headers: [`Authorization: Bearer ${token}`] });
      assert.equal(got.status, status, `${target} ${again}`);
      const line = await gate.line((one) => one.request_id === got.get('x-request-id'));
      assert.equal(line.policy_next, verdict, `${target} ${again}`);
    }
  }
});
