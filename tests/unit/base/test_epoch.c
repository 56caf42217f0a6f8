/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/epoch.h"

static atomic_int freed;

static void
count_free(void *at)
{
	free(at);
	(void)atomic_fetch_add(&freed, 1);
}

static int
start_clean(void **state)
{
	(void)state;
	epoch_drain();
	atomic_store(&freed, 0);
	return 0;
}

static int
end_clean(void **state)
{
	(void)state;
	epoch_drain();
	return 0;
}

static void
without_readers_it_is_freed_at_once(void **state)
{
	(void)state;
	epoch_retire(malloc(8), count_free);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 1);
	epoch_enter();
	epoch_leave();
	epoch_retire(malloc(8), count_free);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 2);
	epoch_retire(NULL, count_free);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 2);
}

/* A cache replaces entries on every request: nobody else collects that often. */
static void
what_waits_stays_bounded_without_a_housekeeper(void **state)
{
	(void)state;
	for (int i = 0; i < 5000; i++)
		epoch_retire(malloc(8), count_free);
	assert_true(atomic_load(&freed) > 5000 - 300);
}

/* A reader in another thread that enters and leaves when told. */
static atomic_int told;

static void
wait_for(int step)
{
	while (atomic_load(&told) != step)
		(void)sched_yield();
}

static void *
read_on_command(void *unused)
{
	(void)unused;
	for (int step = 1; step <= 4; step += 2) {
		wait_for(step);
		epoch_enter();
		atomic_store(&told, step + 1);
		wait_for(step + 10);
		epoch_leave();
		atomic_store(&told, step + 20);
	}
	return NULL;
}

static void
command(int step, int done)
{
	atomic_store(&told, step);
	wait_for(done);
}

static void
what_a_reader_may_hold_waits_for_it(void **state)
{
	pthread_t reader;

	(void)state;
	atomic_store(&told, 0);
	assert_int_equal(pthread_create(&reader, NULL, read_on_command, NULL), 0);
	command(1, 2);
	epoch_retire(malloc(8), count_free);
	epoch_collect();
	epoch_retire(malloc(8), count_free);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 0);
	command(11, 21);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 2);

	/* Who enters after it was retired does not hold it up. */
	epoch_enter();
	epoch_leave();
	command(3, 4);
	epoch_retire(malloc(8), count_free);
	assert_int_equal(atomic_load(&freed), 2);
	command(13, 23);
	assert_int_equal(pthread_join(reader, NULL), 0);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 3);
}

static void
a_later_reader_does_not_hold_up_the_older(void **state)
{
	pthread_t reader;

	(void)state;
	atomic_store(&told, 0);
	assert_int_equal(pthread_create(&reader, NULL, read_on_command, NULL), 0);
	command(1, 2);
	epoch_retire(malloc(8), count_free);
	assert_int_equal(atomic_load(&freed), 0);
	command(11, 21);
	command(3, 4);
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 1);
	command(13, 23);
	assert_int_equal(pthread_join(reader, NULL), 0);
}

static void *
enter_and_end(void *unused)
{
	(void)unused;
	epoch_enter();
	epoch_leave();
	return NULL;
}

static void
threads_that_ended_are_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, enter_and_end, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		epoch_retire(malloc(8), count_free);
	}
	epoch_collect();
	assert_int_equal(atomic_load(&freed), 200);
}

static void
retire_another(void *at)
{
	count_free(at);
	epoch_retire(malloc(8), count_free);
}

static void
freeing_may_retire(void **state)
{
	(void)state;
	epoch_retire(malloc(8), retire_another);
	epoch_drain();
	assert_int_equal(atomic_load(&freed), 2);
}

/* Readers look at a snapshot that writers replace: both halves always belong together. */
struct snapshot {
	uint64_t number;
	uint64_t inverse;
};

static _Atomic(struct snapshot *) current;
static atomic_bool stop;
static atomic_int torn;

static struct snapshot *
snapshot_new(uint64_t number)
{
	struct snapshot *made = malloc(sizeof(*made));

	assert_non_null(made);
	*made = (struct snapshot){ number, ~number };
	return made;
}

static void
spoil(void *at)
{
	*(struct snapshot *)at = (struct snapshot){ 0, 0 };
	count_free(at);
}

static void *
read_snapshots(void *unused)
{
	(void)unused;
	while (!atomic_load(&stop)) {
		epoch_enter();
		const struct snapshot *seen = atomic_load(&current);

		for (int i = 0; i < 20; i++) {
			if (seen->inverse != ~seen->number)
				(void)atomic_fetch_add(&torn, 1);
		}
		epoch_leave();
	}
	return NULL;
}

static void *
write_snapshots(void *unused)
{
	(void)unused;
	for (uint64_t i = 0; i < 3000; i++)
		epoch_retire(atomic_exchange(&current, snapshot_new(i)), spoil);
	return NULL;
}

static void
readers_never_see_what_is_freed(void **state)
{
	pthread_t readers[4];
	pthread_t writers[2];

	(void)state;
	atomic_store(&current, snapshot_new(7));
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_snapshots, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, write_snapshots, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(writers[i], NULL), 0);
	atomic_store(&stop, true);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	epoch_collect();
	assert_int_equal(atomic_load(&torn), 0);
	assert_int_equal(atomic_load(&freed), 6000);
	free(atomic_load(&current));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_readers_it_is_freed_at_once),
		TEST(what_waits_stays_bounded_without_a_housekeeper),
		TEST(what_a_reader_may_hold_waits_for_it),
		TEST(a_later_reader_does_not_hold_up_the_older),
		TEST(threads_that_ended_are_forgotten),
		TEST(freeing_may_retire),
		TEST(readers_never_see_what_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
