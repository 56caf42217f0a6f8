/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/group.h"

#include <stdlib.h>

struct group *
group_new(int retry_share)
{
	struct group *group = calloc(1, sizeof(*group));

	if (group != NULL)
		retry_budget_init(&group->budget, retry_share);
	return group;
}

void
group_free(struct group *group)
{
	if (group == NULL)
		return;
	for (size_t i = 0; i < group->count; i++) {
		health_check_free(group->checks[i]);
		upstream_unref(group->members[i]);
	}
	free(group);
}

void
group_add(struct group *group, struct upstream *upstream, struct health_check *check)
{
	group->checks[group->count] = check;
	group->members[group->count++] = upstream;
}

void
group_start_checks(struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->checks[i] != NULL)
			health_check_start(group->checks[i]);
}

void
group_halt_checks(struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->checks[i] != NULL)
			health_check_halt(group->checks[i]);
}

bool
group_is_up(const struct group *group, size_t i)
{
	return !health_is_out(upstream_health(group->members[i])) &&
	       !health_check_failed(group->checks[i]);
}

/* What a member is judged by. */
struct place {
	bool out;
	unsigned outs;
	int busy;
};

static struct place
place_of(const struct group *group, size_t i)
{
	struct upstream *upstream = group->members[i];

	return (struct place){ .out = !group_is_up(group, i),
		.outs = health_outs(upstream_health(upstream)),
		.busy = upstream_busy(upstream) };
}

static bool
is_better(const struct place *a, const struct place *b)
{
	if (a->out != b->out)
		return b->out;
	if (a->out && a->outs != b->outs)
		return a->outs < b->outs;
	return a->busy < b->busy;
}

static bool
was_tried(uint32_t tried, size_t i)
{
	return (tried & (UINT32_C(1) << i)) != 0;
}

/* The index; group->count: all were tried. */
static size_t
find(struct group *group, uint32_t tried, int64_t now_us)
{
	size_t start = atomic_fetch_add_explicit(&group->turn, 1, memory_order_relaxed);
	size_t best = group->count;
	struct place best_place = { 0 };

	for (size_t k = 0; k < group->count; k++) {
		size_t i = (start + k) % group->count;
		struct place place;

		if (was_tried(tried, i))
			continue;
		if (!health_check_failed(group->checks[i]) &&
		    health_try(upstream_health(group->members[i]), now_us))
			return i;
		place = place_of(group, i);
		if (best == group->count || is_better(&place, &best_place)) {
			best = i;
			best_place = place;
		}
	}
	return best;
}

struct upstream *
group_choose(struct group *group, uint32_t *tried, int64_t now_us)
{
	size_t i = 0;

	if (!group_has_more(group, *tried))
		return NULL;
	if (group->count > 1)
		i = find(group, *tried, now_us);
	*tried |= UINT32_C(1) << i;
	return group->members[i];
}

bool
group_has_more(const struct group *group, uint32_t tried)
{
	return tried + 1 != UINT32_C(1) << group->count;
}
