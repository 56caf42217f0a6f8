/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digits.h"

static void
hexadecimal_digits_have_their_value_and_no_other_byte_has_one(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int c = -128; c < 128; c++) {
		char lower = (char)(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
		const char *at = c == 0 ? NULL : strchr(digits, lower);

		assert_int_equal(digits_hex((char)c), at == NULL ? -1 : at - digits);
	}
}

static const struct read_case {
	const char *text;
	size_t max;
	int64_t value; /* -1: none */
} reads[] = {
	{ "0", 1, 0 },
	{ "007", 3, 7 },
	{ "65535", 5, 65535 },
	{ "65535", 4, -1 },
	{ "", 5, -1 },
	{ "+1", 5, -1 },
	{ "-1", 5, -1 },
	{ " 1", 5, -1 },
	{ "1 ", 5, -1 },
	{ "1a", 5, -1 },
	{ "0x1", 5, -1 },
	{ "9223372036854775807", 19, INT64_MAX },
	{ "9223372036854775808", 19, -1 },
	{ "99999999999999999999999", 99, -1 },
};

static void
a_number_is_digits_and_nothing_else(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		int64_t value = -1;

		if (digits_read(span_of(reads[i].text), reads[i].max, &value) !=
			(reads[i].value >= 0) ||
		    value != reads[i].value) {
			print_error("\"%s\": got %lld\n", reads[i].text, (long long)value);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
digits_are_cut_up_to_the_first_other_byte(void **state)
{
	struct span rest = SPAN("15m"), none = SPAN("m15"), large = SPAN("9223372036854775808s");
	int64_t value = -1;

	(void)state;
	assert_true(digits_cut(&rest, &value));
	assert_int_equal(value, 15);
	assert_true(span_is(rest, "m"));
	assert_false(digits_cut(&none, &value));
	assert_false(digits_cut(&large, &value));
	assert_true(span_is(large, "9223372036854775808s"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal_digits_have_their_value_and_no_other_byte_has_one),
		cmocka_unit_test(a_number_is_digits_and_nothing_else),
		cmocka_unit_test(digits_are_cut_up_to_the_first_other_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
