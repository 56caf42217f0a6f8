/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *const known[] = { "audience", "issuer", "jwks", "customer_api_role", "ES256",
	"ES384", "GET", "HEAD", "host", "path", "clock_skew", NULL };

static const struct {
	const char *typed, *want;
} cases[] = {
	{ "audiance", "audience" },
	{ "Audience", "audience" },
	{ "uadience", "audience" },
	{ "isser", "issuer" },
	{ "jkws", "jwks" },
	{ "clock-skew", "clock_skew" },
	{ "clockskew", "clock_skew" },
	{ "customer_api", "customer_api_role" },
	{ "cust", "customer_api_role" },
	{ "cus", NULL },
	{ "es256", "ES256" },
	{ "GTE", "GET" },
	{ "get", "GET" },
	{ "G", NULL },
	{ "", NULL },
	{ "zzzzzz", NULL },
	{ "ape", NULL },
};

static void
the_nearest_word_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = nearest_word(span_of(cases[i].typed), known);

		if ((got == NULL) != (cases[i].want == NULL) ||
		    (got != NULL && strcmp(got, cases[i].want) != 0))
			fail_msg("%s: %s", cases[i].typed, got == NULL ? "none" : got);
	}
}

static void
long_words_are_near_nothing(void **state)
{
	char longer[NEAREST_WORD + 2], longest[NEAREST_WORD + 1];
	const char *words[] = { longest, NULL };

	(void)state;
	memset(longer, 'a', sizeof(longer));
	longer[NEAREST_WORD + 1] = '\0';
	memset(longest, 'a', sizeof(longest));
	longest[NEAREST_WORD] = '\0';
	assert_null(nearest_word(span_of(longer), words));
	assert_ptr_equal(nearest_word(span_of(longest + 1), words), longest);
	words[0] = longer;
	assert_null(nearest_word(span_of(longest), words));
}

static void
the_hint_is_a_half_sentence_or_nothing(void **state)
{
	char hint[NEAREST_HINT];
	struct nearest nearest = nearest_to(SPAN("isuer"));

	(void)state;
	assert_string_equal(nearest_hint(&nearest, hint), "");
	nearest_offer(&nearest, "issuer");
	assert_string_equal(nearest_hint(&nearest, hint), "; did you mean \"issuer\"?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(long_words_are_near_nothing),
		cmocka_unit_test(the_hint_is_a_half_sentence_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
