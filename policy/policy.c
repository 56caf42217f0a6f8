/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "policy/host_set.h"
#include "policy/casing.h"
#include "policy/lint.h"
#include "policy/module.h"
#include "policy/overlap.h"
#include "policy/privilege.h"
#include "policy/reader.h"
#include "policy/role.h"
#include "policy/rule.h"

/* What schema_read() fills. */
struct top {
	const struct node *roles, *modules, *privileges;
	struct texts public_paths;
	int default_value; /* index into `default_words` */
};

enum { OTHERWISE_DENY, OTHERWISE_PUBLIC };
static const char *const default_words[] = { "deny", "public", NULL };

#define AT(member) .offset = offsetof(struct top, member)

const struct field policy_fields[] = {
	{ .key = "roles", .type = FIELD_MAP, AT(roles), .help = "roles by name" },
	{ .key = "modules", .type = FIELD_MAP, AT(modules), .help = "modules by name" },
	{ .key = "privileges", .type = FIELD_MAP, AT(privileges), .help = "privileges by name" },
	{ .key = "public",
	    .type = FIELD_TEXTS,
	    AT(public_paths),
	    .help = "path patterns that need no credentials" },
	{ .key = "default",
	    .type = FIELD_WORD,
	    AT(default_value),
	    .default_value = "deny",
	    .words = default_words,
	    .help = "a path that no pattern matches is refused, or public" },
	{ .key = NULL },
};

static void
read_public(struct reader *reader, const struct texts *paths)
{
	struct rule rule = { 0 };

	for (size_t i = 0; i < paths->count; i++) {
		rule.node = reader_text_node(paths, i);
		if (reader_pattern(reader, paths, i))
			rule_add(reader, span_of(paths->at[i]), &rule);
	}
}

static bool
start(struct reader *reader)
{
	struct policy *policy = reader->policy;

	*policy = (struct policy){ 0 };
	policy->rules = pattern_set_new(reader->arena);
	policy->serving = pattern_set_new(reader->arena);
	return policy->rules != NULL && policy->serving != NULL;
}

void
policy_read(const struct node *root, const struct policy_names *names, struct policy *policy,
    struct mistakes *mistakes)
{
	struct reader reader = {
		.policy = policy, .names = names, .arena = mistakes->arena, .mistakes = mistakes
	};
	struct top top = { 0 };
	size_t errors = mistakes->errors;

	reader.failed = !start(&reader);
	if (root == NULL || reader.failed)
		goto out;
	schema_read(root, policy_fields, &top, mistakes);
	role_read(&reader, top.roles);
	module_read(&reader, top.modules);
	host_set_finish(&reader);
	privilege_read(&reader, top.privileges);
	read_public(&reader, &top.public_paths);
	rule_finish(&reader);
	casing_read(&reader);
	overlap_check(&reader);
	policy->public_paths = top.public_paths;
	policy->default_public = top.default_value == OTHERWISE_PUBLIC;
	if (mistakes->errors == errors && !reader.failed)
		lint(&reader, root);
out:
	if (!reader.failed)
		return;
	*policy = (struct policy){ 0 };
	if (root != NULL)
		mistake_at(mistakes, root, "out of memory");
	else
		mistakes->errors++;
}
