/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/last_used.h"

static struct last_used *last_used;

static int
setup(void **state)
{
	(void)state;
	last_used = last_used_new();
	return last_used == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	last_used_free(last_used);
	return 0;
}

static void
note(const char *client_id, int slot, int64_t when_s)
{
	struct use use = { .slot = slot, .when_s = when_s };

	(void)snprintf(use.client_id, sizeof(use.client_id), "%s", client_id);
	last_used_note(last_used, &use);
}

static void
take(const char *client_id, int slot, int64_t when_s)
{
	struct use use;

	assert_true(last_used_take(last_used, &use));
	assert_string_equal(use.client_id, client_id);
	assert_int_equal(use.slot, slot);
	assert_int_equal(use.when_s, when_s);
}

static void
take_nothing(void)
{
	struct use use;

	assert_false(last_used_take(last_used, &use));
}

static void
a_use_is_written_down_once(void **state)
{
	(void)state;
	take_nothing();
	note("a", 0, 1000);
	take("a", 0, 1000);
	take_nothing();
}

static void
the_last_of_many_uses_counts(void **state)
{
	(void)state;
	note("a", 0, 1000);
	note("a", 0, 1001);
	note("a", 0, 1030);
	take("a", 0, 1030);
	take_nothing();
}

static void
not_again_within_a_minute(void **state)
{
	(void)state;
	note("a", 0, 1000);
	take("a", 0, 1000);
	note("a", 0, 1059);
	take_nothing();
	note("a", 0, 1060);
	take("a", 0, 1060);
}

static void
slots_are_reported_apart(void **state)
{
	struct use first, second;

	(void)state;
	note("a", 0, 1000);
	note("a", 1, 1001);
	assert_true(last_used_take(last_used, &first));
	assert_true(last_used_take(last_used, &second));
	assert_int_not_equal(first.slot, second.slot);
	take_nothing();
}

static void
many_clients_lose_no_date_that_was_taken(void **state)
{
	char id[32];
	struct use use;
	unsigned i, count = 0;

	(void)state;
	for (i = 0; i < LAST_USED_MAX * 4; i++) {
		(void)snprintf(id, sizeof(id), "client-%u", i);
		note(id, 0, 1000);
	}
	while (last_used_take(last_used, &use))
		count++;
	assert_in_range(count, LAST_USED_MAX / 2, LAST_USED_MAX);
	/* Those that found no place find one at their next use. */
	for (i = 0; i < LAST_USED_MAX * 4; i++) {
		(void)snprintf(id, sizeof(id), "client-%u", i);
		note(id, 0, 2000);
		while (last_used_take(last_used, &use))
			count++;
	}
	assert_true(count >= LAST_USED_MAX * 4);
}

static void
an_id_without_an_end_is_passed_over(void **state)
{
	struct use use = { .when_s = 1000 };

	(void)state;
	memset(use.client_id, 'a', sizeof(use.client_id));
	last_used_note(last_used, &use);
	take_nothing();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_use_is_written_down_once),
		TEST(the_last_of_many_uses_counts),
		TEST(not_again_within_a_minute),
		TEST(slots_are_reported_apart),
		TEST(many_clients_lose_no_date_that_was_taken),
		TEST(an_id_without_an_end_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
