// SPDX-License-Identifier: Apache-2.0
// What the MCP SDK and oauth4webapi conclude from a refusal, and an MCP client that knows nothing but the
// URL of a protected server, its id and its secret.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { claimsOf, known, tokenOf } from './harness/oauth.mjs';
import { freePort } from './harness/ports.mjs';
import { NEEDS_NODE_20 } from './harness/real_clients.mjs';

const POLICY = {
  roles: { reader: {}, grouped: { granted_to: [{ issuer: 'local', group: 'g' }] }, scoped: { granted_to: [{ issuer: 'local', scope: 'special' }] } },
  privileges: {
    mcp: { paths: ['/mcp'], roles: ['reader'] },
    scoped: { paths: ['/scoped/*'], roles: ['scoped'] },
    grouped: { paths: ['/grouped/*'], roles: ['grouped'] },
  },
};

const skip = NEEDS_NODE_20;

/** A gate in front of `upstream`, with a local issuer at `endpoints`, and a client that may use /mcp. */
async function mcpGate(t, { endpoints = '', upstream, resource } = {}) {
  const gate = await startGate(t, {
    upstream,
    policy: POLICY,
    config: (self) => ({
      local_issuer: { issuer: `http://127.0.0.1:${self.port}${endpoints}`, audience: 'api://local', lockout: { failures: 0 } },
      ...(resource && { resource: resource(self) }),
    }),
  });
  gate.endpoints = endpoints;
  gate.origin = `http://127.0.0.1:${gate.port}`;
  gate.issuer = gate.origin + endpoints;
  gate.partner = await known(gate, await gate.addClient('partner', '--role', 'reader', '--scope', 'a'));
  return gate;
}

test('the MCP SDK reads challenges and metadata', { skip }, async (t) => {
  const { discoverAuthorizationServerMetadata, discoverOAuthProtectedResourceMetadata, extractWWWAuthenticateParams } = await import('@modelcontextprotocol/sdk/client/auth.js');
  for (const endpoints of ['', '/auth']) {
    await t.test(`an issuer at "${endpoints}/"`, async (t) => {
      const gate = await mcpGate(t, { endpoints });
      const metadata = `${gate.origin}/.well-known/oauth-protected-resource`;
      const token = await tokenOf(gate);
      const ask = async (path, headers = {}) => {
        const answer = await fetch(gate.origin + path, { headers });
        return { status: answer.status, ...extractWWWAuthenticateParams(answer) };
      };
      const call = (path) => ask(path, { Authorization: `Bearer ${token}` });

      await t.test('401: where to ask, and no error', async () => {
        assert.deepEqual(await ask('/mcp'), { status: 401, resourceMetadataUrl: new URL(metadata), scope: undefined, error: undefined });
        assert.equal((await ask('/scoped/x')).scope, 'special');
        assert.equal((await ask('/mcp', { Authorization: 'Bearer x' })).error, 'invalid_token');
      });
      await t.test('403: another scope where one helps, else nothing', async () => {
        const { status, error, scope } = await call('/scoped/x');
        assert.deepEqual([status, error, scope], [403, 'insufficient_scope', 'special']);
        assert.deepEqual(await call('/grouped/x'), { status: 403 });
        assert.deepEqual(await call('/nowhere'), { status: 403 });
      });
      await t.test('from the resource to the token endpoint', async () => {
        for (const options of [{ resourceMetadataUrl: metadata }, undefined]) {
          const told = await discoverOAuthProtectedResourceMetadata(`${gate.origin}/mcp`, options);
          assert.equal(told.resource, gate.origin);
          const [server] = told.authorization_servers;
          const found = await discoverAuthorizationServerMetadata(server);
          assert.equal(found.issuer, gate.issuer);
          assert.equal(found.token_endpoint, `${gate.issuer}/oauth/token`);
        }
      });
    });
  }
});

test('oauth4webapi reads challenges and metadata', { skip }, async (t) => {
  const oauth = await import('oauth4webapi');
  const gate = await mcpGate(t, { resource: (self) => ({ url: `http://127.0.0.1:${self.port}/mcp` }) });
  const insecure = { [oauth.allowInsecureRequests]: true };
  const resource = new URL(`${gate.origin}/mcp`);
  const told = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, insecure));
  const token = await tokenOf(gate);
  const challenges = (path, credential = token) => oauth.protectedResourceRequest(credential, 'GET', new URL(path, gate.origin), undefined, undefined, insecure).then(
    (answer) => answer.status,
    (error) => {
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, error);
      return error.cause;
    },
  );

  assert.deepEqual(told.authorization_servers, [gate.issuer]);
  const [scoped, ...others] = await challenges('/scoped/x');
  assert.equal(scoped.scheme, 'bearer');
  assert.equal(scoped.parameters.error, 'insufficient_scope');
  assert.equal(scoped.parameters.scope, 'special');
  assert.equal(scoped.parameters.resource_metadata, `${gate.origin}/.well-known/oauth-protected-resource/mcp`);
  assert.deepEqual(others, []);
  assert.equal(await challenges('/grouped/x'), 403);
  const wrong = await challenges('/mcp', 'x');
  assert.deepEqual(wrong.map(({ scheme }) => scheme), ['bearer', 'basic']);
  assert.equal(wrong[0].parameters.error, 'invalid_token');
});

/** An MCP server of one tool, a session for each request. */
async function mcpServer(t, port) {
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const { StreamableHTTPServerTransport } = await import('@modelcontextprotocol/sdk/server/streamableHttp.js');
  const server = http.createServer(async (request, response) => {
    const mcp = new McpServer({ name: 'orders', version: '1' });
    mcp.registerTool('greet', { description: 'says hello' }, async () => ({ content: [{ type: 'text', text: 'hello' }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on('close', () => mcp.close());
    await mcp.connect(transport);
    await transport.handleRequest(request, response);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
}

test('an MCP client logs in by itself and calls a tool', { skip }, async (t) => {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const { ClientCredentialsProvider } = await import('@modelcontextprotocol/sdk/client/auth-extensions.js');
  const port = await freePort();
  await mcpServer(t, port);
  const gates = {
    'known by its host': {},
    'known by its URL': { resource: (self) => ({ url: `http://127.0.0.1:${self.port}/mcp` }) },
    'with an issuer below a path': { endpoints: '/auth' },
  };
  for (const [name, options] of Object.entries(gates)) {
    await t.test(`a gate ${name}`, async (t) => {
      const gate = await mcpGate(t, { upstream: `http://127.0.0.1:${port}`, ...options });
      const login = (client, scope) => new ClientCredentialsProvider({ clientId: client.client_id, clientSecret: client.client_secret, scope, expectedIssuer: gate.issuer });
      const connect = async (authProvider) => {
        const client = new Client({ name: 'caller', version: '1' });
        await client.connect(new StreamableHTTPClientTransport(new URL(`${gate.origin}/mcp`), { authProvider }));
        return client;
      };

      const provider = login(gate.partner, 'a');
      const client = await connect(provider);
      const said = await client.callTool({ name: 'greet' });
      assert.equal(said.content[0].text, 'hello');
      assert.equal(claimsOf(provider.tokens().access_token).aud, 'api://local');
      await client.close();

      await t.test('a wrong secret is reported as such', async () => {
        await assert.rejects(connect(login({ ...gate.partner, client_secret: 'wrong' })), { errorCode: 'invalid_client' });
      });
      await t.test('a client without the role is refused once, not sent to log in again', async () => {
        const stranger = await known(gate, await gate.addClient('stranger'));
        await assert.rejects(connect(login(stranger)), { code: 403 });
        await gate.line((line) => line.status === 403);
        const { 'x-request-id': last } = Object.fromEntries((await fetch(`${gate.origin}/mcp`)).headers);
        await gate.line((line) => line.request_id === last);
        assert.equal(gate.lines.filter((line) => line.status === 403).length, 1);
      });
    });
  }
});
