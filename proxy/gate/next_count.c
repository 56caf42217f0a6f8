/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/next_count.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Of a privilege, by its name. */
struct counter {
	const char *name; /* lent by the configuration; "": of no privilege */
	atomic_uint_fast64_t counts[NEXT_VERDICTS];
};

struct next_count {
	size_t size;
	struct counter counters[]; /* in the order of their names */
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct counter *)a)->name, ((const struct counter *)b)->name);
}

static size_t
privileges_of(const struct policy *policy)
{
	size_t size = 0;

	for (const struct privilege *privilege = policy->privileges; privilege != NULL;
	    privilege = privilege->next)
		size++;
	return size;
}

static void
list(struct next_count *count, const struct policy *policy)
{
	for (const struct privilege *privilege = policy->privileges; privilege != NULL;
	    privilege = privilege->next)
		count->counters[count->size++].name = privilege->name;
}

/* Most privileges are in both. */
static void
drop_doubles(struct next_count *count)
{
	size_t size = 1;

	for (size_t i = 1; i < count->size; i++)
		if (strcmp(count->counters[i].name, count->counters[size - 1].name) != 0)
			count->counters[size++].name = count->counters[i].name;
	count->size = size;
}

struct next_count *
next_count_new(const struct config *config)
{
	size_t room = 1 + privileges_of(&config->policy) + privileges_of(&config->next->policy);
	struct next_count *count = calloc(1, sizeof(*count) + room * sizeof(count->counters[0]));

	if (count == NULL)
		return NULL;
	count->counters[count->size++].name = "";
	list(count, &config->policy);
	list(count, &config->next->policy);
	qsort(count->counters, count->size, sizeof(count->counters[0]), by_name);
	drop_doubles(count);
	return count;
}

void
next_count_free(struct next_count *count)
{
	free(count);
}

void
next_count_add(struct next_count *count, const struct next *next)
{
	struct counter wanted = { .name = next->counted == NULL ? "" : next->counted };
	struct counter *found =
	    bsearch(&wanted, count->counters, count->size, sizeof(count->counters[0]), by_name);

	if (found != NULL)
		atomic_fetch_add_explicit(&found->counts[next->verdict], 1, memory_order_relaxed);
}

static uint64_t
value(const struct counter *counter, int verdict)
{
	return atomic_load_explicit(&counter->counts[verdict], memory_order_relaxed);
}

static void
add_totals(const struct next_count *count, struct buffer *text)
{
	for (int verdict = NEXT_WOULD_REFUSE; verdict < NEXT_VERDICTS; verdict++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < count->size; i++)
			sum += value(&count->counters[i], verdict);
		buffer_format(text, "postern_policy_next_total{verdict=\"%s\"} %llu\n",
		    next_word((enum next_verdict)verdict), (unsigned long long)sum);
	}
}

/* Names of privileges need no escaping. */
static void
add_sample(const struct counter *counter, int verdict, struct buffer *text)
{
	buffer_format(text,
	    "postern_policy_next_privilege_total{verdict=\"%s\",privilege=\"%s\"} %llu\n",
	    next_word((enum next_verdict)verdict), counter->name,
	    (unsigned long long)value(counter, verdict));
}

void
next_count_text(const struct next_count *count, struct buffer *text)
{
	buffer_add_text(text,
	    "# HELP postern_policy_next_total Requests that the policy of policy_next would have "
	    "decided otherwise, since the configuration was loaded.\n"
	    "# TYPE postern_policy_next_total counter\n");
	add_totals(count, text);
	buffer_add_text(text,
	    "# HELP postern_policy_next_privilege_total The same by privilege; those with none are "
	    "left out.\n"
	    "# TYPE postern_policy_next_privilege_total counter\n");
	for (size_t i = 0; i < count->size; i++)
		for (int verdict = NEXT_WOULD_REFUSE; verdict < NEXT_VERDICTS; verdict++)
			if (value(&count->counters[i], verdict) > 0)
				add_sample(&count->counters[i], verdict, text);
}
