/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/path_lint.h"

#include <string.h>

#include "policy/module.h"
#include "policy/pattern.h"
#include "policy/pattern_form.h"
#include "policy/target.h"

/* ":id" of Express, "[id]" of Next.js. */
static bool
is_placeholder(struct span segment)
{
	if (segment.len < 2)
		return false;
	return segment.at[0] == ':' || (segment.at[0] == '[' && segment.at[segment.len - 1] == ']');
}

/* The pattern with "*" for each placeholder; NULL: there is none, or no memory. */
static const char *
without_placeholders(struct span pattern, struct arena *arena, struct span *ret_first)
{
	const char *text = "";
	struct span rest = span_slice(pattern, 1, pattern.len), segment;

	*ret_first = (struct span){ 0 };
	while (text != NULL && span_cut(&rest, '/', &segment)) {
		bool placeholder = is_placeholder(segment);

		if (placeholder && ret_first->at == NULL)
			*ret_first = segment;
		text = arena_format(
		    arena, "%s/%.*s", text, SPAN_ARG(placeholder ? SPAN("*") : segment));
	}
	return ret_first->at == NULL ? NULL : text;
}

static void
lint_placeholder(struct reader *reader, const struct node *node, struct span pattern)
{
	struct span first;
	const char *instead = without_placeholders(pattern, reader->arena, &first);
	bool last = instead != NULL && span_ends(span_of(instead), SPAN("/*")) &&
		    !span_ends(pattern, SPAN("/*"));

	if (instead != NULL)
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_PATH_PLACEHOLDER),
		    "\"%.*s\" means exactly that text; for any segment write \"%s\"%s",
		    SPAN_ARG(first), instead,
		    last ? ", which also matches all paths below it" : "");
}

/* What the modules that may serve paths of this pattern allow; *ret_module: one of them. */
static unsigned
allowed(const struct policy *policy, struct span pattern, const struct module **ret_module)
{
	unsigned allow = 0;

	*ret_module = NULL;
	for (const struct module *module = policy->modules; module != NULL; module = module->next)
		for (size_t i = 0; i < module->paths.count; i++)
			if (pattern_meets(pattern, span_of(module->paths.at[i]))) {
				allow |= module->path_allow;
				*ret_module = module;
			}
	return allow;
}

static void
lint_ambiguous(struct reader *reader, const struct node *node, struct span pattern)
{
	const struct module *module = NULL;
	struct arena arena;
	struct target target;
	unsigned missing = 0;

	arena_init(&arena, 1 << 16);
	if (target_read(pattern_form_plain(pattern, &arena), &arena, &target) == REASON_OK)
		missing = target.mild;
	if (missing != 0)
		missing &= ~allowed(reader->policy, pattern, &module);
	if (missing != 0 && module == NULL)
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_PATH_REFUSED),
		    "can never match: the gate refuses %s, but for the paths of a module with "
		    "path_allow: [%s]",
		    target_mild_text(missing), module_allow_words(missing, &arena));
	else if (missing != 0)
		mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_PATH_REFUSED),
		    "can never match: the gate refuses %s; to let it pass, give module \"%s\" "
		    "path_allow: [%s]",
		    target_mild_text(missing), module->name, module_allow_words(missing, &arena));
	arena_done(&arena);
}

static void
lint_answered(struct reader *reader, const struct node *node, const char *path)
{
	mistake_by(reader->mistakes, mistake_place_at_key(node, MISTAKE_PATH_OWN),
	    "the gate itself answers %s, before it looks at the policy: leave it out", path);
}

/* Endpoints of the gate, and the metadata of modules' resources, are matched before the policy. */
static void
lint_own(struct reader *reader, const struct node *node, struct span pattern)
{
	const struct texts *own = reader->names->own_paths;
	const struct module *module = reader->policy->modules;
	struct span bare = pattern;

	if (span_ends(bare, SPAN("/*")))
		bare.len -= 2;
	for (size_t i = 0; own != NULL && i < own->count; i++)
		if (span_is(bare, own->at[i])) {
			lint_answered(reader, node, own->at[i]);
			return;
		}
	while (
	    module != NULL && (module->resource == NULL || !span_is(bare, module->resource->path)))
		module = module->next;
	if (module != NULL)
		lint_answered(reader, node, module->resource->path);
}

static void
lint_patterns(struct reader *reader, const struct texts *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		const struct node *node = reader_text_node(paths, i);
		struct span pattern = span_of(paths->at[i]);

		lint_placeholder(reader, node, pattern);
		lint_ambiguous(reader, node, pattern);
		lint_own(reader, node, pattern);
	}
}

void
path_lint(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (const struct module *module = policy->modules; module != NULL; module = module->next)
		lint_patterns(reader, &module->paths);
	for (const struct privilege *privilege = policy->privileges; privilege != NULL;
	    privilege = privilege->next)
		lint_patterns(reader, &privilege->paths);
	lint_patterns(reader, &policy->public_paths);
}
