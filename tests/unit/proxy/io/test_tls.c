/* SPDX-License-Identifier: Apache-2.0 */
#include "certificates.h"

#include "proxy/io/channel.h"
#include "proxy/io/watch.h"

#define LARGE (1u << 20)

static struct made gate;
static struct tls_server *server;
static SSL_CTX *anybody;

static int
begin(void **state)
{
	gate = made_valid("gate", "DNS:gate.test", NULL);
	server = made_server(&gate);
	anybody = made_client(NULL);
	return fibers_setup(state);
}

static int
end(void **state)
{
	tls_server_unref(server);
	SSL_CTX_free(anybody);
	made_free(&gate);
	return fibers_teardown(state);
}

static struct both
connected(void)
{
	struct both both = both_begin(server, anybody);

	assert_true(both_shake(&both));
	return both;
}

static void
bytes_go_both_ways(void **state)
{
	struct both both = connected();
	char bytes[16];

	(void)state;
	assert_int_equal(tls_read_now(both.server, bytes, sizeof(bytes)), STREAM_LATE);
	assert_false(tls_pending(both.server));
	assert_true(tls_write(both.client, SPAN("question"), FAR_US));
	assert_int_equal(tls_read(both.server, bytes, 3, clock_mono_us() + FAR_US), 3);
	assert_true(tls_pending(both.server));
	assert_int_equal(tls_read_now(both.server, bytes + 3, 13), 5);
	assert_memory_equal(bytes, "question", 8);
	assert_false(tls_pending(both.server));
	assert_true(tls_write(both.server, SPAN("answer"), FAR_US));
	assert_int_equal(tls_read_now(both.client, bytes, sizeof(bytes)), 6);
	assert_memory_equal(bytes, "answer", 6);
	both_end(&both);
}

/* Two records have come at once: the second one is no news of the socket. */
static void
what_was_read_ahead_is_pending(void **state)
{
	struct both both = connected();
	char bytes[16];

	(void)state;
	assert_true(tls_write(both.client, SPAN("one"), FAR_US));
	assert_true(tls_write(both.client, SPAN("two"), FAR_US));
	assert_int_equal(tls_read_now(both.server, bytes, sizeof(bytes)), 3);
	assert_true(tls_pending(both.server));
	assert_int_equal(tls_read_now(both.server, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "two", 3);
	assert_false(tls_pending(both.server));
	both_end(&both);
}

/* Half of a record is not pending: whoever waits for it waits for the socket. */
static void
half_a_record_is_waited_for(void **state)
{
	struct both both = connected();
	char record[64], bytes[16];
	ssize_t len;

	(void)state;
	assert_true(tls_write(both.client, SPAN("abc"), FAR_US));
	len = recv(both.pair.ours, record, sizeof(record), 0);
	assert_true(len > 6);
	for (ssize_t i = 0; i < len - 1; i++) {
		assert_int_equal(send(both.pair.theirs, record + i, 1, 0), 1);
		assert_int_equal(tls_read_now(both.server, bytes, sizeof(bytes)), STREAM_LATE);
		assert_false(tls_pending(both.server));
	}
	assert_int_equal(
	    tls_read(both.server, bytes, sizeof(bytes), clock_mono_us() + 1000), STREAM_LATE);
	assert_int_equal(send(both.pair.theirs, record + len - 1, 1, 0), 1);
	assert_int_equal(tls_read_now(both.server, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "abc", 3);
	both_end(&both);
}

static void
an_end_is_said_or_it_is_none(void **state)
{
	struct both both = connected();
	char byte;

	(void)state;
	tls_end(both.client, FAR_US);
	assert_int_equal(tls_read_now(both.server, &byte, 1), STREAM_END);
	assert_int_equal(tls_read_now(both.server, &byte, 1), STREAM_END);
	assert_true(tls_write(both.server, SPAN("x"), FAR_US)); /* the other way is open */
	both_end(&both);

	both = connected();
	assert_int_equal(shutdown(both.pair.theirs, SHUT_WR), 0);
	assert_int_equal(tls_read_now(both.server, &byte, 1), STREAM_BROKEN);
	both_end(&both);

	both = connected();
	assert_true(channel_end((struct channel){ both.pair.theirs, both.client }, FAR_US));
	assert_int_equal(tls_read_now(both.server, &byte, 1), STREAM_END);
	assert_int_equal(recv(both.pair.ours, &byte, 1, 0), 0);
	both_end(&both);
}

/* What was cut off does not look complete, whatever the socket says. */
static void
an_abort_is_no_end(void **state)
{
	struct both both = connected();
	char bytes[4];

	(void)state;
	assert_true(tls_write(both.server, SPAN("half"), FAR_US));
	tls_abort(both.server);
	tls_abort(NULL);
	assert_true(channel_end((struct channel){ both.pair.ours, both.server }, FAR_US));
	assert_int_equal(tls_read_now(both.client, bytes, sizeof(bytes)), 4);
	assert_int_equal(tls_read_now(both.client, bytes, sizeof(bytes)), STREAM_BROKEN);
	both_end(&both);
}

/* A record that was changed under way breaks the session for good. */
static void
a_forged_record_breaks_it(void **state)
{
	struct both both = connected();
	char record[64], byte;
	ssize_t len;

	(void)state;
	assert_true(tls_write(both.client, SPAN("abc"), FAR_US));
	len = recv(both.pair.ours, record, sizeof(record), 0);
	record[len - 1] ^= 1;
	assert_int_equal(send(both.pair.theirs, record, (size_t)len, 0), len);
	assert_int_equal(tls_read_now(both.server, &byte, 1), STREAM_BROKEN);
	assert_false(tls_write(both.server, SPAN("x"), FAR_US));
	both_end(&both);
}

static void
expect_broken(const char *sent, bool plain)
{
	struct both both = both_begin(server, anybody);
	ssize_t done = STREAM_LATE;
	char byte;

	assert_true(send(both.pair.theirs, sent, strlen(sent), 0) > 0);
	done = tls_handshake_now(both.server);
	if (done == STREAM_LATE) {
		assert_int_equal(shutdown(both.pair.theirs, SHUT_WR), 0);
		done = tls_handshake_now(both.server);
	}
	assert_int_equal(done, STREAM_BROKEN);
	assert_int_equal(tls_is_plain(both.server), plain);
	assert_true(strlen(tls_failure(both.server)) > 0);
	if (plain)
		assert_int_equal(recv(both.pair.theirs, &byte, 1, 0), -1);
	both_end(&both);
}

static void
what_is_no_tls_breaks_the_handshake(void **state)
{
	(void)state;
	expect_broken("GET / HTTP/1.1\r\n\r\n", true);
	expect_broken("get / HTTP/1.1\r\n\r\n", true);
	expect_broken("PATCH /", true);
	expect_broken("P", true);
	expect_broken("\x16\x03\x01", false);
	expect_broken("\x16\x03\x01\x40\x01 more than a record holds", false);
	expect_broken("\x17\x03\x03\x01\x01", false);
	expect_broken("\r\n", false);
	expect_broken("\x80\x2e\x01\x03\x01", false);
}

static void
a_handshake_ends_at_its_deadline(void **state)
{
	struct both both = both_begin(server, anybody);

	(void)state;
	assert_int_equal(tls_handshake(both.server, clock_mono_us() + 1000), STREAM_LATE);
	assert_int_equal(tls_handshake(both.client, clock_mono_us() + 1000), STREAM_LATE);
	both_end(&both);
}

static void
without_a_certificate_the_peer_is_nobody(void **state)
{
	struct both both = connected();
	struct tls_peer peer;

	(void)state;
	assert_false(tls_has_peer(both.server));
	assert_false(tls_peer_certificate(both.server, &peer));
	/* The client has not verified the server, whose certificate nobody signed. */
	assert_true(tls_has_peer(both.client));
	assert_false(tls_peer_certificate(both.client, &peer));
	both_end(&both);
	tls_close(NULL);
}

/* ---- on fibers: far more than a socket holds ---- */

static ssize_t
update_keys(struct both *both, int times)
{
	ssize_t got = STREAM_LATE;
	char byte;

	for (int i = 0; i < times && got == STREAM_LATE; i++) {
		assert_int_equal(
		    SSL_key_update(tls_ssl(both->client), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(tls_ssl(both->client)), 1);
		got = tls_read_now(both->server, &byte, 1);
	}
	return got;
}

/* OpenSSL alone would read them for as long as they come. */
static void
key_updates_without_end_break_it(void **state)
{
	struct both both = connected();
	char byte;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(update_keys(&both, 500), STREAM_LATE);
		assert_true(tls_write(both.client, SPAN("x"), FAR_US));
		assert_int_equal(tls_read_now(both.server, &byte, 1), 1);
	}
	assert_int_equal(update_keys(&both, 3000), STREAM_BROKEN);
	assert_string_equal(tls_failure(both.server), "the peer sends nothing but messages of TLS");
	both_end(&both);
}

struct side {
	struct tls *tls;
	int socket;
	char *bytes;
	size_t got;
	bool written;
	ssize_t last;
};

static void
write_side(void *context)
{
	struct side *side = context;

	assert_int_equal(tls_handshake(side->tls, clock_mono_us() + FAR_US), 1);
	side->written = channel_write((struct channel){ side->socket, side->tls },
	    (struct span){ side->bytes, LARGE }, FAR_US);
	tls_end(side->tls, FAR_US);
}

static void
read_side(void *context)
{
	struct side *side = context;
	struct channel channel = { side->socket, side->tls };

	assert_int_equal(tls_handshake(side->tls, clock_mono_us() + FAR_US), 1);
	do {
		side->last = channel_read(channel, side->bytes + side->got, LARGE - side->got + 1,
		    clock_mono_us() + FAR_US);
		side->got += side->last > 0 ? (size_t)side->last : 0;
	} while (side->last > 0);
}

static void
forget_both(void *context)
{
	struct both *both = context;

	tls_close(both->client);
	tls_close(both->server);
	watch_close(both->pair.ours);
	watch_close(both->pair.theirs);
}

static void
fibers_wait_for_each_other(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct both both = both_begin(server, anybody);
		struct side client = { both.client, both.pair.theirs, malloc(LARGE + 1), 0, 0, 0 };
		struct side gates = { both.server, both.pair.ours, malloc(LARGE + 1), 0, 0, 0 };
		struct side *writer = turn == 0 ? &client : &gates;
		struct side *reader = turn == 0 ? &gates : &client;
		struct fibers_task first, second;

		for (size_t i = 0; i < LARGE; i++)
			writer->bytes[i] = (char)(i * 31 / 7);
		fibers_begin(&first, 0, write_side, writer);
		fibers_begin(&second, 0, read_side, reader);
		fibers_join(&first);
		fibers_join(&second);
		assert_true(writer->written);
		assert_int_equal(reader->last, STREAM_END);
		assert_int_equal(reader->got, LARGE);
		assert_memory_equal(reader->bytes, writer->bytes, LARGE);
		fibers_call(0, forget_both, &both);
		free(client.bytes);
		free(gates.bytes);
	}
}

/* One that never has to wait: its bytes fit into the socket, or are there already. */
struct eager {
	struct both both;
	struct fibers_task news[2];
	bool noticed[2]; /* before it had done with as many bytes as are its share */
	bool done;
	char bytes[16384];
};

static void
notice(void *context)
{
	*(bool *)context = true;
}

static void
work_eagerly(void *context)
{
	struct eager *eager = context;
	struct span bytes = { eager->bytes, sizeof(eager->bytes) };
	bool noticed[2] = { false, false };

	/* from now on it has its turns behind the news */
	eager->done = watch_spend(WATCH_SHARE_BYTES);
	fibers_post(&eager->news[0], 0, notice, &noticed[0]);
	for (size_t i = 0; i < WATCH_SHARE_BYTES / sizeof(eager->bytes); i++)
		eager->done = eager->done && tls_write(eager->both.server, bytes, FAR_US);
	eager->noticed[0] = noticed[0];
	fibers_post(&eager->news[1], 0, notice, &noticed[1]);
	for (size_t left = WATCH_SHARE_BYTES; left > 0 && eager->done;) {
		ssize_t got = tls_read(eager->both.client, eager->bytes, sizeof(eager->bytes),
		    clock_mono_us() + FAR_US);

		eager->done = got > 0;
		left -= got > 0 ? (size_t)got : 0;
	}
	eager->noticed[1] = noticed[1];
	while (!noticed[0] || !noticed[1]) /* they are on this stack */
		eager->done = watch_spend(WATCH_SHARE_BYTES) && eager->done;
}

static void
who_never_waits_lets_others_go_first(void **state)
{
	static struct eager eager;

	(void)state;
	eager.both = connected();
	fibers_run(0, work_eagerly, &eager);
	for (size_t i = 0; i < 2; i++)
		fibers_join(&eager.news[i]);
	fibers_call(0, forget_both, &eager.both);
	assert_true(eager.done);
	assert_true(eager.noticed[0]);
	assert_true(eager.noticed[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(what_was_read_ahead_is_pending),
		cmocka_unit_test(half_a_record_is_waited_for),
		cmocka_unit_test(an_end_is_said_or_it_is_none),
		cmocka_unit_test(an_abort_is_no_end),
		cmocka_unit_test(a_forged_record_breaks_it),
		cmocka_unit_test(key_updates_without_end_break_it),
		cmocka_unit_test(what_is_no_tls_breaks_the_handshake),
		cmocka_unit_test(a_handshake_ends_at_its_deadline),
		cmocka_unit_test(without_a_certificate_the_peer_is_nobody),
		cmocka_unit_test(fibers_wait_for_each_other),
		cmocka_unit_test(who_never_waits_lets_others_go_first),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
