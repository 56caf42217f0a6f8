/* SPDX-License-Identifier: Apache-2.0 */
/* Which Host and Origin the operator's listener answers, on which address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/gate/admin_guard.h"

static struct request
request_of(const char *host, const char *origin)
{
	struct request request = { .method = SPAN("POST"),
		.target = SPAN("/reload"),
		.version_minor = 1,
		.peer = "127.0.0.1",
		.host = span_of(host) };

	if (origin != NULL)
		request.headers[request.header_count++] =
		    (struct header){ SPAN("Origin"), span_of(origin) };
	return request;
}

static enum reason
ask(const char *own, const struct request *request)
{
	const char *detail = NULL;
	struct address address;
	struct arena arena;
	struct err err = { "" };
	enum reason reason;

	arena_init(&arena, 1u << 16);
	if (!address_read(own, &address, &err))
		fail_msg("%s", err.text);
	reason = admin_guard_check(&address, request, &arena, &detail);
	assert_int_equal(detail != NULL, reason != REASON_OK);
	arena_done(&arena);
	return reason;
}

#define LOOPBACK "127.0.0.1:9901"

static const struct {
	const char *own, *host, *origin;
	bool answered;
} rows[] = {
	/* its own address and loopback, with any port: a port may be forwarded */
	{ LOOPBACK, "127.0.0.1:9901", NULL, true },
	{ LOOPBACK, "127.0.0.1", NULL, true },
	{ LOOPBACK, "127.0.0.1:19901", NULL, true },
	{ LOOPBACK, "127.8.9.10:9901", NULL, true },
	{ LOOPBACK, "localhost:9901", NULL, true },
	{ LOOPBACK, "LocalHost", NULL, true },
	{ LOOPBACK, "localhost.:9901", NULL, true },
	{ LOOPBACK, "[::1]:9901", NULL, true },
	{ LOOPBACK, "[0:0:0:0:0:0:0:1]", NULL, true },
	{ LOOPBACK, "[::ffff:127.0.0.1]:9901", NULL, true },
	{ "[::1]:9901", "127.0.0.1:9901", NULL, true },
	{ "10.1.2.3:9901", "10.1.2.3:9901", NULL, true },
	{ "10.1.2.3:9901", "[::ffff:10.1.2.3]:9901", NULL, true },
	{ "[2001:db8::1]:9901", "[2001:DB8:0::1]:9901", NULL, true },
	{ "unix:/run/admin.sock", "localhost", NULL, true },
	/* numbers, where it has all addresses: none of them can be rebound */
	{ "0.0.0.0:9901", "10.1.2.3:9901", NULL, true },
	{ "[::]:9901", "[2001:db8::1]:9901", NULL, true },
	{ "systemd:admin", "192.0.2.1", NULL, true },
	/* names of others */
	{ LOOPBACK, "evil.test", NULL, false },
	{ LOOPBACK, "evil.test:9901", NULL, false },
	{ LOOPBACK, "localhost.evil.test:9901", NULL, false },
	{ LOOPBACK, "localhost..", NULL, false },
	{ LOOPBACK, "evil.localhost", NULL, false },
	{ LOOPBACK, "127.0.0.1.evil.test", NULL, false },
	{ LOOPBACK, "127.0.0.1.", NULL, false },
	{ LOOPBACK, "127.1", NULL, false },
	{ LOOPBACK, "0x7f.0.0.1", NULL, false },
	{ LOOPBACK, "2130706433", NULL, false },
	{ LOOPBACK, "[127.0.0.1]", NULL, false },
	{ LOOPBACK, "[::1", NULL, false },
	{ LOOPBACK, "[]", NULL, false },
	{ LOOPBACK, "[", NULL, false },
	{ LOOPBACK, "0.0.0.0:9901", NULL, false },
	{ LOOPBACK, "[::]:9901", NULL, false },
	{ LOOPBACK, "10.1.2.3:9901", NULL, false },
	{ LOOPBACK, "128.0.0.1", NULL, false },
	{ "10.1.2.3:9901", "10.1.2.4:9901", NULL, false },
	{ "[2001:db8::1]:9901", "[2001:db8::2]:9901", NULL, false },
	{ "0.0.0.0:9901", "postern:9901", NULL, false },
	{ "systemd:admin", "evil.test", NULL, false },
	/* pages of its own, and of others */
	{ LOOPBACK, "127.0.0.1:9901", "http://127.0.0.1:9901", true },
	{ LOOPBACK, "localhost:9901", "HTTP://LOCALHOST:9901", true },
	{ LOOPBACK, "[::1]:9901", "http://[::1]:9901", true },
	{ "127.0.0.1:80", "127.0.0.1", "http://127.0.0.1:80", true },
	{ "127.0.0.1:80", "127.0.0.1:80", "http://127.0.0.1", true },
	{ LOOPBACK, "localhost:9901", "http://127.0.0.1:9901", false },
	{ LOOPBACK, "localhost:9901", "http://localhost:3000", false },
	{ LOOPBACK, "localhost:9901", "http://localhost", false },
	{ LOOPBACK, "localhost:9901", "https://localhost:9901", false },
	{ LOOPBACK, "localhost:9901", "http://evil.test", false },
	{ LOOPBACK, "localhost:9901", "http://localhost:9901.evil.test", false },
	{ LOOPBACK, "localhost:9901", "http://localhost:9901@evil.test", false },
	{ LOOPBACK, "localhost:9901", "null", false },
	{ LOOPBACK, "localhost:9901", "", false },
	{ LOOPBACK, "localhost:9901", "http://", false },
	{ LOOPBACK, "localhost:9901", "localhost:9901", false },
	{ "unix:/run/admin.sock", "localhost", "http://evil.test", false },
	{ LOOPBACK, "evil.test", "http://evil.test", false },
};

static void
host_and_origin_are_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request request = request_of(rows[i].host, rows[i].origin);
		enum reason expected = rows[i].answered ? REASON_OK : REASON_ORIGIN_NOT_ALLOWED;

		if (ask(rows[i].own, &request) != expected)
			fail_msg("%s on %s, Origin %s", rows[i].host, rows[i].own,
			    rows[i].origin == NULL ? "none" : rows[i].origin);
	}
}

static void
two_origins_are_none(void **state)
{
	struct request request = request_of("localhost:9901", "http://localhost:9901");

	(void)state;
	request.headers[request.header_count++] = request.headers[0];
	assert_int_equal(ask(LOOPBACK, &request), REASON_ORIGIN_NOT_ALLOWED);
}

/* Browsers name the host always, and do not come by a Unix socket. */
static void
what_no_browser_sends_needs_no_host(void **state)
{
	struct request request = request_of(NULL, NULL);

	(void)state;
	request.version_minor = 0;
	assert_int_equal(ask(LOOPBACK, &request), REASON_OK);
	request.version_minor = 1;
	assert_int_equal(ask(LOOPBACK, &request), REASON_ORIGIN_NOT_ALLOWED);
	request = request_of("anything", NULL);
	memcpy(request.peer, REQUEST_PEER_UNIX, sizeof(REQUEST_PEER_UNIX));
	assert_int_equal(ask("unix:/run/admin.sock", &request), REASON_OK);
	request = request_of("anything", "http://evil.test");
	memcpy(request.peer, REQUEST_PEER_UNIX, sizeof(REQUEST_PEER_UNIX));
	assert_int_equal(ask("unix:/run/admin.sock", &request), REASON_ORIGIN_NOT_ALLOWED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_and_origin_are_its_own),
		cmocka_unit_test(two_origins_are_none),
		cmocka_unit_test(what_no_browser_sends_needs_no_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
