/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - what an engine is: a table of operations, and the parts that every engine's exchange and
 * listener begin with. For engines, and for proxy/gate/server.c, which names them.
 *
 * Uses:   exchange, listener.
 */
#ifndef POSTERN_PROXY_LISTENER_ENGINE_H
#define POSTERN_PROXY_LISTENER_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "proxy/listener/exchange.h"
#include "proxy/listener/listener.h"

struct engine {
	const char *name; /* as in `listen.engine` */

	/* As the functions of the same names in listener.h. */
	bool (*start)(
	    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr);
	void (*drain)(struct listener *listener);
	int (*port)(const struct listener *listener);
	void (*stop)(struct listener *listener);
	int (*count)(const struct listener *listener, enum listener_state state);
	bool (*drops)(const struct listener *listener, uint64_t *ret_drops); /* NULL: cannot */
	void (*secure)(struct listener *listener, struct tls_server *tls);   /* NULL: no TLS */

	/* As the functions of the same names in exchange.h. */
	ssize_t (*read)(struct exchange *exchange, char *into, size_t room);
	bool (*write)(struct exchange *exchange, struct span bytes);
	bool (*buffered)(const struct exchange *exchange);
	ssize_t (*receive)(struct exchange *exchange, char *into, size_t room);
	ssize_t (*send)(struct exchange *exchange, struct span bytes);
	bool (*direct)(const struct exchange *exchange); /* NULL: never */
	ssize_t (*splice_read)(struct exchange *exchange, const struct splice *splice, size_t most);
	bool (*splice_write)(struct exchange *exchange, const struct splice *splice, size_t len);
};

/* The first member of an engine's exchange. */
struct exchange {
	struct request request;
	struct listener *listener;
	int socket;            /* of the client; -1: not known */
	int64_t started_us;    /* when the head was complete */
	int64_t body_until_us; /* when reading the body is late */
	int64_t body_bytes;    /* read so far */
	bool closing;          /* the connection ends after this exchange */
	bool aborted;
	bool body_ended; /* it was read to its end */
};

/* The first member of an engine's listener. */
struct listener {
	const struct engine *engine;
	struct listener_setup setup;
	bool leaves; /* while draining it accepts nothing: what comes in is for the next process */
	atomic_bool draining;
	atomic_int connections; /* open */
};

/* The request's head is complete: begin. All other members stay as they are. */
void exchange_begin(struct exchange *exchange, struct listener *listener);

#endif
