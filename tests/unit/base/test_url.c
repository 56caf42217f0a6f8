/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/url.h"

#define ALL (URL_PATH | URL_QUERY | URL_TEMPLATE | URL_SOCKET)

static const struct {
	const char *text;
	unsigned parts;
	struct url want;
	const char *authority, *path, *query;
} good[] = {
	{ "http://127.0.0.1:9000", 0, { URL_HTTP, "127.0.0.1", 9000, { 0 }, { 0 }, { 0 } },
	    "127.0.0.1:9000", "", NULL },
	{ "http://h", 0, { URL_HTTP, "h", 80, { 0 }, { 0 }, { 0 } }, "h", "", NULL },
	{ "https://h/", 0, { URL_HTTPS, "h", 443, { 0 }, { 0 }, { 0 } }, "h", "/", NULL },
	{ "https://H.example:1/a/b?c=d:e", ALL, { URL_HTTPS, "H.example", 1, { 0 }, { 0 }, { 0 } },
	    "H.example:1", "/a/b", "c=d:e" },
	{ "http://[2001:db8::1]:65535", 0, { URL_HTTP, "2001:db8::1", 65535, { 0 }, { 0 }, { 0 } },
	    "[2001:db8::1]:65535", "", NULL },
	{ "http://[::1]/", URL_SAFE, { URL_HTTP, "::1", 80, { 0 }, { 0 }, { 0 } }, "[::1]", "/",
	    NULL },
	{ "http://a_b-c.example.", 0, { URL_HTTP, "a_b-c.example.", 80, { 0 }, { 0 }, { 0 } },
	    "a_b-c.example.", "", NULL },
	{ "http://h?", ALL, { URL_HTTP, "h", 80, { 0 }, { 0 }, { 0 } }, "h", "", "" },
	{ "https://h/{tenantid}/v2.0", ALL, { URL_HTTPS, "h", 443, { 0 }, { 0 }, { 0 } }, "h",
	    "/{tenantid}/v2.0", NULL },
	{ "https://h/a/../b/%2e", ALL, { URL_HTTPS, "h", 443, { 0 }, { 0 }, { 0 } }, "h",
	    "/a/../b/%2e", NULL },
	{ "unix:/run/a.sock", ALL, { URL_UNIX, "", 0, { 0 }, { 0 }, { 0 } }, "", "/run/a.sock",
	    NULL },
};

static void
each_part_is_found_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = { "" };
		struct url url;

		if (!url_read(span_of(good[i].text), good[i].parts, &url, &err))
			fail_msg("%s: %s", good[i].text, err.text);
		assert_int_equal(url.scheme, good[i].want.scheme);
		assert_string_equal(url.host, good[i].want.host);
		assert_int_equal(url.port, good[i].want.port);
		assert_true(span_is(url.authority, good[i].authority));
		assert_true(span_is(url.path, good[i].path));
		assert_true(span_equal(url.query, span_of(good[i].query)));
		assert_int_equal(url.query.at == NULL, good[i].query == NULL);
	}
}

#define PORT "the port must be 1..65535"
#define USER "must not contain a user or a password"
#define HOST "the host must be a name"
#define START "must start with \"http://\""

static const struct {
	const char *text;
	unsigned parts;
	const char *want;
} bad[] = {
	{ "http://127.0.0.1:88836", 0, PORT },
	{ "http://127.0.0.1:65536", 0, PORT },
	{ "http://127.0.0.1:0", 0, PORT },
	{ "http://127.0.0.1:-1", 0, PORT },
	{ "http://127.0.0.1:+80", 0, PORT },
	{ "http://127.0.0.1:abc", 0, PORT },
	{ "http://127.0.0.1:", 0, PORT },
	{ "http://127.0.0.1:8o80/", 0, PORT },
	{ "http://127.0.0.1:80:80", 0, PORT },
	{ "http://[::1]:99999", 0, PORT },
	{ "http://h/api", 0, "must not have a path: write \"http://h\"" },
	{ "http://h:9/api", URL_SOCKET, "must not have a path: write \"http://h:9\"" },
	{ "http://h?x", 0, "must not have a query" },
	{ "http://h/?", 0, "must not have a query" },
	{ "http://h/#", ALL, "must not have a fragment" },
	{ "http://h#x", ALL, "must not have a fragment" },
	{ "http://user:pw@h", ALL, USER },
	{ "http://user@h", ALL, USER },
	{ "http://@h", ALL, USER },
	{ "http://:@h", ALL, USER },
	{ "http://a@b@h", ALL, USER },
	{ "http://h:80@evil", ALL, USER },
	{ "http://a,http://b", ALL, NULL },
	{ "http://a http://b", ALL, "must be one URL, without spaces" },
	{ "http://a,b", ALL, "must be one URL" },
	{ "http://h ", 0, "without spaces" },
	{ " http://h", 0, START },
	{ "http://h\t", 0, "without spaces" },
	{ "http://h\r\nA: b", 0, "control characters" },
	{ "http://h\\@evil", ALL, "must not contain" },
	{ "http://b\xc3\xbc"
	  "cher.example",
	    ALL, "must be ASCII" },
	{ "http://h/\xc3\xbc", ALL, "must be ASCII" },
	{ "http://h/{a}", URL_PATH, "must not contain" },
	{ "http://", ALL, "must name a host" },
	{ "http:///a", ALL, "must name a host" },
	{ "https://:80", ALL, NULL },
	{ "http://127.1", 0, HOST },
	{ "http://0x7f.0.0.1", 0, HOST },
	{ "http://127.0.0.01", 0, HOST },
	{ "http://2130706433", 0, HOST },
	{ "http://127.0.0.256", 0, HOST },
	{ "http://127.0.0.1.5", 0, HOST },
	{ "http://%31%32%37.0.0.1", 0, HOST },
	{ "http://a..b", 0, HOST },
	{ "http://.a", 0, HOST },
	{ "http://a*b", 0, HOST },
	{ "http://*", 0, HOST },
	{ "http://[::1", 0, NULL },
	{ "http://[::1]x", 0, NULL },
	{ "http://[fe80::1%25eth0]", 0, NULL },
	{ "http://[127.0.0.1]", 0, NULL },
	{ "http:/h", ALL, START },
	{ "http:h", ALL, START },
	{ "HTTP://h", ALL, START },
	{ "ftp://h", ALL, START },
	{ "", ALL, START },
	{ "/api", ALL, START },
	{ "unix:/run/x", 0, START },
	{ "unix://run/x", ALL, "must be unix:/PATH, with one slash" },
	{ "unix:/", ALL, "the path of a socket" },
	{ "unix:x", ALL, START },
	{ "unix:/"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    ALL, "the path of a socket" },
	{ "localhost:8080", 0, "write \"http://localhost:8080\"" },
	{ "api.example", 0, "write \"http://api.example\"" },
	{ "idp.example/realms/a", URL_PATH | URL_SAFE, "write \"https://idp.example/realms/a\"" },
	{ "http://idp.example", URL_SAFE, "must start with \"https://\"" },
	{ "http://127.0.0.1.evil.example", URL_SAFE, "must start with \"https://\"" },
	{ "http://[::2]", URL_SAFE, "must start with \"https://\"" },
	{ "http://126.0.0.1", URL_SAFE, "must start with \"https://\"" },
};

static void
what_is_not_used_or_not_plain_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { "" };
		struct url url;

		if (url_read(span_of(bad[i].text), bad[i].parts, &url, &err))
			fail_msg("%s is accepted", bad[i].text);
		if (err.text[0] == '\0' ||
		    (bad[i].want != NULL && strstr(err.text, bad[i].want) == NULL))
			fail_msg("%s: %s", bad[i].text, err.text);
	}
}

static void
a_rule_repeats_no_password(void **state)
{
	static const char *const texts[] = { "u:hunter2@h:80", "http://u:hunter2@h", "u:hunter2@h",
		"http://u:hunter2@h:99999/x", "http://u:hunter2@h/x?y#z", "ftp://u:hunter2@h",
		"http://u:hunter2 @h" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = { "" };
		struct url url;

		assert_false(url_read(span_of(texts[i]), 0, &url, &err));
		assert_null(strstr(err.text, "hunter2"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_is_found_as_written),
		cmocka_unit_test(what_is_not_used_or_not_plain_is_refused),
		cmocka_unit_test(a_rule_repeats_no_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
