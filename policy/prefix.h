/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefix - a prefix of whole segments that is taken off a path: `strip_prefix`.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_PREFIX_H
#define POSTERN_POLICY_PREFIX_H

#include "base/check.h"
#include "base/span.h"

/*
 * What is left of a canonical path behind the prefix, "/" if nothing is: canonical again. Bytes are
 * compared with their escapes decoded, as patterns are; an escaped slash is no slash. at == NULL:
 * the path does not begin with it. Borrowed from the path, or static.
 */
MUST_CHECK struct span prefix_strip(struct span path, struct span prefix);

#endif
