/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker - a thread that repeats one step, sleeps in between, and can be woken.
 *
 * Uses:   thread, err.
 * Shell:  threads.
 * Threads: any may wake one; one stops it.
 */
#ifndef POSTERN_BASE_WORKER_H
#define POSTERN_BASE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

struct worker;

/* Wait until woken, however long that takes. */
#define WORKER_UNTIL_WOKEN (-1)

/*
 * Start a thread that calls step(context) at once, and again after the number of microseconds that
 * the last call returned, or earlier when it is woken.
 *
 * ret_worker  given: worker_stop() or worker_let_go() ends it. Set before the first step begins.
 */
MUST_CHECK bool worker_start(
    int64_t (*step)(void *context), void *context, struct worker **ret_worker, struct err *reterr);

/*
 * From now on, the next step also runs as soon as one of these descriptors is readable; the step
 * must drain it. They replace the earlier ones; -1 is skipped. Call from within a step only.
 */
#define WORKER_HEEDED_MAX 2
void worker_heed(struct worker *worker, const int *fds, size_t count);

/* Run the next step now, or right after the current one. */
void worker_wake(struct worker *worker);

/* taken: stop; waits for the current step to end. Accepts NULL. */
void worker_stop(struct worker *worker);

/*
 * taken: stop without waiting, for steps that a name server or a file system may block forever. The
 * worker's thread calls end(context) once its current step has returned (when the process is
 * exiting, perhaps never). If `worker` is NULL, end(context) is called directly.
 */
void worker_let_go(struct worker *worker, void (*end)(void *context), void *context);

#endif
