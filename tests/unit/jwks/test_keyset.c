/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wanted.h"

static void
keys_keep_their_order(void **state)
{
	const struct want wants[] = {
		{ ALGORITHM_RS256, 0, "a", "RS256", "sig" },
		{ ALGORITHM_ES256, 0, "b", NULL, NULL },
		{ ALGORITHM_EdDSA, 0, NULL, NULL, NULL },
	};
	struct keyset *set = set_of(wants, 3);

	(void)state;
	assert_int_equal(keyset_count(set), 3);
	assert_int_equal(keyset_skipped(set), 0);
	assert_true(span_is(key_kid(keyset_at(set, 0)), "a"));
	assert_true(span_is(key_kid(keyset_at(set, 1)), "b"));
	assert_null(key_kid(keyset_at(set, 2)).at);
	keyset_free(set);
	keyset_free(NULL);
}

static void
a_document_that_is_no_set_is_refused(void **state)
{
	static const struct {
		struct span json;
		const char *want;
	} cases[] = {
		{ SPAN(""), "JSON" },
		{ SPAN("{"), "JSON" },
		{ SPAN("<html>"), "JSON" },
		{ SPAN("null"), "no \"keys\"" },
		{ SPAN("[]"), "no \"keys\"" },
		{ SPAN("\"keys\""), "no \"keys\"" },
		{ SPAN("{}"), "no \"keys\"" },
		{ SPAN("{\"Keys\":[]}"), "no \"keys\"" },
		{ SPAN("{\"keys\":null}"), "not an array" },
		{ SPAN("{\"keys\":123}"), "not an array" },
		{ SPAN("{\"keys\":{}}"), "not an array" },
		{ SPAN("{\"keys\":\"x\"}"), "not an array" },
		{ SPAN("{\"keys\":[]}"), "no key" },
		{ SPAN("{\"keys\":[null,1,\"x\",[],{}]}"), "5 skipped" },
		{ SPAN("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"), "symmetric" },
		{ SPAN("{\"keys\":[],\"keys\":[]}"), "duplicate member" },
		{ SPAN("{\"keys\":[]}x"), "unexpected data after" },
		{ SPAN("\xef\xbb\xbf{\"keys\":[]}"), "JSON" },
		{ SPAN("{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}"), "no \"keys\"" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct err err = { "" };
		struct keyset *set = NULL;

		if (keyset_parse(cases[i].json, &set, &err) || set != NULL)
			fail_msg("%.*s is taken for a set", SPAN_ARG(cases[i].json));
		if (strstr(err.text, cases[i].want) == NULL)
			fail_msg("%.*s: want \"%s\", got \"%s\"", SPAN_ARG(cases[i].json),
			    cases[i].want, err.text);
	}
}

static void
a_bad_key_does_not_spoil_the_set(void **state)
{
	static const char *const bad[] = { "null", "[]", "5", "{}",
		"{\"kty\":\"PQ\",\"kid\":\"pq\"}",
		"{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"oct\"}",
		"{\"kty\":\"RSA\",\"n\":\"%%%\",\"e\":\"AQAB\",\"kid\":\"bad\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"half\",\"x\":\"AA\"}" };
	json_t *jwks[CASES_OF(bad) + 2];
	const struct want first = { ALGORITHM_ES256, 0, "first", NULL, NULL };
	const struct want last = { ALGORITHM_EdDSA, 0, "last", NULL, NULL };
	struct err err = { "" };
	struct keyset *set = NULL;
	char *text;

	(void)state;
	jwks[0] = jwk_of(&first);
	for (size_t i = 0; i < CASES_OF(bad); i++)
		jwks[i + 1] = json_loads(bad[i], JSON_DECODE_ANY, NULL);
	jwks[CASES_OF(bad) + 1] = jwk_of(&last);
	text = signer_set(jwks, CASES_OF(jwks));
	assert_true(keyset_parse(span_of(text), &set, &err));
	free(text);
	assert_int_equal(keyset_count(set), 2);
	assert_int_equal(keyset_skipped(set), CASES_OF(bad));
	assert_string_equal(keyset_skip(set, 0)->kid, "");
	assert_non_null(strstr(keyset_skip(set, 0)->why.text, "not an object"));
	assert_string_equal(keyset_skip(set, 5)->kid, "oct");
	assert_non_null(strstr(keyset_skip(set, 5)->why.text, "symmetric"));
	assert_true(span_is(key_kid(keyset_at(set, 1)), "last"));
	keyset_free(set);
}

static void
a_long_kid_of_a_skipped_key_is_cut(void **state)
{
	char kid[201] = { 0 };
	const struct want wants[] = { { ALGORITHM_ES256, 0, "a", NULL, NULL },
		{ ALGORITHM_ES256, 1, kid, NULL, "enc" } };
	struct keyset *set;

	(void)state;
	memset(kid, 'k', 200);
	set = set_of(wants, 2);
	assert_int_equal(strlen(keyset_skip(set, 0)->kid), 63);
	keyset_free(set);
}

/* A set of `count` Ed25519 keys, all but for their kid the same. */
static char *
many(int count)
{
	json_t *set = json_pack("{s:[]}", "keys");
	char *text;

	for (int i = 0; i < count; i++) {
		char kid[16];

		(void)snprintf(kid, sizeof(kid), "k%d", i);
		json_array_append_new(json_object_get(set, "keys"),
		    signer_jwk(signer_key(ALGORITHM_EdDSA, 0), kid, NULL));
	}
	text = json_dumps(set, 0);
	json_decref(set);
	return text;
}

static void
a_set_has_at_most_100_keys(void **state)
{
	char *max = many(KEYSET_MAX_KEYS), *beyond = many(KEYSET_MAX_KEYS + 1);
	struct err err = { "" };
	struct keyset *set = NULL;
	const struct key *key;

	(void)state;
	assert_true(keyset_parse(span_of(max), &set, &err));
	assert_int_equal(keyset_count(set), KEYSET_MAX_KEYS);
	assert_int_equal(keyset_find(set, SPAN("k99"), ALGORITHM_EdDSA, &key), REASON_OK);
	keyset_free(set);
	set = NULL;
	assert_false(keyset_parse(span_of(beyond), &set, &err));
	assert_string_equal(err.text, "101 keys, at most 100");
	free(max);
	free(beyond);
}

static void
a_set_has_at_most_256_kib(void **state)
{
	const struct want want = { ALGORITHM_EdDSA, 0, "a", NULL, NULL };
	char *small = text_of(&want, 1);
	char *large = malloc(KEYSET_MAX_BYTES + 1);
	struct err err = { "" };
	struct keyset *set = NULL;

	(void)state;
	memset(large, ' ', KEYSET_MAX_BYTES + 1);
	memcpy(large, small, strlen(small));
	assert_true(keyset_parse((struct span){ large, KEYSET_MAX_BYTES }, &set, &err));
	keyset_free(set);
	set = NULL;
	assert_false(keyset_parse((struct span){ large, KEYSET_MAX_BYTES + 1 }, &set, &err));
	assert_null(set);
	free(small);
	free(large);
}

static void
keys_of_one_kid_count_once_each(void **state)
{
	static const struct {
		const char *name;
		struct want wants[3];
		size_t kept, skipped;
	} cases[] = {
		{ "same type",
		    { { ALGORITHM_ES256, 0, "a", NULL, NULL },
			{ ALGORITHM_ES256, 1, "a", NULL, NULL },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    3, 0 },
		{ "the same key twice",
		    { { ALGORITHM_ES256, 0, "a", NULL, NULL },
			{ ALGORITHM_ES256, 0, "a", NULL, NULL },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    2, 0 },
		{ "other types",
		    { { ALGORITHM_ES256, 0, "a", NULL, NULL },
			{ ALGORITHM_RS256, 1, "a", NULL, NULL },
			{ ALGORITHM_EdDSA, 0, "a", NULL, NULL } },
		    3, 0 },
		{ "other alg",
		    { { ALGORITHM_RS256, 0, "a", "RS256", NULL },
			{ ALGORITHM_RS256, 1, "a", "PS256", NULL },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    3, 0 },
		{ "alg and none",
		    { { ALGORITHM_RS256, 0, "a", "RS256", NULL },
			{ ALGORITHM_RS256, 1, "a", NULL, NULL },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    3, 0 },
		{ "one is for encryption",
		    { { ALGORITHM_RS256, 0, "a", NULL, "sig" },
			{ ALGORITHM_RS256, 1, "a", NULL, "enc" },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    2, 1 },
		{ "case counts",
		    { { ALGORITHM_ES256, 0, "a", NULL, NULL },
			{ ALGORITHM_ES256, 1, "A", NULL, NULL },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    3, 0 },
		{ "no kid is no kid in common",
		    { { ALGORITHM_ES256, 0, NULL, NULL, NULL },
			{ ALGORITHM_ES256, 1, NULL, NULL, NULL },
			{ ALGORITHM_EdDSA, 0, "b", NULL, NULL } },
		    3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct keyset *set = set_of(cases[i].wants, 3);

		if (keyset_count(set) != cases[i].kept || keyset_skipped(set) != cases[i].skipped)
			fail_msg("%s: %zu kept, %zu skipped", cases[i].name, keyset_count(set),
			    keyset_skipped(set));
		keyset_free(set);
	}
}

/* The issuer that reuses a kid must not make a signature cost as much as it likes. */
static void
no_more_than_four_keys_of_one_kid_are_tried(void **state)
{
	struct want wants[KEYSET_MAX_TRIED + 2];
	char *text;
	struct err err = { "" };
	struct keyset *set = NULL;

	(void)state;
	for (size_t i = 0; i < CASES_OF(wants); i++)
		wants[i] = (struct want){ ALGORITHM_ES256, i, "a", NULL, NULL };
	text = text_of(wants, KEYSET_MAX_TRIED + 2);
	assert_true(keyset_parse(span_of(text), &set, &err));
	assert_int_equal(keyset_count(set), KEYSET_MAX_TRIED);
	assert_int_equal(keyset_skipped(set), 2);
	assert_non_null(strstr(keyset_skip(set, 0)->why.text, "4 other keys"));
	keyset_free(set);
	free(text);
}

static void
a_bare_jwk_is_a_set_only_for_the_lenient(void **state)
{
	const struct want want = { ALGORITHM_ES256, 0, "a", NULL, NULL };
	json_t *jwk = jwk_of(&want);
	char *bare = json_dumps(jwk, 0);
	char *whole = text_of(&want, 1);
	struct err err = { "" };
	struct keyset *set = NULL;

	(void)state;
	json_decref(jwk);
	assert_false(keyset_parse(span_of(bare), &set, &err));
	assert_true(keyset_parse_lenient(span_of(bare), &set, &err));
	assert_int_equal(keyset_count(set), 1);
	keyset_free(set);
	assert_true(keyset_parse_lenient(span_of(whole), &set, &err));
	assert_int_equal(keyset_count(set), 1);
	keyset_free(set);
	set = NULL;
	assert_false(keyset_parse_lenient(SPAN("{\"kty\":\"oct\",\"k\":\"AA\"}"), &set, &err));
	assert_non_null(strstr(err.text, "symmetric"));
	assert_false(keyset_parse_lenient(SPAN("{\"kty\":\"EC\",\"keys\":5}"), &set, &err));
	assert_non_null(strstr(err.text, "not an array"));
	assert_false(keyset_parse_lenient(SPAN("{}"), &set, &err));
	assert_false(keyset_parse_lenient(SPAN("[]"), &set, &err));
	assert_null(set);
	free(bare);
	free(whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_keep_their_order),
		cmocka_unit_test(a_document_that_is_no_set_is_refused),
		cmocka_unit_test(a_bad_key_does_not_spoil_the_set),
		cmocka_unit_test(a_long_kid_of_a_skipped_key_is_cut),
		cmocka_unit_test(a_set_has_at_most_100_keys),
		cmocka_unit_test(a_set_has_at_most_256_kib),
		cmocka_unit_test(keys_of_one_kid_count_once_each),
		cmocka_unit_test(no_more_than_four_keys_of_one_kid_are_tried),
		cmocka_unit_test(a_bare_jwk_is_a_set_only_for_the_lenient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
