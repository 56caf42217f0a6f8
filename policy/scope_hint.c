/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/scope_hint.h"

#include "policy/role.h"
#include "policy/scope_match.h"

/* The hint under construction. */
struct hint {
	char *text;
	size_t len;
};

static bool
has(const struct hint *hint, struct span scope)
{
	struct span rest = { hint->text, hint->len }, piece;

	while (span_cut(&rest, ' ', &piece))
		if (span_equal(piece, scope))
			return true;
	return false;
}

static void
add(struct hint *hint, const char *text)
{
	struct span scope = span_of(text);
	size_t gap = hint->len > 0 ? 1 : 0;

	if (scope_match_is_prefix(text) ||
	    scope_match_odd(text) != NULL) /* nobody can ask for it */
		return;
	if (hint->len + gap + scope.len > SCOPE_HINT_MAX || has(hint, scope))
		return;
	if (gap > 0)
		hint->text[hint->len++] = ' ';
	memcpy(hint->text + hint->len, scope.at, scope.len);
	hint->len += scope.len;
	hint->text[hint->len] = '\0';
}

/* Would one scope alone make the line hold, in a token of the caller's issuer? */
static bool
suffices(const struct grant *grant, const struct principal *principal)
{
	if (grant->scopes.count != 1 || grant->groups.count > 0 || grant->roles.count > 0 ||
	    grant->claim != NULL || grant->client != NULL || grant->user != NULL ||
	    grant->certificate != NULL || grant->peer != NULL)
		return false;
	return grant->issuer == NULL || principal == NULL ||
	       (principal->issuer != NULL && strcmp(principal->issuer, grant->issuer) == 0) ||
	       (principal->family != NULL && strcmp(principal->family, grant->issuer) == 0);
}

/* Is a role why the caller may not, which it holds or which others do not make up for? */
static bool
is_beyond_scopes(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal)
{
	for (size_t i = 0; principal != NULL && i < policy->role_words; i++)
		if ((privilege->deny_bits[i] & principal->roles[i]) != 0 ||
		    (privilege->all_bits[i] & ~principal->roles[i]) != 0)
			return true;
	return false;
}

const char *
scope_hint(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena)
{
	struct hint hint = { arena_alloc(arena, SCOPE_HINT_MAX + 1), 0 };

	if (hint.text == NULL || (principal != NULL && principal->user != NULL) ||
	    is_beyond_scopes(policy, privilege, principal))
		return NULL;
	for (size_t i = 0; i < privilege->scopes.count; i++)
		add(&hint, privilege->scopes.at[i]);
	for (size_t i = 0; i < privilege->roles.count; i++) {
		const struct role *role = role_find(policy, span_of(privilege->roles.at[i]));

		for (const struct grant *grant = role == NULL ? NULL : role->grants; grant != NULL;
		    grant = grant->next)
			if (suffices(grant, principal))
				add(&hint, grant->scopes.at[0]);
	}
	return hint.len > 0 ? hint.text : NULL;
}
