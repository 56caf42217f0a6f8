/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fibers - run a part of a test on a fiber of a loop. What it found is asserted outside of it,
 * since a failing assertion cannot leave a fiber.
 */
#ifndef POSTERN_TESTS_PROXY_IO_FIBERS_H
#define POSTERN_TESTS_PROXY_IO_FIBERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proxy/io/fiber.h"
#include "proxy/io/loop.h"

#define FAR_US (INT64_C(60) * 1000000)

static inline void
fibers_loops(int count)
{
	struct err err;

	if (!loop_start(count, &err))
		fail_msg("%s", err.text);
}

/* A group of tests on one loop: what they share is that loop's. */
static inline int
fibers_setup(void **state)
{
	(void)state;
	fibers_loops(1);
	return 0;
}

static inline int
fibers_teardown(void **state)
{
	(void)state;
	loop_stop();
	return 0;
}

static inline void
fibers_wait(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		;
}

/* Something that runs on a loop. */
struct fibers_task {
	struct loop_post post;
	void (*run)(void *context);
	void *context;
	bool started;
	sem_t ended;
};

static inline void
fibers_inside(void *context)
{
	struct fibers_task *task = context;

	task->started = true;
	task->run(task->context);
	(void)sem_post(&task->ended);
}

static inline void
fibers_start(struct loop_post *post)
{
	struct fibers_task *task = (struct fibers_task *)(void *)post;

	/* It may be gone when its fiber has ended. */
	if (!fiber_start(fibers_inside, task))
		(void)sem_post(&task->ended);
}

static inline void
fibers_direct(struct loop_post *post)
{
	fibers_inside(post);
}

static inline void
fibers_post(struct fibers_task *task, int loop, void (*run)(void *context), void *context)
{
	*task = (struct fibers_task){ .post.run = fibers_direct, .run = run, .context = context };
	(void)sem_init(&task->ended, 0, 0);
	loop_post(loop, &task->post);
}

/* Run it on a fiber of that loop. */
static inline void
fibers_begin(struct fibers_task *task, int loop, void (*run)(void *context), void *context)
{
	*task = (struct fibers_task){ .post.run = fibers_start, .run = run, .context = context };
	(void)sem_init(&task->ended, 0, 0);
	loop_post(loop, &task->post);
}

static inline void
fibers_join(struct fibers_task *task)
{
	fibers_wait(&task->ended);
	(void)sem_destroy(&task->ended);
}

/* On a fiber of that loop, to its end. */
static inline void
fibers_run(int loop, void (*run)(void *context), void *context)
{
	struct fibers_task task;

	fibers_begin(&task, loop, run, context);
	fibers_join(&task);
	assert_true(task.started);
}

/* On that loop, outside of fibers, to its end. */
static inline void
fibers_call(int loop, void (*run)(void *context), void *context)
{
	struct fibers_task task;

	fibers_post(&task, loop, run, context);
	fibers_join(&task);
}

/* A pair of connected sockets. */
struct fibers_pair {
	int ours, theirs;
};

static inline struct fibers_pair
fibers_pair(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	return (struct fibers_pair){ fds[0], fds[1] };
}

static inline void
fibers_pause(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

#endif
