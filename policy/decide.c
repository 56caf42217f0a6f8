/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide.h"

#include "policy/casing.h"
#include "policy/host_set.h"
#include "policy/match.h"
#include "policy/match_text.h"
#include "policy/pattern.h"
#include "policy/rule.h"
#include "policy/denial_text.h"
#include "policy/scope_match.h"

static void
route_refuse(struct route_match *route, enum reason reason, const char *detail)
{
	route->reason = reason;
	route->detail = detail;
}

static void
route_by_rule(const struct ruling *ruling, struct span method, struct route_match *route)
{
	const struct rule *rule = rule_for(ruling, method);

	if (rule == NULL) {
		route_refuse(route, REASON_METHOD_NOT_GRANTED, ruling->methods);
		return;
	}
	route->rule = rule;
	route->privilege = rule->privilege;
	route->public = rule->privilege == NULL;
	route_refuse(route, REASON_OK, NULL);
}

void
decide_route(const struct policy *policy, struct span method, const struct target *target,
    struct route_match *ret_route)
{
	const struct ruling *ruling;
	unsigned mild = target->mild;

	*ret_route = (struct route_match){ .path = target->path };
	route_refuse(ret_route, REASON_NO_RULE, "no pattern matches the path");
	if (policy->rules == NULL || policy->serving == NULL || target->path.len == 0)
		return;
	if (policy->host_count > 0 && target->host.at == NULL) {
		route_refuse(ret_route, REASON_REQUEST_MALFORMED,
		    "the Host header is neither a name nor an address, and the policy depends on "
		    "it");
		return;
	}
	ret_route->module = host_set_module(policy, target);
	if (ret_route->module != NULL)
		mild &= ~ret_route->module->path_allow;
	ruling = host_set_ruling(policy, target, ret_route);
	if ((mild & TARGET_RAW_PIPE) != 0)
		route_refuse(ret_route, REASON_REQUEST_MALFORMED,
		    "a character that must be escaped in a path");
	else if (mild != 0)
		route_refuse(ret_route, REASON_PATH_AMBIGUOUS, target_mild_text(mild));
	else if (casing_ambiguous(policy, ret_route->module, target->path))
		route_refuse(ret_route, REASON_PATH_AMBIGUOUS,
		    "a character that becomes an ASCII letter where case does not matter");
	else if (ruling != NULL)
		route_by_rule(ruling, method, ret_route);
	else if (policy->default_public) {
		ret_route->public = true;
		route_refuse(ret_route, REASON_OK, NULL);
	}
}

/* Have two sets of roles one in common? NULL is the empty set. */
static bool
meet(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; b != NULL && i < words; i++)
		if ((a[i] & b[i]) != 0)
			return true;
	return false;
}

/* Is every role of `wanted` in one of the two others? NULL is the empty set. */
static bool
hold_all(const uint64_t *wanted, const uint64_t *held, const uint64_t *more, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if ((wanted[i] & ~(held[i] | (more == NULL ? 0 : more[i]))) != 0)
			return false;
	return true;
}

static bool
holds_scope(const struct privilege *privilege, const struct principal *principal)
{
	for (size_t i = 0; i < privilege->scopes.count; i++)
		if (scope_match(privilege->scopes.at[i], &principal->scopes))
			return true;
	return false;
}

static enum reason
judge(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal)
{
	size_t words = policy->role_words;
	const uint64_t *held, *unsure;
	bool any, all;

	if (principal == NULL)
		return REASON_CREDENTIALS_MISSING;
	held = principal->roles;
	unsure = principal->unsure;
	if (meet(privilege->deny_bits, held, words))
		return REASON_PRIVILEGE_MISSING;
	any = (privilege->roles.count == 0 && privilege->scopes.count == 0) ||
	      meet(privilege->role_bits, held, words) || holds_scope(privilege, principal);
	all = hold_all(privilege->all_bits, held, NULL, words);
	if (any && all && !meet(privilege->deny_bits, unsure, words))
		return REASON_OK;
	/* With the groups that the token leaves out it could be allowed, or denied. */
	if ((any || meet(privilege->role_bits, unsure, words)) &&
	    hold_all(privilege->all_bits, held, unsure, words))
		return REASON_GROUPS_OVERAGE;
	return all && privilege->roles.count == 0 ? REASON_SCOPE_MISSING : REASON_PRIVILEGE_MISSING;
}

static const char *
detail_of(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena)
{
	if (principal == NULL)
		return arena_format(
		    arena, "privilege %s needs an authenticated caller", privilege->name);
	return denial_text(policy, privilege, principal, arena);
}

struct verdict
decide_caller(const struct policy *policy, const struct route_match *route,
    const struct principal *principal, struct arena *arena)
{
	const struct privilege *privilege = route->privilege;
	struct verdict verdict = { .reason = route->reason, .detail = route->detail };
	enum reason reason;

	/* only an authenticated caller learns which methods exist */
	if (route->reason == REASON_METHOD_NOT_GRANTED && principal == NULL)
		verdict = (struct verdict){ .reason = REASON_CREDENTIALS_MISSING };
	if (route->reason != REASON_OK || route->public)
		return verdict;
	if (privilege == NULL) {
		verdict.reason = REASON_NO_RULE;
		return verdict;
	}
	reason = judge(policy, privilege, principal);
	if (reason == REASON_OK && match_failing(route, principal) != NULL)
		reason = REASON_CLAIM_MISMATCH;
	if (reason == REASON_CLAIM_MISMATCH)
		verdict.detail = match_text(route, principal, arena);
	else if (reason != REASON_OK)
		verdict.detail = detail_of(policy, privilege, principal, arena);
	verdict.reason = privilege->shadow ? REASON_OK : reason;
	verdict.shadow_reason = privilege->shadow ? reason : REASON_OK;
	return verdict;
}
