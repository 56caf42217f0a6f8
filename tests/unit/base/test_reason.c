/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/reason.h"

static void
only_ok_is_a_success(void **state)
{
	(void)state;
	assert_int_equal(REASON_OK, 0);
	assert_int_equal(reason_status(REASON_OK), 200);
	for (int i = 1; i < REASON_COUNT; i++)
		assert_in_range(reason_status((enum reason)i), 400, 599);
}

static void
every_word_is_one_and_there_once(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i);

		assert_true(strlen(word) > 0);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(word, reason_word((enum reason)k));
	}
}

/* RFC 6750 section 3.1: each error code has its status. */
static void
error_codes_go_with_their_status(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *error = reason_error((enum reason)i);
		int status = reason_status((enum reason)i);

		if (strcmp(error, "invalid_request") == 0)
			assert_int_equal(status, 400);
		else if (strcmp(error, "invalid_token") == 0)
			assert_int_equal(status, 401);
		else if (strcmp(error, "insufficient_scope") == 0)
			assert_int_equal(status, 403);
		else
			assert_string_equal(error, "");
	}
}

/* The title goes into a header's quoted string. */
static void
every_title_can_be_quoted(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *title = reason_title((enum reason)i);

		assert_true(strlen(title) > 0);
		assert_null(strpbrk(title, "\"\\\r\n"));
	}
}

static void
rows_are_read_by_their_name(void **state)
{
	(void)state;
	assert_string_equal(reason_word(REASON_TOKEN_EXPIRED), "token_expired");
	assert_int_equal(reason_status(REASON_KEYS_UNAVAILABLE), 503);
	assert_string_equal(reason_error(REASON_SCOPE_MISSING), "insufficient_scope");
	assert_string_equal(reason_title(REASON_TOKEN_EXPIRED), "The token has expired");
}

static void
a_number_that_is_no_reason_is_our_mistake(void **state)
{
	(void)state;
	assert_int_equal(reason_status(REASON_COUNT), 500);
	assert_string_not_equal(reason_word(REASON_COUNT), "ok");
	assert_string_equal(reason_error(REASON_COUNT), "");
	assert_non_null(reason_title(REASON_COUNT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_ok_is_a_success),
		cmocka_unit_test(every_word_is_one_and_there_once),
		cmocka_unit_test(error_codes_go_with_their_status),
		cmocka_unit_test(every_title_can_be_quoted),
		cmocka_unit_test(rows_are_read_by_their_name),
		cmocka_unit_test(a_number_that_is_no_reason_is_our_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
