/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh_schedule - when to ask an issuer for its keys next, as a pure function of state, answer
 * and now.
 *
 * Uses:   source.
 * Pure:   yes: no clock, no I/O. Times are those of clock_mono_s(), so that no clock that is set
 *         keeps a gate from asking, or makes keys old before their time.
 */
#ifndef POSTERN_JWKS_REFRESH_SCHEDULE_H
#define POSTERN_JWKS_REFRESH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "jwks/source.h"

/* What is known about one issuer's keys. Zeroed: nothing yet, ask at once. */
struct refresh_schedule {
	int64_t next_s;   /* when to ask next */
	int64_t good_s;   /* last success; 0: never */
	int64_t asked_s;  /* last try, good or bad; 0: never */
	int64_t wanted_s; /* last refresh made for an unknown kid; 0: never */
	int failures;     /* tries in a row that failed */
};

/* What an answer said. */
struct refresh_schedule_answer {
	bool good;
	int64_t max_age_s;     /* Cache-Control max-age minus Age; -1: not said */
	int64_t retry_after_s; /* Retry-After of a 429 or 503; -1: not said */
	uint32_t dice;         /* any random number: the jitter */
};

/* The plan after an answer at `now_s`: 80 % of the TTL clamped to 60 s..1 h (and to the time after
 * which the set would be stale), with 10 % of jitter; after a failure 1 s, 2 s, 4 s … 60 s. */
void refresh_schedule_answered(struct refresh_schedule *schedule, const struct source *source,
    const struct refresh_schedule_answer *answer, int64_t now_s);

/* Seconds until it is time to ask, 0: now. */
int64_t refresh_schedule_wait_s(const struct refresh_schedule *schedule, int64_t now_s);

/* Somebody met an unknown kid: may we ask now? True at most once per cooldown; failed tries
 * count. Marks it as used. */
bool refresh_schedule_wanted(
    struct refresh_schedule *schedule, const struct source *source, int64_t now_s);

/* May the last good set still be used? */
bool refresh_schedule_usable(
    const struct refresh_schedule *schedule, const struct source *source, int64_t now_s);

#endif
