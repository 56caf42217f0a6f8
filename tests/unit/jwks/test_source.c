/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jwks/discovery.h"
#include "jwks/source.h"

struct url_case {
	const char *url;
	bool safe;
};

static const struct url_case urls[] = {
	{ "https://idp.example/keys", true },
	{ "http://127.0.0.1/keys", true },
	{ "http://127.0.0.1:8080/keys", true },
	{ "http://127.9.9.9/keys", true },
	{ "http://localhost:80/keys", true },
	{ "http://[::1]:80/keys", true },
	{ "http://idp.example/keys", false },
	{ "http://127.0.0.1.evil.example/keys", false },
	{ "http://localhost.evil.example/keys", false },
	{ "http://127.0.0.1@evil.example/keys", false },
	{ "http://10.0.0.1/keys", false },
	{ "http://[::2]/keys", false },
	{ "ftp://127.0.0.1/keys", false },
	{ "file:///etc/passwd", false },
	{ "", false },
};

static void
plain_http_is_for_loopback_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (source_url_safe(span_of(urls[i].url)) != urls[i].safe)
			fail_msg("%s", urls[i].url);
}

struct discovery_case {
	const char *name, *json, *says; /* NULL: it is right */
};

#define ISSUER "https://idp.example/realm"

static const struct discovery_case documents[] = {
	{ "right", "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://idp.example/k\"}", NULL },
	{ "another issuer", "{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"https://x/k\"}",
	    "instead of" },
	{ "a slash more is a near miss",
	    "{\"issuer\":\"" ISSUER "/\",\"jwks_uri\":\"https://idp.example/k\"}",
	    "write exactly that" },
	{ "http is a near miss",
	    "{\"issuer\":\"http://idp.example/realm\",\"jwks_uri\":\"https://idp.example/k\"}",
	    "write exactly that" },
	{ "an unsafe jwks_uri", "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://idp.example/k\"}",
	    "jwks_uri is not https" },
	{ "no jwks_uri", "{\"issuer\":\"" ISSUER "\"}", "no \"jwks_uri\"" },
	{ "an issuer that is no text", "{\"issuer\":[\"" ISSUER "\"],\"jwks_uri\":\"https://x/k\"}",
	    "no \"issuer\"" },
	{ "not JSON", "<html>", "not JSON" },
};

static void
discovery_must_name_the_issuer_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		char uri[DISCOVERY_URL_ROOM] = "";
		struct err err = { "" };
		bool read = discovery_read(span_of(documents[i].json), ISSUER, uri, &err);

		if (read != (documents[i].says == NULL) ||
		    (!read && strstr(err.text, documents[i].says) == NULL))
			fail_msg("%s: %s", documents[i].name, err.text);
		if (read)
			assert_string_equal(uri, "https://idp.example/k");
	}
}

static void
the_address_of_discovery_has_one_slash(void **state)
{
	char url[DISCOVERY_URL_ROOM];

	(void)state;
	assert_true(discovery_url("https://a.example/", url));
	assert_string_equal(url, "https://a.example/.well-known/openid-configuration");
	assert_true(discovery_url("https://a.example/b", url));
	assert_string_equal(url, "https://a.example/b/.well-known/openid-configuration");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_http_is_for_loopback_only),
		cmocka_unit_test(discovery_must_name_the_issuer_itself),
		cmocka_unit_test(the_address_of_discovery_has_one_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
