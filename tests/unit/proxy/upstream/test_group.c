/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/upstream/group.h"

#define NOW_US INT64_C(5000000)
#define MEMBERS 3

struct grouped {
	struct group *group;
	struct upstream *at[MEMBERS];
};

static void
grouped_init(struct grouped *grouped, size_t count)
{
	static const char *const urls[MEMBERS] = { "http://127.0.0.1:1", "http://127.0.0.1:2",
		"http://127.0.0.1:3" };
	struct err err;

	grouped->group = group_new(-1);
	assert_non_null(grouped->group);
	for (size_t i = 0; i < count; i++) {
		if (!upstream_new(urls[i], &(struct upstream_trust){ NULL }, &grouped->at[i], &err))
			fail_msg("%s", err.text);
		group_add(grouped->group, grouped->at[i], NULL);
	}
}

/* The next of a request that tried these; -1: none. */
static int
choose(struct grouped *grouped, uint32_t *tried, int64_t now_us)
{
	struct upstream *chosen = group_choose(grouped->group, tried, now_us);

	for (int i = 0; i < MEMBERS; i++)
		if (chosen != NULL && chosen == grouped->at[i])
			return i;
	return -1;
}

static int
choose_first(struct grouped *grouped, int64_t now_us)
{
	uint32_t tried = 0;

	return choose(grouped, &tried, now_us);
}

static void
equals_take_turns(void **state)
{
	struct grouped grouped;
	int times[MEMBERS] = { 0 };

	(void)state;
	grouped_init(&grouped, MEMBERS);
	for (int i = 0; i < 30; i++)
		times[choose_first(&grouped, NOW_US)]++;
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(times[i], 10);
	group_free(grouped.group);
}

static void
who_has_less_to_do_gets_more(void **state)
{
	struct grouped grouped;

	(void)state;
	grouped_init(&grouped, MEMBERS);
	for (int i = 0; i < 5; i++) {
		upstream_begin(grouped.at[0]);
		upstream_begin(grouped.at[2]);
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(choose_first(&grouped, NOW_US), 1);
		upstream_begin(grouped.at[1]);
	}
	for (int i = 0; i < 3; i++)
		upstream_end(grouped.at[2]);
	assert_int_equal(choose_first(&grouped, NOW_US), 2);
	group_free(grouped.group);
}

static void
each_is_tried_once(void **state)
{
	struct grouped grouped;

	(void)state;
	for (size_t count = 1; count <= MEMBERS; count++) {
		uint32_t tried = 0, seen = 0;

		grouped_init(&grouped, count);
		for (size_t i = 0; i < count; i++) {
			assert_true(group_has_more(grouped.group, tried));
			seen |= UINT32_C(1) << choose(&grouped, &tried, NOW_US);
		}
		assert_int_equal(seen, (1 << count) - 1);
		assert_false(group_has_more(grouped.group, tried));
		assert_int_equal(choose(&grouped, &tried, NOW_US), -1);
		group_free(grouped.group);
	}
}

static void
who_is_out_gets_nothing_but_one_try_when_it_is_time(void **state)
{
	struct grouped grouped;

	(void)state;
	grouped_init(&grouped, MEMBERS);
	health_unreachable(upstream_health(grouped.at[1]), NOW_US);
	for (int i = 0; i < 9; i++)
		assert_int_not_equal(choose_first(&grouped, NOW_US), 1);
	/* Another that is busy is better than one that is out. */
	health_unreachable(upstream_health(grouped.at[0]), NOW_US);
	upstream_begin(grouped.at[2]);
	assert_int_equal(choose_first(&grouped, NOW_US), 2);
	health_answered(upstream_health(grouped.at[0]));
	upstream_end(grouped.at[2]);

	int tries = 0;

	for (int i = 0; i < 9; i++)
		tries += choose_first(&grouped, NOW_US + HEALTH_OUT_US) == 1;
	assert_int_equal(tries, 1);
	health_answered(upstream_health(grouped.at[1]));
	for (int i = 0; i < 9; i++)
		tries += choose_first(&grouped, NOW_US + HEALTH_OUT_US) == 1;
	assert_int_equal(tries, 4);
	group_free(grouped.group);
}

static void
if_all_are_out_the_least_bad_is_tried(void **state)
{
	struct grouped grouped;
	uint32_t tried = 0;

	(void)state;
	grouped_init(&grouped, MEMBERS);
	for (int i = 0; i < MEMBERS; i++)
		health_unreachable(upstream_health(grouped.at[i]), NOW_US);
	assert_true(health_try(upstream_health(grouped.at[0]), NOW_US + HEALTH_OUT_US));
	health_answered(upstream_health(grouped.at[2]));
	health_unreachable(upstream_health(grouped.at[2]), NOW_US + HEALTH_OUT_US);
	upstream_begin(grouped.at[2]);
	health_answered(upstream_health(grouped.at[1]));
	health_unreachable(upstream_health(grouped.at[1]), NOW_US + HEALTH_OUT_US);
	assert_int_equal(choose(&grouped, &tried, NOW_US + HEALTH_OUT_US), 1);
	assert_int_equal(choose(&grouped, &tried, NOW_US + HEALTH_OUT_US), 2);
	assert_int_equal(choose(&grouped, &tried, NOW_US + HEALTH_OUT_US), 0);
	group_free(grouped.group);
}

static void
an_address_alone_is_always_chosen(void **state)
{
	struct grouped grouped;

	(void)state;
	grouped_init(&grouped, 1);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(choose_first(&grouped, NOW_US), 0);
		health_unreachable(upstream_health(grouped.at[0]), NOW_US);
	}
	group_free(grouped.group);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_take_turns),
		cmocka_unit_test(who_has_less_to_do_gets_more),
		cmocka_unit_test(each_is_tried_once),
		cmocka_unit_test(who_is_out_gets_nothing_but_one_try_when_it_is_time),
		cmocka_unit_test(if_all_are_out_the_least_bad_is_tried),
		cmocka_unit_test(an_address_alone_is_always_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
