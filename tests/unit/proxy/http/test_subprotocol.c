/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/subprotocol.h"

#define P "Sec-WebSocket-Protocol: "
#define OK REASON_OK
#define BAD REASON_CREDENTIALS_MALFORMED
#define TWICE REASON_CREDENTIALS_DUPLICATE

static const struct {
	const char *name, *lines;
	enum reason reason;
	const char *token; /* NULL: none */
} cases[] = {
	{ "no header", "Host: h\n", OK, NULL },
	{ "no bearer", P "chat, v2.x\n", OK, NULL },
	{ "bearer and its token", P "bearer, a.b.c\n", OK, "a.b.c" },
	{ "no blank", P "bearer,a.b.c\n", OK, "a.b.c" },
	{ "others before", P "chat, bearer, a.b.c\n", OK, "a.b.c" },
	{ "others behind", P "bearer, a.b.c, chat\n", OK, "a.b.c" },
	{ "a header in lower case", "sec-websocket-protocol: bearer, a\n", OK, "a" },
	{ "nothing behind", P "bearer\n", BAD, NULL },
	{ "nothing behind a comma", P "bearer,\n", BAD, NULL },
	{ "an empty header", P "\n", BAD, NULL },
	{ "an empty entry", P "bearer,,a\n", BAD, NULL },
	{ "a blank in the token", P "bearer, a b\n", BAD, NULL },
	{ "in quotes", P "bearer, \"a\"\n", BAD, NULL },
	{ "capitals", P "Bearer, a\n", BAD, NULL },
	{ "twice", P "bearer, a, bearer, b\n", TWICE, NULL },
	{ "twice at once", P "bearer, bearer, a\n", TWICE, NULL },
	{ "two headers", P "bearer, a\n" P "chat\n", BAD, NULL },
	{ "two headers without it", P "chat\n" P "chat2\n", BAD, NULL },
	{ "another spelling", "Sec_WebSocket_Protocol: bearer, a\n", BAD, NULL },
};

static void
the_token_follows_bearer(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *detail = NULL;
		struct request request;
		struct span token;
		enum reason got;

		head_read(&request, "GET", cases[i].lines);
		got = subprotocol_find(&request, &token, &detail);
		if (got != cases[i].reason || (got != OK && detail == NULL) ||
		    (got == OK && (token.at == NULL) != (cases[i].token == NULL)) ||
		    (got == OK && token.at != NULL && !span_is(token, cases[i].token))) {
			print_error("%s: got %s\n", cases[i].name, reason_word(got));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
the_others_are_offered(void **state)
{
	static const char *const rows[][2] = {
		{ "bearer, a.b.c", "" },
		{ "chat", "chat" },
		{ "bearer,a, chat ,v2", "chat, v2" },
		{ "chat, bearer, a", "chat" },
		{ "r, bearer, a, s", "r, s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer others;

		buffer_init(&others, 1000);
		buffer_add_text(&others, ">");
		subprotocol_add_others(span_of(rows[i][0]), &others);
		assert_string_equal(others.at + 1, rows[i][1]);
		buffer_done(&others);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_follows_bearer),
		cmocka_unit_test(the_others_are_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
