/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void
the_text_is_set_and_false_returned(void **state)
{
	struct err err = { "old" };

	(void)state;
	assert_false(err_set(&err, "%s %d", "line", 7));
	assert_string_equal(err.text, "line 7");
}

static void
the_systems_words_follow(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_false(err_errno(&err, ENOENT, "%s", "keys.json"));
	assert_string_equal(err.text, "keys.json: No such file or directory");
}

static void
who_knows_more_writes_in_front(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_false(err_set(&err, "no usable key"));
	assert_false(err_within(&err, "keys of %s", "okta"));
	assert_string_equal(err.text, "keys of okta: no usable key");
	assert_false(err_within(&err, "again: %s", err.text));
	assert_string_equal(
	    err.text, "again: keys of okta: no usable key: keys of okta: no usable key");
}

static void
long_text_is_cut(void **state)
{
	struct err err = { "" };
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(err_set(&err, "%s", text));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_false(err_within(&err, "%s", text));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_false(err_errno(&err, ENOENT, "%s", text));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
outside_text_cannot_start_a_line(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_false(err_set(&err, "%s", "a\nerror: b\r\x1b[31m\x7f"));
	assert_string_equal(err.text, "a?error: b??[31m?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_set_and_false_returned),
		cmocka_unit_test(the_systems_words_follow),
		cmocka_unit_test(who_knows_more_writes_in_front),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(outside_text_cannot_start_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
