/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh_schedule - when to fetch an issuer's keys next, as a pure function of state, response and
 * time.
 *
 * Uses:   source.
 * Pure:   yes: no clock, no I/O. Times are those of clock_mono_s(), so setting the system's clock
 *         neither stops refreshes nor makes keys expire early.
 */
#ifndef POSTERN_JWKS_REFRESH_SCHEDULE_H
#define POSTERN_JWKS_REFRESH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "jwks/source.h"

/* The refresh state of one issuer. Zeroed: nothing fetched yet, fetch at once. */
struct refresh_schedule {
	int64_t next_s;   /* when to fetch next */
	int64_t good_s;   /* last success; 0: never */
	int64_t asked_s;  /* last try, good or bad; 0: never */
	int64_t wanted_s; /* last refresh made for an unknown kid; 0: never */
	int failures;     /* tries in a row that failed */
};

/* The caching headers of a response. */
struct refresh_schedule_answer {
	bool good;
	int64_t max_age_s;     /* Cache-Control max-age minus Age; -1: absent */
	int64_t retry_after_s; /* Retry-After of a 429 or 503; -1: absent */
	uint32_t dice;         /* any random number: the jitter */
};

/* The plan after an answer at `now_s`: 80 % of the TTL clamped to 60 s..1 h (and to the time after
 * which the set would be stale), with 10 % of jitter; after a failure 1 s, 2 s, 4 s … 60 s. */
void refresh_schedule_answered(struct refresh_schedule *schedule, const struct source *source,
    const struct refresh_schedule_answer *answer, int64_t now_s);

/* Seconds until the next fetch; 0: now. */
int64_t refresh_schedule_wait_s(const struct refresh_schedule *schedule, int64_t now_s);

/* A token has an unknown kid: may we fetch now? True at most once per cooldown, failed tries
 * included. Starts the cooldown. */
bool refresh_schedule_wanted(
    struct refresh_schedule *schedule, const struct source *source, int64_t now_s);

/* May the last good set still be used? */
bool refresh_schedule_usable(
    const struct refresh_schedule *schedule, const struct source *source, int64_t now_s);

#endif
