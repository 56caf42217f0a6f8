/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include "base/json.h"
#include "base/utf8.h"
#include "policy/casing.h"
#include "policy/match_text.h"
#include "policy/pattern.h"
#include "policy/rate_who.h"
#include "policy/rule.h"
#include "policy/why_print.h"

#define PATTERNS_MAX 64
#define TEXT_MAX (64u << 20) /* a role may have thousands of lines */

/* An object in the making. */
struct writing {
	const struct explanation *explanation;
	struct buffer *buffer;
	const char *between; /* before the next member or entry */
};

static void
separate(struct writing *writing)
{
	buffer_add_text(writing->buffer, writing->between);
	writing->between = ",";
}

/* The next member's name. */
static void
begin(struct writing *writing, const char *key)
{
	separate(writing);
	buffer_add_byte(writing->buffer, '"');
	buffer_add_text(writing->buffer, key);
	buffer_add_text(writing->buffer, "\":");
}

/* JSON cannot contain bytes that are not UTF-8; such a text becomes null, not a failure. */
static void
add_span(struct writing *writing, struct span span)
{
	if (span.at == NULL || !utf8_valid(span))
		buffer_add_text(writing->buffer, "null");
	else
		buffer_add_json(writing->buffer, span);
}

static void
put_span(struct writing *writing, const char *key, struct span span)
{
	begin(writing, key);
	add_span(writing, span);
}

/* NULL: null. */
static void
put_text(struct writing *writing, const char *key, const char *text)
{
	put_span(writing, key, text == NULL ? (struct span){ 0 } : span_of(text));
}

static void
put_number(struct writing *writing, const char *key, long long number)
{
	begin(writing, key);
	buffer_format(writing->buffer, "%lld", number);
}

static void
put_bool(struct writing *writing, const char *key, bool value)
{
	begin(writing, key);
	buffer_add_text(writing->buffer, value ? "true" : "false");
}

static void
begin_list(struct writing *writing, const char *key)
{
	begin(writing, key);
	buffer_add_byte(writing->buffer, '[');
	writing->between = "";
}

static void
end_list(struct writing *writing)
{
	buffer_add_byte(writing->buffer, ']');
	writing->between = ",";
}

static void
add_entry(struct writing *writing, const char *text)
{
	separate(writing);
	add_span(writing, span_of(text));
}

/* NULL: an empty list. */
static void
put_texts(struct writing *writing, const char *key, const struct texts *texts)
{
	begin_list(writing, key);
	for (size_t i = 0; texts != NULL && i < texts->count; i++)
		add_entry(writing, texts->at[i]);
	end_list(writing);
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
put_request(struct writing *writing)
{
	const struct explanation *explanation = writing->explanation;

	put_text(writing, "verdict", verdict_word(explanation));
	put_text(writing, "reason", reason_word(explanation->reason));
	put_number(writing, "status", status(explanation));
	put_text(writing, "detail", explanation->detail);
	put_span(writing, "method", explanation->method);
	put_span(writing, "path", explanation->path);
}

static void
add_wider(struct writing *writing, const struct route_match *route)
{
	const struct policy *policy = writing->explanation->policy;
	const struct pattern_set *rules =
	    route->host == NULL ? casing_rules(policy, route->module) : route->host->rules;
	const char *pattern = route->pattern;

	if (route->host == NULL && rules != policy->rules)
		pattern = route->folded;
	for (int i = 1; pattern != NULL && i < PATTERNS_MAX; i++) {
		const struct ruling *wider = pattern_set_wider(rules, span_of(pattern), &pattern);

		if (wider == NULL)
			return;
		add_entry(writing, wider->pattern);
	}
}

/* Those that match the path, the one that decides first; null when it did not come to that. Each is
 * within the next: what only overlaps is not among them. */
static void
put_patterns(struct writing *writing)
{
	const struct route_match *route = writing->explanation->route;

	if (route == NULL) {
		put_text(writing, "patterns", NULL);
		return;
	}
	begin_list(writing, "patterns");
	if (route->pattern != NULL) {
		add_entry(writing, route->pattern);
		add_wider(writing, route);
	}
	end_list(writing);
}

static void
add_rate(struct writing *writing, const struct rate *rate)
{
	struct writing one = { writing->explanation, writing->buffer, "" };

	if (rate == NULL)
		return;
	separate(writing);
	buffer_add_byte(writing->buffer, '{');
	put_text(&one, "of", rate->of_module ? "module" : "privilege");
	put_text(&one, "name", rate->name);
	put_text(&one, "limit", rate->limit);
	put_number(&one, "burst", rate->burst);
	put_text(&one, "by", rate_by_word(rate_who_by(rate, writing->explanation->principal)));
	buffer_add_byte(writing->buffer, '}');
}

/* The rates that would count the request. */
static void
put_rates(struct writing *writing, const struct route_match *route)
{
	begin_list(writing, "rates");
	if (route->privilege != NULL)
		add_rate(writing, route->privilege->rate);
	if (route->module != NULL)
		add_rate(writing, route->module->rate);
	end_list(writing);
}

static void
put_wanted(struct writing *writing, const struct privilege *privilege)
{
	put_texts(writing, "roles_wanted", privilege == NULL ? NULL : &privilege->roles);
	put_texts(writing, "all_roles", privilege == NULL ? NULL : &privilege->all_roles);
	put_texts(writing, "deny", privilege == NULL ? NULL : &privilege->deny);
	put_texts(writing, "scopes_wanted", privilege == NULL ? NULL : &privilege->scopes);
}

static void
put_route(struct writing *writing)
{
	static const struct route_match none;
	const struct explanation *explanation = writing->explanation;
	const struct route_match *route = explanation->route == NULL ? &none : explanation->route;
	const struct privilege *privilege = route->privilege;
	const struct verdict *verdict = explanation->verdict;
	bool shadow = verdict != NULL && verdict->shadow_reason != REASON_OK;

	put_text(writing, "pattern", route->pattern);
	put_patterns(writing);
	put_text(writing, "host", route->host == NULL ? NULL : route->host->name);
	put_text(writing, "privilege", privilege == NULL ? NULL : privilege->name);
	put_text(writing, "label", privilege == NULL ? NULL : privilege->label);
	put_text(writing, "module", route->module == NULL ? NULL : route->module->name);
	put_bool(writing, "public", route->public);
	put_text(writing, "shadow_reason", shadow ? reason_word(verdict->shadow_reason) : NULL);
	put_wanted(writing, privilege);
	begin(writing, "match");
	match_text_write(route, explanation->principal, writing->buffer);
	put_rates(writing, route);
	put_text(writing, "upstream", explanation->upstream);
	put_text(writing, "forwarded", explanation->forwarded);
}

static void
put_held(struct writing *writing)
{
	const struct explanation *explanation = writing->explanation;
	const struct principal *who = explanation->principal;

	begin_list(writing, "roles");
	for (size_t i = 0; who != NULL && i < explanation->policy->role_count; i++)
		if (principal_has(who, i))
			add_entry(writing, explanation->policy->roles[i].name);
	end_list(writing);
	begin_list(writing, "scopes");
	for (size_t i = 0; who != NULL && i < who->scopes.count; i++) {
		separate(writing);
		add_span(writing, who->scopes.at[i]);
	}
	end_list(writing);
}

static void
put_caller(struct writing *writing)
{
	static const struct principal nobody;
	const struct explanation *explanation = writing->explanation;
	const struct principal *who = explanation->principal;

	put_bool(writing, "authenticated", who != NULL);
	put_held(writing);
	if (who == NULL)
		who = &nobody;
	put_text(writing, "issuer", who->issuer == NULL ? explanation->issuer : who->issuer);
	put_span(writing, "subject", who->subject);
	put_span(writing, "client", who->client);
	put_text(writing, "client_name", who->client_name);
	put_text(writing, "user", who->user);
	put_span(writing, "certificate", explanation->certificate);
	put_number(writing, "ignored_entries", (long long)who->not_text);
	put_text(writing, "revoked", NULL);
}

/* Would a role or a scope more make it pass? */
static bool
lacks(const struct explanation *explanation)
{
	return explanation->route != NULL && explanation->route->privilege != NULL &&
	       (explanation->reason == REASON_PRIVILEGE_MISSING ||
		   explanation->reason == REASON_SCOPE_MISSING);
}

static void
add_way(void *context, const char *way)
{
	add_entry(context, way);
}

static void
put_ways(struct writing *writing)
{
	const struct explanation *explanation = writing->explanation;

	begin_list(writing, "to_pass");
	if (lacks(explanation)) {
		struct why_print print = { explanation->why, explanation->policy,
			explanation->route->privilege, explanation->principal };

		why_print_ways(&print, add_way, writing);
	}
	end_list(writing);
}

/* Of the token. */
static void
put_checks(struct writing *writing)
{
	begin_list(writing, "checks");
	for (const struct step *step = writing->explanation->steps; step != NULL;
	    step = step->next) {
		struct writing one = { writing->explanation, writing->buffer, "" };

		separate(writing);
		buffer_add_byte(writing->buffer, '{');
		put_text(&one, "check", step->name);
		put_text(&one, "expected", step->expected);
		put_text(&one, "found", step->found);
		if (step->state == STEP_UNREACHED)
			put_text(&one, "holds", NULL);
		else
			put_bool(&one, "holds", step->state == STEP_HOLDS);
		buffer_add_byte(writing->buffer, '}');
	}
	end_list(writing);
}

void
explain_write(const struct explanation *explanation, struct buffer *buffer)
{
	struct writing writing = { explanation, buffer, "" };

	buffer_add_byte(buffer, '{');
	put_request(&writing);
	put_route(&writing);
	put_caller(&writing);
	put_checks(&writing);
	begin_list(&writing, "granted_to");
	for (const struct why_line *one = explanation->why; one != NULL; one = one->next) {
		separate(&writing);
		why_print_write(one, buffer);
	}
	end_list(&writing);
	put_ways(&writing);
	buffer_add_byte(buffer, '}');
}

json_t *
explain_json(const struct explanation *explanation)
{
	struct buffer text;
	json_t *said = NULL;

	buffer_init(&text, TEXT_MAX);
	explain_write(explanation, &text);
	if (!text.failed)
		said = json_loadb(text.at, text.len, JSON_ALLOW_NUL, NULL);
	buffer_done(&text);
	return said;
}
