/* SPDX-License-Identifier: Apache-2.0 */
/* A request's body on its way: what the API hears of it, and who is told when it breaks. */
#include "exchanged.h"

#define POST "POST / HTTP/1.1\r\nHost: api\r\n"
#define NUMBERED POST "Content-Length: 5\r\n\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define DONE "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

static void
posts(struct exchanged *exchanged, const char *head)
{
	struct request *request = &exchanged->exchange.request;

	exchanged_request(exchanged, head);
	request->framing = strstr(head, "chunked") != NULL ? BODY_CHUNKED : BODY_LENGTH;
	request->content_length = request->framing == BODY_LENGTH ? 5 : 0;
}

static void
a_body_arrives_as_its_head_announced(void **state)
{
	static const struct {
		const char *head, *heard;
	} cases[] = {
		{ NUMBERED, NUMBERED "hello" },
		{ CHUNKED, CHUNKED "5\r\nhello\r\n0\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL },
			{ API_HEAR, cases[i].heard }, { API_SAY, DONE } };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		posts(&exchanged, cases[i].head);
		exchanged_sends(&exchanged, "hello");
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_OK);
		assert_int_equal(exchanged.result.status, 201);
		assert_int_equal(exchanged.result.bytes_in, 5);
		assert_int_equal(exchanged.api.heard.len, strlen(cases[i].heard));
		assert_int_equal(upstream_idle(exchanged.upstream), 1);
		exchanged_done(&exchanged);
	}
}

static void
an_empty_chunked_body_is_its_end_alone(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, CHUNKED "0\r\n\r\n" },
		{ API_SAY, DONE } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, CHUNKED);
	exchanged_sends(&exchanged, "");
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.bytes_in, 0);
	exchanged_done(&exchanged);
}

/* What the engine holds is not in the socket: waiting for the socket would wait in vain. */
static void
what_was_read_with_the_head_goes_first(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, NUMBERED "hello" },
		{ API_SAY, DONE } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged.exchange.buffered = SPAN("hel");
	exchanged_sends(&exchanged, "lo");
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_done(&exchanged);
}

/* An engine need not tell its socket; then each read waits by itself. */
static void
without_a_socket_the_body_is_read_all_the_same(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, NUMBERED "hello" },
		{ API_SAY, DONE } };
	struct exchanged exchanged;
	int socket;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged.exchange.buffered = SPAN("hello");
	socket = exchanged.exchange.socket;
	exchanged.exchange.socket = -1;
	exchanged_run_whole(&exchanged);
	exchanged.exchange.socket = socket;
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_done(&exchanged);
}

/* RFC 9110 section 10.1.1: the gate says 100 itself, and the API's own 100 stays here. */
static void
who_expects_100_gets_one(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 100 Continue\r\n\r\n" }, { API_HEAR, "hello" },
		{ API_SAY, DONE } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged.exchange.request.expects_continue = true;
	exchanged_sends(&exchanged, "hello");
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_true(
	    exchanged_starts(&exchanged, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n"));
	exchanged_done(&exchanged);
}

static void
who_leaves_before_their_100_is_told_nothing_more(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged.exchange.request.expects_continue = true;
	exchanged.exchange.writes_left = 0;
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_CLIENT_GONE);
	assert_true(exchanged.exchange.aborted);
	exchanged_done(&exchanged);
}

/* The API answers before it has all of the body: the rest is not wanted. */
static void
an_early_answer_ends_the_upload(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n" },
		{ API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED); /* and the client sends nothing */
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.status, 413);
	assert_int_equal(exchanged.result.bytes_in, 0);
	/* What is left of the request would be read as the head of the next one. */
	assert_int_equal(upstream_idle(exchanged.upstream), 0);
	exchanged_done(&exchanged);
}

static void
an_early_answer_that_comes_in_two_parts(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 413 " }, { API_AWAIT, NULL },
		{ API_SAY, "Too Large\r\nContent-Length: 0\r\n\r\n" }, { API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.status, 413);
	assert_true(exchanged_starts(
	    &exchanged, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 413 Too Large\r\n"));
	exchanged_done(&exchanged);
}

static void
hints_during_the_upload_do_not_end_it(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" }, { API_AWAIT, NULL },
		{ API_HEAR, "5\r\nhello\r\n0\r\n\r\n" }, { API_SAY, DONE } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, CHUNKED);
	exchanged_sends(&exchanged, "hello");
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.status, 201);
	assert_non_null(strstr(exchanged_written(&exchanged), "103 Early Hints\r\nLink: </a>"));
	assert_int_equal(upstream_idle(exchanged.upstream), 1);
	exchanged_done(&exchanged);
}

static void
nonsense_during_the_upload_is_the_apis_answer(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "nonsense\r\n\r\n" }, { API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_MALFORMED);
	assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_MALFORMED), 1);
	exchanged_done(&exchanged);
}

static void
an_api_that_closes_during_the_upload_gave_no_answer(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_CLOSE, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, NUMBERED);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_UNREACHABLE);
	assert_string_equal(exchanged.result.detail, "the upstream closed without an answer");
	assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_RESET), 1);
	exchanged_done(&exchanged);
}

/* Each way in which the client's part of it fails; the API sees a body cut off, and no answer of
 * its own is waited for. */
static void
a_body_that_breaks_is_the_clients_fault(void **state)
{
	static const struct {
		const char *sends;
		ssize_t result;
		bool late; /* no byte comes, and the deadline is over */
		int64_t limit;
		enum reason reason;
		const char *detail;
		int bytes_in;
	} cases[] = {
		{ "hel", EXCHANGE_BROKEN, false, 0, REASON_REQUEST_MALFORMED,
		    "the body ended early or is framed incorrectly", 3 },
		{ "hel", EXCHANGE_LATE, false, 0, REASON_REQUEST_TIMEOUT,
		    "the body did not arrive in time", 3 },
		{ NULL, 0, true, 0, REASON_REQUEST_TIMEOUT, "the body did not arrive in time", 0 },
		{ "hello world", 0, false, 10, REASON_BODY_TOO_LARGE,
		    "the body is larger than limits.body_bytes", 11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, NULL } };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		posts(&exchanged, CHUNKED);
		exchanged.exchange.body_result = cases[i].result;
		exchanged.forward.body_limit = cases[i].limit;
		if (cases[i].late)
			exchanged.exchange.body_until_us = 1;
		if (cases[i].sends != NULL)
			exchanged_sends(&exchanged, cases[i].sends);
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, cases[i].reason);
		assert_string_equal(exchanged.result.detail, cases[i].detail);
		assert_int_equal(exchanged.result.bytes_in, cases[i].bytes_in);
		assert_false(exchanged.exchange.keeps);
		assert_int_equal(exchanged.exchange.written.len, 0);
		/* Nobody may take the part for the whole. */
		assert_false(api_heard(&exchanged.api, "0\r\n\r\n"));
		for (int kind = 0; kind < UPSTREAM_FAILURES; kind++)
			assert_int_equal(
			    exchanged_failures(&exchanged, (enum upstream_failure)kind), 0);
		exchanged_done(&exchanged);
	}
}

static void
exactly_the_limit_is_within_it(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL },
		{ API_HEAR, "5\r\nhello\r\n0\r\n\r\n" }, { API_SAY, DONE } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	posts(&exchanged, CHUNKED);
	exchanged.forward.body_limit = 5;
	exchanged_sends(&exchanged, "hello");
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_done(&exchanged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_arrives_as_its_head_announced),
		cmocka_unit_test(an_empty_chunked_body_is_its_end_alone),
		cmocka_unit_test(what_was_read_with_the_head_goes_first),
		cmocka_unit_test(without_a_socket_the_body_is_read_all_the_same),
		cmocka_unit_test(who_expects_100_gets_one),
		cmocka_unit_test(who_leaves_before_their_100_is_told_nothing_more),
		cmocka_unit_test(an_early_answer_ends_the_upload),
		cmocka_unit_test(an_early_answer_that_comes_in_two_parts),
		cmocka_unit_test(hints_during_the_upload_do_not_end_it),
		cmocka_unit_test(nonsense_during_the_upload_is_the_apis_answer),
		cmocka_unit_test(an_api_that_closes_during_the_upload_gave_no_answer),
		cmocka_unit_test(a_body_that_breaks_is_the_clients_fault),
		cmocka_unit_test(exactly_the_limit_is_within_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
