/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/judge.h"

#include "base/digest.h"
#include "issuer/accounts/password.h"
#include "policy/module_resource.h"
#include "proxy/gate/caller_copy.h"
#include "proxy/gate/holder.h"
#include "proxy/gate/origin.h"
#include "base/json.h"
#include "token/date.h"
#include "token/issuer_match.h"
#include "token/issuer_unknown.h"
#include "token/token.h"
#include "token/verify.h"

static enum reason
refuse(struct decision *decision, enum reason reason, const char *detail)
{
	decision->verdict.reason = reason;
	decision->verdict.detail = detail;
	return reason;
}

enum reason
judge_admit(struct request *request, const struct forwarded_rules *rules, struct arena *arena,
    struct decision *decision)
{
	enum reason reason = request_check(request);

	if (reason == REASON_OK)
		reason = forwarded_client_read(rules, request);
	*decision = (struct decision){ .issuer_index = SIZE_MAX };
	if (reason != REASON_OK)
		return refuse(decision, reason, request->detail);
	return judge_target(request, arena, decision);
}

/* Is Basic accepted on the paths of this module (NULL: no module)? */
static bool
basic_counts(const struct config *config, const struct module *module)
{
	return config->has_local && config->local.basic && (module == NULL || module->basic);
}

enum reason
judge_request(
    const struct judge_inputs *inputs, const struct request *request, struct decision *decision)
{
	struct route_match *route = &decision->route;
	enum reason reason;

	decide_route(&inputs->config->policy, request->method, &decision->target, route);
	reason = credentials_read(request,
	    route->module == NULL ? NULL : route->module->credentials, &decision->credentials);
	if (reason != REASON_OK)
		return refuse(decision, reason, decision->credentials.detail);
	reason = route->reason;
	if (reason == REASON_METHOD_NOT_GRANTED)
		reason = REASON_OK; /* disclosed only to an authenticated caller: judge_caller() */
	decision->basic = basic_counts(inputs->config, route->module);
	if (reason == REASON_OK && !route->public &&
	    decision->credentials.place == CREDENTIALS_IN_COOKIE &&
	    !origin_may_use_cookie(request, route->module->cors))
		return refuse(decision, REASON_ORIGIN_NOT_ALLOWED, NULL);
	return refuse(decision, reason, route->detail);
}

static bool
is_local(const struct judge_inputs *inputs, const struct trusted_issuer *trusted_issuer)
{
	return inputs->config->has_local &&
	       trusted_issuer == &inputs->config->trusted_issuers[inputs->config->local_index];
}

struct span
judge_subject(const struct judge_inputs *inputs)
{
	return inputs->certificate == NULL ? (struct span){ 0 } : inputs->certificate->subject;
}

struct span
judge_thumbprint(const struct judge_inputs *inputs)
{
	return inputs->certificate == NULL
		   ? (struct span){ 0 }
		   : (struct span){ (const char *)inputs->certificate->sha256, DIGEST_BYTES };
}

/* For tokens of any issuer: revoked by `jti`, by client, by subject, or all tokens of the
 * issuer. */
static struct revoked_question
question_of(const struct claims *claims)
{
	struct date issued = { 0 };
	struct revoked_question question = { .issuer = span_of(claims->trusted_issuer->issuer),
		.jti = json_text(json_object_get(claims->payload, "jti")),
		.client = claims->client,
		.subject = claims->subject };

	question.has_issued =
	    date_read(json_object_get(claims->payload, "iat"), &issued) && issued.present;
	question.issued_s = issued.floor_s;
	return question;
}

static bool
is_revoked(const struct judge_inputs *inputs, const struct claims *claims)
{
	struct revoked_question question = question_of(claims);

	return inputs->config->has_local && snapshot_revoked(inputs->snapshot, &question);
}

static void
keep_text(struct span *text, struct arena *arena)
{
	if (text->at != NULL)
		text->at = arena_text(arena, *text);
}

void
judge_keep_revoked(const struct claims *claims, struct arena *arena, struct decision *decision)
{
	struct revoked_question question = question_of(claims);

	keep_text(&question.issuer, arena);
	keep_text(&question.jti, arena);
	keep_text(&question.client, arena);
	keep_text(&question.subject, arena);
	decision->revoked = question;
}

enum reason
judge_claims(const struct judge_inputs *inputs, const struct claims *claims, struct arena *arena,
    struct caller **ret_caller)
{
	const struct config *config = inputs->config;
	struct principal_store store = { 0 };
	struct principal_inputs who = { claims, &store, judge_subject(inputs), false,
		inputs->peer };
	struct caller *caller = arena_alloc(arena, sizeof(*caller));
	enum reason reason = holder_find(inputs, claims, &store);

	if (reason != REASON_OK)
		return reason;
	if (is_revoked(inputs, claims))
		return REASON_TOKEN_REVOKED;
	if (caller == NULL)
		return REASON_OVERLOADED;
	caller->issuer_index = (size_t)(claims->trusted_issuer - config->trusted_issuers);
	caller->role_words = config->policy.role_words;
	caller->from_s = claims->from_s;
	caller->until_s = claims->until_s;
	if (config->log_caller)
		caller->groups = claims->groups;
	if (!principal_of_claims(&config->policy, &who, &caller->principal, arena) ||
	    !caller_next_roles(config, &who, caller, arena) ||
	    !caller_identify(config, claims->payload, caller, arena))
		return REASON_OVERLOADED;
	*ret_caller = caller;
	return REASON_OK;
}

enum reason
judge_issuer(const struct judge_inputs *inputs, size_t issuer_index, const char **ret_detail)
{
	if (!inputs->config->has_local || issuer_index != inputs->config->local_index ||
	    inputs->snapshot->local_counts)
		return REASON_OK;
	*ret_detail = "tokens of the local issuer are not accepted now (local_issuer.accept)";
	return REASON_LOCAL_ISSUER_STANDING_BY;
}

const struct texts *
judge_audiences(const struct decision *decision)
{
	return module_resource_audiences(decision->route.module);
}

/* The token to verify, the inputs of the decision, and where the result goes. */
struct presented {
	const struct judge_inputs *inputs;
	struct decision *decision;
	struct arena *arena;
};

/* Find the issuer that the token names, and verify the token with that issuer's keys. */
static enum reason
verify(const struct presented *presented, struct token *token, struct claims *claims)
{
	const struct judge_inputs *inputs = presented->inputs;
	struct decision *decision = presented->decision;
	struct verify_inputs about = { .now_s = inputs->now_s,
		.thumbprint = judge_thumbprint(inputs) };
	const struct trusted_issuer *trusted_issuer;
	enum reason reason;

	decision->issuer_index = issuer_match_find(
	    inputs->config->trusted_issuers, inputs->config->trusted_issuer_count, token->issuer);
	if (decision->issuer_index == inputs->config->trusted_issuer_count) {
		token->detail = issuer_unknown_detail(inputs->config->trusted_issuers,
		    inputs->config->trusted_issuer_count, token->issuer, presented->arena);
		return REASON_ISSUER_UNKNOWN;
	}
	reason = judge_issuer(inputs, decision->issuer_index, &token->detail);
	if (reason != REASON_OK)
		return reason;
	trusted_issuer = &inputs->config->trusted_issuers[decision->issuer_index];
	about.trusted_issuer = trusted_issuer;
	about.keys = snapshot_keys(inputs->snapshot, decision->issuer_index, inputs->mono_s);
	about.audiences = inputs->audiences != NULL && is_local(inputs, trusted_issuer)
			      ? inputs->audiences
			      : judge_audiences(decision);
	return verify_token(&about, token, presented->arena, claims);
}

bool
judge_introspect(
    const struct judge_inputs *inputs, struct span text, struct arena *arena, struct token *token)
{
	struct decision decision = { .issuer_index = SIZE_MAX };
	struct presented presented = { inputs, &decision, arena };
	struct caller *caller;
	struct claims claims = { 0 };

	return token_read(text, arena, token) == REASON_OK &&
	       verify(&presented, token, &claims) == REASON_OK &&
	       is_local(inputs, claims.trusted_issuer) &&
	       judge_claims(inputs, &claims, arena, &caller) == REASON_OK;
}

enum reason
judge_bearer(const struct judge_inputs *inputs, struct arena *arena, struct decision *decision,
    struct caller **ret_caller)
{
	struct presented presented = { inputs, decision, arena };
	struct token token = { 0 };
	struct claims claims = { 0 };
	enum reason reason = token_read(decision->credentials.value, arena, &token);

	if (reason == REASON_OK)
		reason = verify(&presented, &token, &claims);
	if (reason == REASON_OK)
		reason = judge_claims(inputs, &claims, arena, ret_caller);
	if (reason == REASON_TOKEN_REVOKED)
		judge_keep_revoked(&claims, arena, decision);
	if (reason == REASON_CLIENT_DISABLED)
		token.detail = holder_missing(inputs, &claims, arena);
	if (reason != REASON_OK)
		refuse(decision, reason, token.detail);
	if (reason == REASON_OK)
		*ret_caller = caller_copy(*ret_caller, arena);
	token_done(&token);
	if (reason == REASON_OK && *ret_caller == NULL)
		return refuse(decision, REASON_OVERLOADED, "out of memory");
	return reason;
}

enum reason
judge_attempt(const struct judge_inputs *inputs, const struct request *request, struct arena *arena,
    struct decision *decision)
{
	struct login_attempt *attempt = &decision->attempt;
	enum reason reason;

	judge_forget(decision); /* when it is judged again */
	if (!decision->basic || inputs->snapshot->login == NULL)
		return refuse(decision, REASON_BASIC_NOT_ALLOWED, NULL);
	*attempt =
	    (struct login_attempt){ .peer = span_of(request->peer), .mono_s = inputs->mono_s };
	reason =
	    credentials_basic(&decision->credentials, arena, &attempt->name, &attempt->password);
	if (reason != REASON_OK)
		return refuse(decision, reason, decision->credentials.detail);
	/* Credentials longer than any valid name and password are wrong; the detail reveals no
	 * secret. */
	if (attempt->password.len > PASSWORD_MAX || !client_name_valid(attempt->name))
		return refuse(decision, REASON_BASIC_WRONG, NULL);
	if (!login_digest(inputs->snapshot->login, attempt))
		return refuse(decision, REASON_OVERLOADED, "out of memory");
	return REASON_OK;
}

/* Was the password verified against the hash that the user has now? */
static bool
password_known(
    const struct judge_inputs *inputs, const struct decision *decision, int64_t *ret_until_s)
{
	const struct login_attempt *attempt = &decision->attempt;

	int64_t until_mono_s = login_known(inputs->snapshot->login, attempt);

	*ret_until_s = inputs->now_s;
	if (until_mono_s != 0) {
		*ret_until_s += until_mono_s - inputs->mono_s;
		return true;
	}
	return attempt->hash != NULL && decision->right_hash != NULL &&
	       strcmp(decision->right_hash, attempt->hash) == 0;
}

enum reason
judge_basic(const struct judge_inputs *inputs, struct arena *arena, struct decision *decision,
    struct caller **ret_caller)
{
	struct login_attempt *attempt = &decision->attempt;
	const struct user *user = snapshot_user(inputs->snapshot, attempt->name);
	bool may = user != NULL && !user->disabled;
	int64_t until_s;
	enum reason reason;

	attempt->hash = may ? user->hash : NULL;
	decision->unasked = !password_known(inputs, decision, &until_s);
	if (decision->unasked || !may)
		return refuse(decision, REASON_BASIC_WRONG, NULL);
	reason = judge_user(inputs, user, arena, ret_caller);
	if (reason == REASON_OK)
		(*ret_caller)->until_s = until_s;
	return refuse(decision, reason, NULL);
}

static void
caller_without_token(const struct judge_inputs *inputs, struct caller *caller)
{
	caller->issuer_index = inputs->config->trusted_issuer_count;
	caller->role_words = inputs->config->policy.role_words;
	caller->from_s = caller->until_s = inputs->now_s;
}

enum reason
judge_user(const struct judge_inputs *inputs, const struct user *user, struct arena *arena,
    struct caller **ret_caller)
{
	const struct config *config = inputs->config;
	struct principal_store store = { .user = user->name, .roles = user->roles };
	struct principal_inputs who = { NULL, &store, judge_subject(inputs), false, inputs->peer };
	struct caller *caller = arena_alloc(arena, sizeof(*caller));

	if (caller == NULL)
		return REASON_OVERLOADED;
	caller_without_token(inputs, caller);
	if (!principal_of_user(&config->policy, &who, &caller->principal, arena) ||
	    !caller_next_roles(config, &who, caller, arena) ||
	    !caller_identify(config, NULL, caller, arena))
		return REASON_OVERLOADED;
	*ret_caller = caller;
	return REASON_OK;
}

enum reason
judge_certificate(const struct judge_inputs *inputs, struct arena *arena, struct decision *decision)
{
	const struct config *config = inputs->config;
	struct principal_inputs who = { .certificate = judge_subject(inputs),
		.peer = inputs->peer };
	struct caller *caller;

	if (inputs->certificate == NULL || decision->credentials.detail != NULL)
		return REASON_OK;
	caller = arena_alloc(arena, sizeof(*caller));
	if (caller == NULL)
		return REASON_OVERLOADED;
	caller_without_token(inputs, caller);
	if (!principal_of_certificate(&config->policy, &who, &caller->principal, arena) ||
	    !caller_next_roles(config, &who, caller, arena) ||
	    !caller_identify(config, NULL, caller, arena))
		return REASON_OVERLOADED;
	decision->caller = caller;
	return REASON_OK;
}

void
judge_caller(const struct judge_inputs *inputs, struct arena *arena, struct decision *decision)
{
	const struct principal *principal =
	    decision->caller == NULL ? NULL : &decision->caller->principal;

	decision->verdict =
	    decide_caller(&inputs->config->policy, &decision->route, principal, arena);
	/* there was a header, and the detail explains what is wrong with it */
	if (decision->verdict.reason == REASON_CREDENTIALS_MISSING &&
	    decision->credentials.detail != NULL)
		decision->verdict.detail = decision->credentials.detail;
}

enum reason
judge_steps(
    const struct judge_inputs *inputs, const struct judge_who *who, struct decision *decision)
{
	enum reason reason = judge_request(inputs, who->request, decision);

	if (reason == REASON_ORIGIN_NOT_ALLOWED)
		decision->verdict.detail = origin_detail(who->request, who->arena);
	decision->looked = reason == REASON_OK && !decision->route.public;
	if (!decision->looked)
		return reason;
	reason = who->find(who->context, inputs, decision);
	decision->found = reason;
	if (reason != REASON_OK)
		return decision->verdict.reason = reason;
	judge_caller(inputs, who->arena, decision);
	return decision->verdict.reason;
}

void
judge_forget(struct decision *decision)
{
	struct span *password = &decision->attempt.password;

	/* Casting const away is safe: the bytes are in the arena, which is writable. */
	if (password->at != NULL)
		digest_wipe((char *)password->at, password->len);
	*password = (struct span){ NULL, 0 };
}
