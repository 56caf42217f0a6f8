/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group - the addresses of one upstream, and which of them gets a request.
 *
 * Of those that are not out (health.h) the one with the fewest requests under way, so that a slow
 * one gets less; among equals they take turns. If all are out, the one that was out the fewest
 * times: what failed for others is a guess about the next request, and no reason to refuse it.
 *
 * Uses:   upstream, health.
 * Threads: any; no lock.
 */
#ifndef POSTERN_PROXY_UPSTREAM_GROUP_H
#define POSTERN_PROXY_UPSTREAM_GROUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "proxy/upstream/upstream.h"

#define GROUP_MAX 16

struct group {
	struct upstream *members[GROUP_MAX]; /* references */
	size_t count;                        /* at least 1 */
	atomic_uint turn;
};

/* NULL: no memory. It has no member yet. given: group_free() it. */
MUST_CHECK struct group *group_new(void);

/* Drops the references to its members. Accepts NULL. */
void group_free(struct group *group);

/* taken: one more member, of GROUP_MAX. */
void group_add(struct group *group, struct upstream *upstream);

/*
 * The member for the next try of a request. *tried has a bit for each that the request was sent to,
 * or tried to be; the chosen one's is added. NULL: all were tried. Lent by the group.
 */
MUST_CHECK struct upstream *group_choose(struct group *group, uint32_t *tried, int64_t now_us);

/* Is there a member that was not tried? */
bool group_has_more(const struct group *group, uint32_t tried);

#endif
