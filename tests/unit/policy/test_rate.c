/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "policy/rate.h"

#define S (RATE_TICKS_PER_US * 1000000)

/* Two a second, five at once. */
static const struct rate rate = { .every = S / 2, .burst = 5 };

/* Times in halves of a second. */
static const struct {
	const char *true_of_it;
	uint64_t full_at, now;
	bool allowed;
	uint64_t full_after;
	int64_t remaining, full_s, wait_s;
} cases[] = {
	{ "the first of all", 0, 100, true, 101, 4, 1, 0 },
	{ "long ago full", 20, 100, true, 101, 4, 1, 0 },
	{ "full just now", 100, 100, true, 101, 4, 1, 0 },
	{ "one missing", 101, 100, true, 102, 3, 1, 0 },
	{ "the last at once", 104, 100, true, 105, 0, 3, 0 },
	{ "one too many", 105, 100, false, 105, 0, 3, 1 },
	{ "one has come back", 105, 101, true, 106, 0, 3, 0 },
	{ "by a clock that is behind", 105, 99, false, 105, 0, 3, 1 },
	{ "full far ahead", 145, 100, false, 145, 0, 23, 21 },
};

static void
one_request(void **state)
{
	const size_t i = (size_t)*state;
	struct rate_drawn drawn =
	    rate_draw(&rate, cases[i].full_at * (S / 2), cases[i].now * (S / 2));

	assert_int_equal(drawn.allowed, cases[i].allowed);
	assert_int_equal(drawn.full_at, cases[i].full_after * (S / 2));
	assert_int_equal(drawn.remaining, cases[i].remaining);
	assert_int_equal(drawn.full_s, cases[i].full_s);
	assert_int_equal(drawn.wait_s, cases[i].wait_s);
}

/* Whatever the intervals, no window has more than burst + what comes back in it. */
static void
no_more_than_the_limit(void **state)
{
	uint64_t full_at = 0, now = 1000 * S, start = now;
	uint64_t seed = 1, passed = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct rate_drawn drawn = rate_draw(&rate, full_at, now);

		passed += drawn.allowed ? 1 : 0;
		full_at = drawn.full_at;
		assert_true(drawn.remaining >= 0 && drawn.remaining < rate.burst);
		assert_int_equal(drawn.wait_s > 0, !drawn.allowed);
		assert_true(passed <= (uint64_t)rate.burst + (now - start) / rate.every);
		seed = seed * UINT64_C(6364136223846793005) + 1;
		now += (seed >> 33) % S;
	}
	assert_true(passed >= (now - start) / rate.every * 9 / 10);
}

/* Who waits as long as it is told is let in. */
static void
the_wait_is_enough(void **state)
{
	uint64_t now = 7, full_at = 0;
	struct rate_drawn drawn;

	(void)state;
	do {
		drawn = rate_draw(&rate, full_at, now);
		full_at = drawn.full_at;
	} while (drawn.allowed);
	now += (uint64_t)drawn.wait_s * S;
	assert_true(rate_draw(&rate, full_at, now).allowed);
}

static void
the_words(void **state)
{
	(void)state;
	assert_string_equal(rate_by_word(RATE_BY_CLIENT), "client");
	assert_string_equal(rate_by_word(RATE_BY_PEER), "peer");
}

int
main(void)
{
	struct CMUnitTest tests[sizeof(cases) / sizeof(cases[0])];
	const struct CMUnitTest rest[] = {
		cmocka_unit_test(no_more_than_the_limit),
		cmocka_unit_test(the_wait_is_enough),
		cmocka_unit_test(the_words),
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].true_of_it,
			.test_func = one_request,
			.initial_state = (void *)i };
	return cmocka_run_group_tests_name("rate_draw", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("rate", rest, NULL, NULL);
}
