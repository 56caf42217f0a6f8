/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/principal.h"

#include "policy/grant.h"
#include "policy/match.h"
#include "policy/role.h"

static void
set_role(uint64_t *roles, size_t index)
{
	roles[index / 64] |= UINT64_C(1) << index % 64;
}

/* Add the roles that `granted_to` grants. */
static void
grant_roles(const struct policy *policy, const struct principal_inputs *inputs, uint64_t *roles)
{
	for (size_t i = 0; i < policy->role_count; i++) {
		const struct grant *grant = policy->roles[i].grants;

		while (grant != NULL && grant_failing(grant, inputs) != GRANT_HOLDS)
			grant = grant->next;
		if (grant != NULL)
			set_role(roles, i);
	}
}

static bool
find_unsure(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{
	struct principal_inputs grouped = *inputs;

	if (inputs->claims == NULL || !inputs->claims->groups_overage)
		return true;
	grouped.any_group = true;
	principal->unsure = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	if (principal->unsure != NULL)
		grant_roles(policy, &grouped, principal->unsure);
	return principal->unsure != NULL;
}

static bool
find_roles(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{
	const struct role *role;

	principal->roles = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	if (principal->roles == NULL)
		return false;
	grant_roles(policy, inputs, principal->roles);
	for (size_t i = 0; inputs->store != NULL && i < inputs->store->roles.count; i++) {
		role = role_find(policy, span_of(inputs->store->roles.at[i]));
		if (role != NULL)
			set_role(principal->roles, role->index);
	}
	return find_unsure(policy, inputs, principal, arena);
}

bool
principal_of_claims(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{
	const struct claims *claims = inputs->claims;
	const struct principal_store *store = inputs->store;

	*principal = (struct principal){
		.issuer = claims->trusted_issuer->name,
		.family = claims->trusted_issuer->family,
		.subject = claims->subject,
		.client = claims->client,
		.client_name = store == NULL ? NULL : store->client_name,
		.user = store == NULL ? NULL : store->user,
		.scopes = claims->scopes,
		.not_text = claims->not_text,
		.matched_count = policy->match_claims.count,
	};
	return match_values(policy, claims->payload, arena, &principal->matched) &&
	       find_roles(policy, inputs, principal, arena);
}

bool
principal_of_user(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{

	*principal = (struct principal){
		.subject = span_of(inputs->store->user),
		.user = inputs->store->user,
	};
	return find_roles(policy, inputs, principal, arena);
}

bool
principal_of_certificate(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{

	*principal = (struct principal){ .subject = inputs->certificate };
	return find_roles(policy, inputs, principal, arena);
}

bool
principal_has(const struct principal *principal, size_t role_index)
{
	return (principal->roles[role_index / 64] >> role_index % 64 & 1) != 0;
}
