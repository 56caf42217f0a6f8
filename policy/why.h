/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why - the lines of `granted_to` of the roles that a privilege wants, and for each of them which
 * condition does not hold, and on which value.
 *
 * Uses:   grant, policy, principal, base (nearest).
 * Pure:   yes (allocates from the arena).
 */
#ifndef POSTERN_POLICY_WHY_H
#define POSTERN_POLICY_WHY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "policy/grant.h"

/* One line. Texts are lent by the policy and the arena, and have no quotes around them. */
struct why_line {
	const char *role;
	const char *file; /* where it stands */
	int line;
	enum grant_condition failed; /* GRANT_HOLDS: none */
	const char *wanted;          /* by the condition that failed; NULL: none did */
	bool of_several;             /* ... and it wants more than that */
	const char *found;           /* what the caller has there; NULL: nothing */
	const char *near;  /* what is all but right, "Orders.Read (upper and lower case differ)";
			      NULL: nothing is */
	const char *asked; /* all conditions: "issuer okta, scope customer.read" */
	struct why_line *next;
};

/* What is asked. All borrowed. */
struct why_question {
	const struct policy *policy;
	const struct privilege *privilege;
	const struct principal_inputs *inputs; /* what is known of the caller */
};

/*
 * The lines of all roles that the privilege wants, in the order of its `roles` and of the file.
 *
 * ret_first  NULL: there are none. Set on success only.
 * False: no memory.
 */
MUST_CHECK bool why_lines(
    const struct why_question *question, struct arena *arena, struct why_line **ret_first);

#endif
