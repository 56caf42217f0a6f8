/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_digest - the SHA-256 of a token, without hashing a token that comes again and again.
 *
 * Uses:   base (digest).
 * Threads: any; each remembers the last tokens that it saw twice, TOKEN_DIGEST_PLACES of them at
 *          most, until another takes the place or the thread ends. Then they are wiped.
 *
 * Hashing a token costs more than all else that is done for a caller who is known already. To
 * compare all its bytes with those of a token whose digest is known costs a tenth, and says the
 * same. The time that it takes does not depend on where two tokens differ, so nobody can guess
 * another's token byte by byte.
 */
#ifndef POSTERN_PROXY_GATE_TOKEN_DIGEST_H
#define POSTERN_PROXY_GATE_TOKEN_DIGEST_H

#include <stdbool.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/span.h"

#define TOKEN_DIGEST_PLACES 64u

/* Tokens that are longer or shorter are always hashed. */
#define TOKEN_DIGEST_SHORTEST 64u
#define TOKEN_DIGEST_LONGEST 2048u

/* What digest_sha256() gives. False: it failed (no memory). */
MUST_CHECK bool token_digest(struct span token, unsigned char out[DIGEST_BYTES]);

#endif
