/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_match - scopes as the policy writes them: one scope, or a prefix such as "orders:*".
 *
 * Uses:   token (verify), base.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_SCOPE_MATCH_H
#define POSTERN_POLICY_SCOPE_MATCH_H

#include <stdbool.h>

#include "token/verify.h"

/* Is it a prefix: a "*" at the end, after ":", "." or "/", and no other? */
bool scope_match_is_prefix(const char *wanted);

/* Is one of the scopes `wanted`, or longer than the prefix that it is? Compared byte for byte. */
bool scope_match(const char *wanted, const struct spans *scopes);

#endif
