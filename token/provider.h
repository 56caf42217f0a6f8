/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider - what is known of each kind of identity provider, as one table of presets.
 *
 * Uses:   profile.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_PROVIDER_H
#define POSTERN_TOKEN_PROVIDER_H

#include "token/profile.h"

/* The words of `provider`, in the order of the table; NULL at the end. */
extern const char *const provider_words[];

/* The word that stands for "nothing in particular". */
#define PROVIDER_GENERIC "generic"

/* Fill in the claims that the configuration does not name. `provider` is an index of
 * provider_words. */
void provider_claims(int provider, struct profile_claims *claims);

/* The place of a word that is in the table. */
int provider_find(const char *word);

#endif
