/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shard.h"
#include "proxy/io/fiber.h"

#define EVENTS_MAX 256

/* A fiber that waits, on its own stack. */
struct waiter {
	struct fiber *fiber;
	struct timer timer;
};

/* A fiber that lets others go first, on its own stack. */
struct yielder {
	struct fiber *fiber;
	struct yielder *next;
};

/* What is known about a descriptor. How often it was closed tells the news of a former socket from
 * those of the present one. */
struct watch {
	_Alignas(SHARD_LINE_BYTES) atomic_uint closed; /* the next one is another loop's perhaps */
	unsigned char ready;
	unsigned char wanted; /* by the waiter */
	bool registered;
	struct waiter *waiter;
	void (*on_event)(void *context, unsigned flags);
	void *context;
};

/* Of one thread. */
struct watcher {
	int epoll;
	bool in_round;                     /* news are being handled */
	struct fiber *writers[EVENTS_MAX]; /* that wait for the end of the round */
	size_t writer_count;
	struct yielder *yielders,
	    **last_yielder; /* go on after the next news, the first ones first */
	size_t yielder_count;
	struct wheel wheel;
	int64_t now_us; /* at the end of the last round */
};

static struct watch
    *watches; /* by descriptor, of all threads; memory is used where it is written */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct watcher *mine;

static void
reserve(void)
{
	void *memory = mmap(NULL, WATCH_MAX * sizeof(struct watch), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	watches = memory == MAP_FAILED ? NULL : memory;
}

bool
watch_start(void)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	(void)pthread_once(&once, reserve);
	if (watcher == NULL || watches == NULL) {
		free(watcher);
		errno = ENOMEM;
		return false;
	}
	watcher->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (watcher->epoll < 0) {
		free(watcher);
		return false;
	}
	watcher->last_yielder = &watcher->yielders;
	watcher->now_us = clock_mono_us();
	wheel_init(&watcher->wheel, watcher->now_us);
	mine = watcher;
	return true;
}

void
watch_stop(void)
{
	watch_close(mine->epoll);
	free(mine);
	mine = NULL;
}

bool
watch_started(void)
{
	return mine != NULL;
}

void
watch_timer(struct timer *timer, int64_t deadline_us)
{
	wheel_set(&mine->wheel, timer, deadline_us);
}

static uint64_t
tag(unsigned fd)
{
	unsigned closed = atomic_load_explicit(&watches[fd].closed, memory_order_acquire);

	return (uint64_t)closed << 32 | fd;
}

static bool
add(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	if (fd < 0 || fd >= WATCH_MAX) {
		errno = EMFILE;
		return false;
	}
	event.data.u64 = tag((unsigned)fd);
	return epoll_ctl(mine->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Whatever is there to read already is news at once. */
bool
watch_add(int fd, void (*on_event)(void *context, unsigned flags), void *context)
{
	struct watch *watch;

	if (!add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
		return false;
	watch = &watches[fd];
	watch->ready = WATCH_OUT;
	watch->waiter = NULL;
	watch->on_event = on_event;
	watch->context = context;
	watch->registered = true;
	return true;
}

void
watch_share(int fd, void (*on_event)(void *context, unsigned flags), void *context)
{
	if (watches == NULL || fd < 0 || fd >= WATCH_MAX)
		return; /* it cannot be registered either */
	/* What a former socket of that number left behind was written by another thread. */
	(void)atomic_load_explicit(&watches[fd].closed, memory_order_acquire);
	watches[fd].waiter = NULL;
	watches[fd].on_event = on_event;
	watches[fd].context = context;
}

bool
watch_add_shared(int fd)
{
	return add(fd, EPOLLIN | EPOLLEXCLUSIVE);
}

void
watch_remove_shared(int fd)
{
	(void)epoll_ctl(mine->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void
forget(struct watch *watch)
{
	watch->waiter = NULL;
	watch->on_event = NULL;
	watch->registered = false;
	atomic_fetch_add_explicit(&watch->closed, 1, memory_order_release);
}

void
watch_close(int fd)
{
	if (watches != NULL && fd < WATCH_MAX)
		forget(&watches[fd]);
	(void)close(fd);
}

void
watch_forget(int fd)
{
	if (!watch_has(fd))
		return;
	(void)epoll_ctl(mine->epoll, EPOLL_CTL_DEL, fd, NULL);
	forget(&watches[fd]);
}

/* A former socket of that number may have been another thread's: what that left behind is seen. */
bool
watch_has(int fd)
{
	if (mine == NULL || fd < 0 || fd >= WATCH_MAX)
		return false;
	(void)atomic_load_explicit(&watches[fd].closed, memory_order_acquire);
	return watches[fd].registered;
}

unsigned
watch_ready(int fd)
{
	return watches[fd].ready;
}

/* The end of a stream can be read again and again. */
void
watch_drained(int fd, unsigned flags)
{
	struct watch *watch = &watches[fd];

	if ((watch->ready & WATCH_END) != 0)
		flags &= ~WATCH_IN;
	if ((watch->ready & WATCH_ERR) != 0)
		flags = 0;
	watch->ready &= (unsigned char)~flags;
}

void
watch_found(int fd, unsigned flags)
{
	if (watch_has(fd))
		watches[fd].ready |= (unsigned char)flags;
}

static void
late(struct timer *timer)
{
	struct waiter *waiter =
	    (struct waiter *)(void *)((char *)timer - offsetof(struct waiter, timer));

	fiber_wake(waiter->fiber, WATCH_LATE);
}

/* A cancelled fiber carries this one. */
static struct waiter cancelled;

int
watch_wait(const struct watch_wait *waits, size_t count, int64_t deadline_us)
{
	struct waiter waiter = { .fiber = fiber_current(), .timer.late = late };
	void **local = fiber_local(waiter.fiber, FIBER_WAITER);
	int word;

	if (*local == &cancelled)
		return WATCH_CANCELLED;
	for (size_t i = 0; i < count; i++)
		if (!watches[waits[i].fd].registered && !watch_add(waits[i].fd, NULL, NULL))
			return WATCH_CANCELLED;
	*local = &waiter;
	for (size_t i = 0; i < count; i++) {
		watches[waits[i].fd].waiter = &waiter;
		watches[waits[i].fd].wanted = (unsigned char)waits[i].flags;
	}
	if (deadline_us > 0)
		watch_timer(&waiter.timer, deadline_us);
	word = fiber_wait();
	*fiber_local(waiter.fiber, FIBER_SPENT) = NULL;
	wheel_clear(&waiter.timer);
	for (size_t i = 0; i < count; i++)
		watches[waits[i].fd].waiter = NULL;
	*local = word == WATCH_CANCELLED ? &cancelled : NULL;
	return word;
}

void
watch_wake(struct fiber *fiber)
{
	void *waiter = *fiber_local(fiber, FIBER_WAITER);

	if (waiter != NULL && waiter != &cancelled)
		fiber_wake(fiber, WATCH_READY);
}

void
watch_cancel(struct fiber *fiber)
{
	void **local = fiber_local(fiber, FIBER_WAITER);

	if (*local == &cancelled)
		return;
	if (*local != NULL)
		fiber_wake(fiber, WATCH_CANCELLED);
	else
		*local = &cancelled;
}

void
watch_end_of_round(void)
{
	if (mine == NULL || !mine->in_round || mine->writer_count == EVENTS_MAX)
		return;
	mine->writers[mine->writer_count++] = fiber_current();
	(void)fiber_wait();
}

/* Counted by fiber: a small request does not pay for the long body that had its turn before. */
bool
watch_spend(size_t bytes)
{
	struct yielder yielder = { .fiber = fiber_current() };
	uintptr_t spent;
	void **local;

	if (mine == NULL)
		return true;
	local = fiber_local(yielder.fiber, FIBER_SPENT);
	spent = (uintptr_t)*local + bytes;
	*local = (void *)spent;
	if (spent < WATCH_SHARE_BYTES)
		return true;
	*local = NULL;
	*mine->last_yielder = &yielder;
	mine->last_yielder = &yielder.next;
	mine->yielder_count++;
	(void)fiber_wait();
	return *fiber_local(yielder.fiber, FIBER_WAITER) != &cancelled;
}

/* Those that yield meanwhile have their turn in a later round. */
static void
go_on(struct watcher *watcher)
{
	size_t count =
	    watcher->yielder_count < WATCH_TURNS_MAX ? watcher->yielder_count : WATCH_TURNS_MAX;

	for (size_t i = 0; i < count; i++) {
		struct yielder *yielder = watcher->yielders;

		watcher->yielders = yielder->next;
		if (watcher->yielders == NULL)
			watcher->last_yielder = &watcher->yielders;
		watcher->yielder_count--;
		fiber_wake(yielder->fiber, WATCH_READY); /* the yielder is gone then */
	}
}

static unsigned
flags_of(uint32_t events)
{
	unsigned flags = 0;

	if ((events & EPOLLIN) != 0)
		flags |= WATCH_IN;
	if ((events & EPOLLOUT) != 0)
		flags |= WATCH_OUT;
	if ((events & EPOLLRDHUP) != 0)
		flags |= WATCH_IN | WATCH_END;
	if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		flags |= WATCH_IN | WATCH_OUT | WATCH_END | WATCH_ERR;
	return flags;
}

static void
handle(const struct epoll_event *event)
{
	unsigned fd = (unsigned)(event->data.u64 & UINT32_MAX);
	struct watch *watch = &watches[fd];
	unsigned flags = flags_of(event->events);

	/* It was closed, and perhaps opened again, since the system reported this. */
	if (event->data.u64 != tag(fd))
		return;
	if (watch->registered)
		watch->ready |= (unsigned char)flags;
	if (watch->waiter != NULL) {
		if ((watch->wanted & flags) != 0)
			fiber_wake(watch->waiter->fiber, WATCH_READY);
	} else if (watch->on_event != NULL) {
		watch->on_event(watch->context, flags);
	}
}

int64_t
watch_round(void)
{
	struct watcher *watcher = mine;
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(watcher->epoll, events, EVENTS_MAX,
	    watcher->yielders != NULL ? 0 : wheel_patience_ms(&watcher->wheel, watcher->now_us));
	int64_t start_us = clock_mono_us();

	watcher->in_round = count > 1;
	for (int i = 0; i < count; i++)
		handle(&events[i]);
	watcher->in_round = false;
	for (size_t i = 0; i < watcher->writer_count; i++)
		fiber_wake(watcher->writers[i], WATCH_READY);
	watcher->writer_count = 0;
	go_on(watcher);
	watcher->now_us = clock_mono_us();
	wheel_run(&watcher->wheel, watcher->now_us);
	return watcher->now_us - start_us;
}
