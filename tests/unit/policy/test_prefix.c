/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "policy/prefix.h"

static void
the_cases_hold(void **state)
{
	struct cases cases;
	struct span line;

	(void)state;
	cases_open(&cases, "prefixes.txt");
	while (cases_next(&cases, &line)) {
		struct span path = cases_word(&line), prefix = cases_word(&line);
		struct span rest = prefix_strip(path, prefix);

		if (!span_equal(line, rest.at == NULL ? SPAN("-") : rest))
			cases_fail(&cases, line, rest.at == NULL ? SPAN("-") : rest);
	}
	cases_close(&cases);
}

static void
no_prefix_leaves_the_path(void **state)
{
	(void)state;
	assert_true(span_is(prefix_strip(SPAN("/a/"), SPAN("")), "/a/"));
	assert_true(span_is(prefix_strip(SPAN("/"), (struct span){ 0 }), "/"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cases_hold),
		cmocka_unit_test(no_prefix_leaves_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
