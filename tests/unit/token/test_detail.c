/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token/detail.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))
#define A16 "aaaaaaaaaaaaaaaa"

static void
outside_text_cannot_leave_its_quotes(void **state)
{
	static const struct {
		struct span value;
		const char *want;
	} cases[] = {
		{ { NULL, 0 }, "\"\"" },
		{ SPAN("api://default"), "\"api://default\"" },
		{ SPAN("a\"b\\c"), "\"a\\x22b\\x5cc\"" },
		{ SPAN("a\r\nevent=x"), "\"a\\x0d\\x0aevent=x\"" },
		{ SPAN("\0\x1b[2J\x7f"), "\"\\x00\\x1b[2J\\x7f\"" },
		{ SPAN("gr\xc3\xbc\xc3\x9f\x65"), "\"gr\xc3\xbc\xc3\x9f\x65\"" },
		{ SPAN("c1 \xc2\x9b control"), "\"c1 \\xc2\\x9b control\"" },
		{ SPAN("\xff\xfe\xc3"), "\"\\xff\\xfe\\xc3\"" },
		{ SPAN(A16 A16 A16 A16), "\"" A16 A16 A16 A16 "\"" },
		{ SPAN(A16 A16 A16 A16 "b"), "\"" A16 A16 A16 A16 "…\"" },
		{ SPAN(A16 A16 A16 "aaaaaaaaaaaaaaa\xc3\xa4"),
		    "\"" A16 A16 A16 "aaaaaaaaaaaaaaa…\"" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	for (size_t i = 0; i < CASES_OF(cases); i++)
		assert_string_equal(detail_quote(&arena, cases[i].value), cases[i].want);
	arena_done(&arena);
}

static void
every_byte_fits_when_it_is_escaped(void **state)
{
	char value[DETAIL_VALUE_BYTES + 1];
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	memset(value, 1, sizeof(value));
	assert_int_equal(strlen(detail_quote(&arena, (struct span){ value, sizeof(value) })),
	    4 * DETAIL_VALUE_BYTES + 2 + strlen("…"));
	arena_done(&arena);
}

static void
what_was_expected_is_listed(void **state)
{
	const char *names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	struct texts texts = { .at = names, .count = 1 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	assert_string_equal(detail_expected(&arena, &texts), "\"a\"");
	texts.count = 2;
	assert_string_equal(detail_expected(&arena, &texts), "one of \"a\", \"b\"");
	texts.count = 8;
	assert_string_equal(detail_expected(&arena, &texts),
	    "one of \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"");
	texts.count = 10;
	assert_string_equal(detail_expected(&arena, &texts),
	    "one of \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", …");
	arena_done(&arena);
}

static void
a_claim_is_shown_by_its_type(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		{ "\"x\"", "\"x\"" },
		{ "-5", "-5" },
		{ "1.5", "1.5" },
		{ "true", "true" },
		{ "false", "false" },
		{ "null", "null" },
		{ "{\"a\":1}", "an object" },
		{ "[]", "[]" },
		{ "[\"x\"]", "[\"x\"]" },
		{ "[\"x\",1,[2],{\"a\":1}]", "[\"x\", 1, an array, an object]" },
		{ "[1,2,3,4,5,6,7,8]", "[1, 2, 3, 4, 5, 6, 7, 8]" },
		{ "[1,2,3,4,5,6,7,8,9,10]", "[1, 2, 3, 4, 5, 6, 7, 8, …]" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		json_t *claim = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);

		assert_string_equal(detail_claim(&arena, claim), cases[i].want);
		json_decref(claim);
	}
	arena_done(&arena);
}

static void
without_memory_there_is_still_a_text(void **state)
{
	const char *names[] = { "a", "b" };
	struct texts texts = { .at = names, .count = 2 };
	json_t *claim = json_pack("[s]", "x");
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_string_equal(detail_quote(&arena, SPAN("x")), "(…)");
	assert_string_equal(detail_expected(&arena, &texts), "(…)");
	assert_string_equal(detail_claim(&arena, claim), "(…)");
	arena_done(&arena);
	json_decref(claim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outside_text_cannot_leave_its_quotes),
		cmocka_unit_test(every_byte_fits_when_it_is_escaped),
		cmocka_unit_test(what_was_expected_is_listed),
		cmocka_unit_test(a_claim_is_shown_by_its_type),
		cmocka_unit_test(without_memory_there_is_still_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
