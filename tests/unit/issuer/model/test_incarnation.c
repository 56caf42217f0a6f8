/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/model/incarnation.h"

static void
a_token_is_of_the_incarnation_that_it_names(void **state)
{
	static const struct {
		const char *incarnation, *payload;
		bool fits;
	} cases[] = {
		{ "a", "{\"incarnation\":\"a\"}", true },
		{ "a", "{\"incarnation\":\"b\"}", false },
		{ "a", "{\"incarnation\":\"\"}", false },
		{ "a", "{}", false },
		{ "", "{}", true },
		{ "", "{\"incarnation\":\"a\"}", false },
		{ "1", "{\"incarnation\":1}", false },
		{ "", "{\"incarnation\":null}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *payload = json_loads(cases[i].payload, 0, NULL);

		assert_non_null(payload);
		if (incarnation_fits(cases[i].incarnation, payload) != cases[i].fits)
			fail_msg("case %zu", i);
		json_decref(payload);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_of_the_incarnation_that_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
