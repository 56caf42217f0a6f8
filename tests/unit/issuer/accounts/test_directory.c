/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/directory.h"

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
add(const char *id, const char *name)
{
	struct client client = { .id = id, .name = name };

	if (!store_add(store, &client, &err))
		fail_msg("%s", err.text);
}

static struct directory *
load(void)
{
	struct directory *directory = NULL;

	if (!directory_load(store, &directory, &err))
		fail_msg("%s", err.text);
	return directory;
}

static void
empty_view_knows_nobody(void **state)
{
	struct directory *directory = load();

	(void)state;
	assert_int_equal(directory_count(directory), 0);
	assert_null(directory_by_id(directory, SPAN("x")));
	assert_null(directory_by_name(directory, (struct span){ NULL, 0 }));
	directory_unref(directory);
}

static void
every_client_is_found_and_no_other(void **state)
{
	char id[32], name[32];
	struct directory *directory;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		(void)snprintf(id, sizeof(id), "id%d", i);
		(void)snprintf(name, sizeof(name), "name%d", i);
		add(id, name);
	}
	directory = load();
	assert_int_equal(directory_count(directory), 200);
	for (i = 0; i < 200; i++) {
		(void)snprintf(id, sizeof(id), "id%d", i);
		(void)snprintf(name, sizeof(name), "name%d", i);
		assert_string_equal(directory_by_id(directory, span_of(id))->name, name);
		assert_string_equal(directory_by_name(directory, span_of(name))->id, id);
		assert_null(directory_by_name(directory, span_of(id)));
		assert_null(directory_by_id(directory, span_of(name)));
	}
	assert_null(directory_by_id(directory, SPAN("id200")));
	assert_null(directory_by_id(directory, SPAN("id1\0")));
	directory_unref(directory);
}

static void
same_means_every_field(void **state)
{
	struct store_grant grant = { STORE_CLIENT, "i", "r", true, NULL };
	struct directory *before, *after;
	bool changed;

	(void)state;
	add("i", "n");
	before = load();
	after = load();
	assert_true(directory_same(before, after));
	directory_unref(after);
	assert_true(store_set_role(store, &grant, &changed, &err));
	after = load();
	assert_false(directory_same(before, after));
	directory_unref(before);
	add("j", "o");
	before = load();
	assert_false(directory_same(before, after));
	assert_false(directory_same(after, before));
	directory_unref(before);
	directory_unref(after);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_view_knows_nobody),
		TEST(every_client_is_found_and_no_other),
		TEST(same_means_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
