/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule - the rule of one pattern: public, or privileges by method.
 *
 * Uses:   reader.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_RULE_H
#define POSTERN_POLICY_RULE_H

#include "policy/reader.h"

/* One line of it. Lent by the policy's arena. */
struct rule {
	const struct privilege *privilege; /* NULL: public */
	const char *pattern;               /* as this privilege wrote it; NULL: public */
	const size_t *places;              /* see match_places(); NULL: it has no `match` */
	const struct node *node;           /* where it was written; only while reading */
	const struct host_set *host;       /* NULL: every host */
	struct rule *next;
};

/* All lines on a pattern: the value in the rules of the policy, or of a host. */
struct ruling {
	const char *pattern;
	const struct host_set *host; /* NULL: every host */
	struct rule *first;
	const char *methods; /* the methods that are granted, for a refusal's detail; may be NULL */
	const char *lower;   /* the pattern in lower case, once casing.h has asked; or NULL */
	const char *folded;  /* the same, in policy->folded.rules; NULL: it is not there */
	struct ruling *next; /* in policy->rulings */
};

/*
 * Add a rule to a well-formed pattern. Reported as mistakes: the same pattern and method in two
 * privileges, both public and privileged, public twice. The same privilege twice (by a module and
 * by a path) counts once.
 *
 * rule  borrowed, copied.
 */
void rule_add(struct reader *reader, struct span pattern, const struct rule *rule);

/* Once all rules are there: write the texts of the rulings. */
void rule_finish(struct reader *reader);

/* The rule for a method, or NULL. */
const struct rule *rule_for(const struct ruling *ruling, struct span method);

#endif
