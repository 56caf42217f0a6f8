/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/lockout_table.h"

#include <string.h>

#define TRUST_WORTH 3

bool
lockout_table_is_empty(const struct lockout_entry *entry)
{
	static const unsigned char none[LOCKOUT_MARK_BYTES];

	return memcmp(entry->mark, none, LOCKOUT_MARK_BYTES) == 0;
}

/* The value of an entry; the lowest is replaced first. One that was right before counts as several
 * failures, so that a flood of new names does not replace it. */
static int64_t
worth(const struct lockout_entry *entry, int64_t now_s)
{
	int64_t failures = (int64_t)entry->failures + (entry->trusted_s > 0 ? TRUST_WORTH : 0);

	if (lockout_table_is_empty(entry))
		return INT64_MIN;
	if (entry->until_s > now_s)
		return INT64_MAX;
	return failures * (INT64_C(1) << 34) +
	       (entry->trusted_s > entry->last_s ? entry->trusted_s : entry->last_s);
}

static struct lockout_entry *
make_room(struct lockout_entry *set, const unsigned char *mark, int64_t now_s)
{
	struct lockout_entry *min = &set[0];
	size_t i;

	for (i = 1; i < LOCKOUT_WAYS - 1; i++)
		if (worth(&set[i], now_s) < worth(min, now_s))
			min = &set[i];
	if (worth(min, now_s) == INT64_MAX)
		return &set[LOCKOUT_WAYS - 1];
	*min = (struct lockout_entry){ .last_s = now_s };
	memcpy(min->mark, mark, LOCKOUT_MARK_BYTES);
	return min;
}

static struct lockout_entry *
seek(struct lockout_entry *set, const unsigned char *mark)
{
	size_t i;

	for (i = 0; i < LOCKOUT_WAYS - 1; i++)
		if (memcmp(set[i].mark, mark, LOCKOUT_MARK_BYTES) == 0)
			return &set[i];
	return NULL;
}

static struct lockout_entry *
set_of(struct lockout_table *table, const struct lockout_mark *mark)
{
	uint32_t number;

	memcpy(&number, mark->bytes + LOCKOUT_MARK_BYTES, sizeof(number));
	return table->entries[number % LOCKOUT_SETS];
}

struct lockout_entry *
lockout_table_find(struct lockout_table *table, const struct lockout_mark *mark, int64_t now_s)
{
	struct lockout_entry *set = set_of(table, mark), *entry = seek(set, mark->bytes);

	return entry != NULL ? entry : make_room(set, mark->bytes, now_s);
}

const struct lockout_entry *
lockout_table_look(struct lockout_table *table, const struct lockout_mark *mark, int64_t now_s)
{
	static const struct lockout_entry nothing;
	struct lockout_entry *set = set_of(table, mark), *entry = seek(set, mark->bytes);
	size_t i;

	if (entry != NULL)
		return entry;
	for (i = 0; i < LOCKOUT_WAYS - 1; i++)
		if (worth(&set[i], now_s) != INT64_MAX)
			return &nothing;
	return &set[LOCKOUT_WAYS - 1];
}
