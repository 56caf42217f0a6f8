/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern - path patterns, and the most specific one that matches a path.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * Literal segments, `*` for one segment, a last `/*` for the whole subtree and the bare path before
 * it. Segment by segment a literal is more specific than `*`, and `*` than an end `/*`. The
 * segments are compared with every escape decoded, so an escaped path matches the same pattern as
 * the plain one. A slash at the end of a path is ignored: "/a" also matches "/a/", so an extra
 * slash cannot bypass a rule.
 * Limits: PATTERN_MAX_SEGMENTS segments in a pattern.
 */
#ifndef POSTERN_POLICY_PATTERN_H
#define POSTERN_POLICY_PATTERN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

#define PATTERN_MAX_SEGMENTS 64

struct pattern_set;

/* A set with nothing in it. NULL: no memory. */
MUST_CHECK struct pattern_set *pattern_set_new(struct arena *arena);

/* Check one pattern's form: starts with "/", no "/" at the end, canonical (target_read()), `*` only
 * as a whole segment. The error states the rule that was broken, without the pattern. */
MUST_CHECK bool pattern_check(struct span pattern, struct err *reterr);

/*
 * The place of a pattern's values, made when it is new: a pointer to the head of the caller's list.
 * Two spellings of one pattern ("/a%21" and "/a!") have one place.
 *
 * pattern  borrowed; one that pattern_check() passes.
 * Returns NULL: no memory. The place is lent by the arena.
 */
MUST_CHECK void **pattern_set_place(struct pattern_set *patterns, struct span pattern);

/*
 * The value of the most specific pattern that matches the canonical `path`; NULL if none does. The
 * work is bounded: no branch of the tree is tried twice, whatever the path.
 *
 * ret_pattern  the pattern's text, lent by the arena; may be NULL. Set if a value is found.
 */
void *pattern_set_find(
    const struct pattern_set *patterns, struct span path, const char **ret_pattern);

/*
 * The value that would apply without `pattern`: that of the most specific other pattern that
 * matches every path of `pattern`. NULL if there is none.
 *
 * ret_pattern  as above.
 */
void *pattern_set_wider(
    const struct pattern_set *patterns, struct span pattern, const char **ret_pattern);

/* Is there a path that both match? */
bool pattern_meets(struct span a, struct span b);

/* Does `outer` match every path that `inner` matches? */
bool pattern_within(struct span inner, struct span outer);

#endif
