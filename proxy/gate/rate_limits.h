/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_limits - the rates of a policy at work: each with its table and its count.
 *
 * Uses:   rate_table, policy.
 * Threads: rate_limits_new() and rate_limits_free() on one at a time, the rest on any.
 */
#ifndef POSTERN_PROXY_GATE_RATE_LIMITS_H
#define POSTERN_PROXY_GATE_RATE_LIMITS_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "base/check.h"
#include "policy/policy.h"
#include "proxy/gate/rate_table.h"

/* One rate. Configurations in which it is the same share it, so a reload forgets nothing of a rate
 * that it does not change. */
struct rate_limit {
	struct rate rate; /* with a name of its own */
	struct rate_table *table;
	atomic_uint_fast64_t refused;
	atomic_uint references;
};

struct rate_limits {
	size_t count;
	struct rate_limit *at[]; /* by rate->index */
};

/*
 * Those of a policy. NULL: no memory, or no random bytes.
 *
 * previous  of the configuration that is replaced; NULL: none. What is the same there is shared.
 * now_us    clock_mono_us().
 */
MUST_CHECK struct rate_limits *rate_limits_new(
    const struct policy *policy, const struct rate_limits *previous, int64_t now_us);

/* Accepts NULL. */
void rate_limits_free(struct rate_limits *limits);

/* Their counters (text format 0.0.4). */
void rate_limits_text(const struct rate_limits *limits, struct buffer *text);

#endif
