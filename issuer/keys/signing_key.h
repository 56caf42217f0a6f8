/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_key - one key of the local issuer, ready to sign.
 *
 * Uses:   base, OpenSSL.
 * Pure:   but for randomness. Any thread.
 *
 * Only signing_key_pem() discloses a private key, and only to write its file.
 */
#ifndef POSTERN_ISSUER_KEYS_SIGNING_KEY_H
#define POSTERN_ISSUER_KEYS_SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum signing_algorithm { SIGNING_ES256, SIGNING_RS256, SIGNING_PS256, SIGNING_EDDSA };

/* Their names (RFC 7518 section 3.1, RFC 8037), in that order, NULL at the end. */
extern const char *const signing_algorithms[];

/* The most bytes of a signature: RSA with 4096 bits. */
#define SIGNING_BYTES 512

struct signing_key;

/* Make a new one: P-256, RSA with 2048 bits, Ed25519. Its KID does not begin with "-". given:
 * signing_key_free() it. */
MUST_CHECK bool signing_key_make(
    enum signing_algorithm algorithm, struct signing_key **ret_key, struct err *reterr);

/* Read one in PEM, a private key (PKCS #8, without a pass phrase) or a public one. An error when it
 * is not of the kind that the algorithm needs. given: signing_key_free() it. */
MUST_CHECK bool signing_key_read(struct span pem, enum signing_algorithm algorithm,
    struct signing_key **ret_key, struct err *reterr);

/* Wiped and freed. Accepts NULL. */
void signing_key_free(struct signing_key *key);

/* Append its PEM, private or public; wipe what holds a private one. */
MUST_CHECK bool signing_key_pem(
    const struct signing_key *key, bool is_private, struct buffer *pem, struct err *reterr);

/* Its RFC 7638 thumbprint; lent. */
const char *signing_key_kid(const struct signing_key *key);

/* Its algorithm. */
enum signing_algorithm signing_key_algorithm(const struct signing_key *key);

/* Can it sign, or does it have only a public key? */
bool signing_key_able(const struct signing_key *key);

/* Its public JWK (RFC 7517), lent. */
struct span signing_key_jwk(const struct signing_key *key);

/* Sign `input` as RFC 7515 wants it; *ret_len bytes of `signature` are set. */
MUST_CHECK bool signing_key_sign(const struct signing_key *key, struct span input,
    unsigned char signature[SIGNING_BYTES], size_t *ret_len);

#endif
