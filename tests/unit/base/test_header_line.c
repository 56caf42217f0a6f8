/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/header_line.h"

static void
a_line_ends_with_crlf(void **state)
{
	struct buffer head;

	(void)state;
	buffer_init(&head, 100);
	header_line_add(&head, SPAN("A"), SPAN("b"));
	header_line_add(&head, SPAN("C"), SPAN(""));
	header_line_add_number(&head, SPAN("D"), 120);
	header_line_add_number(&head, SPAN("E"), INT64_MIN);
	assert_true(
	    span_is(buffer_span(&head), "A: b\r\nC: \r\nD: 120\r\nE: -9223372036854775808\r\n"));
	buffer_done(&head);
}

/* A line that lacks a part would be another header. */
static void
what_does_not_fit_marks_the_head(void **state)
{
	(void)state;
	for (size_t room = 0; room < 8; room++) {
		struct buffer head;

		buffer_init(&head, room);
		header_line_add(&head, SPAN("A"), SPAN("b"));
		assert_int_equal(head.failed, room < 6);
		buffer_done(&head);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_ends_with_crlf),
		cmocka_unit_test(what_does_not_fit_marks_the_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
