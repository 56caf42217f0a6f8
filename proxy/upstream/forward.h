/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward - forward an allowed request to the upstream and its answer back, streaming.
 *
 * Uses:   exchange, upstream, response, headers.
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_UPSTREAM_FORWARD_H
#define POSTERN_PROXY_UPSTREAM_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/http/location.h"
#include "proxy/listener/exchange.h"
#include "proxy/upstream/group.h"
#include "proxy/upstream/upstream.h"

/* What to forward. All is borrowed. */
struct forward {
	struct group *group; /* the addresses to choose from */
	struct span head;    /* the whole request head, ready to send, made by headers_make() */
	bool upgrade;        /* the head asks for an upgrade */
	bool bearer_offered; /* the client offered the subprotocol `bearer`, with its token, which
			      * the head does not: a 101 that selects none selects it */
	int64_t upstream_timeout_ms; /* to connect, and the longest time without any data */
	int64_t stream_timeout_ms;   /* the longest silence of a tunnel or an event stream, in place
				      * of upstream_timeout_ms */
	int64_t body_limit;          /* bytes of request body; 0: none */
	struct span request_id;      /* X-Request-Id of the answer */
	struct span cors;            /* header lines of the answer, in place of the upstream's
					Access-Control-*;	    at == NULL: the upstream's are forwarded */
	struct location *location;   /* how references of the answer are mapped; its authority is
				      * set to that of the upstream that answers. NULL: not */
	struct arena *arena;
	/* Called when the head of an answer that may take long has arrived: a tunnel, a stream, a
	 * large body. The caller may then release its resources, `group` too, except the upstream
	 * that answers: forwarded.upstream. May be NULL. */
	void (*lasts)(void *context);
	/* Called about once a second while a tunnel or an event stream goes on. Why it must end,
	 * lent by the arena, or NULL. NULL: it goes on for as long as it likes. */
	const char *(*outlived)(void *context);
	void *context; /* of both */
};

/* The outcome, for the log. */
struct forwarded {
	enum reason reason; /* REASON_OK once an answer's head was forwarded, even if the upstream
			     * cut its body off */
	const char *detail; /* with a refusal, or when the body was cut off; else NULL */
	struct upstream *upstream; /* the address that answered, or was tried last; lent by the
				    * group */
	int status;                /* the upstream's, 0 if none */
	bool aborted;        /* the client's connection was aborted in the middle of the answer */
	int64_t connect_us;  /* spent on getting a connection */
	int64_t upstream_us; /* until the answer's head had arrived */
	int64_t bytes_in, bytes_out; /* bodies */
};

/*
 * Send the head and the body, pass on 1xx (but 101 only for an upgrade), the head and the body.
 * An address that gives no connection is left for the next one, since nothing was sent.
 * A pooled connection that turns out to be closed is replaced once, and only when no byte of an
 * answer came, no byte of a body was read from the client and the method is idempotent.
 *
 * On any reason but OK and CLIENT_GONE nothing was written to the client, and the caller answers.
 * Later failures abort the client's connection.
 */
void forward_request(
    struct exchange *exchange, const struct forward *forward, struct forwarded *ret_forwarded);

#endif
