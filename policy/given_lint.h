/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given_lint - warnings about scopes, groups and roles of tokens that no issuer gives.
 *
 * Uses:   reader.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_GIVEN_LINT_H
#define POSTERN_POLICY_GIVEN_LINT_H

#include "policy/reader.h"

/*
 * Warn about lines of `granted_to` that ask for what none of the issuers that they are about has a
 * claim for (`claims` of the issuer, or its provider's preset). The local issuer's tokens have
 * scopes; a line about it alone is condition_lint_grant()'s. Call it when the roles are read,
 * without a mistake.
 */
void given_lint(struct reader *reader);

#endif
