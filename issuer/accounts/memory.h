/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory - the state of the local issuer that outlives a reload: failed authentications, right
 * passwords, used assertions.
 *
 * Uses:   lockout, replay, password_cache.
 * Pure:   but for random keys (allocates). Any thread.
 *
 * A reload makes a new issuer whenever a key of `local_issuer` changes. Losing this state would let
 * an assertion be used twice and end every lock-out. It does not depend on the database: it has the
 * names that clients sent.
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
