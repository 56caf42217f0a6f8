/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/explain_print.h"
#include "cli/explain_reason.h"
#include "cli/explain_recent.h"
#include "cli/input.h"
#include "cli/keys.h"
#include "proxy/http/query.h"
#include "proxy/gate/explain.h"
#include "proxy/gate/snapshot.h"

#define CLAIMS_MAX_BYTES (1u << 20)

/* What was asked for on the command line. */
struct asked {
	struct command_line line;
	const char *method, *path;
	const char *token, *claims, *issuer, *client, *user, *certificate, *peer, *host;
	const char *request_id;
	bool json;
	int64_t now_s;
};

/* What is needed to answer. */
struct answering {
	const struct asked *asked;
	struct explain_question question;
	struct config *config;
	struct services
	    *services;         /* own config once they exist; NULL if no name must be looked up */
	struct snapshot alone; /* of the configuration */
	struct snapshot *snapshot; /* of the services; NULL without */
	struct arena arena;
	struct buffer token; /* from standard input */
};

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
	return answering->snapshot != NULL || err_set(reterr, "out of memory");
}

static bool
read_token(struct answering *answering, struct err *reterr)
{
	struct explain_question *question = &answering->question;
	bool read;

	if (!span_is(question->token, "-"))
		return true;
	read = input_token("-", &answering->token, reterr);
	question->token = answering->token.at == NULL ? SPAN("") : buffer_span(&answering->token);
	return read;
}

static bool
read_claims(struct answering *answering, struct err *reterr)
{
	const char *file = answering->asked->claims;

	if (file == NULL)
		return true;
	if (!json_read_file(file, CLAIMS_MAX_BYTES, &answering->question.claims, reterr))
		return false;
	return json_is_object(answering->question.claims) ||
	       err_set(reterr, "%s: is not a JSON object", file);
}

static int
answer(struct answering *answering)
{
	struct explain explain = { &answering->question, NULL, &answering->arena };
	struct err err = { "" };
	json_t *said = NULL;
	int code;

	if (!read_token(answering, &err) || !open_services(answering, &err) ||
	    !read_claims(answering, &err))
		return command_trouble_at("explain", &err);
	explain.snapshot = answering->snapshot == NULL ? &answering->alone : answering->snapshot;
	if (!explain_ask(&explain, &said, &err))
		return command_trouble_at("explain", &err);
	explain_print(said, answering->asked->json);
	code = explain_refused(said) ? EXIT_NO : EXIT_YES;
	json_decref(said);
	return code;
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--method",
	    .letter = 'X',
	    .argument = "METHOD",
	    .offset = offsetof(struct asked, method),
	    .help = "the request's method (default: GET)" },
	{ .name = "--host",
	    .argument = "HOST",
	    .offset = offsetof(struct asked, host),
	    .help = "the host that the request is for (default: localhost)" },
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
	{ .name = "--peer",
	    .argument = "ADDRESS",
	    .offset = offsetof(struct asked, peer),
	    .help = "the client is at this address, or came by a Unix socket (the word unix)" },
	{ .name = "--at",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = input_time,
	    .offset = offsetof(struct asked, now_s),
	    .help = "as of this time: Unix seconds or RFC 3339 (default: now)" },
	{ .name = "--request-id",
	    .argument = "ID",
	    .offset = offsetof(struct asked, request_id),
	    .help = "say what the running gate decided about this request, and nothing else" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct asked, json),
	    .help = "print JSON" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "[PATH|REASON]",
	    "show what the gate would decide, and why; or what a reason is about" },
	{ NULL, NULL, NULL },
};

static const char *
wrong_line(const struct asked *asked)
{
	int ways = (asked->token != NULL) + (asked->claims != NULL) + (asked->client != NULL) +
		   (asked->user != NULL);
	bool more =
	    ways > 0 || asked->issuer != NULL || asked->certificate != NULL || asked->peer != NULL;

	if (asked->request_id != NULL)
		return more || asked->line.word_count > 0
			   ? "--request-id asks about a request that was made, and takes no other"
			   : NULL;
	if (asked->line.word_count == 0)
		return "give a PATH, a REASON or --request-id";
	if (more && explain_reason_meant(asked->line.words[0]))
		return "a REASON takes no other option than --json";
	if (ways > 1)
		return "give one of --token, --claims, --client and --user";
	if ((asked->claims != NULL) != (asked->issuer != NULL))
		return "--claims and --issuer go together";
	return NULL;
}

static int
explain_request(const struct asked *asked)
{
	const struct explain_recent recent = { "explain", asked->line.config, asked->request_id };
	json_t *said;
	int code = explain_recent_ask(&recent, &said);

	if (said == NULL)
		return code;
	explain_print(said, asked->json);
	code = explain_refused(said) ? EXIT_NO : EXIT_YES;
	json_decref(said);
	return code;
}

static int
explain(struct asked *asked)
{
	struct answering answering = { .asked = asked };
	int code = EXIT_TROUBLE;

	if (asked->request_id != NULL)
		return explain_request(asked);
	asked->path = asked->line.words[0];
	if (explain_reason_meant(asked->path))
		return explain_reason(asked->path, asked->json);
	log_setup(LOG_TEXT, LOG_WARN);
	if (!command_config(asked->line.config, &answering.config, &code))
		return EXIT_TROUBLE;
	arena_init(&answering.arena, 16u << 20);
	buffer_init(&answering.token, INPUT_MAX_TOKEN);
	answering.question = (struct explain_question){ .method = asked->method,
		.path = asked->path,
		.token = span_of(asked->token),
		.issuer = asked->issuer,
		.client = asked->client,
		.user = asked->user,
		.certificate = asked->certificate,
		.peer = asked->peer,
		.host = asked->host,
		.now_s = asked->now_s };
	code = answer(&answering);
	json_decref(answering.question.claims);
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
	struct asked asked = { .line.config = COMMAND_CONFIG,
		.method = "GET",
		.host = "localhost",
		.now_s = clock_now_s() };
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
