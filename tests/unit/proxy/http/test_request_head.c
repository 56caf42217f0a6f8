/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9112 sections 2 to 5: what is one request to everybody, and nothing else, comes through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/http/request_head.h"

enum verdict {
	MORE,    /* not complete */
	GOOD,    /* read, and it makes sense */
	BAD,     /* cannot be read */
	UNSOUND, /* read, but request_check() refuses it */
	CROWDED, /* too many headers */
};

/* What came of bytes. */
struct outcome {
	enum verdict verdict;
	size_t end;
	const char *detail;
};

static struct request request;

static struct outcome
read_complete(struct span bytes, const struct request_scan *scan, size_t end)
{
	struct outcome outcome = { .verdict = BAD, .end = end };
	struct span head = span_slice(bytes, scan->start, end);
	enum request_head read = request_head_read(head, &request, &outcome.detail);

	if (read == REQUEST_HEAD_CROWDED)
		outcome.verdict = CROWDED;
	if (read == REQUEST_HEAD_DONE)
		outcome.verdict = request_check(&request) == REASON_OK ? GOOD : UNSOUND;
	return outcome;
}

/* One arrival: all that has come so far. */
static struct outcome
arrive(struct span bytes, struct request_scan *scan)
{
	struct outcome outcome = { .verdict = MORE };
	size_t end = 0;
	enum request_head found = request_head_scan(bytes, scan, &end, &outcome.detail);

	if (found == REQUEST_HEAD_BAD)
		outcome.verdict = BAD;
	return found == REQUEST_HEAD_DONE ? read_complete(bytes, scan, end) : outcome;
}

/* First `cut` bytes, then `step` more at a time. */
static struct outcome
judge(struct span bytes, size_t cut, size_t step)
{
	struct request_scan scan = { 0 };
	struct outcome outcome = arrive(span_slice(bytes, 0, cut), &scan);

	while (outcome.verdict == MORE && cut < bytes.len) {
		cut = bytes.len - cut > step ? cut + step : bytes.len;
		outcome = arrive(span_slice(bytes, 0, cut), &scan);
	}
	return outcome;
}

static void
assert_same(const char *name, struct outcome got, struct outcome want)
{
	if (got.verdict != want.verdict || got.end != want.end)
		fail_msg("%s: verdict %d at %zu, whole %d at %zu", name, (int)got.verdict, got.end,
		    (int)want.verdict, want.end);
	if ((got.detail == NULL) != (want.detail == NULL))
		fail_msg("%s: a detail, or none", name);
	if (got.detail != NULL && strcmp(got.detail, want.detail) != 0)
		fail_msg("%s: %s, whole: %s", name, got.detail, want.detail);
}

/* However it arrives, the verdict is the same. */
static struct outcome
judge_all_ways(const char *name, struct span bytes)
{
	struct outcome whole = judge(bytes, bytes.len, bytes.len);

	for (size_t cut = 1; cut < bytes.len; cut++)
		assert_same(name, judge(bytes, cut, bytes.len), whole);
	assert_same(name, judge(bytes, 1, 1), whole);
	assert_same(name, judge(bytes, 0, 3), whole);
	return whole;
}

/* ---- the table ---- */

#define TEXT(literal) { literal, sizeof(literal) - 1 }
#define GET(lines) TEXT("GET /open/x HTTP/1.1\r\nHost: h\r\n" lines "\r\n")
#define POST(lines) TEXT("POST /open/x HTTP/1.1\r\nHost: h\r\n" lines "\r\n")
#define LINE(line) TEXT(line "\r\nHost: h\r\n\r\n")

static const struct {
	const char *name;
	enum verdict want;
	struct span bytes;
} cases[] = {
	{ "a plain request", GOOD, GET("") },
	{ "a length", GOOD, POST("Content-Length: 3\r\n") },
	{ "chunked", GOOD, POST("Transfer-Encoding: chunked\r\n") },
	{ "HTTP/1.0", GOOD, LINE("GET /open/x HTTP/1.0") },
	{ "HTTP/1.0 without Host", GOOD, TEXT("GET /open/x HTTP/1.0\r\n\r\n") },
	{ "one empty line before the request", GOOD,
	    TEXT("\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n") },
	{ "no space after the colon", GOOD, GET("X-A:b\r\n") },
	{ "a tab in a value", GOOD, GET("X-A: b\tc\r\n") },
	{ "tabs and spaces around a value", GOOD, GET("X-A: \t b \t \r\n") },
	{ "an empty value", GOOD, GET("X-A:\r\n") },
	{ "a value of spaces", GOOD, GET("X-A:    \r\n") },
	{ "a colon in a value", GOOD, GET("X-A: b:c:\r\n") },
	{ "a byte over 0x7F in a value", GOOD, GET("X-A: \xe9\r\n") },
	{ "a name of every other kind of character", GOOD, GET("!#$%&'*+-.^_`|~09aZ: 1\r\n") },
	{ "a method in lower case", GOOD, LINE("get /open/x HTTP/1.1") },
	{ "a method that nobody knows", GOOD, LINE("SMUGGLE! /open/x HTTP/1.1") },
	{ "another request behind it", GOOD,
	    TEXT("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\n") },

	/* Whether a target can be served is said by others. */
	{ "a target that is an authority", GOOD, LINE("GET h:80 HTTP/1.1") },
	{ "a target in absolute form", GOOD, LINE("GET http://h/open/x HTTP/1.1") },
	{ "the target *", GOOD, LINE("OPTIONS * HTTP/1.1") },
	{ "a target with a byte over 0x7F", GOOD, LINE("GET /open/\xe9 HTTP/1.1") },

	{ "nothing", MORE, TEXT("") },
	{ "half an empty line", MORE, TEXT("\r") },
	{ "an empty line", MORE, TEXT("\r\n") },
	{ "a part of a method", MORE, TEXT("GE") },
	{ "a part of a header", MORE, TEXT("GET /open/x HTTP/1.1\r\nHo") },
	{ "a head without its last line end", MORE, TEXT("GET /open/x HTTP/1.1\r\nHost: h\r\n\r") },

	{ "two empty lines before the request", BAD, TEXT("\r\n\r\nGET /x HTTP/1.1\r\n\r\n") },
	{ "a line feed before the request", BAD, TEXT("\nGET /x HTTP/1.1\r\n\r\n") },
	{ "a carriage return before the request", BAD, TEXT("\rGET /x HTTP/1.1\r\n\r\n") },
	{ "a space before the request", BAD, TEXT(" GET /x HTTP/1.1\r\n\r\n") },
	{ "a space after an empty line", BAD, TEXT("\r\n GET /x HTTP/1.1\r\n\r\n") },
	{ "a NUL before the request", BAD, TEXT("\0GET /x HTTP/1.1\r\n\r\n") },
	{ "a handshake of TLS", BAD, TEXT("\x16\x03\x01\x02\x00\x01") },
	{ "line ends that are bare LF", BAD, TEXT("GET /open/x HTTP/1.1\nHost: h\n\n") },
	{ "one line end that is a bare LF", BAD,
	    TEXT("GET /x HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n") },
	{ "an empty line by a bare LF", BAD, TEXT("GET /x HTTP/1.1\r\nHost: h\r\nX-A: b\n\r\n") },
	{ "an end of CRLF LF", BAD, TEXT("GET /open/x HTTP/1.1\r\nHost: h\r\n\n") },
	{ "a bare LF that ends the first line", BAD, TEXT("GET /x HTTP/1.1\nHost: h\r\n\r\n") },

	{ "no words", BAD, LINE("GET") },
	{ "no version", BAD, LINE("GET /open/x") },
	{ "no target", BAD, LINE("GET HTTP/1.1") },
	{ "an empty target", BAD, LINE("GET  HTTP/1.1") },
	{ "two spaces after the method", BAD, LINE("GET  /open/x HTTP/1.1") },
	{ "two spaces after the target", BAD, LINE("GET /open/x  HTTP/1.1") },
	{ "a space after the version", BAD, LINE("GET /open/x HTTP/1.1 ") },
	{ "four words", BAD, LINE("GET /open/x y HTTP/1.1") },
	{ "a tab after the method", BAD, LINE("GET\t/open/x HTTP/1.1") },
	{ "a tab after the target", BAD, LINE("GET /open/x\tHTTP/1.1") },
	{ "a line end within the first line", BAD, LINE("GET /open/x \r\nHTTP/1.1") },
	{ "a bare CR in the first line", BAD, LINE("GET /open/x HTTP/1.1\r") },
	{ "a bare CR in the target", BAD, LINE("GET /open\r/x HTTP/1.1") },
	{ "a NUL in the target", BAD, LINE("GET /open\0/x HTTP/1.1") },
	{ "a control byte in the target", BAD, LINE("GET /open/\x01x HTTP/1.1") },
	{ "DEL in the target", BAD, LINE("GET /open/\x7fx HTTP/1.1") },
	{ "HTTP/0.9", BAD, LINE("GET /open/x HTTP/0.9") },
	{ "HTTP/1.2", BAD, LINE("GET /open/x HTTP/1.2") },
	{ "HTTP/1.10", BAD, LINE("GET /open/x HTTP/1.10") },
	{ "HTTP/01.1", BAD, LINE("GET /open/x HTTP/01.1") },
	{ "HTTP/2.0", BAD, LINE("GET /open/x HTTP/2.0") },
	{ "HTTP/1", BAD, LINE("GET /open/x HTTP/1") },
	{ "http in lower case", BAD, LINE("GET /open/x http/1.1") },
	{ "HTTPS", BAD, LINE("GET /open/x HTTPS/1.1") },
	{ "the preface of HTTP/2", BAD, TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") },
	{ "a method that is no token", BAD, LINE("GE(T /open/x HTTP/1.1") },
	{ "a method with a byte over 0x7F", BAD, LINE("GET\xe9 /open/x HTTP/1.1") },

	{ "space before the colon", BAD, GET("X-A : 1\r\n") },
	{ "tab before the colon", BAD, GET("X-A\t: 1\r\n") },
	{ "space before the colon of a coding", BAD, POST("Transfer-Encoding : chunked\r\n") },
	{ "space before the colon of a length", BAD, POST("Content-Length : 3\r\n") },
	{ "a folded line", BAD, GET("X-A: b\r\n c\r\n") },
	{ "a line folded by a tab", BAD, GET("X-A: b\r\n\tc\r\n") },
	{ "a folded line that looks like a header", BAD, GET("X-A: b\r\n Content-Length: 3\r\n") },
	{ "a folded first line", BAD, TEXT("GET /open/x HTTP/1.1\r\n Host: h\r\n\r\n") },
	{ "a folded coding", BAD, POST("Transfer-Encoding:\r\n chunked\r\n") },
	{ "a line of spaces", BAD, GET("   \r\n") },
	{ "an empty name", BAD, GET(": 1\r\n") },
	{ "a line without a colon", BAD, GET("junk\r\n") },
	{ "a name that starts with a byte over 0x7F", BAD, GET("\xe9x: 1\r\n") },
	{ "a name with a byte over 0x7F in it", BAD, GET("X\xe9: 1\r\n") },
	{ "a NUL in a name", BAD, GET("X\0A: b\r\n") },
	{ "a bare CR in a name", BAD, GET("X\rA: b\r\n") },
	{ "a bare CR for a line", BAD, GET("\r\r\n") },

	{ "a NUL in a value", UNSOUND, GET("X-A: a\0b\r\n") },
	{ "a bare CR in a value", UNSOUND, GET("X-A: a\rb\r\n") },
	{ "a bare CR at the end of a value", UNSOUND, GET("X-A: a\r\r\n") },
	{ "a control byte in a value", UNSOUND,
	    GET("X-A: a\x01"
		"b\r\n") },
	{ "DEL in a value", UNSOUND,
	    GET("X-A: a\x7f"
		"b\r\n") },
	{ "two equal lengths", UNSOUND, POST("Content-Length: 3\r\nContent-Length: 3\r\n") },
	{ "two different lengths", UNSOUND, POST("Content-Length: 3\r\nContent-Length: 0\r\n") },
	{ "a list of lengths", UNSOUND, POST("Content-Length: 3, 3\r\n") },
	{ "a length with a plus", UNSOUND, POST("Content-Length: +3\r\n") },
	{ "a length with a minus", UNSOUND, POST("Content-Length: -0\r\n") },
	{ "a length in hex", UNSOUND, POST("Content-Length: 0x3\r\n") },
	{ "a length with a space in it", UNSOUND, POST("Content-Length: 3 3\r\n") },
	{ "an empty length", UNSOUND, POST("Content-Length:\r\n") },
	{ "a length of 2^63", UNSOUND, POST("Content-Length: 9223372036854775808\r\n") },
	{ "a length of 2^64 and 3", UNSOUND, POST("Content-Length: 18446744073709551619\r\n") },
	{ "a length and chunked", UNSOUND,
	    POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") },
	{ "chunked twice", UNSOUND,
	    POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") },
	{ "a list of codings", UNSOUND, POST("Transfer-Encoding: gzip, chunked\r\n") },
	{ "identity", UNSOUND, POST("Transfer-Encoding: identity\r\n") },
	{ "an empty coding", UNSOUND, POST("Transfer-Encoding:\r\n") },
	{ "coding with a vertical tab", UNSOUND,
	    POST("Transfer-Encoding: \x0b"
		 "chunked\r\n") },
	{ "coding with a byte 0xA0", UNSOUND,
	    POST("Transfer-Encoding: \xa0"
		 "chunked\r\n") },
	{ "coding with a byte 0x85", UNSOUND, POST("Transfer-Encoding: chunked\x85\r\n") },
	{ "coding on HTTP/1.0", UNSOUND, LINE("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked") },
	{ "no Host", UNSOUND, TEXT("GET /open/x HTTP/1.1\r\nX-A: b\r\n\r\n") },
	{ "two Hosts", UNSOUND, GET("host: h\r\n") },
	{ "a Host with a space", UNSOUND, TEXT("GET /x HTTP/1.1\r\nHost: h x\r\n\r\n") },
	{ "a Host that is a list", UNSOUND, TEXT("GET /x HTTP/1.1\r\nHost: h, i\r\n\r\n") },
	{ "an empty Host", UNSOUND, TEXT("GET /x HTTP/1.1\r\nHost:\r\n\r\n") },
	{ "CONNECT", UNSOUND, LINE("CONNECT h:443 HTTP/1.1") },
	{ "TRACE", UNSOUND, LINE("TRACE /open/x HTTP/1.1") },
	{ "another expectation", UNSOUND, POST("Expect: 200-ok\r\nContent-Length: 3\r\n") },
};

static void
every_head_has_its_verdict_however_it_arrives(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct outcome got = judge_all_ways(cases[i].name, cases[i].bytes);

		if (got.verdict != cases[i].want)
			fail_msg("%s: want %d, got %d (%s)", cases[i].name, (int)cases[i].want,
			    (int)got.verdict, got.detail == NULL ? "" : got.detail);
		assert_true(got.verdict != BAD || got.detail != NULL);
	}
}

static void
no_other_character_is_in_a_name(void **state)
{
	const char no[] = "(),/;<=>?@[\\]{}\" \t\r\0\x01\x7f\x80\xff";

	(void)state;
	for (size_t i = 0; i < sizeof(no) - 1; i++) {
		char text[] = "GET /x HTTP/1.1\r\nHost: h\r\nX?Y: 1\r\n\r\n";
		struct span bytes = { text, sizeof(text) - 1 };

		text[strcspn(text, "?")] = no[i];
		assert_int_equal(judge_all_ways("a name", bytes).verdict, BAD);
	}
}

static void
the_parts_are_those_of_the_head(void **state)
{
	const struct span bytes = TEXT("\r\nPATCH /a?b=c HTTP/1.0\r\nHost:h\r\nX-A: \t b  c\t\r\n"
				       "x-a:\r\n\r\nrest");
	struct outcome got = judge_all_ways("parts", bytes);

	(void)state;
	assert_int_equal(got.verdict, GOOD);
	assert_int_equal(got.end, bytes.len - 4);
	assert_true(span_is(request.method, "PATCH"));
	assert_true(span_is(request.target, "/a?b=c"));
	assert_int_equal(request.version_minor, 0);
	assert_int_equal(request.header_count, 3);
	assert_true(span_is(request.headers[0].name, "Host"));
	assert_true(span_is(request.headers[0].value, "h"));
	assert_true(span_is(request.headers[1].name, "X-A"));
	assert_true(span_is(request.headers[1].value, "b  c"));
	assert_true(span_is(request.headers[2].name, "x-a"));
	assert_int_equal(request.headers[2].value.len, 0);
}

/* ---- large ones ---- */

#define LARGE (64u << 10)

/* A head with so many headers besides Host. */
static struct span
head_with(char *room, int headers)
{
	int len = snprintf(room, LARGE, "GET /x HTTP/1.1\r\nHost: h\r\n");

	for (int i = 0; i < headers; i++)
		len += snprintf(room + len, LARGE - (size_t)len, "X-%d: 1\r\n", i);
	len += snprintf(room + len, LARGE - (size_t)len, "\r\n");
	return (struct span){ room, (size_t)len };
}

static void
there_is_room_for_63_headers(void **state)
{
	char *room = malloc(LARGE);

	(void)state;
	assert_non_null(room);
	assert_int_equal(judge_all_ways("63", head_with(room, 62)).verdict, GOOD);
	assert_int_equal(request.header_count, 63);
	assert_int_equal(judge_all_ways("64", head_with(room, 63)).verdict, CROWDED);
	assert_int_equal(judge_all_ways("65", head_with(room, 64)).verdict, CROWDED);
	assert_int_equal(judge(head_with(room, 500), LARGE, LARGE).verdict, CROWDED);
	free(room);
}

/* A head that comes byte by byte is not looked at again from its start, or from that of its line.
 */
static void
each_byte_is_looked_at_once(void **state)
{
	char *room = malloc(LARGE);
	const char *const repeated[] = { "X: 1\r\n", "X: 1, 1, ", "\r", ":", "x" };

	(void)state;
	assert_non_null(room);
	for (size_t i = 0; i < sizeof(repeated) / sizeof(*repeated); i++) {
		struct request_scan scan = { 0 };
		size_t len = (size_t)snprintf(room, LARGE, "GET /x HTTP/1.1\r\nX: ");

		while (len < LARGE) {
			room[len] = repeated[i][len % strlen(repeated[i])];
			len++;
		}
		for (size_t cut = 1; cut <= LARGE; cut++) {
			struct outcome got = arrive((struct span){ room, cut }, &scan);

			if (got.verdict != MORE)
				break;
			assert_int_equal(scan.scanned, cut);
		}
	}
	free(room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_head_has_its_verdict_however_it_arrives),
		cmocka_unit_test(no_other_character_is_in_a_name),
		cmocka_unit_test(the_parts_are_those_of_the_head),
		cmocka_unit_test(there_is_room_for_63_headers),
		cmocka_unit_test(each_byte_is_looked_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
