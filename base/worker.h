/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker - a thread that does one thing again and again, waits in between, and can be woken.
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
 * Start a thread that calls step(context) at once, and again when as many microseconds have passed
 * as the last call returned, or earlier when it is woken.
 *
 * ret_worker  given: worker_stop() or worker_let_go() ends it. Set before the first step begins.
 */
MUST_CHECK bool worker_start(
    int64_t (*step)(void *context), void *context, struct worker **ret_worker, struct err *reterr);

/*
 * From now on the next step comes, too, as soon as one of these descriptors can be read; the step
 * reads it empty. They replace those that were given before; -1 is skipped. Within a step only.
 */
#define WORKER_HEEDED_MAX 2
void worker_heed(struct worker *worker, const int *fds, size_t count);

/* Take the next step now; after the one under way, if there is one. */
void worker_wake(struct worker *worker);

/* taken: no further step. Waits for the one under way. Accepts NULL. */
void worker_stop(struct worker *worker);

/*
 * taken: no further step, and nobody waits: for steps that a name server or a file system may hold
 * up for ever. end(context) is called on the worker's thread once the step under way has ended (at
 * the end of the process: perhaps never), or right here when `worker` is NULL.
 */
void worker_let_go(struct worker *worker, void (*end)(void *context), void *context);

#endif
