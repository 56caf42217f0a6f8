/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/gate/credentials.h"

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
	{ "the scheme has no case", "Authorization: bEaReR a.b.c\n", OK, CREDENTIALS_BEARER,
	    "a.b.c" },
	{ "Basic", "Authorization: Basic YTpi\n", OK, CREDENTIALS_BASIC, "YTpi" },
	{ "another scheme is nobody", "Authorization: Digest a=b\n", OK, CREDENTIALS_NONE, "" },
	{ "a glued scheme is another scheme", "Authorization: Bearera.b.c\n", OK, CREDENTIALS_NONE,
	    "" },
	{ "two headers", "Authorization: Bearer a\nAuthorization: Bearer b\n",
	    REASON_CREDENTIALS_DUPLICATE, CREDENTIALS_NONE, "" },
	{ "nothing behind the scheme", "Authorization: Bearer\n", BAD, CREDENTIALS_BEARER, "" },
	{ "an empty header", "Authorization:\n", BAD, CREDENTIALS_NONE, "" },
	{ "any number of spaces", "Authorization: Bearer  a.b.c\n", OK, CREDENTIALS_BEARER,
	    "a.b.c" },
	{ "also for Basic", "Authorization: Basic     YTpi\n", OK, CREDENTIALS_BASIC, "YTpi" },
	{ "spaces and nothing", "Authorization: Bearer   \n", BAD, CREDENTIALS_BEARER, "" },
	{ "a tab is no space", "Authorization: Bearer \ta.b.c\n", BAD, CREDENTIALS_BEARER, "" },
	{ "two values", "Authorization: Bearer  a.b.c  d.e.f\n", BAD, CREDENTIALS_BEARER, "" },
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

struct basic_case {
	const char *told, *value;
	enum reason want;
	struct span name, password;
};

#define NONE { "", 0 }
#define NFC "caf\xc3\xa9"
#define NFD "cafe\xcc\x81"

static const struct basic_case basics[] = {
	{ "a name and a password", "YTpi", OK, { "a", 1 }, { "b", 1 } },
	{ "the first colon parts them", "YTpiOmM=", OK, { "a", 1 }, { "b:c", 3 } },
	{ "an empty password", "YTo=", OK, { "a", 1 }, NONE },
	{ "an empty name", "OmI=", OK, NONE, { "b", 1 } },
	{ "spaces count", "IGE6IGIg", OK, { " a", 2 }, { " b ", 3 } },
	{ "UTF-8, composed", "YTpjYWbDqQ==", OK, { "a", 1 }, { NFC, sizeof(NFC) - 1 } },
	{ "UTF-8, decomposed", "YTpjYWZlzIE=", OK, { "a", 1 }, { NFD, sizeof(NFD) - 1 } },
	{ "no colon", "YWI=", BAD, NONE, NONE },
	{ "nothing", "====", BAD, NONE, NONE },
	{ "no padding", "YTo", BAD, NONE, NONE },
	{ "too much padding", "YTpi====", BAD, NONE, NONE },
	{ "bits behind the end", "YTp=", BAD, NONE, NONE },
	{ "the alphabet of URLs", "YTr-_w==", BAD, NONE, NONE },
	{ "a NUL in the password", "YTpiAGM=", BAD, NONE, NONE },
	{ "a NUL in the name", "YQBiOmM=", BAD, NONE, NONE },
	{ "a line feed", "YTpiCg==", BAD, NONE, NONE },
	{ "Latin-1", "YTpjYWbp", BAD, NONE, NONE },
	{ "overlong UTF-8", "YTrAgA==", BAD, NONE, NONE },
	{ "half a surrogate", "YTrtoIA=", BAD, NONE, NONE },
};

static void
basic_is_taken_apart(void **state)
{
	struct arena arena;
	int wrong = 0;

	(void)state;
	arena_init(&arena, 1u << 20);
	for (size_t i = 0; i < sizeof(basics) / sizeof(basics[0]); i++) {
		struct credentials credentials = { .value = span_of(basics[i].value) };
		struct span name = { NULL, 0 }, password = { NULL, 0 };
		enum reason got = credentials_basic(&credentials, &arena, &name, &password);

		if (got != basics[i].want || (got != OK && credentials.detail == NULL) ||
		    (got == OK && (!span_equal(name, basics[i].name) ||
				      !span_equal(password, basics[i].password)))) {
			print_error("%s: got %s\n", basics[i].told, reason_word(got));
			wrong++;
		}
	}
	arena_done(&arena);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read),
		cmocka_unit_test(basic_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
