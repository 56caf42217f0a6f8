/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy_lack.h"

#include "base/nearest.h"
#include "policy/scope_match.h"

#define NEAR_MAX 3
#define ELSEWHERE "(it is a "

static bool
holds(const struct remedy *remedy, const char *role)
{
	const json_t *roles = json_object_get(remedy->said, "roles");

	for (size_t i = 0; i < json_array_size(roles); i++)
		if (strcmp(json_string_value(json_array_get(roles, i)), role) == 0)
			return true;
	return false;
}

/* Those of these roles that the caller holds, or does not: `"a", "b"`. NULL: none. */
static const char *
some(const struct remedy *remedy, const struct texts *roles, bool held)
{
	const char *text = NULL;

	for (size_t i = 0; i < roles->count; i++)
		if (holds(remedy, roles->at[i]) == held)
			text = arena_format(remedy->arena, "%s%s\"%s\"", text == NULL ? "" : text,
			    text == NULL ? "" : ", ", roles->at[i]);
	return text;
}

/* The same text in another list of the token wants another line; anything else another spelling. */
static void
say_line(const struct remedy *remedy, const json_t *line)
{
	const char *file = json_member_text(line, "file"),
		   *failed = json_member_text(line, "failed"),
		   *wanted = json_member_text(line, "wanted"),
		   *near = json_member_text(line, "near"), *list = strstr(near, ELSEWHERE);
	long long number = json_integer_value(json_object_get(line, "line"));
	struct span noun = list == NULL ? SPAN("") : span_of(list + strlen(ELSEWHERE));

	if (list != NULL) {
		noun.len = strcspn(noun.at, " )");
		remedy_say(remedy,
		    "%s:%lld wants the %s %s, and the token has that as a %.*s: if that is meant, "
		    "write %.*s for %s there; or have the identity provider put it among the %ss",
		    file, number, failed, wanted, SPAN_ARG(noun), SPAN_ARG(noun), failed, failed);
	} else if (scope_match_is_prefix(wanted) && strcmp(failed, "scope") == 0) {
		remedy_say(remedy,
		    "%s:%lld wants a scope that begins with \"%.*s\" and goes on, and the caller "
		    "has %s",
		    file, number, (int)strlen(wanted) - 1, wanted, near);
	} else {
		remedy_say(remedy,
		    "%s:%lld wants %s %s, and the caller has %s: write it alike there and at the "
		    "identity provider",
		    file, number, failed, wanted, near);
	}
}

/* What is all but right is nearly always the cause: first what differs in case or the like, which
 * says so in parentheses, then what may be misspelt. Of many such lines a few are told. */
static void
say_near(const struct remedy *remedy, const json_t *lines)
{
	int told = 0;

	for (int sure = 1; sure >= 0; sure--)
		for (size_t i = 0; i < json_array_size(lines) && told < NEAR_MAX; i++) {
			const json_t *line = json_array_get(lines, i);
			const char *near = json_member_text(line, "near");

			if (near[0] == '\0' || (strchr(near, '(') != NULL) != (sure == 1))
				continue;
			say_line(remedy, line);
			told++;
		}
}

/* The scope of the caller that is nearest to one that is wanted; NULL: none is near. */
static const char *
near_scope(const struct remedy *remedy, const char *wanted)
{
	const json_t *scopes = json_object_get(remedy->said, "scopes");
	struct nearest nearest = nearest_to(span_of(wanted));

	for (size_t i = 0; i < json_array_size(scopes); i++)
		nearest_offer(&nearest, json_string_value(json_array_get(scopes, i)));
	return nearest.word;
}

static void
say_near_scopes(const struct remedy *remedy, const struct privilege *privilege)
{
	for (size_t i = 0; i < privilege->scopes.count && i < NEAR_MAX; i++) {
		const char *wanted = privilege->scopes.at[i];
		const char *near = near_scope(remedy, wanted);

		if (near != NULL)
			remedy_say(remedy,
			    "privilege %s wants the scope \"%s\" (%s), and the caller has \"%s\": "
			    "upper and lower case and every letter count",
			    privilege->name, wanted,
			    remedy_place(remedy, privilege->node, "scopes"), near);
	}
}

/* Is it for where the client is that a line fails? */
static bool
fails_on_peer(const json_t *lines)
{
	for (size_t i = 0; i < json_array_size(lines); i++)
		if (strcmp(json_member_text(json_array_get(lines, i), "failed"), "peer") == 0)
			return true;
	return false;
}

/* Which address counts is what a proxy in front says, if it is believed. */
static void
say_peer(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;

	remedy_say_proxies(remedy, "the proxy counts as the client, and its X-Forwarded-For is not "
				   "believed");
	if (config->forward_auth.address != NULL)
		remedy_say(remedy,
		    "if a gateway asked by forward_auth, have it set X-Forwarded-For itself: the "
		    "last entry that is not in forward_auth.trusted_proxies (%s) counts",
		    remedy_place(
			remedy, document_get(config->root, "forward_auth"), "trusted_proxies"));
}

/* What gives the caller that role: lines of the policy, or the database. */
static void
say_giver(const struct remedy *remedy, const char *role)
{
	const json_t *lines = json_object_get(remedy->said, "granted_to");
	const char *client = remedy_text(remedy, "client_name"),
		   *user = remedy_text(remedy, "user");
	bool given = false;

	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);

		if (!json_is_true(json_object_get(line, "holds")) ||
		    strcmp(json_member_text(line, "role"), role) != 0)
			continue;
		given = true;
		remedy_say(remedy, "take the role \"%s\" from the caller: %s:%lld gives it by %s",
		    role, json_member_text(line, "file"),
		    json_integer_value(json_object_get(line, "line")),
		    json_member_text(line, "asks"));
	}
	if (!given)
		remedy_say(remedy,
		    "take the role \"%s\" from the caller: `postern %s revoke %s %s`", role,
		    user == NULL ? "client" : "user",
		    user != NULL     ? user
		    : client == NULL ? "NAME"
				     : client,
		    role);
}

/* Has it a role that `deny` names? Says which, and what gives it. */
static bool
say_denied(const struct remedy *remedy, const struct privilege *privilege)
{
	bool denied = false;

	for (size_t i = 0; i < privilege->deny.count; i++)
		if (holds(remedy, privilege->deny.at[i])) {
			say_giver(remedy, privilege->deny.at[i]);
			denied = true;
		}
	if (denied)
		remedy_say(remedy,
		    "or take it out of `deny` of privilege %s (%s): whoever holds a role there is "
		    "refused, whatever else it has",
		    privilege->name, remedy_place(remedy, privilege->node, "deny"));
	return denied;
}

/* Lacks it roles of `all_roles`? Then each of them is needed, not any one. */
static bool
say_all(const struct remedy *remedy, const struct privilege *privilege)
{
	const char *lacking = some(remedy, &privilege->all_roles, false);
	bool any = some(remedy, &privilege->roles, true) != NULL ||
		   (privilege->roles.count == 0 && privilege->scopes.count == 0);

	if (lacking == NULL)
		return false;
	remedy_say(remedy,
	    "privilege %s wants every role of its `all_roles` (%s), and the caller lacks %s%s: "
	    "have it get each one by a line `to pass` of that role, or take it out of `all_roles`",
	    privilege->name, remedy_place(remedy, privilege->node, "all_roles"), lacking,
	    any ? "" : ", and it wants one of its `roles` or `scopes` besides");
	return true;
}

static void
say_any(const struct remedy *remedy, const struct privilege *privilege)
{
	const char *name = privilege == NULL ? "the privilege" : privilege->name;

	if (json_array_size(json_object_get(remedy->said, "to_pass")) > 0)
		remedy_say(remedy,
		    "have the caller get what one of the lines `to pass` names (a scope, group or "
		    "role is given at the identity provider), or write what it does have into "
		    "`granted_to` of the role");
	else
		remedy_say(remedy,
		    "nothing gives a role that %s wants: write a line under its role's "
		    "`granted_to` (%s)",
		    name,
		    remedy_place(remedy, privilege == NULL ? NULL : privilege->node, "roles"));
}

static void
say_role(const struct remedy *remedy)
{
	const json_t *lines = json_object_get(remedy->said, "granted_to");
	const struct privilege *privilege = remedy_privilege(remedy);

	if (privilege != NULL && say_denied(remedy, privilege))
		return;
	say_near(remedy, lines);
	if (privilege != NULL)
		say_near_scopes(remedy, privilege);
	if (fails_on_peer(lines))
		say_peer(remedy);
	if (privilege == NULL || !say_all(remedy, privilege))
		say_any(remedy, privilege);
}

static void
say_scope(const struct remedy *remedy)
{
	const struct privilege *privilege = remedy_privilege(remedy);

	if (privilege == NULL || privilege->scopes.count == 0)
		return;
	say_near_scopes(remedy, privilege);
	remedy_say(remedy,
	    "have the client ask for one of the scopes %s, and the identity provider give it; for "
	    "a client of the local issuer: `postern client change NAME --scope SCOPE`",
	    remedy_list(remedy, &privilege->scopes));
	remedy_say(remedy, "or change `scopes` of privilege %s (%s), or give it `roles`",
	    privilege->name, remedy_place(remedy, privilege->node, "scopes"));
}

/* The value of the claim that is the segment but for upper and lower case, or the first one. */
static const char *
value_of(const json_t *line, bool *ret_case)
{
	const json_t *found = json_object_get(line, "found");
	struct span wanted = span_of(json_member_text(line, "wanted"));

	*ret_case = false;
	for (size_t i = 0; i < json_array_size(found) && !*ret_case; i++) {
		const char *value = json_string_value(json_array_get(found, i));

		*ret_case = value != NULL && span_equal_nocase(span_of(value), wanted);
		if (*ret_case)
			return value;
	}
	return json_string_value(json_array_get(found, 0));
}

static bool
line_holds(const json_t *line)
{
	const json_t *found = json_object_get(line, "found");

	for (size_t i = 0; i < json_array_size(found); i++)
		if (json_equal(json_array_get(found, i), json_object_get(line, "wanted")))
			return true;
	return false;
}

/* Each line of `match` that does not hold. */
static void
say_match(const struct remedy *remedy)
{
	const json_t *lines = json_object_get(remedy->said, "match");

	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		const char *claim = json_member_text(line, "claim"),
			   *wanted = json_member_text(line, "wanted");
		bool differs_in_case;
		const char *value = value_of(line, &differs_in_case);

		if (line_holds(line))
			continue;
		if (value == NULL)
			remedy_say(remedy,
			    "have the identity provider write %s into the token, as a text, a "
			    "whole number or a list of them: whatever else it is counts as none",
			    claim);
		else
			remedy_say(remedy,
			    "ask for the path with \"%s\" in place of {%s}, which %s of the token "
			    "is%s; or send a token of which it is \"%s\"",
			    value, json_member_text(line, "segment"), claim,
			    differs_in_case ? " (upper and lower case differ, and count)" : "",
			    wanted);
	}
}

void
remedy_lack(const struct remedy *remedy, enum reason reason)
{
	if (reason == REASON_PRIVILEGE_MISSING)
		say_role(remedy);
	else if (reason == REASON_SCOPE_MISSING)
		say_scope(remedy);
	else if (reason == REASON_CLAIM_MISMATCH)
		say_match(remedy);
}
