/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - one client's connection of the events engine, from accept to close. For this directory
 * only: events.c and crowd.c call conn.c, that places.c, greeting.c, handshake.c, lingering.c and
 * serving.c, and that request_body.c through the engine.
 *
 * It belongs to one loop. While it waits for a head it holds a buffer at most; a complete head is
 * served on a fiber.
 *
 * Uses:   engine, places, io (watch, fiber, channel, tls), http (request_head, response).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_CONN_H
#define POSTERN_PROXY_LISTENER_EVENTS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "proxy/http/request.h"
#include "proxy/http/request_head.h"
#include "proxy/io/channel.h"
#include "proxy/io/loop.h"
#include "proxy/io/wheel.h"
#include "proxy/listener/engine.h"
#include "proxy/listener/events/listening.h"
#include "proxy/listener/events/peer.h"
#include "proxy/listener/events/places.h"
#include "proxy/listener/events/proxy_header.h"

/* So many buffers are kept on each loop. */
#define EVENTS_SPARE_BUFFERS 32

/* So much of a chunked body is read at a time at least, however long the head before it. At most
 * the least limits.header_bytes. */
#define EVENTS_BODY_ROOM 1024u

struct events_listener;

/* A listener's part on one loop. */
struct events_share {
	struct events_listener *listener;
	struct events_share *next; /* of another listener, on the same loop */
	struct places places;
	struct timer rest; /* the loop accepts nothing for a while */
	bool closed;       /* the loop accepts nothing any more */
	int spare_count;
	char *spare[EVENTS_SPARE_BUFFERS]; /* of setup.header_bytes, for connections */
};

/* One of its sockets. */
struct events_door {
	struct events_listener *listener;
	int socket;
};

struct events_listener {
	struct listener base;
	struct listening listening;
	struct events_door doors[LISTENING_MAX]; /* one for each of those sockets */
	atomic_int on_loop[LOOP_MAX];            /* connections, by loop */
	atomic_int taken;                        /* places: at most setup.connections */
	_Atomic(struct tls_server *) tls; /* of new connections, a reference; NULL: in plain */
	atomic_uint rules; /* for clients' certificates: how often they have changed */
	struct events_share shares[LOOP_MAX];
};

/* What a PROXY header says of the client. */
struct conn_proxied {
	char proxy[PEER_ROOM]; /* the socket's address; empty: it is the client's */
	bool concealed;
	enum proxy_header_scheme scheme;
};

struct conn {
	struct placed placed; /* first */
	struct loop_post post;
	struct events_listener *listener;
	int socket;
	struct tls *tls;                         /* NULL: in plain */
	struct request_certificate *certificate; /* of the client */
	struct conn *next_to_step; /* of those that wait for a step of their handshake */
	bool greeting;             /* the PROXY header is to come */
	bool handshaking;
	unsigned rules; /* those of its handshake */
	bool has_place;
	bool served;         /* a request, at least */
	int passed;          /* loops that had no place for it */
	struct fiber *fiber; /* that serves */
	struct timer timer;
	int64_t deadline_us; /* 0: none. The timer may be set for an earlier time */
	char *buffer;        /* of setup.header_bytes; NULL: nothing is held */
	size_t held;
	struct request_scan scan;
	bool forsaken;   /* nobody is there to read its last answer */
	size_t lingered; /* bytes discarded after that */
	size_t unsent;   /* of it, when that was last looked at */
	int peer_port;
	char peer[PEER_ROOM];
	struct conn_proxied *proxied; /* NULL: no PROXY header speaks of somebody else */
};

/* Its bytes. */
static inline struct channel
conn_channel(const struct conn *conn)
{
	return (struct channel){ conn->socket, conn->tls };
}

/* A connection for an accepted socket, which still belongs to no loop. NULL: no memory, and the
 * socket is closed. */
struct sockaddr_storage;
MUST_CHECK struct conn *conn_new(
    struct events_listener *listener, int socket, const struct sockaddr_storage *peer);

/* Serve it on this thread: on a free place, or on that of a connection that can be closed. False:
 * there is none, and it is still the caller's. */
MUST_CHECK bool conn_open(struct conn *conn);

/* The same without a place. Its first request is refused if none has become free until then. */
void conn_open_surplus(struct conn *conn);

/* If it has sent nothing yet, it has a second left. */
void conn_hurry(struct conn *conn);

/* Close it: it is not served, and no post refers to it. */
void conn_close(struct conn *conn);

#endif
