/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the signing keys signs, and until when the others are published, on a clock that the
 * test turns. */
#include "key_files.h"

#include "base/clock.h"

#define DAY 86400

static size_t
published(struct signing *signing, int64_t now_s)
{
	bool changed;

	if (!signing_tend(signing, now_s, &changed, &err))
		fail_msg("%s", err.text);
	return keys_now(signing)->count;
}

static void
key_is_published_before_it_signs_and_kept_after(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = keys_now(signing)->times[0].signs_s;
	char first[64];

	(void)state;
	signing_keep(signing, 7200);
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_int_equal(published(signing, now_s + 90 * DAY - 3601), 1);
	assert_int_equal(published(signing, now_s + 90 * DAY - 3600), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 90 * DAY - 1), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 90 * DAY), 2);
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 90 * DAY + 7199), 2);
	assert_int_equal(published(signing, now_s + 90 * DAY + 7200), 1);
	assert_int_equal(count_keys(), 1);
	signing_close(signing);
}

/* Two years ahead for a moment, which is when the next key was due. */
static void
key_made_while_the_clock_was_ahead_does_not_wait_until_then(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s();
	char first[64];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	signing_keep(signing, 7200);
	assert_int_equal(published(signing, now_s + 730 * DAY), 2);
	assert_int_equal(published(signing, now_s), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 3599), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 3600), 2);
	assert_string_not_equal(signing_kid(signing), first);
	/* And the one after it comes in time, too. */
	assert_int_equal(published(signing, now_s + 3600 + 90 * DAY - 3600), 2);
	signing_close(signing);
}

static void
key_that_signs_since_a_time_to_come_counts_as_made_now(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s() - 700 * DAY;
	char first[64];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_int_equal(published(signing, now_s), 1);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(keys_now(signing)->times[0].signs_s, now_s);
	assert_int_equal(published(signing, now_s + 90 * DAY), 2);
	signing_close(signing);
}

static void
nothing_is_made_or_dropped_while_the_clock_is_in_doubt(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s();
	char *kid = NULL;

	(void)state;
	signing_keep(signing, 7200);
	assert_true(signing_rotate_at_once(signing, now_s, &kid, &err));
	free(kid);
	signing_hold(signing, true);
	assert_int_equal(published(signing, now_s + 730 * DAY), 2);
	signing_hold(signing, false);
	assert_int_equal(published(signing, now_s), 2);
	assert_int_equal(published(signing, now_s + DAY), 1);
	signing_close(signing);
}

static void
retired_key_is_gone_at_once_and_another_signs(void **state)
{
	struct signing *signing = open_signing();
	char *kid = NULL, first[64];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_false(signing_retire(signing, "nobody", clock_now_s(), &err));
	assert_true(signing_rotate(signing, clock_now_s(), &kid, &err));
	assert_string_equal(signing_kid(signing), first);
	free(kid);
	assert_false(signing_rotate(signing, clock_now_s(), &kid, &err));
	assert_true(signing_retire(signing, first, clock_now_s(), &err));
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(keys_now(signing)->count, 1);
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_true(signing_retire(signing, first, clock_now_s(), &err));
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(count_keys(), 1);
	signing_close(signing);
}

static void
rotation_elsewhere_is_seen(void **state)
{
	struct signing *one = open_signing(), *other = open_signing();
	char *kid = NULL;
	bool changed;

	(void)state;
	assert_true(signing_rotate_at_once(other, clock_now_s(), &kid, &err));
	assert_true(signing_tend(one, clock_now_s(), &changed, &err));
	assert_true(changed);
	assert_string_equal(signing_kid(one), kid);
	assert_true(signing_tend(one, clock_now_s(), &changed, &err));
	assert_false(changed);
	free(kid);
	signing_close(one);
	signing_close(other);
}

static void
other_algorithm_is_a_rotation(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s();

	(void)state;
	signing_close(signing);
	assert_true(open_as(SIGNING_EDDSA, &signing));
	signing_keep(signing, 60);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_ES256);
	assert_int_equal(published(signing, now_s), 2);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_ES256);
	assert_int_equal(published(signing, now_s + 3600), 2);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_EDDSA);
	signing_close(signing);
}

static void
given_key_signs_and_its_private_part_stays_where_it_is(void **state)
{
	struct signing_setup given = { .state_dir = scratch.dir, .algorithm = SIGNING_ES256 };
	char path[SCRATCH_ROOM * 2], first[64];
	struct signing *signing = NULL;
	char *kid = NULL;

	(void)state;
	scratch_path(&scratch, "given.pem", path);
	given.key_file = path;
	write_pkey("given.pem", EVP_EC_gen("P-256"), NULL);
	assert_true(signing_open(&given, &signing, &err));
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_int_equal(count_keys(), 0);
	assert_false(signing_rotate_at_once(signing, clock_now_s(), &kid, &err));
	assert_false(signing_retire(signing, first, clock_now_s(), &err));
	write_pkey("given.pem", EVP_EC_gen("P-256"), NULL);
	signing_keep(signing, 3600);
	assert_int_equal(published(signing, clock_now_s()), 2);
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, clock_now_s() + 3601), 1);
	signing_close(signing);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(key_is_published_before_it_signs_and_kept_after),
		TEST(key_made_while_the_clock_was_ahead_does_not_wait_until_then),
		TEST(key_that_signs_since_a_time_to_come_counts_as_made_now),
		TEST(nothing_is_made_or_dropped_while_the_clock_is_in_doubt),
		TEST(retired_key_is_gone_at_once_and_another_signs),
		TEST(rotation_elsewhere_is_seen),
		TEST(other_algorithm_is_a_rotation),
		TEST(given_key_signs_and_its_private_part_stays_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
