/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/next.h"

#include "policy/module_resource.h"

/* The live decision, and how the caller is found where it did not ask. */
struct foreseen {
	const struct judge_inputs *inputs;
	const struct judge_who *who;
	const struct decision *live;
	bool undecided;
};

static bool
same_credentials(const struct credentials *a, const struct credentials *b)
{
	return a->scheme == b->scheme && span_equal(a->value, b->value);
}

/* What only the world can say, which may say something else a moment later. */
static bool
is_passing(enum reason reason)
{
	return reason == REASON_KEY_UNKNOWN || reason == REASON_KEYS_UNAVAILABLE ||
	       reason == REASON_OVERLOADED || reason == REASON_CLIENT_GONE ||
	       reason == REASON_LOCKED_OUT;
}

/* The caller with the roles that the next policy gives. */
static enum reason
know(struct foreseen *foreseen, const struct caller *caller, struct decision *decision)
{
	struct caller *known;

	if (caller == NULL)
		return REASON_OK;
	known = arena_alloc(foreseen->who->arena, sizeof(*known));
	if (known == NULL || caller->next_roles == NULL)
		return REASON_OVERLOADED;
	*known = *caller;
	known->principal.roles = caller->next_roles;
	known->principal.unsure = caller->next_unsure;
	known->principal.matched = caller->next_matched;
	known->principal.matched_count = caller->next_matched_count;
	known->role_words = caller->next_words;
	decision->caller = known;
	return REASON_OK;
}

static enum reason
ask(struct foreseen *foreseen, struct decision *decision)
{
	struct decision asked = { .target = decision->target,
		.route = decision->route,
		.credentials = decision->credentials,
		.issuer_index = SIZE_MAX };
	enum reason reason;

	if (decision->credentials.scheme == CREDENTIALS_BASIC)
		return REASON_OVERLOADED; /* not for this is a password checked */
	reason = foreseen->who->find(foreseen->who->context, foreseen->inputs, &asked);
	return reason != REASON_OK ? reason : know(foreseen, asked.caller, decision);
}

static enum reason
find_caller(struct foreseen *foreseen, struct decision *decision)
{
	const struct decision *live = foreseen->live;
	bool basic = decision->credentials.scheme == CREDENTIALS_BASIC;

	if (basic && !decision->basic)
		return REASON_BASIC_NOT_ALLOWED;
	if (!live->looked || !same_credentials(&live->credentials, &decision->credentials) ||
	    (decision->credentials.scheme == CREDENTIALS_BEARER &&
		!module_resource_same(live->route.module, decision->route.module)) ||
	    (basic && !live->basic))
		return ask(foreseen, decision);
	if (live->found != REASON_OK)
		return live->found;
	return know(foreseen, live->caller, decision);
}

static enum reason
find(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	struct foreseen *foreseen = context;
	enum reason reason = find_caller(foreseen, decision);

	(void)inputs;
	foreseen->undecided = is_passing(reason);
	return reason;
}

struct next
next_judge(
    const struct judge_inputs *inputs, const struct judge_who *who, const struct decision *live)
{
	struct foreseen foreseen = { inputs, who, live, false };
	struct judge_who asked = { find, &foreseen, who->arena, who->request };
	struct judge_inputs by_next = *inputs;
	struct decision decision = { .target = live->target, .issuer_index = live->issuer_index };
	struct next next = { .verdict = NEXT_SAME };
	bool allowed = live->verdict.reason == REASON_OK;

	by_next.config = inputs->config->next;
	next.reason = judge_steps(&by_next, &asked, &decision);
	if (foreseen.undecided || (next.reason == REASON_OK) == allowed)
		return next;
	next.verdict = allowed ? NEXT_WOULD_REFUSE : NEXT_WOULD_ALLOW;
	if (decision.route.privilege != NULL)
		next.privilege = decision.route.privilege->name;
	next.counted = next.privilege;
	if (next.counted == NULL && live->route.privilege != NULL)
		next.counted = live->route.privilege->name;
	return next;
}
