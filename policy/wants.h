/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wants - what a privilege wants and what a caller has, in words.
 *
 * Uses:   policy, principal.
 * Pure:   yes.
 * Limits: WANTS_MAX_NAMES names are told, then "and N more"; a scope is cut at WANTS_MAX_SCOPE.
 */
#ifndef POSTERN_POLICY_WANTS_H
#define POSTERN_POLICY_WANTS_H

#include "base/arena.h"
#include "policy/policy.h"
#include "policy/principal.h"

#define WANTS_MAX_NAMES 8
#define WANTS_MAX_SCOPE 64

/* The detail of a refusal for want of a role or scope. Lent by the arena; NULL: no memory. */
const char *wants_text(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena);

#endif
