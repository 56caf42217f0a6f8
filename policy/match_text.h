/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match_text - a refusal's detail where a claim is not the segment of the path, and each line of
 * `match` with what came of it.
 *
 * Uses:   match, decide, base (buffer, json).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_POLICY_MATCH_TEXT_H
#define POSTERN_POLICY_MATCH_TEXT_H

#include "base/json.h"
#include "policy/match.h"

/* What the first line that fails wants and what the caller has: printable ASCII. NULL: no memory,
 * or none fails. */
const char *match_text(
    const struct route_match *route, const struct principal *principal, struct arena *arena);

/* The lines of `match` as a list of objects: segment, claim, wanted (the segment as it is in the
 * path), found (a list). `principal` may be NULL. Returns it given: json_decref() it. NULL: no
 * memory. */
MUST_CHECK json_t *match_text_json(
    const struct route_match *route, const struct principal *principal);

#endif
