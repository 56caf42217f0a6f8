// SPDX-License-Identifier: Apache-2.0
// The operator's listener and the pages of a browser: a name that was rebound, another origin.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';
import { send, Wire } from './harness/raw.mjs';
import { eventually } from './harness/wait.mjs';

const POLICY = { public: ['/open/*'] };

/** One request with these lines, byte for byte. */
const say = (port, line, ...headers) => send(port, [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));

test('it answers to its own names, and to no page of others', async (t) => {
  const metricsPort = await freePort();
  const gate = await startGate(t, { config: { metrics: { address: `127.0.0.1:${metricsPort}` } }, policy: POLICY });
  const own = `127.0.0.1:${gate.adminPort}`;
  const refused = async (...lines) => {
    const got = await say(gate.adminPort, ...lines);
    assert.deepEqual([got.status, got.get('content-type'), got.json().reason], [403, 'application/problem+json', 'origin_not_allowed'], lines.join(' '));
    assert.ok(got.json().detail.length > 20);
    return got.json().detail;
  };

  await t.test('names of its own', async () => {
    for (const host of [own, '127.0.0.1', 'localhost', `LOCALHOST:${gate.adminPort}`, 'localhost.', '[::1]:1']) {
      assert.equal((await say(gate.adminPort, 'GET /livez', `Host: ${host}`)).status, 200, host);
    }
    assert.equal((await say(gate.adminPort, `GET http://${own}/livez`, `Host: ${own}`)).status, 200);
    assert.equal((await say(gate.adminPort, 'GET /livez', `Host: ${own}`, `Origin: http://${own}`)).status, 200);
    assert.equal((await send(gate.adminPort, 'GET /livez HTTP/1.0\r\n\r\n')).status, 200);
    assert.equal((await run(['health', '-c', gate.file])).code, 0);
  });
  await t.test('a name that was rebound', async () => {
    for (const target of ['GET /livez', 'GET /readyz', 'GET /metrics', 'POST /reload', 'POST /explain', 'GET /nothing']) {
      assert.match(await refused(target, 'Host: evil.test'), /not to evil\.test; metrics\.address/);
    }
    await refused('GET http://evil.test/livez', 'Host: evil.test');
    for (const host of ['localhost.evil.test', '127.0.0.1.', '127.1', '0.0.0.0', '192.0.2.1', '[::2]']) await refused('GET /livez', `Host: ${host}`);
  });
  await t.test('two names are no name', async () => {
    const got = await say(gate.adminPort, 'POST http://evil.test/reload', `Host: ${own}`);
    assert.deepEqual([got.status, got.json().reason], [400, 'request_malformed']);
    assert.equal((await say(gate.adminPort, 'GET /livez', `Host: ${own}`, 'Host: evil.test')).json().reason, 'request_malformed');
  });
  await t.test('a page of another origin', async () => {
    for (const origin of ['https://evil.test', 'null', '', 'http://127.0.0.1:1', `https://${own}`, `http://localhost:${gate.adminPort}`]) {
      await refused('POST /reload', `Host: ${own}`, `Origin: ${origin}`, 'Content-Length: 0');
    }
    await refused('OPTIONS /reload', `Host: ${own}`, 'Origin: https://evil.test', 'Access-Control-Request-Method: POST');
    await refused('POST /reload', `Host: ${own}`, `Origin: http://${own}`, `Origin: http://${own}`, 'Content-Length: 0');
  });
  await t.test('none of them reloaded anything, and the log names them', async () => {
    await gate.complains(/"event":"admin","reason":"origin_not_allowed","host":"evil\.test"/);
    await gate.complains(/"origin":"https:\/\/evil\.test"/);
    assert.doesNotMatch(gate.stderr, /the configuration was reloaded/);
  });
  await t.test('a scraper finds `metrics` by any name', async () => {
    assert.match((await say(metricsPort, 'GET /metrics', 'Host: postern.default.svc.cluster.local:9902')).text, /postern_build_info/);
    assert.equal((await say(metricsPort, 'GET /livez', 'Host: evil.test', 'Origin: http://evil.test')).status, 200);
  });
});

test('a gate on all addresses answers to numbers, not to names', async (t) => {
  const gate = await startGate(t, { config: ({ adminPort }) => ({ admin: { address: `0.0.0.0:${adminPort}` } }), policy: POLICY });
  assert.equal((await say(gate.adminPort, 'GET /livez', 'Host: 10.1.2.3:9901')).status, 200);
  assert.equal((await say(gate.adminPort, 'GET /livez', 'Host: postern:9901')).status, 403);
});

test('a Unix socket answers whatever the name', async (t) => {
  const gate = await startGate(t, {
    config: ({ dir, adminPort }) => ({ admin: { address: `unix:${path.join(dir, 'admin.sock')}` }, metrics: { address: `127.0.0.1:${adminPort}` } }), policy: POLICY,
  });
  const there = async (...headers) => {
    // `metrics` answers a moment before the socket is there.
    const wire = await eventually(() => Wire.open(undefined, { path: path.join(gate.dir, 'admin.sock') }).catch(() => null), 'a connection');
    await wire.write(['GET /livez HTTP/1.1', ...headers, 'Connection: close', '', ''].join('\r\n'));
    return (await wire.answer()).status;
  };
  assert.equal(await there('Host: anything'), 200);
  assert.equal(await there('Host: anything', 'Origin: http://evil.test'), 403);
});
