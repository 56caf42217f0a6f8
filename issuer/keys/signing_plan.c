/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/signing_plan.h"

/* Does key a come after key b? By the time they start to sign, then by the time they were made,
 * then by index. */
static bool
follows(const struct signing_times *keys, size_t a, size_t b)
{
	if (keys[a].signs_s != keys[b].signs_s)
		return keys[a].signs_s > keys[b].signs_s;
	if (keys[a].created_s != keys[b].created_s)
		return keys[a].created_s > keys[b].created_s;
	return a > b;
}

/* The key to sign with: the newest of those that are due. If none is due yet, the first one that
 * will be, since signing early is better than not at all. */
static size_t
find_current(const struct signing_times *keys, size_t count, int64_t now_s)
{
	size_t last = SIZE_MAX, first = SIZE_MAX, i;

	for (i = 0; i < count; i++) {
		if (keys[i].given)
			return i;
		if (!keys[i].able)
			continue;
		if (keys[i].signs_s <= now_s && (last == SIZE_MAX || follows(keys, i, last)))
			last = i;
		if (keys[i].signs_s > now_s && (first == SIZE_MAX || follows(keys, first, i)))
			first = i;
	}
	return last != SIZE_MAX ? last : first;
}

static size_t
find_newest(const struct signing_times *keys, size_t count)
{
	size_t newest = SIZE_MAX, i;

	for (i = 0; i < count; i++) {
		if (keys[i].able && (newest == SIZE_MAX || follows(keys, i, newest)))
			newest = i;
	}
	return newest;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
sooner(int64_t *next_s, int64_t when_s)
{
	if (when_s < *next_s)
		*next_s = when_s;
}

int64_t
signing_plan_end_s(const struct signing_times *keys, size_t count, size_t index, int64_t keep_s)
{
	size_t next = SIZE_MAX, i;
	int64_t from_s;

	if (keys[index].given)
		return INT64_MAX;
	for (i = 0; i < count; i++) {
		if (i != index && (follows(keys, i, index) || keys[i].given) &&
		    (next == SIZE_MAX || follows(keys, next, i)))
			next = i;
	}
	if (next == SIZE_MAX)
		return INT64_MAX;
	from_s = later(keys[next].signs_s, keys[index].signs_s);
	keep_s = later(keep_s, keys[index].longest_s);
	return from_s > INT64_MAX - keep_s ? INT64_MAX : from_s + keep_s;
}

/* Is it time for the next key? */
static void
plan_making(const struct signing_times *newest, const struct signing_settings *settings,
    int64_t now_s, struct signing_plan *plan)
{
	int64_t due_s;

	if (!newest->fits) {
		plan->make = true;
		plan->make_signs_s = now_s + settings->publish_ahead_s;
	} else if (settings->rotate_after_s > 0) {
		due_s = newest->signs_s + settings->rotate_after_s;
		plan->make = due_s - settings->publish_ahead_s <= now_s;
		plan->make_signs_s = later(due_s, now_s + settings->publish_ahead_s);
		if (!plan->make)
			sooner(&plan->next_s, due_s - settings->publish_ahead_s);
	}
}

struct signing_plan
signing_plan(const struct signing_times *keys, size_t count,
    const struct signing_settings *settings, int64_t now_s)
{
	struct signing_plan plan = { .next_s = INT64_MAX };
	int64_t end_s;
	size_t i;

	plan.current = find_current(keys, count, now_s);
	if (plan.current == SIZE_MAX) {
		plan.make = true;
		plan.make_signs_s = now_s;
		return plan;
	}
	for (i = 0; i < count; i++) {
		if (keys[i].able && keys[i].signs_s > now_s && !keys[plan.current].given)
			sooner(&plan.next_s, keys[i].signs_s);
		end_s = i == plan.current ? INT64_MAX
					  : signing_plan_end_s(keys, count, i, settings->keep_s);
		if (end_s <= now_s)
			plan.ended |= 1u << i;
		else
			sooner(&plan.next_s, end_s);
	}
	if (!keys[plan.current].given && count < SIGNING_MAX_KEYS)
		plan_making(&keys[find_newest(keys, count)], settings, now_s, &plan);
	return plan;
}
