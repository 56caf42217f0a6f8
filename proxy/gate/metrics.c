/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/metrics.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/shard.h"

#define BUCKETS 12

/* Upper bounds in microseconds; the last bucket has none. */
static const int64_t bounds_us[BUCKETS - 1] = { 100, 250, 500, 1000, 2500, 5000, 10000, 50000,
	250000, 1000000, 10000000 };

struct shard {
	alignas(SHARD_LINE_BYTES) atomic_uint_fast64_t requests[REASON_COUNT];
	atomic_uint_fast64_t buckets[BUCKETS];
	atomic_uint_fast64_t total_us;
};

struct metrics {
	struct shard shards[SHARD_COUNT];
};

struct metrics *
metrics_new(void)
{
	struct metrics *metrics = aligned_alloc(SHARD_LINE_BYTES, sizeof(*metrics));

	if (metrics != NULL)
		memset(metrics, 0, sizeof(*metrics));
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	free(metrics);
}

static void
count(atomic_uint_fast64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

void
metrics_request(struct metrics *metrics, enum reason reason, int64_t duration_us)
{
	struct shard *shard = &metrics->shards[shard_mine()];
	int bucket = 0;

	while (bucket < BUCKETS - 1 && duration_us > bounds_us[bucket])
		bucket++;
	count(&shard->requests[reason], 1);
	count(&shard->buckets[bucket], 1);
	count(&shard->total_us, (uint64_t)duration_us);
}

static uint64_t
sum_of(const struct metrics *metrics, enum reason reason)
{
	uint64_t sum = 0;

	for (int i = 0; i < SHARD_COUNT; i++)
		sum += atomic_load_explicit(
		    &metrics->shards[i].requests[reason], memory_order_relaxed);
	return sum;
}

static void
add_durations(const struct metrics *metrics, struct buffer *text)
{
	uint64_t sum = 0, total_us = 0;

	buffer_add_text(text,
	    "# HELP postern_request_duration_seconds From a request's head to the answer's end.\n"
	    "# TYPE postern_request_duration_seconds histogram\n");
	for (int b = 0; b < BUCKETS; b++) {
		for (int i = 0; i < SHARD_COUNT; i++)
			sum += atomic_load_explicit(
			    &metrics->shards[i].buckets[b], memory_order_relaxed);
		if (b < BUCKETS - 1)
			buffer_format(text,
			    "postern_request_duration_seconds_bucket{le=\"%g\"} %llu\n",
			    (double)bounds_us[b] / 1e6, (unsigned long long)sum);
	}
	for (int i = 0; i < SHARD_COUNT; i++)
		total_us +=
		    atomic_load_explicit(&metrics->shards[i].total_us, memory_order_relaxed);
	buffer_format(text,
	    "postern_request_duration_seconds_bucket{le=\"+Inf\"} %llu\n"
	    "postern_request_duration_seconds_sum %.6f\n"
	    "postern_request_duration_seconds_count %llu\n",
	    (unsigned long long)sum, (double)total_us / 1e6, (unsigned long long)sum);
}

void
metrics_text(const struct metrics *metrics, struct buffer *text)
{
	buffer_add_text(text,
	    "# HELP postern_requests_total Requests by the reason of their verdict.\n"
	    "# TYPE postern_requests_total counter\n");
	for (int reason = 0; reason < REASON_COUNT; reason++)
		buffer_format(text, "postern_requests_total{reason=\"%s\"} %llu\n",
		    reason_word((enum reason)reason),
		    (unsigned long long)sum_of(metrics, (enum reason)reason));
	add_durations(metrics, text);
}
