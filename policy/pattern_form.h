/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern_form - is a text a path pattern (see pattern.h), and which of its segments are named?
 *
 * Uses:   segment, target, pattern, base.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_PATTERN_FORM_H
#define POSTERN_POLICY_PATTERN_FORM_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/* Check one pattern's form: starts with "/", no "/" at the end, canonical (target_read()), at most
 * one `*` in a segment, {NAME} only as a whole one and each NAME once. The error states the rule
 * that was broken, without the pattern. */
MUST_CHECK bool pattern_form_check(struct span pattern, struct err *reterr);

/* The spelling in which its form may be right: canonical, with spaces and letters beyond ASCII
 * escaped. NULL: there is none. Lent by the arena. */
const char *pattern_form_spelled(struct span pattern, struct arena *arena);

/* The pattern with "*" for each {NAME}, lent by the arena. at == NULL: no memory. */
struct span pattern_form_plain(struct span pattern, struct arena *arena);

/* The index of the segment {NAME}, from 0; SIZE_MAX: there is none. */
size_t pattern_form_place(struct span pattern, struct span name);

#endif
