/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/admin/admin.h"

static struct scratch scratch;
static char path[SCRATCH_ROOM * 2];
static struct store *store;
static struct admin_made made;
static struct err err;

static int
setup(void **state)
{
	struct admin_new new_client = { .name = "partner", .fields.label = "Partner" };

	(void)state;
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.db", path);
	if (!store_open(path, &store, &err))
		return -1;
	return admin_add(store, &new_client, &made, &err) == ADMIN_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	store_close(store);
	scratch_done(&scratch);
	return 0;
}

static struct client *
find(const char *name, struct arena *arena)
{
	struct client *client = NULL;

	if (admin_find(store, &(struct store_wanted){ name, arena }, &client, &err) != ADMIN_OK)
		fail_msg("%s", err.text);
	return client;
}

static void
what_is_not_said_stays(void **state)
{
	struct admin_fields fields = {
		.owner = "team", .token_lifetime_s = 60, .has_lifetime = true
	};
	struct client *client;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(admin_change(store, "partner", &fields, &err), ADMIN_OK);
	client = find("partner", &arena);
	assert_string_equal(client->owner, "team");
	assert_string_equal(client->label, "Partner");
	assert_int_equal(client->token_lifetime_s, 60);
	assert_true(client_secret_slot(client, span_of(made.secret), 100) >= 0);
	arena_done(&arena);
}

static void
what_may_not_be_changes_nothing(void **state)
{
	struct admin_fields late = {
		.owner = "team", .token_lifetime_s = 86401, .has_lifetime = true
	};
	struct admin_fields keyless = {
		.owner = "team", .method = CLIENT_PRIVATE_KEY_JWT, .has_method = true
	};
	struct admin_fields fine = { .owner = "team" };
	struct client *client;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(admin_change(store, "partner", &late, &err), ADMIN_NO);
	assert_int_equal(admin_change(store, "partner", &keyless, &err), ADMIN_NO);
	assert_non_null(strstr(err.text, "public keys"));
	assert_int_equal(admin_change(store, "nobody", &fine, &err), ADMIN_NO);
	client = find("partner", &arena);
	assert_true(client->owner == NULL || client->owner[0] == '\0');
	assert_int_equal(client->method, CLIENT_SECRET_ANY);
	arena_done(&arena);
}

static void
a_name_is_one_clients(void **state)
{
	struct admin_new other = { .name = "other" };
	struct admin_made others;
	struct client *client;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(admin_add(store, &other, &others, &err), ADMIN_OK);
	assert_int_equal(admin_rename(store, "partner", "other", &err), ADMIN_NO);
	assert_int_equal(admin_rename(store, "partner", others.id, &err), ADMIN_NO);
	assert_int_equal(admin_rename(store, "partner", "a:b", &err), ADMIN_NO);
	assert_int_equal(admin_rename(store, "partner", "friend", &err), ADMIN_OK);
	client = find("friend", &arena);
	assert_string_equal(client->id, made.id);
	assert_true(client_secret_slot(client, span_of(made.secret), 100) >= 0);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "partner", &arena }, &client, &err),
	    ADMIN_NO);
	arena_done(&arena);
}

static void
a_switch_says_whether_it_moved(void **state)
{
	struct admin_switch off = { "partner", true }, on = { "partner", false };
	struct admin_switch nobody = { "nobody", true };
	struct arena arena;
	bool changed = false;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(admin_set_disabled(store, &off, &changed, &err), ADMIN_OK);
	assert_true(changed);
	assert_true(find("partner", &arena)->disabled);
	assert_int_equal(admin_set_disabled(store, &off, &changed, &err), ADMIN_OK);
	assert_false(changed);
	assert_int_equal(admin_set_disabled(store, &on, &changed, &err), ADMIN_OK);
	assert_true(changed);
	assert_false(find("partner", &arena)->disabled);
	assert_int_equal(admin_set_disabled(store, &nobody, &changed, &err), ADMIN_NO);
	arena_done(&arena);
}

static void
a_client_is_deleted_once(void **state)
{
	struct client *client = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(admin_delete(store, made.id, &err), ADMIN_OK);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "partner", &arena }, &client, &err),
	    ADMIN_NO);
	assert_int_equal(admin_delete(store, "partner", &err), ADMIN_NO);
	arena_done(&arena);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_said_stays),
		TEST(what_may_not_be_changes_nothing),
		TEST(a_name_is_one_clients),
		TEST(a_switch_says_whether_it_moved),
		TEST(a_client_is_deleted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
