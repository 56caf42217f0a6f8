/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage - which privileges, roles and patterns of a policy the cases of `postern test` touch.
 *
 * Uses:   policy_case_judge, policy.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_COVERAGE_H
#define POSTERN_CLI_COVERAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "cli/policy_case_judge.h"

struct coverage;

/* With nothing touched. `policy` is borrowed; the rest is lent by the arena. NULL: no memory. */
MUST_CHECK struct coverage *coverage_new(const struct policy *policy, struct arena *arena);

/* A case touches the pattern that matches, the privilege that decides and the roles that its caller
 * holds. */
void coverage_add(struct coverage *coverage, const struct policy_case_result *result);

/* In per cent, rounded down; 100 for a policy without any. */
int coverage_percent(const struct coverage *coverage);

/* A line for each one that no case touches, and one for all together. Check buffer->failed. */
void coverage_text(const struct coverage *coverage, struct buffer *buffer);

#endif
