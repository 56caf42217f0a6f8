/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header - a header, and the table of how each name is handled.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_HEADER_H
#define POSTERN_PROXY_HTTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct header {
	struct span name, value; /* value without white space at its ends */
};

/* How a header is handled, by its name; a set of flags. */
enum header_use {
	HEADER_HOP = 1,    /* hop-by-hop (RFC 9110 section 7.6.1): never forwarded */
	HEADER_ASKED = 2,  /* the client's is not forwarded: replaced by ours, or dangerous */
	HEADER_ANSWER = 4, /* the upstream's is not forwarded: the gate sets it */
	HEADER_FIXED = 8,  /* `forward.headers` cannot set it */
	HEADER_STAYS = 16  /* Connection cannot remove it: it identifies the caller or the
			    * request */
};

/* The flags of a header; 0: an ordinary one, forwarded. Names are compared by
 * header_same_name(). */
unsigned header_use(struct span name);

/* Is a name another spelling of one that is as long? Case is ignored; `_`, `.`, space and bytes
 * outside ASCII equal `-`, since some servers fold names that way (CGI, WSGI, PHP). */
bool header_same_bytes(const char *name, const char *owned, size_t len);

/* Is `name` another spelling of `owned`? */
static inline bool
header_same_name(struct span name, struct span owned)
{
	return name.len == owned.len && header_same_bytes(name.at, owned.at, name.len);
}

/* May the value be sent in a header: no control bytes, at most 4 KiB? Bytes outside ASCII may. */
bool header_value_safe(struct span value);

/* Does a comma-separated list of options (RFC 9110 section 5.6.1) contain this one? */
bool header_lists(struct span value, struct span option);

/* Does one of the Connection headers name it, in any spelling (RFC 9110 section 7.6.1)? */
bool header_connection_names(const struct header *headers, size_t count, struct span name);

/* Which of the headers does a Connection header among them name, in any spelling (RFC 9110 section
 * 7.6.1)? Each option is looked at once. listed  has room for `count`. */
void header_connection_mark(const struct header *headers, size_t count, bool *listed);

#endif
