/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match_text - a refusal's detail where a claim is not the segment of the path, and each line of
 * `match` with what came of it.
 *
 * Uses:   match, decide, base (buffer).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_POLICY_MATCH_TEXT_H
#define POSTERN_POLICY_MATCH_TEXT_H

#include "base/buffer.h"
#include "policy/match.h"

/* What the first line that fails wants and what the caller has: printable ASCII. NULL: no memory,
 * or none fails. */
const char *match_text(
    const struct route_match *route, const struct principal *principal, struct arena *arena);

/* Append the lines of `match` as a list (JSON) of objects: segment, claim, wanted (the segment as
 * it is in the path), found (a list). `principal` may be NULL. */
void match_text_write(
    const struct route_match *route, const struct principal *principal, struct buffer *buffer);

#endif
