/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health - whether an address of an upstream is worth a request, by how those before it fared.
 *
 * An address that gives no connection is out at once: no request can be the cause. One that fails
 * after it got a request, which may be the request's own fault, is out after HEALTH_FAILURES in a
 * row. It is out for HEALTH_OUT_US, then one request tries it; each time that fails it is out for
 * twice as long, HEALTH_OUT_MOST_US at most. Any answer brings it back.
 *
 * Uses:   base.
 * Pure:   yes; times are values.
 * Threads: any; no lock.
 */
#ifndef POSTERN_PROXY_UPSTREAM_HEALTH_H
#define POSTERN_PROXY_UPSTREAM_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

#define HEALTH_FAILURES 3
#define HEALTH_OUT_US (1 * INT64_C(1000000))
#define HEALTH_OUT_MOST_US (30 * INT64_C(1000000))

/* Zeroed: it is good. */
struct health {
	atomic_uint failures;             /* in a row, of requests that were sent */
	atomic_uint outs;                 /* how often in a row it was out */
	atomic_int_fast64_t out_until_us; /* monotonic; 0: it is not out */
};

/* Is it out, or was it, and nothing has shown yet that it is back? */
bool health_is_out(struct health *health);

/* How often in a row it was out; the less bad of two was it less often. */
unsigned health_outs(struct health *health);

/* It was out for long enough, so that one request shall try it: the caller's. Until that has been
 * answered it is out for the others, for the next, longer time. */
MUST_CHECK bool health_try(struct health *health, int64_t now_us);

/* It gave no connection. */
void health_unreachable(struct health *health, int64_t now_us);

/* A request was sent, and there was no answer, or not all of it. */
void health_failed(struct health *health, int64_t now_us);

/* It answered. */
void health_answered(struct health *health);

#endif
