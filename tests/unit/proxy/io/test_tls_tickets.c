/* SPDX-License-Identifier: Apache-2.0 */
#include "certificates.h"

#include "proxy/io/tls_tickets.h"

static SSL_SESSION *ticket; /* the client's last one */

static int
keep_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(ticket);
	ticket = session;
	return 1;
}

static struct tls_server *
server_that_asks(const struct made *gate, const struct made *authority)
{
	struct tls_server_setup setup = { .identities = { made_identity(gate) },
		.identity_count = 1,
		.client_certificate = TLS_CLIENT_OPTIONAL };
	char *pem = made_pem(authority, false, NULL);
	struct tls_server *server = NULL;
	struct err err;

	setup.client_ca = span_of(pem);
	if (!tls_server_new(&setup, &server, &err))
		fail_msg("%s", err.text);
	free(pem);
	return server;
}

/* Connect with the ticket of before, if there is one; was it taken? */
static bool
resumes(struct tls_server *server, SSL_CTX *client)
{
	struct both both = both_begin(server, client);
	bool resumed;

	if (ticket != NULL)
		assert_int_equal(SSL_set_session(tls_ssl(both.client), ticket), 1);
	(void)both_shake(&both);
	resumed = SSL_session_reused(tls_ssl(both.server)) == 1;
	both_end(&both);
	return resumed;
}

static SSL_CTX *
client_that_keeps(const struct made *certificate, int version)
{
	SSL_CTX *client = made_client(certificate);

	assert_int_equal(SSL_CTX_set_max_proto_version(client, version), 1);
	(void)SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(client, keep_ticket);
	return client;
}

static void
drop_ticket(void)
{
	SSL_SESSION_free(ticket);
	ticket = NULL;
}

/* In TLS 1.3 each connection brings a new one. */
static void
a_ticket_is_taken_again_and_again(void **state)
{
	const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct made gate = made_valid("gate", NULL, NULL);
	struct tls_server *server = made_server(&gate);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *client = client_that_keeps(NULL, versions[i]);

		assert_false(resumes(server, client));
		for (int times = 0; times < 4; times++)
			assert_true(resumes(server, client));
		drop_ticket();
		SSL_CTX_free(client);
	}
	tls_server_unref(server);
	made_free(&gate);
}

/* A ticket with another name of a key, or other bytes, is a full handshake and no error. */
static void
what_is_no_ticket_of_ours_is_not_taken(void **state)
{
	struct made gate = made_valid("gate", NULL, NULL);
	struct tls_server *server = made_server(&gate);

	(void)state;
	for (size_t at = 0; at < 180; at += 20) {
		SSL_CTX *client = client_that_keeps(NULL, TLS1_2_VERSION);
		const unsigned char *bytes;
		size_t len = 0;

		assert_false(resumes(server, client));
		SSL_SESSION_get0_ticket(ticket, &bytes, &len);
		assert_true(len > at);
		((unsigned char *)(uintptr_t)bytes)[at] ^= 1;
		assert_false(resumes(server, client));
		drop_ticket();
		SSL_CTX_free(client);
	}
	tls_server_unref(server);
	made_free(&gate);
}

/* The session was verified once; the certificate has ended in between. */
static void
a_certificate_that_has_expired_is_not_resumed(void **state)
{
	const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct made gate = made_valid("gate", NULL, NULL);
	struct made authority = made_valid("authority", NULL, NULL);
	struct tls_server *server = server_that_asks(&gate, &authority);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct made brief =
		    made_new((struct wanted){ "brief", NULL, -3600, 2, &authority });
		SSL_CTX *client = client_that_keeps(&brief, versions[i]);

		assert_false(resumes(server, client));
		assert_non_null(ticket);
		while (X509_cmp_current_time(X509_get0_notAfter(brief.certificate)) > 0)
			fibers_pause();
		assert_false(resumes(server, client));
		drop_ticket();
		SSL_CTX_free(client);
		made_free(&brief);
	}
	tls_server_unref(server);
	made_free(&gate);
	made_free(&authority);
}

/* A name that was given is known for the rest of its period and one more, and no longer. */
static void
keys_are_renewed(void **state)
{
	struct tls_tickets_keys keys = { 0 };
	struct tls_tickets_key first, second, third, found;
	const int64_t begin_s = 1000000, end_s = begin_s + TLS_TICKETS_KEY_S;

	(void)state;
	assert_true(tls_tickets_find(&keys, NULL, begin_s, &first));
	assert_false(tls_tickets_find(&keys, (const unsigned char[16]){ 0 }, begin_s, &found));
	assert_true(tls_tickets_find(&keys, NULL, end_s - 1, &found));
	assert_memory_equal(&found, &first, sizeof(first));

	assert_true(tls_tickets_find(&keys, NULL, end_s, &second));
	assert_memory_not_equal(second.name, first.name, sizeof(first.name));
	assert_memory_not_equal(second.cipher, first.cipher, sizeof(first.cipher));
	assert_memory_not_equal(second.mac, first.mac, sizeof(first.mac));
	assert_true(tls_tickets_find(&keys, first.name, end_s + TLS_TICKETS_KEY_S - 1, &found));
	assert_memory_equal(found.cipher, first.cipher, sizeof(first.cipher));

	assert_false(tls_tickets_find(&keys, first.name, end_s + TLS_TICKETS_KEY_S, &found));
	assert_true(tls_tickets_find(&keys, second.name, end_s + TLS_TICKETS_KEY_S, &found));
	assert_memory_equal(found.cipher, second.cipher, sizeof(second.cipher));

	/* After a long silence nothing old is accepted. */
	assert_true(tls_tickets_find(&keys, NULL, end_s + 10 * TLS_TICKETS_KEY_S, &third));
	assert_false(tls_tickets_find(&keys, second.name, end_s + 10 * TLS_TICKETS_KEY_S, &found));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_taken_again_and_again),
		cmocka_unit_test(what_is_no_ticket_of_ours_is_not_taken),
		cmocka_unit_test(keys_are_renewed),
		cmocka_unit_test(a_certificate_that_has_expired_is_not_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
