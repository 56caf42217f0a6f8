/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_connect - connect to PostgreSQL, without secrets in names and errors.
 *
 * Uses:   base, libpq. For sql and sql_postgres alone.
 * Shell:  the network.
 */
#ifndef POSTERN_ISSUER_STORE_POSTGRES_CONNECT_H
#define POSTERN_ISSUER_STORE_POSTGRES_CONNECT_H

#include <libpq-fe.h>

#include "base/check.h"
#include "base/err.h"

/*
 * Connect within about three seconds per address, and three for name servers to answer. What the
 * URL leaves open is filled in: keepalives that notice a dead network within seconds, a server that
 * can be written.
 *
 * ret_name  given: free() it. The URL for messages: no password, no parameters. Set as soon as the
 *           URL could be read, also on failure.
 * ret_conn  given: PQfinish() it. Set on success only.
 */
MUST_CHECK bool postgres_connect(
    const char *url, char **ret_name, PGconn **ret_conn, struct err *reterr);

/* Set the error "NAME: message of libpq", on one line. A password of the connection in it is
 * removed. Always returns false. */
bool postgres_says(const char *name, const PGconn *conn, const char *message, struct err *reterr);

#endif
