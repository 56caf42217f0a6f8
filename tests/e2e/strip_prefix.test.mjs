// SPDX-License-Identifier: Apache-2.0
// `strip_prefix`: what the upstream sees, what clients are told, and that nobody gets around it.
import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { once } from 'node:events';
import test from 'node:test';
import { makeGate, run, scratch, startGate } from './harness/gate.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { answer, nginxUpstream, recordingUpstream } from './harness/upstream.mjs';

/** The upstream answers with what the query asks for, as lines of its head. */
const sayWhat = (request) => {
  const lines = new URL(request.target, 'http://x').searchParams.getAll('say');
  return answer(lines.some((line) => line.startsWith('Location')) ? 302 : 200, '', lines);
};

const policy = (url) => ({
  modules: {
    customer: { paths: ['/customer/*'], upstream: { url, strip_prefix: '/customer' } },
    deep: { paths: ['/a/b/c/*'], upstream: { url: `${url}/v2`, strip_prefix: '/a/b', host: 'upstream' } },
    untold: { paths: ['/untold/*'], upstream: { url, strip_prefix: '/untold', rewrite_location: false } },
    moved: { paths: ['/moved/*'], upstream: { url: `${url}/v2`, rewrite_location: true } },
  },
  public: ['/*'],
});

test('strip_prefix', async (t) => {
  const upstream = await recordingUpstream(t, sayWhat);
  const gate = await startGate(t, { upstream: upstream.url, policy: policy(upstream.url) });
  const own = `127.0.0.1:${upstream.port}`;

  for (const [target, forwarded] of [
    ['/customer/1?x=/customer', '/1?x=/customer'], ['/customer', '/'], ['/customer/', '/'], ['/customer/customer/1', '/customer/1'], ['/cust%6Fmer/%7Ea', '/~a'],
    ['/a/b/c', '/v2/c'], ['/a/b/c/d/', '/v2/c/d/'], ['/customerx', '/customerx'], ['/Customer/1', '/Customer/1'],
  ]) await t.test(`${target} becomes ${forwarded}`, async () => {
    assert.equal((await gate.ask({ target })).status, 200);
    assert.equal(upstream.requests.at(-1).target, forwarded);
  });

  await t.test('nobody gets around it', async () => {
    upstream.clear();
    for (const target of ['/customer/../x', '/customer/%2e%2e/x', '/customer/.%2e', '/customer/..', '/customer//x', '/customer/%2Fx', '/customer%2Fx', '/customer/\\..\\x', '/customer;/x', '/customer/%2e', '/%2Fcustomer/x']) {
      await expectRefusal(gate, await gate.ask({ target }), 'path_ambiguous');
    }
    assert.equal(upstream.bytes(), '');
  });

  const told = async (target, line) => (await gate.ask({ target: `${target}?say=${encodeURIComponent(line)}` })).all(line.split(':')[0].toLowerCase());
  for (const [target, line, want] of [
    ['/customer/1', 'Location: /x?y=1', '/customer/x?y=1'], ['/customer/1', `Location: http://${own}/x`, '/customer/x'], ['/customer/1', `Location: //${own}/x`, '/customer/x'],
    ['/customer/1', `Location: http://127.0.0.1:${gate.port}/x`, '/customer/x'], ['/customer/1', 'Location: https://elsewhere.example/x', 'https://elsewhere.example/x'],
    ['/customer/1', 'Location: //elsewhere.example/x', '//elsewhere.example/x'], ['/customer', 'Location: x', '/customer/x'], ['/customer/a/b', 'Content-Location: ../x', '/customer/x'],
    ['/customer/1', 'Location: javascript:alert(1)', 'javascript:alert(1)'], ['/customer/1', `Location: http://${own}@evil.example/`, `http://${own}@evil.example/`],
    ['/customer/1', 'Set-Cookie: a=b; Path=/; Secure', 'a=b; Path=/customer; Secure'], ['/customer/1', 'Set-Cookie: a=b; Path=x', 'a=b; Path=x'],
    ['/a/b/c/1', 'Location: /v2/c/2', '/a/b/c/2'], ['/a/b/c/1', 'Location: /c/2', '/c/2'], ['/a/b/c/1', 'Set-Cookie: a=b; Path=/v2/c', 'a=b; Path=/a/b/c'],
    ['/untold/1', 'Location: /x', '/x'], ['/untold/1', 'Set-Cookie: a=b; Path=/', 'a=b; Path=/'],
    ['/moved/1', 'Location: /v2/x', '/x'], ['/moved/1', 'Location: /v2//evil.example', '/v2//evil.example'],
    ['/other', 'Location: /x', '/x'],
  ]) await t.test(`${target}: ${line}`, async () => assert.deepEqual(await told(target, line), [want]));

  await t.test('each of several cookies', async () => {
    const got = await gate.ask({ target: `/customer/1?say=${encodeURIComponent('Set-Cookie: a=1; Path=/x')}&say=${encodeURIComponent('Set-Cookie: b=2; Path=/y')}` });
    assert.deepEqual(got.all('set-cookie'), ['a=1; Path=/customer/x', 'b=2; Path=/customer/y']);
  });
});

test('explain names the upstream, and the target that it gets', async (t) => {
  const gate = await makeGate(t, { upstream: { url: 'http://default:8080/base', strip_prefix: '/d' }, policy: { modules: { deep: policy('http://crm:8080').modules.deep }, public: ['/d/*', '/x', '/a/b/c/*'] } });
  for (const [target, upstream, forwarded] of [
    ['/a/b/c/1?q=%2F', 'http://crm:8080/v2', '/v2/c/1?q=%2F'], ['/d', 'http://default:8080/base', '/base/'], ['/d/%7E?', 'http://default:8080/base', '/base/~?'], ['/x', 'http://default:8080/base', null], ['/nowhere', null, null],
  ]) await t.test(target, async () => {
    const told = JSON.parse((await run(['explain', '-c', gate.file, '-X', 'GET', target, '--json'])).stdout);
    assert.deepEqual([told.upstream, told.forwarded], [upstream, forwarded]);
    const { stdout } = await run(['explain', '-c', gate.file, '-X', 'GET', target]);
    assert.equal(/^forwarded: +"(.*)"$/m.exec(stdout)?.[1] ?? null, forwarded);
  });
});

test('strip_prefix of the default upstream is for what begins with it', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: { url: upstream.url, strip_prefix: '/api' }, policy: { public: ['/*'] } });
  assert.equal((await gate.ask({ target: '/api/x' })).status, 200);
  assert.equal(upstream.requests.at(-1).target, '/x');
  upstream.clear();
  await expectRefusal(gate, await gate.ask({ target: '/x' }), 'upstream_unreachable');
  assert.equal(upstream.bytes(), '');
});

test('mistakes', async (t) => {
  const url = 'http://127.0.0.1:9';
  const module = (paths, prefix) => ({ policy: { modules: { m: { paths, upstream: { url, strip_prefix: prefix } } }, public: paths } });
  for (const [name, options, complaint] of [
    ['another path', module(['/customer/*', '/orders/*'], '/customer'), /strip_prefix: the module's path "\/orders\/\*" does not begin with it/],
    ['no whole segment', module(['/customers/*'], '/customer'), /does not begin with it/],
    ['a wildcard in its place', module(['/*/x'], '/customer'), /does not begin with it/],
    ['longer than the path', module(['/a/*'], '/a/b'), /does not begin with it/],
    ['a wildcard', module(['/a/*'], '/a/*'), /must be a path such as \/customer/],
    ['the root', module(['/a/*'], '/'), /strip_prefix/],
    ['a slash at the end', module(['/a/*'], '/a/'), /strip_prefix/],
    ['no slash', module(['/a/*'], 'a'), /strip_prefix/],
    ['dots', module(['/a/*'], '/a/../b'), /strip_prefix/],
    ['a module of the default upstream', { upstream: { url, strip_prefix: '/a' }, policy: { modules: { m: { paths: ['/b/*'] } }, public: ['/b/*'] } }, /the module's path "\/b\/\*" does not begin with it/],
  ]) await t.test(name, async (inner) => {
    const gate = await makeGate(inner, options);
    const { code, stdout, stderr } = await run(['check', '-c', gate.file]);
    assert.equal(code, 1);
    assert.match(stdout + stderr, complaint);
  });
});

test('in front of a real nginx, which redirects to the folder by its own name', async (t) => {
  const nginx = await nginxUpstream(t, { 'folder/index.html': 'here', 'v2/folder/index.html': 'there' });
  const gate = await startGate(t, {
    policy: {
      modules: {
        kept: { paths: ['/kept/*'], upstream: { url: nginx.url, strip_prefix: '/kept' } },
        named: { paths: ['/named/*'], upstream: { url: `${nginx.url}/v2`, strip_prefix: '/named', host: 'upstream' } },
      },
      public: ['/*'],
    },
  });
  for (const [target, location, text] of [['/kept/folder', '/kept/folder/', 'here'], ['/named/folder', '/named/folder/', 'there']]) {
    const moved = await gate.ask({ target });
    assert.equal(moved.status, 301);
    const [told] = moved.all('location');
    assert.equal(told, location);
    assert.equal((await gate.ask({ target: location })).text, text);
  }
});

test('HTTP/1.0 answers, and a Unix socket', async (t) => {
  const socket = path.join(scratch(), 'api.sock');
  const heads = [];
  const server = net.createServer((wire) => wire.on('error', () => {}).once('data', (data) => {
    heads.push(data.toString('latin1'));
    wire.end('HTTP/1.0 302 Found\r\nLocation: http://localhost/x\r\n\r\nuntil the end');
  })).listen(socket);
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = await startGate(t, { policy: { modules: { m: { paths: ['/m/*'], upstream: { url: `unix:${socket}`, host: 'upstream', strip_prefix: '/m' } } }, public: ['/m/*'] } });
  for (let i = 0; i < 2; i++) {
    const got = await gate.ask({ target: '/m/y' });
    assert.equal(got.status, 302);
    assert.deepEqual(got.all('location'), ['/m/x']);
    assert.equal(got.text, 'until the end');
  }
  assert.equal(heads.length, 2, 'no connection is kept');
  for (const head of heads) assert.match(head, /^GET \/y HTTP\/1\.1\r\nHost: localhost\r\n/);
});

test('an escape in a prefix is what it stands for', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { policy: { modules: { m: { paths: ['/a%21/*'], upstream: { url: upstream.url, strip_prefix: '/a!' } } }, public: ['/*'] } });
  for (const target of ['/a!/x', '/a%21/x']) {
    assert.equal((await gate.ask({ target })).status, 200);
    assert.equal(upstream.requests.at(-1).target, '/x');
  }
  for (const prefix of ['/%c3%a9', '/%7Ea']) {
    const other = await makeGate(t, { policy: { modules: { m: { paths: [`${prefix}/*`], upstream: { url: upstream.url, strip_prefix: prefix } } }, public: ['/*'] } });
    const { code, stdout, stderr } = await run(['check', '-c', other.file]);
    assert.equal(code, 1, 'it must be canonical');
    assert.match(stdout + stderr, /strip_prefix/);
  }
});
