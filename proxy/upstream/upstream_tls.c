/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/upstream_tls.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proxy/io/wait.h"

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
	(void)SSL_CTX_set_mode(
	    tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
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

/* After a call that did not go through: wait for what TLS wants. 1: try again, 0: late, -1: no. */
static int
wait_wanted(struct upstream_conn *conn, int result)
{
	int wanted = SSL_get_error(conn->tls, result);

	ERR_clear_error();
	if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE)
		return -1;
	return wait_one(
	    conn->socket, wanted == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN, conn->deadline_us);
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
	SSL *ssl = SSL_new(tls->context);
	int result = 0, go_on = 1;
	long verified;

	conn->tls = ssl;
	if (ssl == NULL || !name_peer(tls, ssl) || SSL_set_fd(ssl, conn->socket) != 1)
		go_on = -1;
	while (go_on > 0 && (result = SSL_connect(ssl)) != 1)
		go_on = wait_wanted(conn, result);
	if (go_on > 0)
		return true;
	verified = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
	if (verified != X509_V_OK)
		(void)err_set(reterr, "%s: TLS: the certificate is refused: %s", tls->host,
		    X509_verify_cert_error_string(verified));
	else
		(void)err_set(reterr, "%s: TLS: the handshake failed", tls->host);
	SSL_free(ssl);
	conn->tls = NULL;
	ERR_clear_error();
	return false;
}

/* An end without close_notify may be a truncation attack: it counts as broken. */
ssize_t
upstream_tls_read(struct upstream_conn *conn, char *into, size_t room)
{
	size_t got = 0;
	int go_on = 1;

	while (go_on > 0) {
		int result = SSL_read_ex(conn->tls, into, room, &got);

		if (result == 1)
			return (ssize_t)got;
		if (SSL_get_error(conn->tls, result) == SSL_ERROR_ZERO_RETURN)
			return LINK_END;
		go_on = wait_wanted(conn, result);
	}
	return go_on == 0 ? LINK_LATE : LINK_BROKEN;
}

/* A readable socket need not mean application data: TLS 1.3 sends session tickets after the
 * handshake. */
ssize_t
upstream_tls_read_now(struct upstream_conn *conn, char *into, size_t room)
{
	size_t got = 0;
	int result = SSL_read_ex(conn->tls, into, room, &got), why;

	if (result == 1)
		return (ssize_t)got;
	why = SSL_get_error(conn->tls, result);
	ERR_clear_error();
	if (why == SSL_ERROR_ZERO_RETURN)
		return LINK_END;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? LINK_LATE : LINK_BROKEN;
}

bool
upstream_tls_write(struct upstream_conn *conn, struct span bytes)
{
	while (bytes.len > 0) {
		size_t put = 0;
		int result = SSL_write_ex(conn->tls, bytes.at, bytes.len, &put);

		if (result == 1)
			bytes = span_slice(bytes, put, bytes.len);
		else if (wait_wanted(conn, result) <= 0)
			return false;
	}
	return true;
}

bool
upstream_tls_holds(void *ssl)
{
	return SSL_pending(ssl) > 0;
}

void
upstream_tls_close(void *ssl)
{
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
	SSL_free(ssl);
}
