/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - one client's connection of the events engine, from accept to close. For this directory
 * only: events.c calls conn.c, that serving.c, and that request_body.c through the engine.
 *
 * It belongs to one loop. While it waits for a head it holds a buffer at most; a complete head is
 * served on a fiber.
 *
 * Uses:   engine, io (watch, fiber, stream), http (request_head, response).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_CONN_H
#define POSTERN_PROXY_LISTENER_EVENTS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "proxy/http/request_head.h"
#include "proxy/io/loop.h"
#include "proxy/io/wheel.h"
#include "proxy/listener/engine.h"

/* A connection that was answered and closed: what still arrives is discarded up to here. */
#define CONN_LINGER_BYTES (256u << 10)

struct events_listener {
	struct listener base;
	int socket, port;
	atomic_int on_loop[LOOP_MAX]; /* connections, by loop */
	atomic_int open;              /* connections but for those that no loop has opened yet */
	struct timer rest[LOOP_MAX];  /* a loop that accepts nothing for a while */
};

enum conn_phase {
	CONN_READING,   /* waits for a request, or for the rest of its head */
	CONN_SERVING,   /* on a fiber */
	CONN_LINGERING, /* its answer was sent; what still arrives is discarded */
};

struct conn {
	struct conn *next, **link;           /* all of this loop */
	struct conn *idle_next, **idle_link; /* those that wait for a request; the oldest first */
	struct loop_post post;
	struct events_listener *listener;
	int socket;
	enum conn_phase phase;
	bool served;         /* a request, at least */
	bool posted;         /* `post` is under way */
	int passed;          /* loops that had no place for it */
	struct fiber *fiber; /* that serves */
	struct timer timer;
	int64_t deadline_us; /* 0: none. The timer may be set for an earlier time */
	int64_t since_us;    /* idle since */
	char *buffer;        /* of setup.header_bytes; NULL: nothing is held */
	size_t held;
	struct request_scan scan;
	size_t lingered; /* bytes discarded */
	int peer_port;
	char peer[64];
};

/* taken: serve the connection of this accepted socket on this thread. */
void conn_open(struct conn *conn);

/* A connection for an accepted socket, which still belongs to no loop. NULL: no memory, and the
 * socket is closed. */
struct sockaddr_storage;
MUST_CHECK struct conn *conn_new(
    struct events_listener *listener, int socket, const struct sockaddr_storage *peer);

/* Close this thread's connection that has been idle for longest, if there is one that is not just
 * about to send its first request. */
bool conn_evict(void);

/* Of this thread's connections to the listener: close the idle ones; or all, and cancel what is
 * being served. */
void conn_close_idle(const struct listener *listener);
void conn_close_all(const struct listener *listener);

#endif
