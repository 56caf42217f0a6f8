/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_keys - the trusted public keys of other gates that share the database.
 *
 * Uses:   base, signing_key (names of algorithms), store (rows), jwks (keyset).
 * Pure:   yes (allocates).
 * Limits: SHARED_KEYS_MAX keys, of at most SHARED_KEY_BYTES each.
 *
 * A row is used when it has the same `iss`, is from another gate, has not expired, and its JWK is a
 * public key for one of the local issuer's algorithms with the kid of the row. Only the members of
 * a public key are copied from the JWK. A row that is ignored does not affect the others.
 */
#ifndef POSTERN_ISSUER_KEYS_SHARED_KEYS_H
#define POSTERN_ISSUER_KEYS_SHARED_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store/store.h"

#define SHARED_KEYS_MAX 64
#define SHARED_KEY_BYTES 4096

struct shared_key {
	char kid[64];
	char *jwk; /* owned */
};

struct shared_keys {
	struct shared_key keys[SHARED_KEYS_MAX];
	size_t count;
	int64_t ends_s; /* when the first of them expires; INT64_MAX: none does */
	size_t skipped; /* rows that were ignored because they are invalid */
	struct err why; /* of the first of them */
};

/* Which rows to use: this gate's id and issuer, and the time. Borrowed. */
struct shared_keys_reader {
	const char *issuer, *gate;
	int64_t now_s;
};

/* Choose among the rows. ret_shared  given: shared_keys_free() it. False: no memory. */
MUST_CHECK bool shared_keys_make(const struct store_key *first,
    const struct shared_keys_reader *reader, struct shared_keys **ret_shared);

/* Do both hold the same keys? NULL holds none. */
bool shared_keys_same(const struct shared_keys *a, const struct shared_keys *b);

/* Accepts NULL. */
void shared_keys_free(struct shared_keys *shared);

#endif
