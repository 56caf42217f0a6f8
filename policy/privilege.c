/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/privilege.h"

#include <string.h>

#include "base/nearest.h"
#include "policy/condition_lint.h"
#include "policy/match.h"
#include "policy/module.h"
#include "policy/pattern_form.h"
#include "policy/rate_read.h"
#include "policy/role.h"
#include "policy/rule.h"

/* What schema_read() fills. */
struct privilege_row {
	struct privilege privilege;
	const struct node *rate;
};

#define AT(member) .offset = offsetof(struct privilege_row, privilege.member)

const struct field privilege_fields[] = {
	{ .key = "label", .type = FIELD_TEXT, AT(label), .help = "a name for people" },
	{ .key = "description", .type = FIELD_TEXT, AT(description), .help = "what it is for" },
	{ .key = "modules",
	    .type = FIELD_TEXTS,
	    AT(modules),
	    .help = "modules all of whose paths it protects" },
	{ .key = "paths", .type = FIELD_TEXTS, AT(paths), .help = "path patterns it protects" },
	{ .key = "methods",
	    .type = FIELD_TEXTS,
	    AT(methods),
	    .help = "methods it grants; default: every method; GET includes HEAD" },
	{ .key = "roles",
	    .type = FIELD_TEXTS,
	    AT(roles),
	    .help = "roles of which any one is enough; default: any authenticated caller" },
	{ .key = "scopes",
	    .type = FIELD_TEXTS,
	    AT(scopes),
	    .help = "scopes each of which is enough without a role" },
	{ .key = "all_roles",
	    .type = FIELD_TEXTS,
	    AT(all_roles),
	    .help = "roles that the caller must have every one of, besides the rest" },
	{ .key = "deny",
	    .type = FIELD_TEXTS,
	    AT(deny),
	    .help = "roles whose holders are refused, whatever else they have" },
	{ .key = "match",
	    .type = FIELD_MAP,
	    AT(match),
	    .help = "segments {NAME} of the path, each with the claim (JSON Pointer) that equals "
		    "it" },
	{ .key = "shadow",
	    .type = FIELD_BOOL,
	    AT(shadow),
	    .default_value = "false",
	    .help = "decide and log, but let pass" },
	{ .key = "rate",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct privilege_row, rate),
	    .help = "how often each caller may use it" },
	{ .key = NULL },
};

/* RFC 9110 section 9.1: a token, in capitals by convention. Methods are case-sensitive, so a
 * lower-case letter is surely a mistake. */
bool
privilege_is_method(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == len;
}

static void
check_methods(struct reader *reader, const struct texts *methods)
{
	for (size_t i = 0; i < methods->count; i++) {
		const struct node *node = reader_text_node(methods, i);

		if (strcmp(methods->at[i], "HEAD") == 0)
			mistake_at(reader->mistakes, node, "GET includes HEAD: write GET");
		else if (strcmp(methods->at[i], "*") == 0)
			mistake_at(reader->mistakes, node,
			    "must be a method: for every method leave \"methods\" out");
		else if (!privilege_is_method(methods->at[i]))
			mistake_at(
			    reader->mistakes, node, "must be a method in capitals, such as GET");
	}
}

static void
no_role(struct reader *reader, const struct node *node)
{
	struct nearest nearest = nearest_to(node->text);
	char hint[NEAREST_HINT];

	for (size_t i = 0; i < reader->policy->role_count; i++)
		nearest_offer(&nearest, reader->policy->roles[i].name);
	mistake_by(reader->mistakes, mistake_place_at(node, MISTAKE_UNKNOWN_NAME),
	    "no role of that name%s",
	    span_is(node->text, "*") ? ": for any authenticated caller leave \"roles\" out"
				     : nearest_hint(&nearest, hint));
}

static void
no_module(struct reader *reader, const struct node *node)
{
	struct nearest nearest = nearest_to(node->text);
	char hint[NEAREST_HINT];

	for (const struct module *one = reader->policy->modules; one != NULL; one = one->next)
		nearest_offer(&nearest, one->name);
	mistake_by(reader->mistakes, mistake_place_at(node, MISTAKE_UNKNOWN_NAME),
	    "no module of that name%s",
	    span_is(node->text, "*") ? ": list each, or write paths: [\"/*\"]"
				     : nearest_hint(&nearest, hint));
}

/* The set of those roles; NULL: no memory, which the reader remembers. */
static uint64_t *
read_roles(struct reader *reader, const struct texts *roles)
{
	uint64_t *bits = reader_array(reader, reader->policy->role_words, sizeof(uint64_t));

	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = role_find(reader->policy, span_of(roles->at[i]));

		if (role == NULL)
			no_role(reader, reader_text_node(roles, i));
		else if (bits != NULL)
			bits[role->index / 64] |= UINT64_C(1) << role->index % 64;
	}
	return bits;
}

/* A role that is denied opens nothing. */
static void
check_deny(struct reader *reader, const struct privilege *privilege)
{
	for (size_t i = 0; i < privilege->deny.count; i++)
		if (reader_texts_hold(&privilege->roles, privilege->deny.at[i]) ||
		    reader_texts_hold(&privilege->all_roles, privilege->deny.at[i]))
			mistake_at(reader->mistakes, reader_text_node(&privilege->deny, i),
			    "is also a role that opens this privilege: take it out of one list");
}

static void
add_rule(struct reader *reader, const char *pattern, struct rule *rule)
{
	size_t errors = reader->mistakes->errors;

	rule->pattern = pattern;
	rule->places = match_places(reader, rule->privilege, rule->node, span_of(pattern));
	if (reader->mistakes->errors == errors)
		rule_add(reader, span_of(pattern), rule);
}

/* All paths of a module, on its hosts. A bad pattern is reported at the module. */
static void
read_module(struct reader *reader, const struct module *module, struct rule *rule)
{
	struct err err;

	for (size_t i = 0; i < module->paths.count; i++) {
		const char *pattern = module->paths.at[i];

		if (!pattern_form_check(span_of(pattern), &err))
			continue;
		rule->host = NULL;
		if (module->hosts.count == 0)
			add_rule(reader, pattern, rule);
		for (size_t k = 0; k < module->hosts.count; k++) {
			rule->host = module->hosts.at[k];
			add_rule(reader, pattern, rule);
		}
	}
}

/* The union of its own paths and its modules'. */
static void
read_paths(struct reader *reader, const struct privilege *privilege)
{
	const struct texts *paths = &privilege->paths, *modules = &privilege->modules;
	const struct module *module;
	struct rule rule = { .privilege = privilege };

	for (size_t i = 0; i < paths->count; i++) {
		rule.node = reader_text_node(paths, i);
		if (reader_pattern(reader, paths, i))
			add_rule(reader, paths->at[i], &rule);
	}
	for (size_t i = 0; i < modules->count; i++) {
		rule.node = reader_text_node(modules, i);
		module = module_find(reader->policy, modules->at[i]);
		if (module == NULL)
			no_module(reader, rule.node);
		else
			read_module(reader, module, &rule);
	}
}

static struct privilege *
read_one(struct reader *reader, const struct node *node)
{
	struct privilege *privilege = reader_array(reader, 1, sizeof(*privilege));
	struct privilege_row row = { 0 };
	size_t errors = reader->mistakes->errors;

	if (privilege == NULL)
		return NULL;
	schema_read(reader_map(node), privilege_fields, &row, reader->mistakes);
	*privilege = row.privilege;
	privilege->name = node->key.at;
	privilege->node = node;
	privilege->rate = rate_read(reader, node, row.rate, false);
	if (privilege->paths.count == 0 && privilege->modules.count == 0 &&
	    reader->mistakes->errors == errors)
		mistake_at_key(reader->mistakes, node, "needs \"paths\" or \"modules\"");
	match_read(reader, privilege);
	check_methods(reader, &privilege->methods);
	if (reader->mistakes->errors == errors)
		condition_lint_privilege(reader, privilege);
	privilege->role_bits = read_roles(reader, &privilege->roles);
	privilege->all_bits = read_roles(reader, &privilege->all_roles);
	privilege->deny_bits = read_roles(reader, &privilege->deny);
	check_deny(reader, privilege);
	read_paths(reader, privilege);
	return privilege;
}

void
privilege_read(struct reader *reader, const struct node *privileges)
{
	struct privilege **end = &reader->policy->privileges;

	if (privileges == NULL || privileges->kind != NODE_MAP)
		return;
	for (const struct node *node = privileges->first; node != NULL; node = node->next) {
		if (!reader_name(reader, node))
			continue;
		*end = read_one(reader, node);
		if (*end == NULL)
			return;
		end = &(*end)->next;
	}
}
