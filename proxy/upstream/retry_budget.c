/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/retry_budget.h"

#define ONE 1000
#define MOST (RETRY_BUDGET_SAVED * ONE)

void
retry_budget_init(struct retry_budget *budget, int share)
{
	budget->share = share;
	atomic_store(&budget->saved, share == 0 ? 0 : MOST);
}

/* When enough is saved nothing is written, so that cores do not meet here. */
void
retry_budget_earn(struct retry_budget *budget)
{
	if (budget->share > 0 &&
	    atomic_load_explicit(&budget->saved, memory_order_relaxed) <= MOST - budget->share)
		atomic_fetch_add_explicit(&budget->saved, budget->share, memory_order_relaxed);
}

bool
retry_budget_spend(struct retry_budget *budget)
{
	int saved = atomic_load_explicit(&budget->saved, memory_order_relaxed);

	if (budget->share < 0)
		return true;
	while (saved >= ONE)
		if (atomic_compare_exchange_weak(&budget->saved, &saved, saved - ONE))
			return true;
	return false;
}
