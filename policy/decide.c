/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide.h"

#include "policy/pattern.h"
#include "policy/rule.h"
#include "policy/wants.h"

static void
cover_refuse(struct cover *cover, enum reason reason, const char *detail)
{
	cover->reason = reason;
	cover->detail = detail;
}

static void
cover_by_rule(const struct ruling *ruling, struct span method, struct cover *cover)
{
	const struct rule *rule = rule_for(ruling, method);

	if (rule == NULL) {
		cover_refuse(cover, REASON_METHOD_NOT_GRANTED, ruling->methods);
		return;
	}
	cover->privilege = rule->privilege;
	cover->public = rule->privilege == NULL;
	cover_refuse(cover, REASON_OK, NULL);
}

void
decide_cover(const struct policy *policy, struct span method, const struct target *target,
    struct cover *ret_cover)
{
	const struct ruling *ruling;
	unsigned mild = target->mild;

	*ret_cover = (struct cover){ 0 };
	cover_refuse(ret_cover, REASON_NO_RULE, "no pattern covers the path");
	if (policy->rules == NULL || policy->serving == NULL || target->path.len == 0)
		return;
	ret_cover->module = patterns_find(policy->serving, target->path, NULL);
	if (ret_cover->module != NULL)
		mild &= ~ret_cover->module->path_allow;
	ruling = patterns_find(policy->rules, target->path, &ret_cover->pattern);
	if (mild != 0)
		cover_refuse(ret_cover, REASON_PATH_AMBIGUOUS, target_mild_text(mild));
	else if (ruling != NULL)
		cover_by_rule(ruling, method, ret_cover);
	else if (policy->default_public) {
		ret_cover->public = true;
		cover_refuse(ret_cover, REASON_OK, NULL);
	}
}

static bool
holds_role(const struct privilege *privilege, const uint64_t *roles, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if ((privilege->role_bits[i] & roles[i]) != 0)
			return true;
	return false;
}

static bool
holds_scope(const struct privilege *privilege, const struct principal *principal)
{
	for (size_t i = 0; i < privilege->scopes.count; i++)
		for (size_t j = 0; j < principal->scopes.count; j++)
			if (span_is(principal->scopes.at[j], privilege->scopes.at[i]))
				return true;
	return false;
}

static enum reason
judge(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal)
{
	if (principal == NULL)
		return REASON_CREDENTIALS_MISSING;
	if (privilege->roles.count == 0 && privilege->scopes.count == 0)
		return REASON_OK;
	if (holds_role(privilege, principal->roles, policy->role_words) ||
	    holds_scope(privilege, principal))
		return REASON_OK;
	if (principal->unsure != NULL &&
	    holds_role(privilege, principal->unsure, policy->role_words))
		return REASON_GROUPS_OVERAGE;
	return privilege->roles.count > 0 ? REASON_PRIVILEGE_MISSING : REASON_SCOPE_MISSING;
}

static const char *
detail_of(const struct policy *policy, const struct privilege *privilege,
    const struct principal *principal, struct arena *arena)
{
	if (principal == NULL)
		return arena_format(arena, "privilege %s asks who is calling", privilege->name);
	return wants_text(policy, privilege, principal, arena);
}

void
decide_caller(const struct policy *policy, const struct cover *cover,
    const struct principal *principal, struct arena *arena, struct verdict *ret_verdict)
{
	const struct privilege *privilege = cover->privilege;
	enum reason reason;

	*ret_verdict = (struct verdict){ .reason = cover->reason, .detail = cover->detail };
	/* which methods there are is told to a known caller only */
	if (cover->reason == REASON_METHOD_NOT_GRANTED && principal == NULL)
		*ret_verdict = (struct verdict){ .reason = REASON_CREDENTIALS_MISSING };
	if (cover->reason != REASON_OK || cover->public)
		return;
	if (privilege == NULL) {
		ret_verdict->reason = REASON_NO_RULE;
		return;
	}
	reason = judge(policy, privilege, principal);
	if (reason != REASON_OK)
		ret_verdict->detail = detail_of(policy, privilege, principal, arena);
	ret_verdict->reason = privilege->shadow ? REASON_OK : reason;
	ret_verdict->shadow_reason = privilege->shadow ? reason : REASON_OK;
}
