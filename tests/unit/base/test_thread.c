/* SPDX-License-Identifier: Apache-2.0 */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_is_waited_for_but_not_for_ever),
		cmocka_unit_test(it_guards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
