/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jwks/discovery.h"

struct discovery_case {
	const char *name, *wanted, *said, *says; /* says NULL: it is right */
};

#define REALM "https://idp.example/realm"
#define ENTRA "https://login.microsoftonline.com/"
#define SAYS "discovery says issuer "

/* What the document says of the issuer, and what the operator reads. */
static const struct discovery_case issuers[] = {
	{ "the same", REALM, REALM, NULL },
	{ "a slash more", REALM, REALM "/",
	    SAYS "\"" REALM "/\": write exactly that, not \"" REALM "\"" },
	{ "a slash less", REALM "/", REALM,
	    SAYS "\"" REALM "\": write exactly that, not \"" REALM "/\"" },
	{ "http", REALM, "http://idp.example/realm",
	    SAYS "\"http://idp.example/realm\": write exactly that, not \"" REALM "\"" },
	{ "another case", REALM, "https://IDP.example/Realm",
	    SAYS "\"https://IDP.example/Realm\": write exactly that, not \"" REALM "\"" },
	{ "another one", REALM, "https://evil.example/realm",
	    SAYS "\"https://evil.example/realm\" instead of \"" REALM "\"" },
	{ "a longer one", REALM, REALM "/2", SAYS "\"" REALM "/2\" instead of \"" REALM "\"" },
	{ "none", REALM, "", SAYS "\"\" instead of \"" REALM "\"" },
	{ "Entra: version 1 where version 2 is meant", ENTRA "8eaef023",
	    "https://sts.windows.net/8eaef023/",
	    SAYS "\"https://sts.windows.net/8eaef023/\": write exactly that, not \"" ENTRA
		 "8eaef023\"" },
	{ "Entra: version 2 where version 1 is meant", "https://sts.windows.net/8eaef023/",
	    ENTRA "8eaef023/v2.0",
	    SAYS "\"" ENTRA "8eaef023/v2.0\": write exactly that, not "
		 "\"https://sts.windows.net/8eaef023/\"" },
	{ "Entra: a tenant by its name", ENTRA "contoso.onmicrosoft.com/v2.0",
	    ENTRA "8eaef023/v2.0",
	    SAYS "\"" ENTRA "8eaef023/v2.0\": write exactly that, not \"" ENTRA
		 "contoso.onmicrosoft.com/v2.0\"" },
	{ "Entra: all tenants", ENTRA "common/v2.0", ENTRA "{tenantid}/v2.0",
	    SAYS "\"" ENTRA "{tenantid}/v2.0\": write that with your tenant's id for "
		 "{tenantid}, not \"" ENTRA "common/v2.0\"" },
	{ "somebody else in Entra's place", ENTRA "8eaef023/v2.0", "https://evil.example/v2.0",
	    SAYS "\"https://evil.example/v2.0\" instead of \"" ENTRA "8eaef023/v2.0\"" },
	{ "Entra's host in somebody else's path", ENTRA "8eaef023/v2.0",
	    "https://evil.example/login.microsoftonline.com/8eaef023/v2.0",
	    SAYS "\"https://evil.example/login.microsoftonline.com/8eaef023/v2.0\" instead of "
		 "\"" ENTRA "8eaef023/v2.0\"" },
};

static void
discovery_must_name_the_issuer_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		char json[512], uri[DISCOVERY_URL_ROOM] = "";
		struct err err = { "" };
		bool good;

		(void)snprintf(json, sizeof(json),
		    "{\"issuer\":\"%s\",\"jwks_uri\":\"https://idp.example/k\"}", issuers[i].said);
		good = discovery_read(span_of(json), issuers[i].wanted, uri, &err);
		if (good != (issuers[i].says == NULL))
			fail_msg("%s: %s", issuers[i].name, good ? "taken" : err.text);
		if (good)
			assert_string_equal(uri, "https://idp.example/k");
		else if (strcmp(err.text, issuers[i].says) != 0)
			fail_msg("%s: want %s, got %s", issuers[i].name, issuers[i].says, err.text);
	}
}

struct document_case {
	const char *name, *json, *says; /* its start */
};

#define MISSING "discovery: no \"issuer\" or no \"jwks_uri\" in the document"
#define UNSAFE "discovery: jwks_uri is not https (http is for loopback only)"

static const struct document_case documents[] = {
	{ "an unsafe jwks_uri", "{\"issuer\":\"" REALM "\",\"jwks_uri\":\"http://idp.example/k\"}",
	    UNSAFE },
	{ "a jwks_uri that is a file",
	    "{\"issuer\":\"" REALM "\",\"jwks_uri\":\"file:///etc/passwd\"}", UNSAFE },
	{ "a jwks_uri without a scheme", "{\"issuer\":\"" REALM "\",\"jwks_uri\":\"/keys\"}",
	    UNSAFE },
	{ "no jwks_uri", "{\"issuer\":\"" REALM "\"}", MISSING },
	{ "no issuer", "{\"jwks_uri\":\"https://idp.example/k\"}", MISSING },
	{ "an issuer that is no text", "{\"issuer\":[\"" REALM "\"],\"jwks_uri\":\"https://x/k\"}",
	    MISSING },
	{ "two issuers",
	    "{\"issuer\":\"" REALM "\",\"issuer\":\"" REALM "\",\"jwks_uri\":\"https://x/k\"}",
	    "discovery: " },
	{ "a list", "[]", MISSING },
	{ "not JSON", "<html>", "discovery: JSON line 1 column 1: is not JSON" },
	{ "nothing", "", "discovery: " },
};

static void
a_document_of_another_shape_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		char uri[DISCOVERY_URL_ROOM] = "";
		struct err err = { "" };

		if (discovery_read(span_of(documents[i].json), REALM, uri, &err))
			fail_msg("%s: taken", documents[i].name);
		if (strncmp(err.text, documents[i].says, strlen(documents[i].says)) != 0)
			fail_msg("%s: %s", documents[i].name, err.text);
	}
}

static void
a_jwks_uri_that_is_too_long_is_not_cut(void **state)
{
	char json[DISCOVERY_URL_ROOM + 512], uri[DISCOVERY_URL_ROOM], path[DISCOVERY_URL_ROOM];
	struct err err = { "" };

	(void)state;
	for (size_t len = DISCOVERY_URL_ROOM - 1; len <= DISCOVERY_URL_ROOM; len++) {
		memset(path, 'k', len - 10);
		path[len - 10] = '\0';
		(void)snprintf(json, sizeof(json),
		    "{\"issuer\":\"" REALM "\",\"jwks_uri\":\"https://x/%s\"}", path);
		assert_int_equal(
		    discovery_read(span_of(json), REALM, uri, &err), len < DISCOVERY_URL_ROOM);
	}
}

static void
the_address_of_discovery_has_one_slash(void **state)
{
	char url[DISCOVERY_URL_ROOM], issuer[DISCOVERY_URL_ROOM];

	(void)state;
	assert_true(discovery_url("https://a.example/", url));
	assert_string_equal(url, "https://a.example/.well-known/openid-configuration");
	assert_true(discovery_url("https://a.example/b", url));
	assert_string_equal(url, "https://a.example/b/.well-known/openid-configuration");
	memset(issuer, 'i', sizeof(issuer) - 1);
	issuer[sizeof(issuer) - 1] = '\0';
	assert_false(discovery_url(issuer, url));
}

static void
a_template_becomes_all_tenants(void **state)
{
	static const char *const issuers_of_many[] = { ENTRA "{tenantid}/v2.0",
		ENTRA "{tenantId}/v2.0", ENTRA "{TENANTID}/v2.0/" };
	char url[DISCOVERY_URL_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(issuers_of_many) / sizeof(issuers_of_many[0]); i++) {
		assert_true(discovery_url(issuers_of_many[i], url));
		assert_string_equal(
		    url, ENTRA "organizations/v2.0/.well-known/openid-configuration");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discovery_must_name_the_issuer_itself),
		cmocka_unit_test(a_document_of_another_shape_is_refused),
		cmocka_unit_test(a_jwks_uri_that_is_too_long_is_not_cut),
		cmocka_unit_test(the_address_of_discovery_has_one_slash),
		cmocka_unit_test(a_template_becomes_all_tenants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
