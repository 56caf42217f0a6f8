/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fiber - a function with a stack of its own, which may wait without keeping a thread. The thread
 * that started it runs it for all of its life.
 *
 * Uses:   Boost.Context, by the C interface of its assembly; no C++.
 * Threads: a fiber belongs to the thread that started it. Functions that are not told which fiber
 *          mean the running one.
 */
#ifndef POSTERN_PROXY_IO_FIBER_H
#define POSTERN_PROXY_IO_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct fiber;

/*
 * Run `run(context)` on a new fiber, and return when it waits for the first time or has ended. Call
 * outside of fibers. False: no memory for a stack; nothing ran.
 */
MUST_CHECK bool fiber_start(void (*run)(void *context), void *context);

/* The running fiber; NULL outside of one. */
struct fiber *fiber_current(void);

/* Stop here until fiber_wake(); returns what that was given. errno is kept. The caller must hold no
 * lock. */
int fiber_wait(void);

/* Go on with a fiber that waits; returns when it waits again or has ended. Call outside of fibers,
 * on its own thread. */
void fiber_wake(struct fiber *fiber, int word);

/* A pointer that the fiber carries; NULL at its start. */
enum fiber_slot {
	FIBER_WAITER, /* watch.c: what it waits for */
	FIBER_CLIENT, /* wait.c: for whom it works */
	FIBER_SPENT,  /* watch.c: bytes since it waited last, no pointer */
	FIBER_SLOTS
};
void **fiber_local(struct fiber *fiber, enum fiber_slot slot);

/* Stacks of ended fibers are kept for new ones: free all of this thread's but the `keep` that were
 * used last. */
void fiber_trim(size_t keep);

/* How many fibers this thread had at a time, at most, since it was asked last. */
size_t fiber_most(void);

/* How many fibers this thread has started that have not ended, and how many stacks it keeps. */
size_t fiber_running(void);
size_t fiber_kept(void);

#endif
