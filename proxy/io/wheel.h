/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wheel - timers of a loop, in slots of 8 ms. Setting and clearing one takes constant time.
 *
 * Uses:   nothing.
 * Pure:   yes, but for what the timers call.
 * Threads: a wheel and its timers belong to one thread.
 */
#ifndef POSTERN_PROXY_IO_WHEEL_H
#define POSTERN_PROXY_IO_WHEEL_H

#include <stdint.h>

#define WHEEL_SLOTS 1024u
#define WHEEL_TICK_US 8192

/* Owned by whoever sets it, who must clear it before it goes. All zero: not set. */
struct timer {
	struct timer *next, **link; /* link == NULL: in no slot */
	int64_t deadline_us;
	void (*late)(struct timer *timer); /* called once, when the deadline has passed */
};

struct wheel {
	struct timer *slots[WHEEL_SLOTS];
	uint64_t occupied[WHEEL_SLOTS / 64]; /* a bit a slot that may have timers */
	int64_t tick;                        /* slots of earlier ticks were run */
};

/* Initialize, at the monotonic time. */
void wheel_init(struct wheel *wheel, int64_t now_us);

/* Set or change a timer: `late` is called by wheel_run() at the first tick after the monotonic
 * deadline. */
void wheel_set(struct wheel *wheel, struct timer *timer, int64_t deadline_us);

/* It will not be called. Does nothing to a timer that is not set. */
void wheel_clear(struct timer *timer);

/* Call the timers whose deadline has passed. They may set and clear any timer. */
void wheel_run(struct wheel *wheel, int64_t now_us);

/* How long wheel_run() need not be called, in milliseconds: a few seconds at most. */
int wheel_patience_ms(const struct wheel *wheel, int64_t now_us);

#endif
