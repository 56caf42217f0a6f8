/* SPDX-License-Identifier: Apache-2.0 */
#include "base/epoch.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Why this is correct, in the single total order of sequentially consistent operations: a reader
 * that holds the old pointer loaded it before the swap, so it stored its slot before the swap, and
 * read `now` before that. The retiring thread reads its epoch from `now` after the swap. So the
 * reader's slot is not 0 and at most the retired epoch, and every later collect sees it.
 */

/* Scanning every reader's slot is expensive (each is another thread's cache line), so scan only
 * once per this many retired objects. */
#define BATCH 256u

/* A thread's slot: 0 outside a read section, else the epoch in which it entered. */
struct place {
	_Alignas(64) atomic_uint_fast64_t entered;
	struct place *next;
	struct place **link; /* what points here */
};

struct retired {
	struct retired *next;
	void *at;
	void (*free_it)(void *at);
	uint_fast64_t epoch;
};

static atomic_uint_fast64_t now = 1;
static _Thread_local struct place own;
static _Thread_local bool joined; /* not in `own`, which other threads write to */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

/* Guards both lists. Readers take it only when a thread starts to read and when it ends. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place *places;
static struct retired *waiting;
static unsigned since_collect; /* retired since the last scan */

static void
leave_list(void *at)
{
	struct place *place = at;

	(void)pthread_mutex_lock(&lock);
	*place->link = place->next;
	if (place->next != NULL)
		place->next->link = place->link;
	(void)pthread_mutex_unlock(&lock);
	joined = false;
}

/* Without a key, a thread's slot would outlive the thread; there is no safe way to continue. */
static void
make_key(void)
{
	if (pthread_key_create(&key, leave_list) != 0)
		abort();
}

static void
join_list(struct place *place)
{
	(void)pthread_once(&once, make_key);
	if (pthread_setspecific(key, place) != 0)
		abort();
	(void)pthread_mutex_lock(&lock);
	place->next = places;
	place->link = &places;
	if (places != NULL)
		places->link = &place->next;
	places = place;
	(void)pthread_mutex_unlock(&lock);
	joined = true;
}

void
epoch_enter(void)
{
	if (!joined)
		join_list(&own);
	assert(atomic_load_explicit(&own.entered, memory_order_relaxed) == 0);
	atomic_store(&own.entered, atomic_load(&now));
}

void
epoch_leave(void)
{
	atomic_store_explicit(&own.entered, 0, memory_order_release);
}

/* The epoch of the oldest active reader, or the largest number if there is none. Call with the lock
 * held. */
static uint_fast64_t
oldest_reader(void)
{
	uint_fast64_t oldest = UINT_FAST64_MAX;

	for (const struct place *place = places; place != NULL; place = place->next) {
		uint_fast64_t entered = atomic_load(&place->entered);

		if (entered != 0 && entered < oldest)
			oldest = entered;
	}
	return oldest;
}

/* Remove the entries retired before `before` from the list. */
static struct retired *
take_before(uint_fast64_t before)
{
	struct retired **link = &waiting;
	struct retired *taken = NULL;

	while (*link != NULL) {
		struct retired *entry = *link;

		if (entry->epoch >= before) {
			link = &entry->next;
			continue;
		}
		*link = entry->next;
		entry->next = taken;
		taken = entry;
	}
	return taken;
}

/* Without the lock: free_it() may itself retire objects. */
static void
free_all(struct retired *entry)
{
	while (entry != NULL) {
		struct retired *next = entry->next;

		entry->free_it(entry->at);
		free(entry);
		entry = next;
	}
}

/* No memory for a list entry: wait until all current readers have left. Read sections are short. */
static void
free_after_readers(void *retired, void (*free_it)(void *retired), uint_fast64_t epoch)
{
	bool held = true;

	while (held) {
		(void)pthread_mutex_lock(&lock);
		held = oldest_reader() <= epoch;
		(void)pthread_mutex_unlock(&lock);
		if (held)
			(void)sched_yield();
	}
	free_it(retired);
}

void
epoch_retire(void *retired, void (*free_it)(void *retired))
{
	struct retired *entry;
	uint_fast64_t epoch;
	bool full;

	if (retired == NULL)
		return;
	entry = malloc(sizeof(*entry));
	epoch = atomic_fetch_add(&now, 1);
	if (entry == NULL) {
		free_after_readers(retired, free_it, epoch);
		return;
	}
	*entry = (struct retired){ NULL, retired, free_it, epoch };
	(void)pthread_mutex_lock(&lock);
	entry->next = waiting;
	waiting = entry;
	full = ++since_collect >= BATCH;
	(void)pthread_mutex_unlock(&lock);
	if (full)
		epoch_collect();
}

void
epoch_collect(void)
{
	struct retired *taken;

	(void)pthread_mutex_lock(&lock);
	since_collect = 0;
	taken = waiting == NULL ? NULL : take_before(oldest_reader());
	(void)pthread_mutex_unlock(&lock);
	free_all(taken);
}

/* Repeat while freeing retires more objects. */
void
epoch_drain(void)
{
	struct retired *taken;

	do {
		(void)pthread_mutex_lock(&lock);
		taken = waiting;
		waiting = NULL;
		(void)pthread_mutex_unlock(&lock);
		free_all(taken);
	} while (taken != NULL);
}
