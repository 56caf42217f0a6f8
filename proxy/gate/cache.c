/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/cache.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/epoch.h"

/* A set-associative cache: a token can be in WAYS slots, chosen by its digest. */
#define WAYS 4
#define SETS (CACHE_ENTRIES / WAYS)

/* Enough for an ordinary caller. */
#define ENTRY_FIRST_BYTES 768

struct cache_entry {
	struct cache_key key;
	const struct caller *caller; /* in the arena */
	struct arena arena;
};

struct cache {
	_Atomic(struct cache_entry *) places[CACHE_ENTRIES];
	atomic_uint_fast64_t hits, misses;
};

struct cache *
cache_new(void)
{
	return calloc(1, sizeof(struct cache));
}

static void
entry_free(void *freed)
{
	struct cache_entry *entry = freed;

	if (entry == NULL)
		return;
	arena_done(&entry->arena);
	free(entry);
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	epoch_drain();
	for (size_t i = 0; i < CACHE_ENTRIES; i++)
		entry_free(atomic_load(&cache->places[i]));
	free(cache);
}

/* The digest is uniformly distributed whatever a caller sends, so its first bytes select the
 * set. */
static _Atomic(struct cache_entry *) *
set_of(struct cache *cache, const struct cache_key *key)
{
	uint32_t number;

	memcpy(&number, key->digest, sizeof(number));
	return &cache->places[(number % SETS) * WAYS];
}

struct cache_key
cache_key_for(uint64_t serial, const struct request_certificate *certificate)
{
	struct cache_key key = { .serial = serial };

	if (certificate != NULL)
		memcpy(key.certificate, certificate->sha256, DIGEST_BYTES);
	return key;
}

static bool
same_owner(const struct cache_key *a, const struct cache_key *b)
{
	return memcmp(a->digest, b->digest, DIGEST_BYTES) == 0 &&
	       memcmp(a->certificate, b->certificate, DIGEST_BYTES) == 0;
}

/* Call within an epoch: the entry is lent until the epoch is left. */
static const struct cache_entry *
find(struct cache *cache, const struct cache_key *key, int64_t now_s)
{
	_Atomic(struct cache_entry *) *set = set_of(cache, key);

	for (int i = 0; i < WAYS; i++) {
		struct cache_entry *entry = atomic_load(&set[i]);

		if (entry == NULL || !same_owner(&entry->key, key))
			continue;
		if (entry->key.serial != key->serial || now_s < entry->caller->from_s ||
		    now_s >= entry->caller->until_s)
			break;
		return entry;
	}
	return NULL;
}

const struct caller *
cache_find(struct cache *cache, const struct cache_key *key, int64_t now_s, struct arena *arena)
{
	const struct caller *caller = NULL;
	const struct cache_entry *entry;

	epoch_enter();
	entry = find(cache, key, now_s);
	if (entry != NULL)
		caller = caller_copy(entry->caller, arena);
	epoch_leave();
	atomic_fetch_add_explicit(
	    caller != NULL ? &cache->hits : &cache->misses, 1, memory_order_relaxed);
	return caller;
}

static struct cache_entry *
entry_new(const struct cache_key *key, const struct caller *caller)
{
	struct cache_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->key = *key;
	arena_init_small(&entry->arena, CACHE_ENTRY_BYTES, ENTRY_FIRST_BYTES);
	entry->caller = caller_copy(caller, &entry->arena);
	if (entry->caller != NULL)
		return entry;
	entry_free(entry);
	return NULL;
}

/* Which slot of the set to replace: the same token's, an empty or expired one, else the one that
 * expires first. The digest breaks ties: otherwise tokens that expire together would compete for
 * one slot. */
static int
victim(_Atomic(struct cache_entry *) *set, const struct cache_entry *incoming, int64_t now_s)
{
	int first = incoming->key.digest[DIGEST_BYTES - 1] % WAYS;
	int64_t soonest = INT64_MAX;
	int place = first;

	for (int i = 0; i < WAYS; i++) {
		int at = (first + i) % WAYS;
		struct cache_entry *entry = atomic_load(&set[at]);
		int64_t ends;

		if (entry == NULL || same_owner(&entry->key, &incoming->key))
			return at;
		ends = entry->key.serial == incoming->key.serial ? entry->caller->until_s : now_s;
		if (ends < soonest) {
			soonest = ends;
			place = at;
		}
	}
	return place;
}

void
cache_put(
    struct cache *cache, const struct cache_key *key, const struct caller *caller, int64_t now_s)
{
	_Atomic(struct cache_entry *) *set = set_of(cache, key);
	struct cache_entry *entry = entry_new(key, caller), *displaced;

	if (entry == NULL)
		return;
	epoch_enter();
	displaced = atomic_exchange(&set[victim(set, entry, now_s)], entry);
	epoch_leave();
	epoch_retire(displaced, entry_free);
}

void
cache_tend(void)
{
	epoch_collect();
}

uint64_t
cache_hits(const struct cache *cache)
{
	return atomic_load_explicit(&cache->hits, memory_order_relaxed);
}

uint64_t
cache_misses(const struct cache *cache)
{
	return atomic_load_explicit(&cache->misses, memory_order_relaxed);
}
