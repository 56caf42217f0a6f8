/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry_budget - how many of an upstream's requests may be retries, so that an outage is not made
 * worse by them.
 *
 * Each request earns a share of a retry, and each retry spends a whole one. Up to
 * RETRY_BUDGET_SAVED are saved, which are there at the start, so that few requests have retries,
 * too.
 *
 * Uses:   base.
 * Pure:   yes.
 * Threads: any; no lock.
 */
#ifndef POSTERN_PROXY_UPSTREAM_RETRY_BUDGET_H
#define POSTERN_PROXY_UPSTREAM_RETRY_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/check.h"

#define RETRY_BUDGET_SAVED 10

struct retry_budget {
	int share;        /* of a retry that a request earns, in thousandths; -1: no limit */
	atomic_int saved; /* thousandths of a retry */
};

/* With all that can be saved; with nothing where the share is 0, and so no retry ever. */
void retry_budget_init(struct retry_budget *budget, int share);

/* There is one more request, which is no retry. */
void retry_budget_earn(struct retry_budget *budget);

/* May there be a retry? Then it is spent. */
MUST_CHECK bool retry_budget_spend(struct retry_budget *budget);

#endif
