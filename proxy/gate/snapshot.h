/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot - everything a request is judged by, as it was at one moment: references to its parts.
 *
 * Uses:   services, issuer (its parts), jwks (keysets), base (hold).
 * Threads: any may take, read and release one; nothing in it changes.
 *
 * The one rule of lifetimes: a request takes the snapshot when its judging starts and holds it
 * until its log line is written, so everything that it was judged by stays valid. It releases the
 * snapshot early only to wait for keys, then takes the current one, and never holds two. When a
 * part is replaced, a new snapshot is made that shares the other parts. A snapshot is freed with
 * its last holder.
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
	uint64_t serial;           /* unique: a cached result is valid only for its own snapshot */
	struct services *services; /* one reference; NULL: of a configuration alone */
	const struct config *config;
	bool local_counts;         /* are tokens of the local issuer accepted? */
	struct login *login;       /* of the local issuer; NULL: there is none */
	struct issuer_parts local; /* clients and users, revocations; NULLs without one */
	struct keyset **keys;      /* of each trusted issuer, by index; NULL: none. Each may be
				    * NULL */
};

/* Make one of all current parts. given: snapshot_replace() or snapshot_free() it. NULL: no memory.
 */
MUST_CHECK struct snapshot *snapshot_new(struct services *services);

/* Free one that was not passed to snapshot_replace(). Accepts NULL. */
void snapshot_free(struct snapshot *snapshot);

/* Take the current one; snapshot_release() it. NULL: there is none. */
MUST_CHECK struct snapshot *snapshot_take(struct hold *hold);

/* Accepts NULL. */
void snapshot_release(struct snapshot *snapshot);

/* taken: it becomes the current one; NULL: there is none from now on. */
void snapshot_replace(struct hold *hold, struct snapshot *snapshot);

/* The keys of an issuer; NULL: none may be used at `mono_s` (clock_mono_s()). Keys can become stale
 * without a new snapshot. */
const struct keyset *snapshot_keys(
    const struct snapshot *snapshot, size_t issuer_index, int64_t mono_s);

/* A client of the local issuer by its client_id, or a user by its name; NULL: there is none. */
const struct client *snapshot_client(const struct snapshot *snapshot, struct span client_id);
const struct user *snapshot_user(const struct snapshot *snapshot, struct span name);

/* Was such a token revoked? */
bool snapshot_revoked(const struct snapshot *snapshot, const struct revoked_question *question);

#endif
