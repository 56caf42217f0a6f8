/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_server - what all TLS sessions of a listener share: TLS 1.2 and 1.3 with forward secrecy and
 * authenticated encryption, no compression, no renegotiation, no early data; the certificate by the
 * name that the client asks for (RFC 6066 section 3); http/1.1 alone where the client negotiates a
 * protocol (RFC 7301); and, if wanted, the client's certificate.
 *
 * It never changes. A session keeps what it began with.
 *
 * Uses:   tls, tls_identity, tls_tickets, OpenSSL.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_IO_TLS_SERVER_H
#define POSTERN_PROXY_IO_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "proxy/io/tls.h"
#include "proxy/io/tls_identity.h"

/* Must a client show a certificate? One that is shown must be valid, always. */
enum tls_client_certificate { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

/* Certificates that it may have. */
#define TLS_SERVER_CERTIFICATES 64

struct tls_server_setup {
	/* taken, each with its key; the first is the default. The first that is for a name serves
	 * it. */
	struct tls_identity *identities[TLS_SERVER_CERTIFICATES];
	size_t identity_count;
	struct span client_ca; /* PEM: whoever signs clients' certificates; empty: nobody does */
	enum tls_client_certificate client_certificate;
};

struct tls_server;

/*
 * ret_server  given: one reference, tls_server_unref() drops it. Set on success only.
 * Takes the identities in either case.
 */
MUST_CHECK bool tls_server_new(
    struct tls_server_setup *setup, struct tls_server **ret_server, struct err *reterr);

/* Free the identities of a setup that none is made of. */
void tls_server_drop(struct tls_server_setup *setup);

/* One reference more, and one less; unref accepts NULL. */
struct tls_server *tls_server_ref(struct tls_server *server);
void tls_server_unref(struct tls_server *server);

/* Do both ask clients for the same certificates? */
bool tls_server_is_alike(const struct tls_server *one, const struct tls_server *other);

/* A session on an accepted socket, as tls_new(). */
MUST_CHECK struct tls *tls_server_session(struct tls_server *server, int socket);

/* Is this a `client_ca`: certificates as PEM, one at least? */
MUST_CHECK bool tls_server_ca_check(struct span pem, struct err *reterr);

#endif
