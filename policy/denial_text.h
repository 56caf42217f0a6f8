/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denial_text - what a privilege requires and what the caller has, as text.
 *
 * Uses:   policy, principal.
 * Pure:   yes.
 * Limits: DENIAL_TEXT_MAX_NAMES names are listed, then "and N more"; a scope is cut at
 *         DENIAL_TEXT_MAX_SCOPE.
 */
#ifndef POSTERN_POLICY_DENIAL_TEXT_H
#define POSTERN_POLICY_DENIAL_TEXT_H

#include "base/arena.h"
#include "policy/policy.h"
#include "policy/principal.h"

#define DENIAL_TEXT_MAX_NAMES 8
#define DENIAL_TEXT_MAX_SCOPE 64

/* The detail of a refusal for want of a role or scope. Lent by the arena; NULL: no memory. */
const char *denial_text(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena);

/* Texts from outside in quotes, with commas between: at most DENIAL_TEXT_MAX_NAMES, each of them
 * cut and masked to printable ASCII; "none". Lent by the arena; NULL: no memory. */
const char *denial_text_list(const struct spans *texts, struct arena *arena);

#endif
