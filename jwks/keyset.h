/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyset - the public keys of one issuer, as one snapshot that never changes.
 *
 * Uses:   base, key.
 * Pure:   yes (allocates). Safe to read from any thread.
 * Limits: KEYSET_MAX_BYTES of JSON, KEYSET_MAX_KEYS keys; more is an error, never a silent cut.
 */
#ifndef POSTERN_JWKS_KEYSET_H
#define POSTERN_JWKS_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"
#include "jwks/key.h"

#define KEYSET_MAX_BYTES (256u << 10)
#define KEYSET_MAX_KEYS 100

/* The maximum number of keys to try for one signature. */
#define KEYSET_MAX_TRIED 4

struct keyset;

/* Why a member of the set is not used. */
struct keyset_skip {
	char kid[64]; /* cut; "" when it has none */
	struct err why;
};

/*
 * Parse a JWK Set (RFC 7517 section 5). Keys that cannot verify anything here are skipped and
 * listed by keyset_skip(). The same key twice is one key; of different keys with one kid that fit
 * the same algorithm only the first KEYSET_MAX_TRIED are used. A set without a usable key is a
 * failure: there is no empty keyset.
 *
 * json     borrowed.
 * ret_set  given: one reference, keyset_free() drops it. Set on success only.
 */
MUST_CHECK bool keyset_parse(struct span json, struct keyset **ret_set, struct err *reterr);

/* The same, but a single JWK (an object with "kty" and without "keys") counts as a set of one: for
 * files given to `postern verify`, never for an issuer's response. */
MUST_CHECK bool keyset_parse_lenient(struct span json, struct keyset **ret_set, struct err *reterr);

/* Add a reference. Returns its argument. */
struct keyset *keyset_ref(struct keyset *set);

/* Drop a reference; the last one frees the set. Accepts NULL. */
void keyset_free(struct keyset *set);

/* When the issuer last confirmed this set, by clock_mono_s(); 0: never. This is the only field of a
 * set that changes; results derived from the set become stale with it. Any thread. */
void keyset_seen(struct keyset *set, int64_t mono_s);
int64_t keyset_seen_s(const struct keyset *set);

/* The keys, in the order of the document; lent by the set. */
size_t keyset_count(const struct keyset *set);
const struct key *keyset_at(const struct keyset *set, size_t index);

/* The members that were skipped. */
size_t keyset_skipped(const struct keyset *set);
const struct keyset_skip *keyset_skip(const struct keyset *set, size_t index);

/*
 * The key for a token's header (RFC 7515 section 4.1.4). With a kid: the first key of that kid that
 * fits; keyset_next() has others. Without one (kid.at == NULL): the only key of the set that fits;
 * none or several is a refusal.
 *
 * Returns REASON_OK and lends *ret_key, or REASON_KEY_UNKNOWN, or REASON_ALGORITHM_NOT_ALLOWED
 * when the key of that kid exists but is of another type, curve or `alg`.
 */
MUST_CHECK enum reason keyset_find(const struct keyset *set, struct span kid,
    enum algorithm algorithm, const struct key **ret_key);

/* The next key under the kid of `key` that fits, lent; NULL: no more. If an issuer reuses a kid,
 * trying each key is the only way to find the one that signed. */
const struct key *keyset_next(
    const struct keyset *set, enum algorithm algorithm, const struct key *key);

/* Do both have the same keys (kid, type, material), in any order? */
bool keyset_same(const struct keyset *a, const struct keyset *b);

#endif
