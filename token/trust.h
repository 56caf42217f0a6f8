/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - which `iss` are one issuer's, and whose key may sign for which of them.
 *
 * Uses:   profile, token, jwks (key), base.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_TRUST_H
#define POSTERN_TOKEN_TRUST_H

#include <stdbool.h>

#include "token/profile.h"
#include "token/verify.h"

#define TRUST_TENANT "{tenantid}"

/* Check `issuer`, `issuer_aliases` and `tenants`, and fill in the preset's aliases where none are
 * named: both spellings of Google and OCI, both versions of Entra. Everything wrong is told. */
void trust_read(const struct node *map, struct profile *profile, struct mistakes *mistakes);

/* Is this the profile's `iss`, an alias, or one of those with a listed tenant for {tenantid}? */
bool trust_issuer(const struct profile *profile, struct span issuer);

/* Entra: a token for Microsoft Graph (`nonce` in the header, or its `aud`) cannot be verified by
 * anybody else, and is refused with that cause before its signature is. REASON_OK for all others.
 */
MUST_CHECK enum reason trust_header(
    const struct verify_facts *facts, struct token *token, struct arena *arena);

/* Entra: the issuer that the key names is the token's, of the tenant that `tid` says. A key that
 * names none counts only where one tenant's keys are asked for. REASON_OK for all others. */
MUST_CHECK enum reason trust_key(
    const struct verify_facts *facts, struct token *token, struct arena *arena);

#endif
