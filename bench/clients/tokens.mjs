// SPDX-License-Identifier: Apache-2.0
// node tokens.mjs DIR KNOWN NEW: an RS256 and an ES256 key, and tokens of about 700 bytes: KNOWN of RS256
// in `known`, NEW in each of `new-rs256` and `new-es256`, one in a line, all different.
// Writes the keys as keys.json (JWKS), rs256.pem, es256.pem and apache-keys.conf (mod_oauth2), and
// refused-rs256 and refused-es256: lines of status, what is wrong, token. In each exactly one thing is
// wrong, so that no check stands in for another: the tampered one is right in every claim, and only its
// signature is another token's.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);

function makeToken(key, number, changed = {}) {
  const input = `${part({ alg: key.alg, typ: 'JWT', kid: key.kid })}.${part({
    iss: 'https://idp.example', aud: 'api://bench', sub: `user-${String(number).padStart(8, '0')}`,
    iat: now, nbf: now, exp: now + 86400, jti: crypto.randomBytes(12).toString('base64url'),
    scope: 'customer.read', azp: 'client-1', roles: ['reader', 'writer'], ...changed,
  })}`;
  const signature = crypto.sign('sha256', Buffer.from(input), { key: key.pem, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const makeTokens = (key, count) => Array.from({ length: count }, (_, number) => makeToken(key, number));

/** So many tokens, made on every processor. */
async function makeMany(key, count) {
  const workers = os.availableParallelism();
  const parts = await Promise.all(Array.from({ length: workers }, (_, i) => new Promise((resolve, reject) => {
    const share = Math.floor(count / workers) + (i < count % workers ? 1 : 0);
    new Worker(new URL(import.meta.url), { workerData: { key, share } }).once('message', resolve).once('error', reject);
  })));
  return parts.flat();
}

function makeKey(alg, kid, { publicKey, privateKey }) {
  return {
    alg, kid, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }), publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
  };
}

function makeRefused(key) {
  const [signed, tampered] = makeTokens(key, 2).map((token) => token.split('.'));
  return [
    [401, 'signature', [tampered[0], tampered[1], signed[2]].join('.')],
    [401, 'issuer', makeToken(key, 0, { iss: 'https://other.example' })],
    [401, 'audience', makeToken(key, 0, { aud: 'api://other' })],
    [401, 'expiry', makeToken(key, 0, { iat: now - 7200, nbf: now - 7200, exp: now - 3600 })],
    [403, 'scope', makeToken(key, 0, { scope: 'customer.none' })],
  ];
}

async function main(dir, known, fresh) {
  const rs256 = makeKey('RS256', 'bench-1', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const es256 = makeKey('ES256', 'bench-2', crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
  const lines = (rows) => rows.map((row) => `${row}\n`).join('');

  write('keys.json', JSON.stringify({ keys: [rs256.jwk, es256.jwk] }));
  write('apache-keys.conf', lines([rs256, es256].map((key) =>
    `OAuth2TokenVerify jwk "${JSON.stringify(key.jwk).replaceAll('"', '\\"')}" verify.iss=skip&verify.exp=required&verify.iat=skip`)));
  for (const key of [rs256, es256]) {
    const name = key.alg.toLowerCase();
    write(`${name}.pem`, key.publicPem);
    write(`refused-${name}`, lines(makeRefused(key).map((row) => row.join(' '))));
    write(`new-${name}`, lines(await makeMany(key, fresh)));
  }
  write('known', lines(await makeMany(rs256, known)));
}

if (isMainThread) await main(process.argv[2], Number(process.argv[3]), Number(process.argv[4]));
else parentPort.postMessage(makeTokens(workerData.key, workerData.share));
