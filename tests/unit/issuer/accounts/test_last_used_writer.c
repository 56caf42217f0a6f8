/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

static int64_t
used_s(int slot)
{
	struct client *client = NULL;
	struct arena arena;
	struct err err;
	int64_t found;

	arena_init(&arena, 1 << 20);
	assert_true(
	    store_find(running.store, &(struct store_wanted){ "partner", &arena }, &client, &err));
	assert_non_null(client);
	found = client->slots[slot].used_s;
	arena_done(&arena);
	return found;
}

static void
attempt(const char *basic, int status)
{
	struct endpoint_answer answer;

	post(basic, GRANT, &answer);
	assert_int_equal(answer.status, status);
	endpoint_answer_done(&answer);
}

static void
restart(void)
{
	issuer_stop(running.issuer);
	running_start(&running);
}

static void
a_use_is_written_down_at_the_latest_when_it_stops(void **state)
{
	(void)state;
	assert_int_equal(used_s(0), 0);
	attempt("{id}:{secret}", 200);
	restart();
	assert_int_equal(used_s(0), NOW_S);
	assert_int_equal(used_s(1), 0);
}

static void
a_failure_is_no_use(void **state)
{
	(void)state;
	attempt("{id}:wrong", 401);
	attempt("nobody:{secret}", 401);
	restart();
	assert_int_equal(used_s(0), 0);
}

static void
a_use_is_no_change_of_clients(void **state)
{
	int changes;

	(void)state;
	attempt("{id}:{secret}", 200);
	restart();
	changes = atomic_load(&running.changes);
	attempt("{id}:{secret}", 200);
	restart();
	assert_int_equal(atomic_load(&running.changes), changes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_use_is_written_down_at_the_latest_when_it_stops),
		TEST(a_failure_is_no_use),
		TEST(a_use_is_no_change_of_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
