/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_keys - the public keys of the other gates that share the database, as they may be trusted.
 *
 * Uses:   base, signing_key (names of algorithms), store (rows), jwks (keyset).
 * Pure:   yes (allocates).
 * Limits: SHARED_KEYS_MAX keys, of at most SHARED_KEY_BYTES each.
 *
 * A row counts when it is of the same `iss`, of another gate, not over, and its JWK is a public key
 * that verifies one of the local issuer's algorithms under the kid of the row. Of the JWK only the
 * members are kept that a public key has. A row that does not count spoils no other.
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
	int64_t ends_s; /* when the first of them is over; INT64_MAX: none is */
	size_t skipped; /* rows that do not count though they should */
	struct err why; /* of the first of them */
};

/* Who asks, and when: whose rows count, and whose are our own. Borrowed. */
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
