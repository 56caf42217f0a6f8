/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/shard.h"

/* Of a text, before it: what it is, and its length. */
#define HEAD_BYTES 3

struct recent {
	atomic_size_t next; /* how many have begun */
	size_t count;
	struct recent_record *records; /* that nobody touches before they are used */
	struct {
		_Alignas(SHARD_LINE_BYTES) atomic_int_fast64_t second; /* of recent_wants() */
		atomic_size_t wanted;                                  /* in that second */
	} shards[SHARD_COUNT];
};

struct recent *
recent_new(size_t count)
{
	struct recent *recent = aligned_alloc(_Alignof(struct recent), sizeof(*recent));

	if (recent == NULL)
		return NULL;
	memset(recent, 0, sizeof(*recent));
	recent->count = count;
	recent->records = calloc(count, sizeof(*recent->records));
	if (recent->records != NULL)
		return recent;
	free(recent);
	return NULL;
}

void
recent_free(struct recent *recent)
{
	if (recent == NULL)
		return;
	for (size_t i = 0; i < recent->count; i++)
		free(recent->records[i].whole);
	free(recent->records);
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

bool
recent_wants(struct recent *recent, int64_t now_s)
{
	unsigned shard = shard_mine();
	size_t wanted = 0;

	if (atomic_load_explicit(&recent->shards[shard].second, memory_order_relaxed) == now_s)
		wanted = atomic_load_explicit(&recent->shards[shard].wanted, memory_order_relaxed);
	else
		atomic_store_explicit(&recent->shards[shard].second, now_s, memory_order_relaxed);
	if (wanted >= RECENT_PASSED_A_SECOND)
		return false;
	atomic_store_explicit(&recent->shards[shard].wanted, wanted + 1, memory_order_relaxed);
	return true;
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
