/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold - what Unicode compatibility folding (NFKC, UAX #15) makes of a character, as far as it
 * matters in a path: an upstream that folds would see a different path from the one that was
 * authorised.
 *
 * Uses:   nothing.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_FOLD_H
#define POSTERN_POLICY_FOLD_H

#include <stdbool.h>
#include <stdint.h>

/* What it becomes if that has ".", "/" or "\" in it, or if it is a slash by another name; NULL:
 * neither. `x` stands for any characters between. Static text, never longer than the character in
 * UTF-8. ASCII has none. */
const char *fold_separator(uint32_t point);

/* Does it become a space? The space itself does. */
bool fold_is_space(uint32_t point);

/* Is it dropped (those default ignorable characters that file systems are known to drop)? */
bool fold_is_nothing(uint32_t point);

#endif
