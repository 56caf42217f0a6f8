/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/http/query.h"

struct query_case {
	const char *name, *query; /* `t.k` is looked for */
	size_t count;
	const char *value, *others;
};

static const struct query_case cases[] = {
	{ "an empty query", "", 0, "", "" },
	{ "the only one", "t.k=a", 1, "a", "" },
	{ "the first", "t.k=a&u=b", 1, "a", "u=b" },
	{ "in the middle", "r=1&t.k=a&u=b", 1, "a", "r=1&u=b" },
	{ "the last", "u=b&t.k=a", 1, "a", "u=b" },
	{ "nothing around it", "&t.k=a&", 1, "a", "&" },
	{ "others stay as they are", "%75=%2b+&&x&t.k=a&=?/", 1, "a", "%75=%2b+&&x&=?/" },
	{ "names have case", "T.K=a", 0, "", "T.K=a" },
	{ "a longer name is another", "t.k2=a&tt.k=b", 0, "", "t.k2=a&tt.k=b" },
	{ "a shorter one, too", "t=a&t.=b", 0, "", "t=a&t.=b" },
	{ "without = it is empty", "t.k", 1, "", "" },
	{ "an escaped name is the name", "%74%2Ek=a&%74.%6b=b", 2, "b", "" },
	{ "a name escaped twice is another", "%2574.k=a", 0, "", "%2574.k=a" },
	{ "a cut escape is not decoded", "%7=a&t%=a&t.%6=a", 0, "", "%7=a&t%=a&t.%6=a" },
	{ "an escaped = ends no name", "t.k%3Da", 0, "", "t.k%3Da" },
	{ "an escaped & parts nothing", "u=1%26t.k=a", 0, "", "u=1%26t.k=a" },
	{ "values are as sent", "t.k=%61+=b", 1, "%61+=b", "" },
	{ "twice", "t.k=a&x=1&t.k=b", 2, "b", "x=1" },
	{ "a semicolon parts, too", "u=1;t.k=a;v=2", 1, "a", "u=1;v=2" },
	{ "both", "t.k=a&t.k=b;t.k=c", 3, "c", "" },
};

static void
a_parameter_is_found_and_taken_off(void **state)
{
	struct arena arena;
	int wrong = 0;

	(void)state;
	arena_init(&arena, 1u << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span query = span_of(cases[i].query), value = SPAN(""), others;
		size_t count = query_find(query, SPAN("t.k"), &value);

		assert_true(query_others(query, SPAN("t.k"), &arena, &others));
		if (count != cases[i].count || !span_is(value, cases[i].value) ||
		    !span_is(others, cases[i].others)) {
			print_error("%s: got %zu, \"%.*s\", \"%.*s\"\n", cases[i].name, count,
			    SPAN_ARG(value), SPAN_ARG(others));
			wrong++;
		}
	}
	arena_done(&arena);
	assert_int_equal(wrong, 0);
}

static void
a_target_may_have_none(void **state)
{
	(void)state;
	assert_null(query_of(SPAN("/a")).at);
	assert_true(span_is(query_of(SPAN("/a?")), ""));
	assert_non_null(query_of(SPAN("/a?")).at);
	assert_true(span_is(query_of(SPAN("/a?b?c")), "b?c"));
}

static void
without_memory_it_stays(void **state)
{
	struct arena arena;
	struct span others;

	(void)state;
	arena_init(&arena, 0);
	assert_false(query_others(SPAN("t=a"), SPAN("t"), &arena, &others));
	assert_true(query_others(SPAN("u=a"), SPAN("t"), &arena, &others)); /* needs none */
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parameter_is_found_and_taken_off),
		cmocka_unit_test(a_target_may_have_none),
		cmocka_unit_test(without_memory_it_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
