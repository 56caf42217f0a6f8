// SPDX-License-Identifier: Apache-2.0
// node tokens.mjs DIR COUNT: one RS256 key and COUNT different tokens of about 700 bytes with it.
// Writes keys.json (JWKS), public.pem (for HAProxy), tokens (a line each) and tampered (the first
// one with a byte of its payload changed).
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const [dir, count] = [process.argv[2], Number(process.argv[3])];
const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);

const token = (number) => {
  const input = `${part({ alg: 'RS256', typ: 'JWT', kid: 'bench-1' })}.${part({
    iss: 'https://idp.example', aud: 'api://bench', sub: `user-${String(number).padStart(8, '0')}`,
    iat: now, nbf: now, exp: now + 86400, jti: crypto.randomBytes(12).toString('base64url'),
    scope: 'customer.read', azp: 'client-1', roles: ['reader', 'writer'],
  })}`;
  return `${input}.${crypto.sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
};

const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench-1', alg: 'RS256', use: 'sig' };
const tokens = Array.from({ length: count }, (_, number) => token(number));
const [header, payload, signature] = tokens[0].split('.');
const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);

write('keys.json', JSON.stringify({ keys: [jwk] }));
write('public.pem', publicKey.export({ type: 'spki', format: 'pem' }));
write('tokens', `${tokens.join('\n')}\n`);
write('tampered', `${header}.${payload.slice(0, 20)}${payload[20] === 'A' ? 'B' : 'A'}${payload.slice(21)}.${signature}\n`);
