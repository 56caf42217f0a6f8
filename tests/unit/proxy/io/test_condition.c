/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>

#include "fibers.h"

#include "proxy/io/condition.h"
#include "proxy/io/watch.h"
#include "proxy/io/wheel.h"

#define FIBERS 12
#define ROUNDS 60

static struct {
	pthread_mutex_t lock;
	struct condition changed;
	int waiting, woken;
	bool said;
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int
setup(void **state)
{
	(void)state;
	condition_init(&shared.changed);
	fibers_loops(2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_stop();
	condition_done(&shared.changed);
	return 0;
}

static void
nothing(void *context)
{
	(void)context;
}

static void
begin(void)
{
	(void)pthread_mutex_lock(&shared.lock);
	shared.waiting = shared.woken = 0;
	shared.said = false;
	(void)pthread_mutex_unlock(&shared.lock);
}

/* Until so many wait, and their loops have nothing else to do. */
static void
await(int count)
{
	int waiting;

	do {
		fibers_pause();
		(void)pthread_mutex_lock(&shared.lock);
		waiting = shared.waiting;
		(void)pthread_mutex_unlock(&shared.lock);
	} while (waiting < count);
	loop_ask_all(nothing, NULL);
}

static void
say(void)
{
	(void)pthread_mutex_lock(&shared.lock);
	shared.said = true;
	condition_broadcast(&shared.changed);
	(void)pthread_mutex_unlock(&shared.lock);
}

struct sleeper {
	struct fiber *fiber;
	int64_t deadline_us, woke_us;
	int rounds;
	bool all_went_on;
};

/* Until it is said. */
static void
listen_for(void *context)
{
	struct sleeper *sleeper = context;

	sleeper->all_went_on = true;
	(void)pthread_mutex_lock(&shared.lock);
	shared.waiting++;
	while (!shared.said)
		if (!condition_wait(&shared.changed, &shared.lock, clock_mono_us() + FAR_US))
			sleeper->all_went_on = false;
	shared.woken++;
	(void)pthread_mutex_unlock(&shared.lock);
}

static void *
listen_thread(void *context)
{
	listen_for(context);
	return NULL;
}

static void
a_broadcast_wakes_fibers_and_threads(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct sleeper sleepers[FIBERS + 2] = { 0 };
		struct fibers_task tasks[FIBERS];
		pthread_t threads[2];

		begin();
		for (int i = 0; i < FIBERS; i++)
			fibers_begin(&tasks[i], i % 2, listen_for, &sleepers[i]);
		for (int i = 0; i < 2; i++)
			assert_int_equal(
			    pthread_create(&threads[i], NULL, listen_thread, &sleepers[FIBERS + i]),
			    0);
		await(FIBERS + 2);
		say();
		for (int i = 0; i < FIBERS; i++)
			fibers_join(&tasks[i]);
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(shared.woken, FIBERS + 2);
		assert_null(shared.changed.fibers);
		for (int i = 0; i < FIBERS + 2; i++)
			assert_true(sleepers[i].all_went_on);
	}
}

/* A fiber that calls is not woken by itself, but the others are. */
static void
say_on_fiber(void *context)
{
	(void)context;
	say();
}

static void
a_fiber_may_broadcast(void **state)
{
	struct sleeper sleepers[2] = { 0 };
	struct fibers_task tasks[2];

	(void)state;
	begin();
	for (int i = 0; i < 2; i++)
		fibers_begin(&tasks[i], i, listen_for, &sleepers[i]);
	await(2);
	fibers_run(0, say_on_fiber, NULL);
	for (int i = 0; i < 2; i++)
		fibers_join(&tasks[i]);
	assert_int_equal(shared.woken, 2);
}

static void
sleep_once(void *context)
{
	struct sleeper *sleeper = context;

	sleeper->fiber = fiber_current();
	(void)pthread_mutex_lock(&shared.lock);
	shared.waiting++;
	sleeper->all_went_on = condition_wait(&shared.changed, &shared.lock, sleeper->deadline_us);
	sleeper->woke_us = clock_mono_us();
	shared.woken++;
	(void)pthread_mutex_unlock(&shared.lock);
}

static void
nobody_waits_beyond_the_deadline(void **state)
{
	struct sleeper sleeper = { .deadline_us = clock_mono_us() + 20000 };

	(void)state;
	begin();
	fibers_run(1, sleep_once, &sleeper);
	assert_true(sleeper.all_went_on);
	assert_true(sleeper.woke_us >= sleeper.deadline_us);
	assert_null(shared.changed.fibers);
	sleeper.deadline_us = clock_mono_us() + 20000;
	sleep_once(&sleeper);
	assert_true(sleeper.all_went_on);
	assert_true(sleeper.woke_us >= sleeper.deadline_us);
}

/* The broadcast comes in a round of the loop, the deadline passes at the end of that round, and
 * what the broadcast sends to the fiber arrives in the next. */
static void
say_and_be_late(void *context)
{
	const struct sleeper *sleeper = context;

	say();
	while (clock_mono_us() < sleeper->deadline_us + (int64_t)2 * WHEEL_TICK_US)
		fibers_pause();
}

static void
a_deadline_may_pass_while_a_broadcast_is_under_way(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct sleeper sleeper = { .deadline_us = clock_mono_us() + 50000 };
		struct fibers_task task;

		begin();
		fibers_begin(&task, 0, sleep_once, &sleeper);
		await(1);
		fibers_call(0, say_and_be_late, &sleeper);
		fibers_join(&task);
		assert_true(sleeper.all_went_on);
		assert_int_equal(shared.woken, 1);
	}
}

static void
say_and_cancel(void *context)
{
	struct sleeper *sleeper = context;

	say();
	watch_cancel(sleeper->fiber);
}

static void
cancel(void *context)
{
	struct sleeper *sleeper = context;

	watch_cancel(sleeper->fiber);
}

static void
a_cancelled_fiber_is_told(void **state)
{
	void (*const ways[])(void *) = { cancel, say_and_cancel };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sleeper sleeper = { .deadline_us = clock_mono_us() + FAR_US };
		struct fibers_task task;

		begin();
		fibers_begin(&task, 0, sleep_once, &sleeper);
		await(1);
		fibers_call(0, ways[i], &sleeper);
		fibers_join(&task);
		assert_false(sleeper.all_went_on);
		assert_null(shared.changed.fibers);
	}
}

/* Deadlines of about now, again and again. */
static void
sleep_often(void *context)
{
	struct sleeper *sleeper = context;

	for (sleeper->rounds = 0; sleeper->rounds < ROUNDS; sleeper->rounds++) {
		sleeper->deadline_us = clock_mono_us() + sleeper->rounds * 100 % 700;
		sleep_once(sleeper);
	}
}

/* Broadcasts at about the ticks at which deadlines are found to have passed. */
static void
broadcasts_and_deadlines_meet_in_all_ways(void **state)
{
	struct sleeper sleepers[FIBERS] = { 0 };
	struct fibers_task tasks[FIBERS];
	int64_t wait_us = 0;
	bool all = false;

	(void)state;
	begin();
	for (int i = 0; i < FIBERS; i++)
		fibers_begin(&tasks[i], i % 2, sleep_often, &sleepers[i]);
	while (!all) {
		int64_t tick_us = (clock_mono_us() / WHEEL_TICK_US + 1) * WHEEL_TICK_US;

		wait_us = (wait_us + 37) % 1500;
		while (clock_mono_us() < tick_us + wait_us)
			(void)sched_yield();
		say();
		(void)pthread_mutex_lock(&shared.lock);
		all = shared.woken == FIBERS * ROUNDS;
		(void)pthread_mutex_unlock(&shared.lock);
	}
	for (int i = 0; i < FIBERS; i++) {
		fibers_join(&tasks[i]);
		assert_int_equal(sleepers[i].rounds, ROUNDS);
		assert_true(sleepers[i].all_went_on);
	}
	assert_null(shared.changed.fibers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broadcast_wakes_fibers_and_threads),
		cmocka_unit_test(a_fiber_may_broadcast),
		cmocka_unit_test(nobody_waits_beyond_the_deadline),
		cmocka_unit_test(a_deadline_may_pass_while_a_broadcast_is_under_way),
		cmocka_unit_test(a_cancelled_fiber_is_told),
		cmocka_unit_test(broadcasts_and_deadlines_meet_in_all_ways),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
