/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern - path patterns, and the most specific one that matches a path.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * Literal segments, one `*` inside a segment, `*` or {NAME} for one segment, a last `/*` for the
 * whole subtree and the bare path before it. Segment by segment a literal is more specific than one
 * with a `*` inside, the latter than `*` and {NAME}, and these than an end `/*`. Of two with a `*`
 * inside the one with more literal text is more specific; see pattern_ties(). The segments are
 * compared with every escape decoded, so an escaped path matches the same pattern as
 * the plain one. A slash at the end of a path is ignored: "/a" also matches "/a/", so an extra
 * slash cannot bypass a rule.
 * Limits: PATTERN_MAX_SEGMENTS segments in a pattern.
 */
#ifndef POSTERN_POLICY_PATTERN_H
#define POSTERN_POLICY_PATTERN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"

#define PATTERN_MAX_SEGMENTS 64

struct pattern_set;

/* A set with nothing in it. NULL: no memory. */
MUST_CHECK struct pattern_set *pattern_set_new(struct arena *arena);

/* In this set upper and lower case of ASCII letters are one. Call it while the set is empty; its
 * patterns must be in lower case. */
void pattern_set_fold(struct pattern_set *patterns);

/*
 * The place of a pattern's values, made when it is new: a pointer to the head of the caller's list.
 * Two spellings of one pattern ("/a%21" and "/a!", "/{a}/b" and "/{c}/b") have one place.
 *
 * pattern  borrowed; one that pattern_form_check() passes.
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

/* The value of the most specific pattern that matches every path of `pattern`, which may be itself.
 * NULL if there is none. */
void *pattern_set_cover(const struct pattern_set *patterns, struct span pattern);

/* The value of that very pattern, however it is spelt. NULL if there is none. */
void *pattern_set_at(const struct pattern_set *patterns, struct span pattern);

/* Is there a path that both match? */
bool pattern_meets(struct span a, struct span b);

/* Is there a path that both match, of which none is the more specific: at the first segment where
 * they differ, both have a `*` inside and equally much literal text? */
bool pattern_ties(struct span a, struct span b);

/* Of two that match one path: does the first segment where they differ make `a` the more specific?
 */
bool pattern_narrower(struct span a, struct span b);

/* Does `outer` match every path that `inner` matches? */
bool pattern_within(struct span inner, struct span outer);

#endif
