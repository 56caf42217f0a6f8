/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response - the head of an upstream's answer, read strictly (RFC 9112), and its chunked body.
 *
 * Uses:   header, base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_RESPONSE_H
#define POSTERN_PROXY_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "proxy/http/header.h"

#define RESPONSE_MAX_HEAD (64u << 10)
#define RESPONSE_MAX_HEADERS 256

enum response_framing {
	RESPONSE_NONE, /* no body: HEAD, 1xx, 204, 304, or length 0 */
	RESPONSE_LENGTH,
	RESPONSE_CHUNKED,
	RESPONSE_CLOSE /* until the connection ends */
};

/* Spans point into the bytes that were read. */
struct response {
	int status;
	struct span reason_phrase;
	int version_minor;
	struct header *headers; /* given by the caller: RESPONSE_MAX_HEADERS of them */
	size_t header_count;
	enum response_framing framing;
	int64_t content_length; /* with RESPONSE_LENGTH, or from the header of a HEAD or 304; -1:
				 * not given */
	bool keep_alive;
	size_t head_bytes;  /* where the body starts */
	const char *detail; /* what is wrong, static text, on RESPONSE_BAD */
};

enum response_read { RESPONSE_MORE, RESPONSE_DONE, RESPONSE_BAD };

/*
 * Read a head from `bytes`. Bad: not HTTP/1.0 or 1.1, a status other than 100..599, a bare CR or
 * LF, obs-fold, a name that is no token, control bytes, Content-Length twice or not digits,
 * Content-Length with Transfer-Encoding, Transfer-Encoding other than one "chunked", more than
 * the limits. `head_only`: the request was HEAD.
 */
MUST_CHECK enum response_read response_read(
    struct span bytes, bool head_only, struct response *response);

/* A chunked body being read; zero it to start. */
struct chunks {
	int state;
	uint64_t left; /* bytes left of the chunk's data */
	size_t line;   /* bytes of the size line or trailer so far */
	int digits;
};

/*
 * Follow the framing through `bytes`: *ret_used of them belong to this body (framing and data),
 * and *ret_data is the next run of data among them (empty: framing only). Call again with the
 * rest while RESPONSE_MORE and used > 0. RESPONSE_DONE after the last chunk and its trailers,
 * which are dropped. Extensions are skipped, at most 4 KiB of them.
 */
MUST_CHECK enum response_read chunks_read(
    struct chunks *chunks, struct span bytes, size_t *ret_used, struct span *ret_data);

#endif
