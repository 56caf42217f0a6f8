/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern - path patterns, and the most specific one that covers a path.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * Literal segments, `*` for one segment, a last `/*` for the whole subtree and the bare path
 * before it. Segment by segment a literal is more specific than `*`, and `*` than an end `/*`.
 * The segments are compared with every escape decoded, so that no spelling of a path is matched
 * by another pattern than its plain one. A slash at the end of a path is left out of account:
 * "/a" covers "/a/" too, so that no slash dodges a rule.
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
 * as a whole segment. The error tells the rule, without the pattern. */
MUST_CHECK bool pattern_check(struct span pattern, struct err *reterr);

/*
 * The place of a pattern's values, made when it is new: a pointer to the head of a list that the
 * caller hangs on it. Two spellings of one pattern ("/a%21" and "/a!") have one place.
 *
 * pattern  borrowed; one that pattern_check() passes.
 * Returns NULL: no memory. The place is lent by the arena.
 */
MUST_CHECK void **pattern_set_place(struct pattern_set *patterns, struct span pattern);

/*
 * The value hung on the most specific pattern that covers the canonical `path`; NULL if none
 * does. Bounded work: no branch of the tree is tried twice, whatever the path.
 *
 * ret_pattern  the pattern's text, lent by the arena; may be NULL. Set when a value is found.
 */
void *pattern_set_find(
    const struct pattern_set *patterns, struct span path, const char **ret_pattern);

/*
 * The value that would decide if `pattern` were not there: hung on the most specific other pattern
 * under which every path of `pattern` falls. NULL if there is none.
 *
 * ret_pattern  as above.
 */
void *pattern_set_wider(
    const struct pattern_set *patterns, struct span pattern, const char **ret_pattern);

/* Does every path that `inner` covers fall under `outer`? */
bool pattern_within(struct span inner, struct span outer);

#endif
