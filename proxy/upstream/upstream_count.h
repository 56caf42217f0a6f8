/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream_count - the counters of an upstream, and their Prometheus text.
 *
 * Uses:   base.
 * Threads: any; the counters are atomic.
 */
#ifndef POSTERN_PROXY_UPSTREAM_UPSTREAM_COUNT_H
#define POSTERN_PROXY_UPSTREAM_UPSTREAM_COUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/shard.h"

/* What went wrong with an upstream. */
enum upstream_failure {
	UPSTREAM_CONNECT, /* no connection: refused, no route */
	UPSTREAM_TIMEOUT, /* no connection or no answer in time, or a stall in the middle of one */
	UPSTREAM_MALFORMED, /* an answer that is not HTTP/1.x */
	UPSTREAM_RESET,     /* it closed before its answer was whole */
	UPSTREAM_TLS,       /* the handshake failed, or the certificate is refused */
	UPSTREAM_DNS,       /* its name has no address */
	UPSTREAM_FAILURES
};

#define UPSTREAM_BUCKETS 12

enum upstream_counter {
	UPSTREAM_OPENED,   /* new connections */
	UPSTREAM_CLOSED,   /* connections that are no more */
	UPSTREAM_REUSED,   /* connections taken from the pool */
	UPSTREAM_REQUESTS, /* sent there, or tried to be */
	UPSTREAM_RETRIES,  /* sent a second time, or after another address gave no connection */
	UPSTREAM_FIRST_BYTE_US, /* the sum of answers' times to their first byte */
	UPSTREAM_BUCKETS_FROM,  /* answers by that time */
	UPSTREAM_FAILURES_FROM = UPSTREAM_BUCKETS_FROM + UPSTREAM_BUCKETS, /* by kind */
	UPSTREAM_COUNTERS = UPSTREAM_FAILURES_FROM + UPSTREAM_FAILURES
};

struct upstream_count {
	struct {
		_Alignas(SHARD_LINE_BYTES) atomic_uint_fast64_t counters[UPSTREAM_COUNTERS];
	} shards[SHARD_COUNT];
};

/* One more of them. */
void upstream_count_one(struct upstream_count *count, enum upstream_counter counter);

/* A request failed, of that kind. */
void upstream_count_failure(struct upstream_count *count, enum upstream_failure failure);

/* An answer's head was there so many microseconds after the request's was sent. */
void upstream_count_answer(struct upstream_count *count, int64_t first_byte_us);

/* What was counted so far: one of upstream_counter; or UPSTREAM_BUCKETS_FROM and a bucket, or
 * UPSTREAM_FAILURES_FROM and a failure, added. And the connections, in use and idle. */
uint64_t upstream_count_sum(const struct upstream_count *count, int counter);
uint64_t upstream_count_open(const struct upstream_count *count);

/* One upstream to report. All is borrowed. */
struct upstream_sample {
	const char *name;
	struct upstream_count *count;
	int idle; /* connections kept in the pool */
	bool up;  /* it gets requests */
};

/* postern_upstream_… of each, labelled with its name, which must be unique. */
void upstream_count_text(const struct upstream_sample *samples, size_t count, struct buffer *text);

#endif
