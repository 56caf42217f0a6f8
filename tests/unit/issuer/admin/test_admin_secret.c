/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <unistd.h>

#include "base/clock.h"
#include "issuer/admin/admin.h"
#include "issuer/model/client_expiry.h"

static struct scratch scratch;
static char path[SCRATCH_ROOM * 2];
static struct store *store;
static struct admin_made first;
static struct err err;

static int
setup(void **state)
{
	struct admin_new new_client = { .name = "partner" };

	(void)state;
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.db", path);
	if (!store_open(path, &store, &err))
		return -1;
	return admin_add(store, &new_client, &first, &err) == ADMIN_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	store_close(store);
	scratch_done(&scratch);
	return 0;
}

static bool
counts(const char *secret)
{
	struct client *client = NULL;
	struct arena arena;
	bool good;

	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "partner", &arena }, &client, &err),
	    ADMIN_OK);
	good = client_secret_slot(client, span_of(secret), 100) >= 0;
	arena_done(&arena);
	return good;
}

static void
rotate(bool revoke_other, struct admin_made *made)
{
	struct admin_rotation rotation = { "partner", revoke_other, 0 };

	if (admin_rotate(store, &rotation, made, &err) != ADMIN_OK)
		fail_msg("%s", err.text);
	assert_true(counts(made->secret));
	assert_string_equal(made->id, first.id);
}

static void
two_secrets_count_and_a_third_replaces_one(void **state)
{
	struct admin_made second, third;

	(void)state;
	assert_int_equal(first.slot, 1);
	rotate(false, &second);
	assert_int_equal(second.slot, 2);
	assert_true(counts(first.secret));
	rotate(false, &third);
	assert_true(counts(first.secret) != counts(second.secret));
}

static void
an_expired_secret_makes_room_for_the_next(void **state)
{
	struct admin_rotation short_lived = { "partner", false, 1 }, long_lived = short_lived;
	struct admin_made second, third, fourth;

	(void)state;
	long_lived.expires_s = CLIENT_EXPIRY_MAX_S;
	assert_int_equal(admin_rotate(store, &short_lived, &second, &err), ADMIN_OK);
	assert_int_equal(second.slot, 2);
	assert_true(second.until_s > 1);
	while (clock_now_s() < second.until_s)
		(void)usleep(20000);
	assert_int_equal(admin_rotate(store, &long_lived, &third, &err), ADMIN_OK);
	assert_int_equal(third.slot, 2);
	assert_true(third.until_s > second.until_s);
	long_lived.expires_s++;
	assert_int_equal(admin_rotate(store, &long_lived, &fourth, &err), ADMIN_NO);
	assert_non_null(strstr(err.text, "3650d"));
	long_lived.expires_s = -1;
	assert_int_equal(admin_rotate(store, &long_lived, &fourth, &err), ADMIN_NO);
}

static void
a_leaked_secret_ends_with_its_rotation(void **state)
{
	struct admin_made second;

	(void)state;
	rotate(true, &second);
	assert_false(counts(first.secret));
}

static enum admin_result
revoke_slot(const char *name, enum admin_slot slot, int *ret_revoked)
{
	struct admin_unsecret which = { name, slot };

	return admin_revoke_secret(store, &which, ret_revoked, &err);
}

static void
a_slot_is_emptied_once(void **state)
{
	struct admin_made second;
	int revoked = 0;

	(void)state;
	rotate(false, &second);
	assert_int_equal(revoke_slot("partner", ADMIN_SLOT_2, &revoked), ADMIN_OK);
	assert_int_equal(revoked, 2);
	assert_true(counts(first.secret));
	assert_false(counts(second.secret));
	assert_int_equal(revoke_slot("partner", ADMIN_SLOT_2, &revoked), ADMIN_NO);
	assert_int_equal(revoke_slot("partner", ADMIN_SLOT_OLDEST, &revoked), ADMIN_OK);
	assert_int_equal(revoked, 1);
	assert_false(counts(first.secret));
	assert_int_equal(revoke_slot("partner", ADMIN_SLOT_OLDEST, &revoked), ADMIN_NO);
	assert_int_equal(revoke_slot("nobody", ADMIN_SLOT_1, &revoked), ADMIN_NO);
}

static void
both_go_at_once(void **state)
{
	struct admin_made second;
	int revoked = 0;

	(void)state;
	rotate(false, &second);
	assert_int_equal(revoke_slot("partner", ADMIN_SLOT_BOTH, &revoked), ADMIN_OK);
	assert_int_equal(revoked, 3);
	assert_false(counts(first.secret));
	assert_false(counts(second.secret));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_expired_secret_makes_room_for_the_next),
		TEST(two_secrets_count_and_a_third_replaces_one),
		TEST(a_leaked_secret_ends_with_its_rotation),
		TEST(a_slot_is_emptied_once),
		TEST(both_go_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
