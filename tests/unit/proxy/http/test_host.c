/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/http/host.h"

#define NAME63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	struct span host;
	bool plain;
} cases[] = {
	{ "a name", SPAN("api.example"), true },
	{ "a name of one label", SPAN("localhost"), true },
	{ "a name with digits, hyphens, underscores", SPAN("a_b-1.2c"), true },
	{ "the root's dot", SPAN("api.example."), true },
	{ "a name with a port", SPAN("api.example:8443"), true },
	{ "the highest port", SPAN("a:65535"), true },
	{ "a port too high", SPAN("a:65536"), false },
	{ "a port that is cut elsewhere", SPAN("a:99999"), false },
	{ "no port is 0", SPAN("a:0"), false },
	{ "a colon without a port", SPAN("a:"), false },
	{ "a port that is a name", SPAN("a:http"), false },
	{ "two ports", SPAN("a:1:2"), false },
	{ "an IPv4 address", SPAN("127.0.0.1:80"), true },
	{ "an IPv6 address", SPAN("[::1]"), true },
	{ "an IPv6 address with a port", SPAN("[2001:db8::7]:80"), true },
	{ "brackets around no address", SPAN("[:::]"), false },
	{ "brackets around nothing", SPAN("[]"), false },
	{ "brackets that are not closed", SPAN("[::1"), false },
	{ "brackets around much", SPAN("[" NAME63 "]"), false },
	{ "something behind the brackets", SPAN("[::1]x"), false },
	{ "an IPv6 address without brackets", SPAN("::1"), false },
	{ "nothing", SPAN(""), false },
	{ "a port alone", SPAN(":80"), false },
	{ "a dot alone", SPAN("."), false },
	{ "an empty label", SPAN("a..b"), false },
	{ "an empty first label", SPAN(".example"), false },
	{ "two dots at the end", SPAN("a.."), false },
	{ "a label of 63", SPAN(NAME63), true },
	{ "a label of 64", SPAN(NAME63 "a"), false },
	{ "a name of 255", SPAN(NAME63 "." NAME63 "." NAME63 "." NAME63), false },
	{ "a percent sign", SPAN("evil.example%00"), false },
	{ "a NUL", SPAN("a\0b"), false },
	{ "a quotation mark", SPAN("a\"b"), false },
	{ "a byte of UTF-8", SPAN("\xc3\xa4.example"), false },
	{ "a user", SPAN("u@h"), false },
};

static void
only_names_and_addresses_are_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (host_plain(cases[i].host) != cases[i].plain)
			fail_msg("%s: want %d", cases[i].name, cases[i].plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_names_and_addresses_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
