/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_pattern - one entry of `issuers` that stands for an issuer for each of several tenants:
 * https://kc.example/realms/{realm} with `tenants`.
 *
 * Uses:   base (document, schema).
 * Pure:   yes (allocates from the arena).
 *
 * Each listed tenant becomes an issuer of its own, with its own keys, and nothing is taken from a
 * token: an `iss` that is none of theirs is unknown. Entra, whose tenants share their keys, is not
 * read this way; see issuer_match.h.
 */
#ifndef POSTERN_TOKEN_ISSUER_PATTERN_H
#define POSTERN_TOKEN_ISSUER_PATTERN_H

#include <stdbool.h>

#include "base/check.h"
#include "base/document.h"
#include "base/schema.h"

/* Is the `issuer` of that entry a pattern, of a provider other than Entra? */
bool issuer_pattern_is(const struct node *map);

/* The tenants of such an entry. Every mistake is reported: none, one that is no plain path segment,
 * one listed twice, a pattern that is not one whole segment of the path, keys that would be those
 * of all tenants. Without mistakes there is at least one. */
void issuer_pattern_tenants(
    const struct node *map, struct texts *ret_tenants, struct mistakes *mistakes);

/* The entry of one tenant: named NAME:TENANT, with the tenant in place of {realm} in `issuer`,
 * `jwks_uri` and `jwks_file`, and without `tenants`. Lent by the arena; NULL: no memory. */
MUST_CHECK const struct node *issuer_pattern_entry(
    const struct node *map, const char *tenant, struct arena *arena);

#endif
