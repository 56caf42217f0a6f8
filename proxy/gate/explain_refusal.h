/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_refusal - why a caller who is known may not, while the request is under way: for the log
 * and for `recent`. It needs the token once more, so it is made before that is gone, and of
 * refusals only.
 *
 * Uses:   transaction, explain_why, explain_revoked, policy (explain).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_REFUSAL_H
#define POSTERN_PROXY_GATE_EXPLAIN_REFUSAL_H

#include <stdbool.h>

#include "proxy/gate/transaction.h"

/*
 * If a known caller lacks a role or a scope, or a claim differs from the path: set
 * transaction->log_detail, which names the first line of `granted_to` that fails, and, with
 * `whole`, transaction->why. Of a token that was revoked, with `whole`, transaction->why: what the
 * revocation is found by later. Without memory they stay unset.
 */
void explain_refusal(struct transaction *transaction, const struct decision *decision, bool whole);

#endif
