/* SPDX-License-Identifier: Apache-2.0 */
#include "base/worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"

struct worker {
	int64_t (*step)(void *context);
	void *context;
	pthread_t thread;
	struct pollfd fds[1 + WORKER_HEEDED_MAX]; /* index 0: woken or told to stop */
	pthread_mutex_t lock;                     /* guards what is below */
	bool stopping;
	void (*end)(void *context); /* of worker_let_go(), else NULL */
};

static void
destroy(struct worker *worker)
{
	if (worker->fds[0].fd >= 0)
		(void)close(worker->fds[0].fd);
	(void)pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/* Round up, so that no step runs early. */
static int
milliseconds(int64_t us)
{
	if (us == WORKER_UNTIL_WOKEN)
		return -1;
	if (us <= 0)
		return 0;
	return us > INT_MAX ? INT_MAX / 1000 : (int)((us + 999) / 1000);
}

/* Until it is time for the next step. False: there is none. */
static bool
wait_turn(struct worker *worker, int64_t us)
{
	eventfd_t wakes;
	bool stopping;

	if (us != 0)
		(void)poll(worker->fds, 1 + WORKER_HEEDED_MAX, milliseconds(us));
	(void)eventfd_read(worker->fds[0].fd, &wakes); /* may be empty */
	(void)pthread_mutex_lock(&worker->lock);
	stopping = worker->stopping;
	(void)pthread_mutex_unlock(&worker->lock);
	return !stopping;
}

static void *
run(void *argument)
{
	struct worker *worker = argument;
	void (*end)(void *context);
	int64_t us = 0;

	while (wait_turn(worker, us))
		us = worker->step(worker->context);
	(void)pthread_mutex_lock(&worker->lock);
	end = worker->end;
	(void)pthread_mutex_unlock(&worker->lock);
	if (end != NULL) {
		end(worker->context);
		destroy(worker);
	}
	return NULL;
}

bool
worker_start(
    int64_t (*step)(void *context), void *context, struct worker **ret_worker, struct err *reterr)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		return err_set(reterr, "out of memory");
	worker->step = step;
	worker->context = context;
	(void)pthread_mutex_init(&worker->lock, NULL);
	worker_heed(worker, NULL, 0);
	worker->fds[0].events = POLLIN;
	worker->fds[0].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->fds[0].fd < 0) {
		(void)err_errno(reterr, errno, "cannot start a thread");
		destroy(worker);
		return false;
	}
	*ret_worker = worker;
	/* The lock delays the first step until `thread` is set. */
	(void)pthread_mutex_lock(&worker->lock);
	if (!thread_start(&worker->thread, run, worker, reterr)) {
		(void)pthread_mutex_unlock(&worker->lock);
		*ret_worker = NULL;
		destroy(worker);
		return false;
	}
	(void)pthread_mutex_unlock(&worker->lock);
	return true;
}

void
worker_heed(struct worker *worker, const int *fds, size_t count)
{
	for (size_t i = 0; i < WORKER_HEEDED_MAX; i++) {
		worker->fds[1 + i].fd = i < count ? fds[i] : -1; /* which poll() skips */
		worker->fds[1 + i].events = POLLIN;
	}
}

void
worker_wake(struct worker *worker)
{
	(void)eventfd_write(worker->fds[0].fd, 1);
}

/* With the lock held: after unlocking, the thread may free the worker at once. */
static void
tell_to_stop(struct worker *worker, void (*end)(void *context))
{
	(void)pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	worker->end = end;
	worker_wake(worker);
	(void)pthread_mutex_unlock(&worker->lock);
}

void
worker_stop(struct worker *worker)
{
	if (worker == NULL)
		return;
	tell_to_stop(worker, NULL);
	(void)pthread_join(worker->thread, NULL);
	destroy(worker);
}

void
worker_let_go(struct worker *worker, void (*end)(void *context), void *context)
{
	if (worker == NULL) {
		end(context);
		return;
	}
	(void)pthread_detach(worker->thread);
	tell_to_stop(worker, end);
}
