/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold_letter - characters above ASCII that become ASCII letters to somebody who ignores case, or
 * who folds by compatibility (NFKC): where case does not matter, an upstream could see a different
 * path from the one that was authorised.
 *
 * Uses:   nothing.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_FOLD_LETTER_H
#define POSTERN_POLICY_FOLD_LETTER_H

#include <stdbool.h>
#include <stdint.h>

/* Has its lower case, upper case, case folding or NFKC form an ASCII letter? Not of ASCII. */
bool fold_letter(uint32_t point);

#endif
