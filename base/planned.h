/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planned - keys that other versions or the design have and this one does not: what to do instead.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_PLANNED_H
#define POSTERN_BASE_PLANNED_H

#include "base/span.h"

/* What an unknown key needs instead, as the rest of a sentence; NULL: we never heard of it. Lent.
 */
const char *planned_hint(struct span key);

#endif
