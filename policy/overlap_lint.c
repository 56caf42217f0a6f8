/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/overlap_lint.h"

#include <string.h>

#include "policy/pattern.h"
#include "policy/rule.h"

/* Only what is for every host and compared exactly is looked at: of a module with hosts, or one
 * that ignores case, other patterns decide. */
static bool
is_plain(const struct ruling *ruling)
{
	return ruling->host == NULL && ruling->folded == NULL;
}

/* Do both have the same one rule? */
static bool
same_rule(const struct ruling *a, const struct ruling *b)
{
	return a->first != NULL && b->first != NULL && a->first->next == NULL &&
	       b->first->next == NULL && a->first->privilege == b->first->privilege;
}

static void
lint_redundant(struct reader *reader, const struct ruling *ruling)
{
	const struct ruling *wide =
	    pattern_set_wider(reader->policy->rules, span_of(ruling->pattern), NULL);

	if (wide != NULL && same_rule(ruling, wide))
		mistake_by(reader->mistakes,
		    mistake_place_at_key(ruling->first->node, MISTAKE_PATH_REDUNDANT),
		    "\"%s\" changes nothing: \"%s\" has the same rule; leave it out",
		    ruling->pattern, wide->pattern);
}

/* The pattern in lower case, by ASCII alone; NULL: no memory. */
static char *
folded(struct reader *reader, const char *pattern)
{
	char *text = arena_text(reader->arena, span_of(pattern));

	for (char *at = text; at != NULL && *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return text;
}

/* The paths are case-sensitive: each spelling that is not listed falls to a wider pattern. */
static void
lint_case(struct reader *reader)
{
	struct pattern_set *seen = pattern_set_new(reader->arena);

	for (const struct ruling *ruling = reader->policy->rulings; ruling != NULL;
	    ruling = ruling->next) {
		const char *text = folded(reader, ruling->pattern);
		void **place =
		    seen == NULL || text == NULL ? NULL : pattern_set_place(seen, span_of(text));
		const struct ruling *other;

		if (place == NULL || ruling->first == NULL || !is_plain(ruling))
			continue;
		other = *place;
		*place = (void *)ruling;
		if (other != NULL && strcmp(other->pattern, ruling->pattern) != 0)
			mistake_by(reader->mistakes,
			    mistake_place_at_key(other->first->node, MISTAKE_PATH_CASE),
			    "\"%s\" differs from \"%s\" in case only, and paths are compared "
			    "exactly: any other spelling is under neither; write the one that the "
			    "API has",
			    other->pattern, ruling->pattern);
	}
}

/* Does that ruling say that the paths under `pattern` are as they are meant to be? */
static bool
is_meant(const struct ruling *ruling, struct span pattern)
{
	return is_plain(ruling) && ruling->first != NULL &&
	       (ruling->first->privilege != NULL || span_is(pattern, ruling->pattern));
}

/* Is every path under `pattern` in a rule of a privilege, or in the public pattern itself? If only
 * a wider public one has it: that one. */
static const struct ruling *
opened_by(const struct policy *policy, struct span pattern)
{
	const struct ruling *open = pattern_set_cover(policy->rules, pattern);

	if (open == NULL || is_meant(open, pattern)) /* as it is of nearly all */
		return NULL;
	open = NULL;
	for (const struct ruling *ruling = policy->rulings; ruling != NULL; ruling = ruling->next) {
		if (ruling->first == NULL || !is_plain(ruling) ||
		    !pattern_within(pattern, span_of(ruling->pattern)))
			continue;
		if (is_meant(ruling, pattern))
			return NULL;
		open = ruling;
	}
	return open;
}

static void
lint_public(struct reader *reader, const struct module *module)
{
	for (size_t i = 0; i < module->paths.count; i++) {
		const struct ruling *open = opened_by(reader->policy, span_of(module->paths.at[i]));

		if (open != NULL)
			mistake_by(reader->mistakes,
			    mistake_place_at_key(
				reader_text_node(&module->paths, i), MISTAKE_MODULE_PUBLIC),
			    "needs no credentials, since \"%s\" is public: write a privilege for "
			    "module \"%s\", or list the path itself under \"public\"",
			    open->pattern, module->name);
	}
}

void
overlap_lint(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (const struct ruling *ruling = policy->rulings; ruling != NULL; ruling = ruling->next)
		if (is_plain(ruling))
			lint_redundant(reader, ruling);
	lint_case(reader);
	for (const struct module *module = policy->modules; module != NULL; module = module->next)
		if (module->hosts.count == 0 && !module->folds)
			lint_public(reader, module);
}
