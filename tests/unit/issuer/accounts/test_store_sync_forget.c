/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/store_sync_forget.h"

#define NOW INT64_C(1700000000)
#define DAY 86400

/* Look every second, with a clock that is `ahead_s` ahead. True: it was due at one of them. */
static bool
look_on(struct store_sync_forget *forget, int64_t *mono_s, int64_t seconds, int64_t ahead_s)
{
	int64_t until_s = *mono_s + seconds, jump_s;
	bool due = false;

	for (; *mono_s < until_s; (*mono_s)++) {
		if (!store_sync_forget_due(forget, NOW + *mono_s + ahead_s, *mono_s, &jump_s))
			continue;
		store_sync_forget_done(forget, *mono_s);
		due = true;
	}
	return due;
}

static void
it_is_due_once_an_hour(void **state)
{
	struct store_sync_forget forget = { .done_mono_s = 100 };
	int64_t mono_s = 100;

	(void)state;
	assert_false(look_on(&forget, &mono_s, STORE_SYNC_FORGET_EVERY_S, 0));
	assert_true(look_on(&forget, &mono_s, 1, 0));
	assert_false(look_on(&forget, &mono_s, STORE_SYNC_FORGET_EVERY_S - 1, 0));
	assert_true(look_on(&forget, &mono_s, 1, 0));
}

static void
nothing_is_deleted_by_a_clock_that_jumps_ahead_and_back(void **state)
{
	struct store_sync_forget forget = { .done_mono_s = 0 };
	int64_t mono_s = 0, jump_s;

	(void)state;
	assert_false(look_on(&forget, &mono_s, STORE_SYNC_FORGET_EVERY_S - 1, 0));
	/* In the very second in which it is due. */
	assert_false(look_on(&forget, &mono_s, STEADY_AFTER_S, 2 * 365 * DAY));
	assert_false(look_on(&forget, &mono_s, STEADY_AFTER_S, 0));
	assert_true(look_on(&forget, &mono_s, 1, 0));
	assert_false(store_sync_forget_due(&forget, NOW + mono_s - DAY, mono_s, &jump_s));
	assert_true(jump_s < -DAY + 2 && jump_s > -DAY - 2);
}

static void
a_clock_that_stays_where_it_was_set_is_believed(void **state)
{
	struct store_sync_forget forget = { .done_mono_s = 0 };
	int64_t mono_s = 0;

	(void)state;
	(void)look_on(&forget, &mono_s, STORE_SYNC_FORGET_EVERY_S, 0);
	assert_false(look_on(&forget, &mono_s, STEADY_AFTER_S, DAY));
	assert_true(look_on(&forget, &mono_s, 1, DAY));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_due_once_an_hour),
		cmocka_unit_test(nothing_is_deleted_by_a_clock_that_jumps_ahead_and_back),
		cmocka_unit_test(a_clock_that_stays_where_it_was_set_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
