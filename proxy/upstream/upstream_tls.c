/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/upstream_tls.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proxy/io/tls.h"

struct upstream_tls {
	SSL_CTX *context;
	char *host;
	bool numeric;
};

bool
upstream_tls_new(const char *host, struct upstream_tls **ret_tls, struct err *reterr)
{
	struct upstream_tls *tls = calloc(1, sizeof(*tls));
	unsigned char scrap[16];

	if (tls == NULL)
		return err_set(reterr, "out of memory");
	tls->host = strdup(host);
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->host == NULL || tls->context == NULL ||
	    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_default_verify_paths(tls->context) != 1) {
		upstream_tls_free(tls);
		ERR_clear_error();
		return err_set(reterr, "https: OpenSSL cannot be set up");
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
