/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

#include "issuer/accounts/password.h"

/* RFC 7914 section 12, the third vector: less work than ours. */
#define PASSWORD "pleaseletmein"
#define STALE                                                                                      \
	"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"

static struct running running;
static char held[PASSWORD_HASH_ROOM];

static int
setup(void **state)
{
	struct user user = { .id = "1", .name = "ann", .label = "", .hash = STALE };
	struct err err;

	(void)state;
	running_init(&running, "http://127.0.0.1");
	if (!store_user_add(running.store, &user, &err))
		fail_msg("%s", err.text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	running_done(&running);
	return 0;
}

/* The hash that the running issuer has of ann. */
static const char *
hash_of_ann(void)
{
	struct issuer_parts parts = running_parts(&running);
	const struct user *user = directory_user(parts.directory, SPAN("ann"));

	held[0] = '\0';
	if (user != NULL)
		(void)snprintf(held, sizeof(held), "%s", user->hash);
	issuer_parts_drop(&parts);
	return held;
}

static struct login_attempt
attempt_of(const char *hash)
{
	struct login_attempt attempt = { .name = SPAN("ann"),
		.password = SPAN(PASSWORD),
		.peer = SPAN("1.2.3.4"),
		.hash = hash,
		.mono_s = 1000 };

	assert_true(login_digest(issuer_login(running.issuer), &attempt));
	return attempt;
}

static void
a_stale_hash_is_replaced_and_stays_known(void **state)
{
	struct login_attempt attempt = attempt_of(STALE);
	char now[PASSWORD_HASH_ROOM];
	bool is_right = false;

	(void)state;
	issuer_rehash(running.issuer, &attempt);
	(void)snprintf(now, sizeof(now), "%s", hash_of_ann());
	assert_string_not_equal(now, STALE);
	assert_false(password_stale(now));
	assert_true(password_right(now, SPAN(PASSWORD), &is_right) && is_right);
	attempt.hash = now;
	assert_true(login_known(issuer_login(running.issuer), &attempt) > 0);
	/* Once is enough. */
	issuer_rehash(running.issuer, &attempt);
	assert_string_equal(hash_of_ann(), now);
}

static const struct user ann = { .id = "1", .name = "ann" };

static void
a_password_that_was_changed_meanwhile_stays(void **state)
{
	struct login_attempt attempt = attempt_of(STALE);
	char other[PASSWORD_HASH_ROOM];
	struct err err;

	(void)state;
	assert_true(password_hash(SPAN("another horse"), other));
	assert_true(store_user_set_hash(running.store, &ann, other, &err));
	issuer_rehash(running.issuer, &attempt);
	assert_string_equal(hash_of_ann(), other);
}

static void
a_user_that_is_gone_does_not_come_back(void **state)
{
	struct login_attempt attempt = attempt_of(STALE);
	struct store_principal ann_of = store_user(&ann);
	struct err err;
	bool found = false;

	(void)state;
	assert_true(store_delete(running.store, &ann_of, &found, &err));
	issuer_rehash(running.issuer, &attempt);
	assert_string_equal(hash_of_ann(), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_stale_hash_is_replaced_and_stays_known, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_password_that_was_changed_meanwhile_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_user_that_is_gone_does_not_come_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
