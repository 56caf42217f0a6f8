/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/http/field_value.h"

#define LONGEST 70

static void
control_bytes_are_found_at_every_place(void **state)
{
	char text[LONGEST];

	(void)state;
	for (size_t len = 0; len <= LONGEST; len++) {
		memset(text, 'a', sizeof(text));
		assert_true(field_value_valid((struct span){ text, len }));
		for (size_t at = 0; at < len; at++) {
			for (int byte = 0; byte < 256; byte++) {
				bool valid = (byte >= 0x20 && byte != 0x7f) || byte == '\t';

				text[at] = (char)byte;
				assert_int_equal(
				    field_value_valid((struct span){ text, len }), valid);
			}
			text[at] = 'a';
		}
	}
}

static void
what_lies_beyond_its_ends_does_not_count(void **state)
{
	char text[LONGEST];

	(void)state;
	for (size_t len = 0; len + 2 <= LONGEST; len++) {
		memset(text, '\n', sizeof(text));
		memset(text + 1, 'a', len);
		assert_true(field_value_valid((struct span){ text + 1, len }));
	}
	assert_true(field_value_valid((struct span){ 0 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_bytes_are_found_at_every_place),
		cmocka_unit_test(what_lies_beyond_its_ends_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
