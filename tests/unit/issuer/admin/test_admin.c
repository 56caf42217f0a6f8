/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/admin/admin.h"

static struct scratch scratch;
static char path[SCRATCH_ROOM * 2];
static struct store *store;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.db", path);
	return store_open(path, &store, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	store_close(store);
	scratch_done(&scratch);
	return 0;
}

static void
secret_given_is_the_clients(void **state)
{
	struct admin_new new_client = { .name = "partner", .fields.label = "Partner" };
	struct client *client = NULL;
	struct admin_made made;
	struct arena arena;

	(void)state;
	assert_int_equal(admin_add(store, &new_client, &made, &err), ADMIN_OK);
	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "partner", &arena }, &client, &err),
	    ADMIN_OK);
	assert_string_equal(client->id, made.id);
	assert_string_equal(client->label, "Partner");
	assert_true(client->created_s > 0 && client->slots[0].issued_s == client->created_s);
	assert_true(client_secret_slot(client, span_of(made.secret), 100) >= 0);
	assert_null(strstr(client->slots[0].hash, made.secret));
	client = NULL;
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ made.id, &arena }, &client, &err), ADMIN_OK);
	assert_non_null(client);
	arena_done(&arena);
}

static const char *const bad_texts[] = { "bad\n" };
static const char *const bad_scopes[] = { "a b" };

/* clang-format off */
static const struct {
	const char *name;
	struct admin_new new_client;
	const char *why;
} refused[] = {
	{ "an empty name", { .name = "" }, "name" },
	{ "a name with a colon", { .name = "a:b" }, "name" },
	{ "a label with a newline", { .name = "a", .fields.label = "x\ny" }, "label" },
	{ "a description that is no text", { .name = "a", .fields.description = "\xff" }, "label" },
	{ "a lifetime over a day", { .name = "a", .fields.token_lifetime_s = 86401 }, "lifetime" },
	{ "a negative lifetime", { .name = "a", .fields.token_lifetime_s = -1 }, "lifetime" },
};
/* clang-format on */

static void
wrong_clients_are_not_made(void **state)
{
	struct admin_new odd = { .name = "a" };
	struct client *first = NULL;
	const char *texts[1];
	struct admin_made made;
	struct arena arena;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (admin_add(store, &refused[i].new_client, &made, &err) != ADMIN_NO ||
		    strstr(err.text, refused[i].why) == NULL)
			fail_msg("%s: %s", refused[i].name, err.text);
	}
	texts[0] = bad_texts[0];
	odd.roles = (struct texts){ texts, 1, NULL };
	assert_int_equal(admin_add(store, &odd, &made, &err), ADMIN_NO);
	texts[0] = bad_scopes[0];
	odd.roles.count = 0;
	odd.fields.scopes = (struct texts){ texts, 1, NULL };
	assert_int_equal(admin_add(store, &odd, &made, &err), ADMIN_NO);
	arena_init(&arena, 1 << 20);
	assert_true(store_list(store, &arena, &first, &err));
	assert_null(first);
	arena_done(&arena);
}

static void
no_and_trouble_are_reported_apart(void **state)
{
	struct admin_new new_client = { .name = "partner" };
	struct admin_grant unknown = { "nobody", "r", true };
	struct client *client = NULL;
	struct admin_made made;
	struct arena arena;
	bool changed;

	(void)state;
	assert_int_equal(admin_add(store, &new_client, &made, &err), ADMIN_OK);
	assert_int_equal(admin_add(store, &new_client, &made, &err), ADMIN_NO);
	assert_non_null(strstr(err.text, "there is a client \"partner\" already"));
	assert_int_equal(admin_set_role(store, &unknown, &changed, &err), ADMIN_NO);
	assert_string_equal(err.text, "there is no client \"nobody\"");
	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "nobody", &arena }, &client, &err), ADMIN_NO);
	arena_done(&arena);
	arena_init(&arena, 16);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "partner", &arena }, &client, &err),
	    ADMIN_TROUBLE);
	assert_null(client);
	arena_done(&arena);
}

static void
roles_go_by_name_or_id(void **state)
{
	struct admin_new new_client = { .name = "partner" };
	struct admin_grant grant = { "partner", "r:one", true };
	struct admin_made made;
	bool changed = false;

	(void)state;
	assert_int_equal(admin_add(store, &new_client, &made, &err), ADMIN_OK);
	assert_int_equal(admin_set_role(store, &grant, &changed, &err), ADMIN_OK);
	assert_true(changed);
	grant.name_or_id = made.id;
	assert_int_equal(admin_set_role(store, &grant, &changed, &err), ADMIN_OK);
	assert_false(changed);
	grant.granted = false;
	assert_int_equal(admin_set_role(store, &grant, &changed, &err), ADMIN_OK);
	assert_true(changed);
	grant.role = "";
	assert_int_equal(admin_set_role(store, &grant, &changed, &err), ADMIN_NO);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(secret_given_is_the_clients),
		TEST(wrong_clients_are_not_made),
		TEST(no_and_trouble_are_reported_apart),
		TEST(roles_go_by_name_or_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
