/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract - the claims the gate works with, taken from where the profile says they are.
 *
 * Uses:   verify, token, trusted_issuer.
 * Pure:   yes (allocates from the arena).
 * Limits: EXTRACT_NAME_BYTES for a subject or client.
 */
#ifndef POSTERN_TOKEN_EXTRACT_H
#define POSTERN_TOKEN_EXTRACT_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "token/trusted_issuer.h"
#include "token/token.h"
#include "token/verify.h"

#define EXTRACT_NAME_BYTES 1024u

/*
 * Fill in subject, client, scopes, groups and roles. An absent, null or empty one is none; one of
 * the wrong type is CLAIM_MALFORMED, also when an earlier pointer hit. Entries of lists that are no
 * text grant nothing and refuse nothing: `not_text` counts them. In the pointers of lists, a
 * segment
 * "*" stands for each entry of an array. OVERLOADED when the arena has
 * no room.
 */
MUST_CHECK enum reason extract_claims(const struct trusted_issuer *trusted_issuer,
    struct token *token, struct arena *arena, struct claims *claims);

#endif
