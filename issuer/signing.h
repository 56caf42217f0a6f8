/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing - the private keys with which the local issuer signs.
 *
 * Uses:   base, OpenSSL.
 * Shell:  signing_open() reads and writes STATE/signing/. The rest is pure; signing is safe from
 *         any thread.
 *
 * A key is a file KID.pem (PKCS #8, mode 0600); KID is its RFC 7638 thumbprint. No function gives
 * a private key away.
 */
#ifndef POSTERN_ISSUER_SIGNING_H
#define POSTERN_ISSUER_SIGNING_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/* An ES256 signature: R and S (RFC 7518 section 3.4). */
#define SIGNING_BYTES 64

/* At most so many key files are read; more is an error. */
#define SIGNING_MAX_KEYS 32

struct signing;

/*
 * Load every key under `state_dir`/signing; make one when there is none. Two that start at once
 * make one key, not two. A file that group or others can read, that is no P-256 key or whose name
 * is not its thumbprint is an error.
 *
 * ret_signing  given: signing_close() it.
 */
MUST_CHECK bool signing_open(
    const char *state_dir, struct signing **ret_signing, struct err *reterr);

/* Accepts NULL. */
void signing_close(struct signing *signing);

/* The `kid` and the `alg` of the key that signs now; lent. */
const char *signing_kid(const struct signing *signing);
const char *signing_alg(const struct signing *signing);

/* Append the JWK Set of all public keys (RFC 7517 section 5). */
void signing_jwks(const struct signing *signing, struct buffer *json);

/* Sign `input`. */
MUST_CHECK bool signing_sign(const struct signing *signing, struct span input,
    unsigned char signature[SIGNING_BYTES], struct err *reterr);

#endif
