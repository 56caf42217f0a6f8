/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "policy/rate_who.h"
#include "policy/why_print.h"

static json_t *
text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

/* JSON cannot contain bytes that are not UTF-8; such a text becomes null, not a failure. */
static json_t *
span_or_null(struct span span)
{
	if (span.at == NULL || !utf8_valid(span))
		return json_null();
	return json_stringn(span.at, span.len);
}

static json_t *
texts_list(const struct texts *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; texts != NULL && i < texts->count; i++)
		json_array_append_new(list, json_string(texts->at[i]));
	return list;
}

static json_t *
roles_list(const struct explanation *explanation)
{
	json_t *list = json_array();

	for (size_t i = 0; explanation->principal != NULL && i < explanation->policy->role_count;
	    i++)
		if (principal_has(explanation->principal, i))
			json_array_append_new(
			    list, json_string(explanation->policy->roles[i].name));
	return list;
}

static json_t *
scopes_list(const struct principal *principal)
{
	json_t *list = json_array();

	for (size_t i = 0; principal != NULL && i < principal->scopes.count; i++)
		json_array_append_new(list, span_or_null(principal->scopes.at[i]));
	return list;
}

/* Set a member; a failure is remembered until the end. */
static void
put(json_t *object, const char *key, json_t *value, bool *failed)
{
	if (json_object_set_new(object, key, value) != 0)
		*failed = true;
}

static const char *
verdict_word(const struct explanation *explanation)
{
	if (explanation->reason != REASON_OK)
		return "refuse";
	return explanation->own_status != 0 ? "answer" : "forward";
}

static int
status(const struct explanation *explanation)
{
	return explanation->own_status != 0 ? explanation->own_status
					    : reason_status(explanation->reason);
}

static void
put_request(json_t *object, const struct explanation *explanation, bool *failed)
{
	enum reason reason = explanation->reason;

	put(object, "verdict", json_string(verdict_word(explanation)), failed);
	put(object, "reason", json_string(reason_word(reason)), failed);
	put(object, "status", json_integer(status(explanation)), failed);
	put(object, "detail", text_or_null(explanation->detail), failed);
	put(object, "method", span_or_null(explanation->method), failed);
	put(object, "path", span_or_null(explanation->path), failed);
}

static void
append_rate(json_t *list, const struct rate *rate, const struct principal *principal)
{
	if (rate != NULL)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:I, s:s}", "of",
			      rate->of_module ? "module" : "privilege", "name", rate->name, "limit",
			      rate->limit, "burst", (json_int_t)rate->burst, "by",
			      rate_by_word(rate_who_by(rate, principal))));
}

/* The rates that would count the request. */
static json_t *
rates_list(const struct explanation *explanation, const struct route_match *route)
{
	json_t *list = json_array();

	if (route->privilege != NULL)
		append_rate(list, route->privilege->rate, explanation->principal);
	if (route->module != NULL)
		append_rate(list, route->module->rate, explanation->principal);
	return list;
}

static void
put_route(json_t *object, const struct explanation *explanation, bool *failed)
{
	static const struct route_match none;
	const struct route_match *route = explanation->route == NULL ? &none : explanation->route;
	const struct privilege *privilege = route->privilege;
	const struct verdict *verdict = explanation->verdict;
	const char *shadow = NULL;

	if (verdict != NULL && verdict->shadow_reason != REASON_OK)
		shadow = reason_word(verdict->shadow_reason);
	put(object, "pattern", text_or_null(route->pattern), failed);
	put(object, "privilege", text_or_null(privilege == NULL ? NULL : privilege->name), failed);
	put(object, "label", text_or_null(privilege == NULL ? NULL : privilege->label), failed);
	put(object, "module", text_or_null(route->module == NULL ? NULL : route->module->name),
	    failed);
	put(object, "public", json_boolean(route->public), failed);
	put(object, "shadow_reason", text_or_null(shadow), failed);
	put(object, "roles_wanted", texts_list(privilege == NULL ? NULL : &privilege->roles),
	    failed);
	put(object, "all_roles", texts_list(privilege == NULL ? NULL : &privilege->all_roles),
	    failed);
	put(object, "deny", texts_list(privilege == NULL ? NULL : &privilege->deny), failed);
	put(object, "scopes_wanted", texts_list(privilege == NULL ? NULL : &privilege->scopes),
	    failed);
	put(object, "rates", rates_list(explanation, route), failed);
	put(object, "upstream", text_or_null(explanation->upstream), failed);
	put(object, "forwarded", text_or_null(explanation->forwarded), failed);
}

static void
put_caller(json_t *object, const struct explanation *explanation, bool *failed)
{
	static const struct principal nobody;
	const struct principal *who = explanation->principal;

	put(object, "roles", roles_list(explanation), failed);
	put(object, "scopes", scopes_list(who), failed);
	if (who == NULL)
		who = &nobody;
	put(object, "issuer", text_or_null(who->issuer), failed);
	put(object, "subject", span_or_null(who->subject), failed);
	put(object, "client", span_or_null(who->client), failed);
	put(object, "certificate", span_or_null(explanation->certificate), failed);
	put(object, "ignored_entries", json_integer((json_int_t)who->not_text), failed);
}

/* Who revoked the token, and when (RFC 3339). */
static void
put_revoked(json_t *object, const struct explanation *explanation, bool *failed)
{
	char at[32];

	if (explanation->revoked_by == NULL) {
		put(object, "revoked", json_null(), failed);
		return;
	}
	clock_format(explanation->revoked_s * 1000000, at);
	put(object, "revoked", json_pack("{s:s, s:s}", "by", explanation->revoked_by, "at", at),
	    failed);
}

/* Would a role or a scope more make it pass? */
static bool
lacks(const struct explanation *explanation)
{
	return explanation->route != NULL && explanation->route->privilege != NULL &&
	       (explanation->reason == REASON_PRIVILEGE_MISSING ||
		   explanation->reason == REASON_SCOPE_MISSING);
}

static struct why_print
ways_of(const struct explanation *explanation)
{
	return (struct why_print){ explanation->why, explanation->policy,
		explanation->route->privilege, explanation->principal };
}

static void
append_way(void *context, const char *way)
{
	json_array_append_new(context, json_string(way));
}

static void
put_why(json_t *object, const struct explanation *explanation, bool *failed)
{
	json_t *lines = json_array(), *ways = json_array();
	struct why_print print;

	for (const struct why_line *one = explanation->why; one != NULL; one = one->next)
		json_array_append_new(lines, why_print_json(one));
	if (lacks(explanation)) {
		print = ways_of(explanation);
		why_print_ways(&print, append_way, ways);
	}
	put(object, "granted_to", lines, failed);
	put(object, "to_pass", ways, failed);
}

json_t *
explain_json(const struct explanation *explanation)
{
	json_t *object = json_object();
	bool failed = object == NULL;

	put_request(object, explanation, &failed);
	put_route(object, explanation, &failed);
	put_caller(object, explanation, &failed);
	put_revoked(object, explanation, &failed);
	put_why(object, explanation, &failed);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

/* "name:" and blanks up to a common column. */
static void
label(struct buffer *buffer, const char *name)
{
	buffer_format(buffer, "%s:%*s", name, 14 - (int)strlen(name), "");
}

static void
line(struct buffer *buffer, const char *name, const char *text)
{
	label(buffer, name);
	buffer_add_text(buffer, text);
	buffer_add_byte(buffer, '\n');
}

static void
line_quoted(struct buffer *buffer, const char *name, struct span text)
{
	if (text.at == NULL)
		return;
	label(buffer, name);
	buffer_add_json(buffer, text);
	buffer_add_byte(buffer, '\n');
}

static void
text_request(const struct explanation *explanation, struct buffer *buffer)
{
	enum reason reason = explanation->reason;

	line(buffer, "verdict", verdict_word(explanation));
	label(buffer, "reason");
	buffer_format(buffer, "%s (%d)\n", reason_word(reason), status(explanation));
	line_quoted(buffer, "detail", span_of(explanation->detail));
	line_quoted(buffer, "method", explanation->method);
	line_quoted(buffer, "path", explanation->path);
}

static void
text_texts(struct buffer *buffer, const char *name, const struct texts *texts)
{
	if (texts->count == 0)
		return;
	label(buffer, name);
	for (size_t i = 0; i < texts->count; i++) {
		buffer_add_text(buffer, i == 0 ? "" : ", ");
		buffer_add_json(buffer, span_of(texts->at[i]));
	}
	buffer_add_byte(buffer, '\n');
}

static void
text_privilege(const struct privilege *privilege, struct buffer *buffer)
{
	line_quoted(buffer, "privilege", span_of(privilege->name));
	line_quoted(buffer, "label", span_of(privilege->label));
	text_texts(buffer, "roles wanted", &privilege->roles);
	text_texts(buffer, "all of", &privilege->all_roles);
	text_texts(buffer, "none of", &privilege->deny);
	text_texts(buffer, "scopes wanted", &privilege->scopes);
	if (privilege->roles.count == 0 && privilege->scopes.count == 0 &&
	    privilege->all_roles.count == 0)
		line(buffer, "roles wanted", "none: any authenticated caller");
}

static void
text_route(const struct route_match *route, struct buffer *buffer)
{
	line(buffer, "public", route->public ? "yes" : "no");
	if (route->pattern == NULL)
		line(buffer, "pattern", "none matches the path");
	line_quoted(buffer, "pattern", span_of(route->pattern));
	if (route->privilege != NULL)
		text_privilege(route->privilege, buffer);
	if (route->module != NULL)
		line_quoted(buffer, "module", span_of(route->module->name));
}

static void
text_roles(const struct explanation *explanation, struct buffer *buffer)
{
	size_t count = 0;

	label(buffer, "roles held");
	for (size_t i = 0; i < explanation->policy->role_count; i++) {
		if (!principal_has(explanation->principal, i))
			continue;
		buffer_add_text(buffer, count++ == 0 ? "" : ", ");
		buffer_add_json(buffer, span_of(explanation->policy->roles[i].name));
	}
	buffer_add_text(buffer, count == 0 ? "none\n" : "\n");
}

static void
text_rate(const struct rate *rate, const struct principal *principal, struct buffer *buffer)
{
	if (rate == NULL)
		return;
	label(buffer, "rate");
	buffer_format(buffer, "%s of the %s, at once %lld, for each %s\n", rate->limit,
	    rate->of_module ? "module" : "privilege", (long long)rate->burst,
	    rate_by_word(rate_who_by(rate, principal)));
}

static void
text_rates(const struct explanation *explanation, struct buffer *buffer)
{
	const struct route_match *route = explanation->route;

	if (route != NULL && route->privilege != NULL)
		text_rate(route->privilege->rate, explanation->principal, buffer);
	if (route != NULL && route->module != NULL)
		text_rate(route->module->rate, explanation->principal, buffer);
}

static void
text_caller(const struct explanation *explanation, struct buffer *buffer)
{
	const struct principal *who = explanation->principal;

	line_quoted(buffer, "certificate", explanation->certificate);
	if (who == NULL) {
		line(buffer, "caller", "unauthenticated");
		return;
	}
	line_quoted(buffer, "issuer", span_of(who->issuer));
	line_quoted(buffer, "subject", who->subject);
	line_quoted(buffer, "client", who->client);
	line_quoted(buffer, "client name", span_of(who->client_name));
	line_quoted(buffer, "user", span_of(who->user));
	text_roles(explanation, buffer);
	for (size_t i = 0; i < who->scopes.count; i++)
		line_quoted(buffer, "scope held", who->scopes.at[i]);
	if (who->not_text == 0)
		return;
	label(buffer, "ignored");
	buffer_format(buffer, "%zu %s of the token's scopes, groups and roles: not a string\n",
	    who->not_text, who->not_text == 1 ? "entry" : "entries");
}

static void
add_way(void *context, const char *way)
{
	line(context, "to pass", way);
}

static void
text_why(const struct explanation *explanation, struct buffer *buffer)
{
	struct why_print print;

	for (const struct why_line *one = explanation->why; one != NULL; one = one->next) {
		label(buffer, "granted to");
		why_print_line(one, buffer);
		buffer_add_byte(buffer, '\n');
	}
	if (!lacks(explanation))
		return;
	print = ways_of(explanation);
	why_print_ways(&print, add_way, buffer);
}

void
explain_text(const struct explanation *explanation, struct buffer *buffer)
{
	const struct verdict *verdict = explanation->verdict;

	text_request(explanation, buffer);
	if (verdict != NULL && verdict->shadow_reason != REASON_OK)
		line(buffer, "shadow", reason_word(verdict->shadow_reason));
	if (explanation->revoked_by != NULL) {
		char at[32];

		clock_format(explanation->revoked_s * 1000000, at);
		line(buffer, "revoked at", at);
		line_quoted(buffer, "revoked by", span_of(explanation->revoked_by));
	}
	if (explanation->own_status != 0)
		return;
	if (explanation->route != NULL)
		text_route(explanation->route, buffer);
	text_rates(explanation, buffer);
	line_quoted(buffer, "upstream", span_of(explanation->upstream));
	line_quoted(buffer, "forwarded", span_of(explanation->forwarded));
	text_caller(explanation, buffer);
	text_why(explanation, buffer);
}
