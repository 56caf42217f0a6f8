/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/admin/admin.h"

#define SECRET "0123456789abcdefghijkl"

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

static size_t
clients(void)
{
	struct client *first = NULL;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	assert_true(store_list(store, &arena, &first, &err));
	for (; first != NULL; first = first->next)
		count++;
	arena_done(&arena);
	return count;
}

static void
what_was_exported_comes_in(void **state)
{
	struct client *client = NULL;
	struct arena arena;
	size_t count = 0;

	(void)state;
	if (admin_import(store,
		SPAN("{\"clients\":[{\"name\":\"a\",\"client_id\":\"id-a\",\"label\":\"A\","
		     "\"roles\":[\"r\"],\"scopes\":[\"s\"],\"token_lifetime_s\":60,"
		     "\"claims\":{\"tenant\":\"acme\"},"
		     "\"created\":\"2026-01-01T00:00:00Z\","
		     "\"secrets\":[{\"slot\":2,\"secret\":\"" SECRET "\",\"issued\":7,"
		     "\"expires\":\"1970-01-01T00:02:00Z\"}]},"
		     "{\"name\":\"b\",\"client_id\":\"id-b\",\"disabled\":true}]}"),
		&count, &err) != ADMIN_OK)
		fail_msg("%s", err.text);
	assert_int_equal(count, 2);
	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "id-a", &arena }, &client, &err), ADMIN_OK);
	assert_string_equal(client->name, "a");
	assert_int_equal(client->created_s, 1767225600);
	assert_int_equal(client->token_lifetime_s, 60);
	assert_int_equal(client->roles.count, 1);
	assert_int_equal(client->scopes.count, 1);
	assert_int_equal(client->slots[1].issued_s, 7);
	assert_int_equal(client->slots[1].until_s, 120);
	assert_int_equal(client->claims.count, 1);
	assert_string_equal(client->claims.at[0], "tenant=acme");
	assert_int_equal(client_secret_slot(client, SPAN(SECRET), 100), 1);
	assert_null(strstr(client->slots[1].hash, SECRET));
	client = NULL;
	assert_int_equal(
	    admin_find(store, &(struct store_wanted){ "b", &arena }, &client, &err), ADMIN_OK);
	assert_true(client->disabled);
	arena_done(&arena);
}

/* One wrong client, behind one that is right: none comes in. */
static const struct {
	const char *name, *second, *why;
} refused[] = {
	{ "no name", "{\"client_id\":\"i\"}", "required" },
	{ "no id", "{\"name\":\"n\"}", "required" },
	{ "a name with a colon", "{\"name\":\"n:\",\"client_id\":\"i\"}", "name" },
	{ "an id with a space", "{\"name\":\"n\",\"client_id\":\"i d\"}", "id" },
	{ "the same name", "{\"name\":\"a\",\"client_id\":\"i\"}", "same name" },
	{ "the same id", "{\"name\":\"n\",\"client_id\":\"id-a\"}", "same name" },
	{ "roles that are no list", "{\"name\":\"n\",\"client_id\":\"i\",\"roles\":\"r\"}",
	    "lists" },
	{ "a claim that is no text", "{\"name\":\"n\",\"client_id\":\"i\",\"claims\":{\"a\":1}}",
	    "claims" },
	{ "a claim with a reserved name",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"claims\":{\"sub\":\"x\"}}", "reserved" },
	{ "a claim whose name would end early",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"claims\":{\"a=b\":\"x\"}}", "claims" },
	{ "a role that is no text", "{\"name\":\"n\",\"client_id\":\"i\",\"roles\":[1]}", "lists" },
	{ "a role's name with a newline",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"roles\":[\"r\\n\"]}", "role" },
	{ "a short secret",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"secrets\":[{\"slot\":1,\"secret\":\"short\"}]}",
	    "" },
	{ "a slot that is none",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"secrets\":[{\"slot\":3,\"secret\":\"" SECRET
	    "\"}]}",
	    "slot" },
	{ "a slot twice",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"secrets\":[{\"slot\":1,\"secret\":\"" SECRET
	    "\"},{\"slot\":1,\"secret\":\"" SECRET "\"}]}",
	    "slot" },
	{ "a hash that is none",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"secrets\":[{\"slot\":1,\"hash\":\"md5$x\"}]}",
	    "" },
	{ "a time past all calendars",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"created\":9223372036854775807}", "created" },
	{ "a time that is none", "{\"name\":\"n\",\"client_id\":\"i\",\"created\":\"yesterday\"}",
	    "created" },
	{ "a lifetime over a day",
	    "{\"name\":\"n\",\"client_id\":\"i\",\"token_lifetime_s\":86401}", "lifetime" },
	{ "a method that is none", "{\"name\":\"n\",\"client_id\":\"i\",\"auth_method\":\"magic\"}",
	    "auth_method" },
};

static void
one_wrong_client_keeps_all_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char json[1024];
		size_t count = 9;

		(void)snprintf(json, sizeof(json), "[{\"name\":\"a\",\"client_id\":\"id-a\"},%s]",
		    refused[i].second);
		if (admin_import(store, span_of(json), &count, &err) != ADMIN_NO ||
		    strstr(err.text, "client 2") == NULL ||
		    strstr(err.text, refused[i].why) == NULL)
			fail_msg("%s: %s", refused[i].name, err.text);
		if (strstr(err.text, SECRET) != NULL)
			fail_msg("%s: the secret is told", refused[i].name);
		assert_int_equal(count, 0);
		assert_int_equal(clients(), 0);
	}
}

static void
a_name_that_is_taken_keeps_all_out(void **state)
{
	size_t count;

	(void)state;
	assert_int_equal(
	    admin_import(store, SPAN("[{\"name\":\"a\",\"client_id\":\"id-a\"}]"), &count, &err),
	    ADMIN_OK);
	assert_int_equal(admin_import(store,
			     SPAN("[{\"name\":\"b\",\"client_id\":\"id-b\"},{\"name\":\"a\","
				  "\"client_id\":\"x\"}]"),
			     &count, &err),
	    ADMIN_NO);
	assert_non_null(strstr(err.text, "already exists"));
	assert_int_equal(clients(), 1);
}

static void
what_is_no_export_is_refused(void **state)
{
	static const struct span texts[] = { SPAN(""), SPAN("{}"), SPAN("{\"clients\":{}}"),
		SPAN("\"x\""), SPAN("[{}"), SPAN("[1]") };
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (admin_import(store, texts[i], &count, &err) != ADMIN_NO)
			fail_msg("%.*s", SPAN_ARG(texts[i]));
	assert_int_equal(clients(), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_exported_comes_in),
		TEST(one_wrong_client_keeps_all_out),
		TEST(a_name_that_is_taken_keeps_all_out),
		TEST(what_is_no_export_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
