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
	struct span self;     /* what the gate's metadata calls it (RFC 9728): another name of the
			       * first of `ours`, with or without a slash at its end */
};

/*
 * Choose the token's `aud` from `ours`; the first one is the default.
 *
 * ret_audience  lent by `ours`.
 *
 * False: invalid_target.
 */
MUST_CHECK bool audience_choose(
    const struct texts *ours, const struct audience_request *request, const char **ret_audience);

/* Is it an absolute URI without a fragment (RFC 3986 section 4.3)? */
bool audience_uri_valid(struct span text);

#endif
