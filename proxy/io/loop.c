/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/loop.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "proxy/io/fiber.h"
#include "proxy/io/watch.h"

#define TRIM_US INT64_C(1000000)
#define STACKS_KEPT 4
#define STACKS_SHARE 8

struct loop {
	int index, event;
	bool bound; /* to a processor of its own */
	pthread_t thread;
	struct timer trim;
	bool stopping;
	int failure; /* errno of its start */
	sem_t begun;
	pthread_mutex_t lock; /* of the posts */
	struct loop_post *first, **last;

	/* Written by its thread alone. */
	atomic_uint_fast64_t rounds[LOOP_ROUND_BUCKETS], rounds_us, fibers, stacks;
};

const int64_t loop_round_bounds_us[LOOP_ROUND_BUCKETS - 1] = { 100, 1000, 5000, 25000, 100000,
	500000, 2500000 };

static struct loop loops[LOOP_MAX];
static atomic_int running;
static _Thread_local struct loop *mine;

int
loop_count(void)
{
	return atomic_load_explicit(&running, memory_order_acquire);
}

int
loop_index(void)
{
	return mine == NULL ? -1 : mine->index;
}

/* The event is written under the lock, which the post that ends the loop takes last: nobody writes
 * to a descriptor that was closed meanwhile. */
void
loop_post(int index, struct loop_post *post)
{
	struct loop *loop = &loops[index];

	post->next = NULL;
	(void)pthread_mutex_lock(&loop->lock);
	if (loop->first == NULL)
		(void)eventfd_write(loop->event, 1);
	*loop->last = post;
	loop->last = &post->next;
	(void)pthread_mutex_unlock(&loop->lock);
}

static void
on_posts(void *context, unsigned flags)
{
	struct loop *loop = context;
	struct loop_post *post;
	eventfd_t count;

	(void)flags;
	(void)eventfd_read(loop->event, &count);
	(void)pthread_mutex_lock(&loop->lock);
	post = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	(void)pthread_mutex_unlock(&loop->lock);
	while (post != NULL) {
		struct loop_post *next = post->next; /* the post may be gone afterwards */

		post->run(post);
		post = next;
	}
}

/* One question to one loop. */
struct question {
	struct loop_post post;
	void (*run)(void *context);
	void *context;
	sem_t *done;
};

static void
answer(struct loop_post *post)
{
	struct question *question = (struct question *)(void *)post;

	question->run(question->context);
	(void)sem_post(question->done);
}

static void
wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		;
}

void
loop_ask_all(void (*run)(void *context), void *context)
{
	struct question questions[LOOP_MAX];
	int count = loop_count();
	sem_t done;

	(void)sem_init(&done, 0, 0);
	for (int i = 0; i < count; i++) {
		questions[i] = (struct question){
			.post.run = answer, .run = run, .context = context, .done = &done
		};
		loop_post(i, &questions[i].post);
	}
	for (int i = 0; i < count; i++)
		wait_for(&done);
	(void)sem_destroy(&done);
}

/* Keep as many stacks as were in use at a time since the last look. Of those beyond, a share is
 * given back at each look: a burst that comes again soon finds most of them, which is a third of
 * its p99. */
static void
trim(struct timer *timer)
{
	size_t now = fiber_running();
	size_t spare = fiber_most() - now;
	size_t wanted = spare > STACKS_KEPT ? spare : STACKS_KEPT;

	if (fiber_kept() > wanted)
		fiber_trim(
		    fiber_kept() - (fiber_kept() - wanted + STACKS_SHARE - 1) / STACKS_SHARE);
	watch_timer(timer, clock_mono_us() + TRIM_US);
}

static bool
begin(struct loop *loop)
{
	/* Batch scheduling: a burst of small requests is served without a switch to the client or
	 * the upstream at each of them. It needs no privilege. */
	(void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
	mine = loop;
	if (!watch_start()) {
		loop->failure = errno;
		return false;
	}
	watch_share(loop->event, on_posts, loop);
	if (!watch_add_shared(loop->event)) {
		loop->failure = errno;
		return false;
	}
	loop->trim.late = trim;
	watch_timer(&loop->trim, clock_mono_us() + TRIM_US);
	return true;
}

static uint64_t
peek(atomic_uint_fast64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void
put(atomic_uint_fast64_t *number, uint64_t value)
{
	atomic_store_explicit(number, value, memory_order_relaxed);
}

/* After a round. */
static void
note(struct loop *loop, int64_t round_us)
{
	int bucket = 0;

	while (bucket < LOOP_ROUND_BUCKETS - 1 && round_us > loop_round_bounds_us[bucket])
		bucket++;
	put(&loop->rounds[bucket], peek(&loop->rounds[bucket]) + 1);
	put(&loop->rounds_us, peek(&loop->rounds_us) + (uint64_t)round_us);
	put(&loop->fibers, fiber_running());
	put(&loop->stacks, fiber_kept());
}

void
loop_read_state(struct loop_state *ret_state)
{
	*ret_state = (struct loop_state){ 0 };
	for (int i = 0; i < loop_count(); i++) {
		for (int bucket = 0; bucket < LOOP_ROUND_BUCKETS; bucket++)
			ret_state->rounds[bucket] += peek(&loops[i].rounds[bucket]);
		ret_state->rounds_us += peek(&loops[i].rounds_us);
		ret_state->fibers += peek(&loops[i].fibers);
		ret_state->stacks += peek(&loops[i].stacks);
	}
}

static void *
run(void *context)
{
	struct loop *loop = context;
	bool begun;

	/* Peers that wake two loops at once would draw both to the processor of their own. */
	if (loop->bound)
		thread_bind(loop->index);
	begun = begin(loop);

	(void)sem_post(&loop->begun);
	while (begun && !loop->stopping)
		note(loop, watch_round());
	wheel_clear(&loop->trim);
	fiber_trim(0);
	if (watch_started())
		watch_stop();
	mine = NULL;
	return NULL;
}

static void
stop(struct loop_post *post)
{
	(void)post;
	mine->stopping = true;
}

static void
undo(struct loop *loop)
{
	watch_close(loop->event);
	(void)pthread_mutex_destroy(&loop->lock);
	(void)sem_destroy(&loop->begun);
}

static void
end(struct loop *loop)
{
	struct loop_post post = { .run = stop };

	loop_post(loop->index, &post);
	(void)pthread_join(loop->thread, NULL);
	undo(loop);
}

static bool
start(struct loop *loop, struct err *reterr)
{
	loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->event < 0)
		return err_errno(reterr, errno, "eventfd");
	(void)pthread_mutex_init(&loop->lock, NULL);
	(void)sem_init(&loop->begun, 0, 0);
	loop->last = &loop->first;
	if (!thread_start(&loop->thread, run, loop, reterr)) {
		undo(loop);
		return false;
	}
	wait_for(&loop->begun);
	if (loop->failure == 0)
		return true;
	(void)pthread_join(loop->thread, NULL);
	undo(loop);
	return err_errno(reterr, loop->failure, "epoll");
}

bool
loop_start(int threads, struct err *reterr)
{
	int processors = thread_processors();
	int wanted = threads > 0 ? threads : processors;

	if (loop_count() > 0)
		return true;
	if (wanted > LOOP_MAX)
		wanted = LOOP_MAX;
	for (int i = 0; i < wanted; i++) {
		loops[i] =
		    (struct loop){ .index = i, .bound = threads == 0 && wanted == processors };
		if (!start(&loops[i], reterr)) {
			while (i-- > 0)
				end(&loops[i]);
			return false;
		}
	}
	atomic_store_explicit(&running, wanted, memory_order_release);
	return true;
}

void
loop_stop(void)
{
	int count = loop_count();

	atomic_store_explicit(&running, 0, memory_order_release);
	for (int i = 0; i < count; i++)
		end(&loops[i]);
}
