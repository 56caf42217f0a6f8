/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold - something that is replaced while many threads use it: each goes on with what it took, and
 * who releases it last frees it.
 *
 * Uses:   nothing.
 * Threads: any. Who holds what is counted in shards, one per processor and each on a cache line of
 *         its own, so that cores do not meet on it. Taking and releasing never wait for anything
 * but a replacement, which is a few hundred instructions.
 */
#ifndef POSTERN_BASE_HOLD_H
#define POSTERN_BASE_HOLD_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/check.h"

struct hold;

/* Stands first in what is held. The fields are hold.c's but for free_it. */
struct held {
	void (*free_it)(struct held *held); /* called once, on any thread; must not wait */
	struct hold *hold;
	atomic_int_fast64_t count;
};

/* Nothing is there yet. NULL: no memory. */
MUST_CHECK struct hold *hold_new(void);

/* When everything was released. Accepts NULL. */
void hold_free(struct hold *hold);

/* Use what is there now; hold_release() it. NULL: nothing is. */
MUST_CHECK struct held *hold_take(struct hold *hold);

/* Use it no more. On any thread. Accepts NULL. */
void hold_release(struct held *held);

/* taken: `held` (NULL: nothing) is there from now on. Whoever takes after this call gets it, and
 * nobody who took it finds the former one afterwards. The former is freed when nobody holds it. */
void hold_replace(struct hold *hold, struct held *held);

#endif
