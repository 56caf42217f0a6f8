/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_ends - does every line of a head end with CRLF (RFC 9112 section 2.2)? Asked of the bytes as
 * they are received: CivetWeb writes over line ends, and afterwards a bare CR cannot be told from
 * CRLF.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_LINE_ENDS_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_LINE_ENDS_H

#include <stdbool.h>

#include "base/span.h"

/* How far a head was followed; starts as {.empty = true}. */
struct line_ends {
	char last;
	bool empty; /* nothing stands in this line yet */
	bool ended; /* the head: what follows is not looked at */
	bool wrong; /* a CR without LF, or a LF without CR */
};

/* The next bytes that were received. */
void line_ends_follow(struct line_ends *ends, struct span bytes);

#endif
