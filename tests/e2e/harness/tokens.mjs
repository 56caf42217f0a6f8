// SPDX-License-Identifier: Apache-2.0
// An identity provider's keys, the tokens it would sign, and tokens that nobody should believe.
import crypto from 'node:crypto';
import { SignJWT } from 'jose';
import { makeKeyPair } from './key_pair.mjs';

export const ISSUER = 'https://idp.test/tenant';
export const AUDIENCE = 'api://default';

const SPECS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  RS384: ['rsa', { modulusLength: 2048 }],
  RS512: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  PS384: ['rsa', { modulusLength: 2048 }],
  PS512: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  ES512: ['ec', { namedCurve: 'P-521' }],
  EdDSA: ['ed25519', {}],
};

export const ALGORITHMS = Object.keys(SPECS);

/** A key pair for an algorithm: {alg, kid, privateKey, publicKey, jwk}. */
export function makeKey(alg, kid = `key-${alg}`, members = {}) {
  const [type, options] = SPECS[alg];
  const { privateKey, publicKey } = makeKeyPair(type, options);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig', ...members };
  for (const name of Object.keys(jwk)) if (jwk[name] === undefined) delete jwk[name];
  return { alg, kid, privateKey, publicKey, jwk };
}

/** A JWK Set of the public halves. */
export function keySet(...keys) {
  return { keys: keys.map((key) => key.jwk) };
}

export const now = () => Math.floor(Date.now() / 1000);

/** The claims of a good token; `more` adds, undefined takes away. */
export function claims(more = {}) {
  const all = {
    iss: ISSUER, aud: AUDIENCE, sub: 'alice', azp: 'app-1', scope: 'read', iat: now() - 5, exp: now() + 600, jti: crypto.randomUUID(), ...more,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A token as an honest identity provider makes it. */
export function sign(key, more = {}, header = {}) {
  const protectedHeader = { alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header };
  for (const name of Object.keys(protectedHeader)) if (protectedHeader[name] === undefined) delete protectedHeader[name];
  return new SignJWT(claims(more)).setProtectedHeader(protectedHeader).sign(key.privateKey);
}

export const b64 = (data) => Buffer.from(data).toString('base64url');

const PSS = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING };

/** A true signature by `key` over any bytes, in the form of JWS, with any hash. */
export function signature(key, input, { hash, saltLength, dsaEncoding = 'ieee-p1363', alg = key.alg } = {}) {
  const digest = hash ?? `sha${alg.slice(2)}`;
  if (alg === 'EdDSA') return crypto.sign(null, Buffer.from(input), key.privateKey);
  if (alg.startsWith('ES')) return crypto.sign(digest, Buffer.from(input), { key: key.privateKey, dsaEncoding });
  if (alg.startsWith('PS')) {
    return crypto.sign(digest, Buffer.from(input), { key: key.privateKey, ...PSS, saltLength: saltLength ?? Number(alg.slice(2)) / 8 });
  }
  return crypto.sign(digest, Buffer.from(input), key.privateKey);
}

/**
 * A token of exactly these texts with a true signature, whatever they say. `header` and `payload`
 * are objects, or the literal bytes.
 */
export function forge(key, header, payload, options = {}) {
  const text = (value) => (typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value));
  const input = `${b64(text(header))}.${b64(text(payload))}`;
  return `${input}.${b64(signature(key, input, options))}`;
}

/** The same with an HMAC under any secret. */
export function forgeHmac(alg, secret, header, payload) {
  const input = `${b64(JSON.stringify({ ...header, alg }))}.${b64(JSON.stringify(payload))}`;
  return `${input}.${crypto.createHmac(`sha${alg.slice(2)}`, secret).update(input).digest('base64url')}`;
}

/** The text of a JSON object with some members written literally: {"a":1,<literal>}. */
export function withLiteral(object, literal) {
  const text = JSON.stringify(object);
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}${literal}}`;
}

/** The configuration of issuer `idp` with its keys in a file. */
export function fileIssuer(more = {}) {
  return { idp: { issuer: ISSUER, audience: [AUDIENCE], jwks_file: 'keys.json', ...more } };
}
