/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache - callers already verified, by the SHA-256 of their whole token and that of their client
 * certificate.
 *
 * Uses:   caller, base (digest, epoch).
 * Threads: any; lookups take no lock and return a copy. Entries are freed by epochs (base/epoch),
 *          which callers need not know.
 * Limits: the bytes given to cache_new(), in entries of at most CACHE_ENTRY_BYTES. Entries that
 * were replaced and may still be read come on top: a few hundred at most (base/epoch).
 *
 * What a decision depends on, and how a change of it invalidates an entry. The cache holds the
 * caller, not the decision: the route (by host, path and method), the place of the token, the
 * Origin beside a cookie, and whether the caller's roles suffice and its claims equal the segments
 * of the path (`match`), are checked at every request. The claims' values are part of the caller,
 * as the token's text is of the key.
 *
 *   the token's text, or name, password and peer: the entry's key is a digest of them.
 *   the client certificate, by which roles are granted and to which tokens are bound: its digest is
 *   part of the key, so what was found for one connection is found only where the same
 *   certificate was presented.
 *   where the client is, if a role depends on it: its address is part of the key.
 *   the audience: it is the issuer's, or that of the module that was matched (`resource`), whose
 *   address is part of the key.
 *   configuration and policy, keys, clients, users, their roles, passwords, being disabled,
 *   revocations, `accept: fallback`: each change makes a new snapshot, and its serial is part of
 *   the key. A change by this gate is in the snapshot before it is acknowledged; a change by a
 *   command or another gate is noticed within a second.
 *   the policy of `policy_next`: it is part of the configuration, and the roles that it gives are
 *   in the caller beside the live ones.
 *   time: caller.from_s <= now < caller.until_s, from nbf, iat, exp and max_age with the skew, or
 *   from the time for which a password counts as right. Stale keys need no rule here: the gate
 *   checks the keys at every hit.
 *   a lock-out: callers are looked up by password only while login_quiet().
 *   the end of a revocation: it is later than that of the tokens it affects, and refusals are not
 *   cached.
 */
#ifndef POSTERN_PROXY_GATE_CACHE_H
#define POSTERN_PROXY_GATE_CACHE_H

#include <stdint.h>

#include "base/digest.h"
#include "proxy/gate/caller.h"
#include "proxy/http/request.h"

#define CACHE_ENTRY_BYTES (8u << 10)

struct cache;

/* One whose entries take at most `max_bytes`, at least CACHE_SET_BYTES; so much is used only as
 * entries come. NULL: no memory. */
#define CACHE_SET_BYTES (16u << 10)
MUST_CHECK struct cache *cache_new(size_t max_bytes);

/* Call when no thread uses it any more. Accepts NULL. */
void cache_free(struct cache *cache);

/* What is asked for. */
struct cache_key {
	unsigned char digest[DIGEST_BYTES];      /* of the token */
	unsigned char certificate[DIGEST_BYTES]; /* its SHA-256; zeros: the client has none */
	char peer[REQUEST_PEER_ROOM];            /* zeros: no role depends on it */
	/* The audiences that were demanded, by their address in the snapshot; NULL: those of the
	 * token's issuer. */
	const struct texts *audiences;
	uint64_t serial; /* of the snapshot that the caller was verified with */
};

/* A key whose digest is to be filled in.
 *
 * certificate  of the client; NULL: none.
 * peer         the client's, shorter than REQUEST_PEER_ROOM; at == NULL: no role depends on it. */
struct cache_key cache_key_for(
    uint64_t serial, const struct request_certificate *certificate, struct span peer);

/* A copy of the caller in `arena`; NULL: not found, from another snapshot, or expired. It may point
 * into the configuration of the snapshot. */
const struct caller *cache_find(
    struct cache *cache, const struct cache_key *key, int64_t now_s, struct arena *arena);

/* Store a copy of the caller, if there is memory and it is not too large. */
void cache_put(
    struct cache *cache, const struct cache_key *key, const struct caller *caller, int64_t now_s);

/* Free replaced entries. Call periodically from a housekeeping thread. */
void cache_tend(void);

/* For /metrics. */
uint64_t cache_hits(const struct cache *cache);
uint64_t cache_misses(const struct cache *cache);
size_t cache_bytes(const struct cache *cache); /* that the entries take now */

#endif
