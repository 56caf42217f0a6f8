/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_match - which `iss` values belong to a trusted issuer, and which keys may sign for them.
 *
 * Uses:   trusted_issuer, token, jwks (key), base.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_ISSUER_MATCH_H
#define POSTERN_TOKEN_ISSUER_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nearest.h"
#include "token/trusted_issuer.h"
#include "token/verify.h"

/* Check `issuer`, `issuer_aliases` and `tenants`, and fill in the preset's aliases if none are
 * configured: both spellings of Google and OCI, both versions of Entra. Every mistake is
 * reported. */
void issuer_match_read(
    const struct node *map, struct trusted_issuer *trusted_issuer, struct mistakes *mistakes);

/* Is this the trusted issuer's `iss` or an alias, with any listed tenant in place of {tenantid}? */
bool issuer_match(const struct trusted_issuer *trusted_issuer, struct span issuer);

/* The index of the trusted issuer for this `iss`: the one whose `issuer` is identical, else the
 * first that has it as an alias or for a listed tenant; `count` if none. */
size_t issuer_match_find(
    const struct trusted_issuer *trusted_issuers, size_t count, struct span issuer);

/* The index of the one whose `issuer` is identical; `count` if none. */
size_t issuer_match_exact(
    const struct trusted_issuer *trusted_issuers, size_t count, struct span issuer);

/* The one that was probably meant by an unknown name: the nearest name, or the one whose `issuer`
 * is what was typed, or the first tenant of the issuer of that name. "local_issuer", the key of the
 * configuration, is near the local issuer. For a hint. */
struct nearest issuer_match_nearest(
    const struct trusted_issuer *trusted_issuers, size_t count, struct span typed);

/* Entra: a token for Microsoft Graph (`nonce` in the header, or its `aud`) can be verified only by
 * Graph, so it is refused with that cause before its signature is checked. REASON_OK for all
 * others. */
MUST_CHECK enum reason issuer_match_header(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

/* Entra: the key's issuer must be the token's, for the tenant in `tid`. A key without an issuer is
 * accepted only if the keys are those of a single tenant. REASON_OK for other providers. */
MUST_CHECK enum reason issuer_match_key(
    const struct verify_inputs *inputs, struct token *token, struct arena *arena);

#endif
