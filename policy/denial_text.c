/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/denial_text.h"

#include "policy/role.h"

/* A list in the making. */
struct list {
	struct arena *arena;
	const char *text; /* NULL: no memory */
	size_t count;
};

static void
list_add(struct list *list, struct span name)
{
	if (list->count++ >= DENIAL_TEXT_MAX_NAMES || list->text == NULL)
		return;
	list->text = arena_format(
	    list->arena, "%s%s\"%.*s\"", list->text, list->count > 1 ? ", " : "", SPAN_ARG(name));
}

static const char *
list_done(const struct list *list)
{
	if (list->count == 0)
		return "none";
	if (list->count <= DENIAL_TEXT_MAX_NAMES || list->text == NULL)
		return list->text;
	return arena_format(
	    list->arena, "%s and %zu more", list->text, list->count - DENIAL_TEXT_MAX_NAMES);
}

static const char *
texts_list(const struct texts *texts, struct arena *arena)
{
	struct list list = { .arena = arena, .text = "" };

	for (size_t i = 0; i < texts->count; i++)
		list_add(&list, span_of(texts->at[i]));
	return list_done(&list);
}

static const char *
roles_list(const struct policy *policy, const struct principal *principal, struct arena *arena)
{
	struct list list = { .arena = arena, .text = "" };

	for (size_t i = 0; i < policy->role_count; i++)
		if (principal_has(principal, i))
			list_add(&list, span_of(policy->roles[i].name));
	return list_done(&list);
}

/* Scopes and claims are outside text: characters that could end the quotes or the line are masked.
 */
static struct span
harmless(struct span scope, struct arena *arena)
{
	struct span cut = span_slice(scope, 0, DENIAL_TEXT_MAX_SCOPE);
	char *text = arena_text(arena, cut);

	if (text == NULL)
		return SPAN("?");
	for (size_t i = 0; i < cut.len; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			text[i] = '?';
	return (struct span){ text, cut.len };
}

const char *
denial_text_list(const struct spans *texts, struct arena *arena)
{
	struct list list = { .arena = arena, .text = "" };

	for (size_t i = 0; i < texts->count; i++) {
		if (i < DENIAL_TEXT_MAX_NAMES)
			list_add(&list, harmless(texts->at[i], arena));
		else
			list.count++;
	}
	return list_done(&list);
}

static const char *
one_of(const struct texts *texts, const char *noun, struct arena *arena)
{
	const char *names = texts_list(texts, arena);

	if (names == NULL)
		return NULL;
	if (texts->count == 1)
		return arena_format(arena, "the %s %s", noun, names);
	return arena_format(arena, "one of the %ss %s", noun, names);
}

/* The first of the roles that the caller has, or that it lacks; NULL: there is none. */
static const char *
first_of(const struct policy *policy, const struct texts *roles, const struct principal *principal,
    bool held)
{
	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = role_find(policy, span_of(roles->at[i]));

		if (role != NULL && principal_has(principal, role->index) == held)
			return role->name;
	}
	return NULL;
}

/* `all_roles` and `deny` by the role that decides; NULL: they are not why. */
static const char *
all_or_deny(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena)
{
	const char *denied = first_of(policy, &privilege->deny, principal, true);
	const char *lacking = first_of(policy, &privilege->all_roles, principal, false);

	if (denied != NULL)
		return arena_format(
		    arena, "privilege %s denies the role \"%s\"", privilege->name, denied);
	if (lacking != NULL)
		return arena_format(arena,
		    "needs the role \"%s\" among others (privilege %s); the caller has %s", lacking,
		    privilege->name, roles_list(policy, principal, arena));
	return NULL;
}

const char *
denial_text(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena)
{
	const struct texts *roles = &privilege->roles, *scopes = &privilege->scopes;
	const char *wanted_roles = one_of(roles, "role", arena);
	const char *wanted_scopes = one_of(scopes, "scope", arena);
	const char *has_roles = roles_list(policy, principal, arena);
	const char *has_scopes = denial_text_list(&principal->scopes, arena);
	const char *first = all_or_deny(policy, privilege, principal, arena);

	if (first != NULL)
		return first;
	if (wanted_roles == NULL || wanted_scopes == NULL || has_roles == NULL ||
	    has_scopes == NULL)
		return NULL;
	if (scopes->count == 0)
		return arena_format(arena, "needs %s (privilege %s); the caller has %s",
		    wanted_roles, privilege->name, has_roles);
	if (roles->count == 0)
		return arena_format(arena, "needs %s (privilege %s); the caller has %s",
		    wanted_scopes, privilege->name, has_scopes);
	return arena_format(arena,
	    "needs %s or %s (privilege %s); the caller has roles: %s, scopes: %s", wanted_roles,
	    wanted_scopes, privilege->name, has_roles, has_scopes);
}
