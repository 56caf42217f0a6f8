/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "fibers.h"

struct visit {
	struct fiber *fiber;
	void *locals[FIBER_SLOTS];
	int steps, word, number;
	bool inside;
};

static void
note(struct visit *visit)
{
	visit->fiber = fiber_current();
	visit->inside = visit->fiber != NULL;
	visit->steps++;
	for (int slot = 0; slot < FIBER_SLOTS; slot++)
		visit->locals[slot] = *fiber_local(visit->fiber, (enum fiber_slot)slot);
}

static void
pass(void *context)
{
	note(context);
}

static void
wait_twice(void *context)
{
	struct visit *visit = context;

	note(visit);
	errno = EDOM;
	visit->word = fiber_wait();
	visit->number = errno;
	visit->steps++;
	visit->word = fiber_wait();
	visit->steps++;
}

static void
it_runs_until_it_waits_and_goes_on_when_woken(void **state)
{
	struct visit visit = { 0 };

	(void)state;
	assert_null(fiber_current());
	assert_true(fiber_start(wait_twice, &visit));
	assert_int_equal(visit.steps, 1);
	assert_true(visit.inside);
	assert_null(fiber_current());
	assert_int_equal(fiber_running(), 1);
	fiber_wake(visit.fiber, 41);
	assert_int_equal(visit.steps, 2);
	assert_int_equal(visit.word, 41);
	fiber_wake(visit.fiber, -1);
	assert_int_equal(visit.steps, 3);
	assert_int_equal(visit.word, -1);
	assert_int_equal(fiber_running(), 0);
	assert_null(fiber_current());
	fiber_trim(0);
}

static void
errno_is_its_own(void **state)
{
	struct visit visit = { 0 };

	(void)state;
	assert_true(fiber_start(wait_twice, &visit));
	errno = ERANGE;
	fiber_wake(visit.fiber, 0);
	assert_int_equal(visit.number, EDOM);
	fiber_wake(visit.fiber, 0);
	fiber_trim(0);
}

static void
one_stack_serves_one_after_another(void **state)
{
	struct visit first = { 0 }, next = { 0 };

	(void)state;
	assert_int_equal(fiber_kept(), 0);
	assert_true(fiber_start(pass, &first));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(fiber_kept(), 1);
		assert_true(fiber_start(pass, &next));
		assert_ptr_equal(next.fiber, first.fiber);
	}
	assert_int_equal(next.steps, 100);
	fiber_trim(0);
	assert_int_equal(fiber_kept(), 0);
}

static void
leave_marks(void *context)
{
	note(context);
	for (int slot = 0; slot < FIBER_SLOTS; slot++)
		*fiber_local(fiber_current(), (enum fiber_slot)slot) = context;
	(void)fiber_wait();
	note(context);
}

static void
locals_last_over_a_wait_and_begin_empty(void **state)
{
	struct visit first = { 0 }, next = { 0 };

	(void)state;
	assert_true(fiber_start(leave_marks, &first));
	fiber_wake(first.fiber, 0);
	assert_int_equal(first.steps, 2);
	for (int slot = 0; slot < FIBER_SLOTS; slot++)
		assert_ptr_equal(first.locals[slot], &first);
	assert_true(fiber_start(pass, &next));
	assert_ptr_equal(next.fiber, first.fiber);
	for (int slot = 0; slot < FIBER_SLOTS; slot++)
		assert_null(next.locals[slot]);
	fiber_trim(0);
}

static void
stacks_are_given_back(void **state)
{
	struct visit visits[10] = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(fiber_start(wait_twice, &visits[i]));
	assert_int_equal(fiber_running(), 10);
	assert_int_equal(fiber_most(), 10);
	assert_int_equal(fiber_kept(), 0);
	fiber_trim(0);
	for (int i = 9; i >= 0; i--) {
		fiber_wake(visits[i].fiber, i);
		fiber_wake(visits[i].fiber, i);
		assert_int_equal(visits[i].steps, 3);
		assert_int_equal(visits[i].word, i);
	}
	assert_int_equal(fiber_running(), 0);
	assert_int_equal(fiber_most(), 10);
	assert_int_equal(fiber_most(), 0);
	assert_int_equal(fiber_kept(), 10);
	fiber_trim(20);
	assert_int_equal(fiber_kept(), 10);
	fiber_trim(3);
	assert_int_equal(fiber_kept(), 3);
	for (int i = 0; i < 3; i++) {
		struct fiber *last_used = visits[i].fiber;

		visits[i] = (struct visit){ 0 };
		assert_true(fiber_start(wait_twice, &visits[i]));
		assert_ptr_equal(visits[i].fiber, last_used);
	}
	assert_int_equal(fiber_most(), 3);
	for (int i = 0; i < 3; i++)
		for (int turn = 0; turn < 2; turn++)
			fiber_wake(visits[i].fiber, turn);
	fiber_trim(0);
	assert_int_equal(fiber_kept(), 0);
}

/* Uses about a KiB of stack for each step, and something of each. */
static unsigned
dig(unsigned depth)
{
	volatile char page[1024];
	unsigned sum;

	memset((char *)(uintptr_t)page, (int)depth, sizeof(page));
	sum = depth == 0 ? 0 : dig(depth - 1);
	return sum + (unsigned char)page[depth % sizeof(page)];
}

static void
dig_deep(void *context)
{
	unsigned *depth = context;

	*depth = dig(*depth);
}

static void
its_stack_is_as_large_as_was_said(void **state)
{
	unsigned depth = 100, sum = 0;

	(void)state;
	for (unsigned i = 0; i <= depth; i++)
		sum += i;
	assert_true(fiber_start(dig_deep, &depth));
	assert_int_equal(depth, sum);
	fiber_trim(0);
}

/* Below the stack is a page that nobody may write: the process ends, nothing is overwritten. */
static void
beyond_its_stack_the_process_ends(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		unsigned depth = 100000;
		const struct rlimit none = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)close(2);
		_exit(fiber_start(dig_deep, &depth) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_until_it_waits_and_goes_on_when_woken),
		cmocka_unit_test(errno_is_its_own),
		cmocka_unit_test(one_stack_serves_one_after_another),
		cmocka_unit_test(locals_last_over_a_wait_and_begin_empty),
		cmocka_unit_test(stacks_are_given_back),
		cmocka_unit_test(its_stack_is_as_large_as_was_said),
		cmocka_unit_test(beyond_its_stack_the_process_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
