/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_wire - send statements to PostgreSQL and read results, always with a time limit.
 *
 * Uses:   base, libpq, sql. For sql_postgres alone.
 * Shell:  the network.
 */
#ifndef POSTERN_ISSUER_STORE_POSTGRES_WIRE_H
#define POSTERN_ISSUER_STORE_POSTGRES_WIRE_H

#include <libpq-fe.h>

#include "base/check.h"
#include "issuer/store/sql.h"

/* Hand the statement to a connection that does not block. False: PQerrorMessage() says why. */
MUST_CHECK bool postgres_send(PGconn *conn, const struct sql_query *query);

/* Send what is left to be sent. False: the connection or the time (clock_mono_us()) is over. */
MUST_CHECK bool postgres_flush(PGconn *conn, int64_t until_us);

/* The next result of a statement, given: PQclear() it; NULL: it was the last. False as above. */
MUST_CHECK bool postgres_next(PGconn *conn, int64_t until_us, PGresult **ret_result);

#endif
