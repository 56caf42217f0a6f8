/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key - one public key that can verify (RFC 7517 section 4, RFC 7518 section 6, RFC 8037).
 *
 * Uses:   base, algorithm, OpenSSL.
 * Pure:   yes (allocates). Verifying is safe from any thread.
 * Limits: RSA 2048..16384 bits with an odd exponent of 3..2^64-1; EC points on their curve;
 *         Ed25519 of 32 bytes; a kid of 1..KEY_KID_MAX_BYTES bytes without control characters.
 */
#ifndef POSTERN_JWKS_KEY_H
#define POSTERN_JWKS_KEY_H

#include <stdbool.h>

#include <jansson.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "jwks/algorithm.h"

#define KEY_KID_MAX_BYTES 1024u

struct key;

/* May this be a kid, of a key or of a token? Such a text is safe to show. */
bool key_kid_valid(struct span kid);

/*
 * Make a key from one JWK object. `x5c`, `x5u` and any private members are never used; a private
 * key in a public set, `use` other than "sig", `key_ops` without "verify", "oct" and unknown types
 * are failures; reterr describes the cause. An optional member that is null counts as absent.
 *
 * ret_key  given: key_free() it. Set on success only.
 */
MUST_CHECK bool key_parse(const json_t *jwk, struct key **ret_key, struct err *reterr);

/* Accepts NULL. */
void key_free(struct key *key);

/* Its `kid`; at == NULL when it has none. Lent by the key. */
struct span key_kid(const struct key *key);

/* Its `issuer`, which Entra writes; at == NULL when it has none. Lent by the key. */
struct span key_issuer(const struct key *key);

/* Its type. */
enum key_type key_kind(const struct key *key);

/* Its own `alg`; ALGORITHM_COUNT when it names none. */
enum algorithm key_algorithm(const struct key *key);

/* Size in bits, for display. */
int key_bits(const struct key *key);

/* The same kid, issuer, type, own `alg` and material? */
bool key_same(const struct key *a, const struct key *b);

/* Do both have the same public key? Other members (kid, alg, use) are ignored. */
bool key_same_material(const struct key *a, const struct key *b);

/* Type, curve and own `alg` all agree with `algorithm`. */
bool key_fits(const struct key *key, enum algorithm algorithm);

/*
 * Is `signature` (raw bytes: RFC 7518 sections 3.3-3.5, RFC 8037 section 3.1) that of `input`?
 * False for a key that does not fit, for any wrong length, and for any failure of OpenSSL, whose
 * error queue is left empty.
 */
MUST_CHECK bool key_verify(
    const struct key *key, enum algorithm algorithm, struct span input, struct span signature);

#endif
