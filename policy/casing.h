/* SPDX-License-Identifier: Apache-2.0 */
/*
 * casing - modules with `case_sensitive: false`: in their paths upper and lower case of ASCII
 * letters are one, for the module's own patterns and for those of every privilege and public path
 * alike.
 *
 * Uses:   policy, reader, rule, pattern, fold_letter.
 * Pure:   yes.
 *
 * Patterns are held a second time, in lower case, in policy->folded: those of such modules, and
 * those of rules that may apply to their paths.
 */
#ifndef POSTERN_POLICY_CASING_H
#define POSTERN_POLICY_CASING_H

#include <stdbool.h>

#include "policy/reader.h"

/* Once modules, privileges and public paths are read: fill policy->folded. Patterns that differ in
 * nothing but case are mistakes there. */
void casing_read(struct reader *reader);

/* A pattern in lower case, as it is in policy->folded. Lent by the arena; NULL: no memory, which
 * the reader remembers. */
const char *casing_lower(struct reader *reader, struct span pattern);

/* The module that serves a path: of one that ignores case and one that does not, the one whose
 * pattern is the more specific. NULL: none. */
const struct module *casing_module(const struct policy *policy, struct span path);

/* The rules for the paths of that module, which may be NULL. */
const struct pattern_set *casing_rules(const struct policy *policy, const struct module *module);

/* Has the path of that module (NULL: of none) a character that is no ASCII letter, but is one to
 * who ignores case or folds? Where that could lead to a path of a module that ignores case. */
bool casing_ambiguous(const struct policy *policy, const struct module *module, struct span path);

#endif
