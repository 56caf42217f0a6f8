/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/used.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A place is looked for among so many: beyond them the oldest that is written down goes. */
#define PROBES 8u

struct place {
	struct use use; /* the last one noted */
	int64_t written_s;
	bool taken, waiting;
};

struct used {
	pthread_mutex_t lock;
	size_t waiting; /* places that wait to be written down */
	size_t next;    /* where used_take() goes on */
	struct place places[USED_MOST];
};

struct used *
used_new(void)
{
	struct used *used = calloc(1, sizeof(*used));

	if (used != NULL)
		(void)pthread_mutex_init(&used->lock, NULL);
	return used;
}

void
used_free(struct used *used)
{
	if (used == NULL)
		return;
	(void)pthread_mutex_destroy(&used->lock);
	free(used);
}

/* FNV-1a. Only clients that proved who they are come here, so nobody can make ids meet. */
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

/* Its own place, else a free one, else the one longest written down. NULL: all wait. */
static struct place *
find(struct used *used, const struct use *use)
{
	struct place *best = NULL;
	size_t hash = hash_of(use), i;

	for (i = 0; i < PROBES; i++) {
		struct place *place = &used->places[(hash + i) % USED_MOST];

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
used_note(struct used *used, const struct use *use)
{
	struct place *place;

	if (memchr(use->client_id, '\0', sizeof(use->client_id)) == NULL)
		return;
	(void)pthread_mutex_lock(&used->lock);
	place = find(used, use);
	if (place != NULL) {
		place->use = *use;
		place->taken = true;
		/* A clock that was set back is no reason to keep silent until it has caught up. */
		if (!place->waiting && (use->when_s >= place->written_s + USED_EVERY_S ||
					   use->when_s < place->written_s)) {
			place->waiting = true;
			used->waiting++;
		}
	}
	(void)pthread_mutex_unlock(&used->lock);
}

static void
take(struct used *used, struct use *ret_use)
{
	struct place *place;

	do {
		place = &used->places[used->next];
		used->next = (used->next + 1) % USED_MOST;
	} while (!place->waiting);
	place->waiting = false;
	place->written_s = place->use.when_s;
	used->waiting--;
	*ret_use = place->use;
}

bool
used_take(struct used *used, struct use *ret_use)
{
	bool any;

	(void)pthread_mutex_lock(&used->lock);
	any = used->waiting > 0;
	if (any)
		take(used, ret_use);
	(void)pthread_mutex_unlock(&used->lock);
	return any;
}
