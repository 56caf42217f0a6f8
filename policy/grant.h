/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - does a line of `granted_to` hold for a caller, and which of its conditions does not?
 *
 * Uses:   policy, principal, token (claims), base (json).
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_GRANT_H
#define POSTERN_POLICY_GRANT_H

#include "policy/policy.h"
#include "policy/principal.h"

/* The conditions of a line, in the order in which they are looked at. */
enum grant_condition {
	GRANT_HOLDS, /* all of them hold */
	GRANT_ISSUER,
	GRANT_SCOPE,
	GRANT_GROUP,
	GRANT_ROLE,
	GRANT_CLAIM,
	GRANT_CLIENT,
	GRANT_CERTIFICATE,
	GRANT_USER,
	GRANT_PEER,
	GRANT_NOTHING /* it has none: a mistake at load, and even so it never holds */
};

/* The first condition that does not hold, or GRANT_HOLDS. */
enum grant_condition grant_failing(
    const struct grant *grant, const struct principal_inputs *inputs);

/* Its key in a line of `granted_to`; "" for GRANT_HOLDS and GRANT_NOTHING. */
const char *grant_condition_key(enum grant_condition condition);

/* What the line wants there: "customer.read"; of a list its first entry, of a claim its pointer.
 * NULL: it does not ask. */
const char *grant_wanted(const struct grant *grant, enum grant_condition condition);

/* The entries of a condition that is a list (scope, group, role); NULL: it is none. */
const struct texts *grant_list(const struct grant *grant, enum grant_condition condition);

/* The first entry of such a list that the caller of these verified claims does not have; NULL: it
 * has all of them. */
const char *grant_lacking(
    const struct grant *grant, enum grant_condition condition, const struct claims *claims);

#endif
