/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlap_lint - warnings about path patterns that meet other ones in a way that was hardly meant.
 *
 * Uses:   reader, rule, pattern.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_OVERLAP_LINT_H
#define POSTERN_POLICY_OVERLAP_LINT_H

#include "policy/reader.h"

/*
 * Warn about a path that changes nothing beside a wider one of the same privilege, about paths that
 * differ in case only, and about a module's path that only a wider public pattern opens. Call it
 * when modules, privileges and public paths are read, without a mistake.
 */
void overlap_lint(struct reader *reader);

#endif
