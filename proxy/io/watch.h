/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch - the sockets and timers of one thread, watched by an epoll of its own, and the fibers that
 * wait for them.
 *
 * A socket is registered once, edge-triggered, for as long as it is open, and belongs to the thread
 * that registered it. What is known about it is kept as flags, so that the system is not asked what
 * is known already.
 *
 * Uses:   fiber, wheel, base (clock).
 * Shell:  sockets.
 * Threads: every function is for the thread that called watch_start().
 */
#ifndef POSTERN_PROXY_IO_WATCH_H
#define POSTERN_PROXY_IO_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "proxy/io/wheel.h"

/* Descriptors from this number on cannot be watched. */
#define WATCH_MAX (1 << 20)

/* Begin. False: the system cannot, and errno says why. */
MUST_CHECK bool watch_start(void);
void watch_stop(void);

/* Does this thread watch? */
bool watch_started(void);

/* Wait for news or for a timer, and handle what there is. Call in a loop, outside of fibers.
 * Returns how long the handling took, in microseconds: so long the last of the news waited. */
int64_t watch_round(void);

/* Set a timer; wheel_clear() clears it. */
void watch_timer(struct timer *timer, int64_t deadline_us);

#define WATCH_IN 1u  /* there may be something to read */
#define WATCH_OUT 2u /* there may be room to write */
#define WATCH_END 4u /* the peer has closed its side, or the connection failed; this stays */
#define WATCH_ERR 8u /* the connection failed, both ways; this stays */

/* Register a connected socket. `on_event` is called for news when no fiber waits for it; NULL: not
 * called. False: the system cannot, and errno says why. */
MUST_CHECK bool watch_add(int fd, void (*on_event)(void *context, unsigned flags), void *context);

/* Say what several threads are to call for news of a descriptor. By one of them or by another
 * thread, before the first of them registers it. */
void watch_share(int fd, void (*on_event)(void *context, unsigned flags), void *context);

/* Register such a descriptor level-triggered, for reading: of the threads that do so, one is woken
 * at a time. False: the system cannot, and errno says why. */
MUST_CHECK bool watch_add_shared(int fd);
void watch_remove_shared(int fd);

/* Close a socket, registered or not. News of it that are under way are dropped. Sockets that are
 * not registered may be closed so by any thread. */
void watch_close(int fd);

/* Of a descriptor that another part is about to close by itself: watch it no longer. Whoever gets
 * its number next would be taken for registered else, and never hear any news. Does nothing to one
 * that is not registered. */
void watch_forget(int fd);

/* Is it registered with this thread? */
bool watch_has(int fd);

/* What is known about a registered socket; and that there is nothing more of these flags until
 * there is news. */
unsigned watch_ready(int fd);
void watch_drained(int fd, unsigned flags);

/* Somebody has asked the system and found these flags. Does nothing to a socket that is not
 * registered. */
void watch_found(int fd, unsigned flags);

/* What waiting gave. */
#define WATCH_READY 1
#define WATCH_LATE 0
#define WATCH_CANCELLED (-1)

/* A socket to wait for, and for which flags. */
struct watch_wait {
	int fd;
	unsigned flags;
};

/* In a fiber: wait for news of one of the sockets, which are registered if they are not yet, until
 * the monotonic deadline (0: none). Returns WATCH_READY, WATCH_LATE or WATCH_CANCELLED. */
MUST_CHECK int watch_wait(const struct watch_wait *waits, size_t count, int64_t deadline_us);

/* In a fiber: let the news of this round be handled first. What fibers write is written then,
 * together, so that a peer which the first write wakes finds the others, too. */
void watch_end_of_round(void);

/* In a fiber: it has read or written so many bytes. After WATCH_SHARE_BYTES without a wait the
 * others of its thread have their turn first, since one whose peers are always ready would never
 * wait. Of those that let others go first, WATCH_TURNS_MAX go on between two looks for news: a new
 * request waits for the shares of a few, however many bodies are passed. False: it has had its
 * share and was cancelled, which one that never waits would not learn else. */
#define WATCH_SHARE_BYTES (64u << 10)
#define WATCH_TURNS_MAX 16
MUST_CHECK bool watch_spend(size_t bytes);

struct fiber;

/* End the fiber's wait in watch_wait(), if it is in one, with WATCH_READY. */
void watch_wake(struct fiber *fiber);

/* End the fiber's wait with WATCH_CANCELLED, and each of its waits from now on. A slow call that
 * a thread of the pool has begun is waited for. */
void watch_cancel(struct fiber *fiber);

#endif
