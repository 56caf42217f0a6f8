// SPDX-License-Identifier: Apache-2.0
// Tokens: every valid shape opens the API, every attack is refused with the one right word.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { IDP_ALGORITHMS, startIdp } from './harness/idp.mjs';
import { makeKeyPair } from './harness/key_pair.mjs';
import { freePort } from './harness/ports.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { ALGORITHMS, AUDIENCE, b64, claims, fileIssuer, forge, forgeHmac, ISSUER, keySet, makeKey, now, sign, signature, withLiteral } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const OTHER = 'https://other.test';

const keys = Object.fromEntries(ALGORITHMS.map((alg) => [alg, makeKey(alg)]));
const rsa = keys.RS256;
const ec = keys.ES256;
const bare = { ...makeKey('RS256', 'key-bare') };
delete bare.jwk.alg;
delete bare.jwk.use;
const forEncryption = makeKey('RS256', 'key-enc', { use: 'enc' });
const noVerify = makeKey('RS256', 'key-ops', { use: undefined, key_ops: ['sign'] });
const p384Named256 = { ...keys.ES384, alg: 'ES256', kid: keys.ES384.kid };
const otherRsa = makeKey('RS256', rsa.kid);
const stranger = makeKey('RS256', rsa.kid);

function short(bits) {
  const { privateKey, publicKey } = makeKeyPair('rsa', { modulusLength: bits });
  return { alg: 'RS256', kid: `key-${bits}`, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: `key-${bits}`, alg: 'RS256' } };
}
const weak = short(1024);
const curve = (name) => {
  const { privateKey, publicKey } = makeKeyPair('ec', { namedCurve: name });
  return { alg: 'ES256', kid: name, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: name } };
};
const koblitz = curve('secp256k1');

const TYPES = { typ: 'at+jwt' };
const header = (key, more = {}) => ({ alg: key.alg, kid: key.kid, ...TYPES, ...more });
const good = (more) => claims({ jti: 'fixed', ...more });
const parts = (token) => token.split('.');
const honest = () => forge(rsa, header(rsa), good());

/** A token whose payload has one claim written literally, as JSON.stringify() would not. */
const literal = (text, without = {}) => forge(rsa, header(rsa), withLiteral(good(without), text));

/** A true token with another third part. */
function resigned(change, key = rsa) {
  const [head, payload, sig] = parts(forge(key, header(key), good()));
  return `${head}.${payload}.${change(sig, `${head}.${payload}`)}`;
}

const bytes = (change, key) => resigned((sig, input) => b64(change(Buffer.from(sig, 'base64url'), input)), key);

function flip(buffer, bit) {
  const copy = Buffer.from(buffer);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

/** Another last character that decodes to the same bytes. */
function uncanonical(text) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  assert.notEqual(text.length % 4, 0, 'a text of whole groups has one spelling');
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) + 1];
}

const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const wide = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const half = (r, s) => Buffer.concat([r, s]);
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

const PEM = rsa.publicKey.export({ type: 'spki', format: 'pem' });
const HMAC_KEYS = {
  PEM, 'PEM without its last newline': PEM.trimEnd(), 'PEM with CRLF': PEM.replaceAll('\n', '\r\n'),
  'PKCS #1 PEM': rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
  DER: rsa.publicKey.export({ type: 'spki', format: 'der' }),
  'the base64 of PEM': PEM.split('\n').slice(1, -2).join(''),
  'the modulus': Buffer.from(rsa.jwk.n, 'base64url'), 'the text of n': rsa.jwk.n,
  'the JWK': JSON.stringify(rsa.jwk), 'the JWK Set': JSON.stringify(keySet(rsa)), nothing: '', 'a NUL': '\0',
};

const VALID = {
  ...Object.fromEntries(ALGORITHMS.map((alg) => [`${alg} is accepted`, () => sign(keys[alg])])),
  'typ JWT is accepted': () => sign(rsa, {}, { typ: 'JWT' }),
  'typ application/at+jwt is accepted': () => sign(rsa, {}, { typ: 'application/at+jwt' }),
  'typ is compared without case': () => sign(rsa, {}, { typ: 'AT+JWT' }),
  'an audience among others is accepted': () => sign(rsa, { aud: ['api://x', AUDIENCE] }),
  'a key without alg and use is accepted': () => sign(bare),
  'a claim that nobody asked for is ignored': () => sign(rsa, { extra: { deep: [1, { a: null }] } }),
  'null where a claim is optional is accepted': () => forge(rsa, header(rsa), good({ nbf: null, iat: null, groups: null, roles: null, azp: null, client_id: null })),
  'a number that nothing can hold and nobody reads is ignored': () => literal('"x":99999999999999999999,"y":[-1e999,{"z":9223372036854775808}]', { x: undefined }),
  'entries of lists that are no text are ignored': () => forge(rsa, header(rsa), good({ groups: [1, null, { a: 1 }], roles: [{ name: 'x' }] })),
  'fractions of a second are accepted': () => sign(rsa, { exp: now() + 600.5, iat: now() - 5.25 }),
  'white space in the JSON is accepted': () => forge(rsa, ` ${JSON.stringify(header(rsa))}\n`, `\t${JSON.stringify(good())} `),
  'a high S of ECDSA is accepted': () => bytes((sig) => {
    const s = BigInt(`0x${sig.subarray(32).toString('hex')}`);
    return half(sig.subarray(0, 32), wide(ORDER - s));
  }, ec),
};

const REFUSED = {
  algorithm_not_allowed: {
    'alg none with an empty third part': () => `${b64('{"alg":"none"}')}.${b64(JSON.stringify(good()))}.`,
    ...Object.fromEntries(['none', 'None', 'NONE', 'nOnE'].map((alg) => [`alg ${alg} with a true signature`, () => forge(rsa, header(rsa, { alg }), good())])),
    'alg in lower case': () => forge(rsa, header(rsa, { alg: 'rs256' }), good()),
    'alg with a space after it': () => forge(rsa, header(rsa, { alg: 'RS256 ' }), good()),
    'empty alg': () => forge(rsa, header(rsa, { alg: '' }), good()),
    'unregistered alg': () => forge(rsa, header(rsa, { alg: 'RS1' }), good()),
    ES256K: () => forge(koblitz, header(koblitz, { alg: 'ES256K' }), good(), { alg: 'ES256' }),
    ...Object.fromEntries(['HS256', 'HS384', 'HS512'].flatMap((alg) =>
      Object.entries(HMAC_KEYS).map(([name, secret]) => [`${alg} under ${name}`, () => forgeHmac(alg, secret, header(rsa), good())]))),
    'an algorithm that the issuer does not list': () => sign(keys.RS512, { iss: 'https://narrow.test' }),
  },
  key_unknown: {
    'a kid that nobody has': () => sign(rsa, {}, { kid: 'nobody' }),
    'a kid of path segments': () => sign(rsa, {}, { kid: '../../../../dev/null' }),
    'a kid of SQL': () => sign(rsa, {}, { kid: "' OR 1=1 --" }),
    'a key for encryption': () => sign(forEncryption),
    'a key whose key_ops cannot verify': () => sign(noVerify),
    'an RSA key of 1024 bits': () => forge(weak, header(weak), good()),
    'a key on a curve that is not ours': () => forge(koblitz, header(koblitz, { alg: 'ES256' }), good()),
    'no kid while several keys fit': () => sign(rsa, {}, { kid: undefined }),
    'an embedded key': () => forge(stranger, header(rsa, { kid: 'mine', jwk: stranger.jwk }), good()),
  },
  signature_invalid: {
    'the first bit flipped': () => bytes((sig) => flip(sig, 7)),
    'a middle bit flipped': () => bytes((sig) => flip(sig, 1000)),
    'the last bit flipped': () => bytes((sig) => flip(sig, sig.length * 8 - 8)),
    'a signature cut by a byte': () => bytes((sig) => sig.subarray(0, -1)),
    'a signature of one byte': () => bytes((sig) => sig.subarray(0, 1)),
    'a byte after the signature': () => bytes((sig) => Buffer.concat([sig, Buffer.from([0])])),
    'a byte before the signature': () => bytes((sig) => Buffer.concat([Buffer.from([0]), sig])),
    'a signature of zeros': () => bytes((sig) => Buffer.alloc(sig.length)),
    'a signature of 0xFF': () => bytes((sig) => Buffer.alloc(sig.length, 0xff)),
    'another payload': () => { const [h, , s] = parts(honest()); return `${h}.${b64(JSON.stringify(good({ sub: 'root' })))}.${s}`; },
    'another header': () => { const [, p, s] = parts(honest()); return `${b64(JSON.stringify(header(rsa, { x: 1 })))}.${p}.${s}`; },
    'a stranger under our kid': () => sign(stranger),
    'a key of another issuer under the same kid': () => forge(otherRsa, header(rsa), good()),
    'the hash of another algorithm': () => forge(rsa, header(rsa), good(), { hash: 'sha512' }),
    'PSS under the name of RS256': () => resigned((sig, input) => b64(signature({ ...rsa, alg: 'PS256' }, input))),
    'PSS with another salt length': () => resigned((sig, input) => b64(signature(keys.PS256, input, { saltLength: 20 })), keys.PS256),
    'ES256: DER': () => resigned((sig, input) => b64(signature(ec, input, { dsaEncoding: 'der' })), ec),
    'ES256: r and s are 0': () => bytes(() => Buffer.alloc(64), ec),
    'ES256: r and s are 1': () => bytes(() => half(wide(1n), wide(1n)), ec),
    'ES256: r is n': () => bytes((sig) => half(wide(ORDER), sig.subarray(32)), ec),
    'ES256: s is n': () => bytes((sig) => half(sig.subarray(0, 32), wide(ORDER)), ec),
    'ES256: s is 0': () => bytes((sig) => half(sig.subarray(0, 32), wide(0n)), ec),
    'ES256: swapped': () => bytes((sig) => half(sig.subarray(32), sig.subarray(0, 32)), ec),
    'ES256: 63 bytes': () => bytes((sig) => sig.subarray(1), ec),
    'ES256: 65 bytes': () => bytes((sig) => Buffer.concat([sig, Buffer.from([0])]), ec),
    'ES256: 132 bytes': () => bytes((sig) => Buffer.concat([sig, Buffer.alloc(68)]), ec),
    'EdDSA: 63 bytes': () => bytes((sig) => sig.subarray(0, 63), keys.EdDSA),
    'EdDSA: 65 bytes': () => bytes((sig) => Buffer.concat([sig, Buffer.from([0])]), keys.EdDSA),
    'EdDSA: S plus L': () => bytes((sig) => {
      const order = 2n ** 252n + 27742317777372353535851937790883648493n;
      const little = Buffer.from(sig.subarray(32)).reverse().toString('hex');
      const sum = (BigInt(`0x${little}`) + order).toString(16).padStart(64, '0');
      return half(sig.subarray(0, 32), Buffer.from(sum, 'hex').reverse());
    }, keys.EdDSA),
  },
  critical_unknown: {
    'crit of an unknown name': () => forge(rsa, header(rsa, { crit: ['exp2'], exp2: 1 }), good()),
    'crit that is empty': () => forge(rsa, header(rsa, { crit: [] }), good()),
    'crit that is no array': () => forge(rsa, header(rsa, { crit: 'exp' }), good()),
    'crit of an absent member': () => forge(rsa, header(rsa, { crit: ['absent'] }), good()),
    'crit of a registered member': () => forge(rsa, header(rsa, { crit: ['alg'] }), good()),
    'b64 false': () => forge(rsa, header(rsa, { b64: false, crit: ['b64'] }), good()),
    'b64 false without crit': () => forge(rsa, header(rsa, { b64: false }), good()),
  },
  token_malformed: {
    'the issuer with a NUL after it': () => sign(rsa, { iss: `${ISSUER}\0` }),
    'a kid with NUL': () => forge(rsa, header(rsa, { kid: `${rsa.kid}\0` }), good()),
    'a kid with CRLF': () => sign(rsa, {}, { kid: 'a\r\nX-User: admin' }),
    'alg with a NUL after it': () => forge(rsa, header(rsa, { alg: 'RS256\0' }), good()),
    'one part': () => 'abc', 'two parts': () => parts(honest()).slice(0, 2).join('.'),
    'four parts': () => `${honest()}.AAAA`, 'five parts': () => `${honest()}.AAAA.AAAA`,
    'an empty first part': () => `.${parts(honest()).slice(1).join('.')}`,
    'an empty second part': () => { const [h, , s] = parts(honest()); return `${h}..${s}`; },
    'an empty third part': () => `${parts(honest()).slice(0, 2).join('.')}.`,
    'padding': () => resigned((sig) => `${sig}==`), 'standard base64': () => resigned((sig) => `${sig.slice(0, -2)}+/`),
    'a last character that is not canonical': () => resigned(uncanonical),
    'a length that base64url cannot have': () => resigned((sig) => sig.slice(0, sig.length - (sig.length % 4) + 1)),
    'a tilde': () => resigned((sig) => `${sig.slice(0, -1)}~`),
    'a header that is an array': () => forge(rsa, '["alg"]', good()),
    'a header that is a string': () => forge(rsa, '"RS256"', good()),
    'a header that is null': () => forge(rsa, 'null', good()),
    'a header that is no JSON': () => forge(rsa, '{alg:RS256}', good()),
    'alg twice': () => forge(rsa, '{"alg":"none","alg":"RS256","kid":"key-RS256"}', good()),
    'a header with something after it': () => forge(rsa, `${JSON.stringify(header(rsa))}x`, good()),
    'a header, a NUL and another': () => forge(rsa, `${JSON.stringify(header(rsa))}\0{"alg":"none"}`, good()),
    'a header with a BOM': () => forge(rsa, `\ufeff${JSON.stringify(header(rsa))}`, good()),
    'a header in UTF-16': () => forge(rsa, Buffer.from(JSON.stringify(header(rsa)), 'utf16le'), good()),
    'a header of broken UTF-8': () => forge(rsa, Buffer.from('{"alg":"RS256","kid":"\xff"}', 'latin1'), good()),
    'a header of more than 4 KiB': () => forge(rsa, header(rsa, { x: 'a'.repeat(5000) }), good()),
    'a header nested 40 deep': () => forge(rsa, withLiteral(header(rsa), `"x":${nested(40)}`), good()),
    'a header nested 1000 deep': () => forge(rsa, withLiteral(header(rsa), `"x":${nested(1000)}`), good()),
    'a payload nested 40 deep': () => literal(`"x":${nested(40)}`),
    'a payload nested 3000 deep': () => literal(`"x":${nested(3000)}`),
    'a payload that is an array': () => forge(rsa, header(rsa), '[1]'),
    'a payload that is no JSON': () => forge(rsa, header(rsa), 'hello'),
    'a claim twice': () => forge(rsa, header(rsa), withLiteral(good(), '"sub":"root"')),
    'a payload, a NUL and another': () => forge(rsa, header(rsa), `${JSON.stringify(good())}\0{}`),
    'a payload of broken UTF-8': () => forge(rsa, header(rsa), Buffer.from(JSON.stringify(good()).replace('alice', 'al\xffce'), 'latin1')),
    'exp NaN': () => literal('"exp":NaN', { exp: undefined }),
    'exp Infinity': () => literal('"exp":Infinity', { exp: undefined }),
    'exp in hex': () => literal('"exp":0x7fffffff', { exp: undefined }),
    'exp with a leading zero': () => literal(`"exp":0${now() + 600}`, { exp: undefined }),
    'exp with a plus': () => literal(`"exp":+${now() + 600}`, { exp: undefined }),
    'a large number with a leading zero': () => literal('"x":099999999999999999999', { x: undefined }),
    'a large number beside a NUL': () => literal('"x":1e400,"y":"\\u0000"', { x: undefined }),
    'a kid that is a number': () => forge(rsa, header(rsa, { kid: 1 }), good()),
    'a kid that is null': () => forge(rsa, header(rsa, { kid: null }), good()),
    'a typ that is a number': () => forge(rsa, header(rsa, { typ: 1 }), good()),
    'no alg': () => forge(rsa, { kid: rsa.kid, ...TYPES }, good()),
    'alg null': () => forge(rsa, header(rsa, { alg: null }), good()),
    'alg that is a number': () => forge(rsa, header(rsa, { alg: 256 }), good()),
    'alg that is an array': () => forge(rsa, header(rsa, { alg: ['RS256'] }), good()),
    'an encrypted token': () => `${b64('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.AAAA.AAAA.AAAA.AAAA`,
  },
  token_type_wrong: {
    ...Object.fromEntries(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'application/logout+jwt', 'JOSE', ''].map((typ) => [`typ ${typ || 'that is empty'}`, () => sign(rsa, {}, { typ })])),
  },
  issuer_unknown: {
    'another issuer': () => sign(rsa, { iss: 'https://evil.test' }),
    'the issuer in upper case': () => sign(rsa, { iss: ISSUER.toUpperCase() }),
    'a slash after the issuer': () => sign(rsa, { iss: `${ISSUER}/` }),
    'the start of the issuer': () => sign(rsa, { iss: ISSUER.slice(0, -1) }),
    'the issuer with a space after it': () => sign(rsa, { iss: `${ISSUER} ` }),
    'an empty issuer': () => sign(rsa, { iss: '' }),
  },
  claim_malformed: {
    'no iss': () => sign(rsa, { iss: undefined }),
    'iss that is an array': () => forge(rsa, header(rsa), good({ iss: [ISSUER] })),
    'iss that is null': () => forge(rsa, header(rsa), good({ iss: null })),
    'exp null': () => literal('"exp":null', { exp: undefined }),
    'iss that is a number too large to hold': () => literal('"iss":1e400', { iss: undefined }),
    'sub that is a number too large to hold': () => literal('"sub":99999999999999999999', { sub: undefined }),
    'aud with a number too large to hold in it': () => literal(`"aud":["${AUDIENCE}",1e400]`, { aud: undefined }),
    ...Object.fromEntries(['exp', 'nbf', 'iat'].flatMap((claim) =>
      [`"${now() + 600}"`, 'true', '1e400', '-1e400', '9223372036854775808', '[1]', '{}'].map((value) => [`${claim} ${value.replace(/[0-9]{5,}/, 'as text')}`, () => literal(`"${claim}":${value}`, { [claim]: undefined })]))),
    'aud that is a number': () => forge(rsa, header(rsa), good({ aud: 1 })),
    'aud that is an object': () => forge(rsa, header(rsa), good({ aud: { a: AUDIENCE } })),
    'aud that is null': () => forge(rsa, header(rsa), good({ aud: null })),
    'aud with a nested array': () => forge(rsa, header(rsa), good({ aud: [[AUDIENCE]] })),
    'aud with a number in it': () => forge(rsa, header(rsa), good({ aud: [AUDIENCE, 1] })),
    'exp below 0': () => sign(rsa, { exp: -1 }),
    'sub that is a number': () => forge(rsa, header(rsa), good({ sub: 1 })),
    'scope that is a number': () => forge(rsa, header(rsa), good({ scope: 1 })),
  },
  token_expired: {
    'a token of an hour ago': () => sign(rsa, { iat: now() - 7200, exp: now() - 3600 }),
    'exp 0': () => sign(rsa, { exp: 0 }),
    'exp just beyond the skew': () => sign(rsa, { exp: now() - 31 }),
  },
  token_not_yet_valid: {
    'nbf in an hour': () => sign(rsa, { nbf: now() + 3600 }),
    'iat in an hour': () => sign(rsa, { iat: now() + 3600, exp: now() + 7200 }),
  },
  audience_mismatch: {
    'no aud': () => sign(rsa, { aud: undefined }), 'another aud': () => sign(rsa, { aud: 'api://other' }),
    'an empty aud': () => sign(rsa, { aud: '' }), 'an empty array': () => sign(rsa, { aud: [] }),
    'the start of the aud': () => sign(rsa, { aud: AUDIENCE.slice(0, -1) }),
    'more than the aud': () => sign(rsa, { aud: `${AUDIENCE}x` }),
    'two in one text': () => sign(rsa, { aud: `${AUDIENCE} other` }),
    'the aud in upper case': () => sign(rsa, { aud: AUDIENCE.toUpperCase() }),
  },
  binding_mismatch: {
    'a token bound to a DPoP key': () => sign(rsa, { cnf: { jkt: 'abc' } }),
    'a token bound to a certificate': () => sign(rsa, { cnf: { 'x5t#S256': 'abc' } }),
    'cnf of an unknown kind': () => sign(rsa, { cnf: { other: 1 } }),
    'an empty cnf': () => sign(rsa, { cnf: {} }),
  },
  claim_required_missing: { 'no exp': () => sign(rsa, { exp: undefined }) },
  token_too_large: { 'a token of 17 KiB': () => forge(rsa, header(rsa), good({ x: 'a'.repeat(17 * 1024) })) },
};

/** True signatures by keys that the header's alg does not fit: which key, which alg. */
const UNFIT = {
  'ES256 with an RSA key': () => forge(rsa, header(rsa, { alg: 'ES256' }), good()),
  'RS256 with an EC key': () => forge(ec, header(ec, { alg: 'RS256' }), good(), { alg: 'ES256' }),
  'EdDSA with an RSA key': () => forge(rsa, header(rsa, { alg: 'EdDSA' }), good()),
  'ES256 on P-384': () => forge(p384Named256, header(p384Named256, { alg: 'ES256' }), good()),
  'RS384 by a key of RS256': () => forge(rsa, header(rsa, { alg: 'RS384' }), good(), { alg: 'RS384' }),
  'PS256 by a key of RS256': () => forge(rsa, header(rsa, { alg: 'PS256' }), good(), { alg: 'PS256' }),
};
REFUSED.algorithm_not_allowed = { ...REFUSED.algorithm_not_allowed, ...UNFIT };

/** Things that look like the role and must not give it. */
const NO_ROLE = {
  'another scope': { scope: 'reader' }, 'the scope in upper case': { scope: 'READ' }, 'a longer scope': { scope: 'readall' },
  'two scopes with a comma': { scope: 'write,read' }, 'a scope in another claim': { scope: undefined, permissions: 'read' },
  'no scope': { scope: undefined }, 'an empty scope': { scope: '' }, 'a tab between scopes': { scope: 'write\tread' },
};

const POLICY = {
  roles: { reader: { granted_to: [{ issuer: 'idp', scope: 'read' }, { issuer: 'narrow', scope: 'read' }] } },
  modules: { api: { paths: ['/api/*'] } },
  privileges: { api_priv: { modules: ['api'], paths: ['/api/*'], roles: ['reader'] } },
};

const CONFIG = {
  limits: { header_bytes: '64k' },
  issuers: {
    ...fileIssuer(),
    other: { issuer: OTHER, audience: [AUDIENCE], jwks_file: 'other.json' },
    narrow: { issuer: 'https://narrow.test', audience: [AUDIENCE], jwks_file: 'keys.json', algorithms: ['RS256'] },
  },
};

const FILES = {
  'keys.json': keySet(...Object.values(keys), bare, forEncryption, noVerify, weak, koblitz),
  'other.json': keySet(otherRsa),
};

const present = (gate, token, headers = {}) => gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${token}`, ...headers } });

test('tokens with keys in a file', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: CONFIG, policy: POLICY, files: FILES });

  for (const [name, make] of Object.entries(VALID)) {
    await t.test(name, async () => {
      const answer = await present(gate, await make());
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, '{"from":"upstream"}');
    });
  }
  const honestly = upstream.requests.length;

  for (const [word, cases] of Object.entries(REFUSED)) {
    for (const [name, make] of Object.entries(cases)) {
      await t.test(`${name} is refused: ${word}`, async () => {
        await expectRefusal(gate, await present(gate, await make()), word);
      });
    }
  }

  for (const [name, more] of Object.entries(NO_ROLE)) {
    await t.test(`${name} gives no role`, async () => {
      await expectRefusal(gate, await present(gate, await sign(rsa, more)), 'privilege_missing');
    });
  }

  for (const alg of ['RS256', 'PS256', 'ES256', 'ES512', 'EdDSA']) {
    await t.test(`${alg}: no flipped bit and no cut passes`, async () => {
      const token = forge(keys[alg], header(keys[alg]), good());
      const [head, payload, sig] = parts(token);
      const raw = Buffer.from(sig, 'base64url');
      for (let bit = 0; bit < raw.length * 8; bit += Math.ceil(raw.length / 8)) {
        const answer = await present(gate, `${head}.${payload}.${b64(flip(raw, bit))}`);
        assert.equal(answer.status, 401, `bit ${bit}: ${answer.text}`);
        assert.equal(answer.json().reason, 'signature_invalid');
      }
      for (let length = 1; length < token.length; length += 37) {
        assert.equal((await present(gate, token.slice(0, length))).status, 401, `cut to ${length}`);
      }
    });
  }

  await t.test('a verified token is forgotten when it expires', async () => {
    let token;
    const good = async () => {
      const got = await present(gate, token);
      if (got.status === 200) upstream.requests.pop();
      return got.status === 200;
    };
    // Seconds before its end, and in time: a busy machine may need another one.
    await eventually(async () => {
      token = await sign(rsa, { exp: now() - 28 });
      return good();
    }, 'that the skew forgives a late clock');
    await eventually(async () => !(await good()), 'its end');
    await expectRefusal(gate, await present(gate, token), 'token_expired');
  });

  await t.test('a token is cached whole: one that differs in a bit is judged by itself', async () => {
    const token = honest();
    assert.equal((await present(gate, token)).status, 200);
    assert.equal((await present(gate, token)).status, 200);
    upstream.requests.splice(-2);
    await expectRefusal(gate, await present(gate, `${token.slice(0, -8)}AAAAAAAA`), 'signature_invalid');
  });

  await t.test('nothing refused reached the upstream', () => assert.equal(upstream.requests.length, honestly));

  await t.test('no token is in any log', () => {
    const text = JSON.stringify(gate.lines) + gate.stderr;
    assert.doesNotMatch(text, /eyJ[A-Za-z0-9_-]{20}/);
  });

  await t.test('an honest token is still served after all of that', async () => {
    assert.equal((await present(gate, await sign(rsa))).status, 200);
  });
});

test('a token of 1 MiB does not fit a head, and harms nothing', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, config: CONFIG, policy: POLICY, files: FILES });
  const token = forge(rsa, header(rsa), good({ x: 'a'.repeat(1 << 20) }));

  const answer = await present(gate, token).catch(() => null);
  if (answer) await expectRefusal(gate, answer, 'header_too_large');
  assert.equal((await present(gate, await sign(rsa))).status, 200);
  assert.equal(upstream.requests.length, 1);
});

test('URLs in a header are never fetched', async (t) => {
  const gate = await startGate(t, { config: CONFIG, policy: POLICY, files: FILES });
  const listener = net.createServer();
  let connections = 0;
  listener.on('connection', (socket) => { connections++; socket.destroy(); });
  const port = await freePort();
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => listener.close());
  const url = `http://127.0.0.1:${port}/keys`;

  for (const member of [{ jku: url }, { x5u: url }, { jku: url, jwk: stranger.jwk }]) {
    await t.test(`${Object.keys(member).join(' and ')} of a stranger`, async () => {
      await expectRefusal(gate, await present(gate, forge(stranger, header(rsa, { kid: 'mine', ...member }), good())), 'key_unknown');
      await expectRefusal(gate, await present(gate, forge(stranger, header(rsa, member), good())), 'signature_invalid');
    });
  }
  assert.equal(connections, 0);
});

test('issuers ask for more', async (t) => {
  const upstream = await recordingUpstream(t);
  const config = { issuers: fileIssuer({ max_age: '1h', require: { '/token_use': 'access', '/tid': ['a', 'b'] }, clock_skew: '0s' }) };
  const gate = await startGate(t, { upstream: upstream.url, config, files: FILES });
  const more = { token_use: 'access', tid: 'b' };

  await t.test('a token that has it all is accepted', async () => assert.equal((await present(gate, await sign(rsa, more))).status, 200));
  await t.test('a required claim is missing', async () => expectRefusal(gate, await present(gate, await sign(rsa, { token_use: 'access' })), 'claim_required_missing'));
  await t.test('a required claim has another value', async () => expectRefusal(gate, await present(gate, await sign(rsa, { ...more, tid: 'c' })), 'claim_required_missing'));
  await t.test('a required claim is a list with the value in it', async () => expectRefusal(gate, await present(gate, await sign(rsa, { ...more, tid: ['b'] })), 'claim_required_missing'));
  await t.test('a token older than max_age', async () => expectRefusal(gate, await present(gate, await sign(rsa, { ...more, iat: now() - 3700 })), 'token_too_old'));
  await t.test('without skew exp is excluded', async () => expectRefusal(gate, await present(gate, await sign(rsa, { ...more, exp: now() })), 'token_expired'));
});

test('tokens of a real identity provider', async (t) => {
  const idp = await startIdp(t);
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, {
    upstream: upstream.url,
    config: { issuers: { idp: { issuer: idp.issuer, audience: [AUDIENCE] } } },
  });
  await gate.hasKeys();

  for (const alg of IDP_ALGORITHMS) {
    await t.test(`${alg} opens the API`, async () => {
      const answer = await present(gate, await idp.token(alg));
      assert.equal(answer.status, 200, answer.text);
      assert.equal(upstream.requests.at(-1).get('x-user'), 'svc');
      assert.equal(upstream.requests.at(-1).get('x-roles'), 'reader');
      assert.equal(upstream.requests.at(-1).get('x-issuer'), 'idp');
    });
    await t.test(`${alg} without the scope does not`, async () => {
      await expectRefusal(gate, await present(gate, await idp.token(alg, 'write')), 'privilege_missing');
    });
  }
  assert.equal(upstream.requests.length, IDP_ALGORITHMS.length);
});
