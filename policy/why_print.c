/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/why_print.h"

#include <string.h>

#include "base/utf8.h"
#include "policy/role.h"
#include "policy/scope_match.h"

#define WAY_MAX 4096

static void
put(struct buffer *buffer, const char *key, const char *text)
{
	buffer_format(buffer, "%s\":", key);
	if (text == NULL || !utf8_valid(span_of(text)))
		buffer_add_text(buffer, "null");
	else
		buffer_add_json(buffer, span_of(text));
}

void
why_print_write(const struct why_line *line, struct buffer *buffer)
{
	bool holds = line->failed == GRANT_HOLDS;

	put(buffer, "{\"role", line->role);
	put(buffer, ",\"file", line->file);
	buffer_format(buffer, ",\"line\":%d", line->line);
	put(buffer, ",\"asks", line->asked);
	buffer_format(buffer, ",\"holds\":%s", holds ? "true" : "false");
	put(buffer, ",\"failed", holds ? NULL : grant_condition_key(line->failed));
	buffer_format(buffer, ",\"of_several\":%s", line->of_several ? "true" : "false");
	put(buffer, ",\"wanted", line->wanted);
	put(buffer, ",\"found", line->found);
	put(buffer, ",\"near", line->near);
	buffer_add_byte(buffer, '}');
}

/* Somebody who is to tell of ways. */
struct teller {
	void (*tell)(void *context, const char *way);
	void *context;
	struct buffer way;
};

static void
tell(struct teller *teller)
{
	buffer_add_byte(&teller->way, '\0');
	if (!teller->way.failed)
		teller->tell(teller->context, teller->way.at);
	buffer_reset(&teller->way);
}

static bool
has(const struct why_print *why, const char *name)
{
	const struct role *role = role_find(why->policy, span_of(name));

	return role != NULL && why->principal != NULL && principal_has(why->principal, role->index);
}

/* Those of these roles that the caller has, or has not. */
static size_t
count(const struct why_print *why, const struct texts *roles, bool held)
{
	size_t sum = 0;

	for (size_t i = 0; i < roles->count; i++)
		sum += has(why, roles->at[i]) == held;
	return sum;
}

/* Has the caller one of `roles` or `scopes`, where these are listed? */
static bool
is_open(const struct why_print *why)
{
	const struct privilege *privilege = why->privilege;
	bool open = privilege->roles.count == 0 && privilege->scopes.count == 0;

	for (size_t i = 0; why->principal != NULL && i < privilege->scopes.count; i++)
		open = open || scope_match(privilege->scopes.at[i], &why->principal->scopes);
	return open || count(why, &privilege->roles, true) > 0;
}

static void
tell_scopes(struct teller *teller, const struct privilege *privilege)
{
	for (size_t i = 0; i < privilege->scopes.count; i++) {
		buffer_format(&teller->way, "scope %s (privilege %s)", privilege->scopes.at[i],
		    privilege->name);
		tell(teller);
	}
}

static void
tell_denied(struct teller *teller, const struct why_print *why)
{
	for (size_t i = 0; i < why->privilege->deny.count; i++) {
		if (!has(why, why->privilege->deny.at[i]))
			continue;
		buffer_format(&teller->way, "without the role %s, which privilege %s denies",
		    why->privilege->deny.at[i], why->privilege->name);
		tell(teller);
	}
}

static void
tell_grants(struct teller *teller, const struct why_print *why, const struct texts *roles)
{
	const struct principal *who = why->principal;
	const char *noun = NULL, *name = NULL;

	if (who != NULL && who->client_name != NULL) {
		noun = "client";
		name = who->client_name;
	} else if (who != NULL && who->user != NULL) {
		noun = "user";
		name = who->user;
	}
	for (size_t i = 0; name != NULL && i < roles->count; i++) {
		if (has(why, roles->at[i]))
			continue;
		buffer_format(&teller->way, "postern %s grant %s %s", noun, name, roles->at[i]);
		tell(teller);
	}
}

static bool
hold_text(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->at[i], text) == 0)
			return true;
	return false;
}

/* The lines of these roles, where the caller does not have them. */
static void
tell_lines(struct teller *teller, const struct why_print *why, const struct texts *roles)
{
	for (const struct why_line *line = why->first; line != NULL; line = line->next) {
		if (line->asked == NULL || !hold_text(roles, line->role) || has(why, line->role))
			continue;
		buffer_format(&teller->way, "%s (role %s, %s:%d)", line->asked, line->role,
		    line->file, line->line);
		tell(teller);
	}
}

void
why_print_ways(
    const struct why_print *why, void (*told)(void *context, const char *way), void *context)
{
	struct teller teller = { told, context, { 0 } };

	buffer_init(&teller.way, WAY_MAX);
	if (count(why, &why->privilege->deny, true) > 0) {
		tell_denied(&teller, why);
	} else {
		tell_grants(&teller, why, &why->privilege->all_roles);
		tell_lines(&teller, why, &why->privilege->all_roles);
		if (!is_open(why)) {
			tell_scopes(&teller, why->privilege);
			tell_grants(&teller, why, &why->privilege->roles);
			tell_lines(&teller, why, &why->privilege->roles);
		}
	}
	buffer_done(&teller.way);
}
