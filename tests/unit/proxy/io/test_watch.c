/* SPDX-License-Identifier: Apache-2.0 */
#include "fibers.h"

#include "proxy/io/watch.h"

static void
write_byte(int fd)
{
	while (write(fd, "x", 1) < 0 && errno == EINTR)
		;
}

/* ---- callbacks ---- */

struct listener {
	struct fibers_pair pair;
	struct listener *other;
	int calls, made;
	unsigned flags;
	bool added, reused;
};

static void
note(void *context, unsigned flags)
{
	struct listener *listener = context;

	listener->calls++;
	listener->flags |= flags;
}

/* Close the other's socket, of which there is news as well, and have its number used again. */
static void
replace_the_other(void *context, unsigned flags)
{
	struct listener *listener = context;
	struct listener *other = listener->other;
	int former = other->pair.ours, fds[2];

	note(context, flags);
	if (listener->calls + other->calls > 1)
		return;
	watch_close(former);
	(void)close(other->pair.theirs);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
		return;
	other->pair = (struct fibers_pair){ fds[0], fds[1] };
	other->reused = fds[0] == former;
	other->added = watch_add(fds[0], note, other);
	other->made = 1;
}

static void
add_both(void *context)
{
	struct listener *two = context;

	for (int i = 0; i < 2; i++)
		two[i].added = watch_add(two[i].pair.ours, replace_the_other, &two[i]);
	write_byte(two[0].pair.theirs);
	write_byte(two[1].pair.theirs);
}

static void
close_both(void *context)
{
	struct listener *two = context;

	for (int i = 0; i < 2; i++) {
		watch_close(two[i].pair.ours);
		(void)close(two[i].pair.theirs);
	}
}

static void
write_theirs(void *context)
{
	const struct listener *listener = context;

	write_byte(listener->pair.theirs);
}

static void
nothing(void *context)
{
	(void)context;
}

/* After two of these the news of the time before were handled. */
static void
settle(void)
{
	for (int i = 0; i < 3; i++)
		loop_ask_all(nothing, NULL);
}

static void
a_number_used_again_gets_no_old_news(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct listener two[2] = { { .pair = fibers_pair() }, { .pair = fibers_pair() } };
		struct listener *replaced;

		two[0].other = &two[1];
		two[1].other = &two[0];
		fibers_call(0, add_both, two);
		settle();
		replaced = two[0].made ? &two[0] : &two[1];
		assert_true(replaced->added && replaced->reused);
		assert_int_equal(replaced->other->calls, 1);
		/* A socket that was just made has room to write, and that is all there is of it. */
		assert_true((replaced->flags & WATCH_IN) == 0);
		fibers_call(0, write_theirs, replaced);
		settle();
		assert_true((replaced->flags & WATCH_IN) != 0);
		fibers_call(0, close_both, two);
	}
}

static void
add_bad(void *context)
{
	int *numbers = context;

	errno = 0;
	numbers[0] = watch_add(-1, NULL, NULL) ? 0 : errno;
	errno = 0;
	numbers[1] = watch_add(WATCH_MAX, NULL, NULL) ? 0 : errno;
	errno = 0;
	numbers[2] = watch_add(WATCH_MAX - 1, NULL, NULL) ? 0 : errno;
	numbers[3] = watch_has(-1) || watch_has(WATCH_MAX) || watch_has(WATCH_MAX - 1);
}

static void
what_cannot_be_watched_is_refused(void **state)
{
	int numbers[4] = { 0 };

	(void)state;
	fibers_call(0, add_bad, numbers);
	assert_int_equal(numbers[0], EMFILE);
	assert_int_equal(numbers[1], EMFILE);
	assert_int_equal(numbers[2], EBADF);
	assert_int_equal(numbers[3], 0);
}

struct alarm {
	struct timer timer; /* first */
	int64_t rang_us;
	sem_t rang;
};

static void
ring(struct timer *timer)
{
	struct alarm *alarm = (struct alarm *)(void *)timer;

	alarm->rang_us = clock_mono_us();
	(void)sem_post(&alarm->rang);
}

static void
set_alarm(void *context)
{
	struct alarm *alarm = context;

	watch_timer(&alarm->timer, alarm->timer.deadline_us);
}

static void
a_timer_rings_once_it_is_late(void **state)
{
	struct alarm alarm = { .timer = { .late = ring, .deadline_us = clock_mono_us() + 20000 } };

	(void)state;
	(void)sem_init(&alarm.rang, 0, 0);
	fibers_call(0, set_alarm, &alarm);
	fibers_wait(&alarm.rang);
	assert_true(alarm.rang_us >= alarm.timer.deadline_us);
	(void)sem_destroy(&alarm.rang);
}

/* ---- fibers ---- */

struct sleeper {
	struct fibers_pair pair, second;
	struct fiber *fiber;
	int64_t deadline_us, woke_us;
	int words[3];
	unsigned flags[3];
};

static void
sleep_for_one(void *context)
{
	struct sleeper *sleeper = context;
	struct watch_wait wait = { sleeper->pair.ours, WATCH_IN };

	sleeper->fiber = fiber_current();
	sleeper->words[0] = watch_wait(&wait, 1, sleeper->deadline_us);
	sleeper->woke_us = clock_mono_us();
	sleeper->flags[0] = watch_ready(sleeper->pair.ours);
	watch_close(sleeper->pair.ours);
}

static void
a_fiber_waits_for_news_and_for_its_deadline(void **state)
{
	struct sleeper sleeper = { .pair = fibers_pair(), .deadline_us = clock_mono_us() + FAR_US };
	struct fibers_task task;

	(void)state;
	fibers_begin(&task, 0, sleep_for_one, &sleeper);
	settle();
	write_byte(sleeper.pair.theirs);
	fibers_join(&task);
	assert_int_equal(sleeper.words[0], WATCH_READY);
	assert_true((sleeper.flags[0] & WATCH_IN) != 0);
	assert_true((sleeper.flags[0] & (WATCH_END | WATCH_ERR)) == 0);
	(void)close(sleeper.pair.theirs);

	sleeper = (struct sleeper){ .pair = fibers_pair(), .deadline_us = clock_mono_us() + 20000 };
	fibers_run(0, sleep_for_one, &sleeper);
	assert_int_equal(sleeper.words[0], WATCH_LATE);
	assert_true(sleeper.woke_us >= sleeper.deadline_us);
	assert_int_equal(sleeper.flags[0], WATCH_OUT);
	(void)close(sleeper.pair.theirs);

	sleeper = (struct sleeper){ .pair = fibers_pair(), .deadline_us = 1 };
	fibers_run(0, sleep_for_one, &sleeper);
	assert_int_equal(sleeper.words[0], WATCH_LATE);
	(void)close(sleeper.pair.theirs);
}

static void
sleep_for_two(void *context)
{
	struct sleeper *sleeper = context;
	struct watch_wait waits[2] = { { sleeper->pair.ours, WATCH_IN },
		{ sleeper->second.ours, WATCH_IN } };

	sleeper->words[0] = watch_wait(waits, 2, 0);
	sleeper->flags[0] = watch_ready(sleeper->pair.ours);
	sleeper->flags[1] = watch_ready(sleeper->second.ours);
	watch_close(sleeper->pair.ours);
	watch_close(sleeper->second.ours);
}

static void
write_to_first(void *context)
{
	write_byte(((struct sleeper *)context)->pair.theirs);
}

static void
write_to_second(void *context)
{
	write_byte(((struct sleeper *)context)->second.theirs);
}

static void
write_to_each(void *context)
{
	write_to_first(context);
	write_to_second(context);
}

/* Both in one round: the fiber is woken once. */
static void
it_may_wait_for_several(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		void (*const ways[])(void *) = { write_to_first, write_to_second, write_to_each };
		struct sleeper sleeper = { .pair = fibers_pair(), .second = fibers_pair() };
		struct fibers_task task;

		fibers_begin(&task, 0, sleep_for_two, &sleeper);
		settle();
		fibers_call(0, ways[which], &sleeper);
		fibers_join(&task);
		assert_int_equal(sleeper.words[0], WATCH_READY);
		assert_true(((sleeper.flags[0] | sleeper.flags[1]) & WATCH_IN) != 0);
		settle();
		(void)close(sleeper.pair.theirs);
		(void)close(sleeper.second.theirs);
	}
}

/* An end, once it was seen, is there to be read again and again; bytes are not. */
static void
see_the_end(void *context)
{
	struct sleeper *sleeper = context;
	struct watch_wait wait = { sleeper->pair.ours, WATCH_IN };

	sleeper->words[0] = watch_wait(&wait, 1, 0);
	watch_drained(sleeper->pair.ours, WATCH_IN);
	sleeper->flags[0] = watch_ready(sleeper->pair.ours);
	(void)shutdown(sleeper->pair.theirs, SHUT_WR);
	sleeper->words[1] = watch_wait(&wait, 1, 0);
	watch_drained(sleeper->pair.ours, WATCH_IN | WATCH_OUT);
	sleeper->flags[1] = watch_ready(sleeper->pair.ours);
	(void)close(sleeper->pair.theirs);
	wait.flags = WATCH_ERR;
	sleeper->words[2] = watch_wait(&wait, 1, 0);
	watch_drained(sleeper->pair.ours, WATCH_IN | WATCH_OUT);
	sleeper->flags[2] = watch_ready(sleeper->pair.ours);
	watch_close(sleeper->pair.ours);
}

static void
an_end_stays(void **state)
{
	struct sleeper sleeper = { .pair = fibers_pair() };

	(void)state;
	write_byte(sleeper.pair.theirs);
	fibers_run(0, see_the_end, &sleeper);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sleeper.words[i], WATCH_READY);
	assert_int_equal(sleeper.flags[0], WATCH_OUT);
	assert_int_equal(sleeper.flags[1], WATCH_IN | WATCH_END);
	assert_int_equal(sleeper.flags[2], WATCH_IN | WATCH_OUT | WATCH_END | WATCH_ERR);
}

/* Two times with a socket, once without. */
static void
sleep_three_times(void *context)
{
	struct sleeper *sleeper = context;
	struct watch_wait wait = { sleeper->pair.ours, WATCH_IN };

	sleeper->fiber = fiber_current();
	for (int i = 0; i < 3; i++)
		sleeper->words[i] = watch_wait(&wait, i < 2, clock_mono_us() + FAR_US);
	watch_close(sleeper->pair.ours);
}

static void
wake(void *fiber)
{
	watch_wake(fiber);
}

static void
cancel(void *fiber)
{
	watch_cancel(fiber);
	watch_wake(fiber);
}

static void
a_wait_is_ended_from_outside(void **state)
{
	struct sleeper sleeper = { .pair = fibers_pair() };
	struct fibers_task task;

	(void)state;
	fibers_begin(&task, 0, sleep_three_times, &sleeper);
	settle();
	for (int i = 0; i < 3; i++)
		fibers_call(0, wake, sleeper.fiber);
	fibers_join(&task);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sleeper.words[i], WATCH_READY);
	(void)close(sleeper.pair.theirs);
}

/* The second and third waits end at once. */
static void
a_cancelled_fiber_waits_no_more(void **state)
{
	struct sleeper sleeper = { .pair = fibers_pair() };
	struct fibers_task task;

	(void)state;
	fibers_begin(&task, 0, sleep_three_times, &sleeper);
	settle();
	fibers_call(0, cancel, sleeper.fiber);
	fibers_join(&task);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sleeper.words[i], WATCH_CANCELLED);
	(void)close(sleeper.pair.theirs);
}

static void
cancel_twice(void *fiber)
{
	watch_cancel(fiber);
	watch_cancel(fiber);
	fiber_wake(fiber, 7);
}

static void
sleep_elsewhere_first(void *context)
{
	struct sleeper *sleeper = context;

	sleeper->fiber = fiber_current();
	sleeper->words[0] = fiber_wait();
	sleeper->words[1] = watch_wait(NULL, 0, clock_mono_us() + FAR_US);
}

static void
cancelling_does_not_end_a_wait_for_something_else(void **state)
{
	struct sleeper sleeper = { 0 };
	struct fibers_task task;

	(void)state;
	fibers_begin(&task, 0, sleep_elsewhere_first, &sleeper);
	settle();
	fibers_call(0, cancel_twice, sleeper.fiber);
	fibers_join(&task);
	assert_int_equal(sleeper.words[0], 7);
	assert_int_equal(sleeper.words[1], WATCH_CANCELLED);
}

/* Another part made the first one, and closes it: the next one gets its number. */
static void
sleep_for_a_strangers(void *context)
{
	struct sleeper *sleeper = context;
	struct watch_wait wait = { sleeper->pair.ours, WATCH_IN };
	int fds[2];

	sleeper->words[0] = watch_wait(&wait, 1, 0);
	watch_forget(wait.fd);
	watch_forget(wait.fd);
	(void)close(wait.fd);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0 || fds[0] != wait.fd)
		return;
	write_byte(fds[1]);
	sleeper->words[1] = watch_wait(&wait, 1, sleeper->deadline_us);
	watch_close(fds[0]);
	(void)close(fds[1]);
}

static void
one_that_others_close_is_forgotten_first(void **state)
{
	struct sleeper sleeper = { .pair = fibers_pair() };

	(void)state;
	sleeper.deadline_us = clock_mono_us() + FAR_US;
	write_byte(sleeper.pair.theirs);
	fibers_run(0, sleep_for_a_strangers, &sleeper);
	assert_int_equal(sleeper.words[0], WATCH_READY);
	assert_int_equal(sleeper.words[1], WATCH_READY);
	(void)close(sleeper.pair.theirs);
}

/* ---- the end of a round ---- */

static char steps[16];

struct walker {
	struct fibers_pair pair;
	char name;
};

static void
step(char name)
{
	size_t len = strlen(steps);

	if (len + 1 < sizeof(steps))
		steps[len] = name;
}

static void
walk(void *context)
{
	const struct walker *walker = context;
	struct watch_wait wait = { walker->pair.ours, WATCH_IN };

	(void)!watch_wait(&wait, 1, 0);
	step(walker->name);
	watch_end_of_round();
	step((char)(walker->name - 'a' + 'A'));
	watch_close(walker->pair.ours);
}

static void
write_to_both(void *context)
{
	const struct walker *walkers = context;

	write_byte(walkers[0].pair.theirs);
	write_byte(walkers[1].pair.theirs);
}

static void
what_is_written_waits_for_the_end_of_the_round(void **state)
{
	struct walker walkers[2] = { { fibers_pair(), 'a' }, { fibers_pair(), 'b' } };
	struct fibers_task tasks[2];

	(void)state;
	memset(steps, 0, sizeof(steps));
	for (int i = 0; i < 2; i++)
		fibers_begin(&tasks[i], 0, walk, &walkers[i]);
	settle();
	fibers_call(0, write_to_both, walkers);
	for (int i = 0; i < 2; i++)
		fibers_join(&tasks[i]);
	if (strcmp(steps, "abAB") != 0)
		assert_string_equal(steps, "baBA");
	for (int i = 0; i < 2; i++)
		(void)close(walkers[i].pair.theirs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_used_again_gets_no_old_news),
		cmocka_unit_test(what_cannot_be_watched_is_refused),
		cmocka_unit_test(a_timer_rings_once_it_is_late),
		cmocka_unit_test(a_fiber_waits_for_news_and_for_its_deadline),
		cmocka_unit_test(it_may_wait_for_several),
		cmocka_unit_test(an_end_stays),
		cmocka_unit_test(a_wait_is_ended_from_outside),
		cmocka_unit_test(a_cancelled_fiber_waits_no_more),
		cmocka_unit_test(cancelling_does_not_end_a_wait_for_something_else),
		cmocka_unit_test(one_that_others_close_is_forgotten_first),
		cmocka_unit_test(what_is_written_waits_for_the_end_of_the_round),
	};

	return cmocka_run_group_tests(tests, fibers_setup, fibers_teardown);
}
