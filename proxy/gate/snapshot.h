/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot - everything a request is judged by, as it was at one moment: references to its parts.
 *
 * Uses:   services, issuer (its parts), jwks (keysets), base (hold).
 * Threads: any may take, read and release one; nothing in it changes.
 *
 * The one rule of lifetimes: a request takes the snapshot when its judging starts and holds it to
 * its log line, so all that it was judged by stays where it is. It lets go only to wait for keys,
 * takes anew after that, and never holds two. When a part is replaced, another snapshot is made of
 * references to the same parts but for that one; one that nobody holds any more is freed.
 */
#ifndef POSTERN_PROXY_GATE_SNAPSHOT_H
#define POSTERN_PROXY_GATE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/hold.h"
#include "issuer/local/issuer.h"
#include "jwks/keyset.h"
#include "proxy/config/config.h"
#include "proxy/gate/services.h"

struct snapshot {
	struct held held;
	uint64_t serial; /* no two have the same: what was found by one counts for that one */
	struct services *services; /* one reference; NULL: of a configuration alone */
	const struct config *config;
	bool local_counts;         /* do tokens of the local issuer count? */
	struct login *login;       /* of the local issuer; NULL: there is none */
	struct issuer_parts local; /* clients and users, revocations; NULLs without one */
	struct keyset **keys;      /* of each issuer, by profile; NULL: none, and so may each be */
};

/* Of all parts as they are now. given: snapshot_replace() or snapshot_free() it. NULL: no memory.
 */
MUST_CHECK struct snapshot *snapshot_new(struct services *services);

/* One that was not given to snapshot_replace(). Accepts NULL. */
void snapshot_free(struct snapshot *snapshot);

/* The one that counts now; snapshot_release() it. NULL: there is none. */
MUST_CHECK struct snapshot *snapshot_take(struct hold *hold);

/* Accepts NULL. */
void snapshot_release(struct snapshot *snapshot);

/* taken: it counts from now on; NULL: none does. */
void snapshot_replace(struct hold *hold, struct snapshot *snapshot);

/* The keys of an issuer; NULL: none may be used at `mono_s` (clock_mono_s()). They grow stale by
 * time alone. */
const struct keyset *snapshot_keys(
    const struct snapshot *snapshot, size_t issuer_index, int64_t mono_s);

/* A client of the local issuer by its client_id, or a user by its name; NULL: there is none. */
const struct client *snapshot_client(const struct snapshot *snapshot, struct span client_id);
const struct user *snapshot_user(const struct snapshot *snapshot, struct span name);

/* Was such a token revoked? */
bool snapshot_revoked(const struct snapshot *snapshot, const struct revoked_question *question);

#endif
