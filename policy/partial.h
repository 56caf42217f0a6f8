/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partial - the branches of a pattern tree at one place whose segment has a `*` inside, as in
 * `*.pdf`.
 *
 * Uses:   segment, base.
 * Pure:   yes.
 *
 * They are kept by how many bytes stand before and after the `*`, and sorted among those of the
 * same two numbers, of which at most one matches a segment. So a search takes one look for each two
 * numbers that there are, however many branches have them.
 */
#ifndef POSTERN_POLICY_PARTIAL_H
#define POSTERN_POLICY_PARTIAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"

struct partial_shape;

/* All zero: none. */
struct partials {
	struct partial_shape *first; /* the longest text first */
};

/* The place of the branch of that very segment, or NULL. */
void **partial_find(const struct partials *partials, struct span segment);

/* The same, made when it is new. NULL: no memory. */
MUST_CHECK void **partial_place(
    struct partials *partials, struct span segment, struct arena *arena);

/* The branches that match a segment, one after the other. */
struct partial_search {
	const struct partial_shape *next;
	struct span before, after; /* what a branch's texts may be the beginning and the end of */
	size_t before_bytes, after_bytes, bytes; /* decoded: of these, and of both together */
	bool fold;
};

/* Begin to look for those that match a segment of a canonical path. With `fold` upper and lower
 * case are one; the branches are in lower case. */
struct partial_search partial_search(
    const struct partials *partials, struct span segment, bool fold);

/* The same for those that match whatever a segment of a pattern matches. */
struct partial_search partial_search_wider(const struct partials *partials, struct span segment);

/* The next one, those with more text first; NULL: there is none. */
void *partial_next(struct partial_search *search);

#endif
