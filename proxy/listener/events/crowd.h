/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd - all connections of a thread, by their listeners. For this directory only.
 *
 * Uses:   conn, places, io (watch).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_CROWD_H
#define POSTERN_PROXY_LISTENER_EVENTS_CROWD_H

#include "proxy/listener/events/conn.h"

/* This thread accepts connections of the listener from now on; no longer. */
void crowd_join(struct events_share *share);
void crowd_part(struct events_share *share);

/* Descriptors are short: close a connection to one of this thread's listeners that can be closed,
 * first of this one. False: there is none. */
MUST_CHECK bool crowd_relieve(struct events_share *share);

/* Of this thread's connections to the listener: close the idle ones; or all, and cancel what is
 * being served. */
void crowd_close_idle(struct events_listener *listener);

/* Close those that handshake_is_former(). */
void crowd_close_former(struct events_listener *listener);

/* Those of them that have sent nothing yet have a second left. */
void crowd_hurry(struct events_listener *listener);
void crowd_close_all(struct events_listener *listener);

#endif
