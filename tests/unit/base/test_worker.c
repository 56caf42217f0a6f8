/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/worker.h"

struct work {
	struct worker *worker;
	sem_t stepped, hold, ended;
	int64_t pause_us;
	int heeded; /* 0: nothing */
	int steps;  /* of the worker's thread; read when it has ended */
	bool held;
};

static int64_t
step(void *context)
{
	struct work *work = context;

	work->steps++;
	if (work->heeded != 0) {
		eventfd_t news;

		worker_heed(work->worker, &work->heeded, 1);
		(void)eventfd_read(work->heeded, &news);
	}
	(void)sem_post(&work->stepped);
	if (work->held)
		(void)sem_wait(&work->hold);
	return work->pause_us;
}

static void
end(void *context)
{
	struct work *work = context;

	(void)sem_post(&work->ended);
}

static void
start(struct work *work, int64_t pause_us, bool held)
{
	struct err err;

	*work = (struct work){ .pause_us = pause_us, .held = held };
	(void)sem_init(&work->stepped, 0, 0);
	(void)sem_init(&work->hold, 0, 0);
	(void)sem_init(&work->ended, 0, 0);
	assert_true(worker_start(step, work, &work->worker, &err));
}

static void
a_step_is_taken_at_once_and_after_each_pause(void **state)
{
	struct work work;

	(void)state;
	start(&work, 1000, false);
	for (int i = 0; i < 5; i++)
		(void)sem_wait(&work.stepped);
	worker_stop(work.worker);
	assert_true(work.steps >= 5);
}

static void
one_that_waits_for_ever_steps_when_woken(void **state)
{
	struct work work;

	(void)state;
	start(&work, WORKER_UNTIL_WOKEN, false);
	(void)sem_wait(&work.stepped);
	worker_wake(work.worker);
	(void)sem_wait(&work.stepped);
	worker_stop(work.worker);
	assert_int_equal(work.steps, 2);
}

static void
a_wake_during_a_step_is_remembered(void **state)
{
	struct work work;

	(void)state;
	start(&work, WORKER_UNTIL_WOKEN, true);
	(void)sem_wait(&work.stepped);
	worker_wake(work.worker);
	worker_wake(work.worker);
	(void)sem_post(&work.hold);
	(void)sem_wait(&work.stepped);
	(void)sem_post(&work.hold);
	worker_stop(work.worker);
	assert_int_equal(work.steps, 2);
}

static void
one_that_heeds_a_descriptor_steps_when_there_is_something_to_read(void **state)
{
	struct work work = { .pause_us = WORKER_UNTIL_WOKEN };
	struct err err;

	(void)state;
	(void)sem_init(&work.stepped, 0, 0);
	work.heeded = eventfd(0, EFD_NONBLOCK);
	assert_true(worker_start(step, &work, &work.worker, &err));
	for (int i = 1; i <= 3; i++) {
		(void)sem_wait(&work.stepped);
		(void)eventfd_write(work.heeded, 1);
	}
	(void)sem_wait(&work.stepped);
	worker_stop(work.worker);
	assert_int_equal(work.steps, 4);
	(void)close(work.heeded);
}

static void
one_that_is_held_up_is_let_go_and_ends_by_itself(void **state)
{
	struct work work;

	(void)state;
	start(&work, 0, true);
	(void)sem_wait(&work.stepped);
	worker_let_go(work.worker, end, &work); /* returns although the step does not */
	assert_int_equal(sem_trywait(&work.ended), -1);
	(void)sem_post(&work.hold);
	(void)sem_wait(&work.ended);
	assert_int_equal(work.steps, 1);
	worker_let_go(NULL, end, &work);
	assert_int_equal(sem_trywait(&work.ended), 0);
	worker_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_taken_at_once_and_after_each_pause),
		cmocka_unit_test(one_that_waits_for_ever_steps_when_woken),
		cmocka_unit_test(a_wake_during_a_step_is_remembered),
		cmocka_unit_test(one_that_heeds_a_descriptor_steps_when_there_is_something_to_read),
		cmocka_unit_test(one_that_is_held_up_is_let_go_and_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
