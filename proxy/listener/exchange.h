/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange - one request and its answer on a client's connection: the interface between the gate
 * and whatever engine listens. CivetWeb is behind it; another could stand there.
 *
 * Uses:   request, base.
 * Threads: one exchange belongs to one thread.
 */
#ifndef POSTERN_PROXY_LISTENER_EXCHANGE_H
#define POSTERN_PROXY_LISTENER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/http/request.h"

struct exchange;

/* What reading a body gave, besides a number of bytes. */
#define EXCHANGE_END 0       /* the body is complete */
#define EXCHANGE_BROKEN (-1) /* the client went away or framed it wrongly */
#define EXCHANGE_LATE (-2)   /* the body's deadline has passed */

/* The request; lent until the handler returns. */
struct request *exchange_request(struct exchange *exchange);

/* Micros of the monotonic clock when the request's head was there. */
int64_t exchange_started_us(const struct exchange *exchange);

/*
 * Read the next bytes of the body, decoded: at least one, as many as are there without waiting
 * for more, at most `room`. Or EXCHANGE_END, EXCHANGE_BROKEN, EXCHANGE_LATE.
 */
MUST_CHECK ssize_t exchange_read(struct exchange *exchange, char *into, size_t room);

/* Do bytes of the body stand ready in the engine, so that the client's socket need not show any? */
bool exchange_buffered(const struct exchange *exchange);

/* When the whole body must have come: micros of the monotonic clock. */
int64_t exchange_body_until_us(const struct exchange *exchange);

/* The bytes that came behind the head of a request without a body; lent until the handler
 * returns. After an upgrade they belong to the tunnel. */
struct span exchange_pipelined(const struct exchange *exchange);

/* Write all of the bytes to the client. False: it is gone or does not read; nothing more can be
 * written. Keeping is off then. */
MUST_CHECK bool exchange_write(struct exchange *exchange, struct span bytes);

/* The connection will be closed after this exchange; exchange_keep_alive() is false from now on. */
void exchange_close(struct exchange *exchange);

/* Like exchange_close(), and without an orderly end: what was sent must not look complete. */
void exchange_abort(struct exchange *exchange);

/* Will the connection be kept, as things stand? The answer must say "Connection: close" when not.
 * True only when client and engine agree and the body has been read to its end. */
bool exchange_keep_alive(const struct exchange *exchange);

/* The client's socket for poll() and, after an upgrade, for raw bytes; -1 when not known. */
int exchange_socket(const struct exchange *exchange);

/* What a listener needs. Texts are borrowed and copied. */
struct listener_setup {
	const char *address;  /* "ADDRESS:PORT" */
	int64_t header_bytes; /* most bytes of a request's head */
	int connections;      /* most at a time */
	int64_t header_timeout_ms;
	int64_t body_timeout_ms; /* for a whole request body */
	int64_t idle_timeout_ms; /* between requests */
	/* Called for each request on one of the listener's threads. */
	void (*serve)(void *context, struct exchange *exchange);
	/* Called instead when the engine could not read a request; request fields may be empty. */
	void (*refuse)(
	    void *context, struct exchange *exchange, enum reason reason, const char *detail);
	void *context;
};

struct listener;

/*
 * Listen. The first listener of the process runs the engine's self-test first: canonical and
 * hostile requests are sent to a private one on loopback, and if any is seen otherwise than our
 * admission rules need, starting fails. The error says the address and why.
 */
MUST_CHECK bool listener_start(
    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr);

/* Can a listener have an IPv6 address? Not with every build of the engine. */
bool listener_has_ipv6(void);

/* Does the engine read a request of this method at all? Of others it says that they are not
 * HTTP/1.1. */
bool listener_knows_method(struct span method);

/* From now on no connection is kept after its exchange. */
void listener_drain(struct listener *listener);

/* The port it listens on: what the system chose for ":0". */
int listener_port(const struct listener *listener);

/* Exchanges under way, and connections open. */
int listener_busy(const struct listener *listener);
int listener_connections(const struct listener *listener);

/* Close everything; call when drained or out of patience. Accepts NULL. */
void listener_stop(struct listener *listener);

#endif
