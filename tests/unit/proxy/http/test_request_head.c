/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of requests as bytes: what is one, what is none, and where it ends, however it arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/http/request_head.h"

#define CASES_OF(table) (sizeof(table) / sizeof((table)[0]))
#define NO_METHOD "the head does not begin with a method"
#define NO_CRLF "a line of the head does not end with CRLF"

/* Where a head ends in what was received. */
static const struct {
	const char *name, *bytes;
	enum request_head found;
	size_t end;         /* DONE */
	const char *detail; /* BAD */
} scans[] = {
	{ "no header", "GET / HTTP/1.1\r\n\r\n", REQUEST_HEAD_DONE, 18, NULL },
	{ "a header", "GET / HTTP/1.1\r\nA: b\r\n\r\n", REQUEST_HEAD_DONE, 24, NULL },
	{ "a body behind it", "GET / HTTP/1.1\r\n\r\nbody\r\n\r\n", REQUEST_HEAD_DONE, 18, NULL },
	{ "another request behind it", "G / HTTP/1.1\r\n\r\nG / HTTP/1.1\r\n\r\n",
	    REQUEST_HEAD_DONE, 16, NULL },
	{ "an empty line before it", "\r\nGET / HTTP/1.1\r\n\r\n", REQUEST_HEAD_DONE, 20, NULL },
	{ "two empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", REQUEST_HEAD_BAD, 0,
	    NO_METHOD },
	{ "a CR before it", "\rGET / HTTP/1.1\r\n\r\n", REQUEST_HEAD_BAD, 0, NO_METHOD },
	{ "a LF before it", "\nGET / HTTP/1.1\r\n\r\n", REQUEST_HEAD_BAD, 0, NO_METHOD },
	{ "a space before it", " GET / HTTP/1.1\r\n\r\n", REQUEST_HEAD_BAD, 0, NO_METHOD },
	{ "TLS to a port without it", "\x16\x03\x01\x02", REQUEST_HEAD_BAD, 0, NO_METHOD },
	{ "a line that ends with LF", "GET / HTTP/1.1\nA: b\r\n\r\n", REQUEST_HEAD_BAD, 0,
	    NO_CRLF },
	{ "a header that ends with LF", "GET / HTTP/1.1\r\nA: b\n\r\n", REQUEST_HEAD_BAD, 0,
	    NO_CRLF },
	{ "an empty line of LF", "GET / HTTP/1.1\r\n\n", REQUEST_HEAD_BAD, 0, NO_CRLF },
	{ "an empty line of LF after a header", "GET / HTTP/1.1\r\nA: b\r\n\n", REQUEST_HEAD_BAD, 0,
	    NO_CRLF },
	{ "nothing", "", REQUEST_HEAD_MORE, 0, NULL },
	{ "half an empty line", "\r", REQUEST_HEAD_MORE, 0, NULL },
	{ "an empty line", "\r\n", REQUEST_HEAD_MORE, 0, NULL },
	{ "a word", "GET", REQUEST_HEAD_MORE, 0, NULL },
	{ "a line", "GET / HTTP/1.1\r\n", REQUEST_HEAD_MORE, 0, NULL },
	{ "all but the last byte", "GET / HTTP/1.1\r\nA: b\r\n\r", REQUEST_HEAD_MORE, 0, NULL },
	{ "CRs are not the end", "GET / HTTP/1.1\r\nA: b\r\r\r", REQUEST_HEAD_MORE, 0, NULL },
};

static void
expect_scan(size_t i, enum request_head found, size_t end, const char *detail)
{
	if (found != scans[i].found)
		fail_msg("%s: found %d", scans[i].name, (int)found);
	if (found == REQUEST_HEAD_DONE && end != scans[i].end)
		fail_msg("%s: ends at %zu", scans[i].name, end);
	if (found == REQUEST_HEAD_BAD)
		assert_string_equal(detail, scans[i].detail);
}

static void
a_head_ends_with_its_empty_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(scans); i++) {
		struct request_scan scan = { 0 };
		const char *detail = NULL;
		enum request_head found;
		size_t end = 0;

		found = request_head_scan(span_of(scans[i].bytes), &scan, &end, &detail);
		expect_scan(i, found, end, detail);
	}
}

/* TCP cuts where it likes: byte by byte the same is found. The bytes move as a buffer grows. */
static void
it_does_not_matter_how_it_arrives(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(scans); i++) {
		struct request_scan scan = { 0 };
		enum request_head found = REQUEST_HEAD_MORE;
		const char *detail = NULL;
		size_t end = 0, len = strlen(scans[i].bytes);

		for (size_t got = 0; got <= len && found == REQUEST_HEAD_MORE; got++) {
			char *copy = malloc(got + 1); /* no byte more may be looked at */

			assert_non_null(copy);
			memcpy(copy, scans[i].bytes, got);
			found = request_head_scan(
			    (struct span){ got == 0 ? NULL : copy, got }, &scan, &end, &detail);
			free(copy);
		}
		expect_scan(i, found, end, detail);
	}
}

static enum request_head
read_head(const char *bytes, struct request *request, const char **ret_detail)
{
	*request = (struct request){ 0 };
	*ret_detail = NULL;
	return request_head_read(span_of(bytes), request, ret_detail);
}

static void
what_is_right_is_read(void **state)
{
	struct request request;
	const char *detail;

	(void)state;
	assert_int_equal(read_head("GET /a?b=c HTTP/1.1\r\nHost: gate\r\nX-Empty:\r\n"
				   "A: \t b c\t \r\na:b:c\r\n\r\n",
			     &request, &detail),
	    REQUEST_HEAD_DONE);
	assert_true(span_is(request.method, "GET"));
	assert_true(span_is(request.target, "/a?b=c"));
	assert_int_equal(request.version_minor, 1);
	assert_int_equal(request.header_count, 4);
	assert_true(span_is(request.headers[0].name, "Host"));
	assert_true(span_is(request.headers[0].value, "gate"));
	assert_true(span_is(request.headers[1].name, "X-Empty"));
	assert_true(span_is(request.headers[1].value, ""));
	/* White space around a value is none of it, within it is. */
	assert_true(span_is(request.headers[2].value, "b c"));
	assert_true(span_is(request.headers[3].name, "a"));
	assert_true(span_is(request.headers[3].value, "b:c"));
	assert_int_equal(
	    read_head("M-SEARCH * HTTP/1.0\r\n\r\n", &request, &detail), REQUEST_HEAD_DONE);
	assert_int_equal(request.version_minor, 0);
	assert_int_equal(request.header_count, 0);
}

/* Every way of writing it that another server might read in another way. */
static const struct {
	const char *head, *detail;
} wrong[] = {
	{ "GET /\r\n\r\n", "the request line is not three words" },
	{ "GET\r\n\r\n", "the request line is not three words" },
	{ "GET  / HTTP/1.1\r\n\r\n", "the request line is not three words" },
	{ "GET /  HTTP/1.1\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / HTTP/1.1 \r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / a HTTP/1.1\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET\t/ HTTP/1.1\r\n\r\n", "the request line is not three words" },
	{ "G(T / HTTP/1.1\r\n\r\n", "the method is not a token" },
	{ "G\xc3\x89T / HTTP/1.1\r\n\r\n", "the method is not a token" },
	{ "GET /\ta HTTP/1.1\r\n\r\n", "the target contains control bytes" },
	{ "GET /\ra HTTP/1.1\r\n\r\n", "the target contains control bytes" },
	{ "GET /\x7f HTTP/1.1\r\n\r\n", "the target contains control bytes" },
	{ "GET / HTTP/2.0\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / HTTP/1.2\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / HTTP/1.\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / http/1.1\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / HTTP/1.10\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / HTTP/01.1\r\n\r\n", "the version is neither HTTP/1.1 nor HTTP/1.0" },
	{ "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "a line of the head is folded" },
	{ "GET / HTTP/1.1\r\n A: b\r\n\r\n", "a line of the head is folded" },
	{ "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", "a line of the head is folded" },
	{ "GET / HTTP/1.1\r\nA\r\n\r\n", "a header has no name or no colon" },
	{ "GET / HTTP/1.1\r\n: b\r\n\r\n", "a header has no name or no colon" },
	{ "GET / HTTP/1.1\r\nA : b\r\n\r\n", "a header's name is not a token" },
	{ "GET / HTTP/1.1\r\nA\t: b\r\n\r\n", "a header's name is not a token" },
	{ "GET / HTTP/1.1\r\nA b: c\r\n\r\n", "a header's name is not a token" },
	{ "GET / HTTP/1.1\r\nA\rB: c\r\n\r\n", "a header's name is not a token" },
	{ "GET / HTTP/1.1\r\nA\xc2\xa0: c\r\n\r\n", "a header's name is not a token" },
	{ "GET / HTTP/1.1\r\n\"A\": c\r\n\r\n", "a header's name is not a token" },
};

static void
what_could_be_read_in_two_ways_is_not_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(wrong); i++) {
		struct request request;
		const char *detail;

		if (read_head(wrong[i].head, &request, &detail) != REQUEST_HEAD_BAD)
			fail_msg("%s is read", wrong[i].head);
		if (strcmp(detail, wrong[i].detail) != 0)
			fail_msg("%s: %s", wrong[i].head, detail);
	}
}

/* A NUL is a byte like any other, and no end of anything. */
static void
a_nul_ends_nothing(void **state)
{
	static const char in_target[] = "GET /\0a HTTP/1.1\r\n\r\n";
	static const char in_name[] = "GET / HTTP/1.1\r\nA\0: b\r\n\r\n";
	struct request request = { 0 };
	const char *detail = NULL;

	(void)state;
	assert_int_equal(
	    request_head_read((struct span){ in_target, sizeof(in_target) - 1 }, &request, &detail),
	    REQUEST_HEAD_BAD);
	assert_string_equal(detail, "the target contains control bytes");
	assert_int_equal(
	    request_head_read((struct span){ in_name, sizeof(in_name) - 1 }, &request, &detail),
	    REQUEST_HEAD_BAD);
	assert_string_equal(detail, "a header's name is not a token");
}

static void
there_is_room_for_so_many_headers(void **state)
{
	char head[64 + 8 * REQUEST_MAX_HEADERS];
	struct request request;
	const char *detail;

	(void)state;
	for (size_t count = REQUEST_MAX_HEADERS - 2; count <= REQUEST_MAX_HEADERS; count++) {
		size_t len = (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n");
		bool fits = count < REQUEST_MAX_HEADERS;

		for (size_t i = 0; i < count; i++)
			len += (size_t)snprintf(head + len, sizeof(head) - len, "A: b\r\n");
		(void)snprintf(head + len, sizeof(head) - len, "\r\n");
		assert_int_equal(read_head(head, &request, &detail),
		    fits ? REQUEST_HEAD_DONE : REQUEST_HEAD_CROWDED);
		if (fits)
			assert_int_equal(request.header_count, count);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_ends_with_its_empty_line),
		cmocka_unit_test(it_does_not_matter_how_it_arrives),
		cmocka_unit_test(what_is_right_is_read),
		cmocka_unit_test(what_could_be_read_in_two_ways_is_not_read),
		cmocka_unit_test(a_nul_ends_nothing),
		cmocka_unit_test(there_is_room_for_so_many_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
