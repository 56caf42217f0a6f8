/* SPDX-License-Identifier: Apache-2.0 */
/* caller - a principal from words: "nobody", "someone" or "role=NAME, scope=NAME, ...". */
#ifndef POSTERN_TESTS_POLICY_CALLER_H
#define POSTERN_TESTS_POLICY_CALLER_H

#include "cases.h"

#include "policy/principal.h"
#include "policy/role.h"

#define CALLER_MAX_SCOPES 16

static inline void
caller_add(const struct policy *policy, struct principal *principal, struct span word)
{
	const struct role *role;

	if (span_starts(word, SPAN("scope="))) {
		assert_true(principal->scopes.count < CALLER_MAX_SCOPES);
		principal->scopes.at[principal->scopes.count++] = span_slice(word, 6, word.len);
		return;
	}
	if (!span_starts(word, SPAN("role=")))
		fail_msg("\"%.*s\" is no caller", SPAN_ARG(word));
	role = role_find(policy, span_slice(word, 5, word.len));
	if (role == NULL)
		fail_msg("\"%.*s\" is no role", SPAN_ARG(word));
	principal->roles[role->index / 64] |= UINT64_C(1) << role->index % 64;
}

/* NULL for "nobody". The words must outlive it. */
static inline struct principal *
caller_read(const struct policy *policy, struct span words, struct arena *arena)
{
	struct principal *principal = arena_alloc(arena, sizeof(*principal));
	struct span word;

	if (span_is(words, "nobody"))
		return NULL;
	assert_non_null(principal);
	principal->issuer = "okta";
	principal->subject = SPAN("alice");
	principal->roles = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	principal->scopes.at = arena_array(arena, CALLER_MAX_SCOPES, sizeof(struct span));
	assert_non_null(principal->roles);
	assert_non_null(principal->scopes.at);
	while (!span_is(words, "someone") && span_cut(&words, ',', &word))
		caller_add(policy, principal, span_trim(word));
	return principal;
}

#endif
