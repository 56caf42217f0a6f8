/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_queue - a queue of log lines that a background thread writes to a descriptor, so that a slow
 * reader cannot block the threads that log.
 *
 * Uses:   worker, thread, clock, buffer.
 * Shell:  threads, a descriptor.
 * Threads: any.
 * Limits: LOG_QUEUE_BYTES of queued lines. If the queue is full, a line waits up to
 *         LOG_QUEUE_WAIT_US while the writer makes progress, or up to LOG_QUEUE_STUCK_US while it
 *         makes none; then lines are dropped and counted until half of the queue is free.
 *
 * Lines stay whole and in order. Each write() is one line, or as many whole lines as fit in
 * PIPE_BUF: such a write is atomic even if several processes write to the same pipe. To a regular
 * file up to LOG_QUEUE_FILE_BYTES go at once.
 */
#ifndef POSTERN_BASE_LOG_QUEUE_H
#define POSTERN_BASE_LOG_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "base/worker.h"

#define LOG_QUEUE_BYTES (4u << 20)
#define LOG_QUEUE_FILE_BYTES (64u << 10)
#define LOG_QUEUE_STUCK_US (500 * INT64_C(1000))
#define LOG_QUEUE_WAIT_US (5 * INT64_C(1000000))

/* Starting from LOG_QUEUE_INIT; lives until the process ends, because a writer that is stuck at the
 * end still uses it. */
struct log_queue {
	pthread_mutex_t lock;
	pthread_cond_t moved, hurry; /* the writer made progress; the writer must stop collecting */
	struct worker *worker;
	int fd;
	size_t block_bytes; /* of one write(), unless a line is longer */
	/* Formats the line that reports the number of dropped lines. */
	void (*say)(struct buffer *line, uint64_t dropped);
	struct log_block *first, *last;
	atomic_size_t bytes; /* of all blocks, the one being written included */
	int64_t moved_us;    /* when the writer last made progress, or was idle */
	int waiting;         /* lines that wait for room */
	bool idle, dropping, flushing, torn;
	uint64_t unsaid;              /* dropped, not yet reported */
	atomic_uint_fast64_t dropped; /* ever */
	atomic_bool running, left;    /* started; let go while stuck */
};

#define LOG_QUEUE_INIT { .lock = PTHREAD_MUTEX_INITIALIZER }

/* Start the writer of `fd`. */
MUST_CHECK bool log_queue_start(struct log_queue *queue, int fd,
    void (*say)(struct buffer *line, uint64_t dropped), struct err *reterr);

/* Queue a line, its newline included, or drop it. False: no writer runs, so write it yourself. */
MUST_CHECK bool log_queue_put(struct log_queue *queue, struct span line);

/* Is it so full that the next line may have to wait for its reader? */
bool log_queue_crowded(const struct log_queue *queue);

/* Flush the queue while the writer makes progress, at most until the monotonic `until_us`, and end
 * the writer. A writer that is stuck then is abandoned, and later lines are dropped. */
void log_queue_stop(struct log_queue *queue, int64_t until_us);

/* Write all of the bytes, waiting as long as it takes. Returns what could not be written (disk
 * full, reader gone): their end. */
MUST_CHECK struct span log_queue_write(int fd, struct span bytes);

#endif
