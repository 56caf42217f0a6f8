/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy_lack - what a caller must get, or lose, who is known and may not: roles,
 * scopes, and claims that `match` compares.
 *
 * Uses:   remedy_say, policy (privilege). For remedy.c only.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_REMEDY_LACK_H
#define POSTERN_PROXY_GATE_REMEDY_LACK_H

#include "base/reason.h"
#include "proxy/gate/remedy_say.h"

/* Add what there is for privilege_missing, scope_missing and claim_mismatch; nothing for others. */
void remedy_lack(const struct remedy *remedy, enum reason reason);

#endif
