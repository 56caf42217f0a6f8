/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wildcard - warnings about a "*" in a value that is compared exactly.
 *
 * Uses:   document.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_WILDCARD_H
#define POSTERN_BASE_WILDCARD_H

#include "base/document.h"

/*
 * Warn at `node` if `value` has a "*": only path patterns and some claim pointers have wildcards.
 *
 * value    may be NULL.
 * instead  what to write instead, as a sentence's end: "name each group".
 */
void wildcard_warn(
    struct mistakes *mistakes, const struct node *node, const char *value, const char *instead);

#endif
