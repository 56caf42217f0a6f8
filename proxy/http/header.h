/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header - a header, and one table that says what is done with each name.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_HEADER_H
#define POSTERN_PROXY_HTTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

struct header {
	struct span name, value; /* value without white space at its ends */
};

/* What is done with a header, by its name; several may hold. */
enum header_use {
	HEADER_HOP = 1,   /* it concerns two neighbours (RFC 9110 section 7.6.1): never passed on */
	HEADER_ASKED = 2, /* the client's is not passed on: rebuilt by us, or poison */
	HEADER_ANSWER = 4, /* the upstream's is not passed on: ours to say */
	HEADER_FIXED = 8,  /* `forward.headers` cannot set it */
	HEADER_STAYS = 16  /* Connection cannot name it away: it says who calls or what was asked */
};

/* A set of them; 0: an ordinary header, passed on. In any spelling that header_same_name() takes
 * for the same name. */
unsigned header_use(struct span name);

/* Is `name` another spelling of `owned`? Case counts for nothing; `_`, `.`, space and bytes outside
 * ASCII count as `-`, as servers behind us fold names (CGI, WSGI, PHP). */
bool header_same_name(struct span name, struct span owned);

/* May the value be sent in a header: no control bytes, at most 4 KiB? Bytes outside ASCII may. */
bool header_value_safe(struct span value);

/* Does a list of options separated by commas (RFC 9110 section 5.6.1) hold this one? */
bool header_lists(struct span value, struct span option);

/* Does one of the Connection headers name it, in any spelling (RFC 9110 section 7.6.1)? */
bool header_connection_names(const struct header *headers, size_t count, struct span name);

/* Append a line. */
void header_add(struct buffer *head, struct span name, struct span value);

/* Append a line with a decimal number. */
void header_add_number(struct buffer *head, struct span name, int64_t value);

#endif
