/* SPDX-License-Identifier: Apache-2.0 */
/*
 * greeting - the PROXY header with which a trusted proxy begins a connection, before TLS and
 * everything else. For this directory only.
 *
 * Until it is complete it stays in the socket, so that no byte behind it is taken.
 *
 * Uses:   conn (struct conn), proxy_header, io (watch).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_GREETING_H
#define POSTERN_PROXY_LISTENER_EVENTS_GREETING_H

#include <stdbool.h>

#include "base/check.h"
#include "proxy/listener/events/conn.h"

enum greeting {
	GREETING_MORE,  /* the proxy's turn */
	GREETING_DONE,  /* the client's bytes follow */
	GREETING_FAILED /* there is none: to be closed */
};

/* Is one to come on this new connection? */
bool greeting_due(const struct conn *conn);

/* There is news: read it if it is complete. */
MUST_CHECK enum greeting greeting_step(struct conn *conn);

/* Whom it names is the client of the request. */
void greeting_apply(const struct conn *conn, struct request *request);

#endif
