/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - the internals of the CivetWeb listener: one exchange, and listening without the
 * self-test. For this directory only. civetweb.c calls selftest.c, that calls engine.c, and that
 * body.c.
 *
 * Uses:   exchange, client_conn, chunked framing of response.h.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_ENGINE_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proxy/listener/engine.h"
#include "proxy/http/response.h"
#include "proxy/listener/civetweb/client_conn.h"

struct civetweb_exchange {
	struct exchange base;
	void *connection; /* CivetWeb's */
	struct client_conn *conn;
	bool body_begun;
	const char *held_body; /* body bytes in the engine's buffer after the head */
	size_t held_bytes;
	struct chunks chunks; /* BODY_CHUNKED: how far the framing was followed */
	bool held_whole;      /* the body ends in the buffer */
	size_t held_data;     /* decoded bytes among them that were not returned yet */
	size_t held_used;     /* bytes of held_body that belong to this body */
	int64_t left;         /* BODY_LENGTH: bytes not returned yet */
};

/* The table of operations, which starts without the self-test. */
const struct engine *engine_untested(void);

/* Listen, without the self-test; the listener is of `setup->engine`. */
MUST_CHECK bool engine_listen(
    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr);

/* Was CivetWeb built with IPv6? */
bool engine_has_ipv6(void);

/* The most that a read may ask for without waiting for more than one byte. */
size_t body_ready(struct civetweb_exchange *exchange, size_t room);

/* Start reading: sets the body's deadline and finds what is in the buffer already. */
void body_begin(struct civetweb_exchange *exchange);

/* What of the next request is in the engine's buffer; lent by that. */
struct span body_carried(const struct civetweb_exchange *exchange);

/* engine.buffered, engine.receive and engine.send. */
bool body_buffered(const struct exchange *base);
MUST_CHECK ssize_t body_receive(struct exchange *base, char *into, size_t room);
MUST_CHECK ssize_t body_send(struct exchange *base, struct span bytes);

/* Linger: the client may still be sending. Discard its data within limits before closing, since
 * closing with unread data would reset the connection and could lose our answer; without limits
 * while a client that goes on sending reads some of the answer each second. */
void body_linger(struct civetweb_exchange *exchange);

#endif
