/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/upstream_count.h"

#include <inttypes.h>
#include <stdio.h>

/* Upper bounds in microseconds; the last bucket has none. */
static const int64_t bounds_us[UPSTREAM_BUCKETS - 1] = { 500, 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 1000000, 10000000 };

static const char *const words[UPSTREAM_FAILURES] = { "connect", "timeout", "malformed", "reset",
	"tls", "dns" };

static void
add(struct upstream_count *count, int counter, uint64_t by)
{
	atomic_fetch_add_explicit(
	    &count->shards[shard_mine()].counters[counter], by, memory_order_relaxed);
}

void
upstream_count_one(struct upstream_count *count, enum upstream_counter counter)
{
	add(count, (int)counter, 1);
}

void
upstream_count_failure(struct upstream_count *count, enum upstream_failure failure)
{
	add(count, UPSTREAM_FAILURES_FROM + (int)failure, 1);
}

void
upstream_count_answer(struct upstream_count *count, int64_t first_byte_us)
{
	int bucket = 0;

	while (bucket < UPSTREAM_BUCKETS - 1 && first_byte_us > bounds_us[bucket])
		bucket++;
	add(count, UPSTREAM_BUCKETS_FROM + bucket, 1);
	add(count, UPSTREAM_FIRST_BYTE_US, (uint64_t)first_byte_us);
}

uint64_t
upstream_count_sum(const struct upstream_count *count, int counter)
{
	uint64_t sum = 0;

	for (int i = 0; i < SHARD_COUNT; i++)
		sum +=
		    atomic_load_explicit(&count->shards[i].counters[counter], memory_order_relaxed);
	return sum;
}

/* Closed ones are summed first, so that none is counted as closed but not as opened. */
uint64_t
upstream_count_open(const struct upstream_count *count)
{
	uint64_t closed = upstream_count_sum(count, UPSTREAM_CLOSED);

	return upstream_count_sum(count, UPSTREAM_OPENED) - closed;
}

/* A label's value: backslash, quote and newline are escaped. */
static void
add_label(struct buffer *text, const char *value)
{
	buffer_add_text(text, "upstream=\"");
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buffer_add_byte(text, '\\');
		buffer_add_byte(text, *value == '\n' ? ' ' : *value);
	}
	buffer_add_byte(text, '"');
}

/* One sample: NAME{upstream="…"MORE} VALUE. */
static void
add_sample(
    struct buffer *text, const struct upstream_sample *samples, const char *name, const char *more)
{
	buffer_add_text(text, name);
	buffer_add_byte(text, '{');
	add_label(text, samples->name);
	buffer_add_text(text, more);
	buffer_add_text(text, "} ");
}

static void
add_connections(const struct upstream_sample *samples, size_t count, struct buffer *text)
{
	buffer_add_text(text, "# HELP postern_upstream_connections Connections to the upstream.\n"
			      "# TYPE postern_upstream_connections gauge\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_connections", ",state=\"open\"");
		buffer_format(text, "%" PRIu64 "\n", upstream_count_open(samples[i].count));
		add_sample(text, &samples[i], "postern_upstream_connections", ",state=\"idle\"");
		buffer_format(text, "%d\n", samples[i].idle);
	}
	buffer_add_text(text,
	    "# HELP postern_upstream_connects_total Connections taken, new or from the pool.\n"
	    "# TYPE postern_upstream_connects_total counter\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_connects_total", ",kind=\"new\"");
		buffer_format(
		    text, "%" PRIu64 "\n", upstream_count_sum(samples[i].count, UPSTREAM_OPENED));
		add_sample(
		    text, &samples[i], "postern_upstream_connects_total", ",kind=\"reused\"");
		buffer_format(
		    text, "%" PRIu64 "\n", upstream_count_sum(samples[i].count, UPSTREAM_REUSED));
	}
}

static void
add_failures(const struct upstream_sample *samples, size_t count, struct buffer *text)
{
	char more[64];

	buffer_add_text(text, "# HELP postern_upstream_failures_total Failures of the upstream.\n"
			      "# TYPE postern_upstream_failures_total counter\n");
	for (size_t i = 0; i < count; i++) {
		for (int kind = 0; kind < UPSTREAM_FAILURES; kind++) {
			(void)snprintf(more, sizeof(more), ",kind=\"%s\"", words[kind]);
			add_sample(text, &samples[i], "postern_upstream_failures_total", more);
			buffer_format(text, "%" PRIu64 "\n",
			    upstream_count_sum(samples[i].count, UPSTREAM_FAILURES_FROM + kind));
		}
	}
}

static void
add_requests(const struct upstream_sample *samples, size_t count, struct buffer *text)
{
	buffer_add_text(text,
	    "# HELP postern_upstream_up Whether it gets requests: it is not out after failures.\n"
	    "# TYPE postern_upstream_up gauge\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_up", "");
		buffer_add_text(text, samples[i].up ? "1\n" : "0\n");
	}
	buffer_add_text(text,
	    "# HELP postern_upstream_requests_total Requests that it got, or was to get.\n"
	    "# TYPE postern_upstream_requests_total counter\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_requests_total", "");
		buffer_format(
		    text, "%" PRIu64 "\n", upstream_count_sum(samples[i].count, UPSTREAM_REQUESTS));
	}
}

static void
add_retries(const struct upstream_sample *samples, size_t count, struct buffer *text)
{
	buffer_add_text(text, "# HELP postern_upstream_retries_total Requests sent a second time, "
			      "or to another address.\n"
			      "# TYPE postern_upstream_retries_total counter\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_retries_total", "");
		buffer_format(
		    text, "%" PRIu64 "\n", upstream_count_sum(samples[i].count, UPSTREAM_RETRIES));
	}
}

static void
add_first_byte(const struct upstream_sample *samples, struct buffer *text)
{
	static const char name[] = "postern_upstream_first_byte_seconds";
	uint64_t sum = 0;
	char more[64];

	for (int b = 0; b < UPSTREAM_BUCKETS; b++) {
		sum += upstream_count_sum(samples->count, UPSTREAM_BUCKETS_FROM + b);
		if (b < UPSTREAM_BUCKETS - 1)
			(void)snprintf(
			    more, sizeof(more), ",le=\"%g\"", (double)bounds_us[b] / 1e6);
		else
			(void)snprintf(more, sizeof(more), ",le=\"+Inf\"");
		buffer_add_text(text, name);
		add_sample(text, samples, "_bucket", more);
		buffer_format(text, "%" PRIu64 "\n", sum);
	}
	buffer_add_text(text, name);
	add_sample(text, samples, "_sum", "");
	buffer_format(text, "%.6f\n",
	    (double)upstream_count_sum(samples->count, UPSTREAM_FIRST_BYTE_US) / 1e6);
	buffer_add_text(text, name);
	add_sample(text, samples, "_count", "");
	buffer_format(text, "%" PRIu64 "\n", sum);
}

void
upstream_count_text(const struct upstream_sample *samples, size_t count, struct buffer *text)
{
	if (count == 0)
		return;
	add_connections(samples, count, text);
	add_requests(samples, count, text);
	add_failures(samples, count, text);
	add_retries(samples, count, text);
	buffer_add_text(text,
	    "# HELP postern_upstream_first_byte_seconds From the request's head to the answer's.\n"
	    "# TYPE postern_upstream_first_byte_seconds histogram\n");
	for (size_t i = 0; i < count; i++)
		add_first_byte(&samples[i], text);
}
