/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <pthread.h>

#include "issuer/accounts/login.h"
#include "issuer/accounts/password.h"

/* RFC 7914 section 12, the third vector: quick to check. */
#define PASSWORD "pleaseletmein"
#define HASH "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"

#define OTHER_HASH                                                                                 \
	"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGUyIQ$sZW+38jDCouLRZM40Pp25LtEsGsWeVY/dJZtA37Gprc"

static const struct lockout_rules rules = { 5, 1, 300, 3600 };
static struct memory *memory;
static struct login *login;

static int
setup(void **state)
{
	(void)state;
	memory = memory_new();
	assert_non_null(memory);
	login = login_new(memory, &rules);
	return login == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	login_free(login);
	memory_unref(memory);
	return 0;
}

static struct login_attempt
attempt_of(const char *name, const char *password, const char *hash)
{
	struct login_attempt attempt = { .name = span_of(name),
		.password = span_of(password),
		.peer = SPAN("1.2.3.4"),
		.hash = hash,
		.mono_s = 1000 };

	assert_true(login_digest(login, &attempt));
	return attempt;
}

static enum login_found
check(const struct login_attempt *attempt)
{
	struct login_outcome told;

	return login_check(login, attempt, &told);
}

static void
what_was_found_right_is_known(void **state)
{
	struct login_attempt attempt = attempt_of("ann", PASSWORD, HASH);

	(void)state;
	assert_int_equal(login_known(login, &attempt), 0);
	assert_int_equal(check(&attempt), LOGIN_RIGHT);
	assert_true(login_known(login, &attempt) > 1000);
	attempt.hash = NULL; /* disabled, deleted */
	assert_int_equal(login_known(login, &attempt), 0);
	assert_int_equal(check(&attempt), LOGIN_WRONG);
}

static void
a_changed_password_is_asked_again(void **state)
{
	struct login_attempt attempt = attempt_of("ann", PASSWORD, HASH);
	char other[PASSWORD_HASH_ROOM];

	(void)state;
	assert_int_equal(check(&attempt), LOGIN_RIGHT);
	assert_true(password_hash(SPAN("another"), other));
	attempt.hash = other;
	assert_int_equal(login_known(login, &attempt), 0);
	assert_int_equal(check(&attempt), LOGIN_WRONG);
}

static void
what_is_wrong_is_locked_out(void **state)
{
	struct login_attempt attempt = attempt_of("ann", "guess", HASH);
	struct login_attempt right = attempt_of("ann", PASSWORD, HASH);
	struct login_outcome told;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(login_check(login, &attempt, &told), LOGIN_WRONG);
		assert_int_equal(told.wait_s, i < 4 ? 0 : 1);
	}
	assert_int_equal(login_check(login, &right, &told), LOGIN_LOCKED);
	assert_int_equal(told.wait_s, 1);
	right.mono_s = 1001;
	assert_int_equal(check(&right), LOGIN_RIGHT);
}

static void
unknown_users_are_locked_out_alike(void **state)
{
	struct login_attempt attempt = attempt_of("nobody", "guess", NULL);
	struct login_outcome told;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(login_check(login, &attempt, &told), LOGIN_WRONG);
		assert_int_equal(told.wait_s, i < 4 ? 0 : 1);
	}
	assert_int_equal(check(&attempt), LOGIN_LOCKED);
}

/* Else whoever shares the peer could try without end while the right one is known. */
static void
what_is_known_waits_too_when_its_peer_guesses(void **state)
{
	struct login_attempt right = attempt_of("ann", PASSWORD, HASH);
	struct login_attempt guess = attempt_of("ann", "guess", HASH);
	int i;

	(void)state;
	assert_int_equal(check(&right), LOGIN_RIGHT);
	for (i = 0; i < 5; i++)
		assert_int_equal(check(&guess), LOGIN_WRONG);
	assert_false(login_quiet(login, 1000));
	assert_int_equal(login_known(login, &right), 0);
	assert_int_equal(check(&right), LOGIN_LOCKED);
	right.mono_s = 1001;
	assert_true(login_known(login, &right) > 0);
}

struct crowd {
	struct login_attempt attempt;
	struct login_outcome told;
	enum login_found found;
};

static void *
check_in_thread(void *context)
{
	struct crowd *crowd = context;

	crowd->found = login_check(login, &crowd->attempt, &crowd->told);
	return NULL;
}

static void
run_crowd(struct crowd *crowd, size_t count)
{
	pthread_t threads[200];
	size_t i;

	assert_true(count <= 200);
	for (i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, check_in_thread, &crowd[i]), 0);
	for (i = 0; i < count; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
many_with_the_same_right_password_are_all_let_in(void **state)
{
	static struct crowd crowd[200];
	size_t i, asked = 0;

	(void)state;
	for (i = 0; i < 200; i++)
		crowd[i].attempt = attempt_of("ann", PASSWORD, HASH);
	run_crowd(crowd, 200);
	for (i = 0; i < 200; i++) {
		assert_int_equal(crowd[i].found, LOGIN_RIGHT);
		asked += !crowd[i].told.shared;
	}
	assert_int_equal(asked, 1);
	assert_true(login_quiet(login, 1000));
}

static void
too_many_at_a_time_are_turned_away(void **state)
{
	static struct crowd crowd[200];
	static char names[200][16];
	size_t i, busy = 0, right = 0;

	(void)state;
	for (i = 0; i < 200; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "user%zu", i);
		crowd[i].attempt = attempt_of(names[i], PASSWORD, HASH);
	}
	run_crowd(crowd, 200);
	for (i = 0; i < 200; i++) {
		busy += crowd[i].found == LOGIN_BUSY;
		right += crowd[i].found == LOGIN_RIGHT;
	}
	assert_int_equal(busy + right, 200);
	assert_true(right >= LOGIN_PEER_MAX);
	assert_true(login_quiet(login, 1000));
}

/* Guesses at many names from the address that all share: nobody who is right is refused. */
static void
who_is_right_is_let_in_while_the_peer_guesses(void **state)
{
	static struct crowd crowd[61];
	static char names[60][16];
	struct login_attempt bob = attempt_of("bob", PASSWORD, HASH);
	size_t i, busy = 0;

	(void)state;
	for (i = 0; i < 60; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "user%zu", i);
		crowd[i].attempt = attempt_of(names[i], "guess", HASH);
	}
	for (i = 0; i < 25; i++)
		(void)check(&crowd[i].attempt);
	assert_int_equal(check(&crowd[30].attempt), LOGIN_LOCKED);
	assert_int_equal(check(&bob), LOGIN_RIGHT); /* for the first time */
	/* Asked anew, since the hash is another one, when the others hold all of a peer's room. */
	crowd[60].attempt = attempt_of("bob", PASSWORD, OTHER_HASH);
	run_crowd(crowd, 61);
	for (i = 0; i < 60; i++)
		busy += crowd[i].found == LOGIN_BUSY;
	assert_true(busy <= 60 - LOGIN_PEER_MAX);
	assert_int_equal(crowd[60].found, LOGIN_RIGHT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_found_right_is_known),
		CASE(a_changed_password_is_asked_again),
		CASE(what_is_wrong_is_locked_out),
		CASE(unknown_users_are_locked_out_alike),
		CASE(what_is_known_waits_too_when_its_peer_guesses),
		CASE(who_is_right_is_let_in_while_the_peer_guesses),
		CASE(many_with_the_same_right_password_are_all_let_in),
		CASE(too_many_at_a_time_are_turned_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
