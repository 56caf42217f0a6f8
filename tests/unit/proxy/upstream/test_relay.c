/* SPDX-License-Identifier: Apache-2.0 */
/* What a client gets of what an API says: each case is an answer on the wire, and what must arrive.
 */
#include "exchanged.h"

#define ID "X-Request-Id: r1\r\n"
#define DATED "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"

/* OLD: the client speaks HTTP/1.0. ENDS: it will close its connection. HEAD: it asks for a head. */
enum client { PLAIN, OLD, ENDS, HEAD };

static const struct {
	const char *name;
	enum client client;
	const char *says, *want;
	bool reused; /* the API's connection is kept for the next request */
	bool kept;   /* the client's is */
} answers[] = {
	{ "a body of known length", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 5\r\nX-A: 1\r\n\r\nhello",
	    "HTTP/1.1 200 OK\r\n" DATED "X-A: 1\r\nContent-Length: 5\r\n" ID "\r\nhello", true,
	    true },
	{ "chunks are framed anew, without extensions and trailers", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED
	    "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED "Transfer-Encoding: chunked\r\n" ID
	    "\r\n5\r\nhello\r\n0\r\n\r\n",
	    true, true },
	{ "a body until the connection ends becomes chunks", PLAIN,
	    "HTTP/1.0 200 OK\r\n" DATED "\r\nhello",
	    "HTTP/1.1 200 OK\r\n" DATED "Transfer-Encoding: chunked\r\n" ID
	    "\r\n5\r\nhello\r\n0\r\n\r\n",
	    false, true },
	{ "HTTP/1.0 knows no chunks, so the end says it", OLD,
	    "HTTP/1.1 200 OK\r\n" DATED "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED "Connection: close\r\n" ID "\r\nhello", true, false },
	{ "HTTP/1.0 is told that it may go on", OLD,
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\nConnection: keep-alive\r\n" ID
	    "\r\nhi",
	    true, true },
	{ "who closes is told so", ENDS, "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\nConnection: close\r\n" ID "\r\nhi",
	    true, false },
	{ "HEAD has the length and no body", HEAD,
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 500\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 500\r\n" ID "\r\n", true, true },
	{ "HEAD of what would be chunked", HEAD,
	    "HTTP/1.1 200 OK\r\n" DATED "Transfer-Encoding: chunked\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED ID "\r\n", true, true },
	{ "204 has no length", PLAIN, "HTTP/1.1 204 No Content\r\n" DATED "\r\n",
	    "HTTP/1.1 204 No Content\r\n" DATED ID "\r\n", true, true },
	{ "304 keeps the length of what it stands for", PLAIN,
	    "HTTP/1.1 304 Not Modified\r\n" DATED "ETag: \"a\"\r\nContent-Length: 9\r\n\r\n",
	    "HTTP/1.1 304 Not Modified\r\n" DATED "ETag: \"a\"\r\nContent-Length: 9\r\n" ID "\r\n",
	    true, true },
	{ "an empty body", PLAIN, "HTTP/1.1 404 Not Found\r\n" DATED "Content-Length: 0\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n" DATED "Content-Length: 0\r\n" ID "\r\n", true, true },
	{ "no reason phrase", PLAIN, "HTTP/1.1 200 \r\n" DATED "Content-Length: 0\r\n\r\n",
	    "HTTP/1.1 200 \r\n" DATED "Content-Length: 0\r\n" ID "\r\n", true, true },
	{ "hop-by-hop headers stay, and those that Connection names", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED "Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\n"
	    "X-Hop: 1\r\nProxy-Authenticate: Basic\r\nX-End: 1\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED "X-End: 1\r\nContent-Length: 0\r\n" ID "\r\n", true, true },
	{ "what only the gate says is not the API's to say", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED
	    "X-Postern: refused\r\nX-Request-Id: forged\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 0\r\n" ID "\r\n", true, true },
	{ "two cookies stay two", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED
	    "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED
	    "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n" ID "\r\n",
	    true, true },
	{ "an interim answer first", PLAIN,
	    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n" ID "\r\nhi",
	    true, true },
	{ "HTTP/1.0 gets no interim answer", OLD,
	    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\nConnection: keep-alive\r\n" ID
	    "\r\nhi",
	    true, true },
	{ "the API closes: its connection is not kept, the client's is", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED "Connection: close\r\nContent-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n" ID "\r\nhi", false, true },
	{ "bytes behind the answer belong to nobody", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n" ID "\r\nhi", false, true },
	{ "bytes behind an answer without a body", HEAD,
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 2\r\n" ID "\r\n", false, true },
	{ "bytes behind the last chunk", PLAIN,
	    "HTTP/1.1 200 OK\r\n" DATED "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore",
	    "HTTP/1.1 200 OK\r\n" DATED "Transfer-Encoding: chunked\r\n" ID "\r\n0\r\n\r\n", false,
	    true },
};

static void
ask(struct exchanged *exchanged, enum client client, const struct api_step *steps, size_t count)
{
	exchanged_init(exchanged, steps, count);
	if (client == HEAD)
		exchanged_request(exchanged, "HEAD / HTTP/1.1\r\nHost: api\r\n\r\n");
	exchanged->exchange.request.version_minor = client == OLD ? 0 : 1;
	exchanged->exchange.keeps = client != ENDS;
}

static void
expect_answer(const struct exchanged *exchanged, size_t i)
{
	const char *name = answers[i].name;

	if (exchanged->result.reason != REASON_OK || exchanged->result.detail != NULL)
		fail_msg("%s: refused, or cut off", name);
	if (strcmp(exchanged_written(exchanged), answers[i].want) != 0)
		fail_msg("%s: the client got\n%s", name, exchanged_written(exchanged));
	if ((upstream_idle(exchanged->upstream) == 1) != answers[i].reused)
		fail_msg("%s: whether the API's connection is kept", name);
	if (exchanged->exchange.keeps != answers[i].kept)
		fail_msg("%s: whether the client's connection is kept", name);
}

static void
the_client_gets_what_the_api_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		bool until_end = strncmp(answers[i].says, "HTTP/1.0", 8) == 0;
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, answers[i].says }, { API_CLOSE, NULL } };
		struct exchanged exchanged;

		ask(&exchanged, answers[i].client, steps, until_end ? 4 : 3);
		exchanged_run_whole(&exchanged);
		expect_answer(&exchanged, i);
		exchanged_done(&exchanged);
	}
}

/* Where a failure is noticed decides what can still be done about it. */
static const struct {
	const char *name;
	const char *says;
	enum reason reason;
	const char *detail;
	enum upstream_failure counted;
	bool aborted;
} failures[] = {
	{ "no answer at all", "", REASON_UPSTREAM_UNREACHABLE,
	    "the upstream closed without an answer", UPSTREAM_RESET, false },
	{ "half a head", "HTTP/1.1 200 OK\r\nX-A", REASON_UPSTREAM_MALFORMED,
	    "the answer ended within its head", UPSTREAM_MALFORMED, false },
	{ "half a head after an interim answer",
	    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n", REASON_UPSTREAM_MALFORMED,
	    "the answer ended within its head", UPSTREAM_MALFORMED, false },
	{ "another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", REASON_UPSTREAM_MALFORMED, NULL,
	    UPSTREAM_MALFORMED, false },
	{ "a switch that nobody asked for",
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
	    REASON_UPSTREAM_MALFORMED, "the upstream switches protocols without a request",
	    UPSTREAM_MALFORMED, false },
	{ "wrong chunks, seen before anything was written",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
	    REASON_UPSTREAM_MALFORMED, "the upstream's chunked body is framed incorrectly",
	    UPSTREAM_MALFORMED, false },
	{ "wrong chunks behind a good one, seen as early",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
	    REASON_UPSTREAM_MALFORMED, "the upstream's chunked body is framed incorrectly",
	    UPSTREAM_MALFORMED, false },
	{ "a body that is cut off", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", REASON_OK,
	    "the upstream closed in the middle of its answer", UPSTREAM_RESET, true },
	{ "chunks that are cut off",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", REASON_OK,
	    "the upstream closed in the middle of its answer", UPSTREAM_RESET, true },
};

static void
a_failure_is_told_and_counted_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, failures[i].says }, { API_CLOSE, NULL } };
		struct exchanged exchanged;
		uint64_t sum = 0;

		ask(&exchanged, PLAIN, steps, 4);
		exchanged_run_whole(&exchanged);
		if (exchanged.result.reason != failures[i].reason)
			fail_msg("%s: the reason is %d", failures[i].name, exchanged.result.reason);
		assert_non_null(exchanged.result.detail);
		if (failures[i].detail != NULL)
			assert_string_equal(exchanged.result.detail, failures[i].detail);
		for (int kind = 0; kind < UPSTREAM_FAILURES; kind++)
			sum += exchanged_failures(&exchanged, (enum upstream_failure)kind);
		if (sum != 1 || exchanged_failures(&exchanged, failures[i].counted) != 1)
			fail_msg("%s: counted %d times", failures[i].name, (int)sum);
		assert_int_equal(exchanged.exchange.aborted, failures[i].aborted);
		assert_int_equal(exchanged.result.aborted, failures[i].aborted);
		assert_int_equal(upstream_idle(exchanged.upstream), 0);
		/* A refusal is the gate's to write, so nothing but interim answers went out. */
		if (failures[i].reason != REASON_OK) {
			assert_null(strstr(exchanged_written(&exchanged), "HTTP/1.1 200"));
			assert_int_equal(exchanged.result.bytes_out, 0);
		}
		exchanged_done(&exchanged);
	}
}

static void
wrong_chunks_after_the_first_ones_abort_the_client(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" },
		{ API_AWAIT, NULL }, { API_SAY, "nonsense\r\n" }, { API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	ask(&exchanged, PLAIN, steps, sizeof(steps) / sizeof(steps[0]));
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_true(exchanged.exchange.aborted);
	assert_string_equal(
	    exchanged.result.detail, "the upstream's chunked body is framed incorrectly");
	assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_MALFORMED), 1);
	assert_non_null(strstr(exchanged_written(&exchanged), "\r\n5\r\nhello\r\n"));
	assert_null(strstr(exchanged_written(&exchanged), "0\r\n\r\n"));
	exchanged_done(&exchanged);
}

static void
an_api_that_falls_silent_is_given_up(void **state)
{
	static const char *const parts[] = { "", "HTTP/1.1 200 OK\r\nX-",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello" };
	const struct api_step nobody[] = { { API_CLOSE, NULL } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct exchanged exchanged;
		struct exchanged_step *step = malloc(sizeof(*step));
		enum reason reason;

		assert_non_null(step);
		ask(&exchanged, PLAIN, nobody, 1);
		api_over(&exchanged.api);
		exchanged_step_init(step, &exchanged, parts[i], 20);
		reason = relay_head(&step->forwarding);
		assert_int_equal(reason, i < 2 ? REASON_UPSTREAM_TIMEOUT : REASON_OK);
		if (reason == REASON_OK)
			relay_answer(&step->forwarding);
		assert_string_equal(exchanged.result.detail,
		    i < 2 ? "no answer in time"
			  : "the upstream went silent in the middle of its answer");
		assert_int_equal(exchanged.exchange.aborted, i == 2);
		assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_TIMEOUT), i == 2);
		exchanged_step_done(step);
		free(step);
		exchanged_done(&exchanged);
	}
}

/* Counted by who asked for the answer, when there was none. */
static void
an_answer_that_does_not_come_is_counted(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	ask(&exchanged, PLAIN, steps, 2);
	exchanged.forward.upstream_timeout_ms = 50;
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_TIMEOUT);
	assert_string_equal(exchanged.result.detail, "no answer in time");
	assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_TIMEOUT), 1);
	exchanged_done(&exchanged);
}

/* What an event stream says is as long apart as it likes, within a limit of its own. */
static void
an_event_stream_has_its_own_limit_of_silence(void **state)
{
	static const char *const types[] = { "text/event-stream",
		"Text/Event-Stream; charset=utf-8", "text/event-streams", "text/plain" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char head[128];
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, head }, { API_HEAR, NULL } };
		struct exchanged exchanged;

		(void)snprintf(head, sizeof(head),
		    "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
		    types[i]);
		ask(&exchanged, PLAIN, steps, sizeof(steps) / sizeof(steps[0]));
		if (i < 2)
			exchanged.forward.stream_timeout_ms = 50;
		else
			exchanged.forward.upstream_timeout_ms = 2000; /* the head is in time */
		exchanged_run_whole(&exchanged);
		assert_string_equal(exchanged.result.detail,
		    "the upstream went silent in the middle of its answer");
		assert_true(exchanged.exchange.aborted);
		exchanged_done(&exchanged);
	}
}

static void
sixteen_interim_answers_are_enough(void **state)
{
	static const char one[] = "HTTP/1.1 103 Early Hints\r\n\r\n";
	char many[17 * sizeof(one)] = "";
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, many }, { API_HEAR, NULL } };
	struct exchanged exchanged;

	(void)state;
	for (int i = 0; i < 17; i++)
		memcpy(many + (size_t)i * (sizeof(one) - 1), one, sizeof(one));
	ask(&exchanged, PLAIN, steps, 4);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_MALFORMED);
	assert_string_equal(exchanged.result.detail, "too many interim answers");
	assert_int_equal(exchanged.exchange.written.len, 16 * (sizeof(one) - 1));
	exchanged_done(&exchanged);
}

static void
a_client_that_has_gone_is_no_fault_of_the_api(void **state)
{
	static const char *const says[] = {
		"HTTP/1.1 103 Early Hints\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, says[i] }, { API_HEAR, NULL } };
		struct exchanged exchanged;

		ask(&exchanged, PLAIN, steps, 4);
		exchanged.exchange.writes_left = 0;
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_CLIENT_GONE);
		assert_non_null(strstr(exchanged.result.detail, "the client left"));
		assert_true(exchanged.exchange.aborted);
		for (int kind = 0; kind < UPSTREAM_FAILURES; kind++)
			assert_int_equal(
			    exchanged_failures(&exchanged, (enum upstream_failure)kind), 0);
		exchanged_done(&exchanged);
	}
}

/* RFC 9110 section 6.6.1: a gateway adds the Date that an answer lacks. */
static void
an_answer_without_a_date_gets_one(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" } };
	struct exchanged exchanged;
	const char *date;

	(void)state;
	ask(&exchanged, PLAIN, steps, 3);
	exchanged_run_whole(&exchanged);
	date = strstr(exchanged_written(&exchanged), "\r\nDate: ");
	assert_non_null(date);
	assert_null(strstr(date + 1, "\r\nDate: "));
	assert_memory_equal(date + 8 + 25, " GMT\r\n", 6);
	exchanged_done(&exchanged);
}

static void
a_large_body_arrives_whole(void **state)
{
	static char says[300000];
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, says } };
	struct exchanged exchanged;
	int head = snprintf(
	    says, sizeof(says), "HTTP/1.1 200 OK\r\n" DATED "Content-Length: 262145\r\n\r\n");

	(void)state;
	for (size_t i = 0; i < 262145; i++)
		says[(size_t)head + i] = (char)('a' + i % 26);
	ask(&exchanged, PLAIN, steps, 3);
	exchanged_run_whole(&exchanged);
	assert_null(exchanged.result.detail);
	assert_int_equal(exchanged.result.bytes_out, 262145);
	assert_int_equal(exchanged.lasted, 1);
	assert_true(exchanged.exchange.written.len > 262145);
	assert_memory_equal(exchanged.exchange.written.at + exchanged.exchange.written.len - 262145,
	    says + head, 262145);
	assert_int_equal(upstream_idle(exchanged.upstream), 1);
	exchanged_done(&exchanged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_gets_what_the_api_says),
		cmocka_unit_test(a_failure_is_told_and_counted_once),
		cmocka_unit_test(wrong_chunks_after_the_first_ones_abort_the_client),
		cmocka_unit_test(an_api_that_falls_silent_is_given_up),
		cmocka_unit_test(an_answer_that_does_not_come_is_counted),
		cmocka_unit_test(an_event_stream_has_its_own_limit_of_silence),
		cmocka_unit_test(sixteen_interim_answers_are_enough),
		cmocka_unit_test(a_client_that_has_gone_is_no_fault_of_the_api),
		cmocka_unit_test(an_answer_without_a_date_gets_one),
		cmocka_unit_test(a_large_body_arrives_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
