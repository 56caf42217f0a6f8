/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/gate/origin.h"

#define APP "Origin: https://app.example\n"
#define OWN "Host: api.example\n"

static const struct {
	const char *name, *method, *lines;
	bool secure, listed, may;
} cases[] = {
	{ "a safe method needs none", "GET", OWN, true, false, true },
	{ "nor does it from another page", "GET", OWN "Origin: https://evil.test\n", true, false,
	    true },
	{ "HEAD is safe", "HEAD", OWN, true, false, true },
	{ "OPTIONS is safe", "OPTIONS", OWN, true, false, true },
	{ "POST needs one", "POST", OWN, true, true, false },
	{ "so does a method that nobody knows", "QUERY", OWN, true, true, false },
	{ "and get is not GET", "get", OWN, true, true, false },
	{ "an upgrade needs one", "GET", OWN "Upgrade: websocket\n", true, true, false },
	{ "an empty one, too", "GET", OWN "Upgrade:\n", true, true, false },
	{ "a WebSocket's key is one, too", "GET", OWN "sec-websocket-key: k\n", true, true, false },
	{ "the own host", "POST", OWN "Origin: https://api.example\n", true, false, true },
	{ "of an upgrade, too", "GET", OWN "Upgrade: x\nOrigin: https://api.example\n", true, false,
	    true },
	{ "with the port that https has anyway", "POST",
	    "Host: api.example:443\nOrigin: https://api.example\n", true, false, true },
	{ "with the port that http has anyway", "POST",
	    "Host: api.example:80\nOrigin: http://api.example\n", false, false, true },
	{ "a port of its own", "POST", "Host: api.example:8443\nOrigin: https://api.example:8443\n",
	    true, false, true },
	{ "case of a host does not matter", "POST",
	    "Host: API.example\nOrigin: https://api.example\n", true, false, true },
	{ "another port", "POST", "Host: api.example:8443\nOrigin: https://api.example\n", true,
	    false, false },
	{ "the port of the other scheme", "POST",
	    "Host: api.example:80\nOrigin: https://api.example\n", true, false, false },
	{ "another scheme", "POST", OWN "Origin: http://api.example\n", true, false, false },
	{ "another scheme, the other way", "POST", OWN "Origin: https://api.example\n", false,
	    false, false },
	{ "one that ends in the own host", "POST", OWN "Origin: https://evil-api.example\n", true,
	    false, false },
	{ "one that begins with it", "POST", OWN "Origin: https://api.example.evil.test\n", true,
	    false, false },
	{ "a name below it", "POST", OWN "Origin: https://x.api.example\n", true, false, false },
	{ "a user before it", "POST", OWN "Origin: https://api.example@evil.test\n", true, false,
	    false },
	{ "a slash behind it", "POST", OWN "Origin: https://api.example/\n", true, false, false },
	{ "null", "POST", OWN "Origin: null\n", true, true, false },
	{ "an empty one", "POST", OWN "Origin:\n", true, true, false },
	{ "the scheme alone", "POST", OWN "Origin: https://\n", true, true, false },
	{ "without a Host nothing is the own one", "POST", "Origin: https://\n", true, false,
	    false },
	{ "one that is listed", "POST", OWN APP, true, true, true },
	{ "one that is not", "POST", OWN APP, true, false, false },
	{ "two", "POST", OWN APP APP, true, true, false },
	{ "two in one line", "POST", OWN "Origin: https://app.example https://app.example\n", true,
	    true, false },
};

static void
a_cookie_counts_for_the_pages_it_is_meant_for(void **state)
{
	static const char *origins[] = { "https://app.example" };
	const struct cors cors = { .origins = { origins, 1, NULL } };
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request;

		head_read(&request, cases[i].method, cases[i].lines);
		request.host = request_header(&request, "Host");
		request.secure = cases[i].secure;
		if (origin_may_use_cookie(&request, cases[i].listed ? &cors : NULL) == cases[i].may)
			continue;
		print_error("%s\n", cases[i].name);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
a_star_lists_none(void **state)
{
	static const char *any[] = { "*" };
	const struct cors cors = { .origins = { any, 1, NULL } };
	struct request request;

	(void)state;
	head_read(&request, "POST", OWN APP);
	request.host = request_header(&request, "Host");
	assert_false(origin_may_use_cookie(&request, &cors));
	head_read(&request, "POST", OWN "Origin: *\n");
	request.host = request_header(&request, "Host");
	assert_false(origin_may_use_cookie(&request, &cors));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_counts_for_the_pages_it_is_meant_for),
		cmocka_unit_test(a_star_lists_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
