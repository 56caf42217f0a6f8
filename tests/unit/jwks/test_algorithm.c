/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jwks/algorithm.h"

static void
a_name_finds_itself_and_says_its_key(void **state)
{
	static const struct {
		const char *name;
		enum algorithm want;
		enum key_type type;
		enum key_curve curve;
	} cases[] = {
		{ "RS256", ALGORITHM_RS256, KEY_RSA, CURVE_NONE },
		{ "RS384", ALGORITHM_RS384, KEY_RSA, CURVE_NONE },
		{ "RS512", ALGORITHM_RS512, KEY_RSA, CURVE_NONE },
		{ "PS256", ALGORITHM_PS256, KEY_RSA, CURVE_NONE },
		{ "PS384", ALGORITHM_PS384, KEY_RSA, CURVE_NONE },
		{ "PS512", ALGORITHM_PS512, KEY_RSA, CURVE_NONE },
		{ "ES256", ALGORITHM_ES256, KEY_EC, CURVE_P256 },
		{ "ES384", ALGORITHM_ES384, KEY_EC, CURVE_P384 },
		{ "ES512", ALGORITHM_ES512, KEY_EC, CURVE_P521 },
		{ "EdDSA", ALGORITHM_EdDSA, KEY_OKP, CURVE_ED25519 },
	};

	(void)state;
	assert_int_equal(sizeof(cases) / sizeof(cases[0]), ALGORITHM_COUNT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(algorithm_find(span_of(cases[i].name)), cases[i].want);
		assert_string_equal(algorithm_name(cases[i].want), cases[i].name);
		assert_int_equal(algorithm_key_type(cases[i].want), cases[i].type);
		assert_int_equal(algorithm_curve(cases[i].want), cases[i].curve);
	}
}

/* RFC 9864: on its curve the same as EdDSA. */
static void
ed25519_is_eddsa(void **state)
{
	(void)state;
	assert_int_equal(algorithm_find(SPAN("Ed25519")), ALGORITHM_EdDSA);
}

static void
nothing_else_is_an_algorithm(void **state)
{
	static const struct span names[] = { { NULL, 0 }, SPAN(""), SPAN("none"), SPAN("None"),
		SPAN("HS256"), SPAN("HS384"), SPAN("HS512"), SPAN("rs256"), SPAN("RS256 "),
		SPAN(" RS256"), SPAN("RS256\0"), SPAN("RS25"), SPAN("RS1"), SPAN("ES256K"),
		SPAN("EDDSA"), SPAN("ed25519"), SPAN("Ed448"), SPAN("RSA-OAEP"), SPAN("dir") };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (algorithm_find(names[i]) != ALGORITHM_COUNT)
			fail_msg("%.*s was found", SPAN_ARG(names[i]));
}

static void
the_set_of_all_holds_each_once(void **state)
{
	algorithm_set set = 0;

	(void)state;
	for (int i = 0; i < ALGORITHM_COUNT; i++) {
		assert_int_equal(set & ALGORITHM_BIT(i), 0);
		set |= ALGORITHM_BIT(i);
	}
	assert_int_equal(set, ALGORITHM_ALL);
}

static void
a_name_that_is_nearly_one_says_which(void **state)
{
	(void)state;
	assert_string_equal(algorithm_nearest(SPAN("RS25")), "RS256");
	assert_string_equal(algorithm_nearest(SPAN("es-384")), "ES384");
	assert_null(algorithm_nearest(SPAN("HS256")));
	assert_null(algorithm_nearest(SPAN("hs512")));
	assert_null(algorithm_nearest(SPAN("none")));
	assert_null(algorithm_nearest(SPAN("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_finds_itself_and_says_its_key),
		cmocka_unit_test(ed25519_is_eddsa),
		cmocka_unit_test(nothing_else_is_an_algorithm),
		cmocka_unit_test(the_set_of_all_holds_each_once),
		cmocka_unit_test(a_name_that_is_nearly_one_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
