/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/why.h"

#include <string.h>

#include "base/json.h"
#include "base/nearest.h"
#include "policy/role.h"
#include "policy/scope_match.h"

#define VALUES_MAX 16

/* A line that is being explained. */
struct explaining {
	const struct principal_inputs *inputs;
	const struct grant *grant;
	struct arena *arena;
	struct why_line *line;
};

/* "a, b, …" */
static const char *
join(struct arena *arena, const struct spans *spans)
{
	const char *text = NULL;

	for (size_t i = 0; i < spans->count && i < VALUES_MAX; i++)
		text = text == NULL ? arena_text(arena, spans->at[i])
				    : arena_format(arena, "%s, %.*s", text, SPAN_ARG(spans->at[i]));
	return text != NULL && spans->count > VALUES_MAX ? arena_format(arena, "%s, …", text)
							 : text;
}

/* One of them that differs only in what the eye does not see; of a prefix, at its beginning. */
static const char *
alike(const struct explaining *explaining, const struct spans *spans, const char *wanted)
{
	bool prefix = explaining->line->failed == GRANT_SCOPE && scope_match_is_prefix(wanted);
	struct span stem = span_slice(span_of(wanted), 0, strlen(wanted) - (prefix ? 1 : 0));

	for (size_t i = 0; i < spans->count; i++) {
		struct span one = spans->at[i];

		if ((!prefix || one.len > stem.len) &&
		    span_equal_nocase(prefix ? span_slice(one, 0, stem.len) : one, stem))
			return arena_format(
			    explaining->arena, "%.*s (upper and lower case differ)", SPAN_ARG(one));
		if (span_equal(span_trim(one), span_of(wanted)))
			return arena_format(
			    explaining->arena, "%.*s (white space differs)", SPAN_ARG(one));
	}
	return NULL;
}

/* One of them that may be a misspelling of `wanted`, or the other way round. */
static const char *
misspelt(const struct explaining *explaining, const struct spans *spans, const char *wanted)
{
	struct nearest nearest = nearest_to(span_of(wanted));

	for (size_t i = 0; i < spans->count; i++) {
		const char *one = arena_text(explaining->arena, spans->at[i]);

		if (one != NULL)
			nearest_offer(&nearest, one);
	}
	return nearest.word;
}

/* The same text in another list of the token. */
static const char *
elsewhere(const struct explaining *explaining, const struct spans *own, const char *wanted)
{
	const struct claims *claims = explaining->inputs->claims;
	const struct {
		const struct spans *spans;
		const char *what;
	} lists[] = { { &claims->scopes, "scope" }, { &claims->groups, "group" },
		{ &claims->roles, "role" } };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; lists[i].spans != own && j < lists[i].spans->count; j++)
			if (span_is(lists[i].spans->at[j], wanted))
				return arena_format(explaining->arena,
				    "%s (it is a %s of the token)", wanted, lists[i].what);
	return NULL;
}

static void
explain_list(struct explaining *explaining, const struct spans *spans)
{
	struct why_line *line = explaining->line;

	line->found = join(explaining->arena, spans);
	line->near = alike(explaining, spans, line->wanted);
	if (line->near == NULL)
		line->near = elsewhere(explaining, spans, line->wanted);
	if (line->near == NULL)
		line->near = misspelt(explaining, spans, line->wanted);
}

/* "/level equals 5 or 6", "/level begins with 5", "/level exists" */
static const char *
claim_wanted(const struct explaining *explaining)
{
	const struct grant *grant = explaining->grant;
	const char *text = grant->claim;

	if (grant->prefix != NULL)
		return arena_format(explaining->arena, "%s begins with %s", text, grant->prefix);
	if (grant->exists)
		return arena_format(explaining->arena, "%s exists", text);
	for (size_t i = 0; i < grant->equals.count; i++)
		text = arena_format(explaining->arena, "%s %s %s", text == NULL ? "" : text,
		    i == 0 ? "equals" : "or", grant->equals.at[i]);
	return text;
}

static void
explain_claim(struct explaining *explaining)
{
	const json_t *value =
	    json_at(explaining->inputs->claims->payload, span_of(explaining->grant->claim));
	char *dump = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (dump != NULL)
		explaining->line->found = arena_text(explaining->arena, span_of(dump));
	free(dump);
	explaining->line->wanted = claim_wanted(explaining);
}

static const char *
text_of(const struct explaining *explaining, struct span span)
{
	return span.at == NULL ? NULL : arena_text(explaining->arena, span);
}

/* What the caller has where a condition of a token fails. */
static void
explain_token(struct explaining *explaining)
{
	const struct claims *claims = explaining->inputs->claims;
	struct why_line *line = explaining->line;

	if (claims == NULL)
		return;
	if (line->failed == GRANT_ISSUER)
		line->found = claims->trusted_issuer->name;
	else if (line->failed == GRANT_SCOPE)
		explain_list(explaining, &claims->scopes);
	else if (line->failed == GRANT_GROUP)
		explain_list(explaining, &claims->groups);
	else if (line->failed == GRANT_ROLE)
		explain_list(explaining, &claims->roles);
	else
		explain_claim(explaining);
}

/* And where one of a name fails. */
static void
explain_name(struct explaining *explaining)
{
	const struct principal_inputs *inputs = explaining->inputs;
	struct why_line *line = explaining->line;
	struct spans one = { &(struct span){ 0 }, 1 };

	if (line->failed == GRANT_PEER) {
		line->found = text_of(explaining, inputs->peer);
		return;
	}
	if (line->failed == GRANT_CERTIFICATE)
		line->found = text_of(explaining, inputs->certificate);
	else if (line->failed == GRANT_USER)
		line->found = inputs->store == NULL ? NULL : inputs->store->user;
	else if (inputs->store != NULL && inputs->store->client_name != NULL)
		line->found = inputs->store->client_name;
	else
		line->found =
		    inputs->claims == NULL ? NULL : text_of(explaining, inputs->claims->client);
	if (line->found == NULL)
		return;
	one.at[0] = span_of(line->found);
	line->near = alike(explaining, &one, line->wanted);
	if (line->near == NULL)
		line->near = misspelt(explaining, &one, line->wanted);
}

/* "a and b" */
static const char *
list_wanted(const struct explaining *explaining, const struct texts *list)
{
	const char *text = list->at[0];

	for (size_t i = 1; i < list->count && text != NULL; i++)
		text = arena_format(explaining->arena, "%s and %s", text, list->at[i]);
	return text;
}

/* "issuer okta, scope customer.read" */
static const char *
asked_text(const struct explaining *explaining)
{
	const char *text = NULL;

	for (enum grant_condition i = GRANT_ISSUER; i < GRANT_NOTHING; i++) {
		const char *wanted = grant_wanted(explaining->grant, i);

		if (i == GRANT_CLAIM && wanted != NULL)
			wanted = claim_wanted(explaining);
		else if (grant_list(explaining->grant, i) != NULL && wanted != NULL)
			wanted = list_wanted(explaining, grant_list(explaining->grant, i));
		if (wanted != NULL)
			text =
			    arena_format(explaining->arena, "%s%s%s %s", text == NULL ? "" : text,
				text == NULL ? "" : ", ", grant_condition_key(i), wanted);
	}
	return text;
}

/* What the condition that failed wants: of a list what the caller lacks. */
static void
set_wanted(struct explaining *explaining)
{
	const struct claims *claims = explaining->inputs->claims;
	struct why_line *line = explaining->line;
	const struct texts *list = grant_list(explaining->grant, line->failed);

	line->wanted = grant_wanted(explaining->grant, line->failed);
	line->of_several = list != NULL && list->count > 1;
	if (list != NULL && claims != NULL)
		line->wanted = grant_lacking(explaining->grant, line->failed, claims);
}

static struct why_line *
line_of(struct explaining *explaining, const struct role *role)
{
	struct why_line *line = arena_alloc(explaining->arena, sizeof(*line));
	const struct grant *grant = explaining->grant;

	if (line == NULL)
		return NULL;
	explaining->line = line;
	line->role = role->name;
	line->file = grant->node->file;
	line->line = grant->node->line;
	line->failed = grant_failing(grant, explaining->inputs);
	set_wanted(explaining);
	line->asked = asked_text(explaining);
	if (line->failed >= GRANT_ISSUER && line->failed <= GRANT_CLAIM)
		explain_token(explaining);
	else if (line->failed >= GRANT_CLIENT && line->failed <= GRANT_PEER)
		explain_name(explaining);
	return line;
}

/* Append a line for each line of `granted_to` of these roles. Returns where the next one goes;
 * NULL: no memory. */
static struct why_line **
add_lines(struct explaining *explaining, const struct policy *policy, const struct texts *roles,
    struct why_line **last)
{
	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = role_find(policy, span_of(roles->at[i]));

		for (explaining->grant = role == NULL ? NULL : role->grants;
		    explaining->grant != NULL; explaining->grant = explaining->grant->next) {
			*last = line_of(explaining, role);
			if (*last == NULL)
				return NULL;
			last = &(*last)->next;
		}
	}
	return last;
}

bool
why_lines(const struct why_question *question, struct arena *arena, struct why_line **ret_first)
{
	struct explaining explaining = { .inputs = question->inputs, .arena = arena };
	const struct privilege *privilege = question->privilege;
	struct why_line *first = NULL, **last = &first;

	last = add_lines(&explaining, question->policy, &privilege->roles, last);
	if (last != NULL)
		last = add_lines(&explaining, question->policy, &privilege->all_roles, last);
	if (last != NULL)
		last = add_lines(&explaining, question->policy, &privilege->deny, last);
	*ret_first = first;
	return last != NULL;
}
