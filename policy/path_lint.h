/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_lint - warnings about path patterns that are valid but that no request can match, or that
 * surely do not mean what was meant.
 *
 * Uses:   reader, module, pattern, target.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_PATH_LINT_H
#define POSTERN_POLICY_PATH_LINT_H

#include "policy/reader.h"

/*
 * Warn about the patterns of modules and privileges, and the public ones: placeholders as other
 * routers write them, what only `path_allow` of a module lets pass, and the gate's own endpoints.
 * Call it when modules, privileges and public paths are read, without a mistake.
 */
void path_lint(struct reader *reader);

#endif
