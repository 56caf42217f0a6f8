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
 * The scopes of which any one suffices, with spaces between: the privilege's own, and those of
 * lines of `granted_to` that ask for nothing but a scope of the caller's issuer (or of any, while
 * nobody is known: `principal` NULL). NULL: no scope helps, as where a group or a role is lacking
 * and for a user with a password. Lent by the arena.
 */
const char *scope_hint(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena);

#endif
