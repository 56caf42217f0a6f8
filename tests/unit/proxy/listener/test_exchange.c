/* SPDX-License-Identifier: Apache-2.0 */
/* What holds of an exchange whichever engine it comes from: when its body is over, when its
 * connection stays. The engine here reads and writes what the test says. */
#include "issuer/scratch.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/listener/engine.h"

/* What the engine does at the next call. */
static ssize_t next_read;
static bool next_write;
static int reads, writes;

static ssize_t
engine_read(struct exchange *exchange, char *into, size_t room)
{
	(void)exchange;
	reads++;
	if (next_read > 0) {
		assert_true((size_t)next_read <= room);
		memset(into, 'x', (size_t)next_read);
	}
	return next_read;
}

static bool
engine_write(struct exchange *exchange, struct span bytes)
{
	(void)exchange;
	(void)bytes;
	writes++;
	return next_write;
}

static bool
engine_buffered(const struct exchange *exchange)
{
	return exchange->request.framing != BODY_NONE;
}

static ssize_t
engine_receive(struct exchange *exchange, char *into, size_t room)
{
	(void)exchange;
	assert_true(room >= 4);
	memcpy(into, "more", 4);
	return 4;
}

static const struct engine engine = { .name = "test",
	.read = engine_read,
	.write = engine_write,
	.buffered = engine_buffered,
	.receive = engine_receive };

static struct listener listener;
static struct exchange exchange;
static char bytes[64];

static int
setup(void **state)
{
	(void)state;
	memset(&listener, 0, sizeof(listener));
	listener.engine = &engine;
	listener.setup.body_timeout_ms = 250;
	exchange = (struct exchange){ .socket = -1, .request.keep_alive = true };
	reads = writes = 0;
	next_read = 0;
	next_write = true;
	exchange_begin(&exchange, &listener);
	return 0;
}

static void
has_body(enum body_framing framing, int64_t length)
{
	exchange.request.framing = framing;
	exchange.request.content_length = length;
}

static ssize_t
read_some(ssize_t gives)
{
	next_read = gives;
	return exchange_read(&exchange, bytes, sizeof(bytes));
}

static void
the_time_for_a_body_begins_with_its_head(void **state)
{
	(void)state;
	assert_true(exchange_started_us(&exchange) <= clock_mono_us());
	assert_int_equal(
	    exchange_body_until_us(&exchange) - exchange_started_us(&exchange), 250000);
	assert_ptr_equal(exchange_request(&exchange), &exchange.request);
	assert_int_equal(exchange_socket(&exchange), -1);
}

static void
without_a_body_the_engine_is_not_asked(void **state)
{
	(void)state;
	assert_int_equal(read_some(5), EXCHANGE_END);
	assert_int_equal(reads, 0);
	assert_true(exchange_keep_alive(&exchange));
}

/* The next request begins behind the body: before it was read, the connection cannot be used. */
static void
a_connection_stays_when_the_body_was_read(void **state)
{
	(void)state;
	has_body(BODY_CHUNKED, 0);
	assert_false(exchange_keep_alive(&exchange));
	assert_int_equal(read_some(5), 5);
	assert_false(exchange_keep_alive(&exchange));
	assert_int_equal(read_some(EXCHANGE_END), EXCHANGE_END);
	assert_true(exchange_keep_alive(&exchange));
	/* After the end there is nothing more to ask for. */
	assert_int_equal(read_some(5), EXCHANGE_END);
	assert_int_equal(reads, 2);
}

/* Who knows the length need not ask for the end. */
static void
a_length_tells_the_end_by_itself(void **state)
{
	(void)state;
	has_body(BODY_LENGTH, 10);
	assert_int_equal(read_some(4), 4);
	assert_false(exchange_keep_alive(&exchange));
	assert_int_equal(read_some(6), 6);
	assert_true(exchange_keep_alive(&exchange));
}

static void
a_body_that_breaks_ends_the_connection(void **state)
{
	static const ssize_t results[] = { EXCHANGE_BROKEN, EXCHANGE_LATE };

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(setup(state), 0);
		has_body(BODY_LENGTH, 10);
		assert_int_equal(read_some(10), 10);
		assert_true(exchange_keep_alive(&exchange));
		assert_int_equal(read_some(results[i]), results[i]);
		assert_false(exchange_keep_alive(&exchange));
	}
}

static void
no_room_is_no_question(void **state)
{
	(void)state;
	has_body(BODY_CHUNKED, 0);
	next_read = EXCHANGE_BROKEN;
	assert_int_equal(exchange_read(&exchange, bytes, 0), EXCHANGE_END);
	assert_int_equal(reads, 0);
}

static void
client_gate_and_engine_must_agree_to_keep_it(void **state)
{
	(void)state;
	exchange.request.keep_alive = false;
	assert_false(exchange_keep_alive(&exchange));
	exchange.request.keep_alive = true;
	assert_true(exchange_keep_alive(&exchange));
	exchange_close(&exchange);
	assert_false(exchange_keep_alive(&exchange));
}

static void
a_client_that_does_not_read_is_gone(void **state)
{
	(void)state;
	assert_true(exchange_write(&exchange, SPAN("a")));
	assert_true(exchange_keep_alive(&exchange));
	next_write = false;
	assert_false(exchange_write(&exchange, SPAN("b")));
	assert_false(exchange_keep_alive(&exchange));
}

static void
the_engine_says_what_it_holds(void **state)
{
	(void)state;
	assert_false(exchange_buffered(&exchange));
	has_body(BODY_CHUNKED, 0);
	assert_true(exchange_buffered(&exchange));
	assert_int_equal(exchange_receive(&exchange, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "more", 4);
}

/* A client and the gate's socket to it, over TCP. */
static void
connect_both(int *ret_client, int *ret_socket)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(listening >= 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
	*ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*ret_client, (struct sockaddr *)&at, sizeof(at)), 0);
	*ret_socket = accept(listening, NULL, NULL);
	assert_true(*ret_socket >= 0);
	(void)close(listening);
}

/* An orderly end would make half an answer look whole, where its end is the connection's. */
static void
an_abort_is_seen_as_one(void **state)
{
	int client;

	(void)state;
	connect_both(&client, &exchange.socket);
	assert_int_equal(send(exchange.socket, "half", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(recv(client, bytes, sizeof(bytes), 0), 4);
	exchange_abort(&exchange);
	assert_int_equal(recv(client, bytes, sizeof(bytes), 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_false(exchange_keep_alive(&exchange));
	/* Nothing more goes out, whatever is tried. */
	assert_false(exchange_write(&exchange, SPAN("rest")));
	assert_int_equal(writes, 0);
	(void)close(client);
	(void)close(exchange.socket);
}

static void
an_abort_needs_no_socket(void **state)
{
	(void)state;
	exchange_abort(&exchange);
	assert_false(exchange_keep_alive(&exchange));
	assert_false(exchange_write(&exchange, SPAN("rest")));
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_time_for_a_body_begins_with_its_head),
		TEST(without_a_body_the_engine_is_not_asked),
		TEST(a_connection_stays_when_the_body_was_read),
		TEST(a_length_tells_the_end_by_itself),
		TEST(a_body_that_breaks_ends_the_connection),
		TEST(no_room_is_no_question),
		TEST(client_gate_and_engine_must_agree_to_keep_it),
		TEST(a_client_that_does_not_read_is_gone),
		TEST(the_engine_says_what_it_holds),
		TEST(an_abort_is_seen_as_one),
		TEST(an_abort_needs_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
