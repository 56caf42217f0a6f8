/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - what ties a request to others: traceparent (W3C Trace Context, level 1) and the client's
 * own X-Request-Id.
 *
 * Uses:   request, base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_TRACE_H
#define POSTERN_PROXY_HTTP_TRACE_H

#include "base/span.h"
#include "proxy/http/request.h"

#define TRACE_RANDOM_BYTES 24
#define TRACE_PARENT_ROOM 56
#define TRACE_REQUEST_ID_MAX 128

/* The request's only traceparent, if it is valid (section 3.2.2: of version 00 exactly four fields,
 * of a later one at least these); else at == NULL. */
struct span trace_parent_of(const struct request *request);

/* Write one of version 00 that is not sampled, from random bytes. */
void trace_parent_make(
    const unsigned char random[TRACE_RANDOM_BYTES], char parent[TRACE_PARENT_ROOM]);

/* The trace-id of a valid traceparent. */
struct span trace_id_of(struct span parent);

/* The request's only X-Request-Id, of 1 to TRACE_REQUEST_ID_MAX letters, digits and -._~:+/=@ ;
 * else at == NULL. */
struct span trace_request_id(const struct request *request);

#endif
