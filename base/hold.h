/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold - a shared object that can be replaced while threads use it: each thread continues with the
 * one it took, and the last release frees it.
 *
 * Uses:   nothing.
 * Threads: any. References are counted in shards, one per processor and each on its own cache line,
 *          so that cores do not contend. Taking and releasing wait only for a replacement, which
 *          takes a few hundred instructions.
 */
#ifndef POSTERN_BASE_HOLD_H
#define POSTERN_BASE_HOLD_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/check.h"

struct hold;

/* The first member of a held object. All fields but free_it are private to hold.c. */
struct held {
	void (*free_it)(struct held *held); /* called once, on any thread; must not wait */
	struct hold *hold;
	atomic_int_fast64_t count;
};

/* Make an empty one, without a current object. NULL: no memory. */
MUST_CHECK struct hold *hold_new(void);

/* Free it, after everything was released. Accepts NULL. */
void hold_free(struct hold *hold);

/* Take a reference to the current object; hold_release() it. NULL: there is none. */
MUST_CHECK struct held *hold_take(struct hold *hold);

/* Drop the reference. On any thread. Accepts NULL. */
void hold_release(struct held *held);

/* taken: make `held` (NULL: nothing) the current object. Every later take returns it, and a thread
 * that has got it never gets the former one again. The former is freed after its last release. */
void hold_replace(struct hold *hold, struct held *held);

#endif
