/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory - what the local issuer remembers from one configuration to the next: who failed to prove
 * who they are, which passwords were right, which assertions were used.
 *
 * Uses:   lockout, replay, password_cache.
 * Pure:   but for random keys (allocates). Any thread.
 *
 * A reload makes a new issuer whenever a key of `local_issuer` changes; to forget any of this would
 * let an assertion count twice and lift every lock-out. The names in it need no database: they are
 * those that were presented.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_MEMORY_H
#define POSTERN_ISSUER_ACCOUNTS_MEMORY_H

#include <stdatomic.h>

#include "base/check.h"
#include "issuer/accounts/lockout.h"
#include "issuer/accounts/replay.h"
#include "issuer/accounts/password_cache.h"

struct memory {
	struct lockout *lockout; /* of clients and users that fail to prove who they are */
	struct replay *replay;   /* of assertions */
	struct password_cache *password_cache; /* passwords */
	_Atomic unsigned owners;
};

/* NULL: no memory, or no random bytes. given: memory_unref() it. */
MUST_CHECK struct memory *memory_new(void);

/* One more owner. Returns its argument. */
struct memory *memory_ref(struct memory *memory);

/* One owner less. Accepts NULL. */
void memory_unref(struct memory *memory);

#endif
