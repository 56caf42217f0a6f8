/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

static void
equality_is_by_bytes(void **state)
{
	static const struct {
		const char *told;
		struct span a, b;
		bool equal, equal_nocase;
	} cases[] = {
		{ "the same bytes", SPAN("ab"), SPAN("ab"), true, true },
		{ "another case", SPAN("aB"), SPAN("Ab"), false, true },
		{ "a longer one", SPAN("ab"), SPAN("abc"), false, false },
		{ "NUL does not end it", SPAN("a\0b"), SPAN("a\0c"), false, false },
		{ "empty equals NULL", SPAN(""), { NULL, 0 }, true, true },
		{ "@ and ` are no letters", SPAN("@["), SPAN("`{"), false, false },
		{ "only ASCII is folded", SPAN("\xc4"), SPAN("\xe4"), false, false },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		if (span_equal(cases[i].a, cases[i].b) != cases[i].equal ||
		    span_equal_nocase(cases[i].a, cases[i].b) != cases[i].equal_nocase)
			fail_msg("%s", cases[i].told);
	}
}

static void
start_and_end_are_found(void **state)
{
	(void)state;
	assert_true(span_starts(SPAN("Bearer x"), SPAN("Bearer ")));
	assert_true(span_starts(SPAN("x"), SPAN("")));
	assert_false(span_starts(SPAN("Bear"), SPAN("Bearer")));
	assert_true(span_ends(SPAN("/a/*"), SPAN("/*")));
	assert_false(span_ends(SPAN("*"), SPAN("/*")));
	assert_true(span_ends((struct span){ NULL, 0 }, SPAN("")));
	assert_int_equal(span_find(SPAN("a=b=c"), '='), 1);
	assert_int_equal(span_find(SPAN("abc"), '='), 3);
	assert_int_equal(span_find((struct span){ NULL, 0 }, '='), 0);
}

static void
slices_are_clamped(void **state)
{
	(void)state;
	assert_true(span_is(span_slice(SPAN("abcd"), 1, 3), "bc"));
	assert_true(span_is(span_slice(SPAN("abcd"), 1, 99), "bcd"));
	assert_true(span_is(span_slice(SPAN("abcd"), 9, 99), ""));
	assert_true(span_is(span_slice(SPAN("abcd"), 3, 1), ""));
	assert_int_equal(span_slice((struct span){ NULL, 0 }, 0, 5).len, 0);
}

static void
pieces_are_cut_with_the_empty_ones(void **state)
{
	static const struct {
		struct span text;
		const char *pieces[5];
	} cases[] = {
		{ SPAN("a,b"), { "a", "b" } },
		{ SPAN("a"), { "a" } },
		{ SPAN("a,,b"), { "a", "", "b" } },
		{ SPAN(",a,"), { "", "a", "" } },
		{ SPAN(","), { "", "" } },
		{ SPAN(""), { "" } },
		{ { NULL, 0 }, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct span rest = cases[i].text;
		struct span piece = { NULL, 0 };
		size_t count = 0;

		while (span_cut(&rest, ',', &piece)) {
			assert_non_null(cases[i].pieces[count]);
			assert_true(span_is(piece, cases[i].pieces[count]));
			count++;
		}
		assert_null(cases[i].pieces[count]);
	}
}

static void
only_spaces_and_tabs_are_trimmed(void **state)
{
	(void)state;
	assert_true(span_is(span_trim(SPAN(" \ta b\t ")), "a b"));
	assert_true(span_is(span_trim(SPAN(" \t ")), ""));
	assert_true(span_is(span_trim(SPAN("\na\r")), "\na\r"));
	assert_int_equal(span_trim((struct span){ NULL, 0 }).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_is_by_bytes),
		cmocka_unit_test(start_and_end_are_found),
		cmocka_unit_test(slices_are_clamped),
		cmocka_unit_test(pieces_are_cut_with_the_empty_ones),
		cmocka_unit_test(only_spaces_and_tabs_are_trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
