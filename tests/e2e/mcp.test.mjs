// SPDX-License-Identifier: Apache-2.0
// MCP servers behind one gate, by TLS: unmodified clients, old and new, that know nothing but a URL and how
// they log in. And docs/mcp.md, followed word for word.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Certificates } from './harness/certificates.mjs';
import { makeGate, POSTERN } from './harness/gate.mjs';
import { askTls, MCP_CLIENTS, mcpServer, OLD_SDK, runClient, SDK, startLogin } from './harness/mcp.mjs';
import { basic, claimsOf, FORM, form } from './harness/oauth.mjs';
import { freePort } from './harness/ports.mjs';
import { execute, NEEDS_NODE_20 } from './harness/real_clients.mjs';
import { eventually } from './harness/wait.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const EXAMPLE = path.join(ROOT, 'examples/mcp');
const PAGE = fs.readFileSync(path.join(ROOT, 'docs/mcp.md'), 'utf8');

const made = new Certificates();
made.make('ca').make('gate', { names: 'IP:127.0.0.1', by: 'ca' });
const CA = made.path('ca.pem');
const TLS_FILES = { 'gate.pem': made.text('gate.pem'), 'gate.key': made.text('gate.key') };

const ask = (gate, request) => askTls(gate.port, made.text('ca.pem'), request);
const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** Two servers of the SDKs; the second knows its own host alone. */
async function twoServers(t, ports, host) {
  return {
    files: await mcpServer(t, { sdk: NEEDS_NODE_20 ? OLD_SDK : SDK, name: 'files', port: ports.files, hosts: [host] }),
    mail: await mcpServer(t, { sdk: OLD_SDK, name: 'mail', port: ports.mail, hosts: [`127.0.0.1:${ports.mail}`] }),
  };
}

/**
 * A gate in front of two servers. `configure` gives the rest of its configuration for {origin, urls}.
 */
async function toolsGate(t, configure) {
  const gate = await makeGate(t, { files: TLS_FILES });
  const ports = { files: await freePort(), mail: await freePort() };
  const origin = `https://127.0.0.1:${gate.port}`;
  const urls = { files: `${origin}/files/mcp`, mail: `${origin}/mail/mcp` };
  const privilege = (name) => ({ modules: [name], methods: ['GET', 'POST', 'DELETE'], roles: [name] });

  gate.write('policy.yaml', {
    roles: { files: { granted_to: [{ scope: 'files.use' }] }, mail: { granted_to: [{ scope: 'mail.use' }] } },
    modules: {
      files: { paths: ['/files/mcp'], upstream: `http://127.0.0.1:${ports.files}`, resource: urls.files },
      mail: { paths: ['/mail/mcp'], upstream: { url: `http://127.0.0.1:${ports.mail}`, host: 'upstream' }, resource: urls.mail },
    },
    privileges: { files: privilege('files'), mail: privilege('mail') },
  });
  gate.write('postern.yaml', {
    ...gate.config,
    listen: { address: `127.0.0.1:${gate.port}`, tls: { certificate: 'gate.pem', key: 'gate.key' } },
    forward: { headers: { 'X-User': '/sub' } },
    ...await configure({ origin, urls }),
  });
  const servers = await twoServers(t, ports, `127.0.0.1:${gate.port}`);
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();
  await gate.hasKeys();
  return { gate, servers, urls, origin };
}

/** Of another process, so it is known a moment later. */
async function addClient(gate, name, ...scopes) {
  const client = await gate.addClient(name, ...scopes.flatMap((scope) => ['--scope', scope]));
  const headers = { Authorization: basic(client.client_id, client.client_secret), 'Content-Type': FORM };
  await eventually(async () => (await ask(gate, { method: 'POST', target: '/oauth/token', headers, body: form({ grant_type: 'client_credentials' }) })).status === 200, 'the client is known');
  return client;
}

/** One client by one flow: it uses a server, and its token opens no other. */
async function uses({ gate, urls }, client, asked) {
  const { why, ...found } = await client.find();
  if (why) return why;
  const got = await runClient(found, CA, { SERVER: urls.files, TOOL: 'greet', ...asked });
  assert.equal(got.error, undefined);
  const claims = claimsOf(got.token);
  assert.equal(got.said, `hello ${claims.sub} from files`);
  assert.deepEqual(got.tools.sort(), ['greet', 'slow']);
  assert.equal(claims.aud, urls.files);
  assert.equal(claims.scope, 'files.use');
  const other = await ask(gate, { method: 'POST', target: '/mail/mcp', headers: bearer(got.token) });
  assert.equal(other.status, 401);
  assert.equal(JSON.parse(other.text).reason, 'audience_mismatch');
  return null;
}

test('with an issuer of a third party', async (t) => {
  let login;
  const tools = await toolsGate(t, async ({ urls }) => {
    login = await startLogin(t, { [urls.files]: 'files.use', [urls.mail]: 'mail.use' });
    return { issuers: { login: { issuer: login.issuer, audience: 'api://default' } } };
  });
  const credentials = { FLOW: 'credentials', CLIENT_ID: 'machine', CLIENT_SECRET: login.secret, ISSUER: login.issuer, SCOPE: 'files.use' };

  for (const client of MCP_CLIENTS) {
    for (const flow of client.flows) {
      await t.test(`${client.name}: ${flow}`, { skip: client.skip }, async (t) => {
        const person = { FLOW: 'code', CLIENT_ID: 'desktop', ...client.asks && { SCOPE: 'files.use' } };
        const why = await uses(tools, client, flow === 'code' ? person : credentials);
        if (why) t.skip(why);
      });
    }
  }
  await t.test('messages, streams and ends of sessions came through', { skip: NEEDS_NODE_20 }, () => {
    assert.deepEqual([...new Set(tools.servers.files.methods)].sort(), ['DELETE', 'GET', 'POST']);
  });
  await t.test('a server that knows its own host alone', { skip: NEEDS_NODE_20 }, async () => {
    const got = await runClient(await MCP_CLIENTS[0].find(), CA, { ...credentials, SERVER: tools.urls.mail, TOOL: 'greet', SCOPE: 'mail.use' });
    assert.equal(got.said, 'hello machine from mail', got.error);
  });
  await t.test('without the scope a client is refused', { skip: NEEDS_NODE_20 }, async () => {
    const got = await runClient(await MCP_CLIENTS[0].find(), CA, { ...credentials, TOOL: 'greet', SERVER: tools.urls.mail, SCOPE: 'files.use' });
    assert.match(got.error, /403/);
    await tools.gate.line((line) => line.reason === 'privilege_missing' && line.path === '/mail/mcp');
  });
});

test('with the local issuer', async (t) => {
  const tools = await toolsGate(t, ({ origin }) => ({ local_issuer: { issuer: origin, audience: 'api://local', lockout: { failures: 0 } } }));
  const agent = await addClient(tools.gate, 'agent', 'files.use');

  for (const client of MCP_CLIENTS.filter(({ flows }) => flows.includes('credentials'))) {
    await t.test(client.name, { skip: client.skip }, async (t) => {
      const why = await uses(tools, client, { FLOW: 'credentials', CLIENT_ID: agent.client_id, CLIENT_SECRET: agent.client_secret, ISSUER: tools.origin, SCOPE: 'files.use' });
      if (why) t.skip(why);
    });
  }
});

test('a tool that says nothing for longer than upstream_timeout', { skip: NEEDS_NODE_20 }, async (t) => {
  const tools = await toolsGate(t, ({ origin }) => ({ limits: { upstream_timeout: '3s' }, local_issuer: { issuer: origin, audience: 'api://local', lockout: { failures: 0 } } }));
  const agent = await addClient(tools.gate, 'agent', 'files.use');
  const got = await runClient(await MCP_CLIENTS[0].find(), CA, { SERVER: tools.urls.files, TOOL: 'slow', FLOW: 'credentials', CLIENT_ID: agent.client_id, CLIENT_SECRET: agent.client_secret, ISSUER: tools.origin, SCOPE: 'files.use' });
  assert.equal(got.said, `hello ${agent.client_id} from files`, got.error);
});

/** The page's blocks of one kind, {name: text}. */
function blocks(text, kind) {
  return Object.fromEntries([...text.matchAll(new RegExp('```[a-z]+ ' + kind + '=(\\S+)\\n([^]*?)```', 'g'))].map(([, name, body]) => [name, body]));
}

test('docs/mcp.md', async (t) => {
  const gate = await makeGate(t, { files: { ...TLS_FILES, 'cases.yaml': '' } });
  const ports = { files: await freePort(), mail: await freePort() };
  const mine = (text) => text
    .replaceAll('https://tools.example', `https://127.0.0.1:${gate.port}`)
    .replace('  address: 127.0.0.1:8080\n', `  address: 127.0.0.1:${gate.port}\n  tls: {certificate: gate.pem, key: gate.key}\n`)
    .replaceAll('127.0.0.1:9901', `127.0.0.1:${gate.adminPort}`)
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${ports.files}`)
    .replaceAll('127.0.0.1:3002', `127.0.0.1:${ports.mail}`);
  const page = mine(PAGE);
  const steps = blocks(page, 'step');
  const env = { ...process.env, PATH: `${path.dirname(POSTERN)}:${process.env.PATH}`, CURL_CA_BUNDLE: CA, NODE_EXTRA_CA_CERTS: CA, ASAN_OPTIONS: 'detect_leaks=1' };
  const follow = async (step, more = {}, after = '') => (await execute('sh', ['-eu', '-c', steps[step] + after], { cwd: gate.dir, env: { ...env, ...more } })).stdout;

  await t.test('its files are those of the example', () => {
    for (const [name, text] of Object.entries(blocks(PAGE, 'file')).filter(([name]) => name.endsWith('.yaml'))) assert.equal(text, fs.readFileSync(path.join(EXAMPLE, name), 'utf8'), name);
  });
  for (const [name, text] of Object.entries(blocks(page, 'file'))) gate.write(name, text);
  gate.write('cases.yaml', mine(fs.readFileSync(path.join(EXAMPLE, 'cases.yaml'), 'utf8')));
  await t.test('the configuration is right', () => follow('check'));
  const servers = await twoServers(t, ports, `127.0.0.1:${gate.port}`);
  gate.spawn();
  t.after(() => gate.stop());
  await gate.ready();

  await t.test('a client is made', () => follow('add'));
  let TOKEN;
  await t.test('what it finds', async () => {
    const [challenge, metadata] = (await follow('find')).trim().split('\n');
    assert.match(challenge, new RegExp(`scope="files.use", resource_metadata="https://127.0.0.1:${gate.port}/.well-known/oauth-protected-resource/files/mcp"`));
    assert.deepEqual(JSON.parse(metadata), {
      resource: `https://127.0.0.1:${gate.port}/files/mcp`, authorization_servers: [`https://127.0.0.1:${gate.port}`], scopes_supported: ['files.use'], bearer_methods_supported: ['header'],
    });
  });
  await t.test('its token is for one server', async () => {
    TOKEN = (await eventually(() => follow('token', {}, 'echo "$TOKEN"\n').catch(() => null), 'the client is known')).trim();
    assert.equal(await follow('call', { TOKEN }), 'files 200\nmail 401\n');
    assert.deepEqual([servers.files.methods, servers.mail.methods], [['POST'], []]);
  });
  await t.test('the program of the page', { skip: NEEDS_NODE_20 }, async () => {
    fs.symlinkSync(path.join(ROOT, 'tests/e2e/node_modules'), path.join(gate.dir, 'node_modules'));
    const { stdout } = await execute('sh', ['-eu', '-c', '. ./client.env; export CLIENT_ID CLIENT_SECRET; exec node agent.mjs'], { cwd: gate.dir, env });
    assert.match(stdout, /^hello \S+ from files\n$/);
  });
  await t.test('the versions that it names are those that are tried', () => {
    const { devDependencies } = JSON.parse(fs.readFileSync(path.join(ROOT, 'tests/e2e/package.json'), 'utf8'));
    for (const version of [devDependencies[SDK], devDependencies[OLD_SDK].split('@').at(-1)]) assert.ok(PAGE.includes(`| @modelcontextprotocol/sdk (npm) | ${version} |`), version);
    for (const { name, version } of MCP_CLIENTS.filter((client) => client.version)) assert.ok(PAGE.includes(`| mcp (PyPI) | ${version} |`), name);
  });
});
