/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/http/header.h"

#define HOP HEADER_HOP
#define ASKED HEADER_ASKED
#define ANSWER HEADER_ANSWER
#define FIXED HEADER_FIXED
#define STAYS HEADER_STAYS

static const struct use_case {
	const char *name;
	unsigned use;
} uses[] = {
	{ "Accept", 0 },
	{ "Connection", HOP | FIXED },
	{ "TE", HOP | FIXED },
	{ "te", HOP | FIXED },
	{ "Transfer_Encoding", HOP | FIXED },
	{ "Transfer.Encoding", HOP | FIXED },
	{ "Transfer\xe2"
	  "Encoding",
	    HOP | FIXED },
	{ "Transfer-Encodings", 0 },
	{ "Proxy-Connection", HOP | ASKED },
	{ "Proxy-Authorization", ASKED },
	{ "proxy_anything", ASKED },
	{ "Proxy", ASKED },
	{ "Proxying", 0 },
	{ "Host", ASKED | FIXED | STAYS },
	{ "Content-Length", ASKED | ANSWER | FIXED | STAYS },
	{ "Content-Type", STAYS },
	{ "Authorization", FIXED | STAYS },
	{ "Cookie", FIXED | STAYS },
	{ "Set-Cookie", 0 },
	{ "Expect", ASKED | FIXED },
	{ "Forwarded", ASKED | FIXED },
	{ "X-Forwarded-For", ASKED | FIXED },
	{ "X_FORWARDED_PREFIX", ASKED },
	{ "X-Original-URL", ASKED },
	{ "X-Real-IP", ASKED },
	{ "X-Request-Id", ASKED | ANSWER | FIXED },
	{ "X-Client-Certificate", ASKED | FIXED },
	{ "x_client.certificate", ASKED | FIXED },
	{ "X-Client-Certificates", 0 },
	{ "Trailer", HOP | FIXED },
	{ "Upgrade", HOP | FIXED },
	{ "Keep-Alive", HOP | FIXED },
	{ "X-Rewrite-Url", ASKED },
	{ "X-Original-Uri", ASKED },
	{ "X-Forwarded-Uri", ASKED },
	{ "X-Forwarded-Host", ASKED | FIXED },
	{ "X-Forwarded-Port", ASKED },
	{ "Transfer-Encoding", HOP | FIXED },
	{ "X-Forwarded-Proto", ASKED | FIXED },
	{ "X-Original-Method", ASKED },
	{ "Proxy-Authenticate", HOP | ASKED },
	{ "X-Forwarded-Prefix", ASKED },
	{ "X-Forwarded-Server", ASKED },
	{ "X-Forwarded-Method", ASKED },
	{ "Proxy-Authentication-Info", HOP | ASKED },
	{ "X-Forwarded-User", ASKED },
	{ "X-Forwarded-Client-Cert", ASKED },
	{ "x_forwarded.preferred_username_of_somebody", ASKED },
	{ "X-Forwarded", 0 },
	{ "X-Forwarder-User", 0 },
	{ "X-Original-Host", ASKED },
	{ "X-Originality", 0 },
	{ "X-Client-IP", ASKED },
	{ "Client-IP", ASKED },
	{ "X-Cluster-Client-IP", ASKED },
	{ "X-HTTP-Method", ASKED },
	{ "X-Method-Override", ASKED },
	{ "X_HTTP_METHOD_OVERRIDE", ASKED },
	{ "X-HTTP-Method-Overrides", 0 },
	{ "X-Postern", ANSWER },
	{ "Tracestate", FIXED },
	{ "Traceparent", ASKED | FIXED },
	{ "Proxy-Authentication-Infos", ASKED },
	{ "Date", 0 },
	{ "", 0 },
};

static void
each_name_has_its_use_in_every_spelling(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		unsigned use = header_use(span_of(uses[i].name));

		if (use != uses[i].use) {
			print_error("%s: want %u, got %u\n", uses[i].name, uses[i].use, use);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
connection_names_what_any_of_its_lines_lists(void **state)
{
	static const struct header headers[] = {
		{ { "Connection", 10 }, { "close , X-One", 13 } },
		{ { "X-Connection", 12 }, { "X-Two", 5 } },
		{ { "connection", 10 }, { ",,x_three,", 10 } },
	};

	(void)state;
	assert_true(header_connection_names(headers, 3, SPAN("Close")));
	assert_true(header_connection_names(headers, 3, SPAN("x-one")));
	assert_false(header_connection_names(headers, 3, SPAN("X-Two")));
	assert_true(header_connection_names(headers, 3, SPAN("X-Three")));
	assert_false(header_connection_names(headers, 2, SPAN("X-Three")));
	assert_false(header_connection_names(headers, 3, SPAN("X")));
}

static void
a_list_holds_whole_options(void **state)
{
	(void)state;
	assert_true(header_lists(SPAN("a, Keep-Alive ,b"), SPAN("keep-alive")));
	assert_false(header_lists(SPAN("keep_alive"), SPAN("keep-alive")));
	assert_false(header_lists(SPAN("keep-alives"), SPAN("keep-alive")));
	assert_false(header_lists(SPAN(""), SPAN("keep-alive")));
}

static void
a_value_with_control_bytes_is_not_safe(void **state)
{
	static char long_value[4097];

	(void)state;
	assert_true(header_value_safe(SPAN("J\xc3\xbcrgen")));
	assert_true(header_value_safe(SPAN("")));
	assert_false(header_value_safe(SPAN("a\r\nX-Admin: 1")));
	assert_false(header_value_safe(SPAN("a\0b")));
	assert_false(header_value_safe(SPAN("a\tb")));
	assert_false(header_value_safe(SPAN("a\x7f")));
	memset(long_value, 'a', sizeof(long_value));
	assert_true(header_value_safe((struct span){ long_value, 4096 }));
	assert_false(header_value_safe((struct span){ long_value, 4097 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_use_in_every_spelling),
		cmocka_unit_test(connection_names_what_any_of_its_lines_lists),
		cmocka_unit_test(a_list_holds_whole_options),
		cmocka_unit_test(a_value_with_control_bytes_is_not_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
