/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "token/issuer_unknown.h"

static const struct {
	const char *own, *got, *want;
} cases[] = {
	{ "https://a.test", "https://a.test/", "the last slash differs" },
	{ "https://a.test/", "https://a.test", "the last slash differs" },
	{ "https://a.test", "http://a.test", "http and https differ" },
	{ "https://a.test/X", "https://a.test/x", "upper and lower case differ" },
	{ "https://a.test", "https://A.test", "upper and lower case differ" },
	{ "https://a.test", "https://a.test:8443", "the port differs" },
	{ "https://a.test/realms/one", "https://a.test/realms/two", "the realm differs" },
	{ "https://a.test/oauth2/default", "https://a.test", "only Okta can verify" },
	{ "https://login.microsoftonline.com/t/v2.0", "https://sts.windows.net/t/", "version 1" },
	{ "https://login.microsoftonline.com/t/v2.0", "https://login.microsoftonline.com/u/v2.0",
	    "the tenant differs" },
};

static void
what_differs_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trusted_issuer trusted_issuers[] = { { .name = "far",
								.issuer = "https://far.test" },
			{ .name = "near", .issuer = cases[i].own } };
		struct arena arena;
		const char *detail;

		arena_init(&arena, 1 << 16);
		detail = issuer_unknown_detail(trusted_issuers, 2, span_of(cases[i].got), &arena);
		if (strstr(detail, cases[i].want) == NULL || strstr(detail, "\"near\"") == NULL)
			fail_msg("%s: %s", cases[i].got, detail);
		arena_done(&arena);
	}
}

static void
strangers_and_odd_texts_have_no_nearest(void **state)
{
	static const char *const odd[] = { "https://b.test", "", "/", "://", "kubernetes/x",
		"https://", "https:///" };
	struct trusted_issuer trusted_issuer = { .name = "a", .issuer = "https://a.test" };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct arena arena;
		const char *detail;

		arena_init(&arena, 1 << 16);
		detail = issuer_unknown_detail(&trusted_issuer, 1, span_of(odd[i]), &arena);
		assert_non_null(detail);
		assert_null(strstr(detail, "nearest"));
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_named),
		cmocka_unit_test(strangers_and_odd_texts_have_no_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
