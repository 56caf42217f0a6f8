/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/http/response.h"

struct head_case {
	const char *name, *bytes;
	bool head_only;
	enum response_read want;
	enum response_framing framing;
	bool keep;
};

#define LINE "HTTP/1.1 200 OK\r\n"

static const struct head_case heads[] = {
	{ "a length", LINE "Content-Length: 5\r\n\r\n", false, RESPONSE_DONE, RESPONSE_LENGTH,
	    true },
	{ "a length of nought is no body", LINE "Content-Length: 0\r\n\r\n", false, RESPONSE_DONE,
	    RESPONSE_NONE, true },
	{ "chunked", LINE "Transfer-Encoding: chunked\r\n\r\n", false, RESPONSE_DONE,
	    RESPONSE_CHUNKED, true },
	{ "neither runs to the close", LINE "\r\n", false, RESPONSE_DONE, RESPONSE_CLOSE, false },
	{ "HEAD has no body", LINE "Content-Length: 5\r\n\r\n", true, RESPONSE_DONE, RESPONSE_NONE,
	    true },
	{ "204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", false, RESPONSE_DONE, RESPONSE_NONE,
	    true },
	{ "304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false,
	    RESPONSE_DONE, RESPONSE_NONE, true },
	{ "close is not kept", LINE "Connection: close\r\nContent-Length: 5\r\n\r\n", false,
	    RESPONSE_DONE, RESPONSE_LENGTH, false },
	{ "HTTP/1.0 is not kept", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false,
	    RESPONSE_DONE, RESPONSE_LENGTH, false },
	{ "a phrase may be missing", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", false,
	    RESPONSE_DONE, RESPONSE_LENGTH, true },
	{ "a head without its end", LINE "Content-Length: 5\r\n", false, RESPONSE_MORE,
	    RESPONSE_NONE, false },
	{ "two lengths", LINE "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", false, RESPONSE_BAD,
	    RESPONSE_NONE, false },
	{ "a length and chunked", LINE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	    false, RESPONSE_BAD, RESPONSE_NONE, false },
	{ "a length with a sign", LINE "Content-Length: +5\r\n\r\n", false, RESPONSE_BAD,
	    RESPONSE_NONE, false },
	{ "another coding", LINE "Transfer-Encoding: gzip, chunked\r\n\r\n", false, RESPONSE_BAD,
	    RESPONSE_NONE, false },
	{ "chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false,
	    RESPONSE_BAD, RESPONSE_NONE, false },
	{ "a folded line", LINE "A: b\r\n c\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE, false },
	{ "a bare line feed", LINE "A: b\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE, false },
	{ "a bare carriage return", LINE "A: b\rc\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE,
	    false },
	{ "a space before the colon", LINE "A : b\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE,
	    false },
	{ "no colon", LINE "A\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE, false },
	{ "another protocol", "ICY 200 OK\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE, false },
	{ "HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE, false },
	{ "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE,
	    false },
	{ "a status beyond 599", "HTTP/1.1 600 OK\r\n\r\n", false, RESPONSE_BAD, RESPONSE_NONE,
	    false },
};

static void
heads_are_read(void **state)
{
	struct header headers[RESPONSE_MAX_HEADERS];
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct response response = { .headers = headers };
		enum response_read got =
		    response_read(span_of(heads[i].bytes), heads[i].head_only, &response);
		bool good = got == heads[i].want;

		if (good && got == RESPONSE_DONE)
			good = response.framing == heads[i].framing &&
			       response.keep_alive == heads[i].keep;
		if (!good)
			print_error("%s: got %d, framing %d, keep %d\n", heads[i].name, (int)got,
			    (int)response.framing, response.keep_alive);
		wrong += !good;
	}
	assert_int_equal(wrong, 0);
}

/* However a head is cut, the answer is "more" until it is whole. */
static void
heads_may_come_in_pieces(void **state)
{
	static const char head[] = LINE "Content-Length: 5\r\nServer: x\r\n\r\n";
	struct header headers[RESPONSE_MAX_HEADERS];

	(void)state;
	for (size_t len = 0; len < sizeof(head) - 1; len++) {
		struct response response = { .headers = headers };

		assert_int_equal(
		    response_read((struct span){ head, len }, false, &response), RESPONSE_MORE);
	}
}

static void
too_large_a_head_is_refused(void **state)
{
	struct header headers[RESPONSE_MAX_HEADERS];
	struct response response = { .headers = headers };
	char *bytes = malloc(RESPONSE_MAX_HEAD);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'a', RESPONSE_MAX_HEAD);
	assert_int_equal(response_read((struct span){ bytes, RESPONSE_MAX_HEAD }, false, &response),
	    RESPONSE_BAD);
	free(bytes);
}

struct chunk_case {
	const char *name, *bytes, *data;
	enum response_read want;
};

static const struct chunk_case chunked[] = {
	{ "one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc", RESPONSE_DONE },
	{ "two chunks", "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "abcd", RESPONSE_DONE },
	{ "capitals in a size", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", RESPONSE_DONE },
	{ "an extension", "3;a=b\r\nabc\r\n0\r\n\r\n", "abc", RESPONSE_DONE },
	{ "trailers are dropped", "3\r\nabc\r\n0\r\nX-User: a\r\n\r\n", "abc", RESPONSE_DONE },
	{ "no end yet", "3\r\nabc\r\n0\r\n", "abc", RESPONSE_MORE },
	{ "0x before a size", "0x3\r\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
	{ "a sign before a size", "+3\r\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
	{ "a space before a size", " 3\r\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
	{ "a space behind a size", "3 \r\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
	{ "no size", "\r\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
	{ "a size with a bare line feed", "3\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
	{ "a size of 17 digits", "10000000000000000\r\n", "", RESPONSE_BAD },
	{ "data that is too long", "3\r\nabcd\r\n0\r\n\r\n", "abc", RESPONSE_BAD },
	{ "a line feed in an extension", "3;a\nb\r\nabc\r\n0\r\n\r\n", "", RESPONSE_BAD },
};

static enum response_read
read_in_steps(const char *bytes, size_t step, char *data)
{
	struct chunks chunks = { 0 };
	struct span rest = span_of(bytes), run;
	enum response_read read = RESPONSE_MORE;
	size_t used, len = 0;

	while (rest.len > 0 && read == RESPONSE_MORE) {
		read = chunks_read(&chunks, span_slice(rest, 0, step), &used, &run);
		memcpy(data + len, run.at == NULL ? "" : run.at, run.len);
		len += run.len;
		rest = span_slice(rest, used, rest.len);
	}
	data[len] = '\0';
	return read;
}

static void
chunked_bodies_are_followed_in_any_pieces(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(chunked) / sizeof(chunked[0]); i++)
		for (size_t step = 1; step < 40; step++) {
			char data[128];
			enum response_read got = read_in_steps(chunked[i].bytes, step, data);

			if (got != chunked[i].want ||
			    (got != RESPONSE_BAD && strcmp(data, chunked[i].data) != 0)) {
				print_error("%s, %zu at a time: got %d \"%s\"\n", chunked[i].name,
				    step, (int)got, data);
				wrong++;
			}
		}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(heads_may_come_in_pieces),
		cmocka_unit_test(too_large_a_head_is_refused),
		cmocka_unit_test(chunked_bodies_are_followed_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
