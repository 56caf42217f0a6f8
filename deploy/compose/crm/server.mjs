// SPDX-License-Identifier: Apache-2.0
// A small customer API as one would publish with Oracle REST Data Services. It knows nothing of
// tokens: it believes the identity headers, because nobody but Postern gets to it, and it says in
// each answer which ones it got.
import http from 'node:http';

const IDENTITY = ['x-user', 'x-client', 'x-roles', 'x-scopes', 'x-issuer'];
const UNWANTED = ['authorization'];

const customers = new Map([
  [1, { id: 1, name: 'Big Partner Company', city: 'Utrecht' }],
  [2, { id: 2, name: 'Small Partner Company', city: 'Delft' }],
  [3, { id: 3, name: 'Another Company', city: 'Leiden' }],
]);

function seen(headers) {
  const got = {};
  for (const name of [...IDENTITY, ...UNWANTED]) if (headers[name] !== undefined) got[name] = headers[name];
  return got;
}

/** What a path answers: [status, members]. */
function answer(method, path) {
  const one = /^\/customer\/([1-9][0-9]{0,8})$/.exec(path);
  if (one) {
    const customer = customers.get(Number(one[1]));
    if (!customer) return [404, { error: 'no such customer' }];
    return [200, method === 'PUT' ? { ...customer, changed: true } : customer];
  }
  if (path === '/customer' || path === '/customer/') return [200, { items: [...customers.values()], hasMore: false, count: customers.size }];
  if (path === '/partner/offers') return [200, { items: [{ offer: 'ten per cent' }] }];
  if (path === '/audit/changes') return [200, { items: [{ customer: 1, change: 'moved to Utrecht' }] }];
  if (path === '/health') return [200, { healthy: true }];
  return [404, { error: 'no such path' }];
}

const server = http.createServer((request, response) => {
  const [status, members] = answer(request.method, new URL(request.url, 'http://crm').pathname);
  request.resume();
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify({ ...members, identity: seen(request.headers) })}\n`);
});

// Loopback only: Postern shares it as the sidecar, and nobody else does.
const port = Number(process.env.PORT ?? 9000);
server.on('error', (error) => {
  console.error(`crm: cannot listen on 127.0.0.1:${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => console.log(`crm: listening on 127.0.0.1:${port}`));
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => process.exit(0));
