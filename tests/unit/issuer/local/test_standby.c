/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "issuer/local/standby.h"

static const struct standby_settings settings = { .after_s = 60, .hold_s = 30 };

/* One issuer; good_s is when its keys came last. */
static bool
look(struct standby *standby, bool usable, int64_t good_s, int64_t now_s)
{
	struct standby_issuer issuer = { usable, good_s };
	struct standby_inputs inputs = { &issuer, 1, now_s };

	(void)standby_step(standby, &settings, &inputs);
	return standby->in_force;
}

static void
it_stands_by_while_an_issuer_has_keys(void **state)
{
	struct standby standby = { .started_s = 1000 };
	struct standby_issuer two[] = { { true, 0 }, { false, 0 } };
	struct standby_inputs inputs = { two, 2, 90000 };

	(void)state;
	assert_false(standby_step(&standby, &settings, &inputs));
	assert_false(standby.in_force);
	/* Stale keys that may still be used are keys. */
	assert_false(look(&standby, true, 1, 99000));
}

static void
it_needs_the_whole_time_and_every_issuer(void **state)
{
	struct standby standby = { .started_s = 1000 };
	struct standby_issuer two[] = { { false, 1100 }, { false, 1130 } };
	struct standby_inputs inputs = { two, 2, 1190 };

	(void)state;
	assert_false(standby_step(&standby, &settings, &inputs));
	inputs.now_s = 1191;
	assert_true(standby_step(&standby, &settings, &inputs));
	assert_true(standby.in_force);
	assert_int_equal(standby.changes, 1);
	assert_int_equal(standby.since_s, 1191);
}

static void
a_start_with_everything_down_waits_too(void **state)
{
	struct standby standby = { .started_s = 1000 };

	(void)state;
	assert_false(look(&standby, false, 0, 1060));
	assert_true(look(&standby, false, 0, 1061));
	/* A fetch of an earlier run does not shorten it. */
	standby = (struct standby){ .started_s = 1000 };
	assert_false(look(&standby, false, 10, 1060));
}

static void
no_issuer_is_none_that_could_be_down(void **state)
{
	struct standby standby = { .started_s = 1 };
	struct standby_inputs inputs = { NULL, 0, 90000 };

	(void)state;
	assert_false(standby_step(&standby, &settings, &inputs));
	assert_false(standby.in_force);
	/* Issuers that a reload took away take the fallback with them. */
	standby.in_force = true;
	assert_true(standby_step(&standby, &settings, &inputs));
	assert_false(standby.in_force);
}

static void
it_is_left_after_the_hold_without_a_break(void **state)
{
	struct standby standby = { .started_s = 1000 };

	(void)state;
	assert_true(look(&standby, false, 0, 1100));
	assert_true(look(&standby, true, 1200, 1200));
	assert_true(look(&standby, true, 1200, 1229));
	assert_true(look(&standby, false, 1200, 1229));
	assert_true(look(&standby, true, 1230, 1230));
	assert_true(look(&standby, true, 1230, 1259));
	assert_false(look(&standby, true, 1230, 1260));
	assert_int_equal(standby.changes, 2);
}

/* Leave at `now_s`; how long must everything be down until it is entered again? */
static int64_t
leave_and_come_back(struct standby *standby, int64_t *now_s)
{
	int64_t down_s;

	(void)look(standby, true, *now_s, *now_s);
	*now_s += settings.hold_s;
	assert_false(look(standby, true, *now_s, *now_s));
	down_s = *now_s;
	while (!look(standby, false, down_s, ++*now_s))
		continue;
	return *now_s - down_s;
}

static void
flapping_makes_it_wait_longer_each_time(void **state)
{
	struct standby standby = { .started_s = 1000 };
	int64_t now_s = 1100, waits[8];

	(void)state;
	assert_true(look(&standby, false, 0, now_s));
	for (int i = 0; i < 8; i++)
		waits[i] = leave_and_come_back(&standby, &now_s);
	assert_int_equal(waits[0], 61 + 30);
	assert_int_equal(waits[1], 61 + 60);
	assert_int_equal(waits[2], 61 + 120);
	assert_int_equal(waits[6], 61 + STANDBY_WORST * 30);
	assert_int_equal(waits[7], waits[6]);
	/* A calm time makes up for it. */
	(void)look(&standby, true, now_s, now_s);
	now_s += settings.hold_s;
	assert_false(look(&standby, true, now_s, now_s));
	now_s += STANDBY_RESTLESS * settings.hold_s;
	assert_false(look(&standby, true, now_s, now_s));
	assert_true(look(&standby, false, now_s, now_s + 61));
}

static void
a_clock_that_was_set_back_opens_nothing(void **state)
{
	struct standby standby = { .started_s = 100000 };

	(void)state;
	assert_false(look(&standby, false, 0, 500));
	assert_false(look(&standby, false, 0, 560));
	assert_true(look(&standby, false, 0, 561));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stands_by_while_an_issuer_has_keys),
		cmocka_unit_test(it_needs_the_whole_time_and_every_issuer),
		cmocka_unit_test(a_start_with_everything_down_waits_too),
		cmocka_unit_test(no_issuer_is_none_that_could_be_down),
		cmocka_unit_test(it_is_left_after_the_hold_without_a_break),
		cmocka_unit_test(flapping_makes_it_wait_longer_each_time),
		cmocka_unit_test(a_clock_that_was_set_back_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
