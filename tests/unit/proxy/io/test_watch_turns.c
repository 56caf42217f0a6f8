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
	bool added, told;
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

	while (!busy->crowd->told) {
		busy->crowd->turns[busy->number]++;
		busy->crowd->all++;
		watch_spend(WATCH_SHARE_BYTES);
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

static void
news_waits_for_the_turns_of_a_few(void **state)
{
	static struct crowd crowd;
	static struct busy busy[BUSY_COUNT];
	static struct fibers_task tasks[BUSY_COUNT];

	(void)state;
	crowd.pair = fibers_pair();
	(void)sem_init(&crowd.news, 0, 0);
	for (size_t i = 0; i < BUSY_COUNT; i++) {
		busy[i] = (struct busy){ &crowd, i };
		fibers_begin(&tasks[i], 0, be_busy, &busy[i]);
	}
	fibers_call(0, make_news, &crowd);
	fibers_wait(&crowd.news);
	/* None is left out: they end only when each has had its turn again. */
	while (!crowd.told)
		fibers_call(0, tell, &crowd);
	for (size_t i = 0; i < BUSY_COUNT; i++)
		fibers_join(&tasks[i]);
	assert_true(crowd.added);
	assert_in_range(crowd.noticed - crowd.begun, 0, WATCH_TURNS_MAX);
	fibers_call(0, close_ours, &crowd);
	(void)close(crowd.pair.theirs);
	(void)sem_destroy(&crowd.news);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(news_waits_for_the_turns_of_a_few),
	};

	return cmocka_run_group_tests(tests, fibers_setup, fibers_teardown);
}
