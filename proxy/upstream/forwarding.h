/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forwarding - the state of one forwarded request, shared by forward.c, connect.c, upload.c,
 * relay_head.c, relay.c and tunnel.c. For these files only. forward.c calls the others; upload.c,
 * relay.c and tunnel.c call relay_head.c.
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
#include "proxy/io/wait.h"
#include "proxy/upstream/upstream.h"

/* The size of one read, from either side. */
#define FORWARDING_PIECE (16u << 10)

/* A body of which so much is left is spliced where that can be done: worth a pipe. */
#define FORWARDING_LONG (256 << 10)

struct forwarding {
	struct exchange *exchange;
	const struct forward *forward;
	struct forwarded *result;
	struct upstream *busy; /* where it counts as under way; NULL: there was no choice */
	uint32_t tried;        /* addresses, see group_choose() */
	struct upstream_conn *conn;
	char *piece; /* FORWARDING_PIECE bytes, lent to upload, answer and tunnel while they run */
	struct wait_client *client; /* waits end when it leaves */
	struct buffer incoming;     /* of the upstream: a head, and what came with it */
	struct buffer outgoing;     /* to the client: written at the end of each read */
	struct response response;
	int64_t sent_us;    /* when the request's head went out */
	int interims;       /* 1xx answers so far */
	bool invited;       /* the client was sent the 100 that it expects */
	bool body_touched;  /* a byte of the client's body was read: no retry */
	bool streams;       /* the answer is a tunnel or an event stream */
	bool watched;       /* forward->outlived is asked, at ask_us: */
	int64_t ask_us;     /* clock_mono_us(); 0: now */
	bool upload_broken; /* the upstream did not read all of it: not to be reused */
};

/* Call `use` with a piece, which is on the stack: a request that needs none does without it. */
void forwarding_with_piece(struct forwarding *forwarding,
    void (*use)(struct forwarding *forwarding, void *context), void *context);

/* Extend the connection's deadline: the upstream sent data, or is expected to now. A stream may be
 * silent for stream_timeout. */
void forwarding_extend_timeout(struct forwarding *forwarding);

/* May a tunnel or stream go on? False: it must end, and `detail` says why. */
MUST_CHECK bool forwarding_may_last(struct forwarding *forwarding);

/* Wait as upstream_conn_wait() does, asking forwarding_may_last() meanwhile: -1 if it must end. */
MUST_CHECK int forwarding_wait(
    struct forwarding *forwarding, struct pollfd fds[2], int64_t until_us);

/* Read more of the answer into `piece`, as upstream_conn_read() does, within the time of
 * forwarding_extend_timeout(). LINK_BROKEN, and result->aborted, also if it must end. */
MUST_CHECK ssize_t forwarding_read(struct forwarding *forwarding);

/* Set `detail` (static, or the arena's) for the log; returns `reason`. */
enum reason forwarding_fail(struct forwarding *forwarding, enum reason reason, const char *detail);

/* Note a failure in the middle of an answer; returns `detail`. */
const char *forwarding_fault(
    struct forwarding *forwarding, enum upstream_failure failure, const char *detail);

/* The client has left: abort its connection. Returns REASON_CLIENT_GONE. */
enum reason forwarding_client_gone(struct forwarding *forwarding);

/* Choose the address to try next: result->upstream, left with forwarding_leave(). False: all were
 * tried. */
MUST_CHECK bool forwarding_choose(struct forwarding *forwarding);

/* No request is under way at the chosen address any more. */
void forwarding_leave(struct forwarding *forwarding);

/* Connect to the chosen address or, if that gives no connection, to the next, until
 * upstream_timeout. fresh: a new connection, not a pooled one. */
MUST_CHECK enum reason forwarding_connect(struct forwarding *forwarding, bool fresh);

/*
 * Send the request's body. REASON_OK when it was sent, or when the upstream stopped reading it
 * (upload_broken): then its answer decides.
 */
MUST_CHECK enum reason upload_body(struct forwarding *forwarding);

/*
 * The upstream sends data during the upload: read it without waiting and forward interim answers.
 * *ret_final: the final answer begins, or the connection ended; relay_head() reports which.
 */
MUST_CHECK enum reason relay_early(struct forwarding *forwarding, bool *ret_final);

/* Read the head of the final answer into forwarding->response, passing 1xx on. */
MUST_CHECK enum reason relay_head(struct forwarding *forwarding);

/* Append the status line and headers of the answer to `outgoing`, without its framing and its end.
 */
void relay_add_head(struct forwarding *forwarding);

/* Append the headers of the answer, except those that the gate sets. */
void relay_add_headers(struct forwarding *forwarding);

/* Forward the head and the body; from now on a failure aborts the client's connection. */
void relay_answer(struct forwarding *forwarding);

/* Forward a 101, then copy bytes both ways until either side closes or both are idle for too
 * long. */
void tunnel_run(struct forwarding *forwarding);

#endif
