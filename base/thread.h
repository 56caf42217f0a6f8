/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread - start threads with all signals blocked, and wait by the monotonic clock.
 *
 * Uses:   err.
 * Shell:  threads.
 */
#ifndef POSTERN_BASE_THREAD_H
#define POSTERN_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

/* How many processors the process may use, as its first thread may; at least 1. */
int thread_processors(void);

/* Run the calling thread on the `index`th of them alone, from 0. It is a matter of speed: where the
 * system will not, nothing changes. */
void thread_bind(int index);

/* Start a thread of the system's ordinary stack size with all signals blocked, on any of the
 * processors of the process. */
MUST_CHECK bool thread_start(
    pthread_t *thread, void *(*run)(void *), void *context, struct err *reterr);

/* Initialise a condition for thread_wait_us(). */
void thread_cond_init(pthread_cond_t *condition);

/* Wait for the condition, for at most this many microseconds; the lock is held before and after. */
void thread_wait_us(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t us);

/* Take the lock, waiting for at most this many microseconds. False: another thread has it still. */
MUST_CHECK bool thread_lock_us(pthread_mutex_t *lock, int64_t us);

#endif
