/* SPDX-License-Identifier: Apache-2.0 */
/* exp, nbf, iat and max_age, at every boundary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"

static void
without_skew_the_boundaries_are_exact(void **state)
{
	static const struct judged cases[] = {
		{ "expiry is excluded", NULL, NULL, 2000, REASON_TOKEN_EXPIRED, "expired 0 s ago" },
		{ "the second before", NULL, NULL, 1999, REASON_OK, NULL },
		{ "long ago", NULL, NULL, 2312, REASON_TOKEN_EXPIRED, "expired 312 s ago" },
		{ "a fraction of exp does not count", "{\"exp\":2000.9}", NULL, 2000,
		    REASON_TOKEN_EXPIRED, NULL },
		{ "and the second before does", "{\"exp\":2000.9}", NULL, 1999, REASON_OK, NULL },
		{ "issue is included", NULL, NULL, 1000, REASON_OK, NULL },
		{ "the second before issue", NULL, NULL, 999, REASON_TOKEN_NOT_YET_VALID,
		    "iat is 1000" },
		{ "a fraction of iat counts", "{\"iat\":1000.1}", NULL, 1000,
		    REASON_TOKEN_NOT_YET_VALID, NULL },
		{ "and ends", "{\"iat\":1000.1}", NULL, 1001, REASON_OK, NULL },
		{ "nbf is included", "{\"nbf\":1500}", NULL, 1500, REASON_OK, NULL },
		{ "the second before nbf", "{\"nbf\":1501}", NULL, 1500, REASON_TOKEN_NOT_YET_VALID,
		    "nbf is 1501" },
		{ "a fraction of nbf counts", "{\"nbf\":1500.5}", NULL, 1500,
		    REASON_TOKEN_NOT_YET_VALID, NULL },
		{ "no iat is needed", NULL, "iat", 1500, REASON_OK, NULL },
		{ "exp is needed", NULL, "exp", 1500, REASON_CLAIM_REQUIRED_MISSING, "exp" },
		{ "exp 0 was in 1970", "{\"exp\":0}", NULL, 1500, REASON_TOKEN_EXPIRED,
		    "expired 1500 s ago" },
		{ "exp before nbf is never", "{\"exp\":1400,\"nbf\":1600}", NULL, 1500,
		    REASON_TOKEN_EXPIRED, NULL },
		{ "exp 9999", "{\"exp\":253402300799}", NULL, 1500, REASON_OK, NULL },
		{ "nbf 0", "{\"nbf\":0}", NULL, 1500, REASON_OK, NULL },
		{ "iat 0", "{\"iat\":0}", NULL, 1500, REASON_OK, NULL },
		{ "nbf 9999", "{\"nbf\":253402300799}", NULL, 1500, REASON_TOKEN_NOT_YET_VALID,
		    NULL },
		{ "the largest now", "{\"exp\":253402300799}", NULL, INT64_MAX,
		    REASON_TOKEN_EXPIRED, NULL },
		{ "the smallest now", NULL, NULL, INT64_MIN, REASON_TOKEN_NOT_YET_VALID, NULL },
		{ "a now before 1970", "{\"nbf\":0}", "iat", -1, REASON_TOKEN_NOT_YET_VALID, NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
the_skew_forgives_both_ways_and_no_more(void **state)
{
	static const struct judged cases[] = {
		{ "late by less", NULL, NULL, 2029, REASON_OK, NULL },
		{ "late by as much", NULL, NULL, 2030, REASON_TOKEN_EXPIRED, "expired 30 s ago" },
		{ "early by as much", NULL, NULL, 970, REASON_OK, NULL },
		{ "early by more", NULL, NULL, 969, REASON_TOKEN_NOT_YET_VALID, "iat" },
		{ "nbf: early by as much", "{\"nbf\":1530}", NULL, 1500, REASON_OK, NULL },
		{ "nbf: early by more", "{\"nbf\":1531}", NULL, 1500, REASON_TOKEN_NOT_YET_VALID,
		    "nbf" },
		{ "exp near 0", "{\"exp\":0}", "iat", 29, REASON_OK, NULL },
		{ "exp near 0, beyond", "{\"exp\":0}", "iat", 30, REASON_TOKEN_EXPIRED, NULL },
		{ "exp 9999 does not overflow", "{\"exp\":253402300799}", NULL,
		    INT64_C(253402300828), REASON_OK, NULL },
		{ "the largest now", "{\"exp\":253402300799}", NULL, INT64_MAX,
		    REASON_TOKEN_EXPIRED, NULL },
		{ "the smallest now", "{\"nbf\":0}", "iat", INT64_MIN, REASON_TOKEN_NOT_YET_VALID,
		    NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.skew_s = 30;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
a_token_ages(void **state)
{
	static const struct judged cases[] = {
		{ "as old as allowed", NULL, NULL, 1600, REASON_OK, NULL },
		{ "a second older", NULL, NULL, 1601, REASON_TOKEN_TOO_OLD,
		    "issued 601 s ago, at most 600 s" },
		{ "a fraction of iat makes it older", "{\"iat\":1000.9}", NULL, 1601,
		    REASON_TOKEN_TOO_OLD, NULL },
		{ "the age of what has no iat is unknown", NULL, "iat", 1500,
		    REASON_CLAIM_REQUIRED_MISSING, "max_age" },
		{ "iat 0", "{\"iat\":0}", NULL, 1500, REASON_TOKEN_TOO_OLD, NULL },
		{ "an expired one is expired", NULL, NULL, 2000, REASON_TOKEN_EXPIRED, NULL },
		{ "one of the future is not old", "{\"iat\":1700}", NULL, 1500,
		    REASON_TOKEN_NOT_YET_VALID, NULL },
	};
	static const struct judged skewed[] = {
		{ "as old as allowed", NULL, NULL, 1630, REASON_OK, NULL },
		{ "a second older", NULL, NULL, 1631, REASON_TOKEN_TOO_OLD, NULL },
	};
	static const struct judged ageless[] = {
		{ "the largest age does not overflow",
		    "{\"iat\":253402300000,\"exp\":253402300799}", NULL, INT64_C(253402300001),
		    REASON_OK, NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.max_age_s = 600;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
	trusted_issuer.skew_s = 30;
	judged_expect_all(&trusted_issuer, skewed, CASES_OF(skewed));
	trusted_issuer.max_age_s = INT64_C(36500) * 86400;
	judged_expect_all(&trusted_issuer, ageless, CASES_OF(ageless));
}

/* null is an absent claim where the claim is optional, and only there. */
static void
an_optional_time_may_be_null(void **state)
{
	static const struct judged cases[] = {
		{ "nbf", "{\"nbf\":null}", NULL, 0, REASON_OK, NULL },
		{ "iat", "{\"iat\":null}", NULL, 0, REASON_OK, NULL },
		{ "exp", "{\"exp\":null}", NULL, 0, REASON_CLAIM_MALFORMED, "exp" },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

/* A wrong type is never taken for an absent claim. */
static void
a_time_is_a_number(void **state)
{
	static const char *const claims[] = { "exp", "nbf", "iat" };
	static const char *const values[] = { "\"1999\"", "\"\"", "\"never\"", "true", "false",
		"[]", "[1999]", "{}", "{\"a\":1}", "-1", "-0.5", "253402300800", "1e300",
		"9223372036854775807", "-9223372036854775808" };
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	for (size_t c = 0; c < CASES_OF(claims); c++)
		for (size_t v = 0; v < CASES_OF(values); v++) {
			char set[128];
			struct judged judged = { set, set, NULL, 0, REASON_CLAIM_MALFORMED,
				claims[c] };

			(void)snprintf(set, sizeof(set), "{\"%s\":%s}", claims[c], values[v]);
			judged_expect_all(&trusted_issuer, &judged, 1);
		}
}

static void
claims_expire_at_the_whole_second(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
	};
	struct judged judged = { .name = "fraction", .set = "{\"exp\":1999.75}" };
	struct judgement judgement;

	(void)state;
	trusted_issuer.skew_s = 30;
	judge(&judgement, &inputs, &judged);
	assert_int_equal(judgement.reason, REASON_OK);
	assert_int_equal(judgement.claims.expires_s, 1999);
	decision_done(&judgement);
	keyset_free(keys);
}

/* Whoever remembers a verdict goes by from_s and until_s: they must say what judging anew would. */
static void
the_times_of_claims_are_those_of_the_checks(void **state)
{
	static const char *const sets[] = { "{}", "{\"nbf\":1400}", "{\"nbf\":1399.5}",
		"{\"iat\":1300}", "{\"iat\":1300.7,\"exp\":1900.2}",
		"{\"iat\":1200,\"nbf\":1450}" };
	static const int64_t ages_s[] = { 0, 400, 599, 1000, 5000 }, skews_s[] = { 0, 30 };
	struct keyset *keys = judged_keys();
	size_t compared = 0;

	(void)state;
	for (size_t i = 0; i < CASES_OF(sets) * CASES_OF(ages_s) * CASES_OF(skews_s); i++) {
		struct trusted_issuer trusted_issuer = judged_issuer();
		struct verify_inputs inputs = {
			.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = 1500
		};
		struct judged judged = { .name = "times", .set = sets[i % CASES_OF(sets)] };
		struct judgement judgement;
		int64_t from_s, until_s;

		trusted_issuer.max_age_s = ages_s[i / CASES_OF(sets) % CASES_OF(ages_s)];
		trusted_issuer.skew_s = skews_s[i / CASES_OF(sets) / CASES_OF(ages_s)];
		judge(&judgement, &inputs, &judged);
		from_s = judgement.claims.from_s;
		until_s = judgement.claims.until_s;
		for (size_t m = 0; judgement.reason == REASON_OK && m < 6; m++) {
			const int64_t moments_s[] = { 900, from_s - 1, from_s, until_s - 1, until_s,
				2100 };
			struct judgement again;

			inputs.now_s = moments_s[m];
			judge(&again, &inputs, &judged);
			assert_int_equal(again.reason == REASON_OK, m == 2 || m == 3);
			decision_done(&again);
			compared++;
		}
		decision_done(&judgement);
	}
	assert_true(compared > 200);
	keyset_free(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_skew_the_boundaries_are_exact),
		cmocka_unit_test(the_skew_forgives_both_ways_and_no_more),
		cmocka_unit_test(a_token_ages),
		cmocka_unit_test(an_optional_time_may_be_null),
		cmocka_unit_test(a_time_is_a_number),
		cmocka_unit_test(claims_expire_at_the_whole_second),
		cmocka_unit_test(the_times_of_claims_are_those_of_the_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
