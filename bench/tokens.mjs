// SPDX-License-Identifier: Apache-2.0
// node tokens.mjs DIR COUNT: one RS256 key and COUNT different tokens of about 700 bytes with it.
// Writes keys.json (JWKS), public.pem (for HAProxy), tokens (a line each) and refused: lines of
// status, what is wrong, token. In each exactly one thing is wrong, so that no check stands in for
// another: the tampered one is right in every claim, and only its signature is another token's.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const [dir, count] = [process.argv[2], Number(process.argv[3])];
const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);

const token = (number, changed = {}) => {
  const input = `${part({ alg: 'RS256', typ: 'JWT', kid: 'bench-1' })}.${part({
    iss: 'https://idp.example', aud: 'api://bench', sub: `user-${String(number).padStart(8, '0')}`,
    iat: now, nbf: now, exp: now + 86400, jti: crypto.randomBytes(12).toString('base64url'),
    scope: 'customer.read', azp: 'client-1', roles: ['reader', 'writer'], ...changed,
  })}`;
  return `${input}.${crypto.sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
};

const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench-1', alg: 'RS256', use: 'sig' };
const tokens = Array.from({ length: count }, (_, number) => token(number));
const signature = tokens[0].split('.')[2];
const refused = [
  [401, 'signature', `${tokens[1].split('.').slice(0, 2).join('.')}.${signature}`],
  [401, 'issuer', token(0, { iss: 'https://other.example' })],
  [401, 'audience', token(0, { aud: 'api://other' })],
  [401, 'expiry', token(0, { iat: now - 7200, nbf: now - 7200, exp: now - 3600 })],
  [403, 'scope', token(0, { scope: 'customer.none' })],
];
const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);

write('keys.json', JSON.stringify({ keys: [jwk] }));
write('public.pem', publicKey.export({ type: 'spki', format: 'pem' }));
write('tokens', `${tokens.join('\n')}\n`);
write('refused', refused.map((row) => `${row.join(' ')}\n`).join(''));
