/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/wheel.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PATIENCE_MS 8000

void
wheel_init(struct wheel *wheel, int64_t now_us)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->tick = now_us / WHEEL_TICK_US;
}

/* A deadline beyond the horizon goes to the farthest slot, and from there into the wheel again. */
static void
insert(struct wheel *wheel, struct timer *timer)
{
	int64_t tick = timer->deadline_us / WHEEL_TICK_US + 1;
	size_t slot;

	if (tick < wheel->tick)
		tick = wheel->tick;
	if (tick >= wheel->tick + (int64_t)WHEEL_SLOTS)
		tick = wheel->tick + (int64_t)WHEEL_SLOTS - 1;
	slot = (size_t)tick % WHEEL_SLOTS;
	timer->next = wheel->slots[slot];
	timer->link = &wheel->slots[slot];
	if (timer->next != NULL)
		timer->next->link = &timer->next;
	wheel->slots[slot] = timer;
	wheel->occupied[slot / 64] |= UINT64_C(1) << (slot % 64);
}

void
wheel_clear(struct timer *timer)
{
	if (timer->link == NULL)
		return;
	*timer->link = timer->next;
	if (timer->next != NULL)
		timer->next->link = timer->link;
	timer->link = NULL;
	timer->next = NULL;
}

void
wheel_set(struct wheel *wheel, struct timer *timer, int64_t deadline_us)
{
	wheel_clear(timer);
	timer->deadline_us = deadline_us;
	insert(wheel, timer);
}

/* The slot's list is taken out first: timers that are set meanwhile go to later slots, and those
 * that are cleared meanwhile leave this list. */
static void
run_slot(struct wheel *wheel, size_t slot, int64_t now_us)
{
	struct timer *list = wheel->slots[slot];

	wheel->slots[slot] = NULL;
	wheel->occupied[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
	if (list != NULL)
		list->link = &list;
	while (list != NULL) {
		struct timer *timer = list;

		wheel_clear(timer);
		if (timer->deadline_us > now_us)
			insert(wheel, timer);
		else
			timer->late(timer);
	}
}

void
wheel_run(struct wheel *wheel, int64_t now_us)
{
	int64_t tick = now_us / WHEEL_TICK_US;

	/* After a long pause each slot is run once. */
	if (tick - wheel->tick >= (int64_t)WHEEL_SLOTS)
		wheel->tick = tick - (int64_t)WHEEL_SLOTS + 1;
	while (wheel->tick <= tick)
		run_slot(wheel, (size_t)wheel->tick++ % WHEEL_SLOTS, now_us);
}

static bool
occupied(const struct wheel *wheel, size_t slot)
{
	return (wheel->occupied[slot / 64] >> (slot % 64) & 1) != 0;
}

int
wheel_patience_ms(const struct wheel *wheel, int64_t now_us)
{
	for (unsigned ahead = 0; ahead < WHEEL_SLOTS; ahead++) {
		size_t slot = (size_t)(wheel->tick + ahead) % WHEEL_SLOTS;

		if (slot % 64 == 0 && wheel->occupied[slot / 64] == 0) {
			ahead += 63;
		} else if (occupied(wheel, slot)) {
			int64_t us = (wheel->tick + ahead) * WHEEL_TICK_US - now_us;

			return us <= 0 ? 0 : (int)(us / 1000) + 1;
		}
	}
	return PATIENCE_MS;
}
