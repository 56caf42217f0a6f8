/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json_plain.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

/* What it makes of a text, written out again. */
static void
expect(const char *text, const char *want)
{
	json_t *json = json_plain(span_of(text));
	char *got = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	if (got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: %s", text, got == NULL ? "not plain" : got);
	free(got);
	json_decref(json);
}

static void
plain_json_is_read(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "{}" },
		{ " [ ]\n", "[]" },
		{ "{\"b\":1,\"a\":[true,false,null,\"\"]}",
		    "{\"b\":1,\"a\":[true,false,null,\"\"]}" },
		{ "{ \"a\" :\t{ \"a\" : 0 } }", "{\"a\":{\"a\":0}}" },
		{ "[999999999999999999,10]", "[999999999999999999,10]" },
		{ "[\" !#$[]^~\"]", "[\" !#$[]^~\"]" },
		{ "[[[[[[[[]]]]]]]]", "[[[[[[[[]]]]]]]]" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++)
		expect(cases[i][0], cases[i][1]);
}

/* Right or wrong: jansson decides. */
static void
everything_else_is_left_to_jansson(void **state)
{
	static const struct span texts[] = {
		{ NULL, 0 },
		SPAN(""),
		SPAN(" "),
		SPAN("1"),
		SPAN("\"a\""),
		SPAN("null"),
		SPAN("[-1]"),
		SPAN("[1.0]"),
		SPAN("[1e1]"),
		SPAN("[01]"),
		SPAN("[1000000000000000000]"),
		SPAN("[\"\\n\"]"),
		SPAN("[\"\xc3\xa4\"]"),
		SPAN("[\"\x7f\"]"),
		SPAN("[[[[[[[[[]]]]]]]]]"),
		SPAN("[1,]"),
		SPAN("[,]"),
		SPAN("[1 2]"),
		SPAN("{\"a\":1,}"),
		SPAN("{\"a\":1,\"a\":1}"),
		SPAN("{\"a\":null,\"a\":1}"),
		SPAN("{\"a\",1}"),
		SPAN("{\"a\":}"),
		SPAN("{a:1}"),
		SPAN("[1}"),
		SPAN("{\"a\":1]"),
		SPAN("[truer]"),
		SPAN("[tru"),
		SPAN("[nul]"),
		SPAN("[1"),
		SPAN("[\"a"),
		SPAN("{\"a\""),
		SPAN("{} {}"),
		SPAN("{}\0"),
		SPAN("[1\0]"),
		SPAN("[\"\0\"]"),
		SPAN("[\f1]"),
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(texts); i++)
		if (json_plain(texts[i]) != NULL)
			fail_msg("%.*s: read", SPAN_ARG(texts[i]));
}

/* Nothing behind the text is looked at. */
static void
a_text_cut_anywhere_is_not_read(void **state)
{
	static const char text[] = "{\"a\":[1,true,\"x\"],\"b\":{\"c\":null}}";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *copy = malloc(len + (len == 0)); /* whose end ASan watches */

		assert_non_null(copy);
		memcpy(copy, text, len);
		assert_null(json_plain((struct span){ copy, len }));
		free(copy);
	}
	expect(text, text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_json_is_read),
		cmocka_unit_test(everything_else_is_left_to_jansson),
		cmocka_unit_test(a_text_cut_anywhere_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
