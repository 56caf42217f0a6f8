/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/secure.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proxy/io/await.h"

struct secure {
	SSL_CTX *context;
	char *host;
	bool numeric;
};

bool
secure_new(const char *host, struct secure **ret_secure, struct err *reterr)
{
	struct secure *secure = calloc(1, sizeof(*secure));
	unsigned char scrap[16];

	if (secure == NULL)
		return err_set(reterr, "out of memory");
	secure->host = strdup(host);
	secure->context = SSL_CTX_new(TLS_client_method());
	if (secure->host == NULL || secure->context == NULL ||
	    SSL_CTX_set_min_proto_version(secure->context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_default_verify_paths(secure->context) != 1) {
		secure_free(secure);
		ERR_clear_error();
		return err_set(reterr, "https: OpenSSL cannot be set up");
	}
	secure->numeric =
	    inet_pton(AF_INET, host, scrap) == 1 || inet_pton(AF_INET6, host, scrap) == 1;
	SSL_CTX_set_verify(secure->context, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_mode(
	    secure->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	*ret_secure = secure;
	return true;
}

void
secure_free(struct secure *secure)
{
	if (secure == NULL)
		return;
	SSL_CTX_free(secure->context);
	free(secure->host);
	free(secure);
}

/* After a call that did not go through: wait for what TLS wants. 1: try again, 0: late, -1: no. */
static int
wait_wanted(struct link *link, int result)
{
	int wanted = SSL_get_error(link->tls, result);

	ERR_clear_error();
	if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE)
		return -1;
	return await_one(
	    link->socket, wanted == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN, link->deadline_us);
}

static bool
name_peer(struct secure *secure, SSL *ssl)
{
	if (secure->numeric)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), secure->host) == 1;
	return SSL_set1_host(ssl, secure->host) == 1 &&
	       SSL_set_tlsext_host_name(ssl, secure->host) == 1;
}

bool
secure_connect(struct secure *secure, struct link *link, struct err *reterr)
{
	SSL *ssl = SSL_new(secure->context);
	int result = 0, go_on = 1;
	long verified;

	link->tls = ssl;
	if (ssl == NULL || !name_peer(secure, ssl) || SSL_set_fd(ssl, link->socket) != 1)
		go_on = -1;
	while (go_on > 0 && (result = SSL_connect(ssl)) != 1)
		go_on = wait_wanted(link, result);
	if (go_on > 0)
		return true;
	verified = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
	if (verified != X509_V_OK)
		(void)err_set(reterr, "%s: TLS: the certificate is refused: %s", secure->host,
		    X509_verify_cert_error_string(verified));
	else
		(void)err_set(reterr, "%s: TLS: the handshake failed", secure->host);
	SSL_free(ssl);
	link->tls = NULL;
	ERR_clear_error();
	return false;
}

/* An end without TLS's own goodbye may be an attacker's cut: it counts as broken. */
ssize_t
secure_read(struct link *link, char *into, size_t room)
{
	size_t got = 0;
	int go_on = 1;

	while (go_on > 0) {
		int result = SSL_read_ex(link->tls, into, room, &got);

		if (result == 1)
			return (ssize_t)got;
		if (SSL_get_error(link->tls, result) == SSL_ERROR_ZERO_RETURN)
			return LINK_END;
		go_on = wait_wanted(link, result);
	}
	return go_on == 0 ? LINK_LATE : LINK_BROKEN;
}

/* What the socket shows need not be the peer's words: after the handshake TLS 1.3 sends tickets. */
ssize_t
secure_read_now(struct link *link, char *into, size_t room)
{
	size_t got = 0;
	int result = SSL_read_ex(link->tls, into, room, &got), why;

	if (result == 1)
		return (ssize_t)got;
	why = SSL_get_error(link->tls, result);
	ERR_clear_error();
	if (why == SSL_ERROR_ZERO_RETURN)
		return LINK_END;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? LINK_LATE : LINK_BROKEN;
}

bool
secure_write(struct link *link, struct span bytes)
{
	while (bytes.len > 0) {
		size_t put = 0;
		int result = SSL_write_ex(link->tls, bytes.at, bytes.len, &put);

		if (result == 1)
			bytes = span_slice(bytes, put, bytes.len);
		else if (wait_wanted(link, result) <= 0)
			return false;
	}
	return true;
}

bool
secure_holds(void *tls)
{
	return SSL_pending(tls) > 0;
}

void
secure_close(void *tls)
{
	(void)SSL_shutdown(tls);
	ERR_clear_error();
	SSL_free(tls);
}
