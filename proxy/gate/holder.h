/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holder - the client or user of the local issuer that a token belongs to. Its roles are looked up
 * at each request, not read from the token: a new grant applies to tokens already issued, and the
 * tokens of a deleted or disabled client are refused.
 *
 * Uses:   judge (its inputs), snapshot, issuer (model), policy (principal).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_HOLDER_H
#define POSTERN_PROXY_GATE_HOLDER_H

#include "base/check.h"
#include "policy/principal.h"
#include "proxy/gate/judge.h"

/* Set its name and roles in `store`, which is zeroed; a token of another issuer has none.
 * REASON_OK, or REASON_CLIENT_DISABLED. */
MUST_CHECK enum reason holder_find(
    const struct judge_inputs *inputs, const struct claims *claims, struct principal_store *store);

/* Why there is none for a token of the local issuer, for the detail. Lent by the arena, or static.
 */
const char *holder_missing(
    const struct judge_inputs *inputs, const struct claims *claims, struct arena *arena);

#endif
