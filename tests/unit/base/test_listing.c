/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/inputs.h"
#include "base/listing.h"

static char directory[] = "/tmp/postern-listing-XXXXXX";
static const char *const names[] = { "b.yaml", "a.yaml", "a.yaml~", ".c.yaml", "[x].yaml", "é.yaml",
	"B.yaml", "a.yml" };

static void
path_of(const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", directory, name);
}

static void
make(const char *name)
{
	char path[128];
	FILE *file;

	path_of(name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

static void
take(const char *name)
{
	char path[128];

	path_of(name, path);
	assert_int_equal(unlink(path), 0);
}

/* The names that match, with a space after each. */
static void
expect(const char *pattern, const char *want)
{
	char path[128], got[512] = "";
	struct buffer files;
	struct err err = { "" };

	path_of(pattern, path);
	buffer_init(&files, 65536);
	assert_true(listing_read(path, &files, &err) == (want != NULL));
	for (size_t at = 0; want != NULL && at < files.len; at += strlen(files.at + at) + 1) {
		assert_memory_equal(files.at + at, directory, strlen(directory));
		(void)strncat(got, files.at + at + strlen(directory) + 1, 64);
		(void)strncat(got, " ", 2);
	}
	assert_string_equal(got, want == NULL ? "" : want);
	if (want == NULL)
		assert_memory_equal(err.text, path, strlen(path));
	buffer_done(&files);
}

static void
only_a_star_in_the_last_component_lists(void **state)
{
	(void)state;
	assert_true(listing_is("/a/*.yaml"));
	assert_true(listing_is("*"));
	assert_false(listing_is("/a/policy.yaml"));
	assert_false(listing_is("/a*/policy.yaml"));
	assert_false(listing_is("/a/[p]?.yaml"));
}

static void
what_matches_is_sorted_by_bytes(void **state)
{
	(void)state;
	expect("*.yaml", "B.yaml [x].yaml a.yaml b.yaml é.yaml ");
	expect("a*", "a.yaml a.yaml~ a.yml ");
	expect("[*].yaml", "[x].yaml ");
	expect(".*.yaml", ".c.yaml ");
	expect("?*.yaml", NULL);
	expect("[ab]*", NULL);
	expect("none*", NULL);
	expect("none/*", NULL);
}

static void
a_file_more_or_less_is_a_change(void **state)
{
	struct inputs inputs = { 0 };
	struct inputs_watch *watch;
	struct arena arena;
	struct buffer files;
	struct err err;
	char path[128];

	(void)state;
	arena_init(&arena, 65536);
	buffer_init(&files, 65536);
	path_of("*.yaml", path);
	assert_true(listing_read(path, &files, &err));
	inputs_note(&inputs, &arena,
	    (struct input){ .path = path, .readable = true, .listing = true }, buffer_span(&files));
	watch = inputs_watch(&inputs, true);
	assert_non_null(watch);
	assert_false(inputs_changed(watch));
	make("z.yaml");
	assert_true(inputs_changed(watch));
	take("z.yaml");
	assert_false(inputs_changed(watch));
	make("z.txt");
	assert_false(inputs_changed(watch));
	take("z.txt");
	take("b.yaml");
	assert_true(inputs_changed(watch));
	make("b.yaml");
	inputs_unwatch(watch);
	buffer_done(&files);
	arena_done(&arena);
}

static int
begin(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make(names[i]);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		take(names[i]);
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_star_in_the_last_component_lists),
		cmocka_unit_test(what_matches_is_sorted_by_bytes),
		cmocka_unit_test(a_file_more_or_less_is_a_change),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
