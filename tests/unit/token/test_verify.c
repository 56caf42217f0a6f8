/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"

static void
the_honest_token_is_verified(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
	};
	struct judged honest = { .name = "honest" };
	struct judgement judgement;

	(void)state;
	judge(&judgement, &inputs, &honest);
	assert_int_equal(judgement.reason, REASON_OK);
	assert_null(judgement.token.detail);
	assert_ptr_equal(judgement.claims.trusted_issuer, &trusted_issuer);
	assert_ptr_equal(judgement.claims.payload, judgement.token.claims);
	assert_true(span_is(judgement.claims.subject, "alice"));
	assert_null(judgement.claims.client.at);
	assert_int_equal(judgement.claims.expires_s, 2000);
	decision_done(&judgement);
	keyset_free(keys);
}

static void
the_issuer_is_exact(void **state)
{
	static const struct judged cases[] = {
		{ "another", "{\"iss\":\"https://evil.test\"}", NULL, 0, REASON_ISSUER_UNKNOWN,
		    "iss is \"https://evil.test\", expected \"https://idp.test\"" },
		{ "upper case", "{\"iss\":\"HTTPS://IDP.TEST\"}", NULL, 0, REASON_ISSUER_UNKNOWN,
		    NULL },
		{ "a slash more", "{\"iss\":\"https://idp.test/\"}", NULL, 0, REASON_ISSUER_UNKNOWN,
		    NULL },
		{ "its start", "{\"iss\":\"https://idp.tes\"}", NULL, 0, REASON_ISSUER_UNKNOWN,
		    NULL },
		{ "its end", "{\"iss\":\"idp.test\"}", NULL, 0, REASON_ISSUER_UNKNOWN, NULL },
		{ "a space more", "{\"iss\":\"https://idp.test \"}", NULL, 0, REASON_ISSUER_UNKNOWN,
		    NULL },
		{ "empty", "{\"iss\":\"\"}", NULL, 0, REASON_ISSUER_UNKNOWN, "iss is \"\"" },
		{ "a line feed is shown as what it is", "{\"iss\":\"a\\nb\"}", NULL, 0,
		    REASON_ISSUER_UNKNOWN, "\"a\\x0ab\"" },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
no_claim_is_judged_before_the_signature(void **state)
{
	static const char *const bad[] = { "{\"exp\":\"x\"}", "{\"exp\":1}", "{\"aud\":1}",
		"{\"cnf\":{}}", "{\"nbf\":9999}", "{\"sub\":1}" };
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(bad); i++) {
		struct judged judged = { .name = bad[i], .set = bad[i] };
		char *claims = judged_claims(&judged);
		struct judgement judgement;

		judge_text(&judgement, &inputs,
		    signer_token(signer_key(ALGORITHM_ES256, 1), ALGORITHM_ES256,
			SPAN(HONEST_HEADER), span_of(claims)));
		assert_int_equal(judgement.reason, REASON_SIGNATURE_INVALID);
		decision_done(&judgement);
		free(claims);
	}
	keyset_free(keys);
}

/* Refusals are told in one order: each of these tokens is wrong in all that follow, too. */
static void
the_first_check_that_fails_is_reported(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = NULL, .now_s = 3000
	};
	static const char all[] = "{\"iss\":\"i\",\"exp\":10,\"aud\":\"x\",\"cnf\":{}}";
	static const char mine[] =
	    "{\"iss\":\"https://idp.test\",\"exp\":10,\"aud\":\"x\",\"cnf\":{}}";
	static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"z\",\"typ\":\"x\"}";
	static const char typed[] = "{\"alg\":\"ES256\",\"kid\":\"z\",\"typ\":\"JWT\"}";
	static const struct {
		const char *header, *claims;
		bool all_algorithms, keys;
		enum reason want;
		const char *detail;
	} cases[] = {
		{ header, all, false, false, REASON_ISSUER_UNKNOWN, "iss" },
		{ header, mine, false, false, REASON_ALGORITHM_NOT_ALLOWED, "alg ES256" },
		{ header, mine, true, false, REASON_TOKEN_TYPE_WRONG, "typ is \"x\"" },
		{ typed, mine, true, false, REASON_KEYS_UNAVAILABLE, "keys" },
		{ typed, mine, true, true, REASON_KEY_UNKNOWN, "(alg ES256, kid \"z\")" },
		{ HONEST_HEADER, mine, true, true, REASON_SIGNATURE_INVALID, "kid \"k\"" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct judgement judgement;

		trusted_issuer.algorithms =
		    cases[i].all_algorithms ? ALGORITHM_ALL : ALGORITHM_BIT(ALGORITHM_RS256);
		inputs.keys = cases[i].keys ? keys : NULL;
		judge_text(&judgement, &inputs,
		    signer_token(signer_key(ALGORITHM_ES256, 1), ALGORITHM_ES256,
			span_of(cases[i].header), span_of(cases[i].claims)));
		if (judgement.reason != cases[i].want)
			fail_msg("%zu: got %s", i, reason_word(judgement.reason));
		if (strstr(judgement.token.detail, cases[i].detail) == NULL)
			fail_msg("%zu: got %s", i, judgement.token.detail);
		decision_done(&judgement);
	}
	keyset_free(keys);
}

static void
claims_are_judged_in_order(void **state)
{
	static const struct judged cases[] = {
		{ "types of times first",
		    "{\"exp\":1,\"iat\":\"x\",\"aud\":1,\"cnf\":{},\"sub\":1}", NULL, 0,
		    REASON_CLAIM_MALFORMED, "iat" },
		{ "then exp", "{\"exp\":1,\"nbf\":9999,\"aud\":1,\"cnf\":{},\"sub\":1}", NULL, 0,
		    REASON_TOKEN_EXPIRED, NULL },
		{ "then nbf", "{\"nbf\":9999,\"iat\":9999,\"aud\":1,\"cnf\":{},\"sub\":1}", NULL, 0,
		    REASON_TOKEN_NOT_YET_VALID, "nbf" },
		{ "then iat", "{\"iat\":9999,\"aud\":1,\"cnf\":{},\"sub\":1}", NULL, 0,
		    REASON_TOKEN_NOT_YET_VALID, "iat" },
		{ "then aud", "{\"aud\":\"x\",\"cnf\":{},\"sub\":1}", NULL, 0,
		    REASON_AUDIENCE_MISMATCH, NULL },
		{ "then what is required", "{\"cnf\":{},\"n\":null,\"sub\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, "/n is null" },
		{ "then cnf", "{\"cnf\":{},\"n\":1,\"sub\":1}", NULL, 0, REASON_BINDING_MISMATCH,
		    NULL },
		{ "then sub", "{\"n\":1,\"sub\":1}", NULL, 0, REASON_CLAIM_MALFORMED, "/sub" },
	};
	struct trusted_issuer_require n = { "/n", { .count = 0 }, NULL };
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.require = &n;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
a_bound_token_is_refused(void **state)
{
	static const struct judged cases[] = {
		{ "DPoP", "{\"cnf\":{\"jkt\":\"x\"}}", NULL, 0, REASON_BINDING_MISMATCH, "cnf" },
		{ "a certificate",
		    "{\"cnf\":{\"x5t#S256\":\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0\"}}",
		    NULL, 0, REASON_BINDING_MISMATCH, "and none was presented" },
		{ "mTLS", "{\"cnf\":{\"x5t#S256\":\"x\"}}", NULL, 0, REASON_BINDING_MISMATCH,
		    NULL },
		{ "unknown", "{\"cnf\":{\"x\":1}}", NULL, 0, REASON_BINDING_MISMATCH, NULL },
		{ "empty", "{\"cnf\":{}}", NULL, 0, REASON_BINDING_MISMATCH, NULL },
		{ "null", "{\"cnf\":null}", NULL, 0, REASON_BINDING_MISMATCH, NULL },
		{ "a string", "{\"cnf\":\"\"}", NULL, 0, REASON_BINDING_MISMATCH, NULL },
		{ "another name", "{\"CNF\":{}}", NULL, 0, REASON_OK, NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
nothing_of_a_token_is_reported_but_what_is_judged(void **state)
{
	static const char *const bad[] = { "{\"exp\":1}", "{\"aud\":\"x\"}", "{\"iss\":\"x\"}",
		"{\"cnf\":1}", "{\"sub\":1}", "{\"nbf\":5000}" };
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(bad); i++) {
		struct judged judged = { .name = bad[i], .set = bad[i] };
		struct judgement judgement;
		const char *signature;

		judge(&judgement, &inputs, &judged);
		signature = strrchr(judgement.text, '.') + 1;
		assert_int_not_equal(judgement.reason, REASON_OK);
		assert_null(strstr(judgement.token.detail, signature));
		assert_null(strstr(judgement.token.detail, "eyJ"));
		decision_done(&judgement);
	}
	keyset_free(keys);
}

static void
a_huge_claim_makes_no_huge_detail(void **state)
{
	char set[8200];
	struct judged cases[2] = { { .name = "iss", .want = REASON_ISSUER_UNKNOWN },
		{ .name = "aud", .want = REASON_AUDIENCE_MISMATCH } };
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct judgement judgement;

		memset(set, 'a', sizeof(set));
		(void)snprintf(set, sizeof(set), "{\"%s\":\"", cases[i].name);
		set[strlen(set)] = 'a';
		memcpy(set + sizeof(set) - 3, "\"}", 3);
		cases[i].set = set;
		judge(&judgement, &inputs, &cases[i]);
		assert_int_equal(judgement.reason, cases[i].want);
		assert_true(strlen(judgement.token.detail) < 200);
		assert_non_null(strstr(judgement.token.detail, "a…\""));
		decision_done(&judgement);
	}
	keyset_free(keys);
}

static void
memory_that_ends_refuses(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
	};
	struct judged judged = { .name = "scopes", .set = "{\"scope\":\"a b c\"}" };
	struct judgement judgement;
	struct arena none;

	(void)state;
	judge(&judgement, &inputs, &judged);
	assert_int_equal(judgement.reason, REASON_OK);
	arena_init(&none, 0);
	assert_int_equal(
	    verify_token(&inputs, &judgement.token, &none, &judgement.claims), REASON_OVERLOADED);
	assert_string_equal(judgement.token.detail, "out of memory");
	inputs.now_s = 5000;
	assert_int_equal(verify_token(&inputs, &judgement.token, &none, &judgement.claims),
	    REASON_TOKEN_EXPIRED);
	arena_done(&none);
	decision_done(&judgement);
	keyset_free(keys);
}

/* What `explain --claims` asks: all but the header, the key and the signature counts. */
static void
assumed_claims_are_judged_all_the_same(void **state)
{
	static const struct judged cases[] = {
		{ .name = "good", .want = REASON_OK },
		{ .name = "iss", .set = "{\"iss\":\"x\"}", .want = REASON_ISSUER_UNKNOWN },
		{ .name = "exp", .set = "{\"exp\":1}", .want = REASON_TOKEN_EXPIRED },
		{ .name = "aud", .set = "{\"aud\":\"x\"}", .want = REASON_AUDIENCE_MISMATCH },
		{ .name = "require", .set = "{\"n\":2}", .want = REASON_CLAIM_REQUIRED_MISSING },
		{ .name = "cnf", .set = "{\"cnf\":{}}", .want = REASON_BINDING_MISMATCH },
		{ .name = "sub", .set = "{\"sub\":1}", .want = REASON_CLAIM_MALFORMED },
	};
	const char *one[] = { "1" };
	struct trusted_issuer_require require = { "/n", { .at = one, .count = 1 }, NULL };
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = NULL, .now_s = 1500
	};

	(void)state;
	trusted_issuer.require = &require;
	trusted_issuer.algorithms = 0;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		char *text = judged_claims(&cases[i]);
		struct token token = { .claims = json_loads(text, 0, NULL) };
		struct claims claims = { 0 };
		struct arena arena;

		if (strcmp(cases[i].name, "require") != 0)
			json_object_set_new(token.claims, "n", json_integer(1));
		token.issuer = span_of(json_string_value(json_object_get(token.claims, "iss")));
		arena_init(&arena, 65536);
		if (verify_assumed(&inputs, &token, &arena, &claims) != cases[i].want)
			fail_msg("%s", cases[i].name);
		assert_int_equal(claims.trusted_issuer == &trusted_issuer, i == 0);
		json_decref(token.claims);
		arena_done(&arena);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_honest_token_is_verified),
		cmocka_unit_test(the_issuer_is_exact),
		cmocka_unit_test(no_claim_is_judged_before_the_signature),
		cmocka_unit_test(the_first_check_that_fails_is_reported),
		cmocka_unit_test(claims_are_judged_in_order),
		cmocka_unit_test(a_bound_token_is_refused),
		cmocka_unit_test(nothing_of_a_token_is_reported_but_what_is_judged),
		cmocka_unit_test(a_huge_claim_makes_no_huge_detail),
		cmocka_unit_test(memory_that_ends_refuses),
		cmocka_unit_test(assumed_claims_are_judged_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
