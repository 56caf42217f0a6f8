/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#define S (RATE_TICKS_PER_US * 1000000)

static const struct {
	const char *text;
	enum rate_by by;
	uint64_t every;
	int64_t burst;
} good[] = {
	{ "{limit: 100/s}", RATE_BY_CLIENT, S / 100, 100 },
	{ "{limit: 100/s, burst: 200, by: user}", RATE_BY_USER, S / 100, 200 },
	{ "{limit: 20/m, by: peer}", RATE_BY_PEER, 3 * S, 20 },
	{ "{limit: 1/h, by: subject, burst: 1}", RATE_BY_SUBJECT, 3600 * S, 1 },
	{ "{limit: 5000/d}", RATE_BY_CLIENT, 17280 * S / 1000, 5000 },
	{ "{limit: 100000/s, burst: 1000000}", RATE_BY_CLIENT, S / 100000, 1000000 },
	{ "{limit: 1/d, burst: 30}", RATE_BY_CLIENT, 86400 * S, 30 },
	{ "{limit: 3/s}", RATE_BY_CLIENT, S / 3 + 1, 3 },
};

static void
a_rate_is_read(void **state)
{
	const size_t i = (size_t)*state;
	const struct rate *rate;
	struct load load;
	char text[256];

	(void)snprintf(
	    text, sizeof(text), "privileges: {p: {paths: [/a], rate: %s}}", good[i].text);
	load_good(&load, span_of(text));
	rate = load.policy.privileges->rate;
	assert_non_null(rate);
	assert_string_equal(rate->name, "p");
	assert_false(rate->of_module);
	assert_int_equal(rate->by, good[i].by);
	assert_int_equal(rate->every, good[i].every);
	assert_int_equal(rate->burst, good[i].burst);
	load_done(&load);
}

static const struct {
	const char *text, *told;
} bad[] = {
	{ "{}", "/privileges/p/rate: \"limit\" is missing" },
	{ "100/s", "/privileges/p/rate: must be a map" },
	{ "{limit: 100}",
	    "/privileges/p/rate/limit: must be a number from 1 to 100000 and a unit" },
	{ "{limit: 100/w}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 0/s}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: -1/s}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 100001/s}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 99999999999999999999/s}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: \"10/s \"}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 10/sec}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 10 /s}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 1.5/s}", "must be a number from 1 to 100000 and a unit" },
	{ "{limit: 10/s, burst: 0}", "/privileges/p/rate/burst: must be at least 1" },
	{ "{limit: 10/s, burst: 1000001}", "/privileges/p/rate/burst: must be " },
	{ "{limit: 10/s, burst: many}", "/privileges/p/rate/burst: must be " },
	{ "{limit: 1/d, burst: 31}",
	    "/privileges/p/rate/burst: is more than comes back in 30 days" },
	{ "{limit: 10/s, by: role}", "/privileges/p/rate/by: must be " },
	{ "{limit: 10/s, per: peer}", "/privileges/p/rate/per: unknown key" },
};

static void
a_mistake_is_reported(void **state)
{
	const size_t i = (size_t)*state;
	struct buffer told;
	struct load load;
	char text[256];

	(void)snprintf(text, sizeof(text), "privileges: {p: {paths: [/a], rate: %s}}", bad[i].text);
	load_init(&load);
	load_read(&load, span_of(text));
	load_told(&load, &told);
	assert_true(load.mistakes.errors > 0);
	if (strstr(told.at, bad[i].told) == NULL)
		fail_msg("want %s, got %s", bad[i].told, told.at);
	buffer_done(&told);
	load_done(&load);
}

static void
each_has_a_place(void **state)
{
	struct load load;
	bool seen[3] = { false };

	(void)state;
	load_good(&load, SPAN("modules: {m: {paths: [/a], rate: {limit: 1/s}}, n: {paths: [/b]}}\n"
			      "privileges:\n"
			      "  p: {modules: [m], rate: {limit: 2/s}}\n"
			      "  q: {modules: [n]}\n"
			      "  r: {paths: [/c], rate: {limit: 3/s}}\n"));
	assert_int_equal(load.policy.rate_count, 3);
	for (const struct rate *rate = load.policy.rates; rate != NULL; rate = rate->next) {
		assert_true(rate->index < 3 && !seen[rate->index]);
		seen[rate->index] = true;
	}
	assert_true(load.policy.modules->rate->of_module);
	assert_string_equal(load.policy.modules->rate->name, "m");
	assert_null(load.policy.modules->next->rate);
	assert_null(load.policy.privileges->next->rate);
	load_done(&load);
}

#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

int
main(void)
{
	struct CMUnitTest good_tests[COUNT(good)], bad_tests[COUNT(bad)];
	const struct CMUnitTest rest[] = { cmocka_unit_test(each_has_a_place) };

	for (size_t i = 0; i < COUNT(good); i++)
		good_tests[i] = (struct CMUnitTest){ .name = good[i].text,
			.test_func = a_rate_is_read,
			.initial_state = (void *)i };
	for (size_t i = 0; i < COUNT(bad); i++)
		bad_tests[i] = (struct CMUnitTest){ .name = bad[i].text,
			.test_func = a_mistake_is_reported,
			.initial_state = (void *)i };
	return cmocka_run_group_tests_name("good rates", good_tests, NULL, NULL) +
	       cmocka_run_group_tests_name("bad rates", bad_tests, NULL, NULL) +
	       cmocka_run_group_tests_name("rates", rest, NULL, NULL);
}
