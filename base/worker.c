/* SPDX-License-Identifier: Apache-2.0 */
#include "base/worker.h"

#include <stdlib.h>

#include "base/thread.h"

struct worker {
	int64_t (*step)(void *context);
	void *context;
	void (*end)(void *context); /* of worker_let_go(), else NULL */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool woken, stopping;
};

static void
destroy(struct worker *worker)
{
	(void)pthread_cond_destroy(&worker->changed);
	(void)pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/* Until it is time for the next step. False: there is none. The lock is held. */
static bool
wait_turn(struct worker *worker, int64_t us)
{
	if (!worker->woken && !worker->stopping && us != WORKER_UNTIL_WOKEN)
		thread_wait_us(&worker->changed, &worker->lock, us);
	while (!worker->woken && !worker->stopping && us == WORKER_UNTIL_WOKEN)
		(void)pthread_cond_wait(&worker->changed, &worker->lock);
	worker->woken = false;
	return !worker->stopping;
}

static void *
run(void *argument)
{
	struct worker *worker = argument;
	void (*end)(void *context);
	int64_t us = 0;

	(void)pthread_mutex_lock(&worker->lock);
	while (wait_turn(worker, us)) {
		(void)pthread_mutex_unlock(&worker->lock);
		us = worker->step(worker->context);
		(void)pthread_mutex_lock(&worker->lock);
	}
	end = worker->end;
	(void)pthread_mutex_unlock(&worker->lock);
	if (end != NULL) {
		end(worker->context);
		destroy(worker);
	}
	return NULL;
}

bool
worker_start(int64_t (*step)(void *context), void *context, struct worker **ret_worker,
    struct err *reterr)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		return err_set(reterr, "out of memory");
	worker->step = step;
	worker->context = context;
	(void)pthread_mutex_init(&worker->lock, NULL);
	thread_cond_init(&worker->changed);
	*ret_worker = worker;
	/* The lock holds the first step back until `thread` is set. */
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
worker_wake(struct worker *worker)
{
	(void)pthread_mutex_lock(&worker->lock);
	worker->woken = true;
	(void)pthread_cond_signal(&worker->changed);
	(void)pthread_mutex_unlock(&worker->lock);
}

static void
tell_to_stop(struct worker *worker, void (*end)(void *context))
{
	(void)pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	worker->end = end;
	(void)pthread_cond_signal(&worker->changed);
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
