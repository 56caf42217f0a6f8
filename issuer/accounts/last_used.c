/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/last_used.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The number of slots to search. If all are taken, the oldest use that was already written is
 * replaced. */
#define PROBES 8u

struct place {
	struct use use; /* the last one noted */
	int64_t written_s;
	bool taken, waiting;
};

struct last_used {
	pthread_mutex_t lock;
	size_t waiting; /* places that wait to be written down */
	size_t next;    /* where last_used_take() goes on */
	struct place places[LAST_USED_MAX];
};

struct last_used *
last_used_new(void)
{
	struct last_used *last_used = calloc(1, sizeof(*last_used));

	if (last_used != NULL)
		(void)pthread_mutex_init(&last_used->lock, NULL);
	return last_used;
}

void
last_used_free(struct last_used *last_used)
{
	if (last_used == NULL)
		return;
	(void)pthread_mutex_destroy(&last_used->lock);
	free(last_used);
}

/* FNV-1a. Only authenticated clients get here, so nobody can choose ids that collide. */
static size_t
hash_of(const struct use *use)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ (unsigned)use->slot;
	const char *at;

	for (at = use->client_id; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	return (size_t)(hash ^ (hash >> 32));
}

static bool
same(const struct use *a, const struct use *b)
{
	return a->slot == b->slot && strcmp(a->client_id, b->client_id) == 0;
}

/* Its own slot, else a free one, else the one written longest ago. NULL: all are still to be
 * written. */
static struct place *
find(struct last_used *last_used, const struct use *use)
{
	struct place *best = NULL;
	size_t hash = hash_of(use), i;

	for (i = 0; i < PROBES; i++) {
		struct place *place = &last_used->places[(hash + i) % LAST_USED_MAX];

		if (place->taken && same(&place->use, use))
			return place;
		if (!place->waiting && (best == NULL || !place->taken ||
					   (best->taken && place->written_s < best->written_s)))
			best = place;
	}
	if (best != NULL)
		*best = (struct place){ .written_s = INT64_MIN / 2 };
	return best;
}

void
last_used_note(struct last_used *last_used, const struct use *use)
{
	struct place *place;

	if (memchr(use->client_id, '\0', sizeof(use->client_id)) == NULL)
		return;
	(void)pthread_mutex_lock(&last_used->lock);
	place = find(last_used, use);
	if (place != NULL) {
		place->use = *use;
		place->taken = true;
		/* If the clock was set back, write now and do not wait until it has caught up. */
		if (!place->waiting && (use->when_s >= place->written_s + LAST_USED_EVERY_S ||
					   use->when_s < place->written_s)) {
			place->waiting = true;
			last_used->waiting++;
		}
	}
	(void)pthread_mutex_unlock(&last_used->lock);
}

static void
take(struct last_used *last_used, struct use *ret_use)
{
	struct place *place;

	do {
		place = &last_used->places[last_used->next];
		last_used->next = (last_used->next + 1) % LAST_USED_MAX;
	} while (!place->waiting);
	place->waiting = false;
	place->written_s = place->use.when_s;
	last_used->waiting--;
	*ret_use = place->use;
}

bool
last_used_take(struct last_used *last_used, struct use *ret_use)
{
	bool any;

	(void)pthread_mutex_lock(&last_used->lock);
	any = last_used->waiting > 0;
	if (any)
		take(last_used, ret_use);
	(void)pthread_mutex_unlock(&last_used->lock);
	return any;
}
