/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/document.h"
#include "token/trusted_issuer.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))

/* A profile read from YAML, and what was told. */
struct reading {
	struct arena arena;
	struct mistakes mistakes;
	struct trusted_issuer trusted_issuer;
};

static void
read_yaml(struct reading *reading, const char *yaml)
{
	struct node *root = NULL;

	*reading = (struct reading){ .mistakes = { .arena = &reading->arena } };
	arena_init(&reading->arena, 1 << 20);
	if (!document_parse(span_of(yaml), "p.yaml", &reading->mistakes, &root) || root == NULL)
		fail_msg("the case is no YAML:\n%s", yaml);
	assert_non_null(root->first);
	trusted_issuer_read(root->first, &reading->trusted_issuer, &reading->mistakes);
}

static void
reading_done(struct reading *reading)
{
	arena_done(&reading->arena);
}

static void
expect_good(const struct reading *reading)
{
	if (reading->mistakes.first != NULL)
		fail_msg("%s", reading->mistakes.first->text);
}

#define SHORT "idp:\n  issuer: https://idp.test\n  audience: api\n"

static void
a_short_profile_has_the_defaults(void **state)
{
	struct reading reading;
	const struct trusted_issuer *trusted_issuer = &reading.trusted_issuer;

	(void)state;
	read_yaml(&reading, SHORT);
	expect_good(&reading);
	assert_string_equal(trusted_issuer->name, "idp");
	assert_string_equal(trusted_issuer->provider, "generic");
	assert_string_equal(trusted_issuer->issuer, "https://idp.test");
	assert_int_equal(trusted_issuer->audience.count, 1);
	assert_string_equal(trusted_issuer->audience.at[0], "api");
	assert_false(trusted_issuer->any_audience);
	assert_int_equal(trusted_issuer->algorithms, ALGORITHM_ALL);
	assert_int_equal(trusted_issuer->types.count, 2);
	assert_string_equal(trusted_issuer->types.at[0], "at+jwt");
	assert_string_equal(trusted_issuer->types.at[1], "JWT");
	assert_true(trusted_issuer->type_optional);
	assert_int_equal(trusted_issuer->skew_s, 30);
	assert_int_equal(trusted_issuer->max_age_s, 0);
	assert_null(trusted_issuer->require);
	assert_int_equal(trusted_issuer->claims.client.count, 3);
	assert_string_equal(trusted_issuer->source.name, "idp");
	assert_string_equal(trusted_issuer->source.issuer, "https://idp.test");
	assert_int_equal(trusted_issuer->source.kind, SOURCE_DISCOVERY);
	reading_done(&reading);
}

static void
a_long_profile_is_what_it_says(void **state)
{
	struct reading reading;
	const struct trusted_issuer *trusted_issuer = &reading.trusted_issuer;

	(void)state;
	read_yaml(&reading, "kc:\n"
			    "  provider: keycloak\n"
			    "  issuer: https://kc.test/realms/a\n"
			    "  audience: [one, \"any\"]\n"
			    "  jwks_uri: https://kc.test/keys\n"
			    "  algorithms: [RS256, EdDSA]\n"
			    "  types: [at+jwt]\n"
			    "  clock_skew: 300s\n"
			    "  max_age: 24h\n"
			    "  require: {/typ: [Bearer, DPoP], /azp: web, /n: 5, /any: []}\n"
			    "  claims: {subject: /uid, roles: [/a, /b/c], groups: []}\n"
			    "  jwks: {timeout: 1s}\n");
	expect_good(&reading);
	assert_string_equal(trusted_issuer->provider, "keycloak");
	assert_int_equal(trusted_issuer->audience.count, 2);
	assert_false(trusted_issuer->any_audience);
	assert_int_equal(trusted_issuer->algorithms,
	    ALGORITHM_BIT(ALGORITHM_RS256) | ALGORITHM_BIT(ALGORITHM_EdDSA));
	assert_int_equal(trusted_issuer->types.count, 1);
	assert_true(trusted_issuer->type_optional);
	assert_int_equal(trusted_issuer->skew_s, 300);
	assert_int_equal(trusted_issuer->max_age_s, 86400);
	assert_string_equal(trusted_issuer->require->pointer, "/typ");
	assert_int_equal(trusted_issuer->require->values.count, 2);
	assert_string_equal(trusted_issuer->require->values.at[1], "DPoP");
	assert_string_equal(trusted_issuer->require->next->pointer, "/azp");
	assert_string_equal(trusted_issuer->require->next->values.at[0], "web");
	assert_string_equal(trusted_issuer->require->next->next->values.at[0], "5");
	assert_int_equal(trusted_issuer->require->next->next->next->values.count, 0);
	assert_null(trusted_issuer->require->next->next->next->next);
	assert_string_equal(trusted_issuer->claims.subject.at[0], "/uid");
	assert_int_equal(trusted_issuer->claims.roles.count, 2);
	assert_int_equal(trusted_issuer->claims.groups.count, 0);
	assert_string_equal(trusted_issuer->claims.scopes.at[0], "/scope");
	assert_int_equal(trusted_issuer->source.kind, SOURCE_URL);
	assert_int_equal(trusted_issuer->source.timeout_ms, 1000);
	reading_done(&reading);
}

static void
any_audience_needs_another_claim(void **state)
{
	struct reading reading;

	(void)state;
	read_yaml(&reading, "i:\n  issuer: https://i.test\n  audience: any\n"
			    "  require: {/token_use: access}\n");
	expect_good(&reading);
	assert_true(reading.trusted_issuer.any_audience);
	assert_int_equal(reading.trusted_issuer.audience.count, 0);
	reading_done(&reading);
	read_yaml(&reading, "i:\n  issuer: https://i.test\n  audience: \"any\"\n");
	expect_good(&reading);
	assert_false(reading.trusted_issuer.any_audience);
	assert_string_equal(reading.trusted_issuer.audience.at[0], "any");
	reading_done(&reading);
	read_yaml(&reading, "i:\n  issuer: https://i.test\n  audience: [any]\n");
	expect_good(&reading);
	assert_false(reading.trusted_issuer.any_audience);
	reading_done(&reading);
}

struct wrong {
	const char *yaml;
	const char *want[3]; /* lines, each at least in part */
};

#define BAD(line) SHORT "  " line "\n"

static const struct wrong wrongs[] = {
	{ "i: {}\n", { "\"issuer\" is missing", "\"audience\" is missing" } },
	{ "i:\n  issuer: https://i.test\n", { "p.yaml:1:1: /i: \"audience\" is missing" } },
	{ "i:\n  audience: a\n", { "/i: \"issuer\" is missing" } },
	{ "i:\n  issuer: https://i.test\n  audience: []\n",
	    { "p.yaml:3:3: /i/audience: must name at least one audience" } },
	{ "i:\n  issuer: https://i.test\n  audience: any\n",
	    { "p.yaml:3:13: /i/audience: needs \"require\"" } },
	{ "i:\n  issuer: https://i.test\n  audience: any\n  require: {}\n",
	    { "/i/audience: needs \"require\"" } },
	{ "i:\n  issuer: http://i.test\n  audience: a\n",
	    { "/i/issuer: must start with \"https://\"" } },
	{ BAD("audiance: x"), { "/idp/audiance: unknown key" } },
	{ BAD("provider: azure"), { "/idp/provider: must be one of okta", "mean \"entra\"?" } },
	{ BAD("provider: AAD"), { "mean \"entra\"?" } },
	{ BAD("provider: microsoft"), { "mean \"entra\"?" } },
	{ BAD("provider: aws"), { "mean \"cognito\"?" } },
	{ BAD("provider: oidc"), { "mean \"generic\"?" } },
	{ BAD("provider: ibm"), { "/idp/provider: must be one of okta, entra, keycloak" } },
	{ BAD("algorithms: HS256"), { "/idp/algorithms: must be one of RS256" } },
	{ BAD("algorithms: [RS256, none, rs256]"),
	    { "p.yaml:4:23: /idp/algorithms/1: must be one of RS256", "(found \"none\")",
		"/idp/algorithms/2: must be one of RS256" } },
	{ BAD("algorithms: []"), { "/idp/algorithms: must name at least one algorithm" } },
	{ BAD("types: []"), { "/idp/types: must name at least one type" } },
	{ BAD("clock_skew: 301s"), { "/idp/clock_skew: must be 0s..5m (found \"301s\")" } },
	{ BAD("clock_skew: -1s"), { "/idp/clock_skew: must be a duration" } },
	{ BAD("max_age: 0s"), { "/idp/max_age: must be 1s.." } },
	{ BAD("max_age: 36501d"), { "/idp/max_age: must be 1s..36500d" } },
	{ BAD("require: [a]"), { "/idp/require: must be a map" } },
	{ BAD("require: {token_use: access}"),
	    { "/idp/require/token_use: must be a JSON Pointer such as /token_use" } },
	{ BAD("require: {/a~2: x}"), { "must be a JSON Pointer" } },
	{ BAD("require: {\"\": x}"), { "must be a JSON Pointer" } },
	{ BAD("require: {/a: {b: c}}"),
	    { "/idp/require/~1a: must be a value or a list of values" } },
	{ BAD("require: {/a: }"), { "/idp/require/~1a: must be a value or a list of values" } },
	{ BAD("require: {/a: null}"), { "/idp/require/~1a: must be a value or a list of values" } },
	{ BAD("require: {/a: [x, [y]]}"), { "/idp/require/~1a/1: must be a value" } },
	{ BAD("claims: {subject: sub}"), { "/idp/claims/subject: must be a JSON Pointer" } },
	{ BAD("claims: {role: /roles}"),
	    { "/idp/claims/role: unknown key; did you mean \"roles\"?" } },
	{ BAD("jwks_uri: [a]"), { "/idp/jwks_uri: must be a single value" } },
	{ BAD("jwks_uri: http://x.test"), { "/idp/jwks_uri: must start with \"https://\"" } },
	{ BAD("jwks: {refresh: 1s}"), { "/idp/jwks/refresh: must be" } },
	{ SHORT "  jwks_uri: https://x.test\n  jwks_file: k.json\n",
	    { "cannot be used together" } },
	{ "i: text\n", { "/i: must be a map of keys" } },
	{ "i: []\n", { "/i: must be a map of keys" } },
};

static void
every_mistake_is_reported_at_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(wrongs); i++) {
		struct reading reading;

		read_yaml(&reading, wrongs[i].yaml);
		for (size_t w = 0; w < 3 && wrongs[i].want[w] != NULL; w++) {
			const struct mistake *mistake = reading.mistakes.first;

			while (mistake != NULL && strstr(mistake->text, wrongs[i].want[w]) == NULL)
				mistake = mistake->next;
			if (mistake == NULL)
				fail_msg("want \"%s\", got \"%s\" of\n%s", wrongs[i].want[w],
				    reading.mistakes.first == NULL ? "nothing"
								   : reading.mistakes.first->text,
				    wrongs[i].yaml);
		}
		assert_int_equal(reading.mistakes.warnings, 0);
		reading_done(&reading);
	}
}

/* Nothing wrong in itself, and no token can fit it. */
static const struct {
	const char *yaml, *want;
} odd[] = {
	{ BAD("claims: {subject: /a.b}"), "warning: means a claim named \"a.b\"" },
	{ BAD("claims: {client: \"/x/*/y\"}"), "warning: can never match" },
	{ BAD("claims: {roles: \"/https://x/roles\"}"), "\"/https:~1~1x~1roles\"" },
	{ BAD("require: {\"/https://x/y\": z}"), "\"/https:~1~1x~1y\"" },
	{ "i:\n  provider: entra\n  audience: a\n"
	  "  issuer: https://login.microsoftonline.com/common/v2.0\n",
	    "no token has this iss" },
	{ "i:\n  provider: entra\n  audience: a\n"
	  "  issuer: https://login.microsoftonline.com/organizations/v2.0\n",
	    "TENANT/v2.0" },
	{ "i:\n  audience: a\n  issuer: https://kc.test/realms/*\n", "iss is compared exactly" },
	{ "i:\n  issuer: https://idp.test\n  audience: \"*\"\n", "name the audience of your API" },
	{ BAD("types: [\"*\"]"), "name each type" },
	{ BAD("require: {/tid: \"*\"}"), "for any value write []" },
	{ BAD("require: {/tid: [a, \"*\"]}"), "for any value write []" },
	{ BAD("require: {/sub: \"repo:org/*\"}"), "list each value" },
	{ BAD("issuer_aliases: \"https://*.idp.test\""), "name each issuer" },
	{ "i:\n  issuer: https://idp.test\n  audience: [a, \"api://*\"]\n",
	    "name the audience of your API" },
};

static void
what_no_token_can_fit_is_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(odd); i++) {
		struct reading reading;

		read_yaml(&reading, odd[i].yaml);
		if (reading.mistakes.errors != 0 || reading.mistakes.warnings != 1 ||
		    strstr(reading.mistakes.first->text, odd[i].want) == NULL)
			fail_msg("want \"%s\", got \"%s\" of\n%s", odd[i].want,
			    reading.mistakes.first == NULL ? "nothing"
							   : reading.mistakes.first->text,
			    odd[i].yaml);
		reading_done(&reading);
	}
}

static void
a_mistake_never_widens_a_profile(void **state)
{
	struct reading reading;

	(void)state;
	read_yaml(&reading, BAD("algorithms: [HS256]"));
	assert_int_equal(reading.trusted_issuer.algorithms, 0);
	reading_done(&reading);
	read_yaml(&reading, "i:\n  issuer: https://i.test\n");
	assert_false(reading.trusted_issuer.any_audience);
	assert_int_equal(reading.trusted_issuer.audience.count, 0);
	reading_done(&reading);
}

static void
the_local_profile_takes_rfc_9068_tokens(void **state)
{
	struct trusted_issuer trusted_issuer;

	(void)state;
	trusted_issuer_local(&trusted_issuer, "https://gate.test", "api://local");
	assert_string_equal(trusted_issuer.name, "local");
	assert_string_equal(trusted_issuer.issuer, "https://gate.test");
	assert_int_equal(trusted_issuer.audience.count, 1);
	assert_string_equal(trusted_issuer.audience.at[0], "api://local");
	assert_false(trusted_issuer.any_audience);
	assert_int_equal(trusted_issuer.types.count, 1);
	assert_string_equal(trusted_issuer.types.at[0], "at+jwt");
	assert_false(trusted_issuer.type_optional);
	assert_int_equal(trusted_issuer.source.kind, SOURCE_GIVEN);
	assert_string_equal(trusted_issuer.source.issuer, "https://gate.test");
	assert_string_equal(trusted_issuer.claims.client.at[1], "/client_id");
}

static void
every_key_is_reported_for_the_manual(void **state)
{
	const struct field *tables[] = { trusted_issuer_schema(), trusted_issuer_claims_schema() };
	size_t keys = 0;

	(void)state;
	for (size_t t = 0; t < CASES_OF(tables); t++)
		for (const struct field *field = tables[t]; field->key != NULL; field++, keys++)
			assert_non_null(field->help);
	assert_int_equal(keys, 14 + 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_profile_has_the_defaults),
		cmocka_unit_test(a_long_profile_is_what_it_says),
		cmocka_unit_test(any_audience_needs_another_claim),
		cmocka_unit_test(every_mistake_is_reported_at_its_place),
		cmocka_unit_test(what_no_token_can_fit_is_warned_of),
		cmocka_unit_test(a_mistake_never_widens_a_profile),
		cmocka_unit_test(the_local_profile_takes_rfc_9068_tokens),
		cmocka_unit_test(every_key_is_reported_for_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
