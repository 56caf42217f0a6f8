/* SPDX-License-Identifier: Apache-2.0 */
#include "certificates.h"

static struct made gate, other, authority, stranger;

static int
begin(void **state)
{
	(void)state;
	gate = made_valid("gate", "DNS:gate.test,DNS:*.wild.test", NULL);
	other = made_valid("other", "DNS:other.test,DNS:x.wild.test", NULL);
	authority = made_valid("authority", NULL, NULL);
	stranger = made_valid("stranger", NULL, NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	made_free(&gate);
	made_free(&other);
	made_free(&authority);
	made_free(&stranger);
	return 0;
}

/* A server of both certificates that asks for a client's certificate of the authority. */
static struct tls_server *
server_asks(enum tls_client_certificate mode, const struct made *signer)
{
	struct tls_server_setup setup = {
		.identities = { made_identity(&gate), made_identity(&other) },
		.identity_count = 2,
		.client_certificate = mode,
	};
	char *pem = made_pem(signer, false, NULL);
	struct tls_server *server = NULL;
	struct err err;

	setup.client_ca = span_of(pem);
	if (!tls_server_new(&setup, &server, &err))
		fail_msg("%s", err.text);
	free(pem);
	return server;
}

static void
old_versions_and_weak_ciphers_are_refused(void **state)
{
	static const struct {
		int least, most;
		const char *ciphers;
		bool done;
	} cases[] = {
		{ 0, 0, NULL, true },
		{ TLS1_3_VERSION, TLS1_3_VERSION, NULL, true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, NULL, true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-NULL-SHA", false },
		{ TLS1_VERSION, TLS1_1_VERSION, NULL, false },
	};
	struct tls_server *server = made_server(&gate);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		SSL_CTX *client = made_client(NULL);
		struct both both;

		SSL_CTX_set_security_level(client, 0);
		assert_int_equal(SSL_CTX_set_min_proto_version(client, cases[i].least), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(client, cases[i].most), 1);
		if (cases[i].ciphers != NULL)
			assert_int_equal(SSL_CTX_set_cipher_list(client, cases[i].ciphers), 1);
		both = both_begin(server, client);
		if (both_shake(&both) != cases[i].done)
			fail_msg("case %zu: %s", i, tls_failure(both.server));
		both_end(&both);
		SSL_CTX_free(client);
	}
	tls_server_unref(server);
}

static void
http_1_1_is_all_that_is_spoken(void **state)
{
	static const struct {
		const char *offered;
		size_t len;
		bool done;
	} cases[] = {
		{ "\x08http/1.1", 9, true },
		{ "\x02h2\x08http/1.1", 12, true },
		{ "\x08http/1.1\x02h2", 12, true },
		{ "\x02h2", 3, false },
		{ "\x08http/1.0", 9, false },
		{ "\x09http/1.1x", 10, false },
		{ "\x07http/1.", 8, false },
	};
	struct tls_server *server = made_server(&gate);
	SSL_CTX *client = made_client(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct both both = both_begin(server, client);
		const unsigned char *chosen = NULL;
		unsigned len = 0;

		assert_int_equal(
		    SSL_set_alpn_protos(tls_ssl(both.client),
			(const unsigned char *)cases[i].offered, (unsigned)cases[i].len),
		    0);
		if (both_shake(&both) != cases[i].done)
			fail_msg("case %zu", i);
		SSL_get0_alpn_selected(tls_ssl(both.client), &chosen, &len);
		assert_int_equal(len, cases[i].done ? 8 : 0);
		if (!cases[i].done)
			assert_string_equal(
			    tls_failure(both.client), "tlsv1 alert no application protocol");
		both_end(&both);
	}
	SSL_CTX_free(client);
	tls_server_unref(server);
}

static void
the_name_chooses_the_certificate(void **state)
{
	struct {
		const char *name;
		const struct made *shown;
	} cases[] = { { NULL, &gate }, { "gate.test", &gate }, { "other.test", &other },
		{ "OTHER.test", &other }, { "nobody.test", &gate },
		{ "x.wild.test", &gate }, /* the first that is for it */
		{ "a.b.wild.test", &gate }, { "", &gate } };
	struct tls_server *server = server_asks(TLS_CLIENT_NONE, &authority);
	SSL_CTX *client = made_client(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct both both = both_begin(server, client);

		if (cases[i].name != NULL && cases[i].name[0] != '\0')
			assert_int_equal(
			    SSL_set_tlsext_host_name(tls_ssl(both.client), cases[i].name), 1);
		assert_true(both_shake(&both));
		if (X509_cmp(SSL_get0_peer_certificate(tls_ssl(both.client)),
			cases[i].shown->certificate) != 0)
			fail_msg("%s", cases[i].name);
		both_end(&both);
	}
	SSL_CTX_free(client);
	tls_server_unref(server);
}

enum outcome { REFUSED, NOBODY, KNOWN };

static enum outcome
outcome_of(struct tls_server *server, const struct made *certificate)
{
	SSL_CTX *client = made_client(certificate);
	struct both both = both_begin(server, client);
	enum outcome outcome = REFUSED;
	struct tls_peer peer;

	if (both_shake(&both)) {
		outcome = tls_has_peer(both.server) ? KNOWN : NOBODY;
		assert_int_equal(tls_peer_certificate(both.server, &peer), outcome == KNOWN);
		if (outcome == KNOWN)
			buffer_done(&peer.subject);
	}
	both_end(&both);
	SSL_CTX_free(client);
	return outcome;
}

static void
who_is_let_in_with_which_certificate(void **state)
{
	struct made good = made_valid("good", NULL, &authority);
	struct made foreign = made_valid("foreign", NULL, &stranger);
	struct made own = made_valid("own", NULL, NULL);
	struct made old = made_new((struct wanted){ "old", NULL, -7200, -3600, &authority });
	struct made early = made_new((struct wanted){ "early", NULL, 3600, 7200, &authority });
	const struct {
		const struct made *certificate;
		enum outcome outcomes[3]; /* none, optional, required */
	} cases[] = {
		{ NULL, { NOBODY, NOBODY, REFUSED } },
		{ &good, { NOBODY, KNOWN, KNOWN } },
		{ &authority, { NOBODY, KNOWN, KNOWN } },
		{ &foreign, { NOBODY, REFUSED, REFUSED } },
		{ &own, { NOBODY, REFUSED, REFUSED } },
		{ &old, { NOBODY, REFUSED, REFUSED } },
		{ &early, { NOBODY, REFUSED, REFUSED } },
	};

	(void)state;
	for (int mode = TLS_CLIENT_NONE; mode <= TLS_CLIENT_REQUIRED; mode++) {
		struct tls_server *server =
		    server_asks((enum tls_client_certificate)mode, &authority);

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			if (outcome_of(server, cases[i].certificate) != cases[i].outcomes[mode])
				fail_msg("mode %d, case %zu", mode, i);
		tls_server_unref(server);
	}
	made_free(&good);
	made_free(&foreign);
	made_free(&own);
	made_free(&old);
	made_free(&early);
}

static void
a_client_is_known_by_its_certificate(void **state)
{
	struct made good = made_valid("a+b", NULL, &authority);
	struct tls_server *server = server_asks(TLS_CLIENT_REQUIRED, &authority);
	SSL_CTX *client = made_client(&good);
	struct both both = both_begin(server, client);
	unsigned char digest[32];
	struct tls_peer peer;

	(void)state;
	assert_true(both_shake(&both));
	assert_true(tls_peer_certificate(both.server, &peer));
	assert_true(span_is(buffer_span(&peer.subject), "CN=a\\+b,O=Bl\\C3\\BCten\\, Inc."));
	assert_int_equal(X509_digest(good.certificate, EVP_sha256(), digest, NULL), 1);
	assert_memory_equal(peer.sha256, digest, 32);
	buffer_done(&peer.subject);
	tls_server_unref(server); /* the session holds it */
	assert_true(tls_write(both.client, SPAN("abc"), FAR_US));
	both_end(&both);
	SSL_CTX_free(client);
	made_free(&good);
}

/* ---- sessions that are resumed ---- */

static SSL_SESSION *ticket; /* the client's last one */

static int
keep_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(ticket);
	ticket = session;
	return 1;
}

/* Connect with the ticket of before, if there is one. */
static bool
resumes(struct tls_server *server, SSL_CTX *client, bool known)
{
	struct both both = both_begin(server, client);
	bool resumed;

	if (ticket != NULL)
		assert_int_equal(SSL_set_session(tls_ssl(both.client), ticket), 1);
	assert_true(both_shake(&both));
	assert_int_equal(tls_has_peer(both.server), known);
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
a_session_is_resumed_by_whoever_asks_for_the_same(void **state)
{
	const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct made good = made_valid("good", NULL, &authority);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *client = client_that_keeps(&good, versions[i]);
		struct tls_server *server = server_asks(TLS_CLIENT_REQUIRED, &authority);
		struct tls_server *same = server_asks(TLS_CLIENT_REQUIRED, &authority);
		struct tls_server *milder = server_asks(TLS_CLIENT_OPTIONAL, &authority);

		assert_false(resumes(server, client, true));
		assert_true(resumes(server, client, true));
		assert_true(resumes(same, client, true)); /* as after a reload */
		assert_false(resumes(milder, client, true));
		SSL_SESSION_free(ticket);
		ticket = NULL;
		SSL_CTX_free(client);
		tls_server_unref(server);
		tls_server_unref(same);
		tls_server_unref(milder);
	}
	made_free(&good);
}

/* Whose signer is not trusted any more does not come in by an old ticket. */
static void
other_authorities_end_the_sessions(void **state)
{
	struct made good = made_valid("good", NULL, &authority);
	struct tls_server *before = server_asks(TLS_CLIENT_REQUIRED, &authority);
	struct tls_server *after = server_asks(TLS_CLIENT_REQUIRED, &stranger);
	SSL_CTX *client = client_that_keeps(&good, TLS1_3_VERSION);
	struct both both;

	(void)state;
	assert_false(resumes(before, client, true));
	assert_true(resumes(before, client, true));
	assert_true(tls_server_is_alike(before, before));
	assert_false(tls_server_is_alike(before, after));
	both = both_begin(after, client);
	assert_int_equal(SSL_set_session(tls_ssl(both.client), ticket), 1);
	assert_false(both_shake(&both));
	both_end(&both);
	SSL_SESSION_free(ticket);
	ticket = NULL;
	SSL_CTX_free(client);
	tls_server_unref(before);
	tls_server_unref(after);
	made_free(&good);
}

static int64_t
client_ends(struct tls_server *server, SSL_CTX *client, bool resumed)
{
	struct both both = both_begin(server, client);
	struct tls_peer peer = { 0 };

	if (ticket != NULL)
		assert_int_equal(SSL_set_session(tls_ssl(both.client), ticket), 1);
	assert_true(both_shake(&both));
	assert_int_equal(SSL_session_reused(tls_ssl(both.server)), resumed);
	assert_true(tls_peer_certificate(both.server, &peer));
	buffer_done(&peer.subject);
	both_end(&both);
	return peer.until_s;
}

/* However often its session is resumed. */
static void
a_client_counts_no_longer_than_who_vouches_for_it(void **state)
{
	const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct made soon = made_new((struct wanted){ "soon", NULL, -3600, 600, NULL });
	struct made good = made_valid("good", NULL, &soon);
	int64_t ends_s = tls_identity_ends(soon.certificate);

	(void)state;
	assert_true(ends_s < tls_identity_ends(good.certificate));
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *client = client_that_keeps(&good, versions[i]);
		struct tls_server *server = server_asks(TLS_CLIENT_REQUIRED, &soon);

		assert_int_equal(client_ends(server, client, false), ends_s);
		assert_int_equal(client_ends(server, client, true), ends_s);
		assert_int_equal(client_ends(server, client, true), ends_s);
		SSL_SESSION_free(ticket);
		ticket = NULL;
		SSL_CTX_free(client);
		tls_server_unref(server);
	}
	made_free(&good);
	made_free(&soon);
}

/* ---- setups ---- */

static void
a_setup_that_cannot_be_is_said(void **state)
{
	struct made weak = { EVP_RSA_gen(1024), NULL };
	struct tls_server_setup setup = { .identity_count = 1 };
	struct tls_server *server = NULL;
	struct err err = { "" };
	char *pem = made_pem(&authority, false, NULL);

	(void)state;
	weak.certificate = X509_dup(gate.certificate);
	assert_int_equal(X509_set_pubkey(weak.certificate, weak.key), 1);
	assert_true(X509_sign(weak.certificate, weak.key, EVP_sha256()) > 0);
	setup.identities[0] = made_identity(&weak);
	assert_false(tls_server_new(&setup, &server, &err));
	assert_string_equal(err.text, "the certificate cannot be used: ee key too small");
	assert_null(server);
	setup.identities[0] = made_identity(&gate);
	tls_server_drop(&setup);
	assert_int_equal(setup.identity_count, 0);
	assert_true(tls_server_ca_check(span_of(pem), &err));
	assert_false(tls_server_ca_check(SPAN("x"), &err));
	assert_string_equal(err.text, "there is no certificate in it (PEM)");
	tls_server_unref(NULL);
	free(pem);
	made_free(&weak);
}

static void
a_server_lives_until_its_last_reference(void **state)
{
	struct tls_server *server = made_server(&gate);
	SSL_CTX *client = made_client(NULL);
	struct both both;

	(void)state;
	assert_ptr_equal(tls_server_ref(server), server);
	tls_server_unref(server);
	both = both_begin(server, client);
	tls_server_unref(server);
	assert_int_equal(SSL_set_tlsext_host_name(tls_ssl(both.client), "gate.test"), 1);
	assert_true(both_shake(&both)); /* its names are still there */
	both_end(&both);
	SSL_CTX_free(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_versions_and_weak_ciphers_are_refused),
		cmocka_unit_test(http_1_1_is_all_that_is_spoken),
		cmocka_unit_test(the_name_chooses_the_certificate),
		cmocka_unit_test(who_is_let_in_with_which_certificate),
		cmocka_unit_test(a_client_is_known_by_its_certificate),
		cmocka_unit_test(a_session_is_resumed_by_whoever_asks_for_the_same),
		cmocka_unit_test(other_authorities_end_the_sessions),
		cmocka_unit_test(a_client_counts_no_longer_than_who_vouches_for_it),
		cmocka_unit_test(a_setup_that_cannot_be_is_said),
		cmocka_unit_test(a_server_lives_until_its_last_reference),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
