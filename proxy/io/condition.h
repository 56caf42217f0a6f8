/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition - what pthread_cond_t is for threads, for fibers as well.
 *
 * Uses:   wait, loop, base (thread).
 * Threads: any.
 */
#ifndef POSTERN_PROXY_IO_CONDITION_H
#define POSTERN_PROXY_IO_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct condition_sleeper;

struct condition {
	pthread_cond_t threads;
	struct condition_sleeper *fibers;
};

/* Initialize. */
void condition_init(struct condition *condition);

/* Nobody waits any more: free what it holds. */
void condition_done(struct condition *condition);

/*
 * Release the lock, wait for condition_broadcast() until the monotonic deadline, and take the lock
 * again. It may return early. False: the client for whom the caller works has left, or the fiber is
 * cancelled; waiting on is in vain.
 */
bool condition_wait(struct condition *condition, pthread_mutex_t *lock, int64_t deadline_us);

/* Wake all that wait. The caller holds the lock. */
void condition_broadcast(struct condition *condition);

#endif
