/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/upstream_count.h"

#include <inttypes.h>
#include <stdio.h>

/* Upper bounds in microseconds; the last bucket has none. */
static const int64_t bounds_us[UPSTREAM_BUCKETS - 1] = { 500, 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 1000000, 10000000 };

static const char *const words[UPSTREAM_FAILURES] = { "connect", "timeout", "malformed", "reset",
	"tls", "dns" };

void
upstream_count_failure(struct upstream_count *count, enum upstream_failure failure)
{
	atomic_fetch_add_explicit(&count->failures[failure], 1, memory_order_relaxed);
}

void
upstream_count_answer(struct upstream_count *count, int64_t first_byte_us)
{
	int bucket = 0;

	while (bucket < UPSTREAM_BUCKETS - 1 && first_byte_us > bounds_us[bucket])
		bucket++;
	atomic_fetch_add_explicit(&count->buckets[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &count->first_byte_us, (uint64_t)first_byte_us, memory_order_relaxed);
}

void
upstream_count_retry(struct upstream_count *count)
{
	atomic_fetch_add_explicit(&count->retries, 1, memory_order_relaxed);
}

static uint64_t
value_of(atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
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
		int open = atomic_load(&samples[i].count->open);

		add_sample(text, &samples[i], "postern_upstream_connections", ",state=\"open\"");
		buffer_format(text, "%d\n", open);
		add_sample(text, &samples[i], "postern_upstream_connections", ",state=\"idle\"");
		buffer_format(text, "%d\n", samples[i].idle);
	}
	buffer_add_text(text,
	    "# HELP postern_upstream_connects_total Connections taken, new or from the pool.\n"
	    "# TYPE postern_upstream_connects_total counter\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_connects_total", ",kind=\"new\"");
		buffer_format(text, "%" PRIu64 "\n", value_of(&samples[i].count->opened));
		add_sample(
		    text, &samples[i], "postern_upstream_connects_total", ",kind=\"reused\"");
		buffer_format(text, "%" PRIu64 "\n", value_of(&samples[i].count->reused));
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
			buffer_format(
			    text, "%" PRIu64 "\n", value_of(&samples[i].count->failures[kind]));
		}
	}
}

static void
add_retries(const struct upstream_sample *samples, size_t count, struct buffer *text)
{
	buffer_add_text(text,
	    "# HELP postern_upstream_retries_total Requests that were sent a second time.\n"
	    "# TYPE postern_upstream_retries_total counter\n");
	for (size_t i = 0; i < count; i++) {
		add_sample(text, &samples[i], "postern_upstream_retries_total", "");
		buffer_format(text, "%" PRIu64 "\n", value_of(&samples[i].count->retries));
	}
}

static void
add_first_byte(const struct upstream_sample *samples, struct buffer *text)
{
	static const char name[] = "postern_upstream_first_byte_seconds";
	uint64_t sum = 0;
	char more[64];

	for (int b = 0; b < UPSTREAM_BUCKETS; b++) {
		sum += value_of(&samples->count->buckets[b]);
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
	buffer_format(text, "%.6f\n", (double)value_of(&samples->count->first_byte_us) / 1e6);
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
	add_failures(samples, count, text);
	add_retries(samples, count, text);
	buffer_add_text(text,
	    "# HELP postern_upstream_first_byte_seconds From the request's head to the answer's.\n"
	    "# TYPE postern_upstream_first_byte_seconds histogram\n");
	for (size_t i = 0; i < count; i++)
		add_first_byte(&samples[i], text);
}
