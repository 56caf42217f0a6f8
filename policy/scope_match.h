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

/* The first byte that no scope can have (RFC 6749 section 3.3: visible ASCII but `"` and `\`);
 * NULL: it is a scope. A client cannot ask for anything else, nor a challenge name it. */
const char *scope_match_odd(const char *text);

/* Is one of the scopes `wanted`, or longer than the prefix that it is? Compared byte for byte. */
bool scope_match(const char *wanted, const struct spans *scopes);

#endif
