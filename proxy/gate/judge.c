/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/judge.h"

#include "base/digest.h"
#include "issuer/model/incarnation.h"
#include "issuer/accounts/password.h"
#include "base/json.h"
#include "token/date.h"
#include "token/issuer_unknown.h"
#include "token/token.h"
#include "token/verify.h"

static enum reason
refuse(struct judgement *judgement, enum reason reason, const char *detail)
{
	judgement->verdict.reason = reason;
	judgement->verdict.detail = detail;
	return reason;
}

enum reason
judge_admit(struct request *request, struct arena *arena, struct judgement *judgement)
{
	enum reason reason = request_check(request);

	*judgement = (struct judgement){ .profile = SIZE_MAX };
	if (reason != REASON_OK)
		return refuse(judgement, reason, request->detail);
	reason = target_read(request->target, arena, &judgement->target);
	return refuse(judgement, reason, judgement->target.detail);
}

/* Does Basic count on the paths of this module (NULL: of none)? */
static bool
basic_counts(const struct config *config, const struct module *module)
{
	return config->has_local && config->local.basic && (module == NULL || module->basic);
}

enum reason
judge_request(const struct facts *facts, const struct request *request, struct judgement *judgement)
{
	enum reason reason = credentials_read(request, &judgement->credentials);

	if (reason != REASON_OK)
		return refuse(judgement, reason, judgement->credentials.detail);
	decide_cover(
	    &facts->config->policy, request->method, &judgement->target, &judgement->cover);
	reason = judgement->cover.reason;
	if (reason == REASON_METHOD_NOT_GRANTED)
		reason = REASON_OK; /* told to a known caller only: judge_caller() */
	judgement->basic = basic_counts(facts->config, judgement->cover.module);
	return refuse(judgement, reason, judgement->cover.detail);
}

static bool
is_local(const struct facts *facts, const struct profile *profile)
{
	return facts->config->has_local &&
	       profile == &facts->config->profiles[facts->config->local_index];
}

/* A token without a client is a user's: `postern token --user`. */
static enum reason
find_user(const struct facts *facts, const struct claims *claims, struct principal_store *store)
{
	const struct user *user = snapshot_user(facts->snapshot, claims->subject);

	if (user == NULL || user->disabled || !incarnation_fits(user->incarnation, claims->payload))
		return REASON_CLIENT_DISABLED;
	store->user = user->name;
	store->roles = user->roles;
	return REASON_OK;
}

/* Roles of a local client are looked up when they are used: a grant counts for tokens already
 * out, and a client that is gone or disabled has none that count. */
static enum reason
find_holder(const struct facts *facts, const struct claims *claims, struct principal_store *store)
{
	const struct client *client;

	if (!is_local(facts, claims->profile))
		return REASON_OK;
	if (claims->client.at == NULL)
		return find_user(facts, claims, store);
	client = snapshot_client(facts->snapshot, claims->client);
	if (client == NULL || client->disabled ||
	    !incarnation_fits(client->incarnation, claims->payload))
		return REASON_CLIENT_DISABLED;
	store->client_name = client->name;
	store->roles = client->roles;
	return REASON_OK;
}

/* Of any issuer: by the token's own `jti`, its client, its subject, or all of an issuer's. */
static struct revoked_question
question_of(const struct claims *claims)
{
	struct date issued = { 0 };
	struct revoked_question question = { .issuer = span_of(claims->profile->issuer),
		.jti = json_text(json_object_get(claims->payload, "jti")),
		.client = claims->client,
		.subject = claims->subject };

	question.has_issued =
	    date_read(json_object_get(claims->payload, "iat"), &issued) && issued.present;
	question.issued_s = issued.floor_s;
	return question;
}

static bool
is_revoked(const struct facts *facts, const struct claims *claims)
{
	struct revoked_question question = question_of(claims);

	return facts->config->has_local && snapshot_revoked(facts->snapshot, &question);
}

static void
keep_text(struct span *text, struct arena *arena)
{
	if (text->at != NULL)
		text->at = arena_text(arena, *text);
}

void
judge_keep_revoked(const struct claims *claims, struct arena *arena, struct judgement *judgement)
{
	struct revoked_question question = question_of(claims);

	keep_text(&question.issuer, arena);
	keep_text(&question.jti, arena);
	keep_text(&question.client, arena);
	keep_text(&question.subject, arena);
	judgement->revoked = question;
}

enum reason
judge_claims(const struct facts *facts, const struct claims *claims, struct arena *arena,
    struct caller **ret_caller)
{
	const struct config *config = facts->config;
	struct principal_store store = { 0 };
	struct caller *caller = arena_alloc(arena, sizeof(*caller));
	enum reason reason = find_holder(facts, claims, &store);

	if (reason != REASON_OK)
		return reason;
	if (is_revoked(facts, claims))
		return REASON_TOKEN_REVOKED;
	if (caller == NULL)
		return REASON_OVERLOADED;
	caller->profile = (size_t)(claims->profile - config->profiles);
	caller->role_words = config->policy.role_words;
	caller->from_s = claims->from_s;
	caller->until_s = claims->until_s;
	if (!principal_of_claims(&config->policy, claims, &store, &caller->principal, arena) ||
	    !caller_identify(config, claims->payload, caller, arena))
		return REASON_OVERLOADED;
	*ret_caller = caller;
	return REASON_OK;
}

enum reason
judge_issuer(const struct facts *facts, size_t profile, const char **ret_detail)
{
	if (!facts->config->has_local || profile != facts->config->local_index ||
	    facts->snapshot->local_counts)
		return REASON_OK;
	*ret_detail = "tokens of the local issuer are not accepted now (local_issuer.accept)";
	return REASON_LOCAL_ISSUER_STANDING_BY;
}

/* Which profile's token it claims to be, and whether that is true. */
static enum reason
verify(const struct facts *facts, struct token *token, struct arena *arena,
    struct judgement *judgement, struct claims *claims)
{
	struct verify_facts about = { .now_s = facts->now_s };
	const struct profile *profile;
	struct profile widened;
	enum reason reason;

	judgement->profile = config_profile(facts->config, token->issuer);
	if (judgement->profile == facts->config->profile_count) {
		token->detail = issuer_unknown_detail(
		    facts->config->profiles, facts->config->profile_count, token->issuer, arena);
		return REASON_ISSUER_UNKNOWN;
	}
	reason = judge_issuer(facts, judgement->profile, &token->detail);
	if (reason != REASON_OK)
		return reason;
	profile = &facts->config->profiles[judgement->profile];
	about.profile = profile;
	about.keys = snapshot_keys(facts->snapshot, judgement->profile, facts->mono_s);
	if (facts->audiences != NULL && is_local(facts, profile)) {
		widened = *profile;
		widened.audience = *facts->audiences;
		about.profile = &widened;
	}
	reason = verify_token(&about, token, arena, claims);
	claims->profile = profile;
	return reason;
}

bool
judge_introspect(
    const struct facts *facts, struct span text, struct arena *arena, struct token *token)
{
	struct judgement judgement = { .profile = SIZE_MAX };
	struct caller *caller;
	struct claims claims = { 0 };

	return token_read(text, arena, token) == REASON_OK &&
	       verify(facts, token, arena, &judgement, &claims) == REASON_OK &&
	       is_local(facts, claims.profile) &&
	       judge_claims(facts, &claims, arena, &caller) == REASON_OK;
}

enum reason
judge_bearer(const struct facts *facts, struct arena *arena, struct judgement *judgement,
    struct caller **ret_caller)
{
	struct token token = { 0 };
	struct claims claims = { 0 };
	enum reason reason = token_read(judgement->credentials.value, arena, &token);

	if (reason == REASON_OK)
		reason = verify(facts, &token, arena, judgement, &claims);
	if (reason == REASON_OK)
		reason = judge_claims(facts, &claims, arena, ret_caller);
	if (reason == REASON_TOKEN_REVOKED)
		judge_keep_revoked(&claims, arena, judgement);
	if (reason != REASON_OK)
		refuse(judgement, reason, token.detail);
	if (reason == REASON_OK)
		*ret_caller = caller_copy(*ret_caller, arena);
	token_done(&token);
	if (reason == REASON_OK && *ret_caller == NULL)
		return refuse(judgement, REASON_OVERLOADED, "out of memory");
	return reason;
}

enum reason
judge_attempt(const struct facts *facts, const struct request *request, struct arena *arena,
    struct judgement *judgement)
{
	struct login_attempt *attempt = &judgement->attempt;
	enum reason reason;

	judge_forget(judgement); /* when it is judged again */
	if (!judgement->basic || facts->snapshot->login == NULL)
		return refuse(judgement, REASON_BASIC_NOT_ALLOWED, NULL);
	*attempt =
	    (struct login_attempt){ .peer = span_of(request->peer), .mono_s = facts->mono_s };
	reason =
	    credentials_basic(&judgement->credentials, arena, &attempt->name, &attempt->password);
	if (reason != REASON_OK)
		return refuse(judgement, reason, judgement->credentials.detail);
	/* What is longer than any name and password may be is wrong, and no secret is told. */
	if (attempt->password.len > PASSWORD_MOST || !client_name_valid(attempt->name) ||
	    !login_digest(facts->snapshot->login, attempt))
		return refuse(judgement, REASON_BASIC_WRONG, NULL);
	return REASON_OK;
}

/* Was it found right, against the very hash that the user has now? */
static bool
password_known(const struct facts *facts, const struct judgement *judgement, int64_t *ret_until_s)
{
	const struct login_attempt *attempt = &judgement->attempt;

	int64_t until_mono_s = login_known(facts->snapshot->login, attempt);

	*ret_until_s = facts->now_s;
	if (until_mono_s != 0) {
		*ret_until_s += until_mono_s - facts->mono_s;
		return true;
	}
	return attempt->hash != NULL && judgement->right_hash != NULL &&
	       strcmp(judgement->right_hash, attempt->hash) == 0;
}

enum reason
judge_basic(const struct facts *facts, struct arena *arena, struct judgement *judgement,
    struct caller **ret_caller)
{
	struct login_attempt *attempt = &judgement->attempt;
	const struct user *user = snapshot_user(facts->snapshot, attempt->name);
	bool may = user != NULL && !user->disabled;
	int64_t until_s;
	enum reason reason;

	attempt->hash = may ? user->hash : NULL;
	judgement->unasked = !password_known(facts, judgement, &until_s);
	if (judgement->unasked || !may)
		return refuse(judgement, REASON_BASIC_WRONG, NULL);
	reason = judge_user(facts, user, arena, ret_caller);
	if (reason == REASON_OK)
		(*ret_caller)->until_s = until_s;
	return refuse(judgement, reason, NULL);
}

enum reason
judge_user(const struct facts *facts, const struct user *user, struct arena *arena,
    struct caller **ret_caller)
{
	const struct config *config = facts->config;
	struct principal_store store = { .user = user->name, .roles = user->roles };
	struct caller *caller = arena_alloc(arena, sizeof(*caller));

	if (caller == NULL)
		return REASON_OVERLOADED;
	caller->profile = config->profile_count;
	caller->role_words = config->policy.role_words;
	caller->from_s = caller->until_s = facts->now_s;
	if (!principal_of_user(&config->policy, &store, &caller->principal, arena) ||
	    !caller_identify(config, NULL, caller, arena))
		return REASON_OVERLOADED;
	*ret_caller = caller;
	return REASON_OK;
}

void
judge_caller(const struct facts *facts, struct arena *arena, struct judgement *judgement)
{
	const struct principal *principal =
	    judgement->caller == NULL ? NULL : &judgement->caller->principal;

	decide_caller(
	    &facts->config->policy, &judgement->cover, principal, arena, &judgement->verdict);
	/* a header was there, and something is to be said of it */
	if (judgement->verdict.reason == REASON_CREDENTIALS_MISSING &&
	    judgement->credentials.detail != NULL)
		judgement->verdict.detail = judgement->credentials.detail;
}

enum reason
judge_steps(const struct facts *facts, const struct judge_who *who, struct judgement *judgement)
{
	enum reason reason = judge_request(facts, who->request, judgement);

	if (reason != REASON_OK || judgement->cover.public)
		return reason;
	reason = who->find(who->context, facts, judgement);
	if (reason != REASON_OK)
		return judgement->verdict.reason = reason;
	judge_caller(facts, who->arena, judgement);
	return judgement->verdict.reason;
}

void
judge_forget(struct judgement *judgement)
{
	struct span *password = &judgement->attempt.password;

	/* The bytes are the arena's, which hands them out writable. */
	if (password->at != NULL)
		digest_wipe((char *)password->at, password->len);
	*password = (struct span){ NULL, 0 };
}
