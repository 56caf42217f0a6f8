/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/listener/events/proxy_header.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define GET "GET / HTTP/1.1\r\n"
#define NAMED PROXY_HEADER_NAMED
#define CONCEALED PROXY_HEADER_CONCEALED
#define ITSELF PROXY_HEADER_ITSELF
#define FOUR                                                                                       \
	"\xc0\0\2\1"                                                                               \
	"\xc0\0\2\2"                                                                               \
	"\x12\x67\0\x50" /* 192.0.2.1:4711 */
#define SIX(source)                                                                                \
	source "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2"                                             \
	       "\x12\x67\0\x50"
#define BYTES(text) { "" text, sizeof(text) - 1 }

/* Complete headers, with the client's bytes behind them. */
static const struct {
	struct span header;
	enum proxy_header_client client;
	const char *peer;
	int port;
	enum proxy_header_scheme scheme;
} good[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n"), NAMED, "192.0.2.1", 4711, 0 },
	{ BYTES("PROXY TCP6 2001:DB8::1 ::1 0 65535\r\n"), NAMED, "2001:db8::1", 0, 0 },
	{ BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 1\r\n"), NAMED, "192.0.2.1", 1, 0 },
	{ BYTES("PROXY UNKNOWN\r\n"), CONCEALED, "", 0, 0 },
	{ BYTES("PROXY UNKNOWN 192.0.2.1 any thing\r\n"), CONCEALED, "", 0, 0 },
	{ BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    CONCEALED, "", 0, 0 },
	{ BYTES(V2 "\x21\x11\0\14" FOUR), NAMED, "192.0.2.1", 4711, 0 },
	{ BYTES(V2 "\x21\x21\0\44" SIX("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1")), NAMED,
	    "2001:db8::1", 4711, 0 },
	{ BYTES(V2 "\x21\x21\0\44" SIX("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1")), NAMED,
	    "192.0.2.1", 4711, 0 },
	{ BYTES(V2 "\x21\x11\0\24" FOUR "\x20\0\5\1\0\0\0\0"), NAMED, "192.0.2.1", 4711,
	    PROXY_HEADER_SECURE },
	{ BYTES(V2 "\x21\x11\0\30" FOUR "\5\0\1x\x20\0\5\0\0\0\0\0"), NAMED, "192.0.2.1", 4711,
	    PROXY_HEADER_PLAIN },
	{ BYTES(V2 "\x21\x11\0\17" FOUR "\4\0\0"), NAMED, "192.0.2.1", 4711, 0 },
	{ BYTES(V2 "\x21\0\0\0"), CONCEALED, "", 0, 0 },
	{ BYTES(V2 "\x21\0\0\3xyz"), CONCEALED, "", 0, 0 },
	{ BYTES(V2 "\x21\x10\0\0"), CONCEALED, "", 0, 0 },
	{ BYTES(V2 "\x21\x31\0\1x"), CONCEALED, "", 0, 0 },
	{ BYTES(V2 "\x20\0\0\0"), ITSELF, "", 0, 0 },
	{ BYTES(V2 "\x20\x11\0\14" FOUR), ITSELF, "", 0, 0 },
};

static const struct span bad[] = {
	BYTES("GET / HTTP/1.1\r\n"),
	BYTES("\x16\3\1"),
	BYTES("X"),
	BYTES("proxy TCP4 192.0.2.1 192.0.2.2 1 1\r\n"),
	BYTES("PROXY\r\n"),
	BYTES("PROXY \r\n"),
	BYTES("PROXY UNKNOWNx\r\n"),
	BYTES("PROXY TCP4\r\n"),
	BYTES("PROXY TCP5 192.0.2.1 192.0.2.2 1 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 1\n"),
	BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 1 \r\n"),
	BYTES("PROXY TCP4  192.0.2.1 192.0.2.2 1 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"),
	BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 -1 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.1 x 1 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.256 192.0.2.2 1 1\r\n"),
	BYTES("PROXY TCP4 ::1 ::1 1 1\r\n"),
	BYTES("PROXY TCP6 192.0.2.1 192.0.2.2 1 1\r\n"),
	BYTES("PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n"),
	BYTES("PROXY TCP4 unknown 192.0.2.2 1 1\r\n"),
	BYTES("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 1\r\n"),
	BYTES("\r\n\r\nGET / HTTP/1.1\r\n"),
	BYTES(V2 "\x11\x11\0\14" FOUR),
	BYTES(V2 "\x31\x11\0\14" FOUR),
	BYTES(V2 "\x22\x11\0\14" FOUR),
	BYTES(V2 "\x21\x12\0\14" FOUR),
	BYTES(V2 "\x21\x41\0\14" FOUR),
	BYTES(V2 "\x21\x13\0\14" FOUR),
	BYTES(V2 "\x21\x11\0\13" FOUR),
	BYTES(V2 "\x21\x21\0\14" FOUR),
	BYTES(V2 "\x21\x11\0\16" FOUR "\4\0"),
	BYTES(V2 "\x21\x11\0\17" FOUR "\4\0\1"),
	BYTES(V2 "\x21\x11\xff\xff"),
	BYTES(V2 "\x20\0\x0f\xf1"),
};

static void
check_good(size_t i)
{
	char bytes[512];
	struct proxy_header_said said;
	size_t length = 0, whole = good[i].header.len;

	memcpy(bytes, good[i].header.at, whole);
	memcpy(bytes + whole, GET, sizeof(GET));
	for (size_t cut = 0; cut < whole; cut++)
		if (proxy_header_read((struct span){ bytes, cut }, &said, &length) !=
		    PROXY_HEADER_MORE)
			fail_msg("header %zu: cut at %zu", i, cut);
	for (size_t more = 0; more < sizeof(GET); more++) {
		if (proxy_header_read((struct span){ bytes, whole + more }, &said, &length) !=
		    PROXY_HEADER_DONE)
			fail_msg("header %zu", i);
		assert_int_equal(length, whole);
		assert_int_equal(said.client, good[i].client);
		assert_string_equal(said.peer, good[i].peer);
		assert_int_equal(said.peer_port, good[i].port);
		assert_int_equal(said.scheme, good[i].scheme);
	}
}

static void
a_header_is_read_when_it_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_good(i);
}

static void
anything_else_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proxy_header_said said;
		size_t length = 0;

		if (proxy_header_read(bad[i], &said, &length) != PROXY_HEADER_BAD)
			fail_msg("bytes %zu", i);
	}
}

static void
a_line_that_does_not_end_is_none(void **state)
{
	char bytes[200];
	struct proxy_header_said said;
	size_t length;

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, "PROXY UNKNOWN", 13);
	assert_int_equal(
	    proxy_header_read((struct span){ bytes, 106 }, &said, &length), PROXY_HEADER_MORE);
	assert_int_equal(
	    proxy_header_read((struct span){ bytes, 107 }, &said, &length), PROXY_HEADER_BAD);
	memcpy(bytes + 105, "\r\n", 2);
	assert_int_equal(
	    proxy_header_read((struct span){ bytes, 200 }, &said, &length), PROXY_HEADER_DONE);
	memcpy(bytes + 105, " \r\n", 3);
	assert_int_equal(
	    proxy_header_read((struct span){ bytes, 200 }, &said, &length), PROXY_HEADER_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_when_it_is_whole),
		cmocka_unit_test(anything_else_is_none),
		cmocka_unit_test(a_line_that_does_not_end_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
