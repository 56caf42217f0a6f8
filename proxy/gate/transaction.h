/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transaction - what the gate knows of one request while it is under way: made in gate_serve(),
 * read by forwarding, refusing and logging.
 *
 * Uses:   exchange, judge, forward.
 * Threads: one thread's. It holds the snapshot that the request is judged by, from job->snapshot's
 *         taking to transaction_end(), and so the texts for the log stay where they are; a job that
 * has let go of it has copies of its own.
 */
#ifndef POSTERN_PROXY_GATE_TRANSACTION_H
#define POSTERN_PROXY_GATE_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "proxy/listener/exchange.h"
#include "proxy/upstream/forward.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/snapshot.h"

#define TRANSACTION_ID_ROOM 24

/* What the log says of who and what; each may be NULL. */
struct access_fields {
	const char *privilege, *pattern, *module, *issuer, *upstream;
	struct span subject, client;
	const char *user;     /* of Basic */
	const char *scope;    /* that would have sufficed, for the challenge */
	const char *metadata; /* URL of the resource's, by configuration */
	bool basic;           /* Basic counts there: so does the challenge */
};

struct transaction {
	struct exchange *exchange;
	struct arena *arena;
	struct snapshot *snapshot;    /* held; NULL: not yet, or not any more */
	char id[TRANSACTION_ID_ROOM]; /* X-Request-Id */
	enum reason reason;           /* REASON_OK: to be forwarded, or was */
	enum reason shadow_reason;    /* what a shadow privilege would have said */
	const char *detail;           /* in the arena, or static */
	int status;                   /* of the answer given */
	struct access_fields fields;
	struct forward forward; /* made when the reason is REASON_OK */
	struct forwarded forwarded;
	struct upstream *upstream; /* a reference, once the snapshot was let go of; else NULL */
	bool served_here;          /* one of the gate's own endpoints */
	int64_t wait_s;            /* locked out for so long; 0: not */
};

/* Draw the request id: 96 random bits. False: no randomness, nothing may be served. */
MUST_CHECK bool transaction_start(
    struct transaction *transaction, struct exchange *exchange, struct arena *arena);

/* What the request is judged by now: the snapshot that is held, and the time. */
struct judge_inputs transaction_inputs(const struct transaction *transaction);

/* Note what the log will want. */
void transaction_tell(struct transaction *transaction, const struct decision *decision);

/* A line about a lock-out that this request's failure brought about. A name is told only if it is a
 * user's: others may be a password in the wrong field. */
void transaction_tell_lockout(
    const struct transaction *transaction, const struct login_attempt *attempt);

/*
 * Make ready to forward: the head for the upstream, the upstream, the limits. REASON_OK, or why it
 * cannot be forwarded.
 */
MUST_CHECK enum reason transaction_prepare(
    struct transaction *transaction, const struct decision *decision);

/* Let go of the snapshot before the end: of a stream or a tunnel only what the log wants is kept.
 * What finds no memory is left out. */
void transaction_let_go(struct transaction *transaction);

/* Let go of all that is still held, after the log line. */
void transaction_end(struct transaction *transaction);

#endif
