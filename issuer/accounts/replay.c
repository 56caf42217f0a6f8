/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/replay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define BUCKETS 65536u
#define OWNERS 4096u
#define MARK_BYTES 16u
#define NOBODY 0u /* so that memory as the system gives it is an empty set, and stays untouched */

/* A text under a keyed hash: nobody outside can choose two that meet. */
struct entry {
	unsigned char mark[MARK_BYTES];
	int64_t until_s, until_mono_s;
	uint32_t next;
	uint32_t owner; /* its place in `owned` */
};

struct replay {
	pthread_mutex_t lock;
	unsigned char key[DIGEST_BYTES];
	int64_t swept_mono_s;
	uint32_t free;             /* the first entry that was used and is not any more */
	uint32_t fresh;            /* this one and all after it were never used, nor touched */
	uint32_t buckets[BUCKETS]; /* the first entry of each */
	/* How many entries the owners in one slot have: owners that collide share a limit. */
	uint32_t owned[OWNERS];
	struct entry entries[1 + REPLAY_MAX]; /* that of NOBODY, and the others */
};

struct replay *
replay_new(void)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (replay == NULL || !digest_random(replay->key, sizeof(replay->key))) {
		free(replay);
		return NULL;
	}
	(void)pthread_mutex_init(&replay->lock, NULL);
	replay->fresh = NOBODY + 1;
	return replay;
}

void
replay_free(struct replay *replay)
{
	if (replay == NULL)
		return;
	(void)pthread_mutex_destroy(&replay->lock);
	digest_wipe(replay->key, sizeof(replay->key));
	free(replay);
}

static void
drop_ended(struct replay *replay, uint32_t bucket, const struct replay_use *now)
{
	uint32_t *at = &replay->buckets[bucket];

	while (*at != NOBODY) {
		uint32_t index = *at;
		struct entry *entry = &replay->entries[index];

		if (entry->until_s > now->now_s || entry->until_mono_s > now->mono_s) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		entry->next = replay->free;
		replay->free = index;
		replay->owned[entry->owner]--;
	}
}

/* At most once a second, so that a full set is not searched for every request. */
static void
sweep(struct replay *replay, const struct replay_use *now)
{
	uint32_t i;

	if (replay->swept_mono_s == now->mono_s)
		return;
	replay->swept_mono_s = now->mono_s;
	for (i = 0; i < BUCKETS; i++)
		drop_ended(replay, i, now);
}

static bool
holds(const struct replay *replay, uint32_t bucket, const unsigned char *mark)
{
	uint32_t at = replay->buckets[bucket];

	while (at != NOBODY && memcmp(replay->entries[at].mark, mark, MARK_BYTES) != 0)
		at = replay->entries[at].next;
	return at != NOBODY;
}

static bool
is_full(const struct replay *replay, uint32_t owner)
{
	return (replay->free == NOBODY && replay->fresh > REPLAY_MAX) ||
	       replay->owned[owner] >= REPLAY_OWNER_MAX;
}

static uint32_t
next_place(struct replay *replay)
{
	uint32_t index = replay->free;

	if (index == NOBODY)
		return replay->fresh++;
	replay->free = replay->entries[index].next;
	return index;
}

static void
keep(struct replay *replay, uint32_t bucket, const struct entry *kept)
{
	uint32_t index = next_place(replay);
	struct entry *entry = &replay->entries[index];

	*entry = *kept;
	entry->next = replay->buckets[bucket];
	replay->buckets[bucket] = index;
	replay->owned[entry->owner]++;
}

static enum replay_found
take(
    struct replay *replay, uint32_t bucket, const struct entry *entry, const struct replay_use *now)
{
	drop_ended(replay, bucket, now);
	if (holds(replay, bucket, entry->mark))
		return REPLAY_USED;
	if (is_full(replay, entry->owner))
		sweep(replay, now);
	if (is_full(replay, entry->owner))
		return REPLAY_FULL;
	keep(replay, bucket, entry);
	return REPLAY_NEW;
}

static uint32_t
number_of(const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

enum replay_found
replay_take(struct replay *replay, const struct replay_use *use)
{
	struct span key = { (const char *)replay->key, sizeof(replay->key) };
	/* The text is hashed under the owner's hash: no join of the two can be read two ways. */
	unsigned char owner[DIGEST_BYTES], text[DIGEST_BYTES];
	struct entry entry = { .until_s = use->until_s,
		.until_mono_s = use->mono_s + (use->until_s - use->now_s) };
	enum replay_found found;

	if (!digest_hmac(key, use->owner, owner) ||
	    !digest_hmac((struct span){ (const char *)owner, sizeof(owner) }, use->text, text))
		return REPLAY_FULL;
	memcpy(entry.mark, text, MARK_BYTES);
	entry.owner = number_of(owner) % OWNERS;
	(void)pthread_mutex_lock(&replay->lock);
	found = take(replay, number_of(text + MARK_BYTES) % BUCKETS, &entry, use);
	(void)pthread_mutex_unlock(&replay->lock);
	return found;
}
