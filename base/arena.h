/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena - memory that is freed all at once: a request's, or a snapshot's.
 *
 * Uses:   span.
 * Pure:   yes (allocates). One thread at a time.
 * Limits: `max_bytes` given to arena_init; beyond it every allocation returns NULL.
 */
#ifndef POSTERN_BASE_ARENA_H
#define POSTERN_BASE_ARENA_H

#include <stddef.h>

#include "base/check.h"
#include "base/span.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *at;                   /* next free byte */
	size_t left;                /* bytes left in the newest block */
	size_t used_bytes;          /* asked of the system so far */
	size_t max_bytes;
};

/* Initialise an empty arena; allocates nothing yet. */
void arena_init(struct arena *arena, size_t max_bytes);

/* An empty arena whose first bytes are the caller's own: `start_bytes` (at most `max_bytes`, which
 * they count towards) at `start`, aligned for any type and borrowed until arena_done(). An
 * allocation that fits there costs no malloc(). */
void arena_init_within(struct arena *arena, size_t max_bytes, void *start, size_t start_bytes);

/* Free everything; the arena is empty and may be used again. Accepts an empty one. */
void arena_done(struct arena *arena);

/* Zeroed bytes, aligned for any type, lent until arena_done(). NULL: limit or memory. */
MUST_CHECK void *arena_alloc(struct arena *arena, size_t size_bytes);

/* Zeroed array; also NULL when count * each overflows. */
MUST_CHECK void *arena_array(struct arena *arena, size_t count, size_t each_bytes);

/* A copy of so many bytes, aligned for any type. NULL: limit or memory. */
MUST_CHECK void *arena_copy(struct arena *arena, const void *bytes, size_t size_bytes);

/* A NUL-terminated copy. The result's length is span.len. NULL: limit or memory. */
MUST_CHECK char *arena_text(struct arena *arena, struct span span);

/* printf into the arena; NUL-terminated. NULL: limit or memory. */
MUST_CHECK char *arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
