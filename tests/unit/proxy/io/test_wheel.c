/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/io/wheel.h"

#define COUNT 500
#define SECOND_US INT64_C(1000000)
#define HORIZON_US ((int64_t)WHEEL_SLOTS * WHEEL_TICK_US)

static struct wheel wheel;
static int64_t now_us;

struct alarm {
	struct timer timer; /* first */
	int64_t rang_us;
	int rings;
	struct alarm *other;
};

static void
ring(struct timer *timer)
{
	struct alarm *alarm = (struct alarm *)(void *)timer;

	alarm->rang_us = now_us;
	alarm->rings++;
}

static void
begin(int64_t at_us)
{
	now_us = at_us;
	wheel_init(&wheel, now_us);
}

static void
go_to(int64_t at_us)
{
	now_us = at_us;
	wheel_run(&wheel, now_us);
}

/* Deadlines all over a minute, many of them beyond what the wheel spans, none early. */
static void
deadlines_are_kept_late_and_never_early(void **state)
{
	static struct alarm alarms[COUNT];
	const int64_t step_us = 1000;
	int64_t start_us = 12345 * SECOND_US + 678;

	(void)state;
	begin(start_us);
	for (int64_t i = 0; i < COUNT; i++) {
		alarms[i] = (struct alarm){ .timer.late = ring };
		wheel_set(
		    &wheel, &alarms[i].timer, now_us + i * i * 60 * SECOND_US / COUNT / COUNT);
	}
	while (now_us < start_us + 61 * SECOND_US)
		go_to(now_us + step_us);
	for (int i = 0; i < COUNT; i++) {
		int64_t late_us = alarms[i].rang_us - alarms[i].timer.deadline_us;

		assert_int_equal(alarms[i].rings, 1);
		assert_in_range(late_us, 0, WHEEL_TICK_US + step_us);
	}
}

static void
a_timer_that_was_cleared_does_not_ring(void **state)
{
	struct alarm near = { .timer.late = ring }, far = { .timer.late = ring },
		     unset = { .timer.late = ring };

	(void)state;
	begin(SECOND_US);
	wheel_clear(&unset.timer);
	wheel_set(&wheel, &near.timer, now_us + 1);
	wheel_set(&wheel, &far.timer, now_us + 3 * HORIZON_US);
	wheel_clear(&near.timer);
	wheel_clear(&near.timer);
	go_to(now_us + 2 * HORIZON_US);
	wheel_clear(&far.timer);
	go_to(now_us + 4 * HORIZON_US);
	assert_int_equal(near.rings + far.rings + unset.rings, 0);
	assert_null(near.timer.link);
	assert_null(far.timer.link);
}

static void
the_last_deadline_counts(void **state)
{
	struct alarm alarm = { .timer.late = ring };

	(void)state;
	begin(SECOND_US);
	wheel_set(&wheel, &alarm.timer, now_us + 1);
	wheel_set(&wheel, &alarm.timer, now_us + 2 * SECOND_US);
	go_to(now_us + SECOND_US);
	assert_int_equal(alarm.rings, 0);
	wheel_set(&wheel, &alarm.timer, now_us + 1);
	go_to(now_us + SECOND_US / 2);
	assert_int_equal(alarm.rings, 1);
}

static void
ring_and_clear_the_other(struct timer *timer)
{
	ring(timer);
	wheel_clear(&((struct alarm *)(void *)timer)->other->timer);
}

/* Of three in one slot: each in turn clears one of the others. */
static void
one_may_clear_another_of_its_slot(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++)
		for (int other = 0; other < 3; other++) {
			struct alarm alarms[3] = { 0 };

			if (which == other)
				continue;
			begin(SECOND_US);
			for (int i = 0; i < 3; i++) {
				alarms[i].timer.late = ring;
				wheel_set(&wheel, &alarms[i].timer, now_us + 100);
			}
			alarms[which].timer.late = ring_and_clear_the_other;
			alarms[which].other = &alarms[other];
			go_to(now_us + SECOND_US);
			assert_int_equal(alarms[which].rings, 1);
			assert_int_equal(alarms[3 - which - other].rings, 1);
			/* The other rang before it, or not at all. */
			assert_in_range(alarms[other].rings, 0, 1);
			go_to(now_us + 2 * HORIZON_US);
			assert_int_equal(alarms[which].rings + alarms[3 - which - other].rings, 2);
		}
}

static void
ring_and_set_again(struct timer *timer)
{
	ring(timer);
	wheel_set(&wheel, timer, now_us);
}

static void
ring_and_set_the_other(struct timer *timer)
{
	ring(timer);
	wheel_set(&wheel, &((struct alarm *)(void *)timer)->other->timer, now_us + SECOND_US);
}

static void
one_may_set_itself_and_others(void **state)
{
	struct alarm again = { .timer.late = ring_and_set_again };
	struct alarm last = { .timer.late = ring };
	struct alarm first = { .timer.late = ring_and_set_the_other, .other = &last };

	(void)state;
	begin(SECOND_US);
	wheel_set(&wheel, &again.timer, now_us);
	wheel_set(&wheel, &first.timer, now_us);
	for (int i = 1; i <= 10; i++) {
		go_to(now_us + WHEEL_TICK_US);
		assert_int_equal(again.rings, i);
	}
	assert_int_equal(first.rings, 1);
	assert_int_equal(last.rings, 0);
	go_to(first.rang_us + SECOND_US + WHEEL_TICK_US);
	assert_int_equal(last.rings, 1);
	wheel_clear(&again.timer);
}

/* The process was stopped, or the machine slept. */
static void
after_a_long_pause_all_that_are_late_ring_and_no_others(void **state)
{
	static struct alarm alarms[60];

	(void)state;
	begin(SECOND_US);
	for (int64_t i = 0; i < 60; i++) {
		alarms[i] = (struct alarm){ .timer.late = ring };
		wheel_set(&wheel, &alarms[i].timer, SECOND_US + i * SECOND_US);
	}
	go_to(31 * SECOND_US + WHEEL_TICK_US);
	for (int i = 0; i < 60; i++)
		assert_int_equal(alarms[i].rings, i <= 30 ? 1 : 0);
	while (now_us < 62 * SECOND_US)
		go_to(now_us + 3000);
	for (int i = 31; i < 60; i++) {
		assert_int_equal(alarms[i].rings, 1);
		assert_in_range(
		    alarms[i].rang_us - alarms[i].timer.deadline_us, 0, WHEEL_TICK_US + 3000);
	}
}

/* Who sleeps as long as the wheel allows is late by a tick and a millisecond at most, and is not
 * woken in vain again and again. */
static void
patience_ends_at_the_next_deadline(void **state)
{
	const int64_t after_us[] = { 0, 1, 8191, 8192, 8193, 100000, 5 * SECOND_US, HORIZON_US - 1,
		HORIZON_US, HORIZON_US + 1, 60 * SECOND_US };

	(void)state;
	for (size_t i = 0; i < sizeof(after_us) / sizeof(*after_us); i++)
		for (int64_t start_us = SECOND_US; start_us < SECOND_US + 20000; start_us += 777) {
			struct alarm alarm = { .timer.late = ring };
			int rounds = 0;

			begin(start_us);
			wheel_run(&wheel, now_us);
			wheel_set(&wheel, &alarm.timer, now_us + after_us[i]);
			for (; alarm.rings == 0; rounds++) {
				int patience_ms = wheel_patience_ms(&wheel, now_us);

				assert_in_range(patience_ms, 0, 10000);
				assert_true(patience_ms > 0 || rounds == 0);
				go_to(now_us + patience_ms * INT64_C(1000));
			}
			assert_in_range(now_us - alarm.timer.deadline_us, 0, WHEEL_TICK_US + 1000);
			assert_in_range(rounds, 1, 2 + after_us[i] / (8 * SECOND_US));
		}
}

static void
without_timers_it_sleeps_for_long(void **state)
{
	struct alarm alarm = { .timer.late = ring };

	(void)state;
	begin(SECOND_US);
	assert_in_range(wheel_patience_ms(&wheel, now_us), 1000, 10000);
	/* The trace of one that was cleared costs one round. */
	wheel_set(&wheel, &alarm.timer, now_us + 1);
	wheel_clear(&alarm.timer);
	go_to(now_us + wheel_patience_ms(&wheel, now_us) * INT64_C(1000));
	assert_in_range(wheel_patience_ms(&wheel, now_us), 1000, 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_are_kept_late_and_never_early),
		cmocka_unit_test(a_timer_that_was_cleared_does_not_ring),
		cmocka_unit_test(the_last_deadline_counts),
		cmocka_unit_test(one_may_clear_another_of_its_slot),
		cmocka_unit_test(one_may_set_itself_and_others),
		cmocka_unit_test(after_a_long_pause_all_that_are_late_ring_and_no_others),
		cmocka_unit_test(patience_ends_at_the_next_deadline),
		cmocka_unit_test(without_timers_it_sleeps_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
