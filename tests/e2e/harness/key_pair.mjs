// SPDX-License-Identifier: Apache-2.0
// A new key pair. Node 20 stops for ever if a key is exported at the moment when the job that made it
// is collected, since both lock the same thing: these keys are read from text, and share nothing with it.
import crypto from 'node:crypto';

/** As crypto.generateKeyPairSync(): {privateKey, publicKey}. */
export function makeKeyPair(type, options) {
  const pair = crypto.generateKeyPairSync(type, {
    ...options, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privateKey: crypto.createPrivateKey(pair.privateKey), publicKey: crypto.createPublicKey(pair.publicKey) };
}
