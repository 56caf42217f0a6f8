/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "proxy/gate/rate_table.h"

#define S_US INT64_C(1000000)

/* One a minute, three at once. */
static const struct rate rate = { .every = 60 * S_US * RATE_TICKS_PER_US, .burst = 3 };

static struct rate_table *
table_new(void)
{
	struct rate_table *table = rate_table_new(5 * S_US);

	assert_non_null(table);
	return table;
}

/* How many of `times` requests pass. */
static int
passed(struct rate_table *table, uint64_t key, int64_t now_us, int times)
{
	int count = 0;

	for (int i = 0; i < times; i++)
		count += rate_table_draw(table, &rate, key, now_us).allowed ? 1 : 0;
	return count;
}

static void
a_bucket_empties_and_fills(void **state)
{
	struct rate_table *table = table_new();
	int64_t now_us = 5 * S_US;
	uint64_t key;

	(void)state;
	assert_true(rate_table_key(table, SPAN("a"), &key));
	assert_int_equal(passed(table, key, now_us, 10), 3);
	assert_int_equal(passed(table, key, now_us + 60 * S_US, 10), 1);
	assert_int_equal(passed(table, key, now_us + 3600 * S_US, 10), 3);
	rate_table_free(table);
}

static void
a_look_takes_nothing(void **state)
{
	struct rate_table *table = table_new();
	uint64_t key;

	(void)state;
	assert_true(rate_table_key(table, SPAN("a"), &key));
	for (int i = 0; i < 10; i++)
		assert_true(rate_table_look(table, &rate, key, 5 * S_US).allowed);
	assert_int_equal(passed(table, key, 5 * S_US, 10), 3);
	assert_false(rate_table_look(table, &rate, key, 5 * S_US).allowed);
	rate_table_free(table);
}

static void
keys_of_two_tables_differ(void **state)
{
	struct rate_table *a = table_new(), *b = table_new();
	uint64_t one, other, again;

	(void)state;
	assert_true(rate_table_key(a, SPAN("a"), &one));
	assert_true(rate_table_key(a, SPAN("a"), &again));
	assert_true(rate_table_key(b, SPAN("a"), &other));
	assert_int_equal(one, again);
	assert_int_not_equal(one, other);
	rate_table_free(a);
	rate_table_free(b);
	rate_table_free(NULL);
}

/* A set is full: those who were there keep their own, the others share one. */
static void
a_full_set_shares(void **state)
{
	struct rate_table *table = table_new();
	const uint64_t tag = UINT64_C(1) << (64 - RATE_TABLE_TAG_BITS);
	int64_t now_us = 5 * S_US;
	const uint64_t others = RATE_TABLE_WAYS - 1;

	(void)state;
	for (uint64_t i = 0; i < others; i++)
		assert_int_equal(passed(table, i * tag, now_us, 2), 2);
	assert_int_equal(rate_table_crowded(table), 0);
	assert_int_equal(passed(table, 100 * tag, now_us, 10), 3);
	assert_int_equal(passed(table, 101 * tag, now_us, 10), 0);
	assert_int_equal(rate_table_crowded(table), 20);
	for (uint64_t i = 0; i < others; i++)
		assert_int_equal(passed(table, i * tag, now_us, 10), 1);
	now_us += 120 * S_US;
	assert_int_equal(passed(table, 1 * tag, now_us, 10), 2);
	/* there are places again */
	assert_int_equal(passed(table, 200 * tag, now_us + 61 * S_US, 10), 3);
	assert_int_equal(passed(table, 201 * tag, now_us + 61 * S_US, 10), 3);
	rate_table_free(table);
}

static void
sharing_gains_nothing(void **state)
{
	struct rate_table *table = table_new();
	const uint64_t tag = UINT64_C(1) << (64 - RATE_TABLE_TAG_BITS);
	int64_t now_us = 5 * S_US;

	(void)state;
	for (uint64_t i = 0; i < RATE_TABLE_WAYS - 1; i++)
		assert_int_equal(passed(table, i * tag, now_us, 1), 1);
	assert_int_equal(passed(table, 100 * tag, now_us + S_US, 10), 3);
	/* the others' buckets are full, so there are places */
	assert_int_equal(passed(table, 100 * tag, now_us + 60 * S_US, 10), 0);
	assert_int_equal(passed(table, 100 * tag, now_us + 62 * S_US, 10), 1);
	rate_table_free(table);
}

/* Callers by the million neither reset a bucket nor touch one that is there. */
static void
a_flood_resets_nobody(void **state)
{
	struct rate_table *table = table_new();
	int64_t now_us = 5 * S_US;
	const uint64_t victim = UINT64_C(0x123456789abcdef0),
		       spender = UINT64_C(0xfedcba9876543210);
	uint64_t seed = 7;

	(void)state;
	assert_int_equal(passed(table, victim, now_us, 1), 1);
	assert_int_equal(passed(table, spender, now_us, 10), 3);
	for (int i = 0; i < 1000000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		(void)rate_table_draw(table, &rate, seed ^ seed >> 29, now_us + i % 100);
	}
	assert_true(rate_table_crowded(table) > 100000);
	assert_int_equal(passed(table, spender, now_us + S_US, 10), 0);
	assert_int_equal(passed(table, victim, now_us + S_US, 10), 2);
	/* and when it is over, all is as before */
	assert_int_equal(passed(table, spender, now_us + 600 * S_US, 10), 3);
	rate_table_free(table);
}

struct racing {
	struct rate_table *table;
	const struct rate *rate;
	atomic_int passed;
};

static void *
race(void *context)
{
	struct racing *racing = context;

	for (int i = 0; i < 20000; i++)
		if (rate_table_draw(racing->table, racing->rate, 42, 6 * S_US).allowed)
			atomic_fetch_add(&racing->passed, 1);
	return NULL;
}

static void
threads_pass_no_more_than_one_would(void **state)
{
	static const struct rate wide = { .every = 60 * S_US * RATE_TICKS_PER_US, .burst = 5000 };
	struct racing racing = { .table = table_new(), .rate = &wide };
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racing), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(racing.passed, 5000);
	rate_table_free(racing.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_empties_and_fills),
		cmocka_unit_test(a_look_takes_nothing),
		cmocka_unit_test(keys_of_two_tables_differ),
		cmocka_unit_test(a_full_set_shares),
		cmocka_unit_test(sharing_gains_nothing),
		cmocka_unit_test(a_flood_resets_nobody),
		cmocka_unit_test(threads_pass_no_more_than_one_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
