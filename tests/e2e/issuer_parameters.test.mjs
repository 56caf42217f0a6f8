// SPDX-License-Identifier: Apache-2.0
// Every parameter of the three endpoints: missing, doubled, empty, huge, badly encoded. None of it
// gives a token, ends one, or tells of one, and none is answered by chance.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertOauthError, basic, callWith, form, FORM, GRANT, issuerGate, post, tokenOf } from './harness/oauth.mjs';
import { expectRefusal } from './harness/refusal.mjs';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const HUGE = 'x'.repeat(60000);

/** What is wrong with the bytes themselves is invalid_request whatever the parameter's name is. */
const BROKEN = {
  'doubled': (name, value) => `${name}=${encodeURIComponent(value)}&${name}=${encodeURIComponent(value)}`,
  'doubled, once encoded': (name, value) => `${name}=${encodeURIComponent(value)}&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=${encodeURIComponent(value)}`,
  'doubled, once empty': (name, value) => `${name}=&${name}=${encodeURIComponent(value)}`,
  'with a percent sign alone': (name) => `${name}=%`,
  'with a percent sign and one digit': (name) => `${name}=%2`,
  'with digits that are none': (name) => `${name}=%zz`,
  'with a NUL': (name) => `${name}=a%00b`,
  'with bytes that are no UTF-8': (name) => `${name}=%ff%fe`,
  'with an overlong slash': (name) => `${name}=%c0%af`,
  'with a surrogate': (name) => `${name}=%ed%a0%80`,
  'with a raw space': (name) => `${name}=a b`,
  'with a raw newline': (name) => `${name}=a\nb`,
  'with raw UTF-8': (name) => `${name}=é`,
};

/** Each parameter that an endpoint knows, a value that is good for it, and the others beside it. */
const ENDPOINTS = {
  '/oauth/token': { grant_type: 'client_credentials', scope: 'a', resource: 'api://local', audience: 'api://local', client_id: null, client_secret: 'x', client_assertion: 'x', client_assertion_type: JWT_BEARER },
  '/oauth/revoke': { token: 'x', token_type_hint: 'access_token', client_id: null, client_secret: 'x', client_assertion: 'x', client_assertion_type: JWT_BEARER },
  '/oauth/introspect': { token: 'x', token_type_hint: 'access_token', client_id: null, client_secret: 'x', client_assertion: 'x', client_assertion_type: JWT_BEARER },
};
const REQUIRED = { '/oauth/token': GRANT, '/oauth/revoke': 'token=x', '/oauth/introspect': 'token=x' };
/** Whose empty value is as if they were not there, and what then happens. */
const AUTHENTICATION = ['client_secret', 'client_assertion', 'client_assertion_type'];

test('parameters', async (t) => {
  const gate = await issuerGate(t);
  const probe = await gate.addClient('probe', '--role', 'introspection');
  const beside = (target, name) => (REQUIRED[target].startsWith(`${name}=`) ? '' : `${REQUIRED[target]}&`);
  const ask = (target, body) => post(gate, target, body, { client: target === '/oauth/introspect' ? probe : gate.partner });
  await tokenOf(gate);

  for (const [target, parameters] of Object.entries(ENDPOINTS)) {
    for (const [name, good] of Object.entries(parameters)) {
      const value = good ?? (target === '/oauth/introspect' ? probe : gate.partner).client_id;
      for (const [how, broken] of Object.entries(BROKEN)) {
        await t.test(`${target}: ${name} ${how}`, async () => {
          assertOauthError(await ask(target, beside(target, name) + broken(name, value)), 400, 'invalid_request');
        });
      }
      await t.test(`${target}: ${name} empty is ${name} left out`, async () => {
        const got = await ask(target, `${beside(target, name)}${name}=`);
        if (beside(target, name) === '') assertOauthError(got, 400, 'invalid_request');
        else assert.equal(got.status, 200, got.text);
      });
      await t.test(`${target}: ${name} huge`, async () => {
        const got = await ask(target, `${beside(target, name)}${name}=${HUGE}`);
        if (name.startsWith('token')) assert.equal(got.status, 200, got.text);
        else if (name === 'grant_type') assertOauthError(got, 400, 'unsupported_grant_type');
        else if (name === 'scope') assertOauthError(got, 400, 'invalid_scope');
        else if (name === 'resource' || name === 'audience') assertOauthError(got, 400, 'invalid_target');
        else assertOauthError(got, 400, 'invalid_request'); // a second way to authenticate
      });
      if (AUTHENTICATION.includes(name)) {
        await t.test(`${target}: ${name} beside Basic`, async () => {
          assertOauthError(await ask(target, `${beside(target, name)}${form({ [name]: value })}`), 400, 'invalid_request');
        });
      }
    }

    await t.test(`${target}: nothing at all`, async () => assertOauthError(await ask(target, ''), 400, 'invalid_request'));
    await t.test(`${target}: a name and no value`, async () => assertOauthError(await ask(target, REQUIRED[target].split('=')[0]), 400, 'invalid_request'));
    await t.test(`${target}: a value and no name`, async () => assertOauthError(await ask(target, `${REQUIRED[target]}&=x`), 400, 'invalid_request'));
    await t.test(`${target}: 65 parameters`, async () => {
      const many = Array.from({ length: 64 }, (_, i) => `p${i}=1`).join('&');
      assertOauthError(await ask(target, `${REQUIRED[target]}&${many}`), 400, 'invalid_request');
    });
    await t.test(`${target}: 64 parameters`, async () => {
      const many = Array.from({ length: 63 }, (_, i) => `p${i}=1`).join('&');
      assert.equal((await ask(target, `${REQUIRED[target]}&${many}`)).status, 200);
    });
    await t.test(`${target}: more than 64 KiB`, async () => {
      await expectRefusal(gate, await ask(target, `${REQUIRED[target]}&x=${'a'.repeat(70000)}`), 'body_too_large');
    });
    await t.test(`${target}: in the query`, async () => {
      assertOauthError(await ask(`${target}?${REQUIRED[target]}`, REQUIRED[target]), 400, 'invalid_request');
    });
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', `${FORM}; charset=utf-16`, `${FORM}, text/plain`]) {
      await t.test(`${target}: as ${type}`, async () => {
        const headers = { 'Content-Type': type };
        assertOauthError(await post(gate, target, REQUIRED[target], { headers }), 400, 'invalid_request');
      });
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      await t.test(`${target}: ${method}`, async () => {
        const got = await gate.ask({ method, target });
        assert.equal(got.status, 405);
        assert.equal(got.get('allow'), 'POST');
      });
    }
    await t.test(`${target}: nobody`, async () => assertOauthError(await post(gate, target, REQUIRED[target], { client: null }), 401, 'invalid_client'));
    for (const [who, authorization] of Object.entries({
      'a wrong secret': basic(gate.partner.client_id, 'wrong'),
      'an unknown client': basic('nobody', 'wrong'),
      'a bearer token': 'Bearer x',
      'Basic without credentials': 'Basic',
      'a header of 4 KiB': basic('a'.repeat(4096), 'x'),
    })) {
      await t.test(`${target}: ${who}`, async () => {
        assertOauthError(await post(gate, target, REQUIRED[target], { client: null, headers: { Authorization: authorization } }), 401, 'invalid_client');
      });
    }
    await t.test(`${target}: two Authorization headers are no request`, async () => {
      const own = basic(gate.partner.client_id, gate.partner.client_secret);
      const got = await post(gate, target, REQUIRED[target], { client: null, headers: { Authorization: [own, own] } });
      assert.ok(got.status === 400 || got.status === 401, got.head);
    });
  }

  await t.test('after all this, a token is had and counts', async () => assert.equal((await callWith(gate, await tokenOf(gate))).status, 200));
});

test('resources', async (t) => {
  const gate = await issuerGate(t, { local: { resources: ['https://billing.example/v1', 'urn:example:crm'] } });
  const aud = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).aud;

  await t.test('none requested: the audience', async () => assert.equal(aud(await tokenOf(gate)), 'api://local'));
  for (const name of ['resource', 'audience']) {
    for (const value of ['api://local', 'https://billing.example/v1', 'urn:example:crm']) {
      await t.test(`${name} ${value}: the token is for it alone, and counts where it is for`, async () => {
        const token = await tokenOf(gate, gate.partner, { [name]: value });
        assert.equal(aud(token), value);
        const got = await callWith(gate, token);
        if (value === 'api://local') assert.equal(got.status, 200);
        else assert.equal(got.json().reason, 'audience_mismatch');
      });
    }
    for (const value of ['https://billing.example/v2', 'https://billing.example/v1/', 'https://billing.example/v1#x', 'HTTPS://billing.example/v1', 'crm', '/v1', 'api://local urn:example:crm']) {
      await t.test(`${name} ${value}: invalid_target`, async () => {
        assertOauthError(await post(gate, '/oauth/token', { grant_type: 'client_credentials', [name]: value }), 400, 'invalid_target');
      });
    }
  }
  await t.test('resource and audience that differ: invalid_target', async () => {
    assertOauthError(await post(gate, '/oauth/token', { grant_type: 'client_credentials', resource: 'api://local', audience: 'urn:example:crm' }), 400, 'invalid_target');
  });
});
