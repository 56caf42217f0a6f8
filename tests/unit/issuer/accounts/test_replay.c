/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/replay.h"

static struct replay *replay;

static int
setup(void **state)
{
	(void)state;
	replay = replay_new();
	return replay == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	replay_free(replay);
	return 0;
}

static enum replay_found
take(const char *owner, const char *text, int64_t now_s, int64_t until_s)
{
	struct replay_use use = { span_of(owner), span_of(text), now_s, now_s, until_s };

	return replay_take(replay, &use);
}

static void
a_text_counts_once(void **state)
{
	(void)state;
	assert_int_equal(take("a", "1", 100, 200), REPLAY_NEW);
	assert_int_equal(take("a", "1", 100, 200), REPLAY_USED);
	assert_int_equal(take("a", "1", 199, 300), REPLAY_USED);
	assert_int_equal(take("a", "2", 199, 300), REPLAY_NEW);
}

/* Ahead for a moment, and back by a day when it should have been forgotten: it is still good then.
 */
static void
a_clock_that_is_set_makes_nothing_forgotten(void **state)
{
	struct replay_use use = { SPAN("a"), SPAN("1"), 100000, 500, 100060 };

	(void)state;
	assert_int_equal(replay_take(replay, &use), REPLAY_NEW);
	use.now_s = 63000000;
	use.mono_s = 504;
	use.until_s = 63000060;
	assert_int_equal(replay_take(replay, &use), REPLAY_USED);
	use.now_s = 100000 - 86400;
	use.mono_s = 600;
	use.until_s = 100060;
	assert_int_equal(replay_take(replay, &use), REPLAY_USED);
	use.now_s = 100060;
	assert_int_equal(replay_take(replay, &use), REPLAY_NEW);
}

static void
its_end_is_the_first_second_in_which_it_is_forgotten(void **state)
{
	(void)state;
	assert_int_equal(take("a", "1", 100, 200), REPLAY_NEW);
	assert_int_equal(take("a", "1", 200, 300), REPLAY_NEW);
	assert_int_equal(take("a", "1", 201, 300), REPLAY_USED);
}

static void
owners_do_not_meet(void **state)
{
	(void)state;
	assert_int_equal(take("a", "bc", 100, 200), REPLAY_NEW);
	assert_int_equal(take("ab", "c", 100, 200), REPLAY_NEW);
	assert_int_equal(take("", "abc", 100, 200), REPLAY_NEW);
	assert_int_equal(take("abc", "", 100, 200), REPLAY_NEW);
	assert_int_equal(take("a", "bc", 100, 200), REPLAY_USED);
}

static void
fill(const char *owner, unsigned count, int64_t until_s)
{
	char text[32];
	unsigned i;

	for (i = 0; i < count; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(take(owner, text, 100, until_s), REPLAY_NEW);
	}
}

static void
one_owner_cannot_take_the_room_of_all(void **state)
{
	(void)state;
	fill("greedy", REPLAY_OWNER_MAX, 200);
	assert_int_equal(take("greedy", "more", 100, 200), REPLAY_FULL);
	assert_int_equal(take("greedy", "0", 100, 200), REPLAY_USED);
	assert_int_equal(take("modest", "0", 100, 200), REPLAY_NEW);
}

static void
room_comes_back_when_texts_end(void **state)
{
	(void)state;
	fill("a", REPLAY_OWNER_MAX, 200);
	assert_int_equal(take("a", "more", 199, 300), REPLAY_FULL);
	assert_int_equal(take("a", "more", 200, 300), REPLAY_NEW);
	fill("b", REPLAY_OWNER_MAX, 300);
}

static void
what_is_full_forgets_nothing(void **state)
{
	static const char *const owners[] = { "a", "b", "c", "d", "e" };
	enum replay_found found;
	char text[32];
	unsigned i, taken = 0;

	(void)state;
	for (i = 0; i < REPLAY_MAX + 1000; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		found = take(owners[i % 5], text, 100, 200);
		assert_int_equal(found, taken < REPLAY_MAX ? REPLAY_NEW : REPLAY_FULL);
		taken += found == REPLAY_NEW;
	}
	for (i = 0; i < REPLAY_MAX; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(take(owners[i % 5], text, 100, 200), REPLAY_USED);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_text_counts_once),
		TEST(a_clock_that_is_set_makes_nothing_forgotten),
		TEST(its_end_is_the_first_second_in_which_it_is_forgotten),
		TEST(owners_do_not_meet),
		TEST(one_owner_cannot_take_the_room_of_all),
		TEST(room_comes_back_when_texts_end),
		TEST(what_is_full_forgets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
