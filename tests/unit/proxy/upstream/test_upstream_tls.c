/* SPDX-License-Identifier: Apache-2.0 */
/* https towards an API: whose certificate is accepted, and how a connection ends. The API is
 * OpenSSL's own server on the other end of a socket pair. */
#include "issuer/scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "proxy/upstream/upstream_tls.h"

#define PATIENCE_US (20 * INT64_C(1000000))

/* A certificate for names, signed by its own key, which the gate is told to trust. */
struct authority {
	EVP_PKEY *key;
	X509 *certificate;
	struct scratch scratch;
};

static void
authority_begin(struct authority *authority, const char *names, long lasts_s)
{
	char path[SCRATCH_ROOM * 2];
	X509_EXTENSION *extension;
	X509 *made = X509_new();
	FILE *file;

	scratch_init(&authority->scratch);
	authority->key = EVP_EC_gen("P-256");
	authority->certificate = made;
	assert_non_null(authority->key);
	assert_non_null(made);
	assert_int_equal(X509_set_version(made, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), -7200));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), lasts_s));
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
			     (const unsigned char *)"test", -1, -1, 0),
	    1);
	assert_int_equal(X509_set_issuer_name(made, X509_get_subject_name(made)), 1);
	assert_int_equal(X509_set_pubkey(made, authority->key), 1);
	extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(made, extension, -1), 1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(made, authority->key, EVP_sha256()) > 0);
	scratch_path(&authority->scratch, "ca.pem", path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, made), 1);
	assert_int_equal(fclose(file), 0);
	/* Where OpenSSL looks for the system's certificates. */
	assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
	assert_int_equal(setenv("SSL_CERT_DIR", authority->scratch.dir, 1), 0);
}

static void
authority_end(struct authority *authority)
{
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	scratch_done(&authority->scratch);
}

enum server_end { NOTIFIES, HANGS_UP, STAYS };

struct server {
	const struct authority *authority;
	int socket;
	enum server_end end;
	int version_max; /* 0: any */
	char name[64];   /* that the gate asked for */
	char heard[64];
	pthread_t thread;
};

/* The handshake; then it answers "question" with "answer". */
static void *
server_run(void *context)
{
	struct server *server = context;
	SSL_CTX *setup = SSL_CTX_new(TLS_server_method());
	SSL *ssl;
	const char *name;
	int got;

	(void)SSL_CTX_use_certificate(setup, server->authority->certificate);
	(void)SSL_CTX_use_PrivateKey(setup, server->authority->key);
	if (server->version_max != 0) {
		(void)SSL_CTX_set_min_proto_version(setup, TLS1_VERSION);
		(void)SSL_CTX_set_max_proto_version(setup, server->version_max);
		SSL_CTX_set_security_level(setup, 0);
	}
	ssl = SSL_new(setup);
	(void)SSL_set_fd(ssl, server->socket);
	if (SSL_accept(ssl) == 1) {
		name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		(void)snprintf(server->name, sizeof(server->name), "%s", name == NULL ? "" : name);
		got = SSL_read(ssl, server->heard, sizeof(server->heard) - 1);
		if (got > 0)
			(void)SSL_write(ssl, "answer", 6);
		if (server->end == NOTIFIES)
			(void)SSL_shutdown(ssl);
		if (server->end == STAYS)
			(void)SSL_read(ssl, server->heard, 0);
	}
	if (server->end != STAYS)
		(void)shutdown(server->socket, SHUT_WR);
	SSL_free(ssl);
	SSL_CTX_free(setup);
	return NULL;
}

static void
server_begin(struct server *server, const struct authority *authority, struct upstream_conn *conn)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	/* The server's end waits by itself. */
	assert_int_equal(fcntl(pair[1], F_SETFL, 0), 0);
	server->authority = authority;
	server->socket = pair[1];
	*conn = (struct upstream_conn){ .socket = pair[0],
		.timeout_us = PATIENCE_US,
		.deadline_us = clock_mono_us() + PATIENCE_US };
	assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

/* Close the gate's end first: whatever the server waits for, it ends. */
static void
server_end(struct server *server, struct upstream_conn *conn)
{
	tls_close(conn->tls);
	(void)close(conn->socket);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	(void)close(server->socket);
}

static struct upstream_tls *
tls_to(const char *host)
{
	struct upstream_tls *tls = NULL;
	struct err err;

	if (!upstream_tls_new(host, &(struct upstream_trust){ NULL }, &tls, &err))
		fail_msg("%s", err.text);
	return tls;
}

static void
an_answer_comes_back_over_tls(void **state)
{
	struct authority authority;
	struct server server = { .end = NOTIFIES };
	struct upstream_conn conn;
	struct upstream_tls *tls;
	struct err err = { "" };
	char bytes[16];

	(void)state;
	authority_begin(&authority, "DNS:api.test", 3600);
	tls = tls_to("api.test");
	server_begin(&server, &authority, &conn);
	if (!upstream_tls_connect(tls, &conn, &err))
		fail_msg("%s", err.text);
	/* Session tickets make the socket readable; they are no bytes of an answer. */
	assert_int_equal(upstream_conn_read_now(&conn, bytes, sizeof(bytes)), LINK_LATE);
	assert_true(upstream_conn_write(&conn, SPAN("question")));
	assert_int_equal(upstream_conn_read(&conn, bytes, 2), 2);
	assert_true(tls_pending(conn.tls));
	assert_int_equal(upstream_conn_read_now(&conn, bytes + 2, sizeof(bytes) - 2), 4);
	assert_memory_equal(bytes, "answer", 6);
	assert_int_equal(upstream_conn_read(&conn, bytes, sizeof(bytes)), LINK_END);
	server_end(&server, &conn);
	assert_string_equal(server.heard, "question");
	assert_string_equal(server.name, "api.test");
	upstream_tls_free(tls);
	authority_end(&authority);
}

/* RFC 8446 section 6.1: without close_notify the bytes may have been cut off by somebody else. */
static void
an_end_without_a_notice_is_no_end(void **state)
{
	struct authority authority;
	struct server server = { .end = HANGS_UP };
	struct upstream_conn conn;
	struct upstream_tls *tls;
	struct err err;
	char bytes[16];

	(void)state;
	authority_begin(&authority, "DNS:api.test", 3600);
	tls = tls_to("api.test");
	server_begin(&server, &authority, &conn);
	assert_true(upstream_tls_connect(tls, &conn, &err));
	assert_true(upstream_conn_write(&conn, SPAN("question")));
	assert_int_equal(upstream_conn_read(&conn, bytes, sizeof(bytes)), 6);
	assert_int_equal(upstream_conn_read(&conn, bytes, sizeof(bytes)), LINK_BROKEN);
	server_end(&server, &conn);
	upstream_tls_free(tls);
	authority_end(&authority);
}

static void
a_silent_api_is_late(void **state)
{
	struct authority authority;
	struct server server = { .end = STAYS };
	struct upstream_conn conn;
	struct upstream_tls *tls;
	struct err err;
	char byte;

	(void)state;
	authority_begin(&authority, "DNS:api.test", 3600);
	tls = tls_to("api.test");
	server_begin(&server, &authority, &conn);
	assert_true(upstream_tls_connect(tls, &conn, &err));
	conn.deadline_us = clock_mono_us() + 1000;
	assert_int_equal(upstream_conn_read(&conn, &byte, 1), LINK_LATE);
	server_end(&server, &conn);
	upstream_tls_free(tls);
	authority_end(&authority);
}

static void
expect_refused(const struct err *err, const char *host, const char *says)
{
	char want[128];

	(void)snprintf(want, sizeof(want), "%s: TLS: the certificate is refused: %s", host, says);
	/* OpenSSL's words begin with a capital letter in some of its versions. */
	if (strcasecmp(err->text, want) != 0)
		fail_msg("%s", err->text);
}

static void
whose_certificate_is_accepted(void **state)
{
	static const struct {
		const char *host, *names;
		long lasts_s;
		const char *says; /* NULL: it is accepted */
	} cases[] = {
		{ "api.test", "DNS:api.test", 3600, NULL },
		{ "API.test", "DNS:api.test", 3600, NULL },
		{ "a.api.test", "DNS:*.api.test", 3600, NULL },
		{ "127.0.0.1", "IP:127.0.0.1", 3600, NULL },
		{ "::1", "IP:::1", 3600, NULL },
		{ "api.test", "DNS:crm.test", 3600, "hostname mismatch" },
		{ "a.b.api.test", "DNS:*.api.test", 3600, "hostname mismatch" },
		{ "127.0.0.1", "DNS:127.0.0.1", 3600, "IP address mismatch" },
		{ "127.0.0.1", "IP:127.0.0.2", 3600, "IP address mismatch" },
		{ "api.test", "DNS:api.test", -3600, "certificate has expired" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct authority authority;
		struct server server = { .end = NOTIFIES };
		struct upstream_conn conn;
		struct upstream_tls *tls;
		struct err err = { "" };

		authority_begin(&authority, cases[i].names, cases[i].lasts_s);
		tls = tls_to(cases[i].host);
		server_begin(&server, &authority, &conn);
		if (upstream_tls_connect(tls, &conn, &err) != (cases[i].says == NULL))
			fail_msg("%s of %s: %s", cases[i].host, cases[i].names, err.text);
		assert_int_equal(conn.tls != NULL, cases[i].says == NULL);
		if (cases[i].says != NULL)
			expect_refused(&err, cases[i].host, cases[i].says);
		server_end(&server, &conn);
		upstream_tls_free(tls);
		authority_end(&authority);
	}
}

static void
a_stranger_signed_it(void **state)
{
	struct authority theirs, ours;
	struct server server = { .end = NOTIFIES };
	struct upstream_conn conn;
	struct upstream_tls *tls;
	struct err err = { "" };

	(void)state;
	authority_begin(&theirs, "DNS:api.test", 3600);
	authority_begin(&ours, "DNS:api.test", 3600);
	tls = tls_to("api.test");
	server_begin(&server, &theirs, &conn);
	assert_false(upstream_tls_connect(tls, &conn, &err));
	assert_null(conn.tls);
	assert_non_null(strstr(err.text, "the certificate is refused"));
	server_end(&server, &conn);
	assert_string_equal(server.heard, "");
	upstream_tls_free(tls);
	authority_end(&theirs);
	authority_end(&ours);
}

static void
tls_1_1_is_too_old(void **state)
{
	struct authority authority;
	struct server server = { .end = NOTIFIES, .version_max = TLS1_1_VERSION };
	struct upstream_conn conn;
	struct upstream_tls *tls;
	struct err err = { "" };

	(void)state;
	authority_begin(&authority, "DNS:api.test", 3600);
	tls = tls_to("api.test");
	server_begin(&server, &authority, &conn);
	assert_false(upstream_tls_connect(tls, &conn, &err));
	assert_string_equal(err.text, "api.test: TLS: the handshake failed");
	server_end(&server, &conn);
	upstream_tls_free(tls);
	authority_end(&authority);
}

/* A server of plain HTTP on the port, and one that says nothing at all. */
static void
no_tls_at_all(void **state)
{
	static const char *const says[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct upstream_tls *tls = tls_to("api.test");
		struct upstream_conn conn = { .deadline_us =
						  clock_mono_us() + (i == 0 ? PATIENCE_US : 1000) };
		struct err err = { "" };
		int pair[2];

		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
		conn.socket = pair[0];
		assert_int_equal(send(pair[1], says[i], strlen(says[i]), MSG_NOSIGNAL),
		    (ssize_t)strlen(says[i]));
		assert_false(upstream_tls_connect(tls, &conn, &err));
		assert_null(conn.tls);
		assert_string_equal(err.text, "api.test: TLS: the handshake failed");
		(void)close(pair[0]);
		(void)close(pair[1]);
		upstream_tls_free(tls);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_back_over_tls),
		cmocka_unit_test(an_end_without_a_notice_is_no_end),
		cmocka_unit_test(a_silent_api_is_late),
		cmocka_unit_test(whose_certificate_is_accepted),
		cmocka_unit_test(a_stranger_signed_it),
		cmocka_unit_test(tls_1_1_is_too_old),
		cmocka_unit_test(no_tls_at_all),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* as the gate does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
