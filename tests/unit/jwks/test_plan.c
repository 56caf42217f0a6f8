/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jwks/plan.h"

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
};

static void
success_is_followed_by_a_refresh_ahead(void **state)
{
	static const uint32_t dice[] = { 0, 1, 7, 1000003, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
		for (size_t k = 0; k < sizeof(dice) / sizeof(dice[0]); k++) {
			struct plan plan = { .failures = 3 };
			struct plan_answer answer = { true, fresh[i].max_age_s, -1, dice[k] };

			plan_answered(&plan, &fetched, &answer, NOW);
			assert_int_equal(plan.good_s, NOW);
			assert_int_equal(plan.failures, 0);
			if (plan.next_s < NOW + fresh[i].least_s ||
			    plan.next_s > NOW + fresh[i].most_s)
				fail_msg(
				    "%s: next after %d s", fresh[i].name, (int)(plan.next_s - NOW));
		}
}

static void
failures_are_followed_by_ever_longer_waits(void **state)
{
	static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct plan plan = { .good_s = NOW - 100 };
	struct plan_answer answer = { false, -1, -1, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		plan_answered(&plan, &fetched, &answer, NOW);
		assert_int_equal(plan.next_s - NOW, waits[i]);
		assert_int_equal(plan.good_s, NOW - 100);
	}
}

static void
retry_after_is_heeded_within_an_hour(void **state)
{
	struct plan plan = { 0 };
	struct plan_answer answer = { false, -1, 120, 0 };

	(void)state;
	plan_answered(&plan, &fetched, &answer, NOW);
	assert_int_equal(plan.next_s - NOW, 120);
	answer.retry_after_s = 1000000;
	plan_answered(&plan, &fetched, &answer, NOW);
	assert_int_equal(plan.next_s - NOW, 3600);
}

static void
an_unknown_kid_asks_once_per_cooldown(void **state)
{
	struct plan plan = { 0 };
	int asked = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		asked += plan_wanted(&plan, &fetched, NOW + i / 1000);
	assert_int_equal(asked, 1);
	assert_false(plan_wanted(&plan, &fetched, NOW + 29));
	assert_true(plan_wanted(&plan, &fetched, NOW + 30));
	/* set back, the clock does not close the door */
	assert_true(plan_wanted(&plan, &fetched, NOW - 1000000));
}

static void
keys_count_until_they_are_stale(void **state)
{
	struct plan plan = { 0 };
	struct source file = { .kind = SOURCE_FILE };

	(void)state;
	assert_false(plan_usable(&plan, &fetched, NOW));
	plan.good_s = NOW;
	assert_true(plan_usable(&plan, &fetched, NOW + 86399));
	assert_false(plan_usable(&plan, &fetched, NOW + 86400));
	assert_true(plan_usable(&plan, &file, NOW + 10 * 86400));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_followed_by_a_refresh_ahead),
		cmocka_unit_test(failures_are_followed_by_ever_longer_waits),
		cmocka_unit_test(retry_after_is_heeded_within_an_hour),
		cmocka_unit_test(an_unknown_kid_asks_once_per_cooldown),
		cmocka_unit_test(keys_count_until_they_are_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
