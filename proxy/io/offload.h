/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload - a small pool of threads for slow calls (hashing of passwords, commits to a database),
 * so that no request of a fiber holds up the others of its loop.
 *
 * Uses:   fiber, loop, base (thread).
 * Shell:  threads.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_IO_OFFLOAD_H
#define POSTERN_PROXY_IO_OFFLOAD_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"

/* Start the pool, before the first fiber. Does nothing while it runs. */
MUST_CHECK bool offload_start(struct err *reterr);

/* End it; no call may be under way. */
void offload_stop(void);

/* Call `run(context)`: for a fiber on a thread of the pool, while the fiber waits; else here. It
 * returns when that has returned. The caller must hold no lock. False: it was not called, since the
 * client for whom the fiber works (see wait.h) has left before there was a thread for it, or the
 * fiber was cancelled. */
MUST_CHECK bool offload(void (*run)(void *context), void *context);

/* Threads at work, and calls that wait for one. */
int offload_busy(void);
int offload_waiting(void);

#endif
