/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "fibers.h"

#define POSTERS 4
#define POSTS 500

static void
loops_start_and_stop_again_and_again(void **state)
{
	(void)state;
	assert_int_equal(loop_count(), 0);
	for (int i = 1; i <= 4; i++) {
		fibers_loops(i);
		assert_int_equal(loop_count(), i);
		fibers_loops(i + 1);
		assert_int_equal(loop_count(), i);
		loop_stop();
		assert_int_equal(loop_count(), 0);
	}
	loop_stop();
}

static void
nought_is_one_for_each_processor_and_there_is_a_most(void **state)
{
	(void)state;
	fibers_loops(0);
	assert_in_range(loop_count(), 1, LOOP_MAX);
	loop_stop();
	fibers_loops(LOOP_MAX + 1);
	assert_int_equal(loop_count(), LOOP_MAX);
	loop_stop();
}

/* Each loop writes its own. */
static struct {
	int asked, index;
	bool in_fiber;
	pthread_t thread;
} here[LOOP_MAX];

static void
ask(void *context)
{
	int index = loop_index();

	here[index].asked += *(int *)context;
	here[index].index = index;
	here[index].in_fiber = fiber_current() != NULL;
	here[index].thread = pthread_self();
}

static void
all_are_asked_once_each_on_its_own_thread(void **state)
{
	int one = 1;

	(void)state;
	memset(here, 0, sizeof(here));
	assert_int_equal(loop_index(), -1);
	loop_ask_all(ask, &one);
	fibers_loops(5);
	for (int i = 1; i <= 20; i++) {
		loop_ask_all(ask, &one);
		for (int loop = 0; loop < 5; loop++) {
			assert_int_equal(here[loop].asked, i);
			assert_int_equal(here[loop].index, loop);
			assert_false(here[loop].in_fiber);
			assert_false(pthread_equal(here[loop].thread, pthread_self()));
			assert_true(loop == 0 || !pthread_equal(here[loop].thread, here[0].thread));
		}
	}
	assert_int_equal(here[5].asked, 0);
	assert_int_equal(loop_index(), -1);
	loop_stop();
}

struct numbered {
	struct loop_post post; /* first */
	int poster, number;
};

/* Of each loop. */
static struct {
	int next[POSTERS];
	int wrong;
} seen[2];
static struct numbered posts[POSTERS][POSTS];

static void
count(struct loop_post *post)
{
	const struct numbered *numbered = (struct numbered *)(void *)post;
	int loop = loop_index();

	seen[loop].wrong += seen[loop].next[numbered->poster] > numbered->number;
	seen[loop].next[numbered->poster] = numbered->number + 1;
	seen[loop].wrong += numbered->number % 2 != loop;
}

static void *
post_all(void *context)
{
	int poster = *(int *)context;

	for (int i = 0; i < POSTS; i++) {
		posts[poster][i] =
		    (struct numbered){ .post.run = count, .poster = poster, .number = i };
		loop_post(i % 2, &posts[poster][i].post);
	}
	return NULL;
}

static void
nothing(void *context)
{
	(void)context;
}

/* The last post of a thread is the last of its to run. */
static void
posts_of_many_threads_run_in_their_order(void **state)
{
	pthread_t threads[POSTERS];
	int numbers[POSTERS];

	(void)state;
	memset(seen, 0, sizeof(seen));
	fibers_loops(2);
	for (int i = 0; i < POSTERS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, post_all, &numbers[i]), 0);
	}
	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	loop_ask_all(nothing, NULL);
	loop_stop();
	for (int loop = 0; loop < 2; loop++) {
		assert_int_equal(seen[loop].wrong, 0);
		for (int i = 0; i < POSTERS; i++)
			assert_int_equal(seen[loop].next[i], POSTS - 1 + loop);
	}
}

struct relay {
	struct loop_post post; /* first */
	int left;
	sem_t done;
};

static void
pass_on(struct loop_post *post)
{
	struct relay *relay = (struct relay *)(void *)post;

	if (relay->left-- == 0)
		(void)sem_post(&relay->done);
	else
		loop_post(relay->left % loop_count(), post);
}

static void
a_post_may_post_itself_again(void **state)
{
	struct relay relay = { .post.run = pass_on, .left = 300 };

	(void)state;
	(void)sem_init(&relay.done, 0, 0);
	fibers_loops(3);
	loop_post(0, &relay.post);
	fibers_wait(&relay.done);
	loop_stop();
	(void)sem_destroy(&relay.done);
}

static void
take_long(void *context)
{
	(void)nanosleep(context, NULL);
}

static uint64_t
rounds_from(int bucket)
{
	struct loop_state now;
	uint64_t sum = 0;

	loop_read_state(&now);
	while (bucket < LOOP_ROUND_BUCKETS)
		sum += now.rounds[bucket++];
	return sum;
}

/* A round is noted after it has ended: another question is a round later. */
static void
a_loop_tells_how_long_it_takes(void **state)
{
	struct timespec pause = { .tv_nsec = 30000000 };
	struct loop_state now;

	(void)state;
	fibers_loops(2);
	loop_ask_all(take_long, &pause);
	loop_ask_all(nothing, NULL);
	assert_true(loop_round_bounds_us[3] < pause.tv_nsec / 1000);
	assert_true(rounds_from(4) >= 2);
	loop_read_state(&now);
	assert_true(now.rounds_us >= 60000);
	assert_int_equal(now.fibers, 0);
	loop_stop();
	loop_read_state(&now);
	assert_int_equal(now.rounds_us, 0);
}

static void
wait_for_ever(void *context)
{
	*(struct fiber **)context = fiber_current();
	(void)fiber_wait();
}

static void
begin_to_wait(void *context)
{
	if (!fiber_start(wait_for_ever, context))
		abort();
}

static void
end_the_wait(void *context)
{
	fiber_wake(*(struct fiber **)context, 0);
}

static void
a_loop_tells_how_many_fibers_it_has(void **state)
{
	struct fiber *fiber;
	struct loop_state now;

	(void)state;
	fibers_loops(1);
	loop_ask_all(begin_to_wait, &fiber);
	loop_ask_all(nothing, NULL);
	loop_read_state(&now);
	assert_int_equal(now.fibers, 1);
	assert_int_equal(now.stacks, 0);
	loop_ask_all(end_the_wait, &fiber);
	loop_ask_all(nothing, NULL);
	loop_read_state(&now);
	assert_int_equal(now.fibers, 0);
	assert_int_equal(now.stacks, 1);
	loop_stop();
}

/* A fiber stays on the thread that began it. */
struct stay {
	struct fiber *fiber;
	struct fibers_task wake;
	int before, after;
};

static void
wake(void *context)
{
	fiber_wake(context, 0);
}

static void
stay(void *context)
{
	struct stay *visit = context;

	visit->before = loop_index();
	fibers_post(&visit->wake, visit->before, wake, fiber_current());
	(void)fiber_wait();
	visit->after = loop_index();
}

static void
fibers_stay_on_their_loop(void **state)
{
	(void)state;
	fibers_loops(3);
	for (int loop = 0; loop < 3; loop++) {
		struct stay visit = { 0 };

		fibers_run(loop, stay, &visit);
		fibers_join(&visit.wake);
		assert_int_equal(visit.before, loop);
		assert_int_equal(visit.after, loop);
	}
	loop_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loops_start_and_stop_again_and_again),
		cmocka_unit_test(nought_is_one_for_each_processor_and_there_is_a_most),
		cmocka_unit_test(all_are_asked_once_each_on_its_own_thread),
		cmocka_unit_test(posts_of_many_threads_run_in_their_order),
		cmocka_unit_test(a_post_may_post_itself_again),
		cmocka_unit_test(a_loop_tells_how_long_it_takes),
		cmocka_unit_test(a_loop_tells_how_many_fibers_it_has),
		cmocka_unit_test(fibers_stay_on_their_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
