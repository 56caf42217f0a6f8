/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/tls_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "proxy/io/tls_tickets.h"

/* Mozilla's "intermediate" of TLS 1.2, without finite-field Diffie-Hellman, whose work for the
 * server is the client's to choose. Those of TLS 1.3 are OpenSSL's. */
#define CIPHERS                                                                                    \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

/* With the hybrid of OpenSSL 3.5, and without. */
#define GROUPS_NEW "X25519MLKEM768:X25519:P-256:P-384"
#define GROUPS "X25519:P-256:P-384"

/* A context for each certificate, which differ in nothing else. The first one is that of each
 * session at its beginning; whoever holds it, a session for one, holds all of this. */
struct tls_server {
	SSL_CTX *contexts[TLS_SERVER_CERTIFICATES];
	struct tls_identity *identities[TLS_SERVER_CERTIFICATES];
	size_t count;
	unsigned char rules[DIGEST_BYTES]; /* what clients are asked for */
	atomic_uint given_back;            /* references; see tls_server_unref() */
};

/* ---- callbacks ---- */

/* The certificate for the name that the client gave; the default one if none is for it. */
static int
on_name(SSL *ssl, int *alert, void *context)
{
	const struct tls_server *server = context;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (size_t i = 0; i < server->count; i++) {
		if (!tls_identity_serves(server->identities[i], span_of(name)))
			continue;
		return SSL_set_SSL_CTX(ssl, server->contexts[i]) != NULL
			   ? SSL_TLSEXT_ERR_OK
			   : SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

/* Who offers protocols of which this is none gets no_application_protocol (RFC 7301 section 3.2).
 */
/* NOLINTBEGIN(readability-function-size): OpenSSL calls it so */
static int
on_protocols(SSL *ssl, const unsigned char **ret_chosen, unsigned char *ret_chosen_bytes,
    const unsigned char *offered, unsigned offered_bytes, void *context)
{
	struct span left = { (const char *)offered, offered_bytes };

	(void)ssl;
	(void)context;
	while (left.len > 0) {
		size_t len = (unsigned char)left.at[0];
		struct span one = span_slice(left, 1, 1 + len);

		if (span_is(one, "http/1.1")) {
			*ret_chosen = (const unsigned char *)one.at;
			*ret_chosen_bytes = (unsigned char)one.len;
			return SSL_TLSEXT_ERR_OK;
		}
		left = span_slice(left, 1 + len, left.len);
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}
/* NOLINTEND(readability-function-size) */

/* ---- the server and its first context end together ---- */

static int owner = -1; /* index of the pointer that a first context carries */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* OpenSSL calls this for every context, most of which carry nothing. */
/* NOLINTBEGIN(readability-function-size): OpenSSL calls it so */
static void
on_context_free(
    void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *context)
{
	struct tls_server *server = pointer;

	(void)parent;
	(void)data;
	(void)index;
	(void)number;
	(void)context;
	if (server == NULL)
		return;
	(void)atomic_load(&server->given_back);
	for (size_t i = 0; i < server->count; i++) {
		if (i > 0)
			SSL_CTX_free(server->contexts[i]);
		tls_identity_free(server->identities[i]);
	}
	free(server);
}
/* NOLINTEND(readability-function-size) */

static void
make_owner(void)
{
	owner = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_context_free);
}

/* ---- contexts ---- */

static bool
fail(struct err *reterr, const char *what)
{
	ERR_clear_error();
	return err_set(reterr, "%s", what);
}

static bool
set_protocol(SSL_CTX *context)
{
	(void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
	       (SSL_CTX_set1_groups_list(context, GROUPS_NEW) == 1 ||
		   SSL_CTX_set1_groups_list(context, GROUPS) == 1) &&
	       tls_tickets_use(context);
}

static bool
set_rules(struct tls_server *server, const struct tls_server_setup *setup)
{
	unsigned char bytes[DIGEST_BYTES + 1];

	bytes[DIGEST_BYTES] = (unsigned char)setup->client_certificate;
	return digest_sha256(setup->client_ca, bytes) &&
	       digest_sha256((struct span){ (const char *)bytes, sizeof(bytes) }, server->rules);
}

bool
tls_server_is_alike(const struct tls_server *one, const struct tls_server *other)
{
	return memcmp(one->rules, other->rules, sizeof(one->rules)) == 0;
}

/* A session is resumed only where clients are asked for the same: their certificate is not verified
 * again. */
static bool
set_session_context(SSL_CTX *context, const struct tls_server *server)
{
	return SSL_CTX_set_session_id_context(context, server->rules, sizeof(server->rules)) == 1;
}

/* Every certificate of `client_ca` is trusted, also one that another has signed. */
static bool
add_authorities(SSL_CTX *context, struct span pem)
{
	BIO *in = BIO_new_mem_buf(pem.at, (int)pem.len);
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509 *authority;
	bool done = in != NULL;

	while (done && (authority = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		done = X509_STORE_add_cert(store, authority) == 1 &&
		       SSL_CTX_add_client_CA(context, authority) == 1;
		X509_free(authority);
	}
	done = done && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(in);
	ERR_clear_error();
	return done && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static bool
set_clients(SSL_CTX *context, const struct tls_server_setup *setup)
{
	int mode = SSL_VERIFY_PEER;

	if (setup->client_certificate == TLS_CLIENT_NONE)
		return true;
	if (setup->client_certificate == TLS_CLIENT_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(context, mode, NULL);
	return add_authorities(context, setup->client_ca);
}

/* The context of the certificate `index`. */
static bool
add_context(struct tls_server *server, const struct tls_server_setup *setup, size_t index,
    struct err *reterr)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	server->contexts[index] = context;
	ERR_clear_error();
	if (context == NULL || !set_protocol(context) || !set_session_context(context, server) ||
	    !set_clients(context, setup))
		return fail(reterr, "OpenSSL cannot be set up");
	ERR_clear_error();
	(void)SSL_CTX_set_tlsext_servername_callback(context, on_name);
	(void)SSL_CTX_set_tlsext_servername_arg(context, server);
	return tls_identity_use(server->identities[index], context, reterr);
}

/* What there is, when the first context does not own it yet. */
static void
undo(struct tls_server *server)
{
	if (server->contexts[0] != NULL)
		(void)SSL_CTX_set_ex_data(server->contexts[0], owner, NULL);
	for (size_t i = 0; i < server->count; i++) {
		SSL_CTX_free(server->contexts[i]);
		tls_identity_free(server->identities[i]);
	}
	free(server);
}

void
tls_server_drop(struct tls_server_setup *setup)
{
	for (size_t i = 0; i < setup->identity_count; i++)
		tls_identity_free(setup->identities[i]);
	setup->identity_count = 0;
}

bool
tls_server_new(struct tls_server_setup *setup, struct tls_server **ret_server, struct err *reterr)
{
	struct tls_server *server = calloc(1, sizeof(*server));
	bool done;

	(void)pthread_once(&once, make_owner);
	if (server == NULL) {
		tls_server_drop(setup);
		return err_set(reterr, "out of memory");
	}
	server->count = setup->identity_count;
	memcpy(server->identities, setup->identities, sizeof(server->identities));
	done = set_rules(server, setup) || fail(reterr, "OpenSSL cannot be set up");
	for (size_t i = 0; i < server->count && done; i++)
		done = add_context(server, setup, i, reterr);
	if (done && (owner < 0 || SSL_CTX_set_ex_data(server->contexts[0], owner, server) != 1))
		done = fail(reterr, "out of memory");
	if (done)
		*ret_server = server;
	else
		undo(server);
	return done;
}

struct tls_server *
tls_server_ref(struct tls_server *server)
{
	(void)SSL_CTX_up_ref(server->contexts[0]);
	return server;
}

/* OpenSSL counts, so whoever is last has seen what the others did; the number says it to
 * ThreadSanitizer, which does not see into OpenSSL. */
void
tls_server_unref(struct tls_server *server)
{
	SSL_CTX *first;

	if (server == NULL)
		return;
	first = server->contexts[0];
	(void)atomic_fetch_add(&server->given_back, 1);
	SSL_CTX_free(first);
}

struct tls *
tls_server_session(struct tls_server *server, int socket)
{
	return tls_new(server->contexts[0], socket, TLS_SERVER);
}

bool
tls_server_ca_check(struct span pem, struct err *reterr)
{
	struct tls_identity *first;

	/* The same form: certificates, one after the other. */
	if (!tls_identity_new(pem, &first, reterr))
		return false;
	tls_identity_free(first);
	return true;
}
