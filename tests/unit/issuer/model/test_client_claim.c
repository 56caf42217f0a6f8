/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/model/client_claim.h"

static const struct {
	const char *claim, *why; /* NULL: it may be */
} claims[] = {
	{ "tenant=acme", NULL },
	{ "tenant=a=b", NULL },
	{ "https://example.com/tenant=acme", NULL },
	{ "tenant=h\xc3\xa9llo \"w\\rld", NULL },
	{ "SUBJECT=x", NULL },
	{ "tenant", "NAME=VALUE" },
	{ "=acme", "NAME=VALUE" },
	{ "ten ant=x", "NAME=VALUE" },
	{ "ten\"ant=x", "NAME=VALUE" },
	{ "ten\\ant=x", "NAME=VALUE" },
	{ "ten\xc3\xa9nt=x", "NAME=VALUE" },
	{ "tenant=", "1 to 256 bytes" },
	{ "tenant=a\nb", "control characters" },
	{ "tenant=\xff", "UTF-8" },
	{ "iss=https://other", "reserved" },
	{ "sub=x", "reserved" },
	{ "SUB=x", "reserved" },
	{ "aud=x", "reserved" },
	{ "exp=1", "reserved" },
	{ "nbf=1", "reserved" },
	{ "iat=1", "reserved" },
	{ "jti=1", "reserved" },
	{ "auth_time=1", "reserved" },
	{ "acr=1", "reserved" },
	{ "amr=1", "reserved" },
	{ "scope=admin", "reserved" },
	{ "scp=admin", "reserved" },
	{ "roles=admin", "reserved" },
	{ "Roles=admin", "reserved" },
	{ "groups=admin", "reserved" },
	{ "entitlements=x", "reserved" },
	{ "client_id=x", "reserved" },
	{ "azp=x", "reserved" },
	{ "cnf=x", "reserved" },
	{ "act=x", "reserved" },
	{ "incarnation=x", "reserved" },
};

static void
each_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		const char *text = claims[i].claim;
		struct texts one = { &text, 1, NULL };
		struct err err = { "" };
		bool valid = client_claim_valid(&one, &err);

		if (valid != (claims[i].why == NULL) ||
		    (!valid && strstr(err.text, claims[i].why) == NULL))
			fail_msg("%s: %s", text, err.text);
	}
}

static void
their_number_and_length_have_an_end(void **state)
{
	const char *many[CLIENT_CLAIMS_MAX + 1], *two[] = { "a=1", "b=2", "a=3" };
	char names[CLIENT_CLAIMS_MAX + 1][8], longest[CLIENT_CLAIM_VALUE_MAX + 4] = "a=";
	struct texts texts = { many, CLIENT_CLAIMS_MAX, NULL };
	struct err err;

	(void)state;
	for (size_t i = 0; i <= CLIENT_CLAIMS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "n%zu=v", i);
		many[i] = names[i];
	}
	assert_true(client_claim_valid(&texts, &err));
	texts.count++;
	assert_false(client_claim_valid(&texts, &err));
	texts = (struct texts){ two, 2, NULL };
	assert_true(client_claim_valid(&texts, &err));
	texts.count++;
	assert_false(client_claim_valid(&texts, &err));
	assert_non_null(strstr(err.text, "\"a\" is given twice"));
	memset(longest + 2, 'x', CLIENT_CLAIM_VALUE_MAX);
	many[0] = longest;
	texts = (struct texts){ many, 1, NULL };
	assert_true(client_claim_valid(&texts, &err));
	longest[2 + CLIENT_CLAIM_VALUE_MAX] = 'x';
	assert_false(client_claim_valid(&texts, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_judged),
		cmocka_unit_test(their_number_and_length_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
