/* SPDX-License-Identifier: Apache-2.0 */
/* certificates - keys and certificates made for a test, and sessions of TLS over a pair of sockets
 * whose both ends step in turn. */
#ifndef POSTERN_TESTS_PROXY_IO_CERTIFICATES_H
#define POSTERN_TESTS_PROXY_IO_CERTIFICATES_H

#include "fibers.h"

#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "proxy/io/tls_server.h"

struct made {
	EVP_PKEY *key;
	X509 *certificate;
};

/* What it says, and who signs it (NULL: its own key). */
struct wanted {
	const char *name, *alternative; /* alternative names, or NULL */
	long from_s, until_s;           /* from now */
	const struct made *by;
};

static inline void
made_extension(X509 *certificate, int kind, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static inline struct made
made_new(struct wanted wanted)
{
	struct made made = { EVP_EC_gen("P-256"), X509_new() };
	const struct made *by = wanted.by == NULL ? &made : wanted.by;
	X509_NAME *name = X509_get_subject_name(made.certificate);

	assert_non_null(made.key);
	assert_int_equal(X509_set_version(made.certificate, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made.certificate), wanted.from_s));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made.certificate), wanted.until_s));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
			     (const unsigned char *)"Bl\xc3\xbcten, Inc.", -1, -1, 0),
	    1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)wanted.name, -1, -1, 0),
	    1);
	assert_int_equal(
	    X509_set_issuer_name(made.certificate, X509_get_subject_name(by->certificate)), 1);
	assert_int_equal(X509_set_pubkey(made.certificate, made.key), 1);
	if (wanted.alternative != NULL)
		made_extension(made.certificate, NID_subject_alt_name, wanted.alternative);
	if (wanted.by == NULL)
		made_extension(made.certificate, NID_basic_constraints, "CA:TRUE");
	assert_true(X509_sign(made.certificate, by->key, EVP_sha256()) > 0);
	return made;
}

/* One that is valid. */
static inline struct made
made_valid(const char *name, const char *alternative, const struct made *by)
{
	return made_new((struct wanted){ name, alternative, -3600, 3600, by });
}

static inline void
made_free(struct made *made)
{
	X509_free(made->certificate);
	EVP_PKEY_free(made->key);
}

/* PEM of the certificate, or of the key, encrypted if there is a phrase; free() it. */
static inline char *
made_pem(const struct made *made, bool key, const char *phrase)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text = NULL, *copy;
	long len;

	if (!key)
		assert_int_equal(PEM_write_bio_X509(out, made->certificate), 1);
	else
		assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, made->key,
				     phrase == NULL ? NULL : EVP_aes_256_cbc(), phrase,
				     phrase == NULL ? 0 : (int)strlen(phrase), NULL, NULL),
		    1);
	len = BIO_get_mem_data(out, &text);
	copy = strndup(text, (size_t)len);
	assert_non_null(copy);
	BIO_free(out);
	return copy;
}

static inline struct tls_identity *
made_identity(const struct made *made)
{
	struct tls_identity *identity = NULL;
	char *certificate = made_pem(made, false, NULL), *key = made_pem(made, true, NULL);
	struct err err;

	if (!tls_identity_new(span_of(certificate), &identity, &err) ||
	    !tls_identity_key(identity, span_of(key), &err))
		fail_msg("%s", err.text);
	free(certificate);
	free(key);
	return identity;
}

/* A server of one certificate that asks clients for nothing. */
static inline struct tls_server *
made_server(const struct made *made)
{
	struct tls_server_setup setup = { .identities = { made_identity(made) },
		.identity_count = 1 };
	struct tls_server *server = NULL;
	struct err err;

	if (!tls_server_new(&setup, &server, &err))
		fail_msg("%s", err.text);
	return server;
}

/* A client's context; it trusts everybody. */
static inline SSL_CTX *
made_client(const struct made *certificate)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	assert_non_null(context);
	if (certificate != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(context, certificate->certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(context, certificate->key), 1);
	}
	return context;
}

/* Both ends of a session. */
struct both {
	struct fibers_pair pair;
	struct tls *server, *client;
};

static inline struct both
both_begin(struct tls_server *server, SSL_CTX *client)
{
	struct both both = { .pair = fibers_pair() };

	assert_int_equal(fcntl(both.pair.theirs, F_SETFL, O_NONBLOCK), 0);
	both.server = tls_server_session(server, both.pair.ours);
	both.client = tls_new(client, both.pair.theirs, TLS_CLIENT);
	assert_non_null(both.server);
	assert_non_null(both.client);
	return both;
}

/* Step until both are done or one is broken. True: both are done. The client reads on, so that it
 * has its tickets and learns what the server thinks of it. */
static inline bool
both_shake(struct both *both)
{
	ssize_t server = STREAM_LATE, client = STREAM_LATE, read = STREAM_LATE;
	char byte;

	for (int i = 0; i < 20; i++) {
		if (client == STREAM_LATE)
			client = tls_handshake_now(both->client);
		if (server == STREAM_LATE)
			server = tls_handshake_now(both->server);
		if (client == 1 && server == 1 && read == STREAM_LATE)
			read = tls_read_now(both->client, &byte, 1);
	}
	return server == 1 && client == 1 && read == STREAM_LATE;
}

static inline void
both_end(struct both *both)
{
	tls_close(both->client);
	tls_close(both->server);
	(void)close(both->pair.ours);
	(void)close(both->pair.theirs);
}

#endif
