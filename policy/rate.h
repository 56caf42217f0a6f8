/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate - how often a caller may use a privilege or a module: `rate`.
 *
 * Uses:   nothing.
 * Pure:   yes: the time is an argument.
 *
 * A token bucket holds at most `burst` requests and gets `limit` back in each unit of time. All
 * that is stored of it is when it will be full again (the generic cell rate algorithm), so a bucket
 * that has filled up is the same as none. A request that is refused takes nothing.
 */
#ifndef POSTERN_POLICY_RATE_H
#define POSTERN_POLICY_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times are in ticks of 1/16 microsecond, so that a hundred thousand requests a second are counted
 * to within a percent. */
#define RATE_TICKS_PER_US UINT64_C(16)

enum rate_by { RATE_BY_CLIENT, RATE_BY_USER, RATE_BY_SUBJECT, RATE_BY_PEER };

/* `rate` of one privilege or module. All texts are lent by the policy's arena. */
struct rate {
	const char *name; /* of the privilege or module */
	bool of_module;
	enum rate_by by;
	const char *limit; /* as it was written: 100/s */
	uint64_t every;    /* ticks in which one request comes back */
	int64_t burst;     /* that may come at once */
	size_t index;      /* place in the list, from 0 */
	struct rate *next; /* in policy->rates */
};

/* What comes of one request more. Seconds are rounded up. */
struct rate_drawn {
	bool allowed;
	uint64_t full_at;  /* when the bucket is full again, in ticks */
	int64_t remaining; /* requests that may still come at once */
	int64_t full_s;    /* seconds until the bucket is full */
	int64_t wait_s;    /* seconds until one may come; 0: now */
};

/* Draw one request from the bucket that is full at `full_at`. If it is refused, full_at stays. */
struct rate_drawn rate_draw(const struct rate *rate, uint64_t full_at, uint64_t now);

/* The word of the configuration: client, user, subject or peer. */
const char *rate_by_word(enum rate_by by);

#endif
