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

#include "base/file.h"
#include "jwks/keys_on_disk.h"

#define NOW 1760000000
#define DOCUMENT "{\"keys\":[\"\\u0041 \xc3\xa9\"]}"

static char directory[64], path[96];

static const struct source source = {
	.name = "idp",
	.issuer = "https://idp.example",
	.kind = SOURCE_URL,
	.place = "https://idp.example/keys",
};

static int
make_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/postern-kept-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/keys/idp.json", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	char keys[80];

	(void)state;
	(void)unlink(path);
	(void)snprintf(keys, sizeof(keys), "%s/keys", directory);
	(void)rmdir(keys);
	return rmdir(directory);
}

static void
put(void)
{
	struct err err = { "" };

	if (!keys_on_disk_write(
		&(struct keys_on_disk){ directory, &source }, SPAN(DOCUMENT), NOW, &err))
		fail_msg("%s", err.text);
}

static bool
get(const struct source *of, struct err *reterr)
{
	struct buffer json;
	int64_t good_s = 0;
	bool good;

	buffer_init(&json, 65536);
	good = keys_on_disk_read(&(struct keys_on_disk){ directory, of }, &json, &good_s, reterr);
	if (good) {
		assert_int_equal(good_s, NOW);
		assert_string_equal(json.at, DOCUMENT);
	}
	buffer_done(&json);
	return good;
}

static void
what_was_kept_comes_back_byte_for_byte(void **state)
{
	struct err err = { "" };
	struct stat file;

	(void)state;
	(void)unlink(path);
	assert_false(get(&source, &err));
	assert_string_equal(err.text, "");
	put();
	if (!get(&source, &err))
		fail_msg("%s", err.text);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
}

static void
what_is_another_s_is_not_used(void **state)
{
	struct source other = source;
	struct err err = { "" };
	char says[192];

	(void)state;
	put();
	other.issuer = "https://idp.example/";
	assert_false(get(&other, &err));
	(void)snprintf(says, sizeof(says), "%s: belongs to another issuer", path);
	assert_string_equal(err.text, says);
	other = source;
	other.place = "https://idp.example/old";
	assert_false(get(&other, &err));
	(void)snprintf(says, sizeof(says), "%s: comes from another URL", path);
	assert_string_equal(err.text, says);
	other = source;
	other.name = "other";
	assert_false(get(&other, &err));
	assert_string_equal(err.text, "");
}

static void
rewrite(struct span bytes)
{
	struct err err = { "" };

	if (!file_write(path, bytes, 0600, &err))
		fail_msg("%s", err.text);
}

static void
no_damaged_byte_passes(void **state)
{
	struct err err = { "" };
	struct buffer whole;

	(void)state;
	put();
	buffer_init(&whole, 65536);
	assert_true(file_read(path, &whole, &err));
	for (size_t i = 0; i + 1 < whole.len; i++) {
		char was = whole.at[i];

		whole.at[i] = (char)(was ^ 1);
		rewrite(buffer_span(&whole));
		if (get(&source, &err))
			fail_msg("byte %zu, %c, damaged: taken", i, was);
		if (err.text[0] == '\0')
			fail_msg("byte %zu, %c, damaged: not said", i, was);
		whole.at[i] = was;
	}
	buffer_done(&whole);
}

static void
no_cut_file_passes(void **state)
{
	struct err err = { "" };
	struct buffer whole;

	(void)state;
	put();
	buffer_init(&whole, 65536);
	assert_true(file_read(path, &whole, &err));
	for (size_t len = 0; len + 1 < whole.len; len++) {
		rewrite(span_slice(buffer_span(&whole), 0, len));
		if (get(&source, &err))
			fail_msg("cut after %zu bytes: taken", len);
	}
	buffer_done(&whole);
}

static void
a_name_leads_to_no_other_directory(void **state)
{
	static const struct {
		const char *name, *file;
	} names[] = {
		{ "../x", "keys/%2e%2e%2fx.json" },
		{ "a b", "keys/a%20b.json" },
		{ "A-b_1", "keys/A-b_1.json" },
	};
	struct err err = { "" };
	char file[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct source other = source;

		other.name = names[i].name;
		if (!keys_on_disk_write(
			&(struct keys_on_disk){ directory, &other }, SPAN(DOCUMENT), NOW, &err))
			fail_msg("%s", err.text);
		assert_true(get(&other, &err));
		(void)snprintf(file, sizeof(file), "%s/%s", directory, names[i].file);
		if (unlink(file) != 0)
			fail_msg("%s: there is no %s", names[i].name, names[i].file);
	}
}

static void
a_directory_that_is_not_there_is_said(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_false(keys_on_disk_write(
	    &(struct keys_on_disk){ "/nowhere/state", &source }, SPAN(DOCUMENT), NOW, &err));
	assert_string_equal(
	    err.text, "/nowhere/state/keys: cannot be made: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_kept_comes_back_byte_for_byte),
		cmocka_unit_test(what_is_another_s_is_not_used),
		cmocka_unit_test(no_damaged_byte_passes),
		cmocka_unit_test(no_cut_file_passes),
		cmocka_unit_test(a_name_leads_to_no_other_directory),
		cmocka_unit_test(a_directory_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
