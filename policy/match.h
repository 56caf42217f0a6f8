/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match - `match` of a privilege: a claim of the token equals a named segment of the path.
 *
 * Uses:   policy, rule, principal, segment, base (json).
 * Pure:   yes (allocates from the arena).
 *
 * Equal means: the segment with every escape decoded once is, byte for byte and in its own case,
 * the claim, or an entry of it if it is a list. Texts and whole numbers count; nothing else is
 * equal to any segment. Who has no token, or no such claim, does not match.
 */
#ifndef POSTERN_POLICY_MATCH_H
#define POSTERN_POLICY_MATCH_H

#include "base/check.h"
#include "policy/decide.h"
#include "policy/principal.h"
#include "policy/reader.h"

/* Read privilege->match into privilege->matches, and list the claims in policy->match_claims. Every
 * mistake is reported. */
void match_read(struct reader *reader, struct privilege *privilege);

/*
 * Where the segments of `match` are in a pattern of the privilege: an index for each of
 * privilege->matches, lent by the arena. NULL: the privilege has none, or a segment is missing,
 * which is reported at `node`.
 */
const size_t *match_places(struct reader *reader, const struct privilege *privilege,
    const struct node *node, struct span pattern);

/*
 * The values of policy->match_claims in a token, for principal->matched.
 *
 * payload     borrowed; must outlive the values.
 * ret_values  lent by the arena.
 * False: no memory.
 */
MUST_CHECK bool match_values(const struct policy *policy, const json_t *payload,
    struct arena *arena, struct spans **ret_values);

/* The first one of the privilege that does not hold for that path and caller; NULL: all hold. */
const struct match *match_failing(
    const struct route_match *route, const struct principal *principal);

/* The segment of the path, escaped, that one of the privilege is about. at == NULL: the path has
 * none. */
struct span match_segment(const struct route_match *route, const struct match *match);

#endif
