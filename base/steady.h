/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steady - has the system's clock been set recently? Data that seems expired by a wrong clock must
 * not be deleted while the clock may still be corrected.
 *
 * Uses:   nothing.
 * Pure:   yes: both clocks are arguments. One thread at a time.
 */
#ifndef POSTERN_BASE_STEADY_H
#define POSTERN_BASE_STEADY_H

#include <stdbool.h>
#include <stdint.h>

#define STEADY_JUMP_S 60   /* a step that NTP may make is not a jump */
#define STEADY_AFTER_S 600 /* a clock is trusted again this long after a jump */

/* Zeroed: nothing was seen yet. */
struct steady {
	bool seen;
	int64_t offset_s;     /* of the two clocks */
	int64_t until_mono_s; /* not steady until then */
};

/*
 * Look at both clocks: clock_now_s() and clock_mono_s().
 *
 * ret_jump_s  how far the clock was set since the last look, when that is more than STEADY_JUMP_S;
 *             else 0. May be NULL. Returns whether the clock has not been set for STEADY_AFTER_S. A
 *             suspended machine counts as one whose clock was set.
 */
bool steady_look(struct steady *steady, int64_t now_s, int64_t mono_s, int64_t *ret_jump_s);

#endif
