/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

#include <string.h>

#include "policy/casing.h"
#include "policy/given_lint.h"
#include "policy/host_set.h"
#include "policy/overlap_lint.h"
#include "policy/path_lint.h"
#include "policy/role.h"
#include "policy/rule.h"
#include "policy/scope_match.h"

/* The roles that any privilege names; NULL: no memory, which the reader remembers. */
static uint64_t *
used_roles(struct reader *reader)
{
	const struct policy *policy = reader->policy;
	uint64_t *bits = reader_array(reader, policy->role_words, sizeof(*bits));

	for (const struct privilege *privilege = policy->privileges;
	    bits != NULL && privilege != NULL; privilege = privilege->next)
		for (size_t i = 0; i < policy->role_words; i++)
			bits[i] |= privilege->role_bits[i] | privilege->all_bits[i] |
				   privilege->deny_bits[i];
	return bits;
}

static void
lint_roles(struct reader *reader, const struct node *roles)
{
	const uint64_t *used = used_roles(reader);

	for (size_t i = 0; used != NULL && i < reader->policy->role_count; i++) {
		const struct role *role = &reader->policy->roles[i];
		const struct node *node = document_get(roles, role->name);

		if (node == NULL)
			continue;
		if (!role_can_be_had(role, reader->names))
			mistake_by(reader->mistakes,
			    mistake_place_at_key(node, MISTAKE_ROLE_UNOBTAINABLE),
			    "nobody can get this role");
		if ((used[role->index / 64] >> role->index % 64 & 1) == 0)
			mistake_by(reader->mistakes,
			    mistake_place_at_key(node, MISTAKE_ROLE_UNUSED),
			    "no privilege uses this role");
	}
}

/* Is there a rule for every path under that pattern of the module, on that host (NULL: on every
 * one)? */
static bool
is_covered(
    struct reader *reader, const struct module *module, size_t i, const struct host_set *host)
{
	const struct policy *policy = reader->policy;
	const char *pattern = module->paths.at[i];
	bool covered;

	if (module->folds) {
		pattern = casing_lower(reader, span_of(pattern));
		return pattern != NULL &&
		       pattern_set_cover(policy->folded.rules, span_of(pattern)) != NULL;
	}
	covered = pattern_set_cover(policy->rules, span_of(pattern)) != NULL;
	for (const struct host_set *set = policy->hosts; set != NULL && !covered; set = set->next)
		covered = host != NULL && host_set_covers(set, host) &&
			  pattern_set_cover(set->rules, span_of(pattern)) != NULL;
	return covered;
}

/* The first public pattern below that pattern of the module; NULL: there is none. */
static const char *
open_below(
    struct reader *reader, const struct module *module, size_t i, const struct host_set *host)
{
	const char *pattern = module->paths.at[i];

	if (module->folds)
		pattern = casing_lower(reader, span_of(pattern));
	for (const struct ruling *one = reader->policy->rulings; one != NULL && pattern != NULL;
	    one = one->next) {
		const char *below = module->folds ? one->folded : one->pattern;

		if (below != NULL && one->first != NULL && one->first->privilege == NULL &&
		    host_set_covers(one->host, host) &&
		    pattern_within(span_of(below), span_of(pattern)))
			return one->pattern;
	}
	return NULL;
}

static void
lint_served(
    struct reader *reader, const struct module *module, size_t i, const struct host_set *host)
{
	const char *open;

	if (is_covered(reader, module, i, host))
		return;
	open = reader->policy->default_public ? NULL : open_below(reader, module, i, host);
	mistake_by(reader->mistakes,
	    mistake_place_at_key(reader_text_node(&module->paths, i), MISTAKE_MODULE_UNPROTECTED),
	    "no privilege protects this path of module \"%s\"%s%s: %s%s%s%s", module->name,
	    host == NULL ? "" : " on ", host == NULL ? "" : host->name,
	    reader->policy->default_public ? "it is public" : "nobody can use it",
	    open == NULL ? "" : ", but anybody \"", open == NULL ? "" : open,
	    open == NULL ? "" : "\", which is public");
}

static void
lint_modules(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (const struct module *module = policy->modules; module != NULL; module = module->next)
		for (size_t i = 0; i < module->paths.count; i++) {
			if (module->hosts.count == 0)
				lint_served(reader, module, i, NULL);
			for (size_t k = 0; k < module->hosts.count; k++)
				lint_served(reader, module, i, module->hosts.at[k]);
		}
}

static bool
methods_meet(const struct privilege *a, const struct privilege *b)
{
	struct span any = SPAN("");

	if (a->methods.count == 0 || b->methods.count == 0)
		return true;
	for (size_t i = 0; i < a->methods.count; i++) {
		any = span_of(a->methods.at[i]);
		for (size_t j = 0; j < b->methods.count; j++)
			if (span_is(any, b->methods.at[j]))
				return true;
	}
	return false;
}

/* Are all of `some` among `all`? */
static bool
hold_all(const struct texts *all, const struct texts *some)
{
	for (size_t i = 0; i < some->count; i++)
		if (!reader_texts_hold(all, some->at[i]))
			return false;
	return true;
}

/* Does `inner` compare every claim that `outer` does? */
static bool
match_all(const struct privilege *inner, const struct privilege *outer)
{
	for (const struct match *wanted = outer->matches; wanted != NULL; wanted = wanted->next) {
		const struct match *own = inner->matches;

		while (own != NULL && own->index != wanted->index)
			own = own->next;
		if (own == NULL)
			return false;
	}
	return true;
}

/* Does `inner` accept every scope of `outer`, and any other? A prefix accepts what it begins. */
static bool
scopes_wider(const struct texts *inner, const struct texts *outer)
{
	bool wider = inner->count > outer->count;

	for (size_t i = 0; i < outer->count; i++) {
		struct span one = span_of(outer->at[i]);
		struct spans spans = { &one, 1 };
		bool same = reader_texts_hold(inner, outer->at[i]), covered = same;

		for (size_t j = 0; j < inner->count && !covered; j++)
			covered = scope_match(inner->at[j], &spans);
		if (!covered)
			return false;
		wider |= !same;
	}
	return wider;
}

/*
 * Why `inner` admits more callers than `outer`; NULL if it does not. A narrower path may well have
 * different roles; it is less strict only if it has all of the outer roles and more.
 */
static const char *
laxer(const struct privilege *inner, const struct privilege *outer)
{
	bool outer_open = outer->roles.count == 0 && outer->scopes.count == 0;

	if (outer->shadow)
		return NULL;
	if (inner->shadow)
		return "is in shadow mode";
	if (!hold_all(&inner->deny, &outer->deny))
		return "does not deny every role that the wider one denies";
	if (!match_all(inner, outer))
		return "does not compare every claim that the wider one compares";
	if (!hold_all(&inner->all_roles, &outer->all_roles))
		return "does not need every role of the wider one's all_roles";
	if (outer_open)
		return NULL;
	if (inner->roles.count == 0 && inner->scopes.count == 0 && inner->all_roles.count == 0)
		return "needs no role";
	if (!hold_all(&inner->roles, &outer->roles))
		return NULL;
	if (scopes_wider(&inner->scopes, &outer->scopes) ||
	    (inner->roles.count > outer->roles.count && hold_all(&inner->scopes, &outer->scopes)))
		return "accepts more roles or scopes";
	return NULL;
}

/* Why a rule admits more callers than one of `wide` that is for the same methods; NULL: it does
 * not. */
static const char *
why_laxer(const struct rule *inner, const struct ruling *wide)
{
	const char *why = NULL;

	for (const struct rule *outer = wide->first; outer != NULL && why == NULL;
	    outer = outer->next) {
		if (outer->privilege == NULL)
			return NULL;
		if (inner->privilege == NULL)
			why = "is public";
		else if (methods_meet(inner->privilege, outer->privilege))
			why = laxer(inner->privilege, outer->privilege);
	}
	return why;
}

static void
lint_pair(struct reader *reader, const struct rule *inner, const struct ruling *wide)
{
	const char *why = why_laxer(inner, wide);

	if (why != NULL)
		mistake_by(reader->mistakes, mistake_place_at_key(inner->node, MISTAKE_PATH_LAXER),
		    "this path is laxer than the wider \"%s\": it %s", wide->pattern, why);
}

static void
lint_paths(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (const struct ruling *ruling = policy->rulings; ruling != NULL; ruling = ruling->next) {
		bool folds = ruling->folded != NULL;
		const struct ruling *wide =
		    pattern_set_wider(folds                  ? policy->folded.rules
				      : ruling->host == NULL ? policy->rules
							     : ruling->host->rules,
			span_of(folds ? ruling->folded : ruling->pattern), NULL);

		for (const struct rule *rule = ruling->first; wide != NULL && rule != NULL;
		    rule = rule->next)
			lint_pair(reader, rule, wide);
	}
}

/* The ruling of a host that decides there for a narrower pattern that is for every host. NULL: none
 * does, or that pattern is listed for the host as well. */
static const struct ruling *
hides(const struct host_set *host, const struct ruling *other)
{
	if (pattern_set_at(host->rules, span_of(other->pattern)) != NULL)
		return NULL;
	return pattern_set_wider(host->rules, span_of(other->pattern), NULL);
}

/* The host is chosen before the path, which whoever writes a stricter rule for a narrower path may
 * not think of. */
static void
lint_hidden(struct reader *reader, const struct ruling *hosted, const struct ruling *hidden)
{
	const char *why = NULL;

	for (const struct rule *rule = hosted->first; rule != NULL && why == NULL;
	    rule = rule->next) {
		why = why_laxer(rule, hidden);
		if (why != NULL)
			mistake_by(reader->mistakes,
			    mistake_place_at_key(rule->node, MISTAKE_HOST_LAXER),
			    "on %s the path \"%s\" decides for \"%s\" as well, and is laxer: it "
			    "%s; list that path in a module with this host",
			    hosted->host->name, hosted->pattern, hidden->pattern, why);
	}
}

static void
lint_hosts(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (const struct host_set *host = policy->hosts; host != NULL; host = host->next)
		for (const struct ruling *other = policy->rulings; other != NULL;
		    other = other->next) {
			const struct ruling *hosted =
			    other->host == NULL ? hides(host, other) : NULL;

			if (hosted != NULL)
				lint_hidden(reader, hosted, other);
		}
}

void
lint(struct reader *reader, const struct node *root)
{
	lint_roles(reader, document_get(root, "roles"));
	lint_modules(reader);
	lint_paths(reader);
	lint_hosts(reader);
	path_lint(reader);
	overlap_lint(reader);
	given_lint(reader);
}
