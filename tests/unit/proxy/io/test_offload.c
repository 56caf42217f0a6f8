/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>

#include "fibers.h"

#include "proxy/io/offload.h"
#include "proxy/io/watch.h"

#define MANY 40 /* more than there are threads */

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (!offload_start(&err) || !offload_start(&err))
		return -1;
	fibers_loops(2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_stop();
	offload_stop();
	return 0;
}

struct call {
	pthread_t asked_by, run_by;
	int loop_before, loop_within, loop_after, number;
	bool fiber_within, fiber_after, called;
	struct fiber *fiber;
	sem_t *may_end;
	atomic_int *ended;
};

static void
slow(void *context)
{
	struct call *call = context;

	call->run_by = pthread_self();
	call->loop_within = loop_index();
	call->fiber_within = fiber_current() != NULL;
	if (call->may_end != NULL)
		fibers_wait(call->may_end);
	if (call->ended != NULL)
		atomic_fetch_add(call->ended, 1);
	errno = EDOM;
}

static void
ask(void *context)
{
	struct call *call = context;

	call->asked_by = pthread_self();
	call->fiber = fiber_current();
	call->loop_before = loop_index();
	errno = ERANGE;
	call->called = offload(slow, call);
	call->number = errno;
	call->loop_after = loop_index();
	call->fiber_after = fiber_current() != NULL;
}

static void
a_fibers_call_runs_on_another_thread(void **state)
{
	(void)state;
	for (int loop = 0; loop < 2; loop++) {
		struct call call = { 0 };

		fibers_run(loop, ask, &call);
		assert_false(pthread_equal(call.asked_by, call.run_by));
		assert_int_equal(call.loop_before, loop);
		assert_int_equal(call.loop_after, loop);
		assert_int_equal(call.loop_within, -1);
		assert_false(call.fiber_within);
		assert_true(call.fiber_after);
		assert_int_equal(call.number, ERANGE);
	}
}

static void
outside_of_fibers_it_runs_here(void **state)
{
	struct call call = { 0 };

	(void)state;
	ask(&call);
	assert_true(pthread_equal(call.run_by, pthread_self()));
	fibers_call(1, ask, &call);
	assert_true(pthread_equal(call.run_by, call.asked_by));
	assert_int_equal(call.loop_within, 1);
}

/* All threads are taken, the rest waits its turn; and the loops are free all the while. */
static void
more_calls_than_threads_wait_for_one(void **state)
{
	static struct fibers_task tasks[MANY];
	static struct call calls[MANY];
	struct call other = { 0 };
	atomic_int ended = 0;
	sem_t may_end;
	int busy;

	(void)state;
	(void)sem_init(&may_end, 0, 0);
	for (int i = 0; i < MANY; i++) {
		calls[i] = (struct call){ .may_end = &may_end, .ended = &ended };
		fibers_begin(&tasks[i], i % 2, ask, &calls[i]);
	}
	while (offload_busy() + offload_waiting() < MANY || offload_busy() < 2)
		fibers_pause();
	fibers_call(0, ask, &other);
	fibers_call(1, ask, &other);
	while (offload_waiting() == MANY - offload_busy() && offload_busy() < 16)
		fibers_pause();
	busy = offload_busy();
	assert_in_range(busy, 2, MANY - 1);
	assert_int_equal(offload_waiting(), MANY - busy);
	assert_int_equal(atomic_load(&ended), 0);
	for (int i = 0; i < MANY; i++)
		(void)sem_post(&may_end);
	for (int i = 0; i < MANY; i++)
		fibers_join(&tasks[i]);
	assert_int_equal(atomic_load(&ended), MANY);
	assert_int_equal(offload_busy(), 0);
	assert_int_equal(offload_waiting(), 0);
	(void)sem_destroy(&may_end);
}

static void
cancel(void *context)
{
	watch_cancel(((struct call *)context)->fiber);
}

/* The threads are taken by others: a fiber that is cancelled takes its call back. One whose call
 * has begun waits for it all the same. */
static void
a_call_that_nobody_waits_for_is_not_begun(void **state)
{
	static struct fibers_task tasks[MANY];
	static struct call calls[MANY];
	atomic_int ended = 0;
	sem_t may_end;
	int busy;

	(void)state;
	(void)sem_init(&may_end, 0, 0);
	for (int i = 0; i < MANY; i++) {
		calls[i] = (struct call){ .may_end = &may_end, .ended = &ended };
		fibers_begin(&tasks[i], i % 2, ask, &calls[i]);
	}
	while (offload_busy() + offload_waiting() < MANY || offload_busy() < 16)
		fibers_pause();
	busy = offload_busy();
	for (int i = 0; i < MANY; i++)
		fibers_call(i % 2, cancel, &calls[i]);
	while (offload_waiting() > 0)
		fibers_pause();
	assert_int_equal(offload_busy(), busy);
	assert_int_equal(atomic_load(&ended), 0);
	for (int i = 0; i < busy; i++)
		(void)sem_post(&may_end);
	busy = 0;
	for (int i = 0; i < MANY; i++) {
		fibers_join(&tasks[i]);
		busy += calls[i].called;
	}
	assert_int_equal(atomic_load(&ended), busy);
	assert_in_range(busy, 2, MANY - 1);
	(void)sem_destroy(&may_end);
}

/* One call after the other, of many fibers. */
static void
ask_often(void *context)
{
	struct call *call = context;

	for (int i = 0; i < 100; i++)
		call->called = offload(slow, call);
}

static void
calls_come_and_go(void **state)
{
	static struct fibers_task tasks[MANY];
	static struct call calls[MANY];
	atomic_int ended = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		calls[i] = (struct call){ .ended = &ended };
		fibers_begin(&tasks[i], i % 2, ask_often, &calls[i]);
	}
	for (int i = 0; i < MANY; i++)
		fibers_join(&tasks[i]);
	assert_int_equal(atomic_load(&ended), 100 * MANY);
}

static void
the_pool_starts_again(void **state)
{
	struct call call = { 0 };
	struct err err;

	(void)state;
	for (int i = 0; i < 3; i++) {
		offload_stop();
		if (!offload_start(&err))
			fail_msg("%s", err.text);
		fibers_run(0, ask, &call);
		assert_false(pthread_equal(call.asked_by, call.run_by));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fibers_call_runs_on_another_thread),
		cmocka_unit_test(outside_of_fibers_it_runs_here),
		cmocka_unit_test(more_calls_than_threads_wait_for_one),
		cmocka_unit_test(a_call_that_nobody_waits_for_is_not_begun),
		cmocka_unit_test(calls_come_and_go),
		cmocka_unit_test(the_pool_starts_again),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
