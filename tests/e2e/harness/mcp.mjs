// SPDX-License-Identifier: Apache-2.0
// MCP servers and clients of the real SDKs, and an identity provider where a person logs in.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { signingJwk } from './idp.mjs';
import { freePort } from './ports.mjs';
import { fromPypi } from './pypi.mjs';
import { execute, NEEDS_NODE_20 } from './real_clients.mjs';
import { pause, PATIENCE_MS } from './wait.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const CLIENTS = path.join(HERE, '../fixtures/clients');

export const SDK = '@modelcontextprotocol/sdk';
export const OLD_SDK = 'mcp-sdk-1.13';

/** How long the tool "slow" says nothing. */
const SLOW_MS = 4500;

async function listening(t, server, port) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
}

/** A server with sessions, of that SDK: {methods}, those of the requests so far. It serves `hosts` alone. */
export async function mcpServer(t, { sdk, name, port, hosts }) {
  const { McpServer } = await import(`${sdk}/server/mcp.js`);
  const { StreamableHTTPServerTransport } = await import(`${sdk}/server/streamableHttp.js`);
  const sessions = new Map();
  const methods = [];

  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID, onsessioninitialized: (id) => sessions.set(id, transport), enableDnsRebindingProtection: true, allowedHosts: hosts,
    });
    const mcp = new McpServer({ name, version: '1' });
    const greet = ({ requestInfo }) => ({ content: [{ type: 'text', text: `hello ${requestInfo.headers['x-user']} from ${name}` }] });
    mcp.registerTool('greet', { description: 'says hello' }, greet);
    mcp.registerTool('slow', { description: 'takes its time' }, async (extra) => {
      await pause(SLOW_MS);
      return greet(extra);
    });
    await mcp.connect(transport);
    return transport;
  };
  await listening(t, http.createServer(async (request, response) => {
    methods.push(request.method);
    await (sessions.get(request.headers['mcp-session-id']) ?? await open()).handleRequest(request, response);
  }), port);
  return { methods };
}

/**
 * An OpenID provider where everybody is alice. `resources` are the APIs that it gives tokens for, {URL:
 * scope}; it has a client "desktop", which people log in with, and "machine", with `secret`.
 */
export async function startLogin(t, resources) {
  const { Provider, errors } = await import('oidc-provider');
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const secret = randomUUID();
  const redirect_uris = ['http://127.0.0.1/callback'];
  const scope = Object.values(resources).join(' ');
  const provider = new Provider(issuer, {
    jwks: { keys: [signingJwk('ES256')] },
    clients: [
      { client_id: 'desktop', application_type: 'native', token_endpoint_auth_method: 'none', redirect_uris, scope, id_token_signed_response_alg: 'ES256' },
      { client_id: 'machine', client_secret: secret, grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope, id_token_signed_response_alg: 'ES256' },
    ],
    scopes: scope.split(' '),
    cookies: { keys: ['of the test'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope(scope);
      for (const [url, one] of Object.entries(resources)) grant.addResourceScope(url, one);
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, url) => {
          if (!(url in resources)) throw new errors.InvalidTarget();
          return { scope: resources[url], audience: url, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
        },
      },
    },
  });
  const callback = provider.callback();
  await listening(t, http.createServer((request, response) => {
    if (request.url.startsWith('/interaction/')) {
      provider.interactionFinished(request, response, { login: { accountId: 'alice' }, consent: {} }).catch((error) => response.writeHead(500).end(String(error)));
      return;
    }
    // Providers for MCP have both documents (RFC 8414 section 5).
    if (request.url === '/.well-known/oauth-authorization-server') request.url = '/.well-known/openid-configuration';
    callback(request, response);
  }), port);
  return { issuer, secret };
}

/** A request by TLS: {status, text}. */
export async function askTls(port, ca, { method = 'GET', target, headers = {}, body = '' }) {
  const request = https.request({ host: '127.0.0.1', port, ca, method, path: target, headers: { ...headers, 'Content-Length': Buffer.byteLength(body) }, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const piece of response) text += piece;
  return { status: response.statusCode, headers: response.headers, text };
}

const node = (sdk) => async () => ({ command: [process.execPath, path.join(CLIENTS, 'mcp_client.mjs')], env: { SDK: sdk } });
const python = (version) => async () => {
  const { dir, why } = await fromPypi('mcp', version);
  return why ? { why } : { command: [path.join(dir, 'bin/python'), path.join(CLIENTS, 'mcp_client.py')], env: {} };
};

/**
 * The clients, old and new. `find` gives {command, env}, or {why} it cannot run here; the old ones know no
 * client_credentials with a secret. `asks` is false for one that takes its scope from the challenge.
 */
export const MCP_CLIENTS = [
  { name: `${SDK}, new`, skip: NEEDS_NODE_20, flows: ['code', 'credentials'], find: node(SDK) },
  { name: `${SDK}, 1.13`, skip: NEEDS_NODE_20, flows: ['code'], asks: true, find: node(OLD_SDK) },
  { name: 'mcp of PyPI, 2.3', version: '2.3.0', flows: ['code', 'credentials'], find: python('2.3.0') },
  { name: 'mcp of PyPI, 1.22', version: '1.22.0', flows: ['code'], find: python('1.22.0') },
];

/** Run one to its end: {said, tools, token} or {error}. `ca` is the file of the authority it trusts. */
export async function runClient({ command: [file, ...args], env }, ca, asked) {
  const { stdout } = await execute(file, args, { timeout: PATIENCE_MS, killSignal: 'SIGKILL', env: { ...process.env, ...env, ...asked, NODE_EXTRA_CA_CERTS: ca, SSL_CERT_FILE: ca } });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}
