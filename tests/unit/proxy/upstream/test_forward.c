/* SPDX-License-Identifier: Apache-2.0 */
/* One request as a whole: when it is sent a second time, when its answer may take long, what is
 * counted. */
#include "exchanged.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* An API that answers once on a connection, and closes it when it is asked again. */
#define ONCE_THEN_CLOSE                                                                            \
	{ API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" }, { API_SAY, OK_ANSWER },                    \
	    { API_HEAR, "\r\n\r\n" },                                                              \
	{                                                                                          \
		API_CLOSE, NULL                                                                    \
	}

static void
a_connection_serves_one_request_after_the_other(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, OK_ANSWER }, { API_HEAR, "\r\n\r\n" }, { API_SAY, OK_ANSWER } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	exchanged_run(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.bytes_out, 2);
	assert_int_equal(
	    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_OPENED), 1);
	assert_int_equal(
	    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_REUSED), 1);
	assert_int_equal(upstream_count_open(upstream_count(exchanged.upstream)), 1);
	exchanged_done(&exchanged);
}

/* The API closed the connection just as it was taken from the pool. */
static void
what_may_be_repeated_is_sent_again_on_a_new_connection(void **state)
{
	static const char *const heads[] = { "GET / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n",
		"PUT / HTTP/1.1\r\n\r\n", "DELETE / HTTP/1.1\r\n\r\n",
		"OPTIONS / HTTP/1.1\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const struct api_step steps[] = { ONCE_THEN_CLOSE, { API_ACCEPT, NULL },
			{ API_HEAR, heads[i] }, { API_SAY, "HTTP/1.1 204 No Content\r\n\r\n" } };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		exchanged_run(&exchanged);
		assert_int_equal(exchanged.result.status, 200);
		exchanged_request(&exchanged, heads[i]);
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_OK);
		assert_null(exchanged.result.detail);
		assert_int_equal(exchanged.result.status, 204);
		assert_int_equal(
		    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_OPENED), 2);
		assert_int_equal(
		    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_RETRIES), 1);
		/* The pool's connection was stale: nothing has failed. */
		assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_RESET), 0);
		exchanged_done(&exchanged);
	}
}

static void
what_may_not_be_repeated_is_sent_once(void **state)
{
	static const char *const heads[] = { "POST / HTTP/1.1\r\n\r\n", "PATCH / HTTP/1.1\r\n\r\n",
		"get / HTTP/1.1\r\n\r\n", "QUERY / HTTP/1.1\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const struct api_step steps[] = { ONCE_THEN_CLOSE };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		exchanged_run(&exchanged);
		exchanged_request(&exchanged, heads[i]);
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_UNREACHABLE);
		assert_int_equal(
		    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_OPENED), 1);
		assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_RESET), 1);
		assert_int_equal(
		    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_RETRIES), 0);
		exchanged_done(&exchanged);
	}
}

/* A body that was read from the client is gone, and cannot be sent again. */
static void
a_body_that_was_read_is_not_sent_again(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, OK_ANSWER }, { API_HEAR, "\r\n\r\nhello" }, { API_CLOSE, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	exchanged_run(&exchanged);
	exchanged_request(&exchanged, "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
	exchanged.exchange.request.framing = BODY_LENGTH;
	exchanged.exchange.request.content_length = 5;
	exchanged_sends(&exchanged, "hello");
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_UNREACHABLE);
	assert_int_equal(
	    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_OPENED), 1);
	exchanged_done(&exchanged);
}

/* After a byte of an answer the API has seen the request, and may have acted on it. */
static void
an_answer_that_began_is_not_asked_for_again(void **state)
{
	static const char *const parts[] = { "HTTP/1.1 2", "HTTP/1.1 103 Early Hints\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, OK_ANSWER }, { API_HEAR, "\r\n\r\n" }, { API_SAY, parts[i] },
			{ API_CLOSE, NULL } };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		exchanged_run(&exchanged);
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason,
		    i == 0 ? REASON_UPSTREAM_MALFORMED : REASON_UPSTREAM_UNREACHABLE);
		assert_int_equal(
		    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_OPENED), 1);
		exchanged_done(&exchanged);
	}
}

static void
a_new_connection_that_is_closed_is_not_tried_again(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_CLOSE, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_UNREACHABLE);
	assert_int_equal(exchanged.result.status, 0);
	assert_int_equal(
	    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_OPENED), 1);
	assert_int_equal(upstream_count_open(upstream_count(exchanged.upstream)), 0);
	exchanged_done(&exchanged);
}

static void
an_api_that_is_not_there_is_named(void **state)
{
	const struct api_step steps[] = { { API_CLOSE, NULL } };
	struct exchanged exchanged;
	char *slash;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	api_over(&exchanged.api);
	upstream_unref(exchanged.upstream);
	slash = strrchr(exchanged.api.url, '/');
	(void)snprintf(slash, 9, "/nobody");
	assert_true(upstream_new(exchanged.api.url, &(struct upstream_trust){ NULL },
	    &exchanged.upstream, &(struct err){ "" }));
	exchanged.group->members[0] = exchanged.upstream;
	exchanged_run(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_UNREACHABLE);
	assert_non_null(strstr(exchanged.result.detail, "/nobody: cannot connect"));
	assert_non_null(strstr(exchanged.result.detail, "No such file or directory"));
	assert_int_equal(exchanged.exchange.written.len, 0);
	assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_CONNECT), 1);
	exchanged_done(&exchanged);
}

static void
the_gate_learns_that_an_answer_may_take_long(void **state)
{
	static const struct {
		const char *says;
		int lasts;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", 0 },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 9999999\r\n\r\n", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1 },
		{ "HTTP/1.0 200 OK\r\n\r\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, cases[i].says }, { API_CLOSE, NULL } };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_OK);
		if (exchanged.lasted != cases[i].lasts)
			fail_msg("%s: told %d times", cases[i].says, exchanged.lasted);
		exchanged_done(&exchanged);
	}
}

/* Events go on for ever; whatever else takes long has an end of its own. */
static void
a_stream_of_events_ends_when_it_may_not_go_on(void **state)
{
	static const struct {
		const char *type;
		bool watched;
	} cases[] = {
		{ "text/event-stream", true },
		{ "Text/Event-Stream; charset=utf-8", true },
		{ "text/event-stream ;x=y", true },
		{ "text/event-streams", false },
		{ "text/plain;text/event-stream", false },
		{ "application/octet-stream", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char says[200];
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, says }, { API_CLOSE, NULL } };
		struct exchanged exchanged;

		(void)snprintf(says, sizeof(says),
		    "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
		    cases[i].type);
		exchanged_init(&exchanged, STEPS_OF(steps));
		exchanged.forward.outlived = exchanged_outlived;
		exchanged_run_whole(&exchanged);
		assert_true(exchanged.exchange.aborted);
		assert_int_equal(exchanged.asked, cases[i].watched ? 1 : 0);
		if ((strcmp(exchanged.result.detail, "over") == 0) != cases[i].watched)
			fail_msg("%s: %s", cases[i].type, exchanged.result.detail);
		exchanged_done(&exchanged);
	}
}

static void
nobody_need_be_told(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	exchanged.forward.lasts = NULL;
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_done(&exchanged);
}

static void
an_answer_is_counted_by_the_time_it_took(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, OK_ANSWER } };
	struct exchanged exchanged;
	uint64_t answers = 0;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	exchanged_run_whole(&exchanged);
	for (int i = 0; i < UPSTREAM_BUCKETS; i++)
		answers += upstream_count_sum(
		    upstream_count(exchanged.upstream), UPSTREAM_BUCKETS_FROM + i);
	assert_int_equal(answers, 1);
	assert_true(exchanged.result.upstream_us >= 0 && exchanged.result.connect_us >= 0);
	assert_int_equal(
	    upstream_count_sum(upstream_count(exchanged.upstream), UPSTREAM_FIRST_BYTE_US),
	    exchanged.result.upstream_us);
	exchanged_done(&exchanged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_serves_one_request_after_the_other),
		cmocka_unit_test(what_may_be_repeated_is_sent_again_on_a_new_connection),
		cmocka_unit_test(what_may_not_be_repeated_is_sent_once),
		cmocka_unit_test(a_body_that_was_read_is_not_sent_again),
		cmocka_unit_test(an_answer_that_began_is_not_asked_for_again),
		cmocka_unit_test(a_new_connection_that_is_closed_is_not_tried_again),
		cmocka_unit_test(an_api_that_is_not_there_is_named),
		cmocka_unit_test(the_gate_learns_that_an_answer_may_take_long),
		cmocka_unit_test(a_stream_of_events_ends_when_it_may_not_go_on),
		cmocka_unit_test(nobody_need_be_told),
		cmocka_unit_test(an_answer_is_counted_by_the_time_it_took),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
