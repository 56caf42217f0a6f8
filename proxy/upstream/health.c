/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/health.h"

static int64_t
out_us(unsigned outs)
{
	int64_t us = HEALTH_OUT_US;

	while (outs-- > 0 && us < HEALTH_OUT_MOST_US)
		us *= 2;
	return us < HEALTH_OUT_MOST_US ? us : HEALTH_OUT_MOST_US;
}

/* Of many that find the same at the same time, one takes it out: a crash that fails a hundred
 * requests counts once. */
static bool
take_out(struct health *health, int_fast64_t until_us, int64_t now_us)
{
	unsigned outs = atomic_load_explicit(&health->outs, memory_order_relaxed);

	if (!atomic_compare_exchange_strong(
		&health->out_until_us, &until_us, now_us + out_us(outs)))
		return false;
	atomic_fetch_add_explicit(&health->outs, 1, memory_order_relaxed);
	return true;
}

bool
health_is_out(struct health *health)
{
	return atomic_load_explicit(&health->out_until_us, memory_order_relaxed) != 0;
}

unsigned
health_outs(struct health *health)
{
	return atomic_load_explicit(&health->outs, memory_order_relaxed);
}

bool
health_try(struct health *health, int64_t now_us)
{
	int_fast64_t until_us = atomic_load_explicit(&health->out_until_us, memory_order_relaxed);

	return until_us != 0 && until_us <= now_us && take_out(health, until_us, now_us);
}

void
health_unreachable(struct health *health, int64_t now_us)
{
	int_fast64_t until_us = atomic_load_explicit(&health->out_until_us, memory_order_relaxed);

	if (until_us <= now_us)
		(void)take_out(health, until_us, now_us);
}

void
health_failed(struct health *health, int64_t now_us)
{
	if (atomic_fetch_add_explicit(&health->failures, 1, memory_order_relaxed) + 1 >=
	    HEALTH_FAILURES)
		health_unreachable(health, now_us);
}

/* Nearly always there is nothing to write, so that cores do not meet here. */
void
health_answered(struct health *health)
{
	if (atomic_load_explicit(&health->failures, memory_order_relaxed) != 0)
		atomic_store_explicit(&health->failures, 0, memory_order_relaxed);
	if (!health_is_out(health) && health_outs(health) == 0)
		return;
	atomic_store(&health->out_until_us, 0);
	atomic_store(&health->outs, 0);
}
