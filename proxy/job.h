/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job - what the gate knows of one request while it is under way: made in gate_serve(), read by
 * forwarding, refusing and logging.
 *
 * Uses:   exchange, judge, forward.
 * Threads: one thread's. The texts for the log are copies, so that they outlive the snapshot the
 *         request was judged by.
 */
#ifndef POSTERN_PROXY_JOB_H
#define POSTERN_PROXY_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "proxy/cache.h"
#include "proxy/exchange.h"
#include "proxy/forward.h"
#include "proxy/judge.h"
#include "proxy/world.h"

#define JOB_ID_ROOM 24

/* What the log says of who and what; each may be NULL. */
struct job_told {
	const char *privilege, *pattern, *module, *issuer, *subject, *client, *upstream;
	const char *user;  /* of Basic */
	const char *scope; /* that would have sufficed, for the challenge */
	const char *metadata; /* URL of the resource's, by configuration */
	bool basic;        /* Basic counts there: so does the challenge */
};

struct job {
	struct exchange *exchange;
	struct arena *arena;
	char id[JOB_ID_ROOM];      /* X-Request-Id */
	enum reason reason;        /* REASON_OK: to be forwarded, or was */
	enum reason shadow_reason; /* what a shadow privilege would have said */
	const char *detail;        /* in the arena, or static */
	int status;                /* of the answer given */
	struct job_told told;
	struct forward forward; /* made when the reason is REASON_OK; holds an upstream */
	struct forwarded forwarded;
	bool served_here;             /* one of the gate's own endpoints */
	uint64_t judged_by;           /* serial of the world */
	bool refreshed;               /* an unknown key was looked for */
	int64_t wait_s;               /* locked out for so long; 0: not */
	struct cache_entry *replaced; /* to be retired when the epoch is left */
};

/* Draw the request id: 96 random bits. False: no randomness, nothing may be served. */
MUST_CHECK bool job_start(struct job *job, struct exchange *exchange, struct arena *arena);

/* Copy what the log will want out of the snapshot. What finds no memory is left out. */
void job_tell(struct job *job, const struct config *config, const struct judgement *judgement);

/* A line about a lock-out that this request's failure brought about. A name is told only if it is a
 * user's: others may be a password in the wrong field. */
void job_tell_lockout(const struct job *job, const struct login_attempt *attempt);

/*
 * Make ready to forward: the head for the upstream, a reference to the upstream, the limits.
 * REASON_OK, or why it cannot be forwarded. Call inside the epoch of `world`.
 */
MUST_CHECK enum reason job_prepare(
    struct job *job, const struct world *world, const struct judgement *judgement);

#endif
