/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer_lint - a JSON Pointer (RFC 6901) to a claim that is valid and hardly means what it says.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_POINTER_LINT_H
#define POSTERN_BASE_POINTER_LINT_H

#include <stdbool.h>

#include "base/span.h"

#define POINTER_LINT_ROOM 320

/*
 * What is odd about it, and what to write instead, in `out`; NULL: nothing. A name that is a URL
 * must be written with "~1" for "/", a dot goes nowhere, and "*" is an entry of a list only where
 * `lists` says so.
 */
const char *pointer_lint(struct span pointer, bool lists, char out[POINTER_LINT_ROOM]);

#endif
