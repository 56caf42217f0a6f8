/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forwarding - one request on its way to the upstream and back: what forward.c, upload.c, relay.c
 * and tunnel.c share. Nobody else includes it. forward.c calls the other three; upload.c and
 * tunnel.c call relay.c.
 *
 * Uses:   forward, exchange, upstream, response.
 */
#ifndef POSTERN_PROXY_UPSTREAM_FORWARDING_H
#define POSTERN_PROXY_UPSTREAM_FORWARDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "proxy/listener/exchange.h"
#include "proxy/upstream/forward.h"
#include "proxy/http/response.h"
#include "proxy/http/scratch.h"
#include "proxy/upstream/upstream.h"

#define FORWARDING_PIECE SCRATCH_PIECE

struct forwarding {
	struct exchange *exchange;
	const struct forward *forward;
	struct forwarded *result;
	struct upstream_conn *conn;
	char *piece;            /* FORWARDING_PIECE bytes, of the thread's scratch */
	struct buffer incoming; /* of the upstream: a head, and what came with it */
	struct buffer outgoing; /* to the client: written at the end of each read */
	struct response response;
	int64_t sent_us;    /* when the request's head went out */
	int interims;       /* 1xx answers so far */
	bool body_touched;  /* a byte of the client's body was read: no second try */
	bool upload_broken; /* the upstream did not take all of it: no keeping */
};

/* Extend the connection's deadline: the upstream gave a sign of life, or is to give one now. */
void forwarding_extend_timeout(struct forwarding *forwarding);

/* Keep `detail`, static text or the arena's, for the log; returns `reason`. */
enum reason forwarding_fail(struct forwarding *forwarding, enum reason reason, const char *detail);

/*
 * Send the request's body. REASON_OK when it is through, or when the upstream would not have all
 * of it (upload_broken): its answer decides then.
 */
MUST_CHECK enum reason upload_body(struct forwarding *forwarding);

/*
 * The upstream speaks while the body is on its way: take what is there without waiting and pass
 * interim answers on. *ret_final: the answer itself begins, or nothing will come; relay_head()
 * says which.
 */
MUST_CHECK enum reason relay_early(struct forwarding *forwarding, bool *ret_final);

/* Read the head of the final answer into forwarding->response, passing 1xx on. */
MUST_CHECK enum reason relay_head(struct forwarding *forwarding);

/* Append the headers of the answer that was read, but those that are ours to say. */
void relay_add_headers(struct forwarding *forwarding);

/* Pass the head and the body on; from now on trouble aborts the client's connection. */
void relay_answer(struct forwarding *forwarding);

/* Pass a 101 on and be a pipe until either side ends or both are silent for too long. */
void tunnel_run(struct forwarding *forwarding);

#endif
