/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "proxy/gate/answer.h"

/* An engine whose client is a buffer: what answer.c needs of exchange.h. */
struct exchange {
	struct request request;
	struct buffer written;
	bool keeps, aborted;
};

struct request *
exchange_request(struct exchange *exchange)
{
	return &exchange->request;
}

bool
exchange_keep_alive(const struct exchange *exchange)
{
	return exchange->keeps;
}

void
exchange_close(struct exchange *exchange)
{
	exchange->keeps = false;
}

void
exchange_abort(struct exchange *exchange)
{
	exchange->keeps = false;
	exchange->aborted = true;
}

bool
exchange_write(struct exchange *exchange, struct span bytes)
{
	buffer_add(&exchange->written, bytes);
	return !exchange->written.failed;
}

static void
start(struct exchange *exchange, const char *method)
{
	*exchange = (struct exchange){ .keeps = true };
	exchange->request.method = span_of(method);
	exchange->request.host = SPAN("gate.test");
	buffer_init(&exchange->written, 1 << 16);
}

struct refusal_case {
	const char *name;
	struct answer_refusal refusal;
	const char *has[4], *lacks;
	bool keeps;
};

#define METADATA "resource_metadata=\"http://gate.test/.well-known/oauth-protected-resource\""

static const struct refusal_case cases[] = {
	{ "no credentials: a challenge without an error", { .reason = REASON_CREDENTIALS_MISSING },
	    { "HTTP/1.1 401 Unauthorized\r\n",
		"WWW-Authenticate: Bearer realm=\"postern\", " METADATA "\r\n",
		"\r\nDate: ", "\"reason\":\"credentials_missing\"" },
	    "error=", true },
	{ "a bad token is told as RFC 6750 has it",
	    { .reason = REASON_TOKEN_EXPIRED, .detail = "expired 7 s ago", .detail_public = true },
	    { "error=\"invalid_token\", error_description=\"expired 7 s ago\"",
		"\"detail\":\"expired 7 s ago\"", "X-Postern: refused\r\n",
		"Content-Type: application/problem+json\r\n" },
	    NULL, true },
	{ "a detail that is not public stays here",
	    { .reason = REASON_TOKEN_EXPIRED, .detail = "expired 7 s ago" },
	    { "error=\"invalid_token\"" }, "7 s ago", true },
	{ "a scope that would help is named",
	    { .reason = REASON_SCOPE_MISSING, .scope = { "orders:read", 11 } },
	    { "HTTP/1.1 403 ", "error=\"insufficient_scope\"", "scope=\"orders:read\"" }, NULL,
	    true },
	{ "where none would, there is no challenge", { .reason = REASON_PRIVILEGE_MISSING },
	    { "HTTP/1.1 403 " }, "WWW-Authenticate", true },
	{ "Basic is offered where it counts",
	    { .reason = REASON_CREDENTIALS_MISSING, .basic = true },
	    { "WWW-Authenticate: Basic realm=\"postern\", charset=\"UTF-8\"\r\n" }, NULL, true },
	{ "the metadata's URL may be configured",
	    { .reason = REASON_CREDENTIALS_MISSING, .metadata = "https://public.test/x" },
	    { "resource_metadata=\"https://public.test/x\"" }, "gate.test", true },
	{ "nobody waits without being told how long", { .reason = REASON_LOCKED_OUT, .wait_s = 17 },
	    { "HTTP/1.1 429 ", "Retry-After: 17\r\n" }, NULL, true },
	{ "or some seconds", { .reason = REASON_KEYS_UNAVAILABLE },
	    { "HTTP/1.1 503 ", "Retry-After: 5\r\n" }, NULL, true },
	{ "a request that may be two ends the connection",
	    { .reason = REASON_REQUEST_MALFORMED, .detail = "two lengths", .detail_public = true },
	    { "HTTP/1.1 400 ", "Connection: close\r\n" }, NULL, false },
	{ "no byte of a detail ends the header",
	    { .reason = REASON_TOKEN_MALFORMED,
		.detail = "a\"b\\c\r\nX-Evil: 1\xc3\xbc",
		.detail_public = true },
	    { "error_description=\"a'b'c??X-Evil: 1??\"" }, "\r\nX-Evil", true },
};

static void
expect(const struct refusal_case *one)
{
	struct answer_refusal refusal = one->refusal;
	struct exchange exchange;

	start(&exchange, "GET");
	refusal.request = &exchange.request;
	refusal.request_id = SPAN("id-1");
	answer_refuse(&exchange, &refusal);
	buffer_add_byte(&exchange.written, '\0');
	for (size_t i = 0; i < 4 && one->has[i] != NULL; i++)
		if (strstr(exchange.written.at, one->has[i]) == NULL)
			fail_msg(
			    "%s: lacks %s in\n%s", one->name, one->has[i], exchange.written.at);
	if (one->lacks != NULL && strstr(exchange.written.at, one->lacks) != NULL)
		fail_msg("%s: has %s in\n%s", one->name, one->lacks, exchange.written.at);
	assert_non_null(strstr(exchange.written.at, "X-Request-Id: id-1\r\n"));
	assert_non_null(strstr(exchange.written.at, "Cache-Control: no-store\r\n"));
	assert_int_equal(exchange.keeps, one->keeps);
	assert_false(exchange.aborted);
	buffer_done(&exchange.written);
}

static void
refusals_are_reported(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i]);
}

static void
a_head_has_the_length_but_not_the_body(void **state)
{
	struct answer answer = { .status = 200, .headers = SPAN("A: b\r\n"), .body = SPAN("xyz") };
	struct exchange exchange;

	(void)state;
	start(&exchange, "HEAD");
	exchange.request.version_minor = 1;
	answer_write(&exchange, &answer);
	assert_true(span_starts(buffer_span(&exchange.written), SPAN("HTTP/1.1 200 OK\r\nDate: ")));
	assert_true(span_ends(
	    buffer_span(&exchange.written), SPAN("\r\nContent-Length: 3\r\nA: b\r\n\r\n")));
	buffer_done(&exchange.written);
}

static void
an_answer_that_cannot_be_written_looks_cut(void **state)
{
	struct answer answer = { .status = 200, .body = SPAN("xyz") };
	struct exchange exchange;

	(void)state;
	start(&exchange, "GET");
	buffer_init(&exchange.written, 1);
	answer_write(&exchange, &answer);
	assert_true(exchange.aborted);
	buffer_done(&exchange.written);
}

static void
every_status_of_ours_has_a_phrase(void **state)
{
	(void)state;
	for (int reason = 1; reason < REASON_COUNT; reason++) {
		struct answer answer = { .status = reason_status((enum reason)reason) };
		struct exchange exchange;

		start(&exchange, "GET");
		answer_write(&exchange, &answer);
		if (strstr(exchange.written.at, " \r\n") != NULL)
			fail_msg("%s: %d", reason_word((enum reason)reason), answer.status);
		buffer_done(&exchange.written);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_reported),
		cmocka_unit_test(a_head_has_the_length_but_not_the_body),
		cmocka_unit_test(an_answer_that_cannot_be_written_looks_cut),
		cmocka_unit_test(every_status_of_ours_has_a_phrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
