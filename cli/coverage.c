/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/coverage.h"

#include <string.h>

#include "policy/rule.h"

/* One that can be touched. */
struct touchable {
	const char *what, *name;
	const struct host_set *host; /* of a pattern; NULL: every host */
	const void *one;             /* what tells it apart: the privilege, the role, the ruling */
	bool touched;
};

struct coverage {
	const struct policy *policy;
	struct touchable *all;
	size_t count, touched;
};

static size_t
count_all(const struct policy *policy)
{
	size_t count = policy->role_count;

	for (const struct privilege *one = policy->privileges; one != NULL; one = one->next)
		count++;
	for (const struct ruling *one = policy->rulings; one != NULL; one = one->next)
		count++;
	return count;
}

static void
list(struct coverage *coverage, struct touchable one)
{
	coverage->all[coverage->count++] = one;
}

struct coverage *
coverage_new(const struct policy *policy, struct arena *arena)
{
	struct coverage *coverage = arena_alloc(arena, sizeof(*coverage));

	if (coverage == NULL)
		return NULL;
	coverage->policy = policy;
	coverage->all = arena_array(arena, count_all(policy) + 1, sizeof(coverage->all[0]));
	if (coverage->all == NULL)
		return NULL;
	for (const struct privilege *one = policy->privileges; one != NULL; one = one->next)
		list(coverage, (struct touchable){ "privilege", one->name, NULL, one, false });
	for (size_t i = 0; i < policy->role_count; i++)
		list(coverage, (struct touchable){
				   "role", policy->roles[i].name, NULL, &policy->roles[i], false });
	for (const struct ruling *one = policy->rulings; one != NULL; one = one->next)
		list(
		    coverage, (struct touchable){ "pattern", one->pattern, one->host, one, false });
	return coverage;
}

static bool
touches(const struct coverage *coverage, const struct touchable *one,
    const struct policy_case_result *result)
{
	if (one->one == result->privilege)
		return true;
	if (strcmp(one->what, "pattern") == 0)
		return result->pattern != NULL && strcmp(one->name, result->pattern) == 0 &&
		       one->host == result->host;
	if (strcmp(one->what, "role") != 0 || result->principal == NULL)
		return false;
	return principal_has(
	    result->principal, (size_t)((const struct role *)one->one - coverage->policy->roles));
}

void
coverage_add(struct coverage *coverage, const struct policy_case_result *result)
{
	for (size_t i = 0; i < coverage->count; i++) {
		struct touchable *one = &coverage->all[i];

		if (one->touched || !touches(coverage, one, result))
			continue;
		one->touched = true;
		coverage->touched++;
	}
}

int
coverage_percent(const struct coverage *coverage)
{
	return coverage->count == 0 ? 100 : (int)(coverage->touched * 100 / coverage->count);
}

void
coverage_text(const struct coverage *coverage, struct buffer *buffer)
{
	for (size_t i = 0; i < coverage->count; i++)
		if (!coverage->all[i].touched)
			buffer_format(buffer, "not covered: %s %s%s%s\n", coverage->all[i].what,
			    coverage->all[i].name, coverage->all[i].host == NULL ? "" : " on ",
			    coverage->all[i].host == NULL ? "" : coverage->all[i].host->name);
	buffer_format(buffer, "coverage: %zu of %zu privileges, roles and patterns (%d %%)\n",
	    coverage->touched, coverage->count, coverage_percent(coverage));
}
