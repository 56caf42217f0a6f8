/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller - a principal and the identity headers that the upstream gets: what the gate caches of a
 * verified token.
 *
 * Uses:   config, policy (principal).
 * Pure:   yes (allocates from the arena).
 */
#ifndef POSTERN_PROXY_GATE_CALLER_H
#define POSTERN_PROXY_GATE_CALLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "policy/principal.h"
#include "proxy/config/config.h"

struct caller {
	struct principal principal;
	size_t role_words; /* of principal.roles and .unsure */
	/* By the policy of `policy_next`, for next.h; NULL without one. */
	uint64_t *next_roles, *next_unsure;
	size_t next_words;          /* of these two */
	struct spans *next_matched; /* principal.matched of that policy */
	size_t next_matched_count;
	size_t issuer_index; /* index in the configuration; trusted_issuer_count without a token */
	struct spans groups; /* of the token, for `log.caller: full`; else none */
	int64_t from_s, until_s; /* the credentials are valid while from_s <= now < until_s */
	struct header *identity; /* forward.headers with their values */
	size_t identity_count;
};

/*
 * Fill in `identity` for a caller whose principal is set. A claim that is absent, an object, or
 * unsafe in a header gives no header. Arrays of texts are joined with ","; if a member contains a
 * comma, the header is the JSON array instead. Roles are joined with ",", scopes with " ".
 *
 * payload  the verified claims, or NULL without a token: the subject is what is at /sub.
 * False: no memory.
 */
MUST_CHECK bool caller_identify(
    const struct config *config, const json_t *payload, struct caller *caller, struct arena *arena);

/*
 * Find the roles that the policy of `policy_next` gives to the caller, whose principal is set. Does
 * nothing without one. False: no memory.
 */
MUST_CHECK bool caller_next_roles(const struct config *config, const struct principal_inputs *who,
    struct caller *caller, struct arena *arena);

#endif
