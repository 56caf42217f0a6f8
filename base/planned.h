/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planned - hints for configuration keys of other or future versions that this one does not have.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_PLANNED_H
#define POSTERN_BASE_PLANNED_H

#include "base/span.h"

/* What to use instead of an unknown key, as the rest of a sentence; NULL: no hint. Lent. */
const char *planned_hint(struct span key);

#endif
