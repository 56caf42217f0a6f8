/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jwks/refresh_schedule.h"

#define NOW 1760000000

static const struct source fetched = {
	.kind = SOURCE_URL,
	.refresh_s = 600,
	.cooldown_s = 30,
	.stale_s = 86400,
	.timeout_ms = 5000,
};

struct fresh_case {
	const char *name;
	int64_t max_age_s;
	int64_t least_s, most_s; /* until the next try, whatever the dice */
};

static const struct fresh_case fresh[] = {
	{ "nothing said: 80 % of the configured time, a tenth more or less", -1, 432, 528 },
	{ "a max-age within the bounds", 1000, 720, 880 },
	{ "no-store is a minute", 0, 44, 52 },
	{ "15 s is a minute", 15, 44, 52 },
	{ "44 days are an hour", 44 * 86400, 2592, 3168 },
	{ "just a minute", 60, 44, 52 },
	{ "just above a minute", 75, 54, 66 },
	{ "just an hour", 3600, 2592, 3168 },
	{ "the largest number there is", INT64_MAX, 2592, 3168 },
};

static void
success_is_followed_by_a_refresh_ahead(void **state)
{
	static const uint32_t dice[] = { 0, 1, 7, 1000003, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
		for (size_t k = 0; k < sizeof(dice) / sizeof(dice[0]); k++) {
			struct refresh_schedule schedule = { .failures = 3 };
			struct refresh_schedule_answer answer = { true, fresh[i].max_age_s, -1,
				dice[k] };

			refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
			assert_int_equal(schedule.good_s, NOW);
			assert_int_equal(schedule.failures, 0);
			if (schedule.next_s < NOW + fresh[i].least_s ||
			    schedule.next_s > NOW + fresh[i].most_s)
				fail_msg("%s: next after %d s", fresh[i].name,
				    (int)(schedule.next_s - NOW));
		}
}

static void
the_jitter_reaches_both_ends(void **state)
{
	int64_t least_s = INT64_MAX, most_s = 0;

	(void)state;
	for (uint32_t dice = 0; dice < 1000; dice++) {
		struct refresh_schedule schedule = { 0 };
		struct refresh_schedule_answer answer = { true, -1, -1, dice };

		refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
		least_s = schedule.next_s - NOW < least_s ? schedule.next_s - NOW : least_s;
		most_s = schedule.next_s - NOW > most_s ? schedule.next_s - NOW : most_s;
	}
	assert_int_equal(least_s, 432);
	assert_int_equal(most_s, 528);
}

struct stale_case {
	const char *name;
	int64_t stale_s, least_s, most_s;
};

static const struct stale_case stales[] = {
	{ "longer than fresh", 601, 432, 528 },
	{ "shorter than fresh: asked for before it is stale", 300, 216, 264 },
	{ "shorter than a minute", 10, 8, 8 },
	{ "a second: never without a pause", 1, 1, 1 },
};

static void
a_set_is_asked_for_again_before_it_is_stale(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stales) / sizeof(stales[0]); i++)
		for (uint32_t dice = 0; dice < 100; dice++) {
			struct source source = fetched;
			struct refresh_schedule schedule = { 0 };
			struct refresh_schedule_answer answer = { true, -1, -1, dice };

			source.stale_s = stales[i].stale_s;
			refresh_schedule_answered(&schedule, &source, &answer, NOW);
			if (schedule.next_s < NOW + stales[i].least_s ||
			    schedule.next_s > NOW + stales[i].most_s)
				fail_msg("%s: next after %d s", stales[i].name,
				    (int)(schedule.next_s - NOW));
		}
}

struct wait_case {
	const char *name;
	int64_t asked_s, next_s, now_s, wait_s;
};

static const struct wait_case wait_cases[] = {
	{ "nothing yet: at once", 0, 0, NOW, 0 },
	{ "a second before", NOW, NOW + 100, NOW + 99, 1 },
	{ "at the time", NOW, NOW + 100, NOW + 100, 0 },
	{ "after it", NOW, NOW + 100, NOW + 1000, 0 },
	{ "just asked", NOW, NOW + 100, NOW, 100 },
	{ "the clock was set back: what was planned would come too late", NOW, NOW + 100, NOW - 1,
	    0 },
	{ "set back by a year", NOW, NOW + 100, NOW - 31536000, 0 },
	{ "set ahead", NOW, NOW + 100, NOW + 31536000, 0 },
};

static void
the_wait_ends_when_it_was_planned(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wait_cases) / sizeof(wait_cases[0]); i++) {
		struct refresh_schedule schedule = { .asked_s = wait_cases[i].asked_s,
			.next_s = wait_cases[i].next_s };
		int64_t wait_s = refresh_schedule_wait_s(&schedule, wait_cases[i].now_s);

		if (wait_s != wait_cases[i].wait_s)
			fail_msg("%s: want %d, got %d", wait_cases[i].name,
			    (int)wait_cases[i].wait_s, (int)wait_s);
	}
}

static void
failures_are_followed_by_ever_longer_waits(void **state)
{
	static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct refresh_schedule schedule = { .good_s = NOW - 100 };
	struct refresh_schedule_answer answer = { false, -1, -1, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
		assert_int_equal(schedule.next_s - NOW, waits[i]);
		assert_int_equal(schedule.good_s, NOW - 100);
	}
}

static void
retry_after_is_heeded_within_an_hour(void **state)
{
	struct refresh_schedule schedule = { 0 };
	struct refresh_schedule_answer answer = { false, -1, 120, 0 };

	(void)state;
	refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
	assert_int_equal(schedule.next_s - NOW, 120);
	answer.retry_after_s = 0;
	schedule = (struct refresh_schedule){ .failures = 3 };
	refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
	assert_int_equal(schedule.next_s - NOW, 8);
	answer.retry_after_s = 1000000;
	refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
	assert_int_equal(schedule.next_s - NOW, 3600);
}

static void
an_unknown_kid_asks_once_per_cooldown(void **state)
{
	struct refresh_schedule schedule = { 0 };
	int asked = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		asked += refresh_schedule_wanted(&schedule, &fetched, NOW + i / 1000);
	assert_int_equal(asked, 1);
	assert_false(refresh_schedule_wanted(&schedule, &fetched, NOW + 29));
	assert_true(refresh_schedule_wanted(&schedule, &fetched, NOW + 30));
	/* set back, the clock does not close the door */
	assert_true(refresh_schedule_wanted(&schedule, &fetched, NOW - 1000000));
}

static void
a_failed_refresh_counts_for_the_cooldown(void **state)
{
	struct refresh_schedule schedule = { .good_s = NOW - 10 };
	struct refresh_schedule_answer answer = { false, -1, -1, 0 };

	(void)state;
	assert_true(refresh_schedule_wanted(&schedule, &fetched, NOW));
	refresh_schedule_answered(&schedule, &fetched, &answer, NOW);
	assert_false(refresh_schedule_wanted(&schedule, &fetched, NOW + 29));
	assert_true(refresh_schedule_wanted(&schedule, &fetched, NOW + 30));
}

static void
keys_count_until_they_are_stale(void **state)
{
	struct refresh_schedule schedule = { 0 };
	struct source file = { .kind = SOURCE_FILE };

	(void)state;
	assert_false(refresh_schedule_usable(&schedule, &fetched, NOW));
	schedule.good_s = NOW;
	assert_true(refresh_schedule_usable(&schedule, &fetched, NOW + 86399));
	assert_false(refresh_schedule_usable(&schedule, &fetched, NOW + 86400));
	assert_true(refresh_schedule_usable(&schedule, &file, NOW + 10 * 86400));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_followed_by_a_refresh_ahead),
		cmocka_unit_test(the_jitter_reaches_both_ends),
		cmocka_unit_test(a_set_is_asked_for_again_before_it_is_stale),
		cmocka_unit_test(the_wait_ends_when_it_was_planned),
		cmocka_unit_test(failures_are_followed_by_ever_longer_waits),
		cmocka_unit_test(retry_after_is_heeded_within_an_hour),
		cmocka_unit_test(an_unknown_kid_asks_once_per_cooldown),
		cmocka_unit_test(a_failed_refresh_counts_for_the_cooldown),
		cmocka_unit_test(keys_count_until_they_are_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
