/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sync_forget - when revocations of expired tokens may be deleted from the store: once an
 * hour, and not while the clock may be wrong.
 *
 * Uses:   base.
 * Pure:   yes: both clocks are arguments. One thread at a time.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_FORGET_H
#define POSTERN_ISSUER_ACCOUNTS_STORE_SYNC_FORGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/steady.h"

#define STORE_SYNC_FORGET_EVERY_S 3600

struct store_sync_forget {
	struct steady steady;
	int64_t done_mono_s; /* of the last attempt; at first, when the thread began */
};

/*
 * Compare both clocks, clock_now_s() and clock_mono_s(). Call it at least once a minute, so that no
 * jump is missed.
 *
 * ret_jump_s  how far the clock was moved since the last call; 0: it was not.
 * Returns whether what had expired at `now_s` may be deleted now.
 */
bool store_sync_forget_due(
    struct store_sync_forget *forget, int64_t now_s, int64_t mono_s, int64_t *ret_jump_s);

/* Note an attempt: the next one is due in an hour. */
void store_sync_forget_done(struct store_sync_forget *forget, int64_t mono_s);

#endif
