/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given_lint - warnings about scopes, groups, roles and claims of tokens that no issuer gives.
 *
 * Uses:   reader.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_GIVEN_LINT_H
#define POSTERN_POLICY_GIVEN_LINT_H

#include "policy/reader.h"

/*
 * Warn about lines of `granted_to`, and `scopes` of privileges, that ask for what none of the
 * issuers that they are about has a claim for (`claims` of the issuer, or its provider's preset);
 * and about a `claim` or `match` that can only be the local issuer's and that its tokens never
 * have. The local issuer's tokens have scopes; a line about its groups is condition_lint_grant()'s.
 * Call it when roles and privileges are read, without a mistake.
 */
void given_lint(struct reader *reader);

#endif
