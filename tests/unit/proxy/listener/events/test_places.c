/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections go when there are too many, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/listener/events/places.h"

static struct places places;
static struct placed those[PLACES_LINGERING_MAX + 8];

static int
begin(void **state)
{
	(void)state;
	places_init(&places);
	for (size_t i = 0; i < sizeof(those) / sizeof(*those); i++)
		those[i] = (struct placed){ 0 };
	return 0;
}

/* those[i] begins at second i. */
static void
enter(size_t count, enum listener_state state)
{
	for (size_t i = 0; i < count; i++)
		places_enter(&places, &those[i], state, (int64_t)i * 1000000);
}

static void
they_are_counted_by_what_they_do(void **state)
{
	(void)state;
	enter(5, LISTENER_READING);
	places_move(&places, &those[1], LISTENER_SERVING, 9);
	places_move(&places, &those[3], LISTENER_IDLE, 9);
	places_leave(&places, &those[4]);
	assert_int_equal(places_count(&places, LISTENER_READING), 2);
	assert_int_equal(places_count(&places, LISTENER_SERVING), 1);
	assert_int_equal(places_count(&places, LISTENER_IDLE), 1);
	assert_int_equal(places_count(&places, LISTENER_SURPLUS), 0);
	assert_int_equal(places_count(&places, LISTENER_LINGERING), 0);
}

static void
whoever_is_idle_for_longest_goes_first(void **state)
{
	(void)state;
	enter(3, LISTENER_IDLE);
	assert_ptr_equal(places_dispensable(&places, 3000000), &those[0]);
	places_move(&places, &those[0], LISTENER_SERVING, 3000000);
	assert_ptr_equal(places_dispensable(&places, 3000000), &those[1]);
	places_move(&places, &those[0], LISTENER_IDLE, 4000000);
	places_leave(&places, &those[1]);
	assert_ptr_equal(places_dispensable(&places, 4000000), &those[2]);
	places_leave(&places, &those[2]);
	assert_ptr_equal(places_dispensable(&places, 4000000), &those[0]);
	places_leave(&places, &those[0]);
	assert_null(places_dispensable(&places, 4000000));
}

static void
then_whoever_takes_long_to_send_a_head(void **state)
{
	(void)state;
	enter(2, LISTENER_READING);
	places_enter(&places, &those[2], LISTENER_IDLE, 500000);
	assert_ptr_equal(places_dispensable(&places, PLACES_HEAD_US), &those[2]);
	places_leave(&places, &those[2]);
	assert_null(places_dispensable(&places, PLACES_HEAD_US - 1));
	assert_ptr_equal(places_dispensable(&places, PLACES_HEAD_US), &those[0]);
	places_leave(&places, &those[0]);
	assert_null(places_dispensable(&places, 1000000 + PLACES_HEAD_US - 1));
	assert_ptr_equal(places_dispensable(&places, 1000000 + PLACES_HEAD_US), &those[1]);
}

static void
one_that_is_served_or_that_a_post_refers_to_stays(void **state)
{
	(void)state;
	enter(3, LISTENER_IDLE);
	those[0].posted = true;
	places_move(&places, &those[1], LISTENER_SERVING, 3000000);
	assert_ptr_equal(places_dispensable(&places, 3000000), &those[2]);
	places_leave(&places, &those[2]);
	assert_null(places_dispensable(&places, 3000000));
	assert_null(places_closable(&places, 3000000));
}

static void
for_a_descriptor_those_that_linger_go_before(void **state)
{
	(void)state;
	enter(2, LISTENER_IDLE);
	places_move(&places, &those[1], LISTENER_LINGERING, 2000000);
	assert_ptr_equal(places_dispensable(&places, 3000000), &those[0]);
	assert_ptr_equal(places_closable(&places, 3000000), &those[1]);
	places_leave(&places, &those[1]);
	assert_ptr_equal(places_closable(&places, 3000000), &those[0]);
}

static void
those_without_a_place_and_those_that_linger_are_bounded(void **state)
{
	(void)state;
	enter(PLACES_SURPLUS_MAX, LISTENER_SURPLUS);
	assert_null(places_excess(&places, LISTENER_SURPLUS));
	places_enter(&places, &those[PLACES_SURPLUS_MAX], LISTENER_SURPLUS, 0);
	assert_ptr_equal(places_excess(&places, LISTENER_SURPLUS), &those[0]);

	(void)begin(state);
	enter(PLACES_LINGERING_MAX, LISTENER_LINGERING);
	assert_null(places_excess(&places, LISTENER_LINGERING));
	places_enter(&places, &those[PLACES_LINGERING_MAX], LISTENER_LINGERING, 0);
	assert_ptr_equal(places_excess(&places, LISTENER_LINGERING), &those[0]);
	those[0].posted = true;
	assert_ptr_equal(places_excess(&places, LISTENER_LINGERING), &those[1]);
}

#define test(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(they_are_counted_by_what_they_do),
		test(whoever_is_idle_for_longest_goes_first),
		test(then_whoever_takes_long_to_send_a_head),
		test(one_that_is_served_or_that_a_post_refers_to_stays),
		test(for_a_descriptor_those_that_linger_go_before),
		test(those_without_a_place_and_those_that_linger_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
