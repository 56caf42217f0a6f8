/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition_lint - warnings about conditions that are valid but can never hold, or that surely do
 * not mean what was meant: what a line of `granted_to` and a privilege compare callers with.
 *
 * Uses:   reader, base (nearest, pointer_lint, wildcard).
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_CONDITION_LINT_H
#define POSTERN_POLICY_CONDITION_LINT_H

#include "policy/reader.h"

/* Can only a caller of the local issuer meet this line? */
bool condition_lint_local(const struct grant *grant, const struct policy_names *names);

/* Warn about one line of `granted_to`, written at `node`, that has no mistakes. */
void condition_lint_grant(
    struct reader *reader, const struct node *node, const struct grant *grant);

/* Warn about the methods and scopes of a privilege. */
void condition_lint_privilege(struct reader *reader, const struct privilege *privilege);

#endif
