/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/crowd.h"

#include "base/clock.h"
#include "proxy/io/watch.h"
#include "proxy/listener/events/handshake.h"

/* The listeners of this thread. */
static _Thread_local struct events_share *shares;

void
crowd_join(struct events_share *share)
{
	share->next = shares;
	shares = share;
}

void
crowd_part(struct events_share *share)
{
	struct events_share **at = &shares;

	while (*at != share)
		at = &(*at)->next;
	*at = share->next;
}

/* Close the one that places.h found, if any. */
static bool
close_placed(struct placed *placed)
{
	if (placed == NULL)
		return false;
	conn_close((struct conn *)(void *)placed);
	return true;
}

bool
crowd_relieve(struct events_share *share)
{
	int64_t now_us = clock_mono_us();
	bool relieved = close_placed(places_closable(&share->places, now_us));

	for (struct events_share *other = shares; other != NULL && !relieved; other = other->next)
		relieved = close_placed(places_closable(&other->places, now_us));
	return relieved;
}

/* Close those that do this, but for those that a post refers to. */
static void
close_all(struct places *places, enum listener_state state)
{
	struct placed *placed = places->at[state].first;

	while (placed != NULL) {
		struct placed *next = placed->next;

		if (!placed->posted)
			(void)close_placed(placed);
		placed = next;
	}
}

void
crowd_close_idle(struct events_listener *listener)
{
	close_all(&listener->shares[loop_index()].places, LISTENER_IDLE);
}

/* Those that are served are closed afterwards, and what is judged again meanwhile is judged without
 * their certificate. */
static void
revoke_former(struct places *places)
{
	for (struct placed *placed = places->at[LISTENER_SERVING].first; placed != NULL;
	    placed = placed->next)
		if (handshake_is_former((struct conn *)(void *)placed))
			handshake_revoke((struct conn *)(void *)placed);
}

void
crowd_close_former(struct events_listener *listener)
{
	struct places *places = &listener->shares[loop_index()].places;
	static const enum listener_state states[] = { LISTENER_IDLE, LISTENER_READING,
		LISTENER_SURPLUS };

	revoke_former(places);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct placed *placed = places->at[states[i]].first;

		while (placed != NULL) {
			struct placed *next = placed->next;

			if (!placed->posted && handshake_is_former((struct conn *)(void *)placed))
				(void)close_placed(placed);
			placed = next;
		}
	}
}

void
crowd_hurry(struct events_listener *listener)
{
	struct places *places = &listener->shares[loop_index()].places;
	static const enum listener_state states[] = { LISTENER_READING, LISTENER_SURPLUS };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		for (struct placed *placed = places->at[states[i]].first; placed != NULL;
		    placed = placed->next)
			conn_hurry((struct conn *)(void *)placed);
}

/* A fiber that is cancelled moves no connection that is served but its own, which lingers then. */
static void
cancel_all(struct places *places)
{
	struct placed *placed = places->at[LISTENER_SERVING].first;

	while (placed != NULL) {
		struct placed *next = placed->next;

		watch_cancel(((struct conn *)(void *)placed)->fiber);
		placed = next;
	}
}

void
crowd_close_all(struct events_listener *listener)
{
	struct places *places = &listener->shares[loop_index()].places;

	cancel_all(places);
	for (int state = 0; state < LISTENER_STATES; state++)
		if (state != LISTENER_SERVING)
			close_all(places, (enum listener_state)state);
}
