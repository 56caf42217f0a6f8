/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/asked.h"

#define O "X-Original-Method: PUT\nX-Original-URI: /a\n"
#define F "X-Forwarded-Method: PUT\nX-Forwarded-Uri: /a\n"

/* peer NULL: malformed. host NULL: that of the gateway's request. */
static const struct {
	enum asked_form form;
	const char *target, *lines, *peer, *host;
} cases[] = {
	{ ASKED_FORWARDED, ASKED_PATH, F "X-Forwarded-Host: api.example:80\n", "127.0.0.1",
	    "api.example:80" },
	{ ASKED_FORWARDED, ASKED_PATH, F "X-Forwarded-Host: a\nX-Forwarded-Host: a\n", NULL, NULL },
	{ ASKED_FORWARDED, ASKED_PATH, F "X-Forwarded-Host: a\nX_Forwarded_Host: b\n", NULL, NULL },
	{ ASKED_FORWARDED, ASKED_PATH, F "X-Forwarded-Host:\n", NULL, NULL },
	{ ASKED_FORWARDED, ASKED_PATH, F "X-Forwarded-Host: a, b\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-Host: a\n", "127.0.0.1", NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH "/a", "X-Forwarded-Host: a\n", "127.0.0.1", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O, "127.0.0.1", NULL },
	{ ASKED_FORWARDED, ASKED_PATH, F, "127.0.0.1", NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH "/a", "", "127.0.0.1", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 1.2.3.4, 127.0.0.9\n", "1.2.3.4", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 1.2.3.4\nX-Forwarded-For: 5.6.7.8\n",
	    "5.6.7.8", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 1.2.3.4\nX-Forwarded-For: 127.0.0.9\n",
	    "1.2.3.4", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: x, 5.6.7.8\n", "5.6.7.8", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 127.0.0.9\n", "127.0.0.9", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 5.6.7.8, x\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 5.6.7.8,\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Forwarded-For: 5.6.7.8:80\n", "5.6.7.8", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, "", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, F, NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O F, NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X-Original-URI: /a\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X_Original_URI: /a\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, O "X.Forwarded.Uri: /a\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, "X-Original-Method: PUT\nX-Original-URI:\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH, "X-Original-Method: PUT\nX-Original-URI: a\n", NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH "/a", O, NULL, NULL },
	{ ASKED_ORIGINAL, ASKED_PATH "?a", O, "127.0.0.1", NULL },
	{ ASKED_ORIGINAL, ASKED_PATH "?/../", O, "127.0.0.1", NULL },
	{ ASKED_FORWARDED, ASKED_PATH "?" ASKED_PATH, F, "127.0.0.1", NULL },
	{ ASKED_FORWARDED, ASKED_PATH "/?a", F, NULL, NULL },
	{ ASKED_FORWARDED, ASKED_PATH "%3fa", F, NULL, NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH "?/a", "", NULL, NULL },
	{ ASKED_FORWARDED, ASKED_PATH, O, NULL, NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH, "", NULL, NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH "x/a", "", NULL, NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH "/a", O, NULL, NULL },
	{ ASKED_PATH_BELOW, ASKED_PATH "/a", "X-Forwarded-Uri: /a\n", NULL, NULL },
};

static void
exactly_the_form_that_is_configured_counts(void **state)
{
	struct cidr loopback;
	struct cidr_set proxies = { &loopback, 1, false };
	struct request_certificate certificate = { .subject = SPAN("CN=gateway") };
	struct err err;

	(void)state;
	assert_true(cidr_read(SPAN("127.0.0.0/8"), &loopback, &err));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request, asked;
		enum reason reason;

		head_read(&request, "PUT", cases[i].lines);
		request.headers[request.header_count++] =
		    (struct header){ SPAN("Host"), SPAN("gate.example") };
		request.target = span_of(cases[i].target);
		request.certificate = &certificate;
		memcpy(request.peer, "127.0.0.1", 10);
		reason = asked_read(cases[i].form, &proxies, &request, &asked);
		if ((reason == REASON_OK) != (cases[i].peer != NULL))
			fail_msg("case %zu: %s", i, asked.detail == NULL ? "OK" : asked.detail);
		if (reason != REASON_OK) {
			assert_non_null(asked.detail);
			continue;
		}
		assert_true(span_is(asked.method, "PUT") && span_is(asked.target, "/a"));
		assert_string_equal(asked.peer, cases[i].peer);
		assert_null(asked.certificate);
		/* as request_check() will find it, when the request is judged */
		assert_true(span_equal(request_header(&asked, "Host"),
		    cases[i].host == NULL ? request_header(&request, "Host")
					  : span_of(cases[i].host)));
	}
}

/* proto: lines of the gateway's request. */
static const struct {
	const char *proto;
	bool refused, secure;
} schemes[] = {
	{ "", false, false },
	{ "X-Forwarded-Proto: http\n", false, false },
	{ "X-Forwarded-Proto: https\n", false, true },
	{ "X-Forwarded-Proto: wss\n", false, true },
	{ "X-Forwarded-Proto: http\nX-Forwarded-Proto: https\n", false, true },
	{ "X-Forwarded-Proto: https, http\n", false, false },
	{ "X-Forwarded-Proto: ftp\n", true, false },
};

static void
the_scheme_is_what_the_gateway_says(void **state)
{
	struct cidr loopback;
	struct cidr_set proxies = { &loopback, 1, false };
	struct err err;

	(void)state;
	assert_true(cidr_read(SPAN("127.0.0.0/8"), &loopback, &err));
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct request request, asked;
		char lines[256];

		(void)snprintf(lines, sizeof(lines), O "%s", schemes[i].proto);
		head_read(&request, "GET", lines);
		request.target = SPAN(ASKED_PATH);
		memcpy(request.peer, "127.0.0.1", 10);
		assert_int_equal(asked_read(ASKED_ORIGINAL, &proxies, &request, &asked),
		    schemes[i].refused ? REASON_REQUEST_MALFORMED : REASON_OK);
		if (!schemes[i].refused)
			assert_int_equal(asked.secure, schemes[i].secure);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_form_that_is_configured_counts),
		cmocka_unit_test(the_scheme_is_what_the_gateway_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
