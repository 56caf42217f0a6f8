/* SPDX-License-Identifier: Apache-2.0 */
/* Fibers that never wait, more than have their turn in a round. */
#include "fibers.h"

#include "proxy/io/watch.h"

#define BUSY_COUNT (4 * WATCH_TURNS_MAX)

/* Of one loop: nothing in it is touched by two threads at a time. */
struct crowd {
	struct fibers_pair pair;
	size_t turns[BUSY_COUNT];
	size_t all;     /* turns, of all together */
	size_t begun;   /* `all` when the news was made */
	size_t noticed; /* and when it was noticed */
	bool added, told, spent;
	sem_t news;
};

struct busy {
	struct crowd *crowd;
	size_t number;
};

static void
be_busy(void *context)
{
	struct busy *busy = context;
	bool goes_on = true;

	while (goes_on && !busy->crowd->told) {
		busy->crowd->turns[busy->number]++;
		busy->crowd->all++;
		goes_on = watch_spend(WATCH_SHARE_BYTES);
	}
}

static void
notice(void *context, unsigned flags)
{
	struct crowd *crowd = context;

	(void)flags;
	crowd->noticed = crowd->all;
	(void)sem_post(&crowd->news);
}

static void
make_news(void *context)
{
	struct crowd *crowd = context;

	crowd->added = watch_add(crowd->pair.ours, notice, crowd);
	while (write(crowd->pair.theirs, "x", 1) < 0 && errno == EINTR)
		;
	crowd->begun = crowd->all;
}

/* Have all of them had a turn? */
static void
tell(void *context)
{
	struct crowd *crowd = context;

	crowd->told = true;
	for (size_t i = 0; i < BUSY_COUNT; i++)
		crowd->told = crowd->told && crowd->turns[i] > 1;
}

static void
close_ours(void *context)
{
	watch_close(((struct crowd *)context)->pair.ours);
}

static struct busy busy[BUSY_COUNT];
static struct fibers_task tasks[BUSY_COUNT];

static void
begin_all(struct crowd *crowd)
{
	for (size_t i = 0; i < BUSY_COUNT; i++) {
		busy[i] = (struct busy){ crowd, i };
		fibers_begin(&tasks[i], 0, be_busy, &busy[i]);
	}
}

/* None is left out: they end only when each has had its turn again. */
static void
end_all(struct crowd *crowd)
{
	while (!crowd->told)
		fibers_call(0, tell, crowd);
	for (size_t i = 0; i < BUSY_COUNT; i++)
		fibers_join(&tasks[i]);
}

static void
news_waits_for_the_turns_of_a_few(void **state)
{
	static struct crowd crowd;

	(void)state;
	crowd.pair = fibers_pair();
	(void)sem_init(&crowd.news, 0, 0);
	begin_all(&crowd);
	fibers_call(0, make_news, &crowd);
	fibers_wait(&crowd.news);
	end_all(&crowd);
	assert_true(crowd.added);
	assert_in_range(crowd.noticed - crowd.begun, 0, WATCH_TURNS_MAX);
	fibers_call(0, close_ours, &crowd);
	(void)close(crowd.pair.theirs);
	(void)sem_destroy(&crowd.news);
}

/* As a request does that is small: it has spent next to nothing, whatever others have. */
static void
spend_little(void *context)
{
	struct crowd *crowd = context;

	crowd->begun = crowd->all;
	crowd->spent = watch_spend(1);
	crowd->noticed = crowd->all;
}

static void
what_others_have_spent_is_theirs(void **state)
{
	static struct crowd crowd;

	(void)state;
	begin_all(&crowd);
	fibers_run(0, spend_little, &crowd);
	end_all(&crowd);
	assert_true(crowd.spent);
	assert_int_equal(crowd.noticed, crowd.begun);
}

/* Whom nothing but a cancellation ends. */
struct lasting {
	struct fiber *fiber;
	bool goes_on;
};

static void
last(void *context)
{
	struct lasting *lasting = context;

	lasting->fiber = fiber_current();
	while (watch_spend(WATCH_SHARE_BYTES))
		;
	lasting->goes_on = watch_spend(WATCH_SHARE_BYTES - 1);
}

static void
cancel(void *context)
{
	watch_cancel(((struct lasting *)context)->fiber);
}

static void
a_cancelled_fiber_learns_of_it_though_it_never_waits(void **state)
{
	struct lasting lasting = { NULL, false };
	struct fibers_task task;

	(void)state;
	fibers_begin(&task, 0, last, &lasting);
	fibers_call(0, cancel, &lasting);
	fibers_join(&task);
	assert_true(lasting.goes_on); /* as far as what is left to say, within its share */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(news_waits_for_the_turns_of_a_few),
		cmocka_unit_test(what_others_have_spent_is_theirs),
		cmocka_unit_test(a_cancelled_fiber_learns_of_it_though_it_never_waits),
	};

	return cmocka_run_group_tests(tests, fibers_setup, fibers_teardown);
}
