/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/cache.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/epoch.h"
#include "base/shard.h"
#include "proxy/gate/caller_copy.h"

/* A set-associative cache: a token can be in WAYS places of one set, chosen by its digest. Each set
 * has its own share of the memory, CACHE_SET_BYTES, so no counter is shared by all cores. With the
 * bytes, a set is four cache lines. */
#define WAYS 15

/* Enough for an ordinary caller. */
#define FIRST_BYTES 768

/* What malloc() itself needs for a block, at most. */
#define MALLOC_BYTES ((size_t)16)

struct cache_entry {
	struct cache_key key;
	const struct caller *caller; /* in the arena */
	size_t bytes;                /* everything that it takes */
	size_t block_bytes;          /* of `first`, which hold all of it; 0: they were too few */
	struct arena arena;
	_Alignas(max_align_t) char first[FIRST_BYTES]; /* of the arena */
};

/* Most entries need no block but the entry itself. */
#define ARENA_BYTES (CACHE_ENTRY_BYTES - sizeof(struct cache_entry))

/* What a search wants to know of an entry, beside it: entries are cold, and there are WAYS of them.
 * Two puts at once may leave the hint of the other's entry: then that entry is not found, or goes
 * sooner or later than it should. It never counts for more than it says itself. */
struct cache_place {
	_Atomic(struct cache_entry *) entry;
	atomic_uint_fast64_t hint;
};

struct cache_set {
	_Alignas(64) atomic_size_t bytes; /* of its entries, and of those about to be put in */
	struct cache_place places[WAYS];
};

struct cache {
	size_t set_count;
	struct cache_set *sets;
	struct {
		_Alignas(SHARD_LINE_BYTES) atomic_uint_fast64_t hits, misses;
	} counts[SHARD_COUNT];
};

/* Memory that is not touched is not used: the sets are zeros that come when they are written. */
struct cache *
cache_new(size_t max_bytes)
{
	struct cache *cache = aligned_alloc(_Alignof(struct cache), sizeof(*cache));
	void *sets = NULL;

	if (cache == NULL)
		return NULL;
	memset(cache, 0, sizeof(*cache));
	cache->set_count = max_bytes / CACHE_SET_BYTES;
	sets = mmap(NULL, cache->set_count * sizeof(struct cache_set), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sets == MAP_FAILED) {
		free(cache);
		return NULL;
	}
	cache->sets = sets;
	return cache;
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
	for (size_t i = 0; i < cache->set_count; i++)
		for (size_t at = 0; at < WAYS; at++)
			entry_free(atomic_load(&cache->sets[i].places[at].entry));
	(void)munmap(cache->sets, cache->set_count * sizeof(struct cache_set));
	free(cache);
}

/* The digest is uniformly distributed whatever a caller sends, so its first bytes select the set,
 * and its last the place from which the set is searched. */
static struct cache_set *
set_of(struct cache *cache, const struct cache_key *key)
{
	uint32_t number;

	memcpy(&number, key->digest, sizeof(number));
	return &cache->sets[number % cache->set_count];
}

static size_t
first_place(const struct cache_key *key)
{
	return key->digest[DIGEST_BYTES - 1] % WAYS;
}

static size_t
next_place(size_t place)
{
	return place + 1 < WAYS ? place + 1 : 0;
}

struct cache_key
cache_key_for(uint64_t serial, const struct request_certificate *certificate, struct span peer)
{
	struct cache_key key = { .serial = serial };

	if (peer.at != NULL)
		memcpy(key.peer, peer.at, peer.len);
	if (certificate != NULL)
		memcpy(key.certificate, certificate->sha256, DIGEST_BYTES);
	return key;
}

static bool
same_owner(const struct cache_key *a, const struct cache_key *b)
{
	return memcmp(a->digest, b->digest, DIGEST_BYTES) == 0 &&
	       memcmp(a->certificate, b->certificate, DIGEST_BYTES) == 0 &&
	       strcmp(a->peer, b->peer) == 0 && a->audiences == b->audiences;
}

/* A hint: 16 bits of the digest that the set was not chosen by, 16 of the snapshot's serial, and
 * the second in which the entry ends, as far as 32 bits go. */
#define HINT_ENDS UINT64_C(0xffffffff)

static uint64_t
hint_for(const struct cache_key *key)
{
	return (uint64_t)key->digest[4] << 56 | (uint64_t)key->digest[5] << 48 |
	       (key->serial & 0xffff) << 32;
}

static uint64_t
hint_of(const struct cache_entry *entry)
{
	int64_t until_s = entry->caller->until_s;
	uint64_t ends = until_s < 0 ? 0 : (uint64_t)until_s;

	return hint_for(&entry->key) | (ends < HINT_ENDS ? ends : HINT_ENDS);
}

static bool
same_digest(uint64_t hint, uint64_t other)
{
	return hint >> 48 == other >> 48;
}

static bool
same_serial(uint64_t hint, uint64_t other)
{
	return (hint >> 32 & 0xffff) == (other >> 32 & 0xffff);
}

static uint64_t
hint_at(struct cache_place *place)
{
	return atomic_load_explicit(&place->hint, memory_order_relaxed);
}

/* It is cold and about to be copied: have its lines come all at once, not one after another. */
static void
fetch(const struct cache_entry *entry)
{
	for (size_t at = 0; at < sizeof(*entry); at += SHARD_LINE_BYTES)
		__builtin_prefetch((const char *)entry + at);
}

/* Call within an epoch: the entry is lent until the epoch is left. */
static const struct cache_entry *
find(struct cache *cache, const struct cache_key *key, int64_t now_s)
{
	struct cache_set *set = set_of(cache, key);
	size_t place = first_place(key);
	uint64_t hint = hint_for(key);

	for (int i = 0; i < WAYS; i++, place = next_place(place)) {
		const struct cache_entry *entry;

		if (!same_digest(hint_at(&set->places[place]), hint))
			continue;
		entry = atomic_load(&set->places[place].entry);
		if (entry == NULL)
			continue;
		fetch(entry);
		if (!same_owner(&entry->key, key))
			continue;
		if (entry->key.serial != key->serial || now_s < entry->caller->from_s ||
		    now_s >= entry->caller->until_s)
			break;
		return entry;
	}
	return NULL;
}

static const struct caller *
copy_out(const struct cache_entry *entry, struct arena *arena)
{
	if (entry->block_bytes == 0)
		return caller_copy(entry->caller, arena);
	return caller_copy_block(entry->caller, entry->first, entry->block_bytes, arena);
}

const struct caller *
cache_find(struct cache *cache, const struct cache_key *key, int64_t now_s, struct arena *arena)
{
	const struct caller *caller = NULL;
	const struct cache_entry *entry;

	epoch_enter();
	entry = find(cache, key, now_s);
	if (entry != NULL)
		caller = copy_out(entry, arena);
	epoch_leave();
	atomic_fetch_add_explicit(caller != NULL ? &cache->counts[shard_mine()].hits
						 : &cache->counts[shard_mine()].misses,
	    1, memory_order_relaxed);
	return caller;
}

static struct cache_entry *
entry_new(const struct cache_key *key, const struct caller *caller)
{
	struct cache_entry *entry = malloc(sizeof(*entry));
	size_t more_bytes;

	if (entry == NULL)
		return NULL;
	entry->key = *key;
	arena_init_within(&entry->arena, ARENA_BYTES, entry->first, FIRST_BYTES);
	entry->caller = caller_copy(caller, &entry->arena);
	if (entry->caller == NULL) {
		entry_free(entry);
		return NULL;
	}
	more_bytes = entry->arena.used_bytes - FIRST_BYTES;
	entry->block_bytes = more_bytes == 0 ? (size_t)(entry->arena.at - entry->first) : 0;
	entry->bytes = sizeof(*entry) + more_bytes + (1 + more_bytes / FIRST_BYTES) * MALLOC_BYTES;
	return entry;
}

/* What to do with the incoming entry. */
enum swapping { PUT_IN, MAKE_ROOM };

/* When the entry of a place ends, in an order that says which goes first: the same token's, then no
 * entry (unless room is to be made), then one of another snapshot, or the one that expires first.
 */
static int64_t
ends_of(struct cache_place *place, const struct cache_entry *incoming, int64_t now_s,
    enum swapping what)
{
	const struct cache_entry *entry = atomic_load(&place->entry);
	uint64_t hint = hint_at(place), own = hint_for(&incoming->key);

	if (entry == NULL)
		return what == PUT_IN ? INT64_MIN + 1 : INT64_MAX;
	if (same_digest(hint, own) && same_owner(&entry->key, &incoming->key))
		return INT64_MIN;
	return same_serial(hint, own) ? (int64_t)(hint & HINT_ENDS) : now_s;
}

/* The place whose entry goes. The digest breaks ties: otherwise tokens that expire together would
 * compete for one place. */
static size_t
place_for(
    struct cache_set *set, const struct cache_entry *incoming, int64_t now_s, enum swapping what)
{
	size_t place = first_place(&incoming->key), chosen = place;
	int64_t soonest = INT64_MAX;

	for (int i = 0; i < WAYS; i++, place = next_place(place)) {
		int64_t ends = ends_of(&set->places[place], incoming, now_s, what);

		if (ends < soonest) {
			soonest = ends;
			chosen = place;
		}
	}
	return chosen;
}

/* False: no entry had to go. An incoming entry that was put in is no longer the caller's. */
static bool
swap(struct cache_set *set, struct cache_entry *incoming, int64_t now_s, enum swapping what)
{
	struct cache_entry *displaced;
	struct cache_place *place;

	epoch_enter();
	place = &set->places[place_for(set, incoming, now_s, what)];
	if (what == PUT_IN)
		atomic_store_explicit(&place->hint, hint_of(incoming), memory_order_relaxed);
	displaced = atomic_exchange(&place->entry, what == PUT_IN ? incoming : NULL);
	epoch_leave();
	if (displaced == NULL)
		return false;
	atomic_fetch_sub(&set->bytes, displaced->bytes);
	epoch_retire(displaced, entry_free);
	return true;
}

/* The bytes are reserved before the entry is put in, so that those of the entries in a set are
 * never more than its share, however many threads put. */
void
cache_put(
    struct cache *cache, const struct cache_key *key, const struct caller *caller, int64_t now_s)
{
	struct cache_set *set = set_of(cache, key);
	struct cache_entry *entry = entry_new(key, caller);

	if (entry == NULL)
		return;
	atomic_fetch_add(&set->bytes, entry->bytes);
	while (atomic_load(&set->bytes) > CACHE_SET_BYTES) {
		if (swap(set, entry, now_s, MAKE_ROOM))
			continue;
		atomic_fetch_sub(&set->bytes, entry->bytes);
		entry_free(entry);
		return;
	}
	(void)swap(set, entry, now_s, PUT_IN);
}

void
cache_tend(void)
{
	epoch_collect();
}

uint64_t
cache_hits(const struct cache *cache)
{
	uint64_t hits = 0;

	for (int i = 0; i < SHARD_COUNT; i++)
		hits += atomic_load_explicit(&cache->counts[i].hits, memory_order_relaxed);
	return hits;
}

uint64_t
cache_misses(const struct cache *cache)
{
	uint64_t misses = 0;

	for (int i = 0; i < SHARD_COUNT; i++)
		misses += atomic_load_explicit(&cache->counts[i].misses, memory_order_relaxed);
	return misses;
}

size_t
cache_bytes(const struct cache *cache)
{
	size_t bytes = 0;

	for (size_t i = 0; i < cache->set_count; i++)
		bytes += atomic_load_explicit(&cache->sets[i].bytes, memory_order_relaxed);
	return bytes;
}
