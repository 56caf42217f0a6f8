/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/places.h"

#include <stddef.h>

void
places_init(struct places *places)
{
	for (int state = 0; state < LISTENER_STATES; state++) {
		places->at[state].first = NULL;
		places->at[state].last = &places->at[state].first;
		atomic_init(&places->at[state].count, 0);
	}
}

/* Only this thread writes, so that there is no need to lock the bus. */
static void
count(struct places *places, enum listener_state state, int by)
{
	int now = places_count(places, state) + by;

	atomic_store_explicit(&places->at[state].count, now, memory_order_relaxed);
}

void
places_enter(
    struct places *places, struct placed *placed, enum listener_state state, int64_t now_us)
{
	placed->state = state;
	placed->since_us = now_us;
	placed->next = NULL;
	placed->link = places->at[state].last;
	*placed->link = placed;
	places->at[state].last = &placed->next;
	count(places, state, 1);
}

void
places_leave(struct places *places, struct placed *placed)
{
	*placed->link = placed->next;
	if (placed->next != NULL)
		placed->next->link = placed->link;
	else
		places->at[placed->state].last = placed->link;
	count(places, placed->state, -1);
}

void
places_move(struct places *places, struct placed *placed, enum listener_state state, int64_t now_us)
{
	places_leave(places, placed);
	places_enter(places, placed, state, now_us);
}

/* The oldest that does that and can be closed. */
static struct placed *
oldest(const struct places *places, enum listener_state state)
{
	struct placed *placed = places->at[state].first;

	while (placed != NULL && placed->posted)
		placed = placed->next;
	return placed;
}

struct placed *
places_dispensable(const struct places *places, int64_t now_us)
{
	struct placed *placed = oldest(places, LISTENER_IDLE);

	if (placed != NULL)
		return placed;
	placed = oldest(places, LISTENER_READING);
	return placed != NULL && now_us - placed->since_us >= PLACES_HEAD_US ? placed : NULL;
}

struct placed *
places_closable(const struct places *places, int64_t now_us)
{
	struct placed *placed = oldest(places, LISTENER_LINGERING);

	return placed != NULL ? placed : places_dispensable(places, now_us);
}

struct placed *
places_excess(const struct places *places, enum listener_state state)
{
	int most = state == LISTENER_LINGERING ? PLACES_LINGERING_MAX : PLACES_SURPLUS_MAX;

	return places_count(places, state) > most ? oldest(places, state) : NULL;
}

int
places_count(const struct places *places, enum listener_state state)
{
	return atomic_load_explicit(&places->at[state].count, memory_order_relaxed);
}
