/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream_tls - TLS towards an upstream (https), by OpenSSL.
 *
 * Uses:   upstream (struct upstream_conn), io (tls), base.
 * Shell:  sockets. TLS 1.2 at least; the certificate and its name are checked.
 */
#ifndef POSTERN_PROXY_UPSTREAM_UPSTREAM_TLS_H
#define POSTERN_PROXY_UPSTREAM_UPSTREAM_TLS_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/upstream/upstream.h"

struct upstream_tls;

/* What all connections to `host` (a name or an address) share. trust  borrowed. */
MUST_CHECK bool upstream_tls_new(const char *host, const struct upstream_trust *trust,
    struct upstream_tls **ret_tls, struct err *reterr);

/* Accepts NULL. */
void upstream_tls_free(struct upstream_tls *tls);

/* Do the handshake on a connected socket before its deadline; sets conn->tls, which tls_close()
 * ends. */
MUST_CHECK bool upstream_tls_connect(
    struct upstream_tls *tls, struct upstream_conn *conn, struct err *reterr);

#endif
