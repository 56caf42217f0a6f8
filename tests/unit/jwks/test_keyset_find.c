/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the one key for a header, and comparing sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wanted.h"

static void
a_header_finds_the_one_key_or_none(void **state)
{
	const struct want wants[] = {
		{ ALGORITHM_RS256, 0, "rsa", NULL, NULL },
		{ ALGORITHM_RS256, 1, "rs384", "RS384", NULL },
		{ ALGORITHM_ES256, 0, "ec", NULL, NULL },
		{ ALGORITHM_EdDSA, 0, NULL, NULL, NULL },
		{ ALGORITHM_ES384, 0, "two", NULL, NULL },
		{ ALGORITHM_EdDSA, 1, "two", NULL, NULL },
		{ ALGORITHM_ES512, 0, "enc", NULL, "enc" },
	};
	static const struct {
		struct span kid;
		enum algorithm algorithm;
		enum reason want;
		size_t index;
	} cases[] = {
		{ SPAN("rsa"), ALGORITHM_RS256, REASON_OK, 0 },
		{ SPAN("rsa"), ALGORITHM_PS512, REASON_OK, 0 },
		{ SPAN("rsa"), ALGORITHM_ES256, REASON_ALGORITHM_NOT_ALLOWED, 0 },
		{ SPAN("rsa"), ALGORITHM_EdDSA, REASON_ALGORITHM_NOT_ALLOWED, 0 },
		{ SPAN("rs384"), ALGORITHM_RS384, REASON_OK, 1 },
		{ SPAN("rs384"), ALGORITHM_RS256, REASON_ALGORITHM_NOT_ALLOWED, 0 },
		{ SPAN("rs384"), ALGORITHM_PS384, REASON_ALGORITHM_NOT_ALLOWED, 0 },
		{ SPAN("ec"), ALGORITHM_ES256, REASON_OK, 2 },
		{ SPAN("ec"), ALGORITHM_ES384, REASON_ALGORITHM_NOT_ALLOWED, 0 },
		{ SPAN("two"), ALGORITHM_ES384, REASON_OK, 4 },
		{ SPAN("two"), ALGORITHM_EdDSA, REASON_OK, 5 },
		{ SPAN("two"), ALGORITHM_RS256, REASON_ALGORITHM_NOT_ALLOWED, 0 },
		{ SPAN("enc"), ALGORITHM_ES512, REASON_KEY_UNKNOWN, 0 },
		{ SPAN("RSA"), ALGORITHM_RS256, REASON_KEY_UNKNOWN, 0 },
		{ SPAN("rs"), ALGORITHM_RS256, REASON_KEY_UNKNOWN, 0 },
		{ SPAN("rsa "), ALGORITHM_RS256, REASON_KEY_UNKNOWN, 0 },
		{ SPAN("rsa\0"), ALGORITHM_RS256, REASON_KEY_UNKNOWN, 0 },
		{ SPAN(""), ALGORITHM_EdDSA, REASON_KEY_UNKNOWN, 0 },
		{ SPAN("../../dev/null"), ALGORITHM_RS256, REASON_KEY_UNKNOWN, 0 },
		{ { NULL, 0 }, ALGORITHM_ES256, REASON_OK, 2 },
		{ { NULL, 0 }, ALGORITHM_ES384, REASON_OK, 4 },
		{ { NULL, 0 }, ALGORITHM_PS256, REASON_OK, 0 },
		{ { NULL, 0 }, ALGORITHM_RS384, REASON_KEY_UNKNOWN, 0 },
		{ { NULL, 0 }, ALGORITHM_EdDSA, REASON_KEY_UNKNOWN, 0 },
		{ { NULL, 0 }, ALGORITHM_ES512, REASON_KEY_UNKNOWN, 0 },
	};
	struct keyset *set = set_of(wants, CASES_OF(wants));

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		const struct key *key = NULL;
		enum reason got = keyset_find(set, cases[i].kid, cases[i].algorithm, &key);

		if (got != cases[i].want)
			fail_msg("kid %.*s, %s: want %s, got %s", SPAN_ARG(cases[i].kid),
			    algorithm_name(cases[i].algorithm), reason_word(cases[i].want),
			    reason_word(got));
		assert_ptr_equal(key, got == REASON_OK ? keyset_at(set, cases[i].index) : NULL);
	}
	keyset_free(set);
}

static void
sets_are_the_same_in_any_order(void **state)
{
	const struct want a = { ALGORITHM_ES256, 0, "a", NULL, NULL };
	const struct want b = { ALGORITHM_EdDSA, 0, "b", NULL, NULL };
	const struct want c = { ALGORITHM_EdDSA, 1, "b", NULL, NULL };
	const struct want d = { ALGORITHM_EdDSA, 0, NULL, NULL, NULL };
	const struct want lists[][2] = { { a, b }, { b, a }, { a, c }, { a, d }, { d, d } };
	struct keyset *first = set_of(lists[0], 2), *one = set_of(&a, 1);

	(void)state;
	for (size_t i = 0; i < CASES_OF(lists); i++) {
		struct keyset *set = set_of(lists[i], 2);

		assert_int_equal(keyset_same(first, set), i < 2);
		assert_int_equal(keyset_same(set, first), i < 2);
		assert_false(keyset_same(one, set));
		assert_false(keyset_same(set, one));
		assert_true(keyset_same(set, set));
		keyset_free(set);
	}
	keyset_free(first);
	keyset_free(one);
}

/* A key that is listed twice, also without a kid, is one key. */
static void
doubles_do_not_make_up_for_what_is_missing(void **state)
{
	const struct want a = { ALGORITHM_ES256, 0, NULL, NULL, NULL };
	const struct want d = { ALGORITHM_EdDSA, 0, NULL, NULL, NULL };
	const struct want lists[][2] = { { a, d }, { d, d } };
	struct keyset *both = set_of(lists[0], 2), *twice = set_of(lists[1], 2),
		      *once = set_of(&d, 1);

	(void)state;
	assert_false(keyset_same(both, twice));
	assert_false(keyset_same(twice, both));
	assert_true(keyset_same(once, twice));
	assert_true(keyset_same(twice, once));
	keyset_free(both);
	keyset_free(twice);
	keyset_free(once);
}

/* Which of two keys under one kid signed, only the signature tells. */
static void
keys_of_one_kid_follow_each_other(void **state)
{
	const struct want wants[] = {
		{ ALGORITHM_ES256, 0, "a", NULL, NULL },
		{ ALGORITHM_EdDSA, 0, "a", NULL, NULL },
		{ ALGORITHM_ES256, 1, "b", NULL, NULL },
		{ ALGORITHM_ES256, 2, "a", NULL, NULL },
		{ ALGORITHM_ES256, 0, NULL, NULL, NULL },
	};
	struct keyset *set = set_of(wants, CASES_OF(wants));
	const struct key *key = NULL;

	(void)state;
	assert_int_equal(keyset_find(set, SPAN("a"), ALGORITHM_ES256, &key), REASON_OK);
	assert_ptr_equal(key, keyset_at(set, 0));
	key = keyset_next(set, ALGORITHM_ES256, key);
	assert_ptr_equal(key, keyset_at(set, 3));
	assert_null(keyset_next(set, ALGORITHM_ES256, key));
	assert_null(keyset_next(set, ALGORITHM_EdDSA, keyset_at(set, 1)));
	assert_null(keyset_next(set, ALGORITHM_ES256, keyset_at(set, 4)));
	keyset_free(set);
}

/* The same key without a kid, listed twice with different words about it, is still one. */
static void
equal_material_is_no_doubt(void **state)
{
	const struct want wants[] = {
		{ ALGORITHM_RS256, 0, NULL, NULL, "sig" },
		{ ALGORITHM_RS256, 0, "a", "RS256", NULL },
		{ ALGORITHM_RS256, 1, "b", "PS256", NULL },
	};
	struct keyset *set = set_of(wants, CASES_OF(wants));
	const struct key *key = NULL;

	(void)state;
	assert_int_equal(
	    keyset_find(set, (struct span){ NULL, 0 }, ALGORITHM_RS256, &key), REASON_OK);
	assert_int_equal(
	    keyset_find(set, (struct span){ NULL, 0 }, ALGORITHM_PS256, &key), REASON_KEY_UNKNOWN);
	keyset_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_finds_the_one_key_or_none),
		cmocka_unit_test(sets_are_the_same_in_any_order),
		cmocka_unit_test(keys_of_one_kid_follow_each_other),
		cmocka_unit_test(equal_material_is_no_doubt),
		cmocka_unit_test(doubles_do_not_make_up_for_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
