/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transaction - the state of one request while it is under way: made in gate_serve(), read by
 * forwarding, refusing and logging.
 *
 * Uses:   exchange, judge, forward.
 * Threads: used by one thread. It holds the snapshot that the request is judged by until
 *          transaction_end(), so that the texts for the log stay valid; a transaction that has
 *          released its snapshot has its own copies.
 */
#ifndef POSTERN_PROXY_GATE_TRANSACTION_H
#define POSTERN_PROXY_GATE_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "proxy/http/trace.h"
#include "proxy/listener/exchange.h"
#include "proxy/upstream/forward.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/lease.h"
#include "proxy/gate/next.h"
#include "proxy/gate/snapshot.h"

#define TRANSACTION_ID_ROOM 24

/* What `log.caller: full` adds. Lent by the arena. */
struct access_caller {
	const char *client_name; /* of the local issuer's; NULL: none */
	struct spans roles, scopes, groups;
};

/* Fields of the access log; each may be NULL. */
struct access_fields {
	const char *privilege, *pattern, *host, *module, *issuer, *upstream;
	struct span subject, client;
	const struct access_caller *caller; /* NULL: unauthenticated, or log.caller: names */
	const char *user;                   /* of Basic */
	const char *scope;                  /* the missing scope, for the challenge */
	const char *metadata;               /* URL of the resource's metadata, as configured */
	bool basic; /* Basic is accepted there, so the challenge offers it */
};

struct transaction {
	struct exchange *exchange;
	struct request *request; /* to be judged: the exchange's, or the one that a gateway asks
				  * about */
	bool authorizes;         /* a gateway asks: nothing is forwarded */
	struct arena *arena;
	struct snapshot *snapshot;    /* held; NULL: not taken yet, or released */
	char id[TRANSACTION_ID_ROOM]; /* X-Request-Id */
	struct span client_id;        /* the client's, which the upstream gets; at == NULL: none */
	struct span trace_parent;     /* at == NULL: none yet */
	char made_parent[TRACE_PARENT_ROOM]; /* where trace_parent is, unless it is the client's */
	enum reason reason;                  /* REASON_OK: to be forwarded, or was */
	enum reason shadow_reason;           /* what a shadow privilege would have decided */
	struct next next;                    /* what `policy_next` would have decided */
	const char *detail;                  /* in the arena, or static */
	struct span via;                     /* our name in Via; lent by the gate */
	int64_t max_forwards;                /* of an OPTIONS request; -1: none */
	int status;                          /* of the answer given */
	struct access_fields fields;
	struct location location; /* if its references are mapped: see forward.location */
	struct lease lease;       /* for how long a tunnel or event stream may go on */
	struct forward forward;   /* made when the reason is REASON_OK */
	struct forwarded forwarded;
	struct upstream *upstream; /* a reference, once the snapshot was released; else NULL */
	bool served_here;          /* one of the gate's own endpoints */
	struct span cors; /* header lines for browsers (preflight_lines()); at == NULL: none */
	int64_t wait_s;   /* locked out, or beyond a rate, for so many seconds; 0: not */
	struct span rate; /* header lines of a rate that is exceeded; at == NULL: none is */
	bool public;      /* the path needs no credentials */
	const struct principal *principal; /* the caller, in the arena; NULL: not known */
	const struct policy *policy;       /* the snapshot's; NULL: it was released */
	struct texts roles;     /* that the caller held, once the snapshot was released */
	const char *log_detail; /* instead of `detail` in the log; NULL: that */
	char *why; /* the explanation of a refusal for `recent`, in JSON; freed by transaction_end()
		    */
};

/* Draw the request id: 96 random bits. False: no random bytes, so the request must not be
 * served. */
MUST_CHECK bool transaction_start(
    struct transaction *transaction, struct exchange *exchange, struct arena *arena);

/* Whose word about the client counts, by the held snapshot. NULL: there is none. */
const struct forwarded_rules *transaction_trusted(const struct transaction *transaction);

/* Note what ties the request to others, by the configuration of the held snapshot. */
void transaction_trace(struct transaction *transaction);

/* Where the client is, if the policy of that configuration, or its next one, asks for it: what none
 * asks for makes no difference between callers. at == NULL: none does. */
struct span transaction_peer(const struct transaction *transaction, const struct config *config);

/* The inputs of the decision: the held snapshot and the time. */
struct judge_inputs transaction_inputs(const struct transaction *transaction);

/* Set the fields of the access log. */
void transaction_tell(struct transaction *transaction, const struct decision *decision);

/* Log a lock-out that this request caused. The name is logged only if such a user exists: otherwise
 * it may be a password in the wrong field. */
void transaction_tell_lockout(
    const struct transaction *transaction, const struct login_attempt *attempt);

/* Have a slow call made, see offload(). False: it was not, since the client has left. */
MUST_CHECK bool transaction_offload(
    const struct transaction *transaction, void (*run)(void *context), void *context);

/*
 * Prepare forwarding: the head for the upstream, the upstream, the limits. Returns REASON_OK, or
 * why it cannot be forwarded.
 */
MUST_CHECK enum reason transaction_prepare(
    struct transaction *transaction, const struct decision *decision);

/* Release the snapshot early, for a stream or a tunnel that may last: only the fields for the log
 * are copied. A field for which there is no memory is left out. */
void transaction_let_go(struct transaction *transaction);

/* Release everything that is still held; call after the log line. */
void transaction_end(struct transaction *transaction);

#endif
