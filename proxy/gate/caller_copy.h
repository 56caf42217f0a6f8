/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller_copy - a caller, with all that it points to, copied into another arena.
 *
 * Uses:   caller.
 * Pure:   yes (allocates from the arena).
 *
 * What belongs to the configuration is pointed to by the copy, too: names of issuers and headers.
 */
#ifndef POSTERN_PROXY_GATE_CALLER_COPY_H
#define POSTERN_PROXY_GATE_CALLER_COPY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "proxy/gate/caller.h"

/* A copy. NULL: no memory. */
MUST_CHECK struct caller *caller_copy(const struct caller *caller, struct arena *arena);

/*
 * A copy of one that caller_copy() made within the `block_bytes` bytes at `block`, which are
 * aligned for any type: copied at once, four times as fast. NULL: no memory.
 */
MUST_CHECK struct caller *caller_copy_block(
    const struct caller *caller, const void *block, size_t block_bytes, struct arena *arena);

#endif
