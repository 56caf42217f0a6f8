/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint - warnings about a policy that is valid but probably not what was meant.
 *
 * Uses:   reader, role, rule, pattern.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_LINT_H
#define POSTERN_POLICY_LINT_H

#include "policy/reader.h"

/* Warn of a role that nobody can get, a role that no privilege uses, a narrower path that is less
 * strict than the wider one, a module without a privilege. `root` is the whole policy.yaml. */
void lint(struct reader *reader, const struct node *root);

#endif
