/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache - callers already verified, under the SHA-256 of their whole token.
 *
 * Uses:   caller, base (digest, epoch).
 * Threads: any; finding takes no lock. What is found is a copy: that entries are freed when nobody
 *         looks at them any more (base/epoch) is known here alone.
 * Limits: CACHE_ENTRIES entries of at most CACHE_ENTRY_BYTES.
 *
 * What a verdict rests on, and how each of it ends what is remembered. A caller is remembered, not
 * the verdict: which pattern, privilege and module cover the request, and whether the caller's
 * roles suffice, is judged anew each time.
 *
 *   the token's text, or name, password and peer: the key of the entry is a digest of all of it.
 *   configuration and policy, keys, clients, users, their roles, passwords, being disabled,
 *   revocations, `accept: fallback`: whatever of these changes, another snapshot is made, and its
 *                             serial is part of the key. What this gate does is in the snapshot
 *                             before it is acknowledged; what a command or another gate did is
 *                             noticed within a second.
 *   time                      caller.from_s <= now < caller.until_s: nbf, iat, exp, max_age with
 * the skew, or how long a password is known to be right. That keys have grown stale changes nothing
 * else: the gate asks for the keys at every hit. a lock-out                nobody is found by a
 * password unless login_quiet(). a revocation's own end    is after that of the tokens it is about;
 * refusals are not remembered.
 */
#ifndef POSTERN_PROXY_GATE_CACHE_H
#define POSTERN_PROXY_GATE_CACHE_H

#include <stdint.h>

#include "base/digest.h"
#include "proxy/gate/caller.h"

#define CACHE_ENTRIES 4096
#define CACHE_ENTRY_BYTES (8u << 10)

struct cache;

/* NULL: no memory. */
MUST_CHECK struct cache *cache_new(void);

/* When no thread uses it any more. Accepts NULL. */
void cache_free(struct cache *cache);

/* What is asked for. */
struct cache_key {
	unsigned char digest[DIGEST_BYTES]; /* of the token */
	uint64_t serial;                    /* of the snapshot that it was judged by */
};

/* A copy of the caller in `arena`; NULL: not there, by another snapshot, or over. It may point to
 * the configuration of the snapshot. */
const struct caller *cache_find(
    struct cache *cache, const struct cache_key *key, int64_t now_s, struct arena *arena);

/* Keep a copy of the caller, if there is memory and it is not too large. */
void cache_put(
    struct cache *cache, const struct cache_key *key, const struct caller *caller, int64_t now_s);

/* Free what was displaced. Call now and then from a housekeeping thread. */
void cache_tend(void);

/* For /metrics. */
uint64_t cache_hits(const struct cache *cache);
uint64_t cache_misses(const struct cache *cache);

#endif
