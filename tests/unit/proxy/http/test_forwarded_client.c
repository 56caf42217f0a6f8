/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/forwarded_client.h"

#define FOR FORWARDED_FOR
#define ALL (FORWARDED_FOR | FORWARDED_PROTO | FORWARDED_HOST)
#define RFC FORWARDED_ELEMENTS
#define HOST "Host: gate\n"

/* 10.0.0.0/8, ::1 and Unix sockets are trusted, the socket's peer is 10.0.0.1, the connection in
 * plain. Client, scheme and host as they become; client NULL: refused. */
static const struct {
	unsigned headers;
	const char *lines, *client;
	bool secure;
	const char *host;
} cases[] = {
	{ ALL, HOST, "10.0.0.1", false, "gate" },
	{ ALL, HOST "X-Forwarded-For: 1.1.1.1\n", "1.1.1.1", false, "gate" },
	{ ALL, HOST "x-forwarded-for: 1.1.1.1\nX-FORWARDED-PROTO: HTTPS\n", "1.1.1.1", true,
	    "gate" },
	{ ALL, HOST "X-Forwarded-Host: a.example:8443\n", "10.0.0.1", false, "a.example:8443" },
	{ ALL, HOST "X-Forwarded-Proto: https\n", "10.0.0.1", true, "gate" },
	{ ALL, HOST "X-Forwarded-Proto: wss\n", "10.0.0.1", true, "gate" },
	{ ALL, HOST "X-Forwarded-Proto: ws\n", "10.0.0.1", false, "gate" },
	/* Only what is configured counts. */
	{ FOR, HOST "X-Forwarded-Proto: https\nX-Forwarded-Host: evil\nForwarded: for=6.6.6.6\n",
	    "10.0.0.1", false, "gate" },
	{ RFC, HOST "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil\n",
	    "10.0.0.1", false, "gate" },
	{ FORWARDED_PROTO, HOST "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: http, https\n",
	    "10.0.0.1", true, "gate" },
	{ ALL, HOST "X_Forwarded_For: 6.6.6.6\nX-Real-IP: 6.6.6.6\n", "10.0.0.1", false, "gate" },
	{ 0, HOST "X-Forwarded-For: 6.6.6.6\nForwarded: for=6.6.6.6\n", "10.0.0.1", false, "gate" },
	/* From the right end. */
	{ FOR, HOST "X-Forwarded-For: 6.6.6.6, 1.1.1.1\n", "1.1.1.1", false, "gate" },
	{ FOR, HOST "X-Forwarded-For: 6.6.6.6, 1.1.1.1, 10.0.0.9, ::1\n", "1.1.1.1", false,
	    "gate" },
	{ FOR, HOST "X-Forwarded-For: 6.6.6.6\nX-Forwarded-For: 1.1.1.1\n", "1.1.1.1", false,
	    "gate" },
	{ FOR, HOST "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 10.0.0.9\n", "1.1.1.1", false,
	    "gate" },
	{ FOR, HOST "X-Forwarded-For: 10.0.0.8, 10.0.0.9\n", "10.0.0.8", false, "gate" },
	{ FOR, HOST "X-Forwarded-For: 1.1.1.1:99, [::1]:80\n", "1.1.1.1", false, "gate" },
	{ FOR, HOST "X-Forwarded-For: fe80::1%eth0\n", "fe80::1", false, "gate" },
	/* What does not count may be anything. */
	{ FOR, HOST "X-Forwarded-For: x, ,\", 1.1.1.1\n", NULL, false, NULL },
	{ FOR, HOST "X-Forwarded-For: x, , 1.1.1.1\n", "1.1.1.1", false, "gate" },
	{ FOR, HOST "X-Forwarded-For: x\nX-Forwarded-For: 1.1.1.1\n", "1.1.1.1", false, "gate" },
	{ FOR, HOST "X-Forwarded-For: x, 10.0.0.9\n", NULL, false, NULL },
	{ FOR, HOST "X-Forwarded-For: 1.1.1.1, x\n", NULL, false, NULL },
	{ FOR, HOST "X-Forwarded-For: 1.1.1.1,\n", NULL, false, NULL },
	{ FOR, HOST "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For:\n", NULL, false, NULL },
	{ FOR, HOST "X-Forwarded-For: unix\n", NULL, false, NULL },
	/* Who is concealed is in no network. */
	{ FOR, HOST "X-Forwarded-For: 10.0.0.9, unknown\n", "unknown", false, "gate" },
	{ RFC, HOST "Forwarded: for=10.0.0.9, for=_ten\n", "_ten", false, "gate" },
	{ RFC, HOST "Forwarded: for=10.0.0.9, proto=https\n", "unknown", true, "gate" },
	{ RFC, HOST "Forwarded: for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=https;host=\"a:1\"\n",
	    "2001:db8::1", true, "a:1" },
	/* A quotation mark of the client's does not swallow what a proxy appends. */
	{ RFC, HOST "Forwarded: for=6.6.6.6;x=\", for=1.1.1.1\n", NULL, false, NULL },
	{ RFC, HOST "Forwarded: for=6.6.6.6;x=\", for=\"[::1]:1\"\n", NULL, false, NULL },
	{ RFC, HOST "Forwarded: for=6.6.6.6;x=\", for=\"[::1]:1\";host=\"a:1\"\n", NULL, false,
	    NULL },
	{ RFC, HOST "Forwarded: for=6.6.6.6;x=\"\\\", for=\"[::1]:1\";host=\"a:1\"\n", NULL, false,
	    NULL },
	{ RFC, HOST "Forwarded: x=\"\nForwarded: for=1.1.1.1\n", "1.1.1.1", false, "gate" },
	{ RFC, HOST "Forwarded: for=1.1.1.1;for=6.6.6.6\n", NULL, false, NULL },
	/* Of several, that of the proxy which the client has asked; else the first there is. */
	{ ALL,
	    HOST "X-Forwarded-For: 1.1.1.1, 10.0.0.9\nX-Forwarded-Proto: http, https, http\n"
		 "X-Forwarded-Host: evil, a, b\n",
	    "1.1.1.1", true, "a" },
	{ ALL, HOST "X-Forwarded-For: 1.1.1.1, 10.0.0.9\nX-Forwarded-Proto: https\n", "1.1.1.1",
	    true, "gate" },
	{ ALL, HOST "X-Forwarded-For: 1.1.1.1\nX-Forwarded-Proto: https\nX-Forwarded-Proto: http\n",
	    "1.1.1.1", false, "gate" },
	{ RFC, HOST "Forwarded: for=1.1.1.1;proto=https;host=a, for=10.0.0.9;proto=http;host=b\n",
	    "1.1.1.1", true, "a" },
	{ RFC, HOST "Forwarded: for=1.1.1.1, for=10.0.0.9;proto=https;host=b\n", "1.1.1.1", false,
	    "gate" },
	/* What cannot be read is refused. */
	{ ALL, HOST "X-Forwarded-Proto: gopher\n", NULL, false, NULL },
	{ ALL, HOST "X-Forwarded-Proto:\n", NULL, false, NULL },
	{ ALL, HOST "X-Forwarded-Proto: \"\n", NULL, false, NULL },
	{ ALL, HOST "X-Forwarded-Host: a/b\n", NULL, false, NULL },
	{ ALL, HOST "X-Forwarded-Host: a@b\n", NULL, false, NULL },
	{ ALL, HOST "X-Forwarded-Host:\n", NULL, false, NULL },
	{ RFC, HOST "Forwarded: for=1.1.1.1;proto=ftp\n", NULL, false, NULL },
	{ RFC, HOST "Forwarded: for=1.1.1.1;host=\"a b\"\n", NULL, false, NULL },
	{ RFC, HOST "Forwarded: for=localhost\n", NULL, false, NULL },
};

static struct cidr networks[2];
static struct forwarded_rules rules = { { networks, 2, true }, 0 };

static int
set_up(void **state)
{
	struct err err;

	(void)state;
	return cidr_read(SPAN("10.0.0.0/8"), &networks[0], &err) &&
		       cidr_read(SPAN("::1"), &networks[1], &err)
		   ? 0
		   : -1;
}

static const struct request_certificate certificate = { .subject = SPAN("CN=proxy") };

static void
begin(struct request *request, const char *lines, const char *peer)
{
	head_read(request, "GET", lines);
	request->certificate = &certificate;
	(void)snprintf(request->peer, sizeof(request->peer), "%s", peer);
	assert_int_equal(request_check(request), REASON_OK);
}

static void
the_client_is_whom_trusted_proxies_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request;
		enum reason reason;
		bool named;

		begin(&request, cases[i].lines, "10.0.0.1");
		rules.headers = cases[i].headers;
		reason = forwarded_client_read(&rules, &request);
		if ((reason == REASON_OK) != (cases[i].client != NULL))
			fail_msg("case %zu: %s", i, request.detail == NULL ? "OK" : request.detail);
		if (reason != REASON_OK) {
			assert_int_equal(reason, REASON_REQUEST_MALFORMED);
			assert_non_null(request.detail);
			continue;
		}
		if (strcmp(request.peer, cases[i].client) != 0 ||
		    request.secure != cases[i].secure || !span_is(request.host, cases[i].host))
			fail_msg("case %zu: %s, %d, %.*s", i, request.peer, request.secure,
			    SPAN_ARG(request.host));
		named = strcmp(request.peer, "10.0.0.1") != 0;
		assert_string_equal(request.proxy, named ? "10.0.0.1" : "");
		assert_true((request.certificate == NULL) == named);
		assert_true(span_is(request.sent_host, "gate"));
	}
}

static void
nobody_else_is_believed(void **state)
{
	static const char *const peers[] = { "11.0.0.1", "1.1.1.1", "::2", "unknown", "_x", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct request request;

		begin(&request, HOST "X-Forwarded-For: 10.0.0.1, x\nX-Forwarded-Proto: gopher\n",
		    peers[i]);
		rules.headers = ALL;
		assert_int_equal(forwarded_client_read(&rules, &request), REASON_OK);
		assert_int_equal(forwarded_client_read(NULL, &request), REASON_OK);
		assert_string_equal(request.peer, peers[i]);
		assert_string_equal(request.proxy, "");
		assert_ptr_equal(request.certificate, &certificate);
	}
}

static void
nothing_is_believed_of_whom_a_proxy_conceals(void **state)
{
	struct request request;

	(void)state;
	begin(&request, HOST "X-Forwarded-For: 1.1.1.1\nX-Forwarded-Proto: x\n", "10.0.0.1");
	request.concealed = true;
	rules.headers = ALL;
	assert_int_equal(forwarded_client_read(&rules, &request), REASON_OK);
	assert_string_equal(request.peer, "10.0.0.1");
}

static void
the_socket_stays_the_proxy_when_it_has_named_another_one(void **state)
{
	struct request request;

	(void)state;
	begin(&request, HOST "X-Forwarded-For: 1.1.1.1\n", "10.0.0.2");
	memcpy(request.proxy, "10.0.0.1", 9);
	rules.headers = FOR;
	assert_int_equal(forwarded_client_read(&rules, &request), REASON_OK);
	assert_string_equal(request.peer, "1.1.1.1");
	assert_string_equal(request.proxy, "10.0.0.1");
}

static void
a_unix_socket_may_be_a_proxy_and_tls_may_end_in_plain(void **state)
{
	struct request request;

	(void)state;
	begin(&request, HOST "Forwarded: for=1.1.1.1;proto=http\n", REQUEST_PEER_UNIX);
	request.secure = true;
	rules.headers = RFC;
	assert_int_equal(forwarded_client_read(&rules, &request), REASON_OK);
	assert_string_equal(request.peer, "1.1.1.1");
	assert_string_equal(request.proxy, REQUEST_PEER_UNIX);
	assert_false(request.secure);
}

/* `count` proxies, whose client is 1.1.1.1. */
static enum reason
read_chain(size_t count, struct request *request)
{
	static char lines[4096];
	size_t len =
	    (size_t)snprintf(lines, sizeof(lines), HOST "X-Forwarded-For: 6.6.6.6, 1.1.1.1");

	for (size_t i = 1; i < count; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, ", 10.0.1.%zu", i % 256);
	(void)snprintf(lines + len, sizeof(lines) - len, "\n");
	begin(request, lines, "10.0.0.1");
	rules.headers = FOR;
	return forwarded_client_read(&rules, request);
}

static void
chains_have_an_end(void **state)
{
	struct request request;

	(void)state;
	assert_int_equal(read_chain(FORWARDED_CLIENT_PROXIES, &request), REASON_OK);
	assert_string_equal(request.peer, "1.1.1.1");
	assert_int_equal(
	    read_chain(FORWARDED_CLIENT_PROXIES + 1, &request), REASON_REQUEST_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_is_whom_trusted_proxies_name),
		cmocka_unit_test(nobody_else_is_believed),
		cmocka_unit_test(nothing_is_believed_of_whom_a_proxy_conceals),
		cmocka_unit_test(the_socket_stays_the_proxy_when_it_has_named_another_one),
		cmocka_unit_test(a_unix_socket_may_be_a_proxy_and_tls_may_end_in_plain),
		cmocka_unit_test(chains_have_an_end),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
