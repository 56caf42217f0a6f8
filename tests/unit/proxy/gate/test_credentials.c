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
		got = credentials_read(&request, NULL, &credentials);
		if (got != cases[i].want ||
		    (got == OK && (credentials.scheme != cases[i].scheme ||
				      !span_is(credentials.value, cases[i].value)))) {
			print_error("%s: got %s\n", cases[i].name, reason_word(got));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* Where `c` is a cookie, `q` a parameter, and Sec-WebSocket-Protocol counts. */
struct place_case {
	const char *name, *target, *lines;
	enum reason want;
	enum credentials_place place;
	const char *value;
};

#define TWO REASON_CREDENTIALS_DUPLICATE
#define PROTOCOL "Sec-WebSocket-Protocol: "

static const struct place_case places[] = {
	{ "nowhere", "/?a=b", "Cookie: a=b\n", OK, CREDENTIALS_IN_HEADER, "" },
	{ "in the header", "/", "Authorization: Bearer a\n", OK, CREDENTIALS_IN_HEADER, "a" },
	{ "in the cookie", "/", "Cookie: c=a.b\n", OK, CREDENTIALS_IN_COOKIE, "a.b" },
	{ "in the query", "/?q=a.b", "", OK, CREDENTIALS_IN_QUERY, "a.b" },
	{ "in the protocol", "/", PROTOCOL "bearer, a.b\n", OK, CREDENTIALS_IN_PROTOCOL, "a.b" },
	{ "twice in cookies", "/", "Cookie: c=a; c=a\n", TWO, 0, "" },
	{ "twice in the query", "/?q=a&%71=a", "", TWO, 0, "" },
	{ "twice in the protocol", "/", PROTOCOL "bearer, a, bearer, b\n", TWO, 0, "" },
	{ "header and cookie", "/", "Authorization: Bearer a\nCookie: c=a\n", TWO, 0, "" },
	{ "Basic and query", "/?q=a", "Authorization: Basic YTpi\n", TWO, 0, "" },
	{ "another scheme and protocol", "/", "Authorization: Digest a\n" PROTOCOL "bearer, a\n",
	    TWO, 0, "" },
	{ "cookie and query", "/?q=a", "Cookie: c=a\n", TWO, 0, "" },
	{ "cookie and protocol", "/", "Cookie: c=a\n" PROTOCOL "bearer, a\n", TWO, 0, "" },
	{ "query and protocol", "/?q=a", PROTOCOL "bearer, a\n", TWO, 0, "" },
	{ "two headers are two", "/?q=a", "Authorization: Bearer a\nAuthorization: Bearer b\n", TWO,
	    0, "" },
	{ "an empty cookie", "/", "Cookie: c=\n", BAD, 0, "" },
	{ "a cookie in quotes", "/", "Cookie: c=\"a\"\n", BAD, 0, "" },
	{ "an escaped cookie", "/", "Cookie: c=a%2Eb\n", BAD, 0, "" },
	{ "an empty parameter", "/?q=", "", BAD, 0, "" },
	{ "an escaped parameter", "/?q=a%2Eb", "", BAD, 0, "" },
	{ "a parameter beside a semicolon", "/?q=a&x=1;y", "", BAD, 0, "" },
	{ "one behind a semicolon", "/?x=1;q=a", "", BAD, 0, "" },
	{ "a semicolon elsewhere is nobody's", "/?x=1;y=2", "", OK, CREDENTIALS_IN_HEADER, "" },
	{ "bearer without a token", "/", PROTOCOL "bearer\n", BAD, 0, "" },
	{ "a token that is none", "/", PROTOCOL "bearer, a!b\n", BAD, 0, "" },
};

static void
places_are_read_where_they_count(void **state)
{
	static const struct credential_places all = { "c", "q", true };
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct credentials credentials;
		struct request request;
		enum reason got;

		head_read(&request, "GET", places[i].lines);
		request.target = span_of(places[i].target);
		got = credentials_read(&request, &all, &credentials);
		if (got != places[i].want || (got != OK && credentials.detail == NULL) ||
		    (got == OK && (credentials.place != places[i].place ||
				      !span_is(credentials.value, places[i].value)))) {
			print_error("%s: got %s\n", places[i].name, reason_word(got));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
elsewhere_nothing_is_read(void **state)
{
	static const struct credential_places none = { NULL, NULL, false };
	struct credentials credentials;
	struct request request;

	(void)state;
	head_read(&request, "GET", "Cookie: c=a\n" PROTOCOL "bearer, a\n");
	request.target = SPAN("/?q=a");
	assert_int_equal(credentials_read(&request, NULL, &credentials), OK);
	assert_int_equal(credentials.scheme, CREDENTIALS_NONE);
	assert_int_equal(credentials_read(&request, &none, &credentials), OK);
	assert_int_equal(credentials.scheme, CREDENTIALS_NONE);
}

static void
the_querys_token_is_hidden(void **state)
{
	static const struct credential_places query = { NULL, "q", false };
	static const struct credential_places cookie = { "q", NULL, false };
	struct target target = { .query = SPAN("a=1&q=secret"), .has_query = true };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1u << 20);
	assert_true(credentials_hide(NULL, &target, &arena));
	assert_true(credentials_hide(&cookie, &target, &arena));
	assert_true(span_is(target.query, "a=1&q=secret"));
	assert_true(credentials_hide(&query, &target, &arena));
	assert_true(span_is(target.query, "a=1"));
	assert_true(target.has_query);
	target.query = SPAN("");
	assert_true(credentials_hide(&query, &target, &arena));
	assert_true(target.has_query); /* "/x?" stays */
	target.query = SPAN("q=secret");
	assert_true(credentials_hide(&query, &target, &arena));
	assert_false(target.has_query);
	arena_done(&arena);
	arena_init(&arena, 0);
	target.query = SPAN("q=secret");
	assert_false(credentials_hide(&query, &target, &arena));
	arena_done(&arena);
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
		cmocka_unit_test(places_are_read_where_they_count),
		cmocka_unit_test(elsewhere_nothing_is_read),
		cmocka_unit_test(the_querys_token_is_hidden),
		cmocka_unit_test(basic_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
