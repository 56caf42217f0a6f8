/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/lockout.h"

static struct lockout *lockout;
static const struct lockout_rules rules = { 5, 1, 300, 3600 };

static int
setup(void **state)
{
	(void)state;
	lockout = lockout_new();
	return lockout == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	lockout_free(lockout);
	return 0;
}

static struct lockout_who
who(const char *name, const char *peer, int64_t now_s)
{
	return (struct lockout_who){ 'u', span_of(name), span_of(peer), now_s };
}

/* A wrong attempt. What it had to wait; 0: it was told that it is wrong. */
static int64_t
wrong(const char *name, const char *peer, int64_t now_s)
{
	struct lockout_who attempt = who(name, peer, now_s);
	int64_t wait_s = lockout_begin(lockout, &rules, &attempt);
	struct lockout_failure failure;

	if (wait_s > 0)
		return wait_s;
	failure = lockout_wrong(lockout, &rules, &attempt);
	return failure.refused ? failure.wait_s : 0;
}

static int64_t
right(const char *name, const char *peer, int64_t now_s)
{
	struct lockout_who attempt = who(name, peer, now_s);
	int64_t wait_s = lockout_begin(lockout, &rules, &attempt);

	if (wait_s == 0)
		lockout_right(lockout, &rules, &attempt);
	return wait_s;
}

static void
fail_often(const char *name, const char *peer, int64_t now_s)
{
	int i;

	for (i = 0; i < 5; i++)
		assert_int_equal(wrong(name, peer, now_s), 0);
}

static void
the_wait_doubles_up_to_the_longest(void **state)
{
	static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	int64_t now_s = 1000;
	size_t i;

	(void)state;
	fail_often("ann", "1.2.3.4", now_s);
	/* By peer alone and by name alone more are free, but they count on: be another each time
	 * for those. */
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct lockout_who attempt = who("ann", "1.2.3.4", now_s);

		assert_int_equal(lockout_begin(lockout, &rules, &attempt), waits[i]);
		now_s += waits[i];
		attempt.mono_s = now_s - 1;
		assert_int_equal(lockout_begin(lockout, &rules, &attempt), 1);
		attempt.mono_s = now_s;
		assert_int_equal(lockout_begin(lockout, &rules, &attempt), 0);
	}
}

static void
many_at_a_time_are_not_more_than_one_after_the_other(void **state)
{
	struct lockout_who attempt = who("ann", "1.2.3.4", 1000);
	int i, made = 0;

	(void)state;
	for (i = 0; i < 100; i++)
		made += lockout_begin(lockout, &rules, &attempt) == 0;
	assert_int_equal(made, 5);
}

static void
being_right_forgives_name_and_peer(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		assert_int_equal(wrong("ann", "1.2.3.4", 1000), 0);
		assert_int_equal(wrong("ann", "1.2.3.4", 1000), 0);
		assert_int_equal(right("ann", "1.2.3.4", 1000), 0);
	}
	assert_true(lockout_quiet(lockout, 1000));
}

static void
what_was_never_tried_does_not_count(void **state)
{
	struct lockout_who attempt = who("ann", "1.2.3.4", 1000);
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		assert_int_equal(lockout_begin(lockout, &rules, &attempt), 0);
		lockout_void(lockout, &rules, &attempt);
	}
}

static void
a_quiet_while_forgets(void **state)
{
	(void)state;
	fail_often("ann", "1.2.3.4", 1000);
	assert_int_equal(wrong("ann", "1.2.3.4", 1000), 1);
	fail_often("ann", "1.2.3.4", 1000 + 3600);
}

static void
one_peer_does_not_lock_a_name_for_the_others(void **state)
{
	int64_t now_s;

	(void)state;
	/* As fast as it may, for three hours. */
	for (now_s = 1000; now_s < 1000 + 10800; now_s++)
		(void)wrong("ann", "6.6.6.6", now_s);
	assert_true(right("ann", "1.2.3.4", now_s + LOCKOUT_NAME_MAX_S) == 0);
}

static void
who_was_right_from_there_is_not_kept_out_by_others(void **state)
{
	char peer[32];
	int64_t now_s = 1000;
	unsigned i;

	(void)state;
	assert_int_equal(right("ann", "1.2.3.4", now_s), 0);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(peer, sizeof(peer), "6.6.%u.%u", i / 250, i % 250);
		(void)wrong("ann", peer, now_s);
	}
	assert_true(wrong("ann", "6.7.8.9", now_s) > 0);
	assert_true(wrong("ann", "6.7.8.9", now_s) <= LOCKOUT_NAME_MAX_S);
	assert_int_equal(right("ann", "1.2.3.4", now_s), 0);
}

static void
a_peer_that_tries_many_names_waits(void **state)
{
	char name[32];
	unsigned i, made = 0;

	(void)state;
	for (i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		made += wrong(name, "6.6.6.6", 1000) == 0;
	}
	assert_int_equal(made, 20);
	assert_int_equal(wrong("ann", "1.2.3.4", 1000), 0);
}

static void
peers_behind_one_address_that_were_right_do_not_wait_for_another(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	assert_int_equal(right("ann", "9.9.9.9", 1000), 0);
	for (i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		(void)wrong(name, "9.9.9.9", 1000);
	}
	assert_true(wrong("eve", "9.9.9.9", 1000) > 0);
	assert_int_equal(right("ann", "9.9.9.9", 1000), 0);
}

static void
failures_at_other_names_never_delay_who_is_right(void **state)
{
	struct lockout_who ann = who("ann", "9.9.9.9", 1000), eve = who("eve", "9.9.9.9", 1000);
	char name[32];
	unsigned i;

	(void)state;
	assert_int_equal(lockout_standing(lockout, &ann), LOCKOUT_STRANGER);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		(void)wrong(name, "9.9.9.9", 1000);
	}
	assert_true(wrong("eve", "9.9.9.9", 1000) > 0);
	assert_int_equal(lockout_standing(lockout, &ann), LOCKOUT_SUSPECT);
	/* For the first time ever, from the address that guesses. */
	assert_int_equal(right("ann", "9.9.9.9", 1000), 0);
	assert_int_equal(lockout_standing(lockout, &ann), LOCKOUT_TRUSTED);
	assert_int_equal(lockout_standing(lockout, &eve), LOCKOUT_SUSPECT);
}

static void
who_was_right_before_and_guesses_waits_all_the_same(void **state)
{
	struct lockout_who attempt = who("ann", "9.9.9.9", 1000);

	(void)state;
	assert_int_equal(right("ann", "9.9.9.9", 1000), 0);
	assert_int_equal(lockout_wait(lockout, &attempt), 0);
	fail_often("ann", "9.9.9.9", 1000);
	assert_int_equal(right("ann", "9.9.9.9", 1000), 1);
	assert_int_equal(lockout_wait(lockout, &attempt), 1);
	assert_false(lockout_quiet(lockout, 1000));
	assert_true(lockout_quiet(lockout, 1001));
}

static void
a_name_is_counted_as_it_is_compared(void **state)
{
	static const char *const others[] = { "Ann", "ann ", " ann", "ann\xcc\x81", "an" };
	size_t i;

	(void)state;
	fail_often("ann", "1.2.3.4", 1000);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(wrong(others[i], "1.2.3.4", 1000), 0);
}

static void
addresses_of_one_network_of_ipv6_are_one_peer(void **state)
{
	char peer[64];
	unsigned i, made = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		(void)snprintf(peer, sizeof(peer), "2001:db8:1:2:%x::%x", i, i + 1);
		made += wrong("ann", peer, 1000) == 0;
	}
	assert_int_equal(made, 5);
	assert_int_equal(wrong("ann", "2001:db8:1:3::1", 1000), 0);
	fail_often("bob", "1.2.3.4", 1000);
	assert_int_equal(wrong("bob", "::ffff:1.2.3.4", 1000), 1);
	assert_int_equal(wrong("bob", "::ffff:1.2.3.5", 1000), 0);
}

static void
a_flood_of_names_makes_nothing_forgotten(void **state)
{
	char name[32], peer[32];
	int64_t now_s = 1000;
	unsigned i;

	(void)state;
	assert_int_equal(right("ann", "1.2.3.4", now_s), 0);
	fail_often("eve", "6.6.6.6", now_s);
	for (i = 0; i < 5; i++)
		(void)wrong("eve", "6.6.6.6", now_s + (2 << i));
	now_s += 64;
	/* Each from a peer of its own: nothing holds it up. */
	for (i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		(void)snprintf(peer, sizeof(peer), "7.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		(void)wrong(name, peer, now_s);
	}
	/* Ten failures so far, so the eleventh costs more than a first one would. */
	assert_int_equal(wrong("eve", "6.6.6.6", now_s), 0);
	assert_true(wrong("eve", "6.6.6.6", now_s) > 16);
	/* And the name's failures of others do not touch whom was right. */
	for (i = 0; i < 100; i++) {
		(void)snprintf(peer, sizeof(peer), "8.8.%u.%u", i, i);
		(void)wrong("ann", peer, now_s);
	}
	assert_int_equal(right("ann", "1.2.3.4", now_s), 0);
}

static void
clients_are_no_users(void **state)
{
	struct lockout_who client = who("ann", "1.2.3.4", 1000);

	(void)state;
	fail_often("ann", "1.2.3.4", 1000);
	client.kind = 'c';
	assert_int_equal(lockout_begin(lockout, &rules, &client), 0);
}

static void
without_a_limit_nobody_waits(void **state)
{
	static const struct lockout_rules none = { 0, 1, 300, 3600 };
	struct lockout_who attempt = who("ann", "1.2.3.4", 1000);
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_int_equal(lockout_begin(lockout, &none, &attempt), 0);
		assert_int_equal(lockout_wrong(lockout, &none, &attempt).wait_s, 0);
	}
}

static void
a_look_says_what_an_attempt_would_and_counts_nothing(void **state)
{
	struct lockout_who attempt = who("ann", "1.2.3.4", 1000);
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(lockout_due(lockout, &rules, &attempt), 0);
	fail_often("ann", "1.2.3.4", 1000);
	for (i = 0; i < 100; i++)
		assert_int_equal(lockout_due(lockout, &rules, &attempt), 1);
	assert_int_equal(wrong("ann", "1.2.3.4", 1000), 1);
	attempt.mono_s = 1001;
	assert_int_equal(lockout_due(lockout, &rules, &attempt), 0);
	/* Being right needs no attempt to have begun, and is believed afterwards. */
	lockout_right(lockout, &rules, &attempt);
	fail_often("bob", "1.2.3.4", 1001);
	fail_often("cid", "1.2.3.4", 1001);
	fail_often("dan", "1.2.3.4", 1001);
	assert_int_equal(lockout_due(lockout, &rules, &attempt), 0);
	/* The peer waits by now, which keeps nobody from trying. */
	attempt.name = SPAN("fay");
	assert_int_equal(lockout_due(lockout, &rules, &attempt), 0);
	assert_true(wrong("fay", "1.2.3.4", 1001) > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_wait_doubles_up_to_the_longest),
		CASE(many_at_a_time_are_not_more_than_one_after_the_other),
		CASE(being_right_forgives_name_and_peer),
		CASE(what_was_never_tried_does_not_count),
		CASE(a_quiet_while_forgets),
		CASE(one_peer_does_not_lock_a_name_for_the_others),
		CASE(who_was_right_from_there_is_not_kept_out_by_others),
		CASE(a_peer_that_tries_many_names_waits),
		CASE(peers_behind_one_address_that_were_right_do_not_wait_for_another),
		CASE(failures_at_other_names_never_delay_who_is_right),
		CASE(who_was_right_before_and_guesses_waits_all_the_same),
		CASE(a_name_is_counted_as_it_is_compared),
		CASE(addresses_of_one_network_of_ipv6_are_one_peer),
		CASE(a_flood_of_names_makes_nothing_forgotten),
		CASE(clients_are_no_users),
		CASE(without_a_limit_nobody_waits),
		CASE(a_look_says_what_an_attempt_would_and_counts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
