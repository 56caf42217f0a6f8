/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group - the addresses of one upstream, and which of them gets a request.
 *
 * Of those that are not out (health.h, health_check.h) the one with the fewest requests under way,
 * so that a slow one gets less; among equals they take turns. If all are out, the one that was out
 * the fewest times: what failed for others is a guess about the next request, and no reason to
 * refuse it.
 *
 * Uses:   upstream, health, health_check, retry_budget.
 * Threads: any; no lock.
 */
#ifndef POSTERN_PROXY_UPSTREAM_GROUP_H
#define POSTERN_PROXY_UPSTREAM_GROUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "proxy/upstream/health_check.h"
#include "proxy/upstream/retry_budget.h"
#include "proxy/upstream/upstream.h"

#define GROUP_MAX 16

struct group {
	struct upstream *members[GROUP_MAX];    /* references */
	struct health_check *checks[GROUP_MAX]; /* of the members; NULL: none */
	size_t count;                           /* at least 1 */
	atomic_uint turn;
	struct retry_budget budget;
};

/* retry_share  see retry_budget.h. NULL: no memory. It has no member yet. given: group_free() it.
 */
MUST_CHECK struct group *group_new(int retry_share);

/* Drops the references to its members. Accepts NULL. */
void group_free(struct group *group);

/* taken: one more member, of GROUP_MAX, and its health check (NULL: none). */
void group_add(struct group *group, struct upstream *upstream, struct health_check *check);

/* Start the health checks that have not started; or end them, without waiting. */
void group_start_checks(struct group *group);
void group_halt_checks(struct group *group);

/* Does that member get requests, if others are there? */
bool group_is_up(const struct group *group, size_t i);

/*
 * The member for the next try of a request. *tried has a bit for each that the request was sent to,
 * or tried to be; the chosen one's is added. NULL: all were tried. Lent by the group.
 */
MUST_CHECK struct upstream *group_choose(struct group *group, uint32_t *tried, int64_t now_us);

/* Is there a member that was not tried? */
bool group_has_more(const struct group *group, uint32_t tried);

#endif
