/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/upstream/health.h"

#define NOW_US INT64_C(5000000)

static void
without_a_connection_it_is_out_at_once(void **state)
{
	struct health health = { 0 };

	(void)state;
	assert_false(health_is_out(&health));
	health_unreachable(&health, NOW_US);
	assert_true(health_is_out(&health));
	assert_int_equal(health_outs(&health), 1);
	health_answered(&health);
	assert_false(health_is_out(&health));
	assert_int_equal(health_outs(&health), 0);
}

static void
one_request_may_fail_for_its_own_reasons(void **state)
{
	struct health health = { 0 };

	(void)state;
	for (int i = 0; i < HEALTH_FAILURES - 1; i++)
		health_failed(&health, NOW_US);
	assert_false(health_is_out(&health));
	health_answered(&health); /* the row ends */
	for (int i = 0; i < HEALTH_FAILURES - 1; i++)
		health_failed(&health, NOW_US);
	assert_false(health_is_out(&health));
	health_failed(&health, NOW_US);
	assert_true(health_is_out(&health));
}

/* A crash fails all that is under way. */
static void
many_failures_at_once_count_once(void **state)
{
	struct health health = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		health_failed(&health, NOW_US);
	for (int i = 0; i < 100; i++)
		health_unreachable(&health, NOW_US + 1);
	assert_int_equal(health_outs(&health), 1);
}

static void
when_it_was_out_for_long_enough_one_request_tries_it(void **state)
{
	struct health health = { 0 };

	(void)state;
	assert_false(health_try(&health, NOW_US)); /* it is good */
	health_unreachable(&health, NOW_US);
	assert_false(health_try(&health, NOW_US + HEALTH_OUT_US - 1));
	assert_true(health_try(&health, NOW_US + HEALTH_OUT_US));
	assert_false(health_try(&health, NOW_US + HEALTH_OUT_US));
	assert_true(health_is_out(&health));
	health_answered(&health);
	assert_false(health_is_out(&health));
	assert_false(health_try(&health, NOW_US + 100 * HEALTH_OUT_US));
}

static void
each_time_it_is_out_for_longer(void **state)
{
	static const int64_t seconds[] = { 1, 2, 4, 8, 16, 30, 30, 30 };
	struct health health = { 0 };
	int64_t now_us = NOW_US;

	(void)state;
	health_unreachable(&health, now_us);
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		assert_false(health_try(&health, now_us + seconds[i] * 1000000 - 1));
		now_us += seconds[i] * 1000000;
		assert_true(health_try(&health, now_us));
		health_unreachable(&health, now_us); /* the try failed: it is out already */
	}
	health_answered(&health);
	health_unreachable(&health, now_us);
	assert_true(health_try(&health, now_us + HEALTH_OUT_US));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_connection_it_is_out_at_once),
		cmocka_unit_test(one_request_may_fail_for_its_own_reasons),
		cmocka_unit_test(many_failures_at_once_count_once),
		cmocka_unit_test(when_it_was_out_for_long_enough_one_request_tries_it),
		cmocka_unit_test(each_time_it_is_out_for_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
