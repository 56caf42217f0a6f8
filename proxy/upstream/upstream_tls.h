/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream_tls - TLS towards an upstream (https), by OpenSSL.
 *
 * Uses:   upstream (struct upstream_conn), base.
 * Shell:  sockets. TLS 1.2 at least, the system's trusted certificates, the host's name checked.
 */
#ifndef POSTERN_PROXY_UPSTREAM_UPSTREAM_TLS_H
#define POSTERN_PROXY_UPSTREAM_UPSTREAM_TLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/upstream/upstream.h"

struct upstream_tls;

/* What all connections to `host` (a name or an address) share. */
MUST_CHECK bool upstream_tls_new(
    const char *host, struct upstream_tls **ret_tls, struct err *reterr);

/* Accepts NULL. */
void upstream_tls_free(struct upstream_tls *tls);

/* Do the handshake on a connected socket before its deadline; sets conn->tls. */
MUST_CHECK bool upstream_tls_connect(
    struct upstream_tls *tls, struct upstream_conn *conn, struct err *reterr);

/* As upstream_conn_read(), upstream_conn_read_now() and upstream_conn_write(). */
MUST_CHECK ssize_t upstream_tls_read(struct upstream_conn *conn, char *into, size_t room);
MUST_CHECK ssize_t upstream_tls_read_now(struct upstream_conn *conn, char *into, size_t room);
MUST_CHECK bool upstream_tls_write(struct upstream_conn *conn, struct span bytes);

/* Does it hold decrypted bytes that nobody read yet? */
bool upstream_tls_holds(void *tls);

/* Free the tls of a connection; the socket is the caller's. */
void upstream_tls_close(void *tls);

#endif
