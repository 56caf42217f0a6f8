/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop - the threads of the events engine, and work for them from other threads.
 *
 * Uses:   watch, fiber, base (thread).
 * Shell:  threads.
 * Threads: any, but where a function says otherwise.
 */
#ifndef POSTERN_PROXY_IO_LOOP_H
#define POSTERN_PROXY_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

#define LOOP_MAX 64

/* Start `threads` loops, or (0) as many as there are processors for this process, each bound to its
 * own; LOOP_MAX at most, which none is bound to.
 * Does nothing while they run. One thread starts and stops them. */
MUST_CHECK bool loop_start(int threads, struct err *reterr);

/* End them and wait for their threads. No fiber may be under way. */
void loop_stop(void);

/* How many run: 0 before the start and after the stop. */
int loop_count(void);

/* The number of this thread's loop, from 0; -1: this thread is none. */
int loop_index(void);

/* Work for a loop. It belongs to the caller, who keeps it until it runs. */
struct loop_post {
	struct loop_post *next;
	void (*run)(struct loop_post *post);
};

/* Have `post->run(post)` called on that loop, soon, outside of fibers. */
void loop_post(int index, struct loop_post *post);

/* Have `run(context)` called on each loop, outside of fibers, and wait until all have. Not on a
 * loop. */
void loop_ask_all(void (*run)(void *context), void *context);

/* What the loops are doing. A round is all that was ready at a time: who became ready meanwhile
 * waited as long as it lasted. */
#define LOOP_ROUND_BUCKETS 8
struct loop_state {
	uint64_t rounds[LOOP_ROUND_BUCKETS]; /* by loop_round_bounds_us[]; the last ones: longer */
	uint64_t rounds_us;                  /* their sum */
	uint64_t fibers, stacks;             /* fibers that run or wait; stacks kept for others */
};
extern const int64_t loop_round_bounds_us[LOOP_ROUND_BUCKETS - 1];

/* Of all loops together, since their start. */
void loop_read_state(struct loop_state *ret_state);

#endif
