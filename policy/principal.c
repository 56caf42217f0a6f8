/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/principal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_number.h"
#include "policy/role.h"

/* What a grant is compared with. */
struct facts {
	const struct claims *claims; /* NULL: no token */
	const struct principal_store *store;
	struct span certificate;
	bool any_group; /* as if the caller were in every group */
};

static bool
spans_hold(const struct spans *spans, const char *text)
{
	for (size_t i = 0; i < spans->count; i++)
		if (span_is(spans->at[i], text))
			return true;
	return false;
}

static bool
texts_hold_span(const struct texts *texts, struct span span)
{
	for (size_t i = 0; i < texts->count; i++)
		if (span_is(span, texts->at[i]))
			return true;
	return false;
}

/* Is the scalar one of the texts? Fractions have too many spellings to be compared as text. */
static bool
scalar_equals(const json_t *value, const struct texts *texts)
{
	char digits[24];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return texts_hold_span(texts, json_text(value));
	case JSON_TRUE:
		return texts_hold_span(texts, SPAN("true"));
	case JSON_FALSE:
		return texts_hold_span(texts, SPAN("false"));
	case JSON_INTEGER:
		(void)snprintf(
		    digits, sizeof(digits), "%" PRId64, (int64_t)json_integer_value(value));
		return texts_hold_span(texts, span_of(digits));
	default:
		return json_number_text(value).at != NULL &&
		       texts_hold_span(texts, json_number_text(value));
	}
}

static bool
claim_holds(const struct grant *grant, const struct claims *claims)
{
	const json_t *value = json_at(claims->payload, span_of(grant->claim));

	if (value == NULL)
		return false;
	if (grant->equals.count == 0)
		return !json_is_null(value) && !json_is_false(value);
	if (!json_is_array(value))
		return scalar_equals(value, &grant->equals);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (scalar_equals(json_array_get(value, i), &grant->equals))
			return true;
	return false;
}

/* Only the local issuer's clients are in the store: a client of the same name in another issuer's
 * token is a different client. */
static bool
client_holds(const struct grant *grant, const struct facts *facts)
{
	bool is_local = facts->store != NULL && facts->store->client_name != NULL;
	bool same_id = facts->claims != NULL && span_is(facts->claims->client, grant->client);

	if (is_local)
		return same_id || strcmp(facts->store->client_name, grant->client) == 0;
	return same_id && grant->issuer != NULL;
}

static bool
certificate_holds(const struct grant *grant, const struct facts *facts)
{
	return facts->certificate.at != NULL && span_is(facts->certificate, grant->certificate);
}

static bool
token_holds(const struct grant *grant, const struct claims *claims, bool any_group)
{
	if (grant->issuer == NULL && grant->scope == NULL && grant->group == NULL &&
	    grant->role == NULL && grant->claim == NULL)
		return true;
	if (claims == NULL)
		return false;
	if (grant->issuer != NULL && strcmp(grant->issuer, claims->trusted_issuer->name) != 0)
		return false;
	if (grant->scope != NULL && !spans_hold(&claims->scopes, grant->scope))
		return false;
	if (grant->group != NULL && !any_group && !spans_hold(&claims->groups, grant->group))
		return false;
	if (grant->role != NULL && !spans_hold(&claims->roles, grant->role))
		return false;
	return grant->claim == NULL || claim_holds(grant, claims);
}

/* Does one line of `granted_to` match? A line without conditions is a mistake at load; even so, it
 * never matches. */
static bool
grant_holds(const struct grant *grant, const struct facts *facts)
{
	bool asks = grant->issuer != NULL || grant->scope != NULL || grant->group != NULL ||
		    grant->role != NULL || grant->claim != NULL;

	if (!asks && grant->client == NULL && grant->user == NULL && grant->certificate == NULL)
		return false;
	if (!token_holds(grant, facts->claims, facts->any_group))
		return false;
	if (grant->client != NULL && !client_holds(grant, facts))
		return false;
	if (grant->certificate != NULL && !certificate_holds(grant, facts))
		return false;
	return grant->user == NULL || (facts->store != NULL && facts->store->user != NULL &&
					  strcmp(facts->store->user, grant->user) == 0);
}

static void
set_role(uint64_t *roles, size_t index)
{
	roles[index / 64] |= UINT64_C(1) << index % 64;
}

/* Add the roles that `granted_to` grants. */
static void
grant_roles(const struct policy *policy, const struct facts *facts, uint64_t *roles)
{
	for (size_t i = 0; i < policy->role_count; i++) {
		const struct grant *grant = policy->roles[i].grants;

		while (grant != NULL && !grant_holds(grant, facts))
			grant = grant->next;
		if (grant != NULL)
			set_role(roles, i);
	}
}

static bool
find_unsure(const struct policy *policy, const struct facts *facts, struct principal *principal,
    struct arena *arena)
{
	struct facts grouped = *facts;

	if (facts->claims == NULL || !facts->claims->groups_overage)
		return true;
	grouped.any_group = true;
	principal->unsure = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	if (principal->unsure != NULL)
		grant_roles(policy, &grouped, principal->unsure);
	return principal->unsure != NULL;
}

static bool
find_roles(const struct policy *policy, const struct facts *facts, struct principal *principal,
    struct arena *arena)
{
	const struct role *role;

	principal->roles = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	if (principal->roles == NULL)
		return false;
	grant_roles(policy, facts, principal->roles);
	for (size_t i = 0; facts->store != NULL && i < facts->store->roles.count; i++) {
		role = role_find(policy, span_of(facts->store->roles.at[i]));
		if (role != NULL)
			set_role(principal->roles, role->index);
	}
	return find_unsure(policy, facts, principal, arena);
}

bool
principal_of_claims(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{
	const struct claims *claims = inputs->claims;
	const struct principal_store *store = inputs->store;
	struct facts facts = { claims, store, inputs->certificate, false };

	*principal = (struct principal){
		.issuer = claims->trusted_issuer->name,
		.subject = claims->subject,
		.client = claims->client,
		.client_name = store == NULL ? NULL : store->client_name,
		.user = store == NULL ? NULL : store->user,
		.scopes = claims->scopes,
		.not_text = claims->not_text,
	};
	return find_roles(policy, &facts, principal, arena);
}

bool
principal_of_user(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{
	struct facts facts = { NULL, inputs->store, inputs->certificate, false };

	*principal = (struct principal){
		.subject = span_of(inputs->store->user),
		.user = inputs->store->user,
	};
	return find_roles(policy, &facts, principal, arena);
}

bool
principal_of_certificate(const struct policy *policy, const struct principal_inputs *inputs,
    struct principal *principal, struct arena *arena)
{
	struct facts facts = { NULL, NULL, inputs->certificate, false };

	*principal = (struct principal){ .subject = inputs->certificate };
	return find_roles(policy, &facts, principal, arena);
}

bool
principal_has(const struct principal *principal, size_t role_index)
{
	return (principal->roles[role_index / 64] >> role_index % 64 & 1) != 0;
}
