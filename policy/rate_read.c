/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rate_read.h"

#include <string.h>

#include "base/digits.h"

#define LIMIT_MAX 100000
#define BURST_MAX 1000000

#define TICKS_PER_S (RATE_TICKS_PER_US * 1000000)

/* So long may an empty bucket take to fill: whatever is counted is forgotten with the process. */
#define FILL_MAX_S (30 * 86400)

/* What schema_read() fills. */
struct rate_row {
	int by;
	const char *limit;
	int64_t burst;
};

static const char *const by_words[] = { "client", "user", "subject", "peer", NULL };

#define AT(member) .offset = offsetof(struct rate_row, member)

const struct field rate_read_fields[] = {
	{ .key = "limit",
	    .type = FIELD_TEXT,
	    AT(limit),
	    .required = true,
	    .help = "requests in a second, minute, hour or day: 100/s, 20/m, 1000/h, 5000/d" },
	{ .key = "burst",
	    .type = FIELD_COUNT,
	    AT(burst),
	    .max = BURST_MAX,
	    .help = "requests that may come at once; default: as many as in `limit`" },
	{ .key = "by",
	    .type = FIELD_WORD,
	    AT(by),
	    .default_value = "client",
	    .words = by_words,
	    .help = "what is counted: client, user, subject or peer" },
	{ .key = NULL },
};

static int64_t
unit_seconds(struct span unit)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "/s", 1 }, { "/m", 60 }, { "/h", 3600 }, { "/d", 86400 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_is(unit, units[i].unit))
			return units[i].seconds;
	return 0;
}

/* NUMBER/UNIT. */
static bool
read_limit(const char *limit, int64_t *ret_count, int64_t *ret_unit_s)
{
	struct span rest = span_of(limit);

	if (!digits_cut(&rest, ret_count) || *ret_count < 1 || *ret_count > LIMIT_MAX)
		return false;
	*ret_unit_s = unit_seconds(rest);
	return *ret_unit_s > 0;
}

static void
check_fill(struct reader *reader, const struct rate *rate, const struct node *map)
{
	const struct node *burst = document_get(map, "burst");

	if ((uint64_t)rate->burst > FILL_MAX_S * TICKS_PER_S / rate->every)
		mistake_at(reader->mistakes, burst == NULL ? map : burst,
		    "is more than comes back in 30 days");
}

static struct rate *
rate_new(struct reader *reader)
{
	struct rate *rate = reader_array(reader, 1, sizeof(*rate));

	if (rate == NULL)
		return NULL;
	rate->index = reader->policy->rate_count++;
	rate->next = reader->policy->rates;
	reader->policy->rates = rate;
	return rate;
}

const struct rate *
rate_read(struct reader *reader, const struct node *owner, const struct node *map, bool of_module)
{
	size_t errors = reader->mistakes->errors;
	struct rate_row row = { 0 };
	int64_t count, unit_s;
	struct rate *rate;

	if (map == NULL)
		return NULL;
	schema_read(map, rate_read_fields, &row, reader->mistakes);
	if (reader->mistakes->errors != errors)
		return NULL;
	if (!read_limit(row.limit, &count, &unit_s)) {
		mistake_at(reader->mistakes, document_get(map, "limit"),
		    "must be a number from 1 to %d and a unit: 100/s, 20/m, 1000/h or 5000/d",
		    LIMIT_MAX);
		return NULL;
	}
	if (document_get(map, "burst") != NULL && row.burst == 0) {
		mistake_at(reader->mistakes, document_get(map, "burst"),
		    "must be at least 1: with 0 no request could come");
		return NULL;
	}
	rate = rate_new(reader);
	if (rate == NULL)
		return NULL;
	rate->name = owner->key.at;
	rate->of_module = of_module;
	rate->by = (enum rate_by)row.by;
	rate->limit = row.limit;
	rate->every = ((uint64_t)unit_s * TICKS_PER_S + (uint64_t)count - 1) / (uint64_t)count;
	rate->burst = row.burst > 0 ? row.burst : count;
	check_fill(reader, rate, map);
	return rate;
}
