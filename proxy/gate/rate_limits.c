/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/rate_limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
unref(struct rate_limit *limit)
{
	if (limit == NULL || atomic_fetch_sub(&limit->references, 1) != 1)
		return;
	rate_table_free(limit->table);
	/* Casting const away is safe: it is our own copy. */
	free((void *)limit->rate.name);
	free(limit);
}

static struct rate_limit *
limit_new(const struct rate *rate, int64_t now_us)
{
	struct rate_limit *limit = calloc(1, sizeof(*limit));

	if (limit == NULL)
		return NULL;
	atomic_store(&limit->references, 1);
	limit->rate = *rate;
	limit->rate.limit = NULL;
	limit->rate.next = NULL;
	limit->rate.name = strdup(rate->name);
	limit->table = rate_table_new(now_us);
	if (limit->rate.name != NULL && limit->table != NULL)
		return limit;
	unref(limit);
	return NULL;
}

static bool
same(const struct rate *a, const struct rate *b)
{
	return a->of_module == b->of_module && a->by == b->by && a->every == b->every &&
	       a->burst == b->burst && strcmp(a->name, b->name) == 0;
}

/* That of the previous configuration if it is the same, else a new one. */
static struct rate_limit *
take(const struct rate_limits *previous, const struct rate *rate, int64_t now_us)
{
	for (size_t i = 0; previous != NULL && i < previous->count; i++)
		if (same(&previous->at[i]->rate, rate)) {
			atomic_fetch_add(&previous->at[i]->references, 1);
			return previous->at[i];
		}
	return limit_new(rate, now_us);
}

struct rate_limits *
rate_limits_new(const struct policy *policy, const struct rate_limits *previous, int64_t now_us)
{
	struct rate_limits *limits =
	    calloc(1, sizeof(*limits) + policy->rate_count * sizeof(struct rate_limit *));

	if (limits == NULL)
		return NULL;
	limits->count = policy->rate_count;
	for (const struct rate *rate = policy->rates; rate != NULL; rate = rate->next) {
		limits->at[rate->index] = take(previous, rate, now_us);
		if (limits->at[rate->index] == NULL) {
			rate_limits_free(limits);
			return NULL;
		}
	}
	return limits;
}

void
rate_limits_free(struct rate_limits *limits)
{
	if (limits == NULL)
		return;
	for (size_t i = 0; i < limits->count; i++)
		unref(limits->at[i]);
	free(limits);
}

static void
add_labels(struct buffer *text, const char *metric, const struct rate *rate)
{
	buffer_format(
	    text, "%s{%s=\"%s\"} ", metric, rate->of_module ? "module" : "privilege", rate->name);
}

void
rate_limits_text(const struct rate_limits *limits, struct buffer *text)
{
	if (limits->count == 0)
		return;
	buffer_add_text(text,
	    "# HELP postern_rate_limited_total Requests beyond a rate, also in shadow mode.\n"
	    "# TYPE postern_rate_limited_total counter\n");
	for (size_t i = 0; i < limits->count; i++) {
		add_labels(text, "postern_rate_limited_total", &limits->at[i]->rate);
		buffer_format(text, "%" PRIuFAST64 "\n", atomic_load(&limits->at[i]->refused));
	}
	buffer_add_text(text,
	    "# HELP postern_rate_crowded_total Requests counted together, for want of room.\n"
	    "# TYPE postern_rate_crowded_total counter\n");
	for (size_t i = 0; i < limits->count; i++) {
		add_labels(text, "postern_rate_crowded_total", &limits->at[i]->rate);
		buffer_format(text, "%" PRIu64 "\n", rate_table_crowded(limits->at[i]->table));
	}
}
