/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_conn - the state of a client's connection, observed by intercepting the engine's calls of
 * poll() and recv().
 *
 * CivetWeb's interface gives neither the client's socket, nor the number of bytes in its buffer,
 * nor a timeout for bodies. It waits by poll() and reads by recv(), through the dynamic linker; the
 * two functions of these names in client_conn.c take precedence, record what happens, enforce
 * deadlines, and call the real ones. Our own code waits with ppoll(), which is not intercepted.
 *
 * Chunked bodies are checked by our own parser as they are received, since CivetWeb skips invalid
 * bytes in extensions and trailers, without a limit (1.16).
 *
 * Uses:   response (chunks), base (clock).
 * Shell:  sockets. One thread each.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_CLIENT_CONN_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_CLIENT_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "proxy/listener/civetweb/line_ends.h"

enum client_conn_phase {
	CLIENT_CONN_IDLE,  /* waiting for the first byte of a request */
	CLIENT_CONN_HEAD,  /* in a request's head */
	CLIENT_CONN_BODY,  /* in a request's body */
	CLIENT_CONN_ANSWER /* the engine writes */
};

/* One engine thread's connection. */
struct chunks;

struct client_conn {
	int socket; /* -1: not seen yet */
	enum client_conn_phase phase;
	size_t held;           /* bytes in the engine's buffer, from a request's first byte on */
	struct chunks *chunks; /* of a chunked body: followed as it is received; else NULL */
	bool malformed;        /* it is framed wrongly */
	bool whole;            /* its end was received */
	struct line_ends ends; /* of the head */
	size_t body_received;  /* bytes received while in the body */
	int64_t head_until_us; /* deadline of the head, once its first byte is there */
	int64_t body_until_us; /* deadline of the body */
	int64_t head_timeout_us;
	char *stack;                   /* lowest byte of the thread's stack */
	bool stack_trimmed;            /* the pages that the last request touched were returned */
	bool late;                     /* a deadline has passed */
	bool first;                    /* no request was served on this connection yet */
	const atomic_bool *evict_idle; /* true: idle connections are closed */
	int drain_event;               /* readable: idle connections are closed at once */
};

/* Make `conn` this thread's connection: the engine's calls are recorded in it from now on. */
void client_conn_enroll(struct client_conn *conn);

/* This thread accepts connections: its poll() ends when `stop_event` becomes readable. Otherwise
 * stopping would wait up to two seconds, until the engine checks its flag. */
void client_conn_enroll_accepting(int stop_event);

/* This thread's, or NULL. */
struct client_conn *client_conn_mine(void);

/* A new connection begins. */
void client_conn_connected(struct client_conn *conn);

/* The request was served, and `carried`, the first bytes of the next one, are already in the
 * engine's buffer. */
void client_conn_next(struct client_conn *conn, struct span carried);

/* How often poll() of this file was called: 0 after traffic means that the engine's calls are not
 * intercepted, so nothing above works. */
unsigned long client_conn_polls(void);

#endif
