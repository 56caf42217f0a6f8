/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standby - is the local issuer on standby or active? (`accept: fallback`)
 *
 * Uses:   base.
 * Pure:   yes: no clock, no log. Times are those of clock_mono_s().
 *
 * An issuer is down when it has no keys that may be used and its last good fetch (or else the
 * start) is longer ago than `after`. The local issuer becomes active when every third-party issuer
 * is down, and returns to standby when one of them has had keys for `hold` without a break. Each
 * time it would become active again within RESTLESS times `hold` of having returned, the outage
 * must last longer by `hold`, twice that, four times that … (WORST times at most) before it counts.
 */
#ifndef POSTERN_ISSUER_LOCAL_STANDBY_H
#define POSTERN_ISSUER_LOCAL_STANDBY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

#define STANDBY_RESTLESS 60
#define STANDBY_WORST 16

struct standby_settings {
	int64_t after_s;
	int64_t hold_s;
};

/* What is known about one third-party issuer. */
struct standby_issuer {
	bool usable;    /* it has keys that may be used */
	int64_t good_s; /* its last good fetch; 0: never */
};

/* Zeroed but for started_s: standing by. */
struct standby {
	int64_t started_s; /* since when issuers are looked at */
	bool in_force;
	int64_t since_s; /* of the last change; 0: none yet */
	int64_t down_s;  /* all are down since; 0: they are not */
	int64_t up_s;    /* one is up since, without a break; 0: none is */
	int restless;    /* how often it became active again soon */
	uint64_t changes;
};

/* What there is to know at `now_s`. */
struct standby_inputs {
	const struct standby_issuer *issuers;
	size_t count;
	int64_t now_s;
};

/* Look at all third-party issuers. True: it has just become active, or returned to standby. Without
 * any third-party issuer it stays on standby. */
bool standby_step(struct standby *standby, const struct standby_settings *settings,
    const struct standby_inputs *inputs);

#endif
