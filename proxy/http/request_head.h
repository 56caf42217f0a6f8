/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_head - the head of a request, read from bytes in the one way that RFC 9112 sections 2 to
 * 5 allow, or not at all: lines end with CRLF, one space between the words of the first, no folded
 * lines, no white space before a colon.
 *
 * Uses:   request, base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_REQUEST_HEAD_H
#define POSTERN_PROXY_HTTP_REQUEST_HEAD_H

#include <stddef.h>

#include "base/check.h"
#include "base/span.h"
#include "proxy/http/request.h"

enum request_head {
	REQUEST_HEAD_MORE,    /* it is not complete */
	REQUEST_HEAD_DONE,    /* it is */
	REQUEST_HEAD_BAD,     /* it is malformed */
	REQUEST_HEAD_CROWDED, /* it has more headers than a request has room for */
};

/* How far a head has been looked at; all zero to begin with. */
struct request_scan {
	size_t start;   /* where it begins: an empty line before it is skipped (section 2.2) */
	size_t line;    /* where its last line begins */
	size_t scanned; /* up to here there is no further line end */
};

/*
 * Is the head complete? Each byte is looked at once, however it arrives.
 *
 * bytes       all that was received, from where `scan` began.
 * ret_end     DONE: the end of the head, after its empty line.
 * ret_detail  BAD: why, static.
 */
MUST_CHECK enum request_head request_head_scan(
    struct span bytes, struct request_scan *scan, size_t *ret_end, const char **ret_detail);

/*
 * Read a complete head: method, target, version and headers of *request are set, as spans of
 * `head`. Whether they make sense together is request_check()'s to say.
 *
 * ret_detail  BAD: why, static.
 */
MUST_CHECK enum request_head request_head_read(
    struct span head, struct request *request, const char **ret_detail);

#endif
