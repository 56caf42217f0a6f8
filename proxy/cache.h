/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache - callers already verified, under the SHA-256 of their whole token.
 *
 * Uses:   caller, base (digest, epoch).
 * Threads: any; finding takes no lock. Use it between epoch_enter() and epoch_leave().
 * Limits: CACHE_ENTRIES entries of at most CACHE_ENTRY_BYTES. An entry counts only with the stamp
 *         of the world it was made in, and never past the token's end.
 */
#ifndef POSTERN_PROXY_CACHE_H
#define POSTERN_PROXY_CACHE_H

#include <stdint.h>

#include "base/digest.h"
#include "proxy/caller.h"

#define CACHE_ENTRIES 4096
#define CACHE_ENTRY_BYTES (8u << 10)

struct cache;
struct cache_entry;

/* NULL: no memory. */
MUST_CHECK struct cache *cache_new(void);

/* When no thread uses it any more. Accepts NULL. */
void cache_free(struct cache *cache);

/* What is asked for. */
struct cache_key {
	unsigned char digest[DIGEST_BYTES]; /* of the token */
	uint64_t stamp;                     /* world_stamp() before the verdict was made */
};

/* The caller, lent until epoch_leave(); NULL: not there, of another stamp, or over. */
const struct caller *cache_find(struct cache *cache, const struct cache_key *key, int64_t now_s);

/* An entry made of a copy of the caller, not yet in the cache. NULL: no memory, or too large. */
MUST_CHECK struct cache_entry *cache_entry_new(
    const struct cache_key *key, const struct config *config, const struct caller *caller);

/*
 * Put it in. taken: `entry`. Returns the entry it replaces, or NULL: hand that to cache_retire()
 * after epoch_leave().
 */
MUST_CHECK struct cache_entry *cache_put(
    struct cache *cache, struct cache_entry *entry, int64_t now_s);
void cache_retire(struct cache_entry *entry); /* accepts NULL */

/* For /metrics. */
uint64_t cache_hits(const struct cache *cache);
uint64_t cache_misses(const struct cache *cache);

#endif
