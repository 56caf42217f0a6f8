/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule.h"

#include <string.h>

/* Does the privilege apply to that method? HEAD counts as GET. */
static bool
grants(const struct privilege *privilege, struct span method)
{
	if (privilege->methods.count == 0)
		return true;
	if (span_is(method, "HEAD"))
		method = SPAN("GET");
	for (size_t i = 0; i < privilege->methods.count; i++)
		if (span_is(method, privilege->methods.at[i]))
			return true;
	return false;
}

/* A method that both grant, "every method", or NULL. */
static const char *
shared_method(const struct privilege *a, const struct privilege *b)
{
	if (a->methods.count == 0 && b->methods.count == 0)
		return "every method";
	if (a->methods.count == 0)
		return b->methods.at[0];
	for (size_t i = 0; i < a->methods.count; i++)
		if (grants(b, span_of(a->methods.at[i])))
			return a->methods.at[i];
	return NULL;
}

/* Report a conflict between two rules on one pattern. True: there is none. */
static bool
agree(struct reader *reader, const struct rule *rule, const struct rule *other)
{
	struct mistake_place place = mistake_place_at(rule->node, MISTAKE_CONFLICT);
	const char *method;

	if (rule->privilege == NULL && other->privilege == NULL) {
		mistake_by(reader->mistakes, place, "is listed twice");
		return false;
	}
	if (rule->privilege == NULL || other->privilege == NULL) {
		const struct rule *other_one = rule->privilege == NULL ? other : rule;

		mistake_by(reader->mistakes, place,
		    "the same path is public and under privilege \"%s\"",
		    other_one->privilege->name);
		return false;
	}
	method = shared_method(rule->privilege, other->privilege);
	if (method == NULL)
		return true;
	mistake_by(reader->mistakes, place,
	    "privilege \"%s\" already has the same path for %s (%s:%d)", other->privilege->name,
	    method, other->node->file, other->node->line);
	return false;
}

/* The same privilege twice: `match` must find its segments in the same places. */
static void
check_again(struct reader *reader, const struct rule *rule, const struct rule *first)
{
	size_t count = rule->places == NULL ? 0 : rule->privilege->match_count;

	if (count > 0 && memcmp(rule->places, first->places, count * sizeof(*rule->places)) != 0)
		mistake_by(reader->mistakes, mistake_place_at(rule->node, MISTAKE_CONFLICT),
		    "is the same path as \"%s\" of this privilege, with other names",
		    first->pattern);
}

static struct ruling *
ruling_of(struct reader *reader, struct span pattern, const struct host_set *host)
{
	void **place =
	    pattern_set_place(host == NULL ? reader->policy->rules : host->rules, pattern);
	struct ruling *ruling;

	if (place == NULL) {
		reader->failed = true;
		return NULL;
	}
	if (*place != NULL)
		return *place;
	ruling = reader_array(reader, 1, sizeof(*ruling));
	if (ruling == NULL)
		return NULL;
	ruling->pattern = arena_text(reader->arena, pattern);
	if (ruling->pattern == NULL) {
		reader->failed = true;
		return NULL;
	}
	ruling->host = host;
	ruling->next = reader->policy->rulings;
	reader->policy->rulings = ruling;
	*place = ruling;
	return ruling;
}

void
rule_add(struct reader *reader, struct span pattern, const struct rule *rule)
{
	struct ruling *ruling = ruling_of(reader, pattern, rule->host);
	struct rule **end, *copy;

	if (ruling == NULL)
		return;
	for (end = &ruling->first; *end != NULL; end = &(*end)->next) {
		if (rule->privilege != NULL && (*end)->privilege == rule->privilege) {
			check_again(reader, rule, *end);
			return;
		}
		if (!agree(reader, rule, *end))
			return;
	}
	copy = reader_array(reader, 1, sizeof(*copy));
	if (copy == NULL)
		return;
	*copy = *rule;
	copy->next = NULL;
	*end = copy;
}

/* As in "/customer/1 grants GET, POST". */
static const char *
methods_text(struct reader *reader, const struct ruling *ruling)
{
	const char *text = NULL;

	for (const struct rule *rule = ruling->first; rule != NULL; rule = rule->next) {
		const struct privilege *privilege = rule->privilege;

		if (privilege == NULL || privilege->methods.count == 0)
			return NULL;
		for (size_t i = 0; i < privilege->methods.count; i++) {
			text = text == NULL ? arena_format(reader->arena, "%s grants %s",
						  ruling->pattern, privilege->methods.at[i])
					    : arena_format(reader->arena, "%s, %s", text,
						  privilege->methods.at[i]);
			if (text == NULL)
				reader->failed = true;
			if (text == NULL)
				return NULL;
		}
	}
	return text;
}

void
rule_finish(struct reader *reader)
{
	for (struct ruling *ruling = reader->policy->rulings; ruling != NULL; ruling = ruling->next)
		ruling->methods = methods_text(reader, ruling);
}

const struct rule *
rule_for(const struct ruling *ruling, struct span method)
{
	for (const struct rule *rule = ruling->first; rule != NULL; rule = rule->next)
		if (rule->privilege == NULL || grants(rule->privilege, method))
			return rule;
	return NULL;
}
