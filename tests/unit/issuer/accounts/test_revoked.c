/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens are revoked, by what was revoked. Times are those of the test. */
#include "scratch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "issuer/accounts/revoked.h"

#define US "https://gate.example"
#define THEM "https://idp.example"
#define NOW_S 1000

static struct revoked *revoked;

static int
setup(void **state)
{
	(void)state;
	revoked = revoked_new();
	return revoked == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	revoked_unref(revoked);
	return 0;
}

static void
add_at(const struct revocation *revocation, int64_t now_s)
{
	struct err err;

	if (!revoked_add(&revoked, revocation, now_s, &err))
		fail_msg("%s", err.text);
}

static void
add(int kind, const char *value, int64_t before_s)
{
	add_at(
	    &(struct revocation){
		.kind = kind, .issuer = US, .value = value, .before_s = before_s },
	    NOW_S);
}

/* A token of ours with all that can be revoked; issued at 500. */
static struct revoked_question
token_of(const char *jti, const char *client, const char *subject)
{
	return (struct revoked_question){ .issuer = SPAN(US),
		.jti = span_of(jti),
		.client = span_of(client),
		.subject = span_of(subject),
		.has_issued = true,
		.issued_s = 500 };
}

static bool
has(struct revoked_question question)
{
	return revoked_has(revoked, &question);
}

static void
at_first_nothing_is_revoked(void **state)
{
	(void)state;
	assert_false(has(token_of("j", "c", "s")));
	assert_false(has(token_of(NULL, NULL, NULL)));
}

/* A value revokes what it names, and nothing that happens to have the same text elsewhere. */
static void
each_kind_has_its_own_values(void **state)
{
	static const struct {
		int kind;
		const char *jti, *client, *subject;
	} cases[] = {
		{ REVOKE_TOKEN, "x", "c", "s" },
		{ REVOKE_CLIENT, "j", "x", "s" },
		{ REVOKE_SUBJECT, "j", "c", "x" },
	};

	for (size_t i = 0; i < 3; i++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		for (size_t k = 0; k < 3; k++) /* so that each kind is looked for */
			add(cases[k].kind, "another", 500);
		add(cases[i].kind, "x", 500);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(
			    has(token_of(cases[k].jti, cases[k].client, cases[k].subject)), i == k);
		assert_false(has(token_of("X", "X", "X")));
		assert_false(has(token_of("", "", "")));
		assert_false(has(token_of("x ", "x ", "x ")));
		assert_false(has(token_of(NULL, NULL, NULL)));
	}
}

static void
an_issuer_revokes_its_own_tokens_alone(void **state)
{
	struct revoked_question question = token_of("x", "x", "x");

	(void)state;
	add(REVOKE_TOKEN, "x", 0);
	add(REVOKE_ALL, "", 500);
	question.issuer = SPAN(THEM);
	assert_false(has(question));
	question.issuer = SPAN(US "/");
	assert_false(has(question));
	/* What is between issuer and value must not move. */
	question.issuer = SPAN(US "x");
	question.jti = question.client = question.subject = SPAN("");
	assert_false(has(question));
}

/* RFC 7519 section 4.1.6: iat is in seconds, and one token may be as old as the revocation. */
static void
only_tokens_until_then_are_revoked(void **state)
{
	static const int kinds[] = { REVOKE_CLIENT, REVOKE_SUBJECT, REVOKE_ALL };

	for (size_t i = 0; i < 3; i++) {
		struct revoked_question question = token_of("j", "x", "x");

		teardown(state);
		assert_int_equal(setup(state), 0);
		add(kinds[i], kinds[i] == REVOKE_ALL ? "" : "x", 500);
		assert_true(has(question));
		question.issued_s = 501;
		assert_false(has(question));
		question.issued_s = -1;
		assert_true(has(question));
		/* Who does not say when it was issued may have been issued before. */
		question.has_issued = false;
		question.issued_s = 9999;
		assert_true(has(question));
	}
}

static void
a_single_token_is_revoked_for_good(void **state)
{
	struct revoked_question question = token_of("x", "c", "s");

	(void)state;
	add(REVOKE_TOKEN, "x", 0);
	question.issued_s = INT64_MAX;
	assert_true(has(question));
}

static void
revoked_again_the_later_date_counts(void **state)
{
	struct revoked_question question = token_of("j", "x", "s");

	(void)state;
	add(REVOKE_CLIENT, "x", 600);
	add(REVOKE_CLIENT, "x", 400);
	question.issued_s = 600;
	assert_true(has(question));
	add(REVOKE_CLIENT, "x", 700);
	question.issued_s = 700;
	assert_true(has(question));
}

/* A clock that was ahead dated it, and the date is put right: then the earlier one counts. */
static void
a_date_of_a_clock_that_was_ahead_is_taken_back(void **state)
{
	struct revocation anew = { .kind = REVOKE_CLIENT,
		.issuer = US,
		.value = "x",
		.before_s = 600,
		.instead_s = 90000 };
	struct revoked_question question = token_of("j", "x", "s");

	(void)state;
	add(REVOKE_CLIENT, "x", 90000);
	question.issued_s = 700;
	assert_true(has(question));
	add_at(&anew, NOW_S);
	assert_false(has(question));
	question.issued_s = 600;
	assert_true(has(question));
	/* Somebody revoked again meanwhile: that stays. */
	add(REVOKE_CLIENT, "x", 800);
	add_at(&anew, NOW_S);
	question.issued_s = 800;
	assert_true(has(question));
}

static void
a_kind_that_is_not_known_is_an_error(void **state)
{
	static const int kinds[] = { -1, REVOKE_ALL + 1 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct revocation revocation = { .kind = kinds[i], .issuer = US, .value = "x" };
		struct err err = { "" };

		assert_false(revoked_add(&revoked, &revocation, NOW_S, &err));
		assert_string_equal(err.text, "a revocation of a kind that is not known");
	}
	assert_false(has(token_of("x", "x", "x")));
}

#define MANY 5000

static const char *
jti_of(int i)
{
	static char jti[24];

	(void)snprintf(jti, sizeof(jti), "jti-%d", i);
	return jti;
}

static void
many_are_all_found(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++)
		add(REVOKE_TOKEN, jti_of(i), 0);
	for (int i = 0; i < MANY; i++)
		assert_true(has(token_of(jti_of(i), "c", "s")));
	for (int i = MANY; i < 2 * MANY; i++)
		assert_false(has(token_of(jti_of(i), "c", "s")));
}

/* What is over makes room; what is not stays, however many come. */
static void
the_expired_make_room_and_nobody_else(void **state)
{
	int64_t now_s = NOW_S;

	(void)state;
	add_at(&(struct revocation){ .kind = REVOKE_SUBJECT,
		   .issuer = US,
		   .value = "stays",
		   .before_s = 500,
		   .until_s = 0 },
	    now_s);
	add_at(
	    &(struct revocation){
		.kind = REVOKE_TOKEN, .issuer = US, .value = "late", .until_s = NOW_S + MANY + 9 },
	    now_s);
	for (int i = 0; i < MANY; i++, now_s++)
		add_at(&(struct revocation){ .kind = REVOKE_TOKEN,
			   .issuer = US,
			   .value = jti_of(i),
			   .until_s = now_s + 1 },
		    now_s);
	assert_true(has(token_of("j", "c", "stays")));
	assert_true(has(token_of("late", "c", "s")));
	/* The first ones are over long ago and gone. */
	assert_false(has(token_of(jti_of(0), "c", "s")));
	assert_true(has(token_of(jti_of(MANY - 1), "c", "s")));
}

/* Revoked for longer, it must not be forgotten with the first term. */
static void
the_longer_term_counts(void **state)
{
	struct revocation revocation = {
		.kind = REVOKE_TOKEN, .issuer = US, .value = "x", .until_s = NOW_S + 1
	};

	(void)state;
	add_at(&revocation, NOW_S);
	revocation.until_s = 0;
	add_at(&revocation, NOW_S);
	revocation.until_s = NOW_S + 2;
	add_at(&revocation, NOW_S);
	for (int i = 0; i < MANY; i++)
		add_at(&(struct revocation){ .kind = REVOKE_TOKEN,
			   .issuer = US,
			   .value = jti_of(i),
			   .until_s = NOW_S + 10000 },
		    NOW_S + 100);
	assert_true(has(token_of("x", "c", "s")));
}

static void
who_holds_a_table_keeps_it(void **state)
{
	struct revoked_question question = token_of("first", "c", "s");
	struct revoked *held;

	(void)state;
	add(REVOKE_TOKEN, "first", 0);
	held = revoked_ref(revoked);
	for (int i = 0; i < MANY; i++)
		add(REVOKE_TOKEN, jti_of(i), 0);
	assert_ptr_not_equal(held, revoked);
	assert_true(revoked_has(held, &question));
	revoked_unref(held);
	assert_true(has(question));
}

static atomic_bool going;
static atomic_int missed;

/* What was revoked before this thread began is revoked at any time. */
static void *
look(void *context)
{
	const struct revoked *mine = context;
	struct revoked_question question = token_of("first", "c", "s");

	while (atomic_load(&going))
		if (!revoked_has(mine, &question))
			atomic_fetch_add(&missed, 1);
	return NULL;
}

static void
readers_need_no_lock(void **state)
{
	struct revoked *held;
	pthread_t threads[2];

	(void)state;
	add(REVOKE_TOKEN, "first", 0);
	held = revoked_ref(revoked);
	atomic_store(&going, true);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look, held), 0);
	for (int i = 0; i < MANY; i++)
		add(REVOKE_TOKEN, jti_of(i), 0);
	atomic_store(&going, false);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	revoked_unref(held);
	assert_int_equal(atomic_load(&missed), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_first_nothing_is_revoked),
		TEST(each_kind_has_its_own_values),
		TEST(an_issuer_revokes_its_own_tokens_alone),
		TEST(only_tokens_until_then_are_revoked),
		TEST(a_single_token_is_revoked_for_good),
		TEST(revoked_again_the_later_date_counts),
		TEST(a_date_of_a_clock_that_was_ahead_is_taken_back),
		TEST(a_kind_that_is_not_known_is_an_error),
		TEST(many_are_all_found),
		TEST(the_expired_make_room_and_nobody_else),
		TEST(the_longer_term_counts),
		TEST(who_holds_a_table_keeps_it),
		TEST(readers_need_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
