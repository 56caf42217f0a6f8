// SPDX-License-Identifier: Apache-2.0
// A path that could be read in two ways is refused; what was judged is forwarded byte for byte.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { recordingUpstream } from './harness/upstream.mjs';

const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }] } },
  privileges: { api_priv: { paths: ['/api/*', '/open/secret/*'], roles: ['reader'] } },
  modules: {
    git: { paths: ['/git/*'], path_allow: ['semicolon', 'encoded_delimiters', 'trailing_dot'] },
    ...Object.fromEntries(['encoded_percent', 'encoded_backslash', 'any_utf8', 'raw_pipe'].map((word) => [word, { paths: [`/${word}/*`], path_allow: [word] }])),
    all: { paths: ['/all/*'], path_allow: ['semicolon', 'encoded_delimiters', 'trailing_dot', 'encoded_percent', 'encoded_backslash', 'any_utf8', 'raw_pipe'], cors: { origins: ['https://app.example'] } },
    pipes: { paths: ['/pipes/*'], cors: { origins: ['https://app.example'] } },
  },
  public: ['/open/*', '/git/*', '/', '/encoded_percent/*', '/encoded_backslash/*', '/any_utf8/*', '/raw_pipe/*', '/all/*', '/pipes/*'],
};
const CONFIG = { issuers: { idp: { issuer: 'https://idp.test', audience: ['a'], jwks_file: 'keys.json' } } };
const { keySet, makeKey } = await import('./harness/tokens.mjs');
const FILES = { 'keys.json': keySet(makeKey('ES256')) };

const AMBIGUOUS = [
  '/open/../api/x', '/open/..', '/../open', '/open/./x', '/open/.', '/open/%2e%2e/api/x', '/open/%2E%2e/api/x', '/open/.%2e/api/x', '/open/%2e/x',
  '/open/..%2fapi/x', '/open/%2e%2e%2fapi/x', '/open//x', '//open/x', '/open/x//', '/open\\..\\api', '/open/x\\y', '/open/%5c..%5capi', '/open/%5Cx',
  '/open/a%2fb', '/open/a%2Fb', '/open/%252e%252e/api', '/open/%252fx', '/open/%255cx', '/open/a%25', '/open/%00', '/open/x%00.json',
  '/open/a;b', '/open/a;b/c', '/open/..;/api/x', '/open/a%3bb', '/open/a%3Bb', '/open/a%3fb', '/open/a%23b',
  '/open/a./b', '/open/a.', '/open/a%20/b', '/open/a%20', '/open/a%2e',
  '/open/%ef%bc%8e%ef%bc%8e/api', '/open/%ef%bc%8fapi', '/open/%ef%bc%bcapi', '/open/%e2%80%a5/api', '/open/%ef%b9%92',
  '/open/%zz', '/open/%', '/open/%4', '/open/%u002e', '/open/%c0%ae%c0%ae/api', '/open/%c0%af', '/open/%e0%80%af', '/open/%ff', '/open/%ed%a0%80', '/open/%f4%90%80%80',
  '/open/x#y', '/open/#', '/open/%01', '/open/%0d%0aX:1', '/open/%7f',
];

/** As sent: as it must arrive. */
const FORWARDED = {
  '/': '/', '/open': '/open', '/open/': '/open/', '/open/x': '/open/x', '/open/x?a=b': '/open/x?a=b', '/open/x?': '/open/x?',
  '/open/x?a=../%2e%2e/%00&b=//': '/open/x?a=../%2e%2e/%00&b=//', '/open/x?a?b': '/open/x?a?b', "/open/a-b._~!$&'()*+,=:@": "/open/a-b._~!$&'()*+,=:@",
  '/open/%C3%A9': '/open/%C3%A9', '/open/a%20b': '/open/a%20b', '/open/%41': '/open/A', '/open/%7euser': '/open/~user', '/open/%c3%a9': '/open/%C3%A9',
  '/open/..x': '/open/..x', '/open/.x': '/open/.x', '/open/x.json': '/open/x.json',
};

test('targets', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: CONFIG, policy: POLICY, files: FILES });

  for (const target of AMBIGUOUS) {
    await t.test(`${target} is refused`, async () => {
      await expectRefusal(gate, await gate.ask({ target }), 'path_ambiguous');
      assert.equal(upstream.bytes(), '');
    });
  }

  for (const [sent, arrives] of Object.entries(FORWARDED)) {
    await t.test(`${sent} arrives as ${arrives}`, async () => {
      const got = await gate.ask({ target: sent });
      assert.equal(got.status, 200, got.text);
      assert.equal(upstream.requests[0].target, arrives);
      const line = await gate.line((entry) => entry.request_id === got.get('x-request-id'));
      assert.equal(line.verdict, 'forward');
      upstream.clear();
    });
  }

  await t.test('an escape does not get around a narrower rule', async () => {
    await expectRefusal(gate, await gate.ask({ target: '/open/%73ecret/x' }), 'credentials_missing');
    await expectRefusal(gate, await gate.ask({ target: '/open/secret' }), 'credentials_missing');
  });

  await t.test('matching is case-sensitive', async () => expectRefusal(gate, await gate.ask({ target: '/OPEN/x' }), 'no_rule'));

  for (const target of ['/git/a;b', '/git/a%2Fb', '/git/a.']) {
    await t.test(`${target} passes where the module allows it`, async () => {
      const got = await gate.ask({ target });
      assert.equal(got.status, 200, got.text);
      assert.equal(upstream.requests[0].target, target);
      upstream.clear();
    });
  }
  for (const target of ['/git/..;/open', '/git/%2e%2e%2fopen', '/git/..']) {
    await t.test(`${target} is refused even there`, async () => expectRefusal(gate, await gate.ask({ target }), 'path_ambiguous'));
  }
});

/** By the word that lets it pass, what does: as it must arrive. */
const ALLOWED = {
  encoded_percent: ['100%25', '100%25/x', 'a%25zz', 'a%2520b', 'a%25C3%25A9'],
  encoded_backslash: ['a%5Cb', 'DOMAIN%5Cuser', 'a%5C'],
  any_utf8: ['a%EF%BC%8Fb', 'a%EF%BC%BCb', 'a%E2%84%80b', '%E7%8C%AB%EF%BC%8F%E7%8A%AC'],
  raw_pipe: ['a|b', '|', 'a%7Cb'],
  all: ['feature%252Fbranch', 'a%255Cb', 'a%253Bb', '100%25|a%5Cb;c%2Fd.', 'a%25EF%25BC%258Fb'],
};

/** What nothing lets pass, in any module: to some reader it is another path. */
const NEVER = [
  '..%5cx', 'a%5c..%5cx', 'a%5c..', '%5cx', '%5c%5chost%5cshare', 'a%5c%2fx', 'a%5c;x', 'a\\b', '..\\x',
  '%252e%252e/x', '%252e%252e%252fx', '%25%32%65%25%32%65/x', 'a%25%32%66..%25%32%66x', '..%252fx', '..%255cx', '..%25%35%63x', '%252f%252fx', 'a%252f/x', '%2573ecret', 'a%2500', 'a%250d%250aX:1', 'a%25252fb', 'a%2525b', 'a%25%32%35b', 'a%25u002e', 'a%25u2215b', 'a%2520', 'a%25c0%25afb', 'a%25ff',
  '%ef%bc%8e%ef%bc%8e/x', '%ef%bc%8e%2e/x', 'a%ef%bc%8f..%ef%bc%8fx', '..%ef%bc%bcx', '%ef%bc%8fx', 'a%ef%bc%8f%ef%bc%bcb', '..%e2%88%95x', '%e2%80%a5%5cx', '%ef%b8%99', '..%25ef%25bc%258fx', '%25ef%25bc%258e%25ef%25bc%258e/x',
  '%c0%ae%c0%ae/x', '%c0%ae%c0%ae%5cx', 'a%c0%afb', 'a%e0%80%afb', 'a%f0%80%80%afb', 'a%ed%a0%80', 'a%ef%bc', 'a%00', 'a%zz', '..;/x',
];

test('what a module allows, and what none does', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: CONFIG, policy: POLICY, files: FILES });
  for (const [word, paths] of Object.entries(ALLOWED)) {
    for (const path of paths) {
      await t.test(`${word}: ${path}`, async () => {
        for (const module of [word, 'all']) {
          const got = await gate.ask({ target: `/${module}/${path}?a|b` });
          assert.equal(got.status, 200, got.text);
          assert.equal(upstream.requests.at(-1).target, `/${module}/${path}?a|b`);
        }
        upstream.clear();
        if (path === 'a%7Cb') return;
        for (const module of ['open', 'git', 'raw_pipe', 'any_utf8'].filter((one) => one !== word)) await expectRefusal(gate, await gate.ask({ target: `/${module}/${path}` }), path.includes('|') && module !== 'raw_pipe' ? 'request_malformed' : 'path_ambiguous');
        assert.equal(upstream.bytes(), '');
      });
    }
  }
  for (const path of NEVER) {
    await t.test(`nowhere: ${path}`, async () => {
      for (const module of ['open', 'all', 'encoded_percent', 'encoded_backslash', 'any_utf8']) await expectRefusal(gate, await gate.ask({ target: `/${module}/${path}` }), 'path_ambiguous');
      assert.equal(upstream.bytes(), '');
    });
  }
  await t.test('a preflight is no way past it', async () => {
    const preflight = { method: 'OPTIONS', headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' } };
    assert.equal((await gate.ask({ target: '/all/a|b', ...preflight })).status, 200);
    await expectRefusal(gate, await gate.ask({ target: '/pipes/a|b', ...preflight }), 'request_malformed');
    await expectRefusal(gate, await gate.ask({ target: '/pipes/a%5Cb', ...preflight }), 'path_ambiguous');
  });
});
