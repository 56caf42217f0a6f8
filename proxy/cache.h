/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache - callers already verified, under the SHA-256 of their whole token.
 *
 * Uses:   caller, base (digest, epoch).
 * Threads: any; finding takes no lock. Use it between epoch_enter() and epoch_leave().
 * Limits: CACHE_ENTRIES entries of at most CACHE_ENTRY_BYTES.
 *
 * What a verdict rests on, and how each of it ends what is remembered. A caller is remembered, not the
 * verdict: which pattern, privilege and module cover the request, and whether the caller's roles
 * suffice, is judged anew each time.
 *
 *   the token's text, or name, password and peer: the key of the entry is a digest of all of it.
 *   configuration and policy  a reload makes another world, whose serial is part of the stamp. POST
 *                             /reload answers when it serves.
 *   an issuer's keys          another set raises keyring_generation(), part of the stamp. A set that
 *                             has grown stale ends by time alone: the gate asks for the keys at every
 *                             hit.
 *   the local issuer's keys, clients, users, their roles, passwords, being disabled; revocations
 *                             raise issuer_generation(), part of the stamp, after they are in
 *                             memory. What this gate does is in memory before it is acknowledged;
 *                             what a command or another gate did is noticed within a second.
 *   `accept: fallback`        entering or leaving it raises fallback_changes(), part of the stamp.
 *   time                      caller.from_s <= now < caller.until_s: nbf, iat, exp, max_age with the
 *                             skew, or how long a password is known to be right.
 *   a lock-out                nobody is found by a password unless login_quiet().
 *   a revocation's own end    is after that of the tokens it is about; refusals are not remembered.
 *
 * The stamp is read before all that it stands for, and raised after that has changed: what is made of
 * old parts can only get an old stamp.
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
