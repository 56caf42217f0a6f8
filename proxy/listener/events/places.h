/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places - the connections of a listener on one loop, by what they do; and who goes when there are
 * more of them than may be. For this directory only.
 *
 * Uses:   nothing.
 * Pure:   yes; the caller closes whom it is told to.
 * Threads: those of one loop belong to its thread; their numbers may be read by any.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_PLACES_H
#define POSTERN_PROXY_LISTENER_EVENTS_PLACES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "proxy/listener/listener.h"

/* One that has sent nothing yet, or not all of its head, is let be for so long when places are
 * short; one without a place in any case. */
#define PLACES_HEAD_US 1000000

/* So many connections may wait for their head without a place, on each loop; and so many that were
 * answered and closed may send what is discarded. Of more the oldest goes. */
#define PLACES_SURPLUS_MAX 256
#define PLACES_LINGERING_MAX 256

/* Where a connection stands. The first member of a connection. */
struct placed {
	struct placed *next, **link; /* those that do the same; who began first comes first */
	enum listener_state state;
	bool posted;      /* a post refers to it: it cannot be closed now */
	int64_t since_us; /* it does that */
};

struct places {
	struct {
		struct placed *first, **last;
		atomic_int count;
	} at[LISTENER_STATES];
};

/* Initialize; all zero will not do. */
void places_init(struct places *places);

/* A new one. */
void places_enter(
    struct places *places, struct placed *placed, enum listener_state state, int64_t now_us);

/* It does something else from now on. */
void places_move(
    struct places *places, struct placed *placed, enum listener_state state, int64_t now_us);

/* It is closed. */
void places_leave(struct places *places, struct placed *placed);

/* The next one to give its place to a new connection: whoever has been idle for longest, then
 * whoever has not sent its head for longest, if that is PLACES_HEAD_US or more. NULL: none. */
struct placed *places_dispensable(const struct places *places, int64_t now_us);

/* The next one to give its descriptor to a new connection: one that lingers, or the same. */
struct placed *places_closable(const struct places *places, int64_t now_us);

/* The oldest of those that linger or have no place, if there are more than may be. NULL: none. */
struct placed *places_excess(const struct places *places, enum listener_state state);

/* How many do that. */
int places_count(const struct places *places, enum listener_state state);

#endif
