/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener - an address on which requests are accepted: the interface between the gate and whatever
 * engine listens.
 *
 * Uses:   exchange, base.
 * Shell:  sockets and threads.
 */
#ifndef POSTERN_PROXY_LISTENER_LISTENER_H
#define POSTERN_PROXY_LISTENER_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/listener/exchange.h"

struct engine;
struct tls_server;

/* What a listener needs. Texts are borrowed and copied. */
struct listener_setup {
	const struct engine *engine; /* that is to listen */
	const char *address;         /* "ADDRESS:PORT", "unix:/PATH" or "systemd:NAME" */
	mode_t socket_mode;          /* of the file of a Unix socket */
	struct tls_server *tls;      /* borrowed; NULL: in plain */
	int64_t header_bytes;        /* maximum bytes of a request's head */
	int connections;             /* most at a time */
	int64_t header_timeout_ms;
	int64_t body_timeout_ms;  /* between two parts of a request's body */
	int64_t body_min_rate;    /* bytes a second of a whole body, after that; 0: none */
	int64_t idle_timeout_ms;  /* between requests */
	int64_t write_timeout_ms; /* between two writes that progress */
	int threads; /* of the process, with engine events; 0: one for each processor */
	/* Does this peer begin its connections with a PROXY header? Called for each connection.
	 * NULL: nobody does. For engine events. */
	bool (*greets)(void *context, struct span peer);
	/* Called for each request on one of the listener's threads. */
	void (*serve)(void *context, struct exchange *exchange);
	/* Called instead when the engine could not read a request; request fields may be empty. */
	void (*refuse)(
	    void *context, struct exchange *exchange, enum reason reason, const char *detail);
	void *context;
};

/* What a client's connection is doing. */
enum listener_state {
	LISTENER_READING,   /* sends its first request's head, or has begun to send another one */
	LISTENER_SURPLUS,   /* the same, without a place: it will be refused if none becomes free */
	LISTENER_IDLE,      /* between requests */
	LISTENER_SERVING,   /* a request is served */
	LISTENER_LINGERING, /* its last answer was sent; what still arrives is discarded */
	LISTENER_STATES
};

struct listener;

/* Listen. The error gives the address and the reason. */
MUST_CHECK bool listener_start(
    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr);

/* From now on new connections are of this, which is borrowed. For one that began with TLS. */
void listener_secure(struct listener *listener, struct tls_server *tls);

/* From now on connections are closed after their exchange. */
void listener_drain(struct listener *listener);

/* The port it listens on: what the system chose for ":0". */
int listener_port(const struct listener *listener);

/* Exchanges under way, and connections open. Where draining leaves new connections to the next
 * process, every one that is still open counts as under way: whoever was accepted is served. */
int listener_busy(const struct listener *listener);
int listener_connections(const struct listener *listener);

/* Connections that do this. The engine civetweb tells those that are served from all others, which
 * count as idle. */
int listener_count(const struct listener *listener, enum listener_state state);

/* The word for it. */
const char *listener_state_word(enum listener_state state);

/* Connections that the system dropped since nobody accepted them soon enough. False: not known. */
MUST_CHECK bool listener_drops(const struct listener *listener, uint64_t *ret_drops);

/* Close everything; call when drained or after the drain timeout. Accepts NULL. */
void listener_stop(struct listener *listener);

#endif
