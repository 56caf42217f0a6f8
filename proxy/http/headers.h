/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers - build the request head that is sent upstream.
 *
 * Uses:   header, request, base.
 * Pure:   yes.
 *
 * Removed first, on every path: each header that the gate may set, in every spelling (see
 * header_same_name()), hop-by-hop headers and those that Connection names (RFC 9110 section 7.6.1),
 * Proxy-*, Expect, X-Forwarded-* and Forwarded; what a trusted proxy says in these is in the
 * request. Connection is applied before our own headers are added, and can never remove Host,
 * Content-Length, Authorization, Cookie or one of our own headers.
 */
#ifndef POSTERN_PROXY_HTTP_HEADERS_H
#define POSTERN_PROXY_HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"
#include "proxy/http/header.h"
#include "proxy/http/request.h"

/* How heads are made, as configured (`forward`). */
struct headers_rules {
	bool keep_authorization;
	bool keep_request_id; /* a harmless X-Request-Id of the client's is sent upstream */
	struct texts owned;   /* names that the gate may set: forward.headers and X-Request-Id */
};

/* Credentials outside of Authorization, which are for the gate. All texts are borrowed. */
struct headers_hidden {
	const struct texts *cookies; /* cookies of these names are taken off; NULL: none */
	bool websocket_protocol;     /* so is `bearer, TOKEN` in Sec-WebSocket-Protocol */
	const struct texts *queries; /* a Referer with one of these parameters is dropped; NULL:
				      * none */
};

struct headers_setup {
	const struct headers_rules *rules;
	const struct request *request;
	struct span prefix; /* in front of the path; may be empty */
	struct span path;   /* canonical, as judged */
	struct span host;   /* in place of the request's; at == NULL: none */
	struct span query;
	bool has_query;
	bool upgrade; /* pass Connection: upgrade and Upgrade on */
	struct span request_id;
	struct span trace_parent; /* traceparent; at == NULL: none */
	bool trace_made;          /* by the gate: a tracestate belongs to another trace, and goes */
	int64_t max_forwards;     /* of an OPTIONS request, less one (section 7.6.2); -1: none */
	struct span via;          /* our name in Via (RFC 9110 section 7.6.3); empty: none */
	struct headers_hidden hidden;
	const struct header *identity; /* our own headers; values already safe */
	size_t identity_count;
};

/*
 * Write the head, with its empty line, framed for the request's body: the same Content-Length, or
 * chunked. at == NULL: no memory. Lent by the arena.
 */
MUST_CHECK struct span headers_make(const struct headers_setup *setup, struct arena *arena);

#endif
