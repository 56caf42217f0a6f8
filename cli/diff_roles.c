/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff_roles.h"

#include "policy/grant.h"
#include "policy/role.h"

enum held { HELD_NO, HELD_MAYBE, HELD_YES };

static bool
was_held(const struct diff_caller *caller, const char *name)
{
	for (size_t i = 0; i < json_array_size(caller->roles); i++)
		if (span_is(json_text(json_array_get(caller->roles, i)), name))
			return true;
	return false;
}

/* The line without what the log does not tell of. */
static enum held
by_line(const struct grant *grant, const struct principal_inputs *inputs)
{
	struct grant known = *grant;
	enum grant_condition failing = grant_failing(grant, inputs);

	if (failing == GRANT_HOLDS)
		return HELD_YES;
	if (grant->roles.count == 0 && grant->claim == NULL)
		return HELD_NO;
	known.claim = known.prefix = NULL;
	known.equals = known.roles = (struct texts){ .at = NULL };
	failing = grant_failing(&known, inputs);
	return failing == GRANT_HOLDS || failing == GRANT_NOTHING ? HELD_MAYBE : HELD_NO;
}

static enum held
by_lines(const struct role *role, const struct diff_caller *caller)
{
	struct principal_inputs inputs = { .claims = caller->claims,
		.store = caller->local ? &caller->store : NULL,
		.certificate = caller->certificate,
		.peer = caller->peer };
	enum held held = HELD_NO;

	for (const struct grant *grant = role->grants; grant != NULL; grant = grant->next) {
		enum held line = by_line(grant, &inputs);

		if (line > held)
			held = line;
	}
	return held;
}

/* A role that the old policy knows, and that none of its lines grants, is granted by the store. */
static enum held
by_store(const struct role *old, const struct diff_caller *caller)
{
	if (old == NULL || !caller->local || !was_held(caller, old->name))
		return HELD_NO;
	return by_lines(old, caller) == HELD_NO ? HELD_YES : HELD_MAYBE;
}

/* Who has the role is written alike in both. */
static bool
same_lines(const struct diff_policies *policies, const char *name)
{
	const json_t *old = json_object_get(json_object_get(policies->old_text, "roles"), name);
	const json_t *new = json_object_get(json_object_get(policies->new_text, "roles"), name);

	return old != NULL && new != NULL &&json_equal(old, new);
}

static enum held
by_new(
    const struct diff_policies *policies, const struct diff_caller *caller, const struct role *role)
{
	const struct role *old = role_find(policies->old, span_of(role->name));
	enum held lines, store;

	if (old != NULL && same_lines(policies, role->name))
		return was_held(caller, role->name) ? HELD_YES : HELD_NO;
	lines = by_lines(role, caller);
	store = by_store(old, caller);
	return lines > store ? lines : store;
}

static void
set_role(uint64_t *roles, size_t index)
{
	roles[index / 64] |= UINT64_C(1) << index % 64;
}

bool
diff_roles_old(const struct diff_policies *policies, const struct diff_caller *caller,
    struct principal *principal, struct arena *arena)
{
	const struct policy *policy = policies->old;

	principal->roles = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	principal->unsure = NULL;
	for (size_t i = 0; principal->roles != NULL && i < policy->role_count; i++)
		if (was_held(caller, policy->roles[i].name))
			set_role(principal->roles, i);
	return principal->roles != NULL;
}

bool
diff_roles_new(const struct diff_policies *policies, const struct diff_caller *caller,
    struct principal *principal, struct arena *arena)
{
	const struct policy *policy = policies->new;

	principal->roles = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	principal->unsure = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	if (principal->roles == NULL || principal->unsure == NULL)
		return false;
	for (size_t i = 0; i < policy->role_count; i++) {
		enum held held = by_new(policies, caller, &policy->roles[i]);

		if (held == HELD_YES)
			set_role(principal->roles, i);
		if (held == HELD_MAYBE)
			set_role(principal->unsure, i);
	}
	return true;
}
