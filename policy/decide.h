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

/* The rule for a method on a path, before the caller is authenticated. */
struct route_match {
	const char *pattern;         /* the matching pattern; NULL: none */
	const char *folded;          /* ... in lower case, where the module ignores case */
	const struct host_set *host; /* the entry of `hosts` that it is for; NULL: every host */
	const struct privilege *privilege; /* for this method; NULL: none */
	const struct rule *rule;           /* the privilege's on this pattern; NULL: none */
	struct span path;                  /* canonical; lent by the target */
	const struct module *module;       /* which serves the path; NULL: none */
	bool public;                       /* no credentials needed */
	enum reason reason; /* REASON_OK, REQUEST_MALFORMED (a host that cannot be read),
			       PATH_AMBIGUOUS or REQUEST_MALFORMED (a mild one the module does not
			       allow), METHOD_NOT_GRANTED or NO_RULE */
	const char *detail;
};

/* The decision. All pointers are lent by the policy or the arena. */
struct verdict {
	enum reason reason;        /* REASON_OK: forward */
	enum reason shadow_reason; /* what a shadow privilege would have decided; else REASON_OK */
	const char *detail;        /* what is required and what the caller has; may be NULL */
};

/* Find the pattern, privilege and module for this request. HEAD counts as GET. */
void decide_route(const struct policy *policy, struct span method, const struct target *target,
    struct route_match *ret_route);

/*
 * Decide whether a caller may make the request. `principal` NULL: no credentials were presented.
 * One role of the privilege is enough, and so is one of its scopes; a privilege with neither roles
 * nor scopes admits any authenticated caller. The claims of its `match` must equal their segments
 * of the path. Anything undecided is a refusal.
 */
MUST_CHECK struct verdict decide_caller(const struct policy *policy,
    const struct route_match *route, const struct principal *principal, struct arena *arena);

#endif
