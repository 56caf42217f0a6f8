/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/assume.h"
#include "cli/command.h"
#include "cli/explain_names.h"
#include "cli/explain_own.h"
#include "cli/explain_print.h"
#include "cli/explain_reason.h"
#include "cli/explain_revoked.h"
#include "cli/explain_why.h"
#include "cli/input.h"
#include "cli/keys.h"
#include "issuer/model/incarnation.h"
#include "policy/explain.h"
#include "proxy/http/query.h"
#include "proxy/listener/engines/engines.h"
#include "proxy/gate/judge.h"
#include "proxy/gate/snapshot.h"

#define CLAIMS_MAX_BYTES (1u << 20)

/* What was asked for on the command line. */
struct asked {
	struct command_line line;
	const char *method, *path;
	const char *token, *claims, *issuer, *client, *user, *certificate;
	bool json;
	int64_t now_s;
};

/* What is needed to answer. */
struct answering {
	const struct asked *asked;
	struct config *config;
	struct services
	    *services;         /* own config once they exist; NULL if no name must be looked up */
	struct snapshot alone; /* of the configuration */
	struct snapshot *snapshot; /* of the services; NULL without */
	struct judge_inputs inputs;
	struct arena arena;
	struct buffer token; /* "Bearer …" */
	struct request request;
	struct decision decision;
	struct caller *caller;
	struct request_certificate certificate; /* that is assumed */
	struct explain_own own;
	json_t *payload; /* claims that are assumed */
};

/* The request as a client would send it. */
static bool
make_request(struct answering *answering, struct err *reterr)
{
	const struct asked *asked = answering->asked;
	struct request *request = &answering->request;

	request->method = span_of(asked->method);
	request->target = span_of(asked->path);
	request->version_minor = 1;
	request->headers[request->header_count++] =
	    (struct header){ SPAN("Host"), SPAN("localhost") };
	if (asked->token == NULL)
		return true;
	buffer_add_text(&answering->token, "Bearer ");
	if (strcmp(asked->token, "-") != 0) {
		buffer_add_text(&answering->token, asked->token);
	} else {
		struct buffer token;
		bool read;

		buffer_init(&token, INPUT_MAX_TOKEN);
		read = input_token("-", &token, reterr);
		buffer_add(&answering->token, buffer_span(&token));
		buffer_wipe(&token);
		if (!read)
			return false;
	}
	if (answering->token.failed)
		return err_set(reterr, "the token is too large");
	request->headers[request->header_count++] =
	    (struct header){ SPAN("Authorization"), buffer_span(&answering->token) };
	return true;
}

static struct judge_inputs
inputs_of(const struct snapshot *snapshot, int64_t now_s)
{
	return (struct judge_inputs){ .snapshot = snapshot,
		.config = snapshot->config,
		.now_s = now_s,
		.mono_s = clock_mono_s() };
}

/* Is there a token to verify, by --token or where a module takes it from the query? */
static bool
has_token(const struct answering *answering)
{
	const struct texts *names = &answering->config->policy.credential_queries;
	struct span query = query_of(span_of(answering->asked->path)), unused;

	for (size_t i = 0; i < names->count; i++)
		if (query_find(query, span_of(names->at[i]), &unused) > 0)
			return true;
	return answering->asked->token != NULL;
}

/* Keys and clients are loaded only if the caller must be authenticated. */
static bool
open_services(struct answering *answering, struct err *reterr)
{
	const struct asked *asked = answering->asked;
	struct services_setup setup = { .config = answering->config };
	bool token = has_token(answering);

	answering->alone = (struct snapshot){ .config = answering->config };
	answering->inputs = inputs_of(&answering->alone, asked->now_s);
	if (!token && asked->client == NULL && asked->user == NULL &&
	    (asked->issuer == NULL || strcmp(asked->issuer, LOCAL_NAME) != 0))
		return true;
	answering->config = NULL;
	if (!services_start(&setup, &answering->services, reterr))
		return false;
	if (token)
		keys_await(answering->services);
	fallback_recall(answering->services->fallback, setup.config->state);
	answering->snapshot = snapshot_new(answering->services);
	if (answering->snapshot == NULL)
		return err_set(reterr, "out of memory");
	/* `--at` changes the time for the token only; the keys are the current ones. */
	answering->inputs = inputs_of(answering->snapshot, asked->now_s);
	return true;
}

/* The claims that a fresh token of this client would carry. */
static bool
claims_of_client(struct answering *answering, struct err *reterr)
{
	const struct config *config = answering->inputs.config;
	const struct directory *directory = answering->snapshot->local.directory;
	const struct client *client = NULL;

	if (directory != NULL)
		client = directory_client(directory, span_of(answering->asked->client));
	if (client == NULL)
		return explain_no_client(config, answering->asked->client, reterr);
	answering->payload =
	    json_pack("{s:s, s:s, s:s, s:s, s:s*, s:I, s:I}", "iss", config->local.issuer, "aud",
		config->local.audience, "sub", client->id, "client_id", client->id,
		INCARNATION_CLAIM, client->incarnation[0] != '\0' ? client->incarnation : NULL,
		"iat", (json_int_t)answering->asked->now_s, "exp",
		(json_int_t)(answering->asked->now_s + config->local.token_lifetime_s));
	answering->decision.issuer_index = config->local_index;
	return assume_own_claims(answering->payload, client) || err_set(reterr, "out of memory");
}

static bool
claims_of_file(struct answering *answering, struct err *reterr)
{
	const struct asked *asked = answering->asked;
	const struct config *config = answering->inputs.config;

	answering->decision.issuer_index = assume_issuer(config, asked->issuer);
	if (answering->decision.issuer_index == config->trusted_issuer_count)
		return explain_no_issuer(config, asked->issuer, reterr);
	if (!json_read_file(asked->claims, CLAIMS_MAX_BYTES, &answering->payload, reterr))
		return false;
	if (!json_is_object(answering->payload))
		return err_set(reterr, "%s: is not a JSON object", asked->claims);
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
		&answering->arena };
	struct claims claims = { 0 };
	const char *detail = NULL;
	enum reason reason = judge_issuer(&answering->inputs, decision->issuer_index, &detail);

	if (reason == REASON_OK)
		reason = assume_claims(&answering->inputs, &assumed, &claims, &detail);
	if (reason == REASON_OK)
		reason = judge_claims(
		    &answering->inputs, &claims, &answering->arena, &answering->caller);
	if (reason == REASON_TOKEN_REVOKED)
		judge_keep_revoked(&claims, &answering->arena, decision);
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
		reason = judge_user(inputs, user, &answering->arena, &answering->caller);
	if (decision->basic && user == NULL)
		decision->verdict.detail =
		    explain_no_user(inputs->config, answering->asked->user, &answering->arena);
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
		reason = judge_bearer(inputs, &answering->arena, decision, &answering->caller);
	else
		return judge_certificate(inputs, &answering->arena, decision);
	decision->caller = answering->caller;
	return reason;
}

static enum reason
judge(struct answering *answering)
{
	struct judge_who who = { find_caller, answering, &answering->arena, &answering->request };
	struct decision *decision = &answering->decision;
	size_t issuer_index = decision->issuer_index;
	enum reason reason;

	reason = judge_admit(&answering->request, &answering->arena, decision);
	if (!engines_know_method(answering->inputs.config->engine,
		answering->request.method)) { /* which the listener looks at first */
		reason = REASON_REQUEST_MALFORMED;
		decision->verdict.detail = "the listener does not know this method";
	}
	decision->issuer_index = issuer_index;
	if (reason == REASON_OK)
		answering->own = explain_own(answering->inputs.config, &answering->request,
		    &decision->target, &answering->arena);
	if (reason == REASON_OK && answering->own.status == 0)
		reason = judge_steps(&answering->inputs, &who, decision);
	return reason;
}

static int
tell(struct answering *answering, enum reason reason)
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
	struct explain_revoked asked = { answering->inputs.config, decision, &answering->arena };
	struct explain_why why = { &answering->inputs, decision, answering->payload,
		&answering->arena };
	const struct module *module = decision->route.module;
	struct target target = decision->target;
	struct err err = { "" };

	if (!credentials_hide(
		module == NULL ? NULL : module->credentials, &target, &answering->arena))
		return command_trouble("explain: out of memory");
	if (reason == REASON_TOKEN_REVOKED && !explain_revoked(&asked, &explanation, &err))
		return command_trouble("explain: %s", err.text);
	if (!explain_why(&why, &explanation.why))
		return command_trouble("explain: out of memory");
	if (reason == REASON_OK && answering->own.status == 0 && backend != NULL) {
		explanation.upstream = backend->url;
		explanation.forwarded = backend_target(backend, &target, &answering->arena);
	}
	explain_print(&explanation, answering->asked->json);
	return reason == REASON_OK && answering->own.status < 400 ? EXIT_YES : EXIT_NO;
}

static bool
read_certificate(struct answering *answering, struct err *reterr)
{
	struct span subject = span_of(answering->asked->certificate);

	return subject.at == NULL ||
	       assume_certificate(subject, &answering->arena, &answering->certificate, reterr) ||
	       err_within(reterr, "--certificate");
}

static int
answer(struct answering *answering)
{
	const struct asked *asked = answering->asked;
	struct err err = { "" };
	int code;

	if (!read_certificate(answering, &err) || !make_request(answering, &err) ||
	    !open_services(answering, &err))
		return command_trouble_at("explain", &err);
	if (asked->certificate != NULL)
		answering->inputs.certificate = &answering->certificate;
	if ((asked->client != NULL && !claims_of_client(answering, &err)) ||
	    (asked->claims != NULL && !claims_of_file(answering, &err)))
		code = command_trouble_at("explain", &err);
	else
		code = tell(answering, judge(answering));
	return code;
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--method",
	    .letter = 'X',
	    .argument = "METHOD",
	    .offset = offsetof(struct asked, method),
	    .help = "the request's method (default: GET)" },
	{ .name = "--token",
	    .argument = "TOKEN|-",
	    .offset = offsetof(struct asked, token),
	    .help = "the caller presents this token (- reads it from standard input)" },
	{ .name = "--claims",
	    .argument = "FILE",
	    .offset = offsetof(struct asked, claims),
	    .help = "the caller has a token of --issuer with these claims, in JSON" },
	{ .name = "--issuer",
	    .argument = "NAME",
	    .offset = offsetof(struct asked, issuer),
	    .help = "the issuer of --claims, by its name in the configuration" },
	{ .name = "--client",
	    .argument = "NAME|ID",
	    .offset = offsetof(struct asked, client),
	    .help = "the caller is this client of the local issuer" },
	{ .name = "--user",
	    .argument = "NAME",
	    .offset = offsetof(struct asked, user),
	    .help = "the caller is this user, by Basic authentication" },
	{ .name = "--certificate",
	    .argument = "SUBJECT",
	    .offset = offsetof(struct asked, certificate),
	    .help = "the client has a verified certificate with this subject (RFC 4514)" },
	{ .name = "--at",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = input_time,
	    .offset = offsetof(struct asked, now_s),
	    .help = "as of this time: Unix seconds or RFC 3339 (default: now)" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct asked, json),
	    .help = "print JSON" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "PATH|REASON",
	    "show what the gate would decide, and why; or what a reason is about" },
	{ NULL, NULL, NULL },
};

static const char *
wrong_line(const struct asked *asked)
{
	int ways = (asked->token != NULL) + (asked->claims != NULL) + (asked->client != NULL) +
		   (asked->user != NULL);

	if (ways > 1)
		return "give one of --token, --claims, --client and --user";
	if ((asked->claims != NULL) != (asked->issuer != NULL))
		return "--claims and --issuer go together";
	return NULL;
}

static int
explain(struct asked *asked)
{
	struct answering answering = { .asked = asked };
	int code = EXIT_TROUBLE;

	asked->path = asked->line.words[0];
	if (explain_reason_meant(asked->path))
		return explain_reason(asked->path);
	log_setup(LOG_TEXT, LOG_WARN);
	if (!command_config(asked->line.config, &answering.config, &code))
		return EXIT_TROUBLE;
	arena_init(&answering.arena, 16u << 20);
	buffer_init(&answering.token, INPUT_MAX_TOKEN);
	code = answer(&answering);
	json_decref(answering.payload);
	snapshot_free(answering.snapshot);
	services_end(answering.services);
	config_free(answering.config);
	buffer_wipe(&answering.token);
	arena_done(&answering.arena);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct asked asked = {
		.line.config = COMMAND_CONFIG, .method = "GET", .now_s = clock_now_s()
	};
	const char *wrong;
	int code;

	if (options_read(&explain_command, (struct arguments){ argc, argv }, &asked.line, &code)) {
		wrong = wrong_line(&asked);
		code = wrong == NULL ? explain(&asked)
				     : options_wrong(&explain_command, &asked.line, "%s", wrong);
	}
	options_done(&asked.line);
	return code;
}

const struct command explain_command = {
	.name = "explain",
	.help = "show what the gate would decide, and why",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
