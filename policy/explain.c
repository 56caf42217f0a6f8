/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include "base/utf8.h"
#include "policy/casing.h"
#include "policy/match_text.h"
#include "policy/pattern.h"
#include "policy/rate_who.h"
#include "policy/rule.h"
#include "policy/why_print.h"

#define PATTERNS_MAX 64

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

/* Those that match the path, the one that decides first; null when it did not come to that. Each is
 * within the next: what only overlaps is not among them. */
static json_t *
patterns_list(const struct explanation *explanation)
{
	const struct policy *policy = explanation->policy;
	const struct route_match *route = explanation->route;
	const char *pattern = route == NULL ? NULL : route->pattern;
	json_t *list = route == NULL ? json_null() : json_array();
	const struct pattern_set *rules;
	const struct ruling *wider;

	if (pattern == NULL)
		return list;
	rules = route->host == NULL ? casing_rules(policy, route->module) : route->host->rules;
	json_array_append_new(list, json_string(pattern));
	if (route->host == NULL && rules != policy->rules)
		pattern = route->folded;
	for (int i = 1; pattern != NULL && i < PATTERNS_MAX; i++) {
		wider = pattern_set_wider(rules, span_of(pattern), &pattern);
		if (wider == NULL)
			break;
		json_array_append_new(list, json_string(wider->pattern));
	}
	return list;
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
	put(object, "patterns", patterns_list(explanation), failed);
	put(object, "host", text_or_null(route->host == NULL ? NULL : route->host->name), failed);
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
	put(object, "match", match_text_json(route, explanation->principal), failed);
	put(object, "rates", rates_list(explanation, route), failed);
	put(object, "upstream", text_or_null(explanation->upstream), failed);
	put(object, "forwarded", text_or_null(explanation->forwarded), failed);
}

static void
put_caller(json_t *object, const struct explanation *explanation, bool *failed)
{
	static const struct principal nobody;
	const struct principal *who = explanation->principal;

	put(object, "authenticated", json_boolean(who != NULL), failed);
	put(object, "roles", roles_list(explanation), failed);
	put(object, "scopes", scopes_list(who), failed);
	if (who == NULL)
		who = &nobody;
	put(object, "issuer", text_or_null(who->issuer == NULL ? explanation->issuer : who->issuer),
	    failed);
	put(object, "subject", span_or_null(who->subject), failed);
	put(object, "client", span_or_null(who->client), failed);
	put(object, "client_name", text_or_null(who->client_name), failed);
	put(object, "user", text_or_null(who->user), failed);
	put(object, "certificate", span_or_null(explanation->certificate), failed);
	put(object, "ignored_entries", json_integer((json_int_t)who->not_text), failed);
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

/* Of the token. */
static json_t *
checks_list(const struct explanation *explanation)
{
	json_t *list = json_array();

	for (const struct step *step = explanation->steps; step != NULL; step = step->next)
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o, s:o}", "check", step->name, "expected",
			text_or_null(step->expected), "found", text_or_null(step->found), "holds",
			step->state == STEP_UNREACHED ? json_null()
						      : json_boolean(step->state == STEP_HOLDS)));
	return list;
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
	put(object, "checks", checks_list(explanation), failed);
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
	put(object, "revoked", json_null(), &failed);
	put_why(object, explanation, &failed);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}
