/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audience - the requested audience of a token (RFC 8707, and `audience` as several products have
 * it).
 *
 * Uses:   local.
 * Pure:   yes.
 */
#ifndef POSTERN_ISSUER_OAUTH_AUDIENCE_H
#define POSTERN_ISSUER_OAUTH_AUDIENCE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"

/* The parameters of the request. at == NULL: not given. */
struct audience_request {
	struct span resource; /* an absolute URI without a fragment (RFC 8707 section 2) */
	struct span audience; /* must agree with `resource` */
	const struct texts
	    *resources;   /* URLs of APIs of this gate: each is an audience of its own,
			   * with or without a slash at its end. NULL: there are none */
	struct span self; /* what the gate's metadata calls it (RFC 9728): another name of the
			   * first of `ours`, with or without a slash at its end */
};

/*
 * Choose the token's `aud` from `ours` and the request's `resources`; the first of `ours` is the
 * default.
 *
 * ret_audience  lent by the one or the other.
 *
 * False: invalid_target.
 */
MUST_CHECK bool audience_choose(
    const struct texts *ours, const struct audience_request *request, const char **ret_audience);

/* Is it an absolute URI without a fragment (RFC 3986 section 4.3)? */
bool audience_uri_valid(struct span text);

#endif
