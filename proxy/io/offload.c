/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/offload.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "base/thread.h"
#include "proxy/io/fiber.h"
#include "proxy/io/loop.h"
#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

/* At most so many: enough that calls which wait for a database leave threads to those that compute.
 * They come as they are needed, and stay: one that never ran would still cost its stack. */
#define THREADS 16

/* A slow call, on the stack of the fiber that waits for it. */
struct call {
	struct loop_post post; /* back to the fiber's loop */
	void (*run)(void *context);
	void *context;
	struct fiber *fiber;
	int loop;
	bool returned;       /* the post has run */
	bool waits_for_post; /* and for nothing else */
	struct call *next;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct call *first, **last;
	int threads, busy, waiting;
	bool stopping;
	pthread_t thread[THREADS];
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void
returned(struct loop_post *post)
{
	struct call *call = (struct call *)(void *)post;

	call->returned = true;
	if (call->waits_for_post)
		fiber_wake(call->fiber, 0);
	else
		watch_wake(call->fiber);
}

/* The next call; NULL: the pool ends. The lock is held. */
static struct call *
take(void)
{
	struct call *call;

	while (pool.first == NULL && !pool.stopping)
		(void)pthread_cond_wait(&pool.changed, &pool.lock);
	call = pool.first;
	if (call == NULL)
		return NULL;
	pool.first = call->next;
	if (pool.first == NULL)
		pool.last = &pool.first;
	pool.waiting--;
	pool.busy++;
	return call;
}

static void *
work(void *context)
{
	struct call *call;

	(void)pthread_mutex_lock(&pool.lock);
	while ((call = take()) != NULL) {
		(void)pthread_mutex_unlock(&pool.lock);
		call->run(call->context);
		(void)pthread_mutex_lock(&pool.lock);
		pool.busy--;
		/* The call is gone as soon as its loop knows. */
		loop_post(call->loop, &call->post);
	}
	(void)pthread_mutex_unlock(&pool.lock);
	return context;
}

static bool
add_thread(struct err *reterr)
{
	if (!thread_start(&pool.thread[pool.threads], work, NULL, reterr))
		return false;
	pool.threads++;
	return true;
}

bool
offload_start(struct err *reterr)
{
	if (pool.threads > 0)
		return true;
	pool.stopping = false;
	pool.last = &pool.first;
	return add_thread(reterr);
}

/* The lock is held. Where there can be no further thread, those that are there do the work. */
static void
find_thread(void)
{
	struct err err;

	if (pool.waiting > pool.threads - pool.busy && pool.threads < THREADS)
		(void)add_thread(&err);
	(void)pthread_cond_signal(&pool.changed);
}

void
offload_stop(void)
{
	(void)pthread_mutex_lock(&pool.lock);
	pool.stopping = true;
	(void)pthread_cond_broadcast(&pool.changed);
	(void)pthread_mutex_unlock(&pool.lock);
	while (pool.threads > 0)
		(void)pthread_join(pool.thread[--pool.threads], NULL);
}

/* Take it back, if no thread has begun. */
static bool
take_back(const struct call *call)
{
	struct call **at = &pool.first;
	bool found;

	(void)pthread_mutex_lock(&pool.lock);
	while (*at != NULL && *at != call)
		at = &(*at)->next;
	found = *at != NULL;
	if (found) {
		*at = call->next;
		if (*at == NULL)
			pool.last = at;
		pool.waiting--;
	}
	(void)pthread_mutex_unlock(&pool.lock);
	return found;
}

/* A thread that has begun refers to this stack until its post has run. */
static bool
await(struct call *call)
{
	int word = 1;

	while (word > 0 && !call->returned)
		word = wait_pause(0);
	if (call->returned)
		return true;
	if (take_back(call))
		return false;
	call->waits_for_post = true;
	(void)fiber_wait();
	return true;
}

bool
offload(void (*run)(void *context), void *context)
{
	int number = errno;
	bool called;

	struct call call = { .post.run = returned,
		.run = run,
		.context = context,
		.fiber = fiber_current(),
		.loop = loop_index() };

	if (call.fiber == NULL) {
		run(context);
		return true;
	}
	(void)pthread_mutex_lock(&pool.lock);
	*pool.last = &call;
	pool.last = &call.next;
	pool.waiting++;
	find_thread();
	(void)pthread_mutex_unlock(&pool.lock);
	called = await(&call);
	errno = number;
	return called;
}

int
offload_busy(void)
{
	int busy;

	(void)pthread_mutex_lock(&pool.lock);
	busy = pool.busy;
	(void)pthread_mutex_unlock(&pool.lock);
	return busy;
}

int
offload_waiting(void)
{
	int waiting;

	(void)pthread_mutex_lock(&pool.lock);
	waiting = pool.waiting;
	(void)pthread_mutex_unlock(&pool.lock);
	return waiting;
}
