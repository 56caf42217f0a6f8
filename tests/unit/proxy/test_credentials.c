/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/credentials.h"

struct credential_case {
	const char *name, *lines;
	enum reason want;
	enum credentials_scheme scheme;
	const char *value;
};

#define OK REASON_OK
#define BAD REASON_CREDENTIALS_MALFORMED

static const struct credential_case cases[] = {
	{ "no header is nobody", "Host: h\n", OK, CREDENTIALS_NONE, "" },
	{ "a bearer token", "Authorization: Bearer a.b.c\n", OK, CREDENTIALS_BEARER, "a.b.c" },
	{ "the scheme has no case", "Authorization: bEaReR a.b.c\n", OK, CREDENTIALS_BEARER, "a.b.c" },
	{ "Basic", "Authorization: Basic YTpi\n", OK, CREDENTIALS_BASIC, "YTpi" },
	{ "another scheme is nobody", "Authorization: Digest a=b\n", OK, CREDENTIALS_NONE, "" },
	{ "a glued scheme is another scheme", "Authorization: Bearera.b.c\n", OK, CREDENTIALS_NONE,
	    "" },
	{ "two headers", "Authorization: Bearer a\nAuthorization: Bearer b\n",
	    REASON_CREDENTIALS_DUPLICATE, CREDENTIALS_NONE, "" },
	{ "nothing behind the scheme", "Authorization: Bearer\n", BAD, CREDENTIALS_BEARER, "" },
	{ "an empty header", "Authorization:\n", BAD, CREDENTIALS_NONE, "" },
	{ "two spaces", "Authorization: Bearer  a.b.c\n", BAD, CREDENTIALS_BEARER, "" },
	{ "two tokens", "Authorization: Bearer a.b.c,d.e.f\n", BAD, CREDENTIALS_BEARER, "" },
	{ "two schemes", "Authorization: Bearer a.b.c, Basic YTpi\n", BAD, CREDENTIALS_BEARER, "" },
	{ "a token in quotes", "Authorization: Bearer \"a.b.c\"\n", BAD, CREDENTIALS_BEARER, "" },
	{ "padding in the middle", "Authorization: Bearer a=b\n", BAD, CREDENTIALS_BEARER, "" },
	{ "another header is not looked at", "Proxy-Authorization: Bearer a.b.c\n", OK,
	    CREDENTIALS_NONE, "" },
};

static void
headers_are_read(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct credentials credentials;
		struct request request;
		enum reason got;

		head_read(&request, "GET", cases[i].lines);
		got = credentials_read(&request, &credentials);
		if (got != cases[i].want ||
		    (got == OK && (credentials.scheme != cases[i].scheme ||
				      !span_is(credentials.value, cases[i].value)))) {
			print_error("%s: got %s\n", cases[i].name, reason_word(got));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
