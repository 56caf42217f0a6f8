/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/rate_table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/digest.h"

#define TIME_BITS (64 - RATE_TABLE_TAG_BITS)
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define SHARED (RATE_TABLE_WAYS - 1)
#define SETS (RATE_TABLE_BYTES / sizeof(struct set))

/* One cache line. An entry has a tag of its owner and when its bucket will be full; one that is
 * full is free, so zeros are an empty table. */
struct set {
	_Alignas(64) atomic_uint_fast64_t entries[RATE_TABLE_WAYS];
};

struct rate_table {
	unsigned char key[DIGEST_BYTES];
	int64_t start_us;
	atomic_uint_fast64_t crowded;
	struct set *sets;
};

/* Memory that is not touched is not used. */
struct rate_table *
rate_table_new(int64_t now_us)
{
	struct rate_table *table = calloc(1, sizeof(*table));
	void *sets;

	if (table == NULL)
		return NULL;
	table->start_us = now_us;
	sets = mmap(
	    NULL, RATE_TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sets != MAP_FAILED)
		table->sets = sets;
	if (table->sets == NULL || !digest_random(table->key, sizeof(table->key))) {
		rate_table_free(table);
		return NULL;
	}
	return table;
}

void
rate_table_free(struct rate_table *table)
{
	if (table == NULL)
		return;
	if (table->sets != NULL)
		(void)munmap(table->sets, RATE_TABLE_BYTES);
	digest_wipe(table->key, sizeof(table->key));
	free(table);
}

bool
rate_table_key(const struct rate_table *table, struct span who, uint64_t *ret_key)
{
	unsigned char digest[DIGEST_BYTES];

	if (!digest_hmac(
		(struct span){ (const char *)table->key, sizeof(table->key) }, who, digest))
		return false;
	memcpy(ret_key, digest, sizeof(*ret_key));
	return true;
}

static uint64_t
ticks_of(const struct rate_table *table, int64_t now_us)
{
	return (uint64_t)(now_us - table->start_us) * RATE_TICKS_PER_US;
}

/* The set is chosen by the low bits, so the tag has the high ones. */
static struct set *
set_of(struct rate_table *table, uint64_t key)
{
	return &table->sets[key % SETS];
}

static uint64_t
tag_of(uint64_t key)
{
	return key >> TIME_BITS;
}

/* Where to draw from, as it was found. */
struct place {
	atomic_uint_fast64_t *entry;
	uint64_t found;   /* the entry's word */
	uint64_t tag;     /* that it is to have */
	uint64_t full_at; /* of the bucket */
	bool shared;
};

static struct place
find(struct set *set, uint64_t key, uint64_t now)
{
	uint64_t shared = atomic_load_explicit(&set->entries[SHARED], memory_order_relaxed);
	struct place own = { 0 }, free = { 0 };

	for (int i = 0; i < SHARED; i++) {
		uint64_t word = atomic_load_explicit(&set->entries[i], memory_order_relaxed);
		uint64_t full_at = word & TIME_MASK;

		if (full_at <= now && free.entry == NULL)
			free = (struct place){ &set->entries[i], word, tag_of(key), shared, false };
		/* of two, which threads may make at once, the one that is emptier */
		if (full_at > now && word >> TIME_BITS == tag_of(key) && full_at > own.full_at)
			own = (struct place){ &set->entries[i], word, tag_of(key), full_at, false };
	}
	if (own.entry != NULL)
		return own;
	if (free.entry != NULL)
		return free;
	return (struct place){ &set->entries[SHARED], shared, 0, shared, true };
}

struct rate_drawn
rate_table_look(struct rate_table *table, const struct rate *rate, uint64_t key, int64_t now_us)
{
	uint64_t now = ticks_of(table, now_us);

	return rate_draw(rate, find(set_of(table, key), key, now).full_at, now);
}

struct rate_drawn
rate_table_draw(struct rate_table *table, const struct rate *rate, uint64_t key, int64_t now_us)
{
	uint64_t now = ticks_of(table, now_us);
	struct set *set = set_of(table, key);
	struct rate_drawn drawn;
	struct place place;

	do {
		place = find(set, key, now);
		drawn = rate_draw(rate, place.full_at, now);
	} while (drawn.allowed && !atomic_compare_exchange_weak_explicit(place.entry, &place.found,
				      place.tag << TIME_BITS | drawn.full_at, memory_order_relaxed,
				      memory_order_relaxed));
	if (place.shared)
		atomic_fetch_add_explicit(&table->crowded, 1, memory_order_relaxed);
	return drawn;
}

uint64_t
rate_table_crowded(const struct rate_table *table)
{
	return atomic_load_explicit(&table->crowded, memory_order_relaxed);
}
