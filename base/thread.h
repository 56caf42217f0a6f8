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

/* Start a thread of the system's ordinary stack size with all signals blocked. */
MUST_CHECK bool thread_start(
    pthread_t *thread, void *(*run)(void *), void *context, struct err *reterr);

/* Initialise a condition for thread_wait_us(). */
void thread_cond_init(pthread_cond_t *condition);

/* Wait for the condition, for at most this many microseconds; the lock is held before and after. */
void thread_wait_us(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t us);

/* Take the lock, waiting for at most this many microseconds. False: another thread has it still. */
MUST_CHECK bool thread_lock_us(pthread_mutex_t *lock, int64_t us);

#endif
