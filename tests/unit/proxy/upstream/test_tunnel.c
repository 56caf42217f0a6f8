/* SPDX-License-Identifier: Apache-2.0 */
/* After 101 Switching Protocols: who says what to whom, and what does not become a tunnel. */
#include "exchanged.h"

#define ASKS "GET /chat HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCH "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"

static void
asks_to_switch(struct exchanged *exchanged)
{
	struct request *request = &exchanged->exchange.request;

	exchanged_request(exchanged, ASKS);
	exchanged->forward.upgrade = true;
	request->headers[request->header_count++] =
	    (struct header){ SPAN("Upgrade"), SPAN("websocket") };
}

static void
bytes_go_both_ways_until_one_closes(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, SWITCH "Sec-WebSocket-Accept: x\r\nX-Postern: forged\r\n\r\nwelcome" },
		{ API_HEAR, "ping" }, { API_SAY, "pong" }, { API_CLOSE, NULL } };
	static const char want[] =
	    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Accept: x\r\nX-Request-Id: r1\r\n\r\nwelcomepong";
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	asks_to_switch(&exchanged);
	assert_int_equal(send(exchanged.exchange.client, "ping", 4, 0), 4);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.status, 101);
	assert_string_equal(exchanged_written(&exchanged), want);
	assert_int_equal(exchanged.result.bytes_in, 4);
	assert_int_equal(exchanged.result.bytes_out, 11);
	assert_int_equal(exchanged.lasted, 1);
	assert_false(exchanged.exchange.keeps);
	assert_int_equal(upstream_idle(exchanged.upstream), 0);
	exchanged_done(&exchanged);
}

static void
the_client_may_close_it_too(void **state)
{
	const struct api_step nobody[] = { { API_CLOSE, NULL } };
	struct exchanged exchanged;
	struct exchanged_step *step = malloc(sizeof(*step));
	char heard[8];

	(void)state;
	assert_non_null(step);
	exchanged_init(&exchanged, STEPS_OF(nobody));
	api_over(&exchanged.api);
	asks_to_switch(&exchanged);
	exchanged_step_init(step, &exchanged, SWITCH "\r\n", API_PATIENCE_S * 1000);
	assert_int_equal(relay_head(&step->forwarding), REASON_OK);
	exchanged_sends(&exchanged, "bye");
	assert_int_equal(shutdown(exchanged.exchange.client, SHUT_WR), 0);
	tunnel_run(&step->forwarding);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.bytes_in, 3);
	assert_int_equal(recv(step->api, heard, sizeof(heard), 0), 3);
	assert_memory_equal(heard, "bye", 3);
	exchanged_step_done(step);
	free(step);
	exchanged_done(&exchanged);
}

/* A client may send its first frame right behind the head, without waiting for the 101. */
static void
what_followed_the_head_goes_first(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, SWITCH "\r\n" }, { API_HEAR, "onetwo" }, { API_CLOSE, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	asks_to_switch(&exchanged);
	exchanged.exchange.pipelined = SPAN("one");
	assert_int_equal(send(exchanged.exchange.client, "two", 3, 0), 3);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_done(&exchanged);
}

static void
a_silent_tunnel_ends(void **state)
{
	const struct api_step nobody[] = { { API_CLOSE, NULL } };
	struct exchanged exchanged;
	struct exchanged_step *step = malloc(sizeof(*step));

	(void)state;
	assert_non_null(step);
	exchanged_init(&exchanged, STEPS_OF(nobody));
	api_over(&exchanged.api);
	asks_to_switch(&exchanged);
	exchanged_step_init(step, &exchanged, SWITCH "\r\n", 20);
	assert_int_equal(relay_head(&step->forwarding), REASON_OK);
	tunnel_run(&step->forwarding); /* returns */
	assert_true(exchanged_starts(&exchanged, "HTTP/1.1 101 "));
	assert_int_equal(exchanged.result.reason, REASON_OK);
	assert_int_equal(exchanged.result.bytes_in, 0);
	exchanged_step_done(step);
	free(step);
	exchanged_done(&exchanged);
}

/* Neither silence nor what both sides have to say keeps it. */
static void
one_that_may_not_go_on_ends(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, SWITCH "\r\n" }, { API_CLOSE, NULL } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		asks_to_switch(&exchanged);
		exchanged.forward.outlived = exchanged_outlived;
		if (i == 1)
			exchanged.exchange.pipelined = SPAN("one");
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_OK);
		assert_int_equal(exchanged.result.status, 101);
		assert_int_equal(exchanged.asked, 1);
		assert_true(exchanged.result.aborted);
		assert_string_equal(exchanged.result.detail, "over");
		assert_int_equal(exchanged.result.bytes_in, 0);
		exchanged_done(&exchanged);
	}
}

/* To what was not asked for no client switches: it gets an answer of the gate instead. */
static void
another_protocol_than_asked_is_no_tunnel(void **state)
{
	static const char *const says[] = {
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket, h2c\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, says[i] }, { API_HEAR, NULL } };
		struct exchanged exchanged;

		exchanged_init(&exchanged, STEPS_OF(steps));
		asks_to_switch(&exchanged);
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_MALFORMED);
		assert_string_equal(exchanged.result.detail,
		    "the upstream switches to a protocol that was not requested");
		assert_int_equal(exchanged.exchange.written.len, 0);
		assert_int_equal(exchanged_failures(&exchanged, UPSTREAM_MALFORMED), 1);
		exchanged_done(&exchanged);
	}
}

static void
the_name_of_the_protocol_has_no_case(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 101 Go\r\nupgrade: WebSocket\r\n\r\n" }, { API_CLOSE, NULL } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	asks_to_switch(&exchanged);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.reason, REASON_OK);
	exchanged_done(&exchanged);
}

/* Browsers close a WebSocket that selects none of the subprotocols they offered. */
static void
bearer_is_selected_when_nothing_else_is(void **state)
{
	static const struct {
		const char *lines, *selected;
		bool offered;
	} rows[] = {
		{ "", "\r\nSec-WebSocket-Protocol: bearer\r\n", true },
		{ "sec-websocket-protocol: v1\r\n", "\r\nsec-websocket-protocol: v1\r\n", true },
		{ "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char says[200];
		const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
			{ API_SAY, says }, { API_CLOSE, NULL } };
		struct exchanged exchanged;

		(void)snprintf(says, sizeof(says), SWITCH "%s\r\n", rows[i].lines);
		exchanged_init(&exchanged, STEPS_OF(steps));
		asks_to_switch(&exchanged);
		exchanged.forward.bearer_offered = rows[i].offered;
		exchanged_run_whole(&exchanged);
		assert_int_equal(exchanged.result.reason, REASON_OK);
		assert_true((strstr(exchanged_written(&exchanged), "bearer") != NULL) == (i == 0));
		if (rows[i].selected != NULL)
			assert_non_null(strstr(exchanged_written(&exchanged), rows[i].selected));
		exchanged_done(&exchanged);
	}
}

static void
an_engine_without_a_socket_has_no_tunnel(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, SWITCH "\r\n" }, { API_HEAR, NULL } };
	struct exchanged exchanged;
	int socket;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	asks_to_switch(&exchanged);
	socket = exchanged.exchange.socket;
	exchanged.exchange.socket = -1;
	exchanged_run_whole(&exchanged);
	exchanged.exchange.socket = socket;
	assert_int_equal(exchanged.result.reason, REASON_UPSTREAM_MALFORMED);
	exchanged_done(&exchanged);
}

static void
the_api_may_decline(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "\r\n\r\n" },
		{ API_SAY, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno" } };
	struct exchanged exchanged;

	(void)state;
	exchanged_init(&exchanged, STEPS_OF(steps));
	asks_to_switch(&exchanged);
	exchanged_run_whole(&exchanged);
	assert_int_equal(exchanged.result.status, 426);
	assert_true(exchanged.exchange.keeps);
	assert_int_equal(upstream_idle(exchanged.upstream), 1);
	exchanged_done(&exchanged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_until_one_closes),
		cmocka_unit_test(the_client_may_close_it_too),
		cmocka_unit_test(what_followed_the_head_goes_first),
		cmocka_unit_test(a_silent_tunnel_ends),
		cmocka_unit_test(one_that_may_not_go_on_ends),
		cmocka_unit_test(another_protocol_than_asked_is_no_tunnel),
		cmocka_unit_test(the_name_of_the_protocol_has_no_case),
		cmocka_unit_test(bearer_is_selected_when_nothing_else_is),
		cmocka_unit_test(an_engine_without_a_socket_has_no_tunnel),
		cmocka_unit_test(the_api_may_decline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
