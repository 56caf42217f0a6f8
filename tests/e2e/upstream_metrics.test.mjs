// SPDX-License-Identifier: Apache-2.0
// What /metrics says of upstreams.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ENGINE, startGate } from './harness/gate.mjs';
import { fileIssuer, keySet, makeKey } from './harness/tokens.mjs';
import { answer, deadUrl, recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

test('upstreams are counted, each once', async (t) => {
  const upstream = await recordingUpstream(t);
  const dead = await deadUrl();
  const gate = await startGate(t, {
    upstream: upstream.url,
    files: { 'keys.json': keySet(makeKey('RS256')) },
    // Each loop has connections of its own.
    config: (made) => ({
      listen: { address: `127.0.0.1:${made.port}`, engine: ENGINE, threads: 1 },
      issuers: fileIssuer(), limits: { upstream_timeout: '500ms' },
    }),
    policy: {
      modules: {
        same: { paths: ['/same/*'], upstream: upstream.url },
        dead: { paths: ['/dead/*'], upstream: dead },
        tls: { paths: ['/tls/*'], upstream: upstream.url.replace('http:', 'https:') },
      },
      public: ['/open/*', '/same/*', '/dead/*', '/tls/*'],
    },
  });
  const value = async (name, labels, url = upstream.url) => {
    const { text } = await gate.admin('/metrics');
    const start = `postern_upstream_${name}{upstream="${url}"${labels}} `;
    const found = text.split('\n').filter((line) => line.startsWith(start));
    assert.equal(found.length, 1, start);
    return Number(found[0].slice(start.length));
  };
  const failures = (kind, url) => value('failures_total', `,kind="${kind}"`, url);

  await t.test('connections and the time to the first byte', async () => {
    for (const target of ['/open/x', '/same/x', '/open/y']) assert.equal((await gate.ask({ target })).status, 200);
    assert.equal(await value('connects_total', ',kind="new"'), 1, 'one pool for one URL');
    assert.equal(await value('connects_total', ',kind="reused"'), 2);
    assert.equal(await value('connections', ',state="open"'), 1);
    assert.equal(await value('connections', ',state="idle"'), 1);
    assert.equal(await value('first_byte_seconds_count', ''), 3);
    assert.equal(await value('first_byte_seconds_bucket', ',le="+Inf"'), 3);
  });

  for (const [kind, respond] of [
    ['malformed', () => 'HTTP/1.1 two hundred\r\n\r\n'],
    ['reset', (request, { socket }) => void socket.destroy()],
    ['timeout', () => undefined],
    ['reset', () => 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf'],
  ]) {
    await t.test(`a failure: ${kind}`, async () => {
      const before = await failures(kind);
      upstream.respond = (request, connection) => {
        const bytes = respond(request, connection);
        if (bytes?.endsWith('half')) connection.socket.end(bytes);
        else return bytes;
      };
      await gate.ask({ method: 'POST', target: '/open/x', body: 'x' }).catch(() => null);
      await eventually(async () => (await failures(kind)) === before + 1, `${kind} counted`);
    });
  }

  await t.test('a failure: connect, and tls', async () => {
    await gate.ask({ target: '/dead/x' });
    assert.equal(await failures('connect', dead), 1);
    upstream.server.on('connection', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')));
    await gate.ask({ target: '/tls/x' });
    assert.equal(await failures('tls', upstream.url.replace('http:', 'https:')), 1);
  });

  await t.test('a reload forgets nothing', async () => {
    const before = await value('first_byte_seconds_count', '');
    upstream.respond = () => answer(200, 'x');
    gate.signal('SIGHUP');
    await gate.complains(/was reloaded/);
    assert.equal(await value('first_byte_seconds_count', ''), before);
    assert.equal(await value('connections', ',state="open"'), await value('connections', ',state="idle"'));
  });
});
