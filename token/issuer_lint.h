/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_lint - warnings about a configured `issuer` that no token can have as its `iss`.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_TOKEN_ISSUER_LINT_H
#define POSTERN_TOKEN_ISSUER_LINT_H

#include "base/arena.h"
#include "base/span.h"

/*
 * The problem and what to write instead, lent by the arena or static; NULL: no problem, or no
 * memory. `iss` is compared exactly (RFC 8725 section 3.8), so that a "/" at the end, a placeholder
 * or another name of a tenant fits no token.
 */
const char *issuer_lint(const char *provider, struct span issuer, struct arena *arena);

#endif
