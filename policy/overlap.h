/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlap - mistakes: two patterns that match a path and of which none is the more specific.
 *
 * Uses:   reader, rule, pattern.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_OVERLAP_H
#define POSTERN_POLICY_OVERLAP_H

#include "policy/reader.h"

/* Report them, once all privileges, public paths and modules are read. */
void overlap_check(struct reader *reader);

#endif
