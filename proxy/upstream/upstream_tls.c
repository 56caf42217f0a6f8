/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/upstream_tls.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proxy/io/tls.h"
#include "proxy/io/tls_identity.h"

struct upstream_tls {
	SSL_CTX *context;
	char *host;
	bool numeric;
};

/* Every certificate of `pem` is trusted, also one that another has signed; no other is. */
static bool
trust_only(SSL_CTX *context, const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509 *authority;
	size_t count = 0;
	bool done = in != NULL;

	while (done && (authority = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		done = X509_STORE_add_cert(store, authority) == 1;
		count++;
		X509_free(authority);
	}
	done = done && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(in);
	ERR_clear_error();
	return done && count > 0 && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static bool
set_authorities(SSL_CTX *context, const struct upstream_trust *trust)
{
	return trust->ca == NULL ? SSL_CTX_set_default_verify_paths(context) == 1
				 : trust_only(context, trust->ca);
}

static bool
show(SSL_CTX *context, const struct upstream_trust *trust, struct err *reterr)
{
	struct tls_identity *identity = NULL;
	bool done;

	if (trust->certificate == NULL || trust->key == NULL)
		return true;
	done = tls_identity_new(span_of(trust->certificate), &identity, reterr) &&
	       tls_identity_key(identity, span_of(trust->key), reterr) &&
	       tls_identity_use(identity, context, reterr);
	tls_identity_free(identity);
	return done;
}

static bool
set_up(struct upstream_tls *tls, const struct upstream_trust *trust, struct err *reterr)
{
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->host == NULL || tls->context == NULL ||
	    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1)
		return err_set(reterr, "https: OpenSSL cannot be set up");
	if (!set_authorities(tls->context, trust))
		return err_set(reterr, "https: the trusted certificates cannot be read");
	return show(tls->context, trust, reterr);
}

bool
upstream_tls_new(const char *host, const struct upstream_trust *trust,
    struct upstream_tls **ret_tls, struct err *reterr)
{
	struct upstream_tls *tls = calloc(1, sizeof(*tls));
	unsigned char scrap[16];

	if (tls == NULL)
		return err_set(reterr, "out of memory");
	if (trust->server_name != NULL)
		host = trust->server_name;
	tls->host = strdup(host);
	if (!set_up(tls, trust, reterr)) {
		upstream_tls_free(tls);
		ERR_clear_error();
		return false;
	}
	tls->numeric =
	    inet_pton(AF_INET, host, scrap) == 1 || inet_pton(AF_INET6, host, scrap) == 1;
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	*ret_tls = tls;
	return true;
}

void
upstream_tls_free(struct upstream_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls->host);
	free(tls);
}

static bool
name_peer(struct upstream_tls *tls, SSL *ssl)
{
	if (tls->numeric)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), tls->host) == 1;
	return SSL_set1_host(ssl, tls->host) == 1 && SSL_set_tlsext_host_name(ssl, tls->host) == 1;
}

bool
upstream_tls_connect(struct upstream_tls *tls, struct upstream_conn *conn, struct err *reterr)
{
	struct tls *session = tls_new(tls->context, conn->socket, TLS_CLIENT);
	long verified;

	if (session == NULL)
		return err_set(reterr, "%s: TLS: out of memory", tls->host);
	if (name_peer(tls, tls_ssl(session)) && tls_handshake(session, conn->deadline_us) > 0) {
		conn->tls = session;
		return true;
	}
	verified = SSL_get_verify_result(tls_ssl(session));
	if (verified != X509_V_OK)
		(void)err_set(reterr, "%s: TLS: the certificate is refused: %s", tls->host,
		    X509_verify_cert_error_string(verified));
	else
		(void)err_set(reterr, "%s: TLS: the handshake failed", tls->host);
	tls_close(session);
	return false;
}
