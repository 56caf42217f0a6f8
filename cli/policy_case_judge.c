/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_case_judge.h"

#include <string.h>

#include "proxy/gate/assume.h"
#include "proxy/gate/explain_own.h"
#include "cli/node_json.h"
#include "policy/match.h"
#include "proxy/listener/engines/engines.h"

/* What is needed to judge a case. */
struct judging {
	const struct policy_case *one;
	const struct config *config;
	struct arena *arena;
	struct judge_inputs inputs;
	struct request request;
	struct decision decision;
	struct explain_own own;
	struct caller caller;
	json_t *payload;
};

/* "A caller" holds what the case gives it and is named by no line of the policy. */
static struct principal_store
store_of(const struct policy_case_caller *caller)
{
	return (struct principal_store){
		.client_name = caller->client,
		.user = caller->user != NULL || caller->client != NULL ? caller->user : "",
		.roles = caller->roles,
	};
}

/* The payload of the token. A client's own token says who it is. */
static bool
make_payload(struct judging *judging, size_t issuer_index)
{
	const struct policy_case_caller *caller = &judging->one->caller;
	const struct config *config = judging->config;

	judging->payload = caller->claims == NULL ? json_object() : node_json(caller->claims);
	if (judging->payload == NULL)
		return false;
	if (caller->client != NULL) {
		json_object_set_new(judging->payload, "client_id", json_string(caller->client));
		json_object_set_new(judging->payload, "sub", json_string(caller->client));
		json_object_set_new(
		    judging->payload, "iat", json_integer((json_int_t)judging->inputs.now_s));
	}
	assume_rest(
	    judging->payload, &config->trusted_issuers[issuer_index], judging->inputs.now_s);
	return true;
}

/* A caller with a token: of a third-party issuer, or of a client of the local one. */
static enum reason
find_by_token(struct judging *judging)
{
	const struct policy_case_caller *caller = &judging->one->caller;
	const struct config *config = judging->config;
	struct assume_token assumed = { .audiences = judge_audiences(&judging->decision),
		.arena = judging->arena };
	struct principal_store store = store_of(caller);
	struct principal_inputs who = { .store = caller->client != NULL ? &store : NULL,
		.certificate = judge_subject(&judging->inputs),
		.peer = judging->inputs.peer };
	struct claims claims = { 0 };
	enum reason reason;

	assumed.issuer_index =
	    caller->client != NULL ? config->local_index : assume_issuer(config, caller->issuer);
	if (!make_payload(judging, assumed.issuer_index))
		return REASON_OVERLOADED;
	assumed.payload = judging->payload;
	reason =
	    assume_claims(&judging->inputs, &assumed, &claims, &judging->decision.verdict.detail);
	who.claims = &claims;
	if (reason == REASON_OK &&
	    !principal_of_claims(&config->policy, &who, &judging->caller.principal, judging->arena))
		reason = REASON_OVERLOADED;
	return reason;
}

/* The scopes of a caller of whom nothing but roles and scopes is known. */
static bool
give_scopes(struct judging *judging)
{
	const struct texts *given = &judging->one->caller.scopes;
	struct spans *scopes = &judging->caller.principal.scopes;

	if (given->count == 0)
		return true;
	scopes->at = arena_array(judging->arena, given->count, sizeof(*scopes->at));
	if (scopes->at == NULL)
		return false;
	for (size_t i = 0; i < given->count; i++)
		scopes->at[scopes->count++] = span_of(given->at[i]);
	return true;
}

/* And the claims that `match` compares. */
static bool
give_claims(struct judging *judging)
{
	const struct policy *policy = &judging->config->policy;
	struct principal *principal = &judging->caller.principal;
	struct spans *matched = NULL;

	if (judging->one->caller.claims == NULL)
		return true;
	judging->payload = node_json(judging->one->caller.claims);
	if (judging->payload == NULL ||
	    !match_values(policy, judging->payload, judging->arena, &matched))
		return false;
	principal->matched = matched;
	principal->matched_count = policy->match_claims.count;
	return true;
}

/* A user by Basic, or a caller of whom only the roles are known. */
static enum reason
find_by_name(struct judging *judging)
{
	const struct policy_case_caller *caller = &judging->one->caller;
	struct principal_store store = store_of(caller);
	struct principal_inputs who = { .store = &store,
		.certificate = judge_subject(&judging->inputs),
		.peer = judging->inputs.peer };

	if (caller->user != NULL && !judging->decision.basic)
		return REASON_BASIC_NOT_ALLOWED;
	return principal_of_user(
		   &judging->config->policy, &who, &judging->caller.principal, judging->arena) &&
		       give_scopes(judging) && give_claims(judging)
		   ? REASON_OK
		   : REASON_OVERLOADED;
}

static enum reason
find_caller(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	struct judging *judging = context;
	const struct policy_case_caller *caller = &judging->one->caller;
	enum reason reason;

	if (caller->anonymous)
		return judge_certificate(inputs, judging->arena, decision);
	reason = caller->issuer != NULL || caller->client != NULL ? find_by_token(judging)
								  : find_by_name(judging);
	decision->verdict.reason = reason;
	if (reason == REASON_OK)
		decision->caller = &judging->caller;
	return reason;
}

static enum reason
judge(struct judging *judging)
{
	struct judge_who who = { find_caller, judging, judging->arena, &judging->request };
	struct decision *decision = &judging->decision;
	enum reason reason = judge_admit(&judging->request, NULL, judging->arena, decision);

	if (!engines_know_method(judging->config->engine, judging->request.method))
		reason = REASON_REQUEST_MALFORMED;
	if (reason != REASON_OK)
		return reason;
	judging->own =
	    explain_own(judging->config, &judging->request, &decision->target, judging->arena);
	return judging->own.status != 0 ? REASON_OK : judge_steps(&judging->inputs, &who, decision);
}

/* ---- what is compared ---- */

static const char *
verdict_word(enum reason reason)
{
	return reason == REASON_OK ? "allow" : reason_word(reason);
}

static bool
holds(const struct policy *policy, const struct principal *principal, const char *role)
{
	for (size_t i = 0; principal != NULL && i < policy->role_count; i++)
		if (strcmp(policy->roles[i].name, role) == 0)
			return principal_has(principal, i);
	return false;
}

/* "a, b", or "none". */
static const char *
roles_text(struct judging *judging, const struct principal *principal)
{
	const struct policy *policy = &judging->config->policy;
	const char *text = NULL;

	for (size_t i = 0; principal != NULL && i < policy->role_count; i++)
		if (principal_has(principal, i))
			text = text == NULL ? policy->roles[i].name
					    : arena_format(judging->arena, "%s, %s", text,
						  policy->roles[i].name);
	return text == NULL ? "none" : text;
}

/* In what the result differs, in the order of what matters. NULL: in nothing. */
static const char *
difference(struct judging *judging, enum reason reason, const struct policy_case_result *result)
{
	const struct policy_case *one = judging->one;
	const char *detail = judging->decision.verdict.detail;

	if (judging->own.status != 0)
		return arena_format(judging->arena,
		    "expected %s, but the gate itself answers this path (%d)",
		    verdict_word(one->expect), judging->own.status);
	if (reason != one->expect)
		return arena_format(judging->arena, "expected %s, got %s%s%s",
		    verdict_word(one->expect), verdict_word(reason), detail == NULL ? "" : ": ",
		    detail == NULL ? "" : detail);
	if (one->privilege != NULL &&
	    (result->privilege == NULL || strcmp(result->privilege->name, one->privilege) != 0))
		return arena_format(judging->arena, "expected privilege %s to decide, but %s did",
		    one->privilege, result->privilege == NULL ? "none" : result->privilege->name);
	if (one->role != NULL && !holds(&judging->config->policy, result->principal, one->role))
		return arena_format(judging->arena, "expected role %s; the caller's roles: %s",
		    one->role, roles_text(judging, result->principal));
	return NULL;
}

bool
policy_case_judge(const struct config *config, const struct policy_case *one, struct arena *arena,
    struct policy_case_result *ret_result)
{
	const struct snapshot alone = { .config = config };
	struct judging *judging = arena_alloc(arena, sizeof(*judging));
	struct policy_case_result result = { 0 };
	enum reason reason;

	if (judging == NULL)
		return false;
	*judging = (struct judging){ .one = one, .config = config, .arena = arena };
	judging->inputs =
	    (struct judge_inputs){ .snapshot = &alone, .config = config, .now_s = one->at_s };
	if (one->certificate.subject.at != NULL)
		judging->inputs.certificate = &one->certificate;
	if (one->peer[0] != '\0')
		judging->inputs.peer = span_of(one->peer);
	judging->request.method = one->method;
	judging->request.target = one->target;
	judging->request.version_minor = 1;
	judging->request.headers[judging->request.header_count++] =
	    (struct header){ SPAN("Host"), one->host };
	reason = judge(judging);
	if (judging->own.status == 0 && judging->decision.target.path.at != NULL) {
		result.pattern = judging->decision.route.pattern;
		result.host = judging->decision.route.host;
		result.privilege = judging->decision.route.privilege;
	}
	result.principal =
	    judging->decision.caller == NULL ? NULL : &judging->decision.caller->principal;
	result.differs = difference(judging, reason, &result);
	json_decref(judging->payload);
	*ret_result = result;
	return reason != REASON_OVERLOADED;
}
