/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide - may this caller do this method on this path? The same function serves the gate,
 * `postern explain`, `postern test` and the admin endpoint.
 *
 * Uses:   policy, principal, target.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_DECIDE_H
#define POSTERN_POLICY_DECIDE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "policy/policy.h"
#include "policy/principal.h"
#include "policy/target.h"

/* What covers a method on a path, before anybody is known. */
struct route_match {
	const char *pattern;               /* the deciding pattern; NULL: nothing covers it */
	const struct privilege *privilege; /* for this method; NULL: none */
	const struct module *module;       /* which serves the path; NULL: none */
	bool public;                       /* no credentials needed */
	enum reason reason; /* REASON_OK, PATH_AMBIGUOUS (a mild one the module does not allow),
			       METHOD_NOT_GRANTED or NO_RULE */
	const char *detail;
};

/* The decision. All pointers are lent by the policy or the arena. */
struct verdict {
	enum reason reason;        /* REASON_OK: forward */
	enum reason shadow_reason; /* what a shadow privilege would have said; else REASON_OK */
	const char *detail;        /* what was wanted and what was there; may be NULL */
};

/* Which pattern, privilege and module stand for this request. HEAD counts as GET. */
void decide_route(const struct policy *policy, struct span method, const struct target *target,
    struct route_match *ret_route);

/*
 * Judge a caller against what covers the request. `principal` NULL: nobody presented credentials.
 * Roles: any one; no roles and no scopes on the privilege: any caller; a scope of the privilege
 * satisfies it by itself. Anything undecided is a refusal.
 */
MUST_CHECK struct verdict decide_caller(const struct policy *policy,
    const struct route_match *route, const struct principal *principal, struct arena *arena);

#endif
