/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand - what a trusted issuer's settings require of a token: type, audience and other claims.
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

/* `typ` (RFC 8725 section 3.11, RFC 9068 section 4): one of the configured types, compared without
 * case, with or without "application/". Else TOKEN_TYPE_WRONG. */
MUST_CHECK enum reason demand_type(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

/* `aud` (RFC 7519 section 4.1.3): a string or an array of strings, one of which is a configured
 * audience. Else CLAIM_MALFORMED or AUDIENCE_MISMATCH. */
MUST_CHECK enum reason demand_audience(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

/* The claims in `require`. Else CLAIM_REQUIRED_MISSING. */
MUST_CHECK enum reason demand_claims(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

#endif
