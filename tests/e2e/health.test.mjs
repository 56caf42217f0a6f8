// SPDX-License-Identifier: Apache-2.0
// `postern health` asks the gate that runs; mistakes in files that are edited meanwhile are not its business.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { makeGate, run, startGate } from './harness/gate.mjs';
import { freePort } from './harness/ports.mjs';

const config = (gate) => ({ local_issuer: { issuer: `http://127.0.0.1:${gate.port}`, audience: 'api://local' } });
const POLICY = { roles: { reader: {} }, privileges: { read: { paths: ['/api/*'], roles: ['reader'] } } };

/** postern.yaml in block style, as people write it. */
const yaml = (gate, more = '') => `listen:\n  address: 127.0.0.1:${gate.port}\n${more}
admin:   # health
  # not for others

  address: "127.0.0.1:${gate.adminPort}"
upstream: http://127.0.0.1:9
state: state
local_issuer: {issuer: "http://127.0.0.1:${gate.port}", audience: api}
`;

test('health of a running gate', async (t) => {
  const gate = await startGate(t, { config, policy: POLICY });
  const whole = yaml(gate);
  const healthy = async (...args) => {
    const done = await run(['health', ...args, '-c', gate.file]);
    assert.deepEqual([done.code, done.stdout, done.stderr], [0, '', ''], args.join(' '));
  };
  const files = {
    'nothing is wrong': [whole, JSON.stringify(POLICY)],
    'an unknown role in the policy': [whole, JSON.stringify({ ...POLICY, privileges: { read: { paths: ['/a'], roles: ['raeder'] } } })],
    'a policy that is no YAML': [whole, 'roles: [\n'],
    'no policy file': [whole, null],
    'an unknown key': [`${whole}upstreem: x\n`, '{}'],
    'an unknown key beside the address': [whole.replace('  address: "', '  adress: x\n  address: "'), '{}'],
    'a listen address that is none': [whole.replace(`127.0.0.1:${gate.port}`, 'nowhere'), '{}'],
    'a secret that is not there': [whole.replace('audience: api}', 'audience: api, database: {env: NOT_SET_ANYWHERE}}'), '{}'],
    'no YAML after the section': [`${whole}forward: [\n`, '{}'],
    'no YAML before the section': [yaml(gate, 'forward: {a: [}\n\tx: y\n'), '{}'],
    'no YAML, a line without its colon': [whole.replace('state: state', 'state state'), '{}'],
  };
  for (const [name, [text, policy]] of Object.entries(files)) {
    await t.test(`${name}: exit 0`, async () => {
      gate.write('postern.yaml', text);
      if (policy === null) fs.rmSync(path.join(gate.dir, 'policy.yaml'));
      else gate.write('policy.yaml', policy);
      await healthy();
      await healthy('--ready');
    });
  }
  await t.test('--address reads no configuration: there need be none', async () => {
    for (const host of ['127.0.0.1', 'localhost', '0.0.0.0']) {
      const done = await run(['health', '--ready', '--address', `${host}:${gate.adminPort}`, '-c', path.join(gate.dir, 'nowhere.yaml')]);
      assert.deepEqual([done.code, done.stderr], [0, ''], host);
    }
  });
  gate.write('policy.yaml', POLICY);
  gate.write('postern.yaml', gate.config);
});

test('health that gets no answer, or knows no address', async (t) => {
  const gate = await makeGate(t, { config, policy: POLICY });
  const port = await freePort();
  const cases = {
    'nobody listens': ['', [], 1, /^postern: health: 127\.0\.0\.1:\d+: Connection refused\n$/],
    'the address itself is a mistake': [yaml(gate).replace(`"127.0.0.1:${gate.adminPort}"`, 'here'), [], 2, /postern\.yaml:7:12: \/admin\/address: must be ADDRESS:PORT.*; with --address no configuration is read\n$/],
    'no YAML, and the section cannot be found': [`{"admin": {"address": "127.0.0.1:${port}"}, [`, [], 2, /postern\.yaml:1:\d+: .*--address/],
    'the section is no YAML': ['admin: {address: [\n', [], 2, /not YAML.*--address/],
    'an --address without a port': ['', ['--address', 'localhost'], 2, /"localhost" must be ADDRESS:PORT with a numeric address\n$/],
    'an --address that is no number': ['', ['--address', 'gate.example:80'], 2, /"gate\.example:80" must be ADDRESS:PORT with a numeric address\n$/],
    'an --address with a port that is cut to 16 bits elsewhere': ['', ['--address', `127.0.0.1:${gate.adminPort + 65536}`], 2, /must be ADDRESS:PORT with a numeric address, and a port of 1\.\.65535\n$/],
    'an --address with port 0': ['', ['--address', 'localhost:0'], 2, /"localhost:0" must be .*a port of 1\.\.65535\n$/],
    'a service in place of a port': ['', ['--address', '127.0.0.1:http'], 2, /a port of 1\.\.65535\n$/],
    'nobody at --address': ['', ['--address', `127.0.0.1:${port}`], 1, /refused/],
  };
  for (const [name, [text, args, code, says]] of Object.entries(cases)) {
    await t.test(`${name}: exit ${code}`, async () => {
      gate.write('postern.yaml', text || yaml(gate));
      const done = await run(['health', ...args, '-c', gate.file]);
      assert.equal(done.code, code, done.stderr);
      assert.match(done.stderr, says);
    });
  }
  await t.test('no configuration: exit 2', async () => {
    const done = await run(['health', '-c', path.join(gate.dir, 'nowhere.yaml')]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, /nowhere\.yaml.*--address/);
  });
});

test('scrapers that hang do not keep a probe out', async (t) => {
  const gate = await startGate(t, { config, policy: POLICY });
  const idle = Array.from({ length: 20 }, () => net.connect(gate.adminPort, '127.0.0.1'));
  for (const socket of idle) socket.on('error', () => {});
  t.after(() => idle.forEach((socket) => socket.destroy()));
  for (const socket of idle) {
    if (socket.connecting) await once(socket, 'connect');
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
  }
  for (const path of ['/livez', '/readyz', '/metrics']) assert.equal((await gate.admin(path)).status, 200, path);
});
