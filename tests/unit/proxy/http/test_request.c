/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "head.h"

#define OK REASON_OK
#define BAD REASON_REQUEST_MALFORMED

struct head_case {
	const char *name, *method, *lines;
	int minor;
	enum reason want;
};

static const struct head_case heads[] = {
	{ "a host is enough", "GET", "Host: h\n", 1, OK },
	{ "HTTP/1.0 needs no host", "GET", "A: b\n", 0, OK },
	{ "HTTP/1.1 needs a host", "GET", "A: b\n", 1, BAD },
	{ "two hosts are one too many", "GET", "Host: h\nhost: h\n", 1, BAD },
	{ "an empty host is none", "GET", "Host:\n", 1, BAD },
	{ "a host with a port", "GET", "Host: h.example:8080\n", 1, OK },
	{ "an IPv6 host with a port", "GET", "Host: [::1]:8080\n", 1, OK },
	{ "a host that never closes its bracket", "GET", "Host: [::1\n", 1, BAD },
	{ "a port of letters", "GET", "Host: h:http\n", 1, BAD },
	{ "a port of nothing", "GET", "Host: h:\n", 1, BAD },
	{ "a host with a user", "GET", "Host: u@h\n", 1, BAD },
	{ "a host with a path", "GET", "Host: h/a\n", 1, BAD },
	{ "a host with a space", "GET", "Host: h h\n", 1, BAD },
	{ "CONNECT is not served", "CONNECT", "Host: h\n", 1, REASON_METHOD_NOT_SUPPORTED },
	{ "TRACE is not served", "TRACE", "Host: h\n", 1, REASON_METHOD_NOT_SUPPORTED },
	{ "a method of odd bytes", "G(T", "Host: h\n", 1, BAD },
	{ "a name with a bracket", "GET", "Host: h\nA(b: 1\n", 1, BAD },
	{ "an empty name", "GET", "Host: h\n: 1\n", 1, BAD },
	{ "a control byte in a value", "GET", "Host: h\nA: a\x01z\n", 1, BAD },
	{ "a tab in a value", "GET", "Host: h\nA: a\tz\n", 1, OK },
	{ "bytes outside ASCII in a value", "GET", "Host: h\nA: \xc3\xa9\n", 1, OK },
	{ "a length", "POST", "Host: h\nContent-Length: 10\n", 1, OK },
	{ "two equal lengths", "POST", "Host: h\nContent-Length: 1\nContent-Length: 1\n", 1, BAD },
	{ "a list of lengths", "POST", "Host: h\nContent-Length: 1, 1\n", 1, BAD },
	{ "a length with a sign", "POST", "Host: h\nContent-Length: +1\n", 1, BAD },
	{ "a negative length", "POST", "Host: h\nContent-Length: -1\n", 1, BAD },
	{ "a length in hexadecimal", "POST", "Host: h\nContent-Length: 0x1\n", 1, BAD },
	{ "a length with an underscore", "POST", "Host: h\nContent-Length: 1_0\n", 1, BAD },
	{ "a length of two words", "POST", "Host: h\nContent-Length: 5 5\n", 1, BAD },
	{ "an empty length", "POST", "Host: h\nContent-Length:\n", 1, BAD },
	{ "a length of 19 digits", "POST", "Host: h\nContent-Length: 9999999999999999999\n", 1,
	    BAD },
	{ "chunked", "POST", "Host: h\nTransfer-Encoding: chunked\n", 1, OK },
	{ "chunked in capitals", "POST", "Host: h\nTransfer-Encoding: CHUNKED\n", 1, OK },
	{ "chunked in HTTP/1.0", "POST", "Host: h\nTransfer-Encoding: chunked\n", 0, BAD },
	{ "identity", "POST", "Host: h\nTransfer-Encoding: identity\n", 1, BAD },
	{ "gzip, chunked", "POST", "Host: h\nTransfer-Encoding: gzip, chunked\n", 1, BAD },
	{ "xchunked", "POST", "Host: h\nTransfer-Encoding: xchunked\n", 1, BAD },
	{ "chunked in quotes", "POST", "Host: h\nTransfer-Encoding: \"chunked\"\n", 1, BAD },
	{ "no coding at all", "POST", "Host: h\nTransfer-Encoding:\n", 1, BAD },
	{ "chunked twice", "POST",
	    "Host: h\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n", 1, BAD },
	{ "a length and chunked", "POST",
	    "Host: h\nContent-Length: 3\nTransfer-Encoding: chunked\n", 1, BAD },
	{ "chunked and a length", "POST",
	    "Host: h\nTransfer-Encoding: chunked\nContent-Length: 3\n", 1, BAD },
	{ "100-continue", "POST", "Host: h\nContent-Length: 3\nExpect: 100-continue\n", 1, OK },
	{ "another expectation", "POST", "Host: h\nContent-Length: 3\nExpect: tea\n", 1, BAD },
	{ "two Authorization headers", "GET",
	    "Host: h\nAuthorization: Bearer a\nauthorization: Bearer a\n", 1,
	    REASON_CREDENTIALS_DUPLICATE },
};

static void
heads_are_judged(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct request request;
		enum reason got;

		head_read(&request, heads[i].method, heads[i].lines);
		request.version_minor = heads[i].minor;
		got = request_check(&request);
		if (got != heads[i].want)
			print_error("%s: want %s, got %s\n", heads[i].name,
			    reason_word(heads[i].want), reason_word(got));
		wrong += got != heads[i].want;
		if (got != OK && request.detail == NULL) {
			print_error("%s: refused without a detail\n", heads[i].name);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

struct keep_case {
	const char *name, *lines;
	int minor;
	bool want;
};

static const struct keep_case keeps[] = {
	{ "HTTP/1.1 keeps", "Host: h\n", 1, true },
	{ "HTTP/1.0 closes", "Host: h\n", 0, false },
	{ "HTTP/1.0 keeps when asked", "Host: h\nConnection: keep-alive\n", 0, true },
	{ "close closes", "Host: h\nConnection: close\n", 1, false },
	{ "close wins", "Host: h\nConnection: keep-alive, close\n", 1, false },
	{ "close in a second header wins", "Host: h\nConnection: keep-alive\nConnection: close\n",
	    1, false },
	{ "another option does not close", "Host: h\nConnection: te, upgrade\n", 1, true },
	{ "a prefix of close is not it", "Host: h\nConnection: c\n", 1, true },
	{ "a prefix of keep-alive is not it", "Host: h\nConnection: k\n", 0, false },
};

static const struct {
	const char *target, *host, *want; /* NULL: refused */
} targets[] = {
	{ "http://h/a?b", "h", "/a?b" },
	{ "HTTPS://H:80/a", "h:80", "/a" },
	{ "http://h", "h", "/" },
	{ "http://h/", NULL, "/" },
	{ "http://other/a", "h", NULL },
	{ "http://h:81/a", "h", NULL },
	{ "http://u@h/a", "u@h", NULL },
	{ "http:///a", "h", NULL },
	{ "http://h?a", "h", NULL },
	{ "/a?b=http://h/", "h", "/a?b=http://h/" },
};

static void
an_absolute_target_names_the_same_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct request request;
		char lines[64] = "A: b\n";
		enum reason reason;

		if (targets[i].host != NULL)
			(void)snprintf(lines, sizeof(lines), "Host: %s\n", targets[i].host);
		head_read(&request, "GET", lines);
		request.version_minor = targets[i].host != NULL;
		request.target = span_of(targets[i].target);
		reason = request_check(&request);
		if ((reason == OK) != (targets[i].want != NULL) ||
		    (reason == OK && !span_is(request.target, targets[i].want)))
			fail_msg("%s: %s, %.*s", targets[i].target, reason_word(reason),
			    SPAN_ARG(request.target));
	}
}

static void
keeping_is_decided(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(keeps) / sizeof(keeps[0]); i++) {
		struct request request;

		head_read(&request, "GET", keeps[i].lines);
		request.version_minor = keeps[i].minor;
		assert_int_equal(request_check(&request), OK);
		if (request.keep_alive != keeps[i].want)
			fail_msg("%s", keeps[i].name);
	}
}

static void
framing_is_reported(void **state)
{
	struct request request;

	(void)state;
	head_read(&request, "POST", "Host: h\nContent-Length: 999999999999999999\n");
	assert_int_equal(request_check(&request), OK);
	assert_int_equal(request.framing, BODY_LENGTH);
	assert_int_equal(request.content_length, 999999999999999999);
	head_read(&request, "POST", "Host: h\nTransfer-Encoding: chunked\nExpect: 100-continue\n");
	assert_int_equal(request_check(&request), OK);
	assert_int_equal(request.framing, BODY_CHUNKED);
	assert_true(request.expects_continue);
	head_read(&request, "GET", "Host: h\n");
	assert_int_equal(request_check(&request), OK);
	assert_int_equal(request.framing, BODY_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_judged),
		cmocka_unit_test(an_absolute_target_names_the_same_host),
		cmocka_unit_test(keeping_is_decided),
		cmocka_unit_test(framing_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
