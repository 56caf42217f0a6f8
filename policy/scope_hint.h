/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_hint - which scopes would let a caller in: the `scope` of the challenge (RFC 6750 section
 * 3).
 *
 * Uses:   policy, principal.
 * Pure:   yes (allocates from the arena).
 * Limits: SCOPE_HINT_MAX bytes; a scope that does not fit is left out whole.
 */
#ifndef POSTERN_POLICY_SCOPE_HINT_H
#define POSTERN_POLICY_SCOPE_HINT_H

#include "base/arena.h"
#include "policy/policy.h"
#include "policy/principal.h"

#define SCOPE_HINT_MAX 256u

/*
 * The scopes any one of which would be enough, separated by spaces: the privilege's own, and those
 * of `granted_to` lines whose only condition is a scope of the caller's issuer (of any issuer if
 * `principal` is NULL: unauthenticated). NULL: no scope would help, as when a group or a role is
 * missing, or for a user with a password. Lent by the arena.
 */
const char *scope_hint(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena);

#endif
