/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/view.h"

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

static struct view *
load(void)
{
	struct view *view = NULL;

	if (!view_load(store, &view, &err))
		fail_msg("%s", err.text);
	return view;
}

static void
empty_view_knows_nobody(void **state)
{
	struct view *view = load();

	(void)state;
	assert_int_equal(view_count(view), 0);
	assert_null(view_by_id(view, SPAN("x")));
	assert_null(view_by_name(view, (struct span){ NULL, 0 }));
	view_unref(view);
}

static void
every_client_is_found_and_no_other(void **state)
{
	char id[32], name[32];
	struct view *view;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		(void)snprintf(id, sizeof(id), "id%d", i);
		(void)snprintf(name, sizeof(name), "name%d", i);
		add(id, name);
	}
	view = load();
	assert_int_equal(view_count(view), 200);
	for (i = 0; i < 200; i++) {
		(void)snprintf(id, sizeof(id), "id%d", i);
		(void)snprintf(name, sizeof(name), "name%d", i);
		assert_string_equal(view_by_id(view, span_of(id))->name, name);
		assert_string_equal(view_by_name(view, span_of(name))->id, id);
		assert_null(view_by_name(view, span_of(id)));
		assert_null(view_by_id(view, span_of(name)));
	}
	assert_null(view_by_id(view, SPAN("id200")));
	assert_null(view_by_id(view, SPAN("id1\0")));
	view_unref(view);
}

static void
same_means_every_field(void **state)
{
	struct store_grant grant = { "i", "r", true, NULL };
	struct view *before, *after;
	bool changed;

	(void)state;
	add("i", "n");
	before = load();
	after = load();
	assert_true(view_same(before, after));
	view_unref(after);
	assert_true(store_set_role(store, &grant, &changed, &err));
	after = load();
	assert_false(view_same(before, after));
	view_unref(before);
	add("j", "o");
	before = load();
	assert_false(view_same(before, after));
	assert_false(view_same(after, before));
	view_unref(before);
	view_unref(after);
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
