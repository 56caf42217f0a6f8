/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract - the claims the gate needs, read from where the trusted issuer's settings locate them.
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
 * Fill in subject, client, scopes, groups and roles. An absent, null or empty claim counts as
 * absent. One of the wrong type is CLAIM_MALFORMED, even if an earlier pointer found a value. List
 * entries that are not strings are ignored; `not_text` counts them. In the pointers to lists, the
 * segment "*" matches each entry of an array. OVERLOADED if the arena is full.
 */
MUST_CHECK enum reason extract_claims(const struct trusted_issuer *trusted_issuer,
    struct token *token, struct arena *arena, struct claims *claims);

#endif
