/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint - what a policy may say but hardly means: warnings, which invalidate nothing.
 *
 * Uses:   reader, role, rule, pattern.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_LINT_H
#define POSTERN_POLICY_LINT_H

#include "policy/reader.h"

/* Warn of a role nobody can get, a role no privilege uses, a narrower path that is laxer than the
 * wider one, a module without a privilege. `root` is the whole policy.yaml. */
void lint(struct reader *reader, const struct node *root);

#endif
