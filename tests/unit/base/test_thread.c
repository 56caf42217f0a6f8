/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int guarded;

static void *
try_it(void *context)
{
	int64_t us = *(int64_t *)context;
	bool taken = thread_lock_us(&lock, us);

	if (!taken)
		return NULL;
	guarded++;
	(void)pthread_mutex_unlock(&lock);
	return &lock;
}

static void *
elsewhere(int64_t us)
{
	struct err err;
	pthread_t thread;
	void *result = NULL;

	assert_true(thread_start(&thread, try_it, &us, &err));
	assert_int_equal(pthread_join(thread, &result), 0);
	return result;
}

static void
a_lock_is_waited_for_but_not_for_ever(void **state)
{
	(void)state;
	assert_non_null(elsewhere(INT64_C(3600) * 1000000));
	(void)pthread_mutex_lock(&lock);
	assert_null(elsewhere(0));
	assert_null(elsewhere(1500));
	(void)pthread_mutex_unlock(&lock);
	assert_int_equal(guarded, 1);
}

/* What is done under the lock is seen by the next who has it, also by ThreadSanitizer. */
static void
it_guards(void **state)
{
	int64_t us = INT64_C(3600) * 1000000;
	pthread_t threads[4];
	struct err err;

	(void)state;
	guarded = 0;
	for (int i = 0; i < 4; i++)
		assert_true(thread_start(&threads[i], try_it, &us, &err));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(guarded, 4);
}

static void *
read_mask(void *ret_set)
{
	assert_int_equal(sched_getaffinity(0, sizeof(cpu_set_t), ret_set), 0);
	return NULL;
}

/* One bound thread, and a thread that it starts. */
struct bound {
	int index;
	cpu_set_t own, started;
};

static void *
bind_and_start(void *context)
{
	struct bound *bound = context;
	pthread_t thread;
	struct err err;

	thread_bind(bound->index);
	(void)read_mask(&bound->own);
	if (thread_start(&thread, read_mask, &bound->started, &err))
		(void)pthread_join(thread, NULL);
	return NULL;
}

static void
each_of_as_many_threads_as_processors_has_one_of_its_own(void **state)
{
	cpu_set_t all, seen;

	(void)state;
	CPU_ZERO(&seen);
	(void)read_mask(&all);
	assert_int_equal(thread_processors(), CPU_COUNT(&all));
	for (int i = 0; i < thread_processors(); i++) {
		struct bound bound = { .index = i };
		pthread_t thread;
		struct err err;

		assert_true(thread_start(&thread, bind_and_start, &bound, &err));
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(CPU_COUNT(&bound.own), 1);
		CPU_OR(&seen, &seen, &bound.own);
		assert_true(CPU_EQUAL(&bound.started, &all));
	}
	assert_true(CPU_EQUAL(&seen, &all));
}

/* There is none of that number. */
static void
who_is_bound_to_no_processor_stays_where_it_is(void **state)
{
	struct bound bound = { .index = CPU_SETSIZE };
	cpu_set_t all;

	(void)state;
	(void)read_mask(&all);
	(void)bind_and_start(&bound);
	assert_true(CPU_EQUAL(&bound.own, &all));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_is_waited_for_but_not_for_ever),
		cmocka_unit_test(it_guards),
		cmocka_unit_test(each_of_as_many_threads_as_processors_has_one_of_its_own),
		cmocka_unit_test(who_is_bound_to_no_processor_stays_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
