/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "token/demand.h"

static enum reason
type_of(const struct trusted_issuer *trusted_issuer, const char *type)
{
	struct verify_inputs inputs = { .trusted_issuer = trusted_issuer };
	struct token token = { .type = span_of(type) };
	struct arena arena;
	enum reason reason;

	arena_init(&arena, 65536);
	reason = demand_type(&inputs, &token, &arena);
	assert_int_equal(token.detail == NULL, reason == REASON_OK);
	arena_done(&arena);
	return reason;
}

static void
a_type_is_one_of_the_profiles(void **state)
{
	static const struct {
		const char *type;
		enum reason want;
	} cases[] = {
		{ NULL, REASON_OK },
		{ "at+jwt", REASON_OK },
		{ "JWT", REASON_OK },
		{ "jwt", REASON_OK },
		{ "AT+JWT", REASON_OK },
		{ "application/at+jwt", REASON_OK },
		{ "Application/AT+jwt", REASON_OK },
		{ "application/jwt", REASON_OK },
		{ "", REASON_TOKEN_TYPE_WRONG },
		{ "application/", REASON_TOKEN_TYPE_WRONG },
		{ "application/application/jwt", REASON_TOKEN_TYPE_WRONG },
		{ "text/jwt", REASON_TOKEN_TYPE_WRONG },
		{ "/jwt", REASON_TOKEN_TYPE_WRONG },
		{ "jwt ", REASON_TOKEN_TYPE_WRONG },
		{ " jwt", REASON_TOKEN_TYPE_WRONG },
		{ "jw", REASON_TOKEN_TYPE_WRONG },
		{ "logout+jwt", REASON_TOKEN_TYPE_WRONG },
		{ "secevent+jwt", REASON_TOKEN_TYPE_WRONG },
		{ "dpop+jwt", REASON_TOKEN_TYPE_WRONG },
		{ "application/logout+jwt", REASON_TOKEN_TYPE_WRONG },
		{ "JOSE", REASON_TOKEN_TYPE_WRONG },
		{ "at+jwt;x=y", REASON_TOKEN_TYPE_WRONG },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++)
		if (type_of(&trusted_issuer, cases[i].type) != cases[i].want)
			fail_msg("typ %s", cases[i].type == NULL ? "absent" : cases[i].type);
}

static void
a_profile_may_write_the_prefix_and_insist(void **state)
{
	static const char *types[] = { "application/at+jwt" };
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.types = (struct texts){ .at = types, .count = 1 };
	trusted_issuer.type_optional = false;
	assert_int_equal(type_of(&trusted_issuer, "at+jwt"), REASON_OK);
	assert_int_equal(type_of(&trusted_issuer, "application/at+jwt"), REASON_OK);
	assert_int_equal(type_of(&trusted_issuer, "JWT"), REASON_TOKEN_TYPE_WRONG);
	assert_int_equal(type_of(&trusted_issuer, NULL), REASON_TOKEN_TYPE_WRONG);
}

static void
an_audience_is_one_of_ours(void **state)
{
	static const struct judged cases[] = {
		{ "the first", "{\"aud\":\"api://a\"}", NULL, 0, REASON_OK, NULL },
		{ "the second", "{\"aud\":\"api://b\"}", NULL, 0, REASON_OK, NULL },
		{ "in an array", "{\"aud\":[\"x\",\"api://b\"]}", NULL, 0, REASON_OK, NULL },
		{ "in an array of one", "{\"aud\":[\"api://a\"]}", NULL, 0, REASON_OK, NULL },
		{ "none", NULL, "aud", 0, REASON_AUDIENCE_MISMATCH,
		    "aud is missing, expected one of \"api://a\", \"api://b\"" },
		{ "another", "{\"aud\":\"api://x\"}", NULL, 0, REASON_AUDIENCE_MISMATCH,
		    "aud is \"api://x\", expected one of" },
		{ "others", "{\"aud\":[\"x\",\"y\"]}", NULL, 0, REASON_AUDIENCE_MISMATCH,
		    "aud is [\"x\", \"y\"], expected" },
		{ "empty", "{\"aud\":\"\"}", NULL, 0, REASON_AUDIENCE_MISMATCH, NULL },
		{ "an empty array", "{\"aud\":[]}", NULL, 0, REASON_AUDIENCE_MISMATCH,
		    "aud is []" },
		{ "its start", "{\"aud\":\"api://\"}", NULL, 0, REASON_AUDIENCE_MISMATCH, NULL },
		{ "more than it", "{\"aud\":\"api://ab\"}", NULL, 0, REASON_AUDIENCE_MISMATCH,
		    NULL },
		{ "upper case", "{\"aud\":\"API://A\"}", NULL, 0, REASON_AUDIENCE_MISMATCH, NULL },
		{ "a slash more", "{\"aud\":\"api://a/\"}", NULL, 0, REASON_AUDIENCE_MISMATCH,
		    NULL },
		{ "two in one text", "{\"aud\":\"api://a api://b\"}", NULL, 0,
		    REASON_AUDIENCE_MISMATCH, NULL },
		{ "two with a comma", "{\"aud\":\"api://a,api://b\"}", NULL, 0,
		    REASON_AUDIENCE_MISMATCH, NULL },
		{ "in a name", "{\"AUD\":\"api://a\"}", "aud", 0, REASON_AUDIENCE_MISMATCH, NULL },
		{ "null", "{\"aud\":null}", NULL, 0, REASON_CLAIM_MALFORMED, "aud" },
		{ "number", "{\"aud\":1}", NULL, 0, REASON_CLAIM_MALFORMED, NULL },
		{ "true", "{\"aud\":true}", NULL, 0, REASON_CLAIM_MALFORMED, NULL },
		{ "object", "{\"aud\":{\"api://a\":1}}", NULL, 0, REASON_CLAIM_MALFORMED, NULL },
		{ "a nested array", "{\"aud\":[[\"api://a\"]]}", NULL, 0, REASON_CLAIM_MALFORMED,
		    NULL },
		{ "ours and a number", "{\"aud\":[\"api://a\",1]}", NULL, 0, REASON_CLAIM_MALFORMED,
		    NULL },
		{ "a null and ours", "{\"aud\":[null,\"api://a\"]}", NULL, 0,
		    REASON_CLAIM_MALFORMED, NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
any_audience_is_still_well_formed(void **state)
{
	static const struct judged cases[] = {
		{ "none", NULL, "aud", 0, REASON_OK, NULL },
		{ "another", "{\"aud\":\"x\"}", NULL, 0, REASON_OK, NULL },
		{ "an empty array", "{\"aud\":[]}", NULL, 0, REASON_OK, NULL },
		{ "number", "{\"aud\":1}", NULL, 0, REASON_CLAIM_MALFORMED, NULL },
		{ "null", "{\"aud\":null}", NULL, 0, REASON_CLAIM_MALFORMED, NULL },
		{ "a number in it", "{\"aud\":[1]}", NULL, 0, REASON_CLAIM_MALFORMED, NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.any_audience = true;
	trusted_issuer.audience.count = 0;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

/* Those that the inputs demand are instead of the issuer's own, and of `any`. */
static void
an_audience_that_is_demanded(void **state)
{
	static const char *urls[] = { "https://a.example/mcp" };
	const struct texts demanded = { .at = urls, .count = 1 };
	static const struct {
		const char *claims;
		enum reason want;
	} cases[] = {
		{ "{\"aud\":\"https://a.example/mcp\"}", REASON_OK },
		{ "{\"aud\":[\"api://a\",\"https://a.example/mcp\"]}", REASON_OK },
		{ "{\"aud\":\"api://a\"}", REASON_AUDIENCE_MISMATCH },
		{ "{\"aud\":\"https://a.example/mcp/\"}", REASON_AUDIENCE_MISMATCH },
		{ "{\"aud\":\"https://a.example\"}", REASON_AUDIENCE_MISMATCH },
		{ "{}", REASON_AUDIENCE_MISMATCH },
		{ "{\"aud\":1}", REASON_CLAIM_MALFORMED },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct verify_inputs inputs = { .trusted_issuer = &trusted_issuer, .audiences = &demanded };
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	for (size_t i = 0; i < 2 * CASES_OF(cases); i++) {
		struct token token = { .claims = json_loads(cases[i / 2].claims, 0, NULL) };

		trusted_issuer.any_audience = i % 2 == 1;
		if (demand_audience(&inputs, &token, &arena) != cases[i / 2].want)
			fail_msg("%s", cases[i / 2].claims);
		json_decref(token.claims);
	}
	arena_done(&arena);
}

static void
without_audiences_nothing_matches(void **state)
{
	static const struct judged cases[] = {
		{ "none", NULL, "aud", 0, REASON_AUDIENCE_MISMATCH, NULL },
		{ "empty", "{\"aud\":\"\"}", NULL, 0, REASON_AUDIENCE_MISMATCH, NULL },
		{ "any", "{\"aud\":\"any\"}", NULL, 0, REASON_AUDIENCE_MISMATCH, NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.audience.count = 0;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

static void
a_required_claim_has_one_of_its_values(void **state)
{
	static const char *uses[] = { "access", "id" };
	static const char *numbers[] = { "7", "true", "1.5", "" };
	static const struct judged cases[] = {
		{ "a value", "{\"use\":\"access\",\"deep\":{\"a/b\":7},\"any\":0}", NULL, 0,
		    REASON_OK, NULL },
		{ "another value", "{\"use\":\"id\",\"deep\":{\"a/b\":true},\"any\":[]}", NULL, 0,
		    REASON_OK, NULL },
		{ "a real", "{\"use\":\"id\",\"deep\":{\"a/b\":1.5},\"any\":\"\"}", NULL, 0,
		    REASON_OK, NULL },
		{ "an empty text that is asked for",
		    "{\"use\":\"id\",\"deep\":{\"a/b\":\"\"},\"any\":{}}", NULL, 0, REASON_OK,
		    NULL },
		{ "digits are as good as a number",
		    "{\"use\":\"id\",\"deep\":{\"a/b\":\"7\"},\"any\":false}", NULL, 0, REASON_OK,
		    NULL },
		{ "missing", "{\"deep\":{\"a/b\":7},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING,
		    "/use is missing, expected one of \"access\", \"id\"" },
		{ "not among them", "{\"use\":\"refresh\",\"deep\":{\"a/b\":7},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, "/use is \"refresh\", expected" },
		{ "longer", "{\"use\":\"access2\",\"deep\":{\"a/b\":7},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, NULL },
		{ "upper case", "{\"use\":\"ACCESS\",\"deep\":{\"a/b\":7},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, NULL },
		{ "in an array", "{\"use\":[\"access\"],\"deep\":{\"a/b\":7},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, NULL },
		{ "null", "{\"use\":null,\"deep\":{\"a/b\":7},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, "/use is null" },
		{ "another number", "{\"use\":\"id\",\"deep\":{\"a/b\":8},\"any\":1}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, "/deep/a~1b is 8" },
		{ "false is not true", "{\"use\":\"id\",\"deep\":{\"a/b\":false},\"any\":1}", NULL,
		    0, REASON_CLAIM_REQUIRED_MISSING, NULL },
		{ "a name with a dot is no path", "{\"use\":\"id\",\"deep.a/b\":7,\"any\":1}", NULL,
		    0, REASON_CLAIM_REQUIRED_MISSING, "/deep/a~1b is missing" },
		{ "any value but none", "{\"use\":\"id\",\"deep\":{\"a/b\":7}}", NULL, 0,
		    REASON_CLAIM_REQUIRED_MISSING, "/any is missing" },
		{ "any value but null", "{\"use\":\"id\",\"deep\":{\"a/b\":7},\"any\":null}", NULL,
		    0, REASON_CLAIM_REQUIRED_MISSING, "/any is null" },
	};
	struct trusted_issuer_require any = { "/any", { .count = 0 }, NULL };
	struct trusted_issuer_require deep = { "/deep/a~1b", { .at = numbers, .count = 4 }, &any };
	struct trusted_issuer_require use = { "/use", { .at = uses, .count = 2 }, &deep };
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.require = &use;
	judged_expect_all(&trusted_issuer, cases, CASES_OF(cases));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_is_one_of_the_profiles),
		cmocka_unit_test(a_profile_may_write_the_prefix_and_insist),
		cmocka_unit_test(an_audience_is_one_of_ours),
		cmocka_unit_test(any_audience_is_still_well_formed),
		cmocka_unit_test(an_audience_that_is_demanded),
		cmocka_unit_test(without_audiences_nothing_matches),
		cmocka_unit_test(a_required_claim_has_one_of_its_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
