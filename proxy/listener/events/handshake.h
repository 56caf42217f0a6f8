/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake - TLS of an accepted connection until its first request can be read. For this directory
 * only.
 *
 * A handshake holds no fiber: it goes on when the client has sent more. Signing takes a processor
 * for a while, so a loop does one step at a time and lets what else there is have its turn in
 * between.
 *
 * Uses:   conn (struct conn), io (tls, tls_server, loop).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_HANDSHAKE_H
#define POSTERN_PROXY_LISTENER_EVENTS_HANDSHAKE_H

#include <stdbool.h>

#include "base/check.h"
#include "proxy/listener/events/conn.h"

enum handshake {
	HANDSHAKE_MORE,   /* the client's turn */
	HANDSHAKE_DONE,   /* requests follow; the client's certificate, if it has shown one, is
			   * with the connection */
	HANDSHAKE_PLAIN,  /* the client speaks HTTP without TLS, and nothing was sent */
	HANDSHAKE_FAILED, /* and the client was told why */
};

/* Begin on a connection of this thread, whose phase becomes CONN_HANDSHAKE. False: no memory. */
MUST_CHECK bool handshake_begin(struct conn *conn);

/* There is news of the client: call `then(conn)` when it is this connection's turn to step. */
void handshake_queue(struct conn *conn, void (*then)(struct conn *conn));

/* One step. */
MUST_CHECK enum handshake handshake_step(struct conn *conn);

/* Free what TLS holds for the connection, which is in plain from now on. Does nothing to one that
 * is. */
void handshake_undo(struct conn *conn);

/* Have the rules for clients' certificates changed since? Then the connection is served no more. */
bool handshake_is_former(const struct conn *conn);

/* The certificate that the client has shown, if any, counts as ended from now on. */
void handshake_revoke(struct conn *conn);

#endif
