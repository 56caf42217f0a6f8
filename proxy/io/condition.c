/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/condition.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/thread.h"
#include "proxy/io/fiber.h"
#include "proxy/io/loop.h"
#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

/* A fiber that waits, on its own stack. */
struct condition_sleeper {
	struct loop_post post; /* wakes it, on its loop */
	struct fiber *fiber;
	int loop;
	bool called; /* no longer in the list: the post is under way; under the lock */
	bool woken;  /* the post has run */
	bool waits_for_post;
	struct condition_sleeper *next;
};

void
condition_init(struct condition *condition)
{
	thread_cond_init(&condition->threads);
	condition->fibers = NULL;
}

void
condition_done(struct condition *condition)
{
	(void)pthread_cond_destroy(&condition->threads);
}

static void
wake(struct loop_post *post)
{
	struct condition_sleeper *sleeper = (struct condition_sleeper *)(void *)post;

	sleeper->woken = true;
	if (sleeper->waits_for_post)
		fiber_wake(sleeper->fiber, 0);
	else
		watch_wake(sleeper->fiber);
}

static void
remove_sleeper(struct condition *condition, const struct condition_sleeper *sleeper)
{
	struct condition_sleeper **at = &condition->fibers;

	while (*at != NULL && *at != sleeper)
		at = &(*at)->next;
	if (*at != NULL)
		*at = sleeper->next;
}

/* The lock is not held over the wait, as for threads. A post that is under way refers to this
 * stack, so it must have run before this function returns. */
static bool
wait_fiber(struct condition *condition, pthread_mutex_t *lock, int64_t deadline_us)
{
	struct condition_sleeper sleeper = { .post.run = wake,
		.fiber = fiber_current(),
		.loop = loop_index(),
		.next = condition->fibers };
	bool called;
	int word;

	condition->fibers = &sleeper;
	(void)pthread_mutex_unlock(lock);
	word = wait_pause(deadline_us);
	(void)pthread_mutex_lock(lock);
	called = sleeper.called;
	if (!called)
		remove_sleeper(condition, &sleeper);
	if (called && !sleeper.woken) {
		(void)pthread_mutex_unlock(lock);
		sleeper.waits_for_post = true;
		(void)fiber_wait();
		(void)pthread_mutex_lock(lock);
	}
	return word >= 0;
}

bool
condition_wait(struct condition *condition, pthread_mutex_t *lock, int64_t deadline_us)
{
	if (fiber_current() != NULL)
		return wait_fiber(condition, lock, deadline_us);
	thread_wait_us(&condition->threads, lock, deadline_us - clock_mono_us());
	return true;
}

void
condition_broadcast(struct condition *condition)
{
	struct condition_sleeper *sleeper = condition->fibers;

	condition->fibers = NULL;
	while (sleeper != NULL) {
		struct condition_sleeper *next = sleeper->next; /* it may be gone once posted */

		sleeper->called = true;
		loop_post(sleeper->loop, &sleeper->post);
		sleeper = next;
	}
	(void)pthread_cond_broadcast(&condition->threads);
}
