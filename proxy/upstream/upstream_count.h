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

struct upstream_count {
	atomic_int open; /* connections, in use and idle */
	atomic_uint_fast64_t opened, reused;
	atomic_uint_fast64_t retries; /* requests that were sent a second time */
	atomic_uint_fast64_t failures[UPSTREAM_FAILURES];
	atomic_uint_fast64_t
	    buckets[UPSTREAM_BUCKETS];      /* answers by the time to their first byte */
	atomic_uint_fast64_t first_byte_us; /* the sum */
};

/* A request failed, of that kind. */
void upstream_count_failure(struct upstream_count *count, enum upstream_failure failure);

/* A request is sent a second time. */
void upstream_count_retry(struct upstream_count *count);

/* An answer's head was there so many microseconds after the request's was sent. */
void upstream_count_answer(struct upstream_count *count, int64_t first_byte_us);

/* One upstream to report. All is borrowed. */
struct upstream_sample {
	const char *name;
	struct upstream_count *count;
	int idle; /* connections kept in the pool */
};

/* postern_upstream_… of each, labelled with its name, which must be unique. */
void upstream_count_text(const struct upstream_sample *samples, size_t count, struct buffer *text);

#endif
