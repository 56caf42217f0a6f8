/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "token/issuer_match.h"
#include "token/tenant.h"

#define OURS "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
#define THEIRS "9188040d-6c67-4c5b-b112-36a304b66dad"
#define V2(tenant) "https://login.microsoftonline.com/" tenant "/v2.0"
#define V1(tenant) "https://sts.windows.net/" tenant "/"
#define CLAIMS(iss, tid) "{\"iss\":\"" iss "\",\"tid\":\"" tid "\"}"

static const char *listed[] = { OURS };
static const char *spellings[] = { V1(TENANT_TEMPLATE) };

/* Of many tenants, of which one is listed. */
static struct trusted_issuer
many(void)
{
	struct trusted_issuer trusted_issuer = judged_issuer();

	trusted_issuer.provider = "entra";
	trusted_issuer.entra = true;
	trusted_issuer.issuer = V2(TENANT_TEMPLATE);
	trusted_issuer.aliases = (struct texts){ .at = spellings, .count = 1 };
	trusted_issuer.tenants = (struct texts){ .at = listed, .count = 1 };
	return trusted_issuer;
}

static void
only_listed_tenants_stand_in_the_template(void **state)
{
	static const struct {
		const char *issuer;
		bool want;
	} cases[] = {
		{ V2(OURS), true },
		{ V1(OURS), true },
		{ V2(THEIRS), false },
		{ V1(THEIRS), false },
		{ V2(TENANT_TEMPLATE), false },
		{ V2(""), false },
		{ V2(OURS) "/", false },
		{ "x" V2(OURS), false },
		{ V2(OURS "/" OURS), false },
		{ "http://login.microsoftonline.com/" OURS "/v2.0", false },
		{ "https://sts.windows.net/" OURS, false },
		{ V2("8EAEF023-2B34-4DA1-9BAA-8BC8C9D6A490"), false },
		{ "", false },
	};
	struct trusted_issuer trusted_issuer = many();

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++)
		if (issuer_match(&trusted_issuer, span_of(cases[i].issuer)) != cases[i].want)
			fail_msg("%s", cases[i].issuer);
}

static void
an_alias_is_exact(void **state)
{
	static const char *aliases[] = { "idp.test" };
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.aliases = (struct texts){ .at = aliases, .count = 1 };
	assert_true(issuer_match(&trusted_issuer, SPAN("https://idp.test")));
	assert_true(issuer_match(&trusted_issuer, SPAN("idp.test")));
	assert_false(issuer_match(&trusted_issuer, SPAN("IDP.test")));
	assert_false(issuer_match(&trusted_issuer, SPAN("idp.test/")));
	assert_false(issuer_match(&trusted_issuer, (struct span){ 0 }));
}

/* A set with the honest key that names `issuer`; NULL: names none. */
static struct keyset *
keys_of(const char *issuer)
{
	json_t *jwk = signer_jwk(signer_key(ALGORITHM_ES256, 0), "k", NULL);
	struct err err = { "" };
	struct keyset *set = NULL;
	char *text;

	if (issuer != NULL)
		json_object_set_new(jwk, "issuer", json_string(issuer));
	text = signer_set(&jwk, 1);
	if (!keyset_parse(span_of(text), &set, &err))
		fail_msg("%s", err.text);
	free(text);
	return set;
}

static void
expect_keyed(const struct trusted_issuer *trusted_issuer, const char *key_issuer,
    const struct judged *judged)
{
	struct keyset *keys = keys_of(key_issuer);
	struct verify_inputs inputs = { .trusted_issuer = trusted_issuer, .keys = keys };

	judged_expect(&inputs, judged);
	keyset_free(keys);
}

static void
of_many_tenants_key_issuer_and_tid_are_one(void **state)
{
	static const struct {
		const char *key_issuer;
		struct judged judged;
	} cases[] = {
		{ V2(TENANT_TEMPLATE),
		    { "a key of all", CLAIMS(V2(OURS), OURS), NULL, 0, REASON_OK, NULL } },
		{ V2("{TenantId}"),
		    { "whatever case", CLAIMS(V2(OURS), OURS), NULL, 0, REASON_OK, NULL } },
		{ V2(OURS),
		    { "a key of the tenant", CLAIMS(V2(OURS), OURS), NULL, 0, REASON_OK, NULL } },
		{ V2(TENANT_TEMPLATE),
		    { "version 1", CLAIMS(V1(OURS), OURS), NULL, 0, REASON_OK, NULL } },
		{ V2(THEIRS), { "a key of another tenant", CLAIMS(V2(OURS), OURS), NULL, 0,
				  REASON_KEY_UNKNOWN, "another issuer" } },
		{ V2(THEIRS), { "and of version 1", CLAIMS(V1(OURS), OURS), NULL, 0,
				  REASON_KEY_UNKNOWN, "another issuer" } },
		{ "https://evil.test/" TENANT_TEMPLATE,
		    { "a template elsewhere", CLAIMS(V2(OURS), OURS), NULL, 0, REASON_KEY_UNKNOWN,
			"another issuer" } },
		{ NULL, { "a key that names none", CLAIMS(V2(OURS), OURS), NULL, 0,
			    REASON_KEY_UNKNOWN, "names no \"issuer\"" } },
		{ V2(TENANT_TEMPLATE), { "tid of another", CLAIMS(V2(OURS), THEIRS), NULL, 0,
					   REASON_ISSUER_UNKNOWN, "tid" } },
		{ V2(TENANT_TEMPLATE), { "tid is no GUID", CLAIMS(V2(OURS), "contoso"), NULL, 0,
					   REASON_ISSUER_UNKNOWN, "tid" } },
		{ V2(TENANT_TEMPLATE), { "no tid", "{\"iss\":\"" V2(OURS) "\"}", NULL, 0,
					   REASON_CLAIM_REQUIRED_MISSING, "tid is missing" } },
		{ V2(TENANT_TEMPLATE), { "a tenant not listed", CLAIMS(V2(THEIRS), THEIRS), NULL, 0,
					   REASON_ISSUER_UNKNOWN, "iss" } },
	};
	struct trusted_issuer trusted_issuer = many();

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++)
		expect_keyed(&trusted_issuer, cases[i].key_issuer, &cases[i].judged);
}

static void
of_one_tenant_a_key_may_name_none(void **state)
{
	static const struct judged honest = { "honest", CLAIMS(V2(OURS), OURS), NULL, 0, REASON_OK,
		NULL };
	static const struct judged wrong = { "another's key", CLAIMS(V2(OURS), OURS), NULL, 0,
		REASON_KEY_UNKNOWN, "another issuer" };
	struct trusted_issuer trusted_issuer = many();

	(void)state;
	trusted_issuer.issuer = V2(OURS);
	trusted_issuer.aliases.count = 0;
	trusted_issuer.tenants.count = 0;
	expect_keyed(&trusted_issuer, NULL, &honest);
	expect_keyed(&trusted_issuer, V2(OURS), &honest);
	expect_keyed(&trusted_issuer, V2(THEIRS), &wrong);
}

#define GRAPH(aud) "{\"iss\":\"" V2(OURS) "\",\"tid\":\"" OURS "\",\"aud\":" aud "}"

static void
a_token_for_graph_is_called_so(void **state)
{
	static const struct judged cases[] = {
		{ "by id", GRAPH("\"00000003-0000-0000-c000-000000000000\""), NULL, 0,
		    REASON_AUDIENCE_MISMATCH, "Microsoft Graph" },
		{ "by address", GRAPH("\"https://graph.microsoft.com\""), NULL, 0,
		    REASON_AUDIENCE_MISMATCH, "Microsoft Graph" },
		{ "another audience", GRAPH("\"00000004-0000-0000-c000-000000000000\""), NULL, 0,
		    REASON_AUDIENCE_MISMATCH, "aud is" },
	};
	static const char *graph[] = { "https://graph.microsoft.com" };
	static const struct judged asked = { "ours after all",
		GRAPH("\"https://graph.microsoft.com\""), NULL, 0, REASON_OK, NULL };
	struct trusted_issuer trusted_issuer = many();

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++)
		expect_keyed(&trusted_issuer, V2(TENANT_TEMPLATE), &cases[i]);
	trusted_issuer.audience = (struct texts){ .at = graph, .count = 1 };
	expect_keyed(&trusted_issuer, V2(TENANT_TEMPLATE), &asked);
}

static void
an_unknown_name_says_which_was_meant(void **state)
{
	static const struct trusted_issuer all[] = {
		{ .name = "okta", .issuer = "https://acme.okta.com/oauth2/default" },
		{ .name = "entra" },
		{ .name = TRUSTED_ISSUER_LOCAL, .issuer = "http://127.0.0.1:8080" },
		{ .name = "many:acme", .family = "many" },
		{ .name = "many:globex", .family = "many" },
	};
	static const struct {
		const char *typed, *want;
	} cases[] = {
		{ "many", "many:acme" },
		{ "many:globx", "many:globex" },
		{ "okat", "okta" },
		{ "https://acme.okta.com/oauth2/default", "okta" },
		{ "https://acme.okta.com/oauth2/other", NULL },
		{ "http://127.0.0.1:8080", "local" },
		{ "local_issuer", "local" },
		{ "zz", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nearest got = issuer_match_nearest(all, 5, span_of(cases[i].typed));

		if (cases[i].want == NULL
			? got.word != NULL
			: got.word == NULL || strcmp(got.word, cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].typed, got.word);
	}
	assert_null(issuer_match_nearest(all, 2, SPAN("local_issuer")).word);
	assert_null(issuer_match_nearest(NULL, 0, SPAN("okta")).word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_listed_tenants_stand_in_the_template),
		cmocka_unit_test(an_alias_is_exact),
		cmocka_unit_test(of_many_tenants_key_issuer_and_tid_are_one),
		cmocka_unit_test(of_one_tenant_a_key_may_name_none),
		cmocka_unit_test(a_token_for_graph_is_called_so),
		cmocka_unit_test(an_unknown_name_says_which_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
