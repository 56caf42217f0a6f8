/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/refresh_schedule.h"

#define FRESH_MIN_S 60
#define FRESH_MAX_S 3600
#define AGAIN_MAX_S 60

static int64_t
clamp(int64_t value, int64_t min, int64_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

/* 80 % of the set's lifetime, plus or minus a tenth of that, so that gates started together do not
 * fetch at the same moment. */
static int64_t
refresh_after(int64_t fresh_s, uint32_t dice)
{
	int64_t ahead_s = fresh_s * 8 / 10;
	int64_t jitter_s = ahead_s / 10;

	return ahead_s - jitter_s + (int64_t)(dice % (uint64_t)(2 * jitter_s + 1));
}

/* Always refresh before the set is stale, even if that is soon. */
static int64_t
fresh_for(const struct source *source, int64_t said_s)
{
	int64_t fresh_s = clamp(said_s >= 0 ? said_s : source->refresh_s, FRESH_MIN_S, FRESH_MAX_S);

	return fresh_s < source->stale_s ? fresh_s : source->stale_s;
}

static int64_t
again_after(int failures)
{
	return failures > 6 ? AGAIN_MAX_S : clamp(INT64_C(1) << (failures - 1), 1, AGAIN_MAX_S);
}

void
refresh_schedule_answered(struct refresh_schedule *schedule, const struct source *source,
    const struct refresh_schedule_answer *answer, int64_t now_s)
{
	int64_t wait_s;

	schedule->asked_s = now_s;
	if (answer->good) {
		schedule->good_s = now_s;
		schedule->failures = 0;
		wait_s = refresh_after(fresh_for(source, answer->max_age_s), answer->dice);
		schedule->next_s = now_s + (wait_s > 0 ? wait_s : 1);
		return;
	}
	if (schedule->failures < 1000)
		schedule->failures++;
	wait_s = again_after(schedule->failures);
	if (answer->retry_after_s > wait_s)
		wait_s = clamp(answer->retry_after_s, wait_s, FRESH_MAX_S);
	schedule->next_s = now_s + wait_s;
}

int64_t
refresh_schedule_wait_s(const struct refresh_schedule *schedule, int64_t now_s)
{
	if (now_s < schedule->asked_s || now_s >= schedule->next_s)
		return 0;
	return schedule->next_s - now_s;
}

/* If time goes backwards, do not block refreshes forever. */
bool
refresh_schedule_wanted(
    struct refresh_schedule *schedule, const struct source *source, int64_t now_s)
{
	int64_t last_s = schedule->wanted_s;

	if (last_s != 0 && now_s >= last_s && now_s - last_s < source->cooldown_s)
		return false;
	schedule->wanted_s = now_s;
	return true;
}

bool
refresh_schedule_usable(
    const struct refresh_schedule *schedule, const struct source *source, int64_t now_s)
{
	if (source->kind == SOURCE_FILE || source->kind == SOURCE_GIVEN)
		return schedule->good_s != 0;
	return schedule->good_s != 0 && now_s - schedule->good_s < source->stale_s;
}
