/* SPDX-License-Identifier: Apache-2.0 */
/* The same bytes in plain and under TLS. */
#include "certificates.h"

#include "proxy/io/channel.h"

static void
expect_talk(struct channel ours, struct channel theirs)
{
	char bytes[8];

	assert_int_equal(channel_read_now(ours, bytes, sizeof(bytes)), STREAM_LATE);
	assert_true(channel_write(theirs, SPAN("abc"), FAR_US));
	assert_int_equal(channel_read(ours, bytes, sizeof(bytes), clock_mono_us() + FAR_US), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_true(channel_write(ours, SPAN("de"), FAR_US));
	assert_int_equal(channel_read_now(theirs, bytes, sizeof(bytes)), 2);
	assert_int_equal(channel_write_now(ours, SPAN("fgh")), 3);
	assert_int_equal(channel_read_now(theirs, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "fgh", 3);
	assert_false(channel_pending(ours));
	assert_true(channel_end(theirs, FAR_US));
	assert_int_equal(channel_read_now(ours, bytes, sizeof(bytes)), STREAM_END);
}

static void
in_plain_and_under_tls_it_is_the_same(void **state)
{
	struct made gate = made_valid("gate", NULL, NULL);
	struct tls_server *server = made_server(&gate);
	SSL_CTX *client = made_client(NULL);
	struct both both = both_begin(server, client);
	struct fibers_pair plain = fibers_pair();

	(void)state;
	expect_talk((struct channel){ plain.ours, NULL }, (struct channel){ plain.theirs, NULL });
	assert_true(both_shake(&both));
	expect_talk((struct channel){ both.pair.ours, both.server },
	    (struct channel){ both.pair.theirs, both.client });
	(void)close(plain.ours);
	(void)close(plain.theirs);
	both_end(&both);
	tls_server_unref(server);
	SSL_CTX_free(client);
	made_free(&gate);
}

/* More than was asked for stays, without news of the socket. */
static void
what_tls_holds_is_pending(void **state)
{
	struct made gate = made_valid("gate", NULL, NULL);
	struct tls_server *server = made_server(&gate);
	SSL_CTX *client = made_client(NULL);
	struct both both = both_begin(server, client);
	struct channel ours = { both.pair.ours, both.server };
	char byte;

	(void)state;
	assert_true(both_shake(&both));
	assert_true(tls_write(both.client, SPAN("ab"), FAR_US));
	assert_int_equal(channel_read_now(ours, &byte, 1), 1);
	assert_true(channel_pending(ours));
	assert_int_equal(channel_read_now(ours, &byte, 1), 1);
	assert_false(channel_pending(ours));
	both_end(&both);
	tls_server_unref(server);
	SSL_CTX_free(client);
	made_free(&gate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_plain_and_under_tls_it_is_the_same),
		cmocka_unit_test(what_tls_holds_is_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
