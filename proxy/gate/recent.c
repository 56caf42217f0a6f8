/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/recent.h"

#include <stdlib.h>
#include <string.h>

/* Of a text, before it: what it is, and its length. */
#define HEAD_BYTES 3
#define APART_BYTES 128

struct recent {
	atomic_size_t next; /* how many have begun */
	size_t count;
	char apart[APART_BYTES]; /* who writes a record does not take the counter's cache line along
				  */
	struct recent_record records[];
};

struct recent *
recent_new(size_t count)
{
	struct recent *recent = calloc(1, sizeof(*recent) + count * sizeof(struct recent_record));

	if (recent != NULL)
		recent->count = count;
	return recent;
}

void
recent_free(struct recent *recent)
{
	for (size_t i = 0; recent != NULL && i < recent->count; i++)
		free(recent->records[i].whole);
	free(recent);
}

static void
take(struct recent_record *record)
{
	while (atomic_flag_test_and_set_explicit(&record->taken, memory_order_acquire))
		;
}

static void
give_back(struct recent_record *record)
{
	atomic_flag_clear_explicit(&record->taken, memory_order_release);
}

struct recent_record *
recent_begin(struct recent *recent)
{
	size_t number = atomic_fetch_add_explicit(&recent->next, 1, memory_order_relaxed);
	struct recent_record *record = &recent->records[number % recent->count];

	take(record);
	record->shadow_reason = REASON_OK;
	record->public = record->authenticated = record->cut = false;
	record->used = 0;
	return record;
}

void
recent_put(struct recent_record *record, enum recent_text what, struct span text)
{
	size_t left = sizeof(record->texts) - record->used;
	char *at = record->texts + record->used;

	if (text.len == 0)
		return;
	if (left < HEAD_BYTES + text.len) {
		record->cut = true;
		/* half a role or scope would be another one */
		if (left <= HEAD_BYTES || what >= RECENT_ROLE)
			return;
		text.len = left - HEAD_BYTES;
	}
	at[0] = (char)what;
	at[1] = (char)(text.len >> 8);
	at[2] = (char)(text.len & 0xff);
	memcpy(at + HEAD_BYTES, text.at, text.len);
	record->used = (uint16_t)(record->used + HEAD_BYTES + text.len);
}

void
recent_end(struct recent_record *record, char *whole)
{
	char *former = record->whole;

	record->whole = whole;
	give_back(record);
	free(former);
}

/* Copy it if it is that one. */
static bool
copy(struct recent_record *record, struct span id, struct recent_record *ret_record)
{
	bool found;

	take(record);
	found = record->id[0] != '\0' && span_is(id, record->id);
	if (found) {
		memcpy(ret_record, record, sizeof(*record));
		ret_record->whole = record->whole == NULL ? NULL : strdup(record->whole);
		found = record->whole == NULL || ret_record->whole != NULL;
	}
	give_back(record);
	return found;
}

bool
recent_find(struct recent *recent, struct span id, struct recent_record *ret_record)
{
	for (size_t i = 0; i < recent->count; i++)
		if (copy(&recent->records[i], id, ret_record))
			return true;
	return false;
}

bool
recent_next(const struct recent_record *record, size_t *at, enum recent_text *ret_what,
    struct span *ret_text)
{
	const unsigned char *head = (const unsigned char *)record->texts + *at;

	if (*at >= record->used)
		return false;
	*ret_what = (enum recent_text)head[0];
	*ret_text = (struct span){ record->texts + *at + HEAD_BYTES,
		(size_t)head[1] << 8 | (size_t)head[2] };
	*at += HEAD_BYTES + ret_text->len;
	return true;
}
