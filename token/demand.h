/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand - what an issuer's profile asks of a token: its type, audience and further claims.
 *
 * Uses:   verify, token, trusted_issuer.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_DEMAND_H
#define POSTERN_TOKEN_DEMAND_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "token/token.h"
#include "token/verify.h"

/* `typ` (RFC 8725 section 3.11, RFC 9068 section 4): one of the profile's, without case, with or
 * without "application/". Otherwise TOKEN_TYPE_WRONG. */
MUST_CHECK enum reason demand_type(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

/* `aud` (RFC 7519 section 4.1.3): a string or an array of strings, one of them ours. Otherwise
 * CLAIM_MALFORMED or AUDIENCE_MISMATCH. */
MUST_CHECK enum reason demand_audience(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

/* The claims of `require`. Otherwise CLAIM_REQUIRED_MISSING. */
MUST_CHECK enum reason demand_claims(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

#endif
