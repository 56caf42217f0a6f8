/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: which connection is taken, which may stay, who holds whom. */
#include "api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/clock.h"
#include "proxy/upstream/pool.h"

/* Connections are made; nothing is said. */
static const struct api_step silent[] = { { API_ACCEPT, NULL } };

struct pooled {
	struct api api;
	struct upstream *upstream;
};

static void
begin(struct pooled *pooled, const struct api_step *steps, size_t count)
{
	struct err err;

	api_start(&pooled->api, steps, count);
	if (!upstream_new(pooled->api.url, &(struct upstream_trust){ 0 }, &pooled->upstream, &err))
		fail_msg("%s", err.text);
}

static void
end(struct pooled *pooled)
{
	upstream_unref(pooled->upstream);
	api_end(&pooled->api);
}

static struct upstream_conn *
take(struct upstream *upstream)
{
	struct upstream_conn *conn = NULL;
	struct err err = { "" };

	if (upstream_conn_open(upstream, clock_mono_us() + 20 * INT64_C(1000000), &conn, &err) !=
	    REASON_OK)
		fail_msg("%s", err.text);
	assert_ptr_equal(conn->upstream, upstream);
	return conn;
}

static void
the_newest_connection_is_taken_first(void **state)
{
	struct pooled pooled;
	struct upstream_conn *first, *second;
	int old, young;

	(void)state;
	begin(&pooled, silent, 1);
	first = take(pooled.upstream);
	second = take(pooled.upstream);
	old = first->socket;
	young = second->socket;
	assert_false(first->reused || second->reused);
	upstream_conn_keep(first);
	upstream_conn_keep(second);
	assert_int_equal(upstream_idle(pooled.upstream), 2);
	first = take(pooled.upstream);
	assert_int_equal(first->socket, young);
	assert_true(first->reused);
	second = take(pooled.upstream);
	assert_int_equal(second->socket, old);
	assert_int_equal(upstream_idle(pooled.upstream), 0);
	assert_int_equal(upstream_count_sum(upstream_count(pooled.upstream), UPSTREAM_OPENED), 2);
	assert_int_equal(upstream_count_sum(upstream_count(pooled.upstream), UPSTREAM_REUSED), 2);
	assert_int_equal(upstream_count_open(upstream_count(pooled.upstream)), 2);
	upstream_conn_close(first);
	upstream_conn_close(second);
	assert_int_equal(upstream_count_open(upstream_count(pooled.upstream)), 0);
	api_over(&pooled.api);
	end(&pooled);
}

static void
a_fresh_one_leaves_the_pool_alone(void **state)
{
	struct pooled pooled;
	struct upstream_conn *conn;
	struct err err;

	(void)state;
	begin(&pooled, silent, 1);
	upstream_conn_keep(take(pooled.upstream));
	assert_int_equal(upstream_conn_open_fresh(
			     pooled.upstream, clock_mono_us() + 20 * INT64_C(1000000), &conn, &err),
	    REASON_OK);
	assert_false(conn->reused);
	assert_int_equal(upstream_idle(pooled.upstream), 1);
	upstream_conn_close(conn);
	api_over(&pooled.api);
	end(&pooled);
}

/* RFC 9112 section 9.5: a server may close an idle connection at any time. */
static void
a_connection_that_the_api_closed_is_not_taken(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_CLOSE, NULL } };
	struct pooled pooled;
	struct upstream_conn *conn;

	(void)state;
	begin(&pooled, steps, 2);
	conn = take(pooled.upstream);
	api_over(&pooled.api);
	upstream_conn_keep(conn);
	conn = take(pooled.upstream);
	assert_false(conn->reused);
	assert_int_equal(upstream_count_sum(upstream_count(pooled.upstream), UPSTREAM_OPENED), 2);
	assert_int_equal(upstream_count_open(upstream_count(pooled.upstream)), 1);
	upstream_conn_close(conn);
	end(&pooled);
}

/* Bytes that nobody asked for would be taken for the next answer. */
static void
a_connection_with_unasked_bytes_is_not_taken(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL },
		{ API_SAY, "HTTP/1.1 408 Request Timeout\r\n\r\n" } };
	struct pooled pooled;
	struct upstream_conn *conn;

	(void)state;
	begin(&pooled, steps, 2);
	conn = take(pooled.upstream);
	api_over(&pooled.api);
	upstream_conn_keep(conn);
	conn = take(pooled.upstream);
	assert_false(conn->reused);
	upstream_conn_close(conn);
	end(&pooled);
}

static void
a_connection_that_was_idle_too_long_goes(void **state)
{
	struct pooled pooled;
	struct upstream_conn *conn;

	(void)state;
	begin(&pooled, silent, 1);
	conn = take(pooled.upstream);
	upstream_conn_keep(conn);
	pooled.upstream->pools[LOOP_MAX].kept->kept_us -= 16 * INT64_C(1000000);
	conn = take(pooled.upstream);
	assert_false(conn->reused);
	upstream_conn_keep(conn);
	/* The same by housekeeping, which does so once a second. */
	pooled.upstream->pools[LOOP_MAX].kept->kept_us -= 16 * INT64_C(1000000);
	pooled.upstream->tended_us = 0;
	upstream_tend(pooled.upstream);
	assert_int_equal(upstream_idle(pooled.upstream), 0);
	assert_int_equal(upstream_count_open(upstream_count(pooled.upstream)), 0);
	api_over(&pooled.api);
	end(&pooled);
}

static void
housekeeping_leaves_the_others_in_their_order(void **state)
{
	struct pooled pooled;
	struct upstream_conn *conns[3];
	int sockets[3];

	(void)state;
	begin(&pooled, silent, 1);
	for (int i = 0; i < 3; i++) {
		conns[i] = take(pooled.upstream);
		sockets[i] = conns[i]->socket;
	}
	for (int i = 0; i < 3; i++)
		upstream_conn_keep(conns[i]);
	conns[1]->kept_us -= 16 * INT64_C(1000000);
	pooled.upstream->tended_us = clock_mono_us();
	upstream_tend(pooled.upstream); /* too soon */
	assert_int_equal(upstream_idle(pooled.upstream), 3);
	pooled.upstream->tended_us = 0;
	upstream_tend(pooled.upstream);
	assert_int_equal(upstream_idle(pooled.upstream), 2);
	conns[2] = take(pooled.upstream);
	conns[0] = take(pooled.upstream);
	assert_int_equal(conns[2]->socket, sockets[2]);
	assert_int_equal(conns[0]->socket, sockets[0]);
	upstream_conn_close(conns[0]);
	upstream_conn_close(conns[2]);
	api_over(&pooled.api);
	end(&pooled);
}

/* Which of them are readable: bits 1 the connection, 2 the other. */
static int
wait_for(struct upstream_conn *conn, int other)
{
	struct pollfd fds[2] = { { .events = POLLIN },
		{ .fd = other, .events = other < 0 ? 0 : POLLIN } };
	int ready = upstream_conn_wait(conn, fds, clock_mono_us() + conn->timeout_us);

	return ready <= 0 ? ready : (fds[0].revents != 0 ? 1 : 0) | (fds[1].revents != 0 ? 2 : 0);
}

static void
reading_and_writing_end_as_the_other_side_does(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "question" },
		{ API_SAY, "answer" }, { API_CLOSE, NULL } };
	struct pooled pooled;
	struct upstream_conn *conn;
	char bytes[16];

	(void)state;
	begin(&pooled, steps, 4);
	conn = take(pooled.upstream);
	upstream_conn_timeout(conn, 20 * INT64_C(1000000));
	assert_int_equal(upstream_conn_read_now(conn, bytes, sizeof(bytes)), LINK_LATE);
	assert_true(upstream_conn_write(conn, SPAN("question")));
	assert_int_equal(wait_for(conn, -1), 1);
	assert_int_equal(upstream_conn_read(conn, bytes, sizeof(bytes)), 6);
	assert_memory_equal(bytes, "answer", 6);
	api_over(&pooled.api);
	assert_int_equal(upstream_conn_read_now(conn, bytes, sizeof(bytes)), LINK_END);
	assert_int_equal(upstream_conn_read(conn, bytes, sizeof(bytes)), LINK_END);
	assert_false(upstream_conn_write(conn, SPAN("more")));
	upstream_conn_close(conn);
	end(&pooled);
}

/* A connection to a server on TCP, which is `*ret_peer` there. */
static struct upstream_conn *
take_tcp(struct upstream **ret_upstream, int *ret_peer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct upstream_conn *conn;
	struct err err;
	char url[64];

	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(listener, 1), 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	assert_true(upstream_new(url, &(struct upstream_trust){ 0 }, ret_upstream, &err));
	conn = take(*ret_upstream);
	*ret_peer = accept(listener, NULL, NULL);
	assert_true(*ret_peer >= 0);
	(void)close(listener);
	upstream_conn_timeout(conn, 20 * INT64_C(1000000));
	return conn;
}

/* Whoever closes with bytes unread resets the connection, and what it has said may not be all. */
static void
after_a_reset_what_is_read_does_not_end_in_order(void **state)
{
	(void)state;
	for (int ends_first = 0; ends_first < 2; ends_first++) {
		struct upstream *upstream;
		struct upstream_conn *conn;
		char bytes[16];
		int peer;

		conn = take_tcp(&upstream, &peer);
		assert_true(upstream_conn_write(conn, SPAN("question")));
		assert_int_equal(send(peer, "answer", 6, 0), 6);
		if (ends_first == 1)
			assert_int_equal(shutdown(peer, SHUT_WR), 0);
		(void)close(peer);
		assert_false(upstream_conn_write(conn, SPAN("more")));
		assert_int_equal(upstream_conn_read(conn, bytes, sizeof(bytes)), 6);
		assert_int_equal(upstream_conn_read(conn, bytes, sizeof(bytes)),
		    ends_first == 1 ? LINK_END : LINK_BROKEN);
		upstream_conn_close(conn);
		upstream_unref(upstream);
	}
}

static void
a_read_is_late_when_its_time_is_over(void **state)
{
	struct pooled pooled;
	struct upstream_conn *conn;
	char byte;

	(void)state;
	begin(&pooled, silent, 1);
	conn = take(pooled.upstream);
	upstream_conn_timeout(conn, 1000);
	assert_int_equal(upstream_conn_read(conn, &byte, 1), LINK_LATE);
	assert_int_equal(wait_for(conn, -1), 0);
	upstream_conn_close(conn);
	api_over(&pooled.api);
	end(&pooled);
}

static void
a_full_socket_makes_a_write_late(void **state)
{
	static char many[4 << 20];
	struct pooled pooled;
	struct upstream_conn *conn;

	(void)state;
	begin(&pooled, silent, 1);
	conn = take(pooled.upstream);
	upstream_conn_timeout(conn, 1000);
	assert_false(upstream_conn_write(conn, (struct span){ many, sizeof(many) }));
	upstream_conn_close(conn);
	api_over(&pooled.api);
	end(&pooled);
}

static void
waiting_tells_which_side_is_ready(void **state)
{
	const struct api_step steps[] = { { API_ACCEPT, NULL }, { API_HEAR, "go" },
		{ API_SAY, "x" } };
	struct pooled pooled;
	struct upstream_conn *conn;
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	begin(&pooled, steps, 3);
	conn = take(pooled.upstream);
	upstream_conn_timeout(conn, 20 * INT64_C(1000000));
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(wait_for(conn, pair[0]), 2);
	assert_true(upstream_conn_write(conn, SPAN("go")));
	api_over(&pooled.api);
	assert_int_equal(wait_for(conn, pair[0]), 3);
	(void)close(pair[0]);
	(void)close(pair[1]);
	upstream_conn_close(conn);
	end(&pooled);
}

static void
an_upstream_is_an_address(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} cases[] = {
		{ "http://127.0.0.1:9000", true },
		{ "http://127.0.0.1:9000/", true },
		{ "http://[::1]:9000", true },
		{ "https://127.0.0.1", true },
		{ "unix:/run/api.sock", true },
		{ "", false },
		{ "127.0.0.1:9000", false },
		{ "ftp://127.0.0.1", false },
		{ "http://127.0.0.1:0", false },
		{ "http://127.0.0.1:65536", false },
		{ "http://user@127.0.0.1", false },
		{ "http://127.0.0.1/v2", false },
		{ "unix:", false },
		{ "unix:relative", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct upstream *upstream = NULL;
		struct err err = { "" };

		if (upstream_new(cases[i].url, &(struct upstream_trust){ 0 }, &upstream, &err) !=
		    cases[i].good)
			fail_msg("%s: %s", cases[i].url, err.text);
		if (cases[i].good)
			assert_string_equal(upstream_url(upstream), cases[i].url);
		else
			assert_true(err.text[0] != '\0');
		upstream_unref(upstream);
	}
}

static void
a_path_that_no_socket_can_have_is_refused(void **state)
{
	char url[200] = "unix:/";
	struct upstream *upstream = NULL;
	struct err err = { "" };

	(void)state;
	memset(url + 6, 'a', sizeof(url) - 7);
	assert_false(upstream_new(url, &(struct upstream_trust){ 0 }, &upstream, &err));
	assert_null(upstream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_connection_is_taken_first),
		cmocka_unit_test(a_fresh_one_leaves_the_pool_alone),
		cmocka_unit_test(a_connection_that_the_api_closed_is_not_taken),
		cmocka_unit_test(a_connection_with_unasked_bytes_is_not_taken),
		cmocka_unit_test(a_connection_that_was_idle_too_long_goes),
		cmocka_unit_test(housekeeping_leaves_the_others_in_their_order),
		cmocka_unit_test(reading_and_writing_end_as_the_other_side_does),
		cmocka_unit_test(after_a_reset_what_is_read_does_not_end_in_order),
		cmocka_unit_test(a_read_is_late_when_its_time_is_over),
		cmocka_unit_test(a_full_socket_makes_a_write_late),
		cmocka_unit_test(waiting_tells_which_side_is_ready),
		cmocka_unit_test(an_upstream_is_an_address),
		cmocka_unit_test(a_path_that_no_socket_can_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
