/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay - which one-time texts were used already (RFC 7523 section 3, item 7).
 *
 * Uses:   base.
 * Pure:   but for the random key that replay_new() draws. Any thread; one short lock.
 * Limits: REPLAY_MAX texts that have not ended, REPLAY_OWNER_MAX of them for one owner, so that
 *         no owner takes the room of all. A full table is a result of its own: the caller must
 *         refuse the text, since dropping one would let it be used again.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_REPLAY_H
#define POSTERN_ISSUER_ACCOUNTS_REPLAY_H

#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

#define REPLAY_MAX 262144u
#define REPLAY_OWNER_MAX (REPLAY_MAX / 4)

enum replay_found { REPLAY_NEW, REPLAY_USED, REPLAY_FULL };

/* One use of a text; borrowed. */
struct replay_use {
	struct span owner; /* texts of two owners are different ones */
	struct span text;
	int64_t now_s;   /* Unix seconds */
	int64_t mono_s;  /* clock_mono_s() */
	int64_t until_s; /* the text is refused for other causes from then on; it is forgotten
			  * when both clocks have come so far: who sets one back finds it used */
};

struct replay;

/* NULL: no memory, or no random bytes. replay_free() it. */
MUST_CHECK struct replay *replay_new(void);

/* Accepts NULL. */
void replay_free(struct replay *replay);

/* Was it used before? If not, it is now. */
MUST_CHECK enum replay_found replay_take(struct replay *replay, const struct replay_use *use);

#endif
