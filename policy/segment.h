/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment - one segment of a path or of a path pattern, escaped, and how it relates to others.
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * In a pattern a segment is a literal, a text with one `*` inside it (which stands for any bytes,
 * also none), or any segment: `*` or {NAME}. Bytes are compared decoded. With `fold`, upper and
 * lower case of ASCII letters are one.
 */
#ifndef POSTERN_POLICY_SEGMENT_H
#define POSTERN_POLICY_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARTIAL, SEGMENT_ANY };

/* Cut the next segment off a path or pattern that starts with "/" or is empty. False at its end; a
 * slash at the end starts no segment. */
bool segment_next(struct span *rest, struct span *ret_name);

/* Cut the next byte off, decoded. Canonical text has whole escapes only; anything else is taken as
 * it is. */
unsigned char segment_byte(struct span *text);

/* The same, of an ASCII letter in lower case. */
unsigned char segment_byte_folded(struct span *text);

/* How many bytes, decoded. */
size_t segment_bytes(struct span text);

/* What a segment of a pattern is. */
enum segment_kind segment_kind(struct span pattern);

/* The NAME of {NAME}; at == NULL: it is none. */
struct span segment_variable(struct span pattern);

/* How many bytes of literal text, decoded. */
size_t segment_literal(struct span pattern);

/* Are two segments of patterns the same? {a} and {b} are, and `*`. */
bool segment_same(struct span a, struct span b);

/* Does `outer` match every segment that `inner` matches? */
bool segment_within(struct span inner, struct span outer);

/* Is there a segment that both match? */
bool segment_meets(struct span a, struct span b);

#endif
