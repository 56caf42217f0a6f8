/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_plan - which of the local issuer's keys signs, which are kept, and when one is made.
 *
 * Uses:   base.
 * Pure:   yes: no clock, no files. Times are Unix seconds.
 *
 * A key is published when it is made and signs from a later moment on, so that whoever keeps a
 * copy of the key set has met it by then. It signs until the next one does, and is published until
 * the last token that it may have signed has ended.
 */
#ifndef POSTERN_ISSUER_KEYS_SIGNING_PLAN_H
#define POSTERN_ISSUER_KEYS_SIGNING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* At most so many keys at once; more is an error. */
#define SIGNING_MAX_KEYS 32

struct signing_times {
	int64_t created_s;
	int64_t signs_s;   /* from then on */
	int64_t longest_s; /* the longest that a token of it may last, as it was told so far */
	bool able;         /* we have its private key */
	bool given;        /* by the configuration: it signs as long as it is there */
	bool fits;         /* it is for the algorithm that is asked for */
};

struct signing_settings {
	int64_t rotate_after_s; /* 0: never by itself */
	int64_t publish_ahead_s;
	int64_t keep_s; /* the longest that a token of now may last, with the skew */
};

struct signing_plan {
	size_t current;       /* signs; SIZE_MAX: none can */
	bool make;            /* a new key is to be made, */
	int64_t make_signs_s; /* which signs from then on */
	uint32_t ended;       /* bit of each key whose last token has ended */
	int64_t next_s;       /* when this changes by itself; INT64_MAX: never */
};

/* The plan for `count` keys (at most SIGNING_MAX_KEYS) at `now_s`. */
struct signing_plan signing_plan(const struct signing_times *keys, size_t count,
    const struct signing_settings *settings, int64_t now_s);

/* When keys[index] ceases to be published; INT64_MAX while none follows it. */
int64_t signing_plan_end_s(
    const struct signing_times *keys, size_t count, size_t index, int64_t keep_s);

#endif
