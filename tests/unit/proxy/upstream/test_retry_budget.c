/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/upstream/retry_budget.h"

/* How many retries are there now? */
static int
spend_all(struct retry_budget *budget)
{
	int spent = 0;

	while (spent < 10000 && retry_budget_spend(budget))
		spent++;
	return spent;
}

static void
what_is_saved_at_the_start_is_all(void **state)
{
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget, 100);
	for (int i = 0; i < 1000; i++)
		retry_budget_earn(&budget);
	assert_int_equal(spend_all(&budget), RETRY_BUDGET_SAVED);
	assert_false(retry_budget_spend(&budget));
}

static void
each_request_earns_its_share(void **state)
{
	static const struct {
		int share, requests, retries;
	} cases[] = { { 100, 9, 0 }, { 100, 10, 1 }, { 100, 25, 2 }, { 100, 1000, 10 },
		{ 1, 999, 0 }, { 1, 1000, 1 }, { 1000, 3, 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct retry_budget budget;

		retry_budget_init(&budget, cases[i].share);
		assert_int_equal(spend_all(&budget), RETRY_BUDGET_SAVED);
		for (int k = 0; k < cases[i].requests; k++)
			retry_budget_earn(&budget);
		assert_int_equal(spend_all(&budget), cases[i].retries);
	}
}

/* Whatever the order: of 1 000 requests that would all be repeated a tenth is. */
static void
a_storm_is_bounded(void **state)
{
	struct retry_budget budget;
	int retries = 0;

	(void)state;
	retry_budget_init(&budget, 100);
	for (int i = 0; i < 1000; i++) {
		retry_budget_earn(&budget);
		retries += retry_budget_spend(&budget);
	}
	assert_true(retries >= 100 && retries <= 100 + RETRY_BUDGET_SAVED);
}

static void
a_share_of_nothing_is_nothing(void **state)
{
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget, 0);
	for (int i = 0; i < 1000; i++)
		retry_budget_earn(&budget);
	assert_int_equal(spend_all(&budget), 0);
}

static void
without_a_limit_there_is_none(void **state)
{
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget, -1);
	assert_int_equal(spend_all(&budget), 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_at_the_start_is_all),
		cmocka_unit_test(each_request_earns_its_share),
		cmocka_unit_test(a_storm_is_bounded),
		cmocka_unit_test(a_share_of_nothing_is_nothing),
		cmocka_unit_test(without_a_limit_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
