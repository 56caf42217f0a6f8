/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_judge - the last step before a request is forwarded: does its caller come too often?
 *
 * Uses:   transaction, judge, rate_limits.
 * Shell:  reads the clock.
 *
 * Only a request that everything else allows is counted, so nobody learns from it whether others
 * may, or how busy they are, and refused requests cost their caller nothing. `explain` and
 * `postern test` do not come here.
 */
#ifndef POSTERN_PROXY_GATE_RATE_JUDGE_H
#define POSTERN_PROXY_GATE_RATE_JUDGE_H

#include "base/check.h"
#include "proxy/gate/transaction.h"

/*
 * Draw from the bucket of the privilege and from that of the module, from both or from neither.
 * Returns REASON_OK; REASON_RATE_LIMITED, with transaction->detail, wait_s and rate; or
 * REASON_OVERLOADED. Beyond the rate of a privilege in shadow mode it is REASON_OK, with
 * transaction->shadow_reason and detail.
 */
MUST_CHECK enum reason rate_judge(struct transaction *transaction, const struct decision *decision);

#endif
