/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/headers.h"

static const char *owned[] = { "X-User", "X-Roles" };

struct made_case {
	const char *name, *lines;
	const char *has;   /* must stand in the head; NULL: anything */
	const char *lacks; /* must not */
};

static const struct made_case cases[] = {
	{ "an ordinary header passes", "Host: h\nAccept: text/html\n", "\r\nAccept: text/html\r\n",
	    NULL },
	{ "the client's copy of ours goes", "Host: h\nX-User: evil\n", NULL, "evil" },
	{ "in lower case too", "Host: h\nx-user: evil\n", NULL, "evil" },
	{ "in capitals too", "Host: h\nX-USER: evil\n", NULL, "evil" },
	{ "with an underscore too", "Host: h\nX_User: evil\n", NULL, "evil" },
	{ "with a dot too", "Host: h\nX.User: evil\n", NULL, "evil" },
	{ "ours stands though Connection names it", "Host: h\nConnection: X-User\n",
	    "\r\nX-User: jane\r\n", NULL },
	{ "Connection cannot remove Cookie", "Host: h\nConnection: cookie\nCookie: a=b\n",
	    "\r\nCookie: a=b\r\n", NULL },
	{ "what Connection names goes", "Host: h\nConnection: X-Hop\nX-Hop: gone\n", NULL, "gone" },
	{ "Connection itself goes", "Host: h\nConnection: keep-alive\n", NULL, "Connection:" },
	{ "Proxy-Authorization goes", "Host: h\nProxy-Authorization: Basic eA==\n", NULL, "eA==" },
	{ "Proxy goes", "Host: h\nProxy: http://evil\n", NULL, "evil" },
	{ "the token goes", "Host: h\nAuthorization: Bearer secret\n", NULL, "secret" },
	{ "the token goes in another spelling",
	    "Host: h\nAuthorization_: x\nauthorization: secret\n", NULL, "secret" },
	{ "a claimed forwarder goes", "Host: h\nX-Forwarded-For: 1.2.3.4\n",
	    "\r\nX-Forwarded-For: 10.0.0.7\r\n", "1.2.3.4" },
	{ "Forwarded goes", "Host: h\nForwarded: for=1.2.3.4\n", NULL, "1.2.3.4" },
	{ "a claimed request id goes", "Host: h\nX-Request-Id: evil\n", "\r\nX-Request-Id: id\r\n",
	    "evil" },
	{ "a claimed trace goes, since the gate says which", "Host: h\ntraceparent: evil\n", NULL,
	    "evil" },
	{ "a trace's state stays with it", "Host: h\ntracestate: a=b\n", "\r\ntracestate: a=b\r\n",
	    NULL },
	{ "a claimed certificate goes", "Host: h\nX-Client-Certificate: CN=evil\n", NULL, "evil" },
	{ "in another spelling too", "Host: h\nx_client.CERTIFICATE: CN=evil\n", NULL, "evil" },
	{ "and several times", "Host: h\nX-Client-Certificate: a\nX-Client-Certificate: evil\n",
	    NULL, "Certificate" },
	{ "a rewritten URL goes", "Host: h\nX-Original-URL: /admin\n", NULL, "/admin" },
	{ "TE and Trailer go", "Host: h\nTE: trailers\nTrailer: X\n", NULL, "railer" },
	{ "Upgrade goes when it is not passed on", "Host: h\nUpgrade: h2c\n", NULL, "h2c" },
	{ "the length is ours", "Host: h\nContent-Length: 7\n", "\r\nContent-Length: 7\r\n", NULL },
	{ "chunked stays chunked", "Host: h\nTransfer-Encoding: chunked\n",
	    "\r\nTransfer-Encoding: chunked\r\n", "Content-Length" },
	{ "the client's host is passed on", "Host: api.example\n", "\r\nHost: api.example\r\n",
	    NULL },
};

static struct span
make(const char *lines, bool keep_authorization, struct arena *arena)
{
	static const struct header identity[] = { { { "X-User", 6 }, { "jane", 4 } } };
	static struct request request;
	struct headers_rules rules = {
		.keep_authorization = keep_authorization,
		.owned = { owned, 2, NULL },
	};
	struct headers_setup setup = {
		.rules = &rules,
		.request = &request,
		.path = SPAN("/a"),
		.query = SPAN("b=c"),
		.has_query = true,
		.request_id = SPAN("id"),
		.identity = identity,
		.identity_count = 1,
	};

	head_read(&request, "POST", lines);
	memcpy(request.peer, "10.0.0.7", 9);
	assert_int_equal(request_check(&request), REASON_OK);
	return headers_make(&setup, arena);
}

static void
heads_are_made(void **state)
{
	struct arena arena;
	int wrong = 0;

	(void)state;
	arena_init(&arena, 1u << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span head = make(cases[i].lines, false, &arena);

		assert_non_null(head.at);
		if ((cases[i].has != NULL && strstr(head.at, cases[i].has) == NULL) ||
		    (cases[i].lacks != NULL && strstr(head.at, cases[i].lacks) != NULL)) {
			print_error("%s:\n%s", cases[i].name, head.at);
			wrong++;
		}
	}
	arena_done(&arena);
	assert_int_equal(wrong, 0);
}

static void
the_target_is_what_was_judged(void **state)
{
	struct arena arena;
	struct span head;

	(void)state;
	arena_init(&arena, 1u << 20);
	head = make("Host: h\n", false, &arena);
	assert_true(span_starts(head, SPAN("POST /a?b=c HTTP/1.1\r\nHost: h\r\n")));
	assert_true(span_ends(head, SPAN("\r\n\r\n")));
	arena_done(&arena);
}

static void
the_verified_subject_replaces_a_claimed_one(void **state)
{
	static const struct request_certificate named = { .subject = { "CN=partner,O=Big", 16 } },
						nameless = { .subject = { "", 0 } };
	struct request request;
	struct headers_rules rules = { .owned = { owned, 2, NULL } };
	struct headers_setup setup = { .rules = &rules, .request = &request, .path = SPAN("/") };
	struct arena arena;
	struct span head;

	(void)state;
	arena_init(&arena, 1u << 20);
	head_read(&request, "GET",
	    "Host: h\nConnection: X-Client-Certificate\nX-Client-Certificate: CN=evil\n");
	assert_int_equal(request_check(&request), REASON_OK);
	request.certificate = &named;
	head = headers_make(&setup, &arena);
	assert_non_null(strstr(head.at, "\r\nX-Client-Certificate: CN=partner,O=Big\r\n"));
	assert_null(strstr(head.at, "evil"));
	request.certificate = &nameless;
	assert_null(strstr(headers_make(&setup, &arena).at, "Certificate"));
	arena_done(&arena);
}

static void
a_peer_without_an_address_is_not_forwarded_as_one(void **state)
{
	struct request request;
	struct headers_rules rules = { .owned = { owned, 2, NULL } };
	struct headers_setup setup = { .rules = &rules, .request = &request, .path = SPAN("/") };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1u << 20);
	head_read(&request, "GET", "Host: h\nX-Forwarded-For: 10.0.0.1\n");
	memcpy(request.peer, REQUEST_PEER_UNIX, sizeof(REQUEST_PEER_UNIX));
	assert_int_equal(request_check(&request), REASON_OK);
	assert_null(strstr(headers_make(&setup, &arena).at, "X-Forwarded-For"));
	arena_done(&arena);
}

static void
the_token_is_kept_when_asked(void **state)
{
	struct arena arena;
	struct span head;

	(void)state;
	arena_init(&arena, 1u << 20);
	head = make("Host: h\nAuthorization: Bearer abc\n", true, &arena);
	assert_non_null(strstr(head.at, "\r\nAuthorization: Bearer abc\r\n"));
	arena_done(&arena);
}

static const struct made_case hiding[] = {
	{ "the cookie goes, the others stay", "Cookie: a=1; c=secret;  b=\"2\"\n",
	    "\r\nCookie: a=1;  b=\"2\"\r\n", "secret" },
	{ "a header without others goes", "Cookie: c=secret\n", NULL, "ookie" },
	{ "in another line too", "Cookie: a=1\ncookie: c=secret\n", "\r\nCookie: a=1\r\n",
	    "cookie" },
	{ "though Connection names it", "Connection: cookie\nCookie: c=secret\n", NULL, "secret" },
	{ "bearer and its token go", "Sec-WebSocket-Protocol: v1,bearer, secret ,v2\n",
	    "\r\nSec-WebSocket-Protocol: v1, v2\r\n", "secret" },
	{ "the header, too, when nothing else is offered",
	    "Sec-WebSocket-Protocol: bearer, secret\n", NULL, "Sec-" },
	{ "in another spelling it goes as a whole", "Sec_WebSocket_Protocol: x, secret\n", NULL,
	    "secret" },
	{ "a Referer with the token goes", "Referer: https://h/a?b=1&%71=secret#f\n", NULL,
	    "eferer" },
	{ "a Referer of a module with another name, too", "referer: /?r=secret\n", NULL, "eferer" },
	{ "any other stays", "Referer: https://h/q=1?x=r=q#?q=f\n",
	    "\r\nReferer: https://h/q=1?x=r=q#?q=f\r\n", NULL },
	{ "without a query it stays", "Referer: q=1\n", "\r\nReferer: q=1\r\n", NULL },
};

static void
what_is_for_the_gate_alone_is_hidden(void **state)
{
	static const char *names[] = { "q", "r" };
	static const struct texts queries = { names, 2, NULL };
	static const char *cookie = "c";
	static const struct texts cookies = { &cookie, 1, NULL };
	struct headers_rules rules = { .owned = { owned, 2, NULL } };
	struct arena arena;
	int wrong = 0;

	(void)state;
	arena_init(&arena, 1u << 20);
	for (size_t i = 0; i < sizeof(hiding) / sizeof(hiding[0]); i++) {
		struct request request;
		struct headers_setup setup = { .rules = &rules,
			.request = &request,
			.path = SPAN("/"),
			.hidden = { &cookies, true, &queries } };
		struct span head;

		head_read(&request, "GET", hiding[i].lines);
		head = headers_make(&setup, &arena);
		assert_true(span_ends(head, SPAN("\r\n\r\n")));
		assert_null(strstr(head.at + 1, "\r\n\r\n\r"));
		if ((hiding[i].has == NULL || strstr(head.at, hiding[i].has) != NULL) &&
		    (hiding[i].lacks == NULL || strstr(head.at, hiding[i].lacks) == NULL))
			continue;
		print_error("%s:\n%s", hiding[i].name, head.at);
		wrong++;
	}
	arena_done(&arena);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_made),
		cmocka_unit_test(the_target_is_what_was_judged),
		cmocka_unit_test(the_verified_subject_replaces_a_claimed_one),
		cmocka_unit_test(a_peer_without_an_address_is_not_forwarded_as_one),
		cmocka_unit_test(the_token_is_kept_when_asked),
		cmocka_unit_test(what_is_for_the_gate_alone_is_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
