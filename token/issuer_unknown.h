/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_unknown - which configured issuer an unknown `iss` was probably meant to be.
 *
 * Uses:   trusted_issuer, detail, base.
 * Pure:   yes. This only chooses the text of a message: a near match is never accepted.
 */
#ifndef POSTERN_TOKEN_ISSUER_UNKNOWN_H
#define POSTERN_TOKEN_ISSUER_UNKNOWN_H

#include "base/arena.h"
#include "base/span.h"
#include "token/trusted_issuer.h"

/* Why no trusted issuer has this `iss`, with the nearest one and the difference: the last slash,
 * http and https, the case, the version or the tenant of Entra, the realm, Okta's org server, the
 * path, the host's port. Lent by the arena; NULL: no memory. */
const char *issuer_unknown_detail(const struct trusted_issuer *trusted_issuers, size_t count,
    struct span issuer, struct arena *arena);

#endif
