/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "base/hold.h"

#define THREADS 4
#define REPLACEMENTS 3000

struct thing {
	struct held held;
	atomic_int alive; /* 1, and 0 once it was freed: it is never given back before the end */
	int number;
	struct thing *next;
};

static struct thing *all;
static atomic_int freed, freed_twice, used_when_freed, went_back;

static void
note_freed(struct held *held)
{
	struct thing *thing = (struct thing *)(void *)held;

	atomic_fetch_add(&freed, 1);
	if (atomic_exchange(&thing->alive, 0) != 1)
		atomic_fetch_add(&freed_twice, 1);
}

static struct thing *
thing_new(int number)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	assert_non_null(thing);
	thing->held.free_it = note_freed;
	thing->number = number;
	atomic_store(&thing->alive, 1);
	thing->next = all;
	all = thing;
	return thing;
}

static int
forget_all(void **state)
{
	(void)state;
	while (all != NULL) {
		struct thing *next = all->next;

		free(all);
		all = next;
	}
	return 0;
}

static int
count_from_zero(void **state)
{
	(void)state;
	atomic_store(&freed, 0);
	atomic_store(&freed_twice, 0);
	atomic_store(&used_when_freed, 0);
	atomic_store(&went_back, 0);
	return 0;
}

static void
nothing_is_there_at_first_and_none_need_be(void **state)
{
	struct hold *hold = hold_new();

	(void)state;
	assert_non_null(hold);
	assert_null(hold_take(hold));
	hold_release(NULL);
	hold_replace(hold, &thing_new(1)->held);
	hold_replace(hold, NULL);
	assert_null(hold_take(hold));
	assert_int_equal(atomic_load(&freed), 1);
	hold_free(hold);
	hold_free(NULL);
}

static void
what_is_replaced_lives_until_the_last_holder_lets_go(void **state)
{
	struct hold *hold = hold_new();
	struct held *one, *again, *two;

	(void)state;
	hold_replace(hold, &thing_new(1)->held);
	one = hold_take(hold);
	again = hold_take(hold);
	assert_ptr_equal(one, again);
	hold_release(again);
	again = hold_take(hold);
	hold_replace(hold, &thing_new(2)->held);
	two = hold_take(hold);
	assert_ptr_not_equal(one, two);
	hold_release(one);
	assert_int_equal(atomic_load(&freed), 0);
	hold_release(again);
	assert_int_equal(atomic_load(&freed), 1);
	hold_release(two);
	assert_int_equal(atomic_load(&freed), 1);
	hold_free(hold);
	assert_int_equal(atomic_load(&freed), 2);
	assert_int_equal(atomic_load(&freed_twice), 0);
}

static void *
release_it(void *held)
{
	hold_release(held);
	return NULL;
}

/* One processor counts what was taken, another one what was released. */
static void
another_thread_may_release_it_on_any_processor(void **state)
{
	struct hold *hold = hold_new();
	cpu_set_t before, one;
	pthread_t thread;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	hold_replace(hold, &thing_new(1)->held);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		struct held *held = hold_take(hold);
		assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
		assert_int_equal(pthread_create(&thread, NULL, release_it, held), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	assert_int_equal(atomic_load(&freed), 0);
	hold_free(hold);
	assert_int_equal(atomic_load(&freed), 1);
}

static struct hold *shared;
static atomic_bool going;

static void *
take_and_release(void *context)
{
	struct held *kept = NULL; /* across many others */
	int last = 0;

	(void)context;
	for (unsigned i = 0; atomic_load(&going); i++) {
		struct held *held = hold_take(shared);
		struct thing *thing = (struct thing *)(void *)held;

		if (atomic_load(&thing->alive) != 1)
			atomic_fetch_add(&used_when_freed, 1);
		if (thing->number < last)
			atomic_fetch_add(&went_back, 1);
		last = thing->number;
		if (i % 7 == 0) {
			if (kept != NULL &&
			    atomic_load(&((struct thing *)(void *)kept)->alive) != 1)
				atomic_fetch_add(&used_when_freed, 1);
			hold_release(kept);
			kept = held;
		} else {
			hold_release(held);
		}
	}
	hold_release(kept);
	return NULL;
}

static void
under_threads_each_is_freed_exactly_once_and_never_in_use(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	shared = hold_new();
	assert_non_null(shared);
	hold_replace(shared, &thing_new(1)->held);
	atomic_store(&going, true);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_release, NULL), 0);
	for (int i = 0; i < REPLACEMENTS; i++)
		hold_replace(shared, &thing_new(i + 2)->held);
	atomic_store(&going, false);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&freed), REPLACEMENTS);
	hold_free(shared);
	assert_int_equal(atomic_load(&freed), REPLACEMENTS + 1);
	assert_int_equal(atomic_load(&freed_twice), 0);
	assert_int_equal(atomic_load(&used_when_freed), 0);
	assert_int_equal(atomic_load(&went_back), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    nothing_is_there_at_first_and_none_need_be, count_from_zero, forget_all),
		cmocka_unit_test_setup_teardown(
		    what_is_replaced_lives_until_the_last_holder_lets_go, count_from_zero,
		    forget_all),
		cmocka_unit_test_setup_teardown(
		    another_thread_may_release_it_on_any_processor, count_from_zero, forget_all),
		cmocka_unit_test_setup_teardown(
		    under_threads_each_is_freed_exactly_once_and_never_in_use, count_from_zero,
		    forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
