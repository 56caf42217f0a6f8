/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lingering - after a connection's last answer: what the client still sends is discarded, so that
 * it can read the answer. To close with bytes unread resets the connection, and what the system has
 * not sent yet is lost. For conn.c.
 *
 * Uses:   conn, io (stream, watch).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_LINGERING_H
#define POSTERN_PROXY_LISTENER_EVENTS_LINGERING_H

#include <stdbool.h>

#include "base/check.h"
#include "proxy/listener/events/conn.h"

/* So long; and again while a client that goes on sending reads some of its answer each time. */
#define LINGERING_US 1000000

/* What it discards; of more, only what comes before the client has its answer. The rest is left
 * where it is. */
#define LINGERING_BYTES (256u << 10)

enum lingering { LINGERING_WAITS, LINGERING_HAS_MORE, LINGERING_OVER };

/* Discard some of what is there. */
MUST_CHECK enum lingering lingering_step(struct conn *conn);

/* LINGERING_US have passed: is it to have as long again? */
MUST_CHECK bool lingering_goes_on(struct conn *conn);

#endif
