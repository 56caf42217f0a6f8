/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audience - for whom a token is to be (RFC 8707; `audience` as several products have it).
 *
 * Uses:   local.
 * Pure:   yes.
 */
#ifndef POSTERN_ISSUER_AUDIENCE_H
#define POSTERN_ISSUER_AUDIENCE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/schema.h"
#include "base/span.h"

/*
 * Choose the token's `aud` among `ours`, of which the first is given to whoever asks for none.
 *
 * resource, audience  as asked; at == NULL: not. A resource must be an absolute URI without a
 *                     fragment (RFC 8707 section 2), and both must agree.
 * ret_audience        lent by `ours`.
 *
 * False: invalid_target.
 */
MUST_CHECK bool audience_choose(const struct texts *ours, struct span resource,
    struct span audience, const char **ret_audience);

/* Is it an absolute URI without a fragment (RFC 3986 section 4.3)? */
bool audience_uri_valid(struct span text);

#endif
