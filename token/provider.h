/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider - the presets of each kind of identity provider, as one table.
 *
 * Uses:   trusted_issuer.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_PROVIDER_H
#define POSTERN_TOKEN_PROVIDER_H

#include "base/arena.h"
#include "base/check.h"
#include "token/trusted_issuer.h"

/* The words of `provider`, in the order of the table; NULL at the end. */
extern const char *const provider_words[];

/* Other names that people know these providers by, for hints. */
extern const struct field_alias provider_aliases[];

/* The `provider` value that means "no particular provider". */
#define PROVIDER_GENERIC "generic"

/* Fill in the claims that the configuration does not name. `provider` is an index of
 * provider_words. */
void provider_claims(int provider, struct trusted_issuer_claims *claims);

/* Fill in the accepted `typ`, when the configuration names none. */
void provider_types(int provider, struct texts *types);

/* The algorithms that its tokens are signed with. */
algorithm_set provider_algorithms(int provider);

/* Add the conditions that every token of this provider must meet (`typ` in Keycloak's payload,
 * `token_use`, `tok_type`), but for pointers that `require` names itself. False: no memory. */
MUST_CHECK bool provider_require(
    int provider, struct trusted_issuer *trusted_issuer, struct arena *arena);

/* Do its tokens come with a workload (a pipeline, a Pod), so that no client can ask for one? */
bool provider_workload(const struct trusted_issuer *trusted_issuer);

/* Does `require` exclude the tokens of the issuer's other customers? NULL if it does, or if the
 * issuer has no other customers; else the pointers of which it must use one, as text. */
const char *provider_shared(const struct trusted_issuer *trusted_issuer);

/* The place of a word that is in the table. */
int provider_find(const char *word);

#endif
