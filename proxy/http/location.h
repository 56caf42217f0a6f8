/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location - where an upstream says that something is, as its clients reach it: `Location`,
 * `Content-Location` and the `Path` of cookies, when what is forwarded has another path.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_LOCATION_H
#define POSTERN_PROXY_HTTP_LOCATION_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/span.h"

/* What became of the path of a request. All is borrowed. */
struct location {
	struct span authority; /* the upstream's own, HOST[:PORT]; empty: a Unix socket */
	bool secure;           /* it is reached by https */
	struct span host;      /* the Host that was sent: also its own, by either scheme */
	struct span base;      /* what was put in front of each path; "" or /a */
	struct span prefix;    /* what was taken off each path; "" or /a */
	struct span sent;      /* the path that was sent, which relative references start from */
};

/*
 * Append what clients are told in place of `value`, a reference (RFC 3986 section 4.1) to the
 * upstream: an absolute path with its query and fragment, never one that starts with "//". False:
 * nothing was appended, since the value refers to something else, or to no path, and stays.
 */
MUST_CHECK bool location_map(
    const struct location *location, struct span value, struct buffer *out);

/* The same for the value of a Set-Cookie (RFC 6265 section 4.1): its attributes `Path`. */
MUST_CHECK bool location_map_cookie(
    const struct location *location, struct span value, struct buffer *out);

#endif
