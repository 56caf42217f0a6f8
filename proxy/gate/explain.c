/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain.h"

#include "base/clock.h"
#include "issuer/model/incarnation.h"
#include "policy/explain.h"
#include "proxy/gate/assume.h"
#include "proxy/gate/explain_checks.h"
#include "proxy/gate/explain_names.h"
#include "proxy/gate/explain_own.h"
#include "proxy/gate/explain_revoked.h"
#include "proxy/gate/explain_why.h"
#include "proxy/gate/holder.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/remedy.h"
#include "proxy/listener/engines/engines.h"

#define BEARER "Bearer "
#define LAST_S INT64_C(253402300799) /* of the year 9999, as of the dates in a token */

/* What is needed to answer. */
struct answering {
	const struct explain_question *asked;
	struct judge_inputs inputs;
	struct arena *arena;
	struct request request;
	struct decision decision;
	struct caller *caller;
	struct request_certificate certificate; /* that is assumed */
	char peer[REQUEST_PEER_ROOM];           /* likewise */
	struct explain_own own;
	json_t *payload; /* claims that are assumed, a reference; NULL: none are */
};

/* The request as a client would send it. */
static bool
make_request(struct answering *answering, struct err *reterr)
{
	const struct explain_question *asked = answering->asked;
	struct request *request = &answering->request;
	struct span token = asked->token;
	char *bearer;

	request->method = span_of(asked->method);
	request->target = span_of(asked->path);
	request->version_minor = 1;
	request->headers[request->header_count++] = (struct header){ SPAN("Host"),
		span_of(asked->host == NULL ? "localhost" : asked->host) };
	if (token.at == NULL)
		return true;
	bearer = arena_alloc(answering->arena, sizeof(BEARER) + token.len);
	if (bearer == NULL)
		return err_set(reterr, "the token is too large");
	memcpy(bearer, BEARER, sizeof(BEARER) - 1);
	memcpy(bearer + sizeof(BEARER) - 1, token.at, token.len);
	request->headers[request->header_count++] =
	    (struct header){ SPAN("Authorization"), { bearer, sizeof(BEARER) - 1 + token.len } };
	return true;
}

/* The claims that a fresh token of this client would carry. */
static bool
claims_of_client(struct answering *answering, struct err *reterr)
{
	const struct config *config = answering->inputs.config;
	const struct directory *directory = answering->inputs.snapshot->local.directory;
	const struct client *client = NULL;

	if (directory != NULL)
		client = directory_client(directory, span_of(answering->asked->client));
	if (client == NULL)
		return explain_no_client(config, answering->asked->client, reterr);
	answering->payload = json_pack("{s:s, s:s, s:s, s:s*, s:I, s:I}", "iss",
	    config->local.issuer, "sub", client->id, "client_id", client->id, INCARNATION_CLAIM,
	    client->incarnation[0] != '\0' ? client->incarnation : NULL, "iat",
	    (json_int_t)answering->asked->now_s, "exp",
	    (json_int_t)(answering->asked->now_s + config->local.token_lifetime_s));
	answering->decision.issuer_index = config->local_index;
	return assume_own_claims(answering->payload, client) || err_set(reterr, "out of memory");
}

static bool
claims_given(struct answering *answering, struct err *reterr)
{
	const struct explain_question *asked = answering->asked;
	const struct config *config = answering->inputs.config;

	answering->decision.issuer_index = assume_issuer(config, asked->issuer);
	if (answering->decision.issuer_index == config->trusted_issuer_count)
		return explain_no_issuer(config, asked->issuer, reterr);
	answering->payload = json_incref(asked->claims);
	assume_rest(answering->payload, &config->trusted_issuers[answering->decision.issuer_index],
	    asked->now_s);
	return true;
}

/* Claims that are assumed pass every check of a token but the signature's. */
static enum reason
judge_assumed(struct answering *answering)
{
	struct decision *decision = &answering->decision;
	struct assume_token assumed = { answering->payload, decision->issuer_index,
		judge_audiences(decision), answering->arena };
	struct claims claims = { 0 };
	const char *detail = NULL;
	enum reason reason = judge_issuer(&answering->inputs, decision->issuer_index, &detail);

	if (reason == REASON_OK)
		reason = assume_claims(&answering->inputs, &assumed, &claims, &detail);
	if (reason == REASON_OK)
		reason =
		    judge_claims(&answering->inputs, &claims, answering->arena, &answering->caller);
	if (reason == REASON_TOKEN_REVOKED)
		judge_keep_revoked(&claims, answering->arena, decision);
	if (reason == REASON_CLIENT_DISABLED)
		detail = holder_missing(&answering->inputs, &claims, answering->arena);
	decision->verdict.reason = reason;
	decision->verdict.detail = detail;
	return reason;
}

/* Assume that the user's password was right; whether the module allows Basic is still checked. */
static enum reason
judge_named(struct answering *answering)
{
	struct decision *decision = &answering->decision;
	const struct judge_inputs *inputs = &answering->inputs;
	const struct user *user = snapshot_user(inputs->snapshot, span_of(answering->asked->user));
	enum reason reason = REASON_BASIC_NOT_ALLOWED;

	if (decision->basic)
		reason = REASON_BASIC_WRONG;
	if (decision->basic && user != NULL && !user->disabled)
		reason = judge_user(inputs, user, answering->arena, &answering->caller);
	if (decision->basic && user == NULL)
		decision->verdict.detail =
		    explain_no_user(inputs->config, answering->asked->user, answering->arena);
	else if (decision->basic && user->disabled)
		decision->verdict.detail = "the user is disabled";
	decision->verdict.reason = reason;
	return reason;
}

/* The caller: the one assumed on the command line, or the one whose token is given there. */
static enum reason
find_caller(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	struct answering *answering = context;
	enum reason reason = REASON_OK;

	if (answering->payload != NULL)
		reason = judge_assumed(answering);
	else if (answering->asked->user != NULL)
		reason = judge_named(answering);
	else if (decision->credentials.scheme == CREDENTIALS_BEARER)
		reason = judge_bearer(inputs, answering->arena, decision, &answering->caller);
	else
		return judge_certificate(inputs, answering->arena, decision);
	decision->caller = answering->caller;
	return reason;
}

static enum reason
judge(struct answering *answering)
{
	struct judge_who who = { find_caller, answering, answering->arena, &answering->request };
	struct decision *decision = &answering->decision;
	size_t issuer_index = decision->issuer_index;
	enum reason reason;

	reason = judge_admit(&answering->request, NULL, answering->arena, decision);
	if (!engines_know_method(answering->inputs.config->engine,
		answering->request.method)) { /* which the listener looks at first */
		reason = REASON_REQUEST_MALFORMED;
		decision->verdict.detail = "the listener does not know this method";
	}
	decision->issuer_index = issuer_index;
	if (reason == REASON_OK)
		answering->own = explain_own(answering->inputs.config, &answering->request,
		    &decision->target, answering->arena);
	if (reason == REASON_OK && answering->own.status == 0)
		reason = judge_steps(&answering->inputs, &who, decision);
	return reason;
}

/* What others than the decision know. False: said is gone. */
static bool
complete(struct answering *answering, enum reason reason, json_t *said, struct err *reterr)
{
	struct explain_revoked asked = { answering->inputs.config, &answering->decision.revoked,
		answering->arena };
	bool done = reason != REASON_TOKEN_REVOKED || explain_revoked(&asked, said, reterr);

	if (done && !remedy_add(answering->inputs.snapshot, said, answering->arena))
		done = err_set(reterr, "out of memory");
	if (!done)
		json_decref(said);
	return done;
}

static bool
tell(struct answering *answering, enum reason reason, json_t **ret_said, struct err *reterr)
{
	const struct decision *decision = &answering->decision;
	struct explanation explanation = {
		.method = answering->request.method,
		.path = decision->target.path.at != NULL ? decision->target.path
							 : answering->request.target,
		.policy = &answering->inputs.config->policy,
		.route = decision->target.path.at != NULL ? &decision->route : NULL,
		.principal = decision->caller == NULL ? NULL : &decision->caller->principal,
		.verdict = &decision->verdict,
		.certificate = judge_subject(&answering->inputs),
		.reason = reason,
		.own_status = answering->own.status,
		.detail = answering->own.detail != NULL ? answering->own.detail
							: decision->verdict.detail,
	};
	const struct backend *backend =
	    config_backend(answering->inputs.config, decision->route.module);
	struct explain_why why = { &answering->inputs, decision, answering->payload,
		answering->arena };
	struct explain_checks checks = { &answering->inputs, decision, answering->payload,
		answering->arena };
	const struct config *config = answering->inputs.config;
	const struct module *module = decision->route.module;
	struct target target = decision->target;

	if (decision->looked && decision->issuer_index < config->trusted_issuer_count)
		explanation.issuer = config->trusted_issuers[decision->issuer_index].name;
	if (!credentials_hide(
		module == NULL ? NULL : module->credentials, &target, answering->arena))
		return err_set(reterr, "out of memory");
	if ((answering->own.status == 0 && !explain_checks(&checks, &explanation.steps)) ||
	    !explain_why(&why, &explanation.why))
		return err_set(reterr, "out of memory");
	if (reason == REASON_OK && answering->own.status == 0 && backend != NULL) {
		explanation.upstream = backend->url;
		explanation.forwarded = backend_target(backend, &target, answering->arena);
	}
	*ret_said = explain_json(&explanation);
	return *ret_said == NULL ? err_set(reterr, "out of memory")
				 : complete(answering, reason, *ret_said, reterr);
}

static bool
read_certificate(struct answering *answering, struct err *reterr)
{
	struct span subject = span_of(answering->asked->certificate);

	if (subject.at == NULL)
		return true;
	answering->inputs.certificate = &answering->certificate;
	return assume_certificate(subject, answering->arena, &answering->certificate, reterr) ||
	       err_within(reterr, "--certificate");
}

static bool
read_peer(struct answering *answering, struct err *reterr)
{
	struct span peer = span_of(answering->asked->peer);

	if (peer.at == NULL)
		return true;
	if (!assume_peer(peer, answering->peer, reterr))
		return err_within(reterr, "--peer");
	answering->inputs.peer = span_of(answering->peer);
	return true;
}

bool
explain_ask(const struct explain *explain, json_t **ret_said, struct err *reterr)
{
	const struct explain_question *asked = explain->question;
	struct answering *answering = arena_alloc(explain->arena, sizeof(*answering));
	bool done;

	if (answering == NULL)
		return err_set(reterr, "out of memory");
	if (asked->now_s < 0 || asked->now_s > LAST_S)
		return err_set(reterr, "the time is not one of 1970 to 9999");
	answering->asked = asked;
	answering->arena = explain->arena;
	answering->decision.issuer_index = SIZE_MAX;
	/* `at` changes the time for the token only; the keys are the current ones. */
	answering->inputs = (struct judge_inputs){ .snapshot = explain->snapshot,
		.config = explain->snapshot->config,
		.now_s = asked->now_s,
		.mono_s = clock_mono_s() };
	done = read_certificate(answering, reterr) && read_peer(answering, reterr) &&
	       make_request(answering, reterr) &&
	       (asked->client == NULL || claims_of_client(answering, reterr)) &&
	       (asked->claims == NULL || claims_given(answering, reterr)) &&
	       tell(answering, judge(answering), ret_said, reterr);
	json_decref(answering->payload);
	return done;
}

bool
explain_refused(const json_t *said)
{
	return json_integer_value(json_object_get(said, "status")) >= 400;
}
