/* SPDX-License-Identifier: Apache-2.0 */
/* A connection for a request: to one of the upstream's addresses, to the next while none is had. */
#include "base/clock.h"
#include "proxy/upstream/forwarding.h"

/* An address that says nothing must not use up the time in which others could be tried. */
#define NEXT_US (2 * INT64_C(1000000))

/* Requests under way matter, and cost cores a word to meet on, only where there is a choice. */
bool
forwarding_choose(struct forwarding *forwarding)
{
	struct group *group = forwarding->forward->group;
	bool choice = group->count > 1;
	struct upstream *next =
	    group_choose(group, &forwarding->tried, choice ? clock_mono_us() : 0);

	if (next == NULL)
		return false;
	if (forwarding->result->upstream == NULL)
		retry_budget_earn(&group->budget);
	forwarding_leave(forwarding);
	upstream_count_one(upstream_count(next), UPSTREAM_REQUESTS);
	forwarding->result->upstream = next;
	if (choice) {
		upstream_begin(next);
		forwarding->busy = next;
	}
	return true;
}

void
forwarding_leave(struct forwarding *forwarding)
{
	if (forwarding->busy != NULL)
		upstream_end(forwarding->busy);
	forwarding->busy = NULL;
}

static int64_t
try_until_us(const struct forwarding *forwarding, int64_t deadline_us)
{
	int64_t now_us = clock_mono_us(), half_us = (deadline_us - now_us) / 2;

	if (!group_has_more(forwarding->forward->group, forwarding->tried))
		return deadline_us;
	return now_us + (half_us < NEXT_US ? half_us : NEXT_US);
}

static enum reason
connect_one(struct forwarding *forwarding, bool fresh, int64_t deadline_us)
{
	struct upstream *upstream = forwarding->result->upstream;
	int64_t until_us = try_until_us(forwarding, deadline_us);
	struct err err = { "" };
	enum reason reason;

	reason = fresh ? upstream_conn_open_fresh(upstream, until_us, &forwarding->conn, &err)
		       : upstream_conn_open(upstream, until_us, &forwarding->conn, &err);
	if (reason == REASON_OK)
		return reason;
	if (reason != REASON_OVERLOADED && !forwarding->client->gone)
		health_unreachable(upstream_health(upstream), clock_mono_us());
	return forwarding_fail(
	    forwarding, reason, arena_format(forwarding->forward->arena, "%s", err.text));
}

/* Nothing was sent, so that any request may be sent to another address. True: a retry is spent. */
static bool
may_go_on(const struct forwarding *forwarding, enum reason reason, int64_t deadline_us)
{
	struct group *group = forwarding->forward->group;

	return reason != REASON_OK && reason != REASON_OVERLOADED && !forwarding->client->gone &&
	       clock_mono_us() < deadline_us && group_has_more(group, forwarding->tried) &&
	       retry_budget_spend(&group->budget);
}

enum reason
forwarding_connect(struct forwarding *forwarding, bool fresh)
{
	int64_t start_us = clock_mono_us();
	int64_t deadline_us = start_us + forwarding->forward->upstream_timeout_ms * INT64_C(1000);
	enum reason reason = connect_one(forwarding, fresh, deadline_us);

	while (may_go_on(forwarding, reason, deadline_us) && forwarding_choose(forwarding)) {
		upstream_count_one(upstream_count(forwarding->result->upstream), UPSTREAM_RETRIES);
		reason = connect_one(forwarding, fresh, deadline_us);
	}
	forwarding->sent_us = clock_mono_us();
	forwarding->result->connect_us += forwarding->sent_us - start_us;
	return reason;
}
