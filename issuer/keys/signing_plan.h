/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_plan - which of the local issuer's keys signs, which stay published, and when a new one
 * is made.
 *
 * Uses:   base.
 * Pure:   yes: no clock, no files. Times are Unix seconds.
 *
 * A key is published when it is made, but signs only later, so that clients which cache the key set
 * have it by then. It signs until the next key takes over, and stays published until the last token
 * that it may have signed has expired.
 */
#ifndef POSTERN_ISSUER_KEYS_SIGNING_PLAN_H
#define POSTERN_ISSUER_KEYS_SIGNING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* The maximum number of keys at a time; more is an error. */
#define SIGNING_MAX_KEYS 32

struct signing_times {
	int64_t created_s;
	int64_t signs_s;   /* from then on */
	int64_t longest_s; /* the longest lifetime of its tokens, as far as is known */
	bool able;         /* we have its private key */
	bool given;        /* given by the configuration: it signs as long as it is there */
	bool fits;         /* it is for the configured algorithm */
};

struct signing_settings {
	int64_t rotate_after_s; /* 0: no automatic rotation */
	int64_t publish_ahead_s;
	int64_t keep_s; /* the longest lifetime of a token issued now, with the skew */
};

struct signing_plan {
	size_t current;       /* signs; SIZE_MAX: none can */
	bool make;            /* a new key is to be made, */
	int64_t make_signs_s; /* which signs from then on */
	uint32_t ended;       /* bit of each key whose last token has expired */
	int64_t next_s;       /* when time alone changes this result; INT64_MAX: never */
};

/* The plan for `count` keys (at most SIGNING_MAX_KEYS) at `now_s`. */
struct signing_plan signing_plan(const struct signing_times *keys, size_t count,
    const struct signing_settings *settings, int64_t now_s);

/* When keys[index] ceases to be published; INT64_MAX while none follows it. */
int64_t signing_plan_end_s(
    const struct signing_times *keys, size_t count, size_t index, int64_t keep_s);

#endif
