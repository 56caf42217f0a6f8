/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rate.h"

#define TICKS_PER_S (RATE_TICKS_PER_US * 1000000)

static int64_t
seconds(uint64_t ticks)
{
	return (int64_t)((ticks + TICKS_PER_S - 1) / TICKS_PER_S);
}

struct rate_drawn
rate_draw(const struct rate *rate, uint64_t full_at, uint64_t now)
{
	uint64_t most = (uint64_t)rate->burst * rate->every;
	uint64_t missing = full_at > now ? full_at - now : 0;
	uint64_t ahead = missing + rate->every;
	struct rate_drawn drawn = { .allowed = ahead <= most, .full_at = full_at };

	if (!drawn.allowed) {
		drawn.full_s = seconds(missing);
		drawn.wait_s = seconds(ahead - most);
		return drawn;
	}
	drawn.full_at = now + ahead;
	drawn.full_s = seconds(ahead);
	drawn.remaining = (int64_t)((most - ahead) / rate->every);
	return drawn;
}

const char *
rate_by_word(enum rate_by by)
{
	static const char *const words[] = { "client", "user", "subject", "peer" };

	return words[by];
}
