/* SPDX-License-Identifier: Apache-2.0 */
#include "setting.h"

#include "base/reason_page.h"
#include "proxy/gate/remedy.h"

static struct setting setting;
static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	setting_init(&setting);
	arena_init(&arena, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	setting_done(&setting);
	return 0;
}

/* What is added to that, as the gate would have said it. */
static json_t *
added(const char *text)
{
	struct snapshot alone = { .config = setting.config };
	json_t *said = json_loads(text, 0, NULL);

	assert_non_null(said);
	assert_true(remedy_add(&alone, said, &arena));
	return said;
}

static void
every_reason_has_a_cause_and_a_remedy(void **state)
{
	(void)state;
	for (int i = REASON_OK + 1; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i);
		json_t *said =
		    added(arena_format(&arena, "{\"reason\":\"%s\",\"issuer\":\"idp\"}", word));

		assert_string_equal(json_string_value(json_object_get(said, "cause")),
		    reason_page_of((enum reason)i).cause);
		if (json_array_size(json_object_get(said, "remedy")) == 0)
			fail_msg("%s: nothing to do", word);
		json_decref(said);
	}
}

static void
what_was_allowed_has_none(void **state)
{
	json_t *said = added("{\"reason\":\"ok\"}");

	(void)state;
	assert_true(json_is_null(json_object_get(said, "cause")));
	assert_int_equal(json_array_size(json_object_get(said, "remedy")), 0);
	json_decref(said);
}

/* What is said, and what one of the remedies has in it. */
static const struct {
	const char *said, *has;
} cases[] = {
	{ "{\"reason\":\"audience_mismatch\",\"issuer\":\"idp\"}",
	    "ask idp for a token whose aud is \"api\"" },
	{ "{\"reason\":\"audience_mismatch\",\"issuer\":\"local\"}", "(local_issuer.audience)" },
	{ "{\"reason\":\"audience_mismatch\",\"issuer\":\"who is gone\"}", "Ask for a token" },
	{ "{\"reason\":\"token_too_old\",\"issuer\":\"idp\"}", "allow more than 3600 s" },
	{ "{\"reason\":\"issuer_unknown\"}", "trusted: idp (https://idp.example), empty (" },
	{ "{\"reason\":\"no_rule\",\"path\":\"/ORDERS/1\"}",
	    "the pattern \"/orders/*\" differs in upper and lower case alone" },
	{ "{\"reason\":\"no_rule\",\"path\":\"/x\"}", "no module has this path either" },
	{ "{\"reason\":\"no_rule\",\"path\":\"/plain/x\",\"module\":\"plain\"}",
	    "module plain serves this path" },
	{ "{\"reason\":\"method_not_granted\",\"pattern\":\"/orders/*\",\"method\":\"PUT\"}",
	    "add PUT to `methods` of privilege read (" },
	{ "{\"reason\":\"method_not_granted\",\"pattern\":\"/orders/*\",\"method\":\"put\"}",
	    "have the client send another method" },
	{ "{\"reason\":\"method_not_granted\",\"pattern\":\"/gone\",\"method\":\"PUT\"}",
	    "Add the method" },
	{ "{\"reason\":\"rate_limited\",\"privilege\":\"rated\",\"module\":\"rated\"}",
	    "`rate` of module rated is 3/d" },
	{ "{\"reason\":\"origin_not_allowed\",\"module\":\"web\"}",
	    "cors.origins of module web (" },
	{ "{\"reason\":\"privilege_missing\",\"privilege\":\"read\",\"to_pass\":[]}",
	    "nothing gives a role that read wants" },
	{ "{\"reason\":\"privilege_missing\",\"to_pass\":[\"x\"],\"granted_to\":[{\"file\":\"p\","
	  "\"line\":4,\"failed\":\"scope\",\"wanted\":\"a\",\"near\":\"A\"}]}",
	    "p:4 wants scope a, and the caller has A" },
	{ "{\"reason\":\"privilege_missing\",\"to_pass\":[\"x\"],\"granted_to\":[{\"file\":\"p\","
	  "\"line\":4,\"failed\":\"role\",\"wanted\":\"a\",\"near\":\"a (it is a group of the "
	  "token)\"}]}",
	    "p:4 wants the role a, and the token has that as a group: if that is meant, write "
	    "group for role there" },
	{ "{\"reason\":\"privilege_missing\",\"to_pass\":[\"x\"],\"granted_to\":[{\"file\":\"p\","
	  "\"line\":4,\"failed\":\"scope\",\"wanted\":\"a:*\",\"near\":\"a:\"}]}",
	    "wants a scope that begins with \"a:\" and goes on, and the caller has a:" },
	{ "{\"reason\":\"claim_required_missing\",\"issuer\":\"idp\",\"detail\":\"exp is "
	  "missing\"}",
	    "have idp write exp: " },
	{ "{\"reason\":\"claim_required_missing\",\"issuer\":\"idp\",\"detail\":\"iat is "
	  "missing, and the issuer has a max_age\"}",
	    "do without `max_age` (issuers.idp.max_age" },
	{ "{\"reason\":\"algorithm_not_allowed\",\"issuer\":\"idp\",\"detail\":\"the key of the "
	  "token's kid is for another alg\"}",
	    "sign with the algorithm of the key that it names by kid: `postern jwks idp`" },
	{ "{\"reason\":\"algorithm_not_allowed\",\"issuer\":\"idp\",\"detail\":\"alg RS256 is not "
	  "one of the issuer's algorithms\"}",
	    "add this one to `algorithms` (issuers.idp.algorithms" },
	{ "{\"reason\":\"key_unknown\",\"issuer\":\"idp\",\"detail\":\"the token has no kid, and "
	  "not exactly one key fits its alg\"}",
	    "have idp write kid into the header" },
	{ "{\"reason\":\"audience_mismatch\",\"issuer\":\"local\"}",
	    "send no `resource` when asking for the token" },
	{ "{\"reason\":\"basic_wrong\",\"detail\":\"there is no such user\"}",
	    "`postern user add NAME` makes one" },
	{ "{\"reason\":\"basic_wrong\",\"detail\":\"user ann is disabled\"}",
	    "`postern user enable NAME`" },
	{ "{\"reason\":\"basic_wrong\",\"detail\":\"the password of user ann is wrong\"}",
	    "`postern user passwd NAME` sets a new password" },
	{ "{\"reason\":\"ok\",\"detail\":\"invalid_request: grant_type\"}",
	    "no JSON) with grant_type=client_credentials" },
	{ "{\"reason\":\"path_ambiguous\",\"detail\":\"a segment of dots\"}",
	    "no `path_allow` admits it" },
	{ "{\"reason\":\"path_ambiguous\",\"detail\":\"a semicolon in a segment, an encoded / ? or "
	  "#\"}",
	    "with path_allow: [semicolon, encoded_delimiters]" },
	{ "{\"reason\":\"privilege_missing\",\"to_pass\":[\"x\"],\"granted_to\":[{\"failed\":"
	  "\"peer\"}]}",
	    "listen.trusted_proxies" },
	{ "{\"reason\":\"claim_mismatch\",\"match\":[{\"segment\":\"t\",\"claim\":\"/"
	  "tid\",\"wanted\":"
	  "\"x\",\"found\":[\"a\",\"X\"]}]}",
	    "the path with \"X\" in place of {t}, which /tid of the token is (upper and lower "
	    "case" },
	{ "{\"reason\":\"claim_mismatch\",\"match\":[{\"segment\":\"t\",\"claim\":\"/"
	  "tid\",\"wanted\":"
	  "\"x\",\"found\":[\"x\"]},{\"segment\":\"u\",\"claim\":\"/u\",\"wanted\":\"x\",\"found\":"
	  "[\"y\"]}]}",
	    "the path with \"y\" in place of {u}, which /u of the token is; or send a token of "
	    "which it is \"x\"" },
	{ "{\"reason\":\"claim_mismatch\",\"match\":[{\"segment\":\"t\",\"claim\":\"/"
	  "tid\",\"wanted\":"
	  "\"x\",\"found\":[]}]}",
	    "have the identity provider write /tid into the token, as a text" },
	{ "{\"reason\":\"upstream_unreachable\",\"detail\":\"h: TLS: the certificate is refused: "
	  "self-signed certificate\"}",
	    "give `tls` of the upstream ca_file" },
	{ "{\"reason\":\"upstream_unreachable\",\"detail\":\"h: TLS: the handshake failed\"}",
	    "write http:// in `upstream`" },
	{ "{\"reason\":\"upstream_unreachable\",\"detail\":\"the upstream closed without an "
	  "answer\"}",
	    "write https:// in `upstream`" },
	{ "{\"reason\":\"upstream_unreachable\",\"detail\":\"no upstream serves this path: it does "
	  "not begin with strip_prefix\"}",
	    "an upstream of its own" },
	{ "{\"reason\":\"upstream_unreachable\"}", "start the API at http://127.0.0.1:3" },
	{ "{\"reason\":\"ok\",\"detail\":\"invalid_client: the secret is wrong\"}",
	    "`postern client rotate NAME` makes a new one" },
	{ "{\"reason\":\"token_revoked\",\"issuer\":\"idp\",\"revoked\":{\"of\":\"this token\"}}",
	    "this token was revoked" },
};

static void
names_and_places_are_those_of_the_configuration(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		json_t *said = added(cases[i].said);
		char *text = json_dumps(json_object_get(said, "remedy"), 0);
		json_t *one;
		size_t k;
		bool found = false;

		json_array_foreach(json_object_get(said, "remedy"), k, one) found =
		    found || strstr(json_string_value(one), cases[i].has) != NULL;
		if (!found)
			fail_msg("%s: %s", cases[i].has, text);
		free(text);
		json_decref(said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_a_cause_and_a_remedy),
		cmocka_unit_test(what_was_allowed_has_none),
		cmocka_unit_test(names_and_places_are_those_of_the_configuration),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
