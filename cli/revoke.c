/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/input.h"
#include "issuer/revocation_log.h"
#include "issuer/store.h"
#include "token/date.h"
#include "token/token.h"

#define ARENA_MOST (1u << 20)

/* How much longer than a token lives its revocation is remembered: for clocks that differ. */
#define MARGIN_S 600

/* No token of the local issuer lives longer. */
#define LOCAL_MOST_S 86400

/* The command line, read. */
struct line {
	struct command_line line;
	const char *token, *jti, *client, *subject;
	const char *issuer;        /* its name in the configuration; NULL: the local one */
	int64_t before_s, until_s; /* 0: not given */
};

/* What the command works on. */
struct place {
	const struct config *config;
	const struct profile *profile; /* whose tokens */
	struct store *store;
	struct arena arena;
	struct buffer text; /* of the token */
};

static int
no(const char *what, const char *value)
{
	(void)fprintf(
	    stderr, "postern: revoke: %s%s%s\n", what, value[0] != '\0' ? ": " : "", value);
	return EXIT_NO;
}

/* --- the command line --- */

/* The end of a range is no part of it. Of "now" it is: what was issued in this very second is out
 * already. */
static const char *
read_time(const char *value, void *field)
{
	*(int64_t *)field = clock_now_s() + 1;
	return strcmp(value, "now") == 0 || clock_parse(span_of(value), field)
		   ? NULL
		   : "Unix seconds, RFC 3339 or now";
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--token",
	    .argument = "-",
	    .offset = offsetof(struct line, token),
	    .help = "the token on standard input" },
	{ .name = "--jti",
	    .argument = "JTI",
	    .offset = offsetof(struct line, jti),
	    .help = "the token with this jti" },
	{ .name = "--client",
	    .argument = "NAME|ID",
	    .offset = offsetof(struct line, client),
	    .help = "the tokens of this client" },
	{ .name = "--subject",
	    .argument = "SUB",
	    .offset = offsetof(struct line, subject),
	    .help = "the tokens with this sub" },
	{ .name = "--issuer",
	    .argument = "NAME",
	    .offset = offsetof(struct line, issuer),
	    .help = "whose tokens, as the configuration names it (default: local)" },
	{ .name = "--issued-before",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = read_time,
	    .offset = offsetof(struct line, before_s),
	    .help = "only those issued before (default: now); alone with --issuer: all of them" },
	{ .name = "--until",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = read_time,
	    .offset = offsetof(struct line, until_s),
	    .help = "when the token of --jti ends: the revocation can be forgotten then" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "refuse tokens that are out already" },
	{ NULL, NULL, NULL },
};

static const char notes[] = "TIME is Unix seconds, RFC 3339 or now.\n";

static const char *
wrong_times(const struct line *line)
{
	if ((line->token != NULL || line->jti != NULL) && line->before_s != 0)
		return "--issued-before is for --client, --subject and --issuer";
	if (line->jti == NULL && line->until_s != 0)
		return "--until is for --jti";
	return NULL;
}

/* NULL: the line makes sense. All tokens of an issuer at once: never by something left out. */
static const char *
wrong_line(const struct line *line)
{
	const char *const texts[] = { line->token, line->jti, line->client, line->subject,
		line->issuer };
	int ways = (line->token != NULL) + (line->jti != NULL) + (line->client != NULL) +
		   (line->subject != NULL);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] != NULL && texts[i][0] == '\0')
			return "an option's value is empty";
	if (line->token != NULL && strcmp(line->token, "-") != 0)
		return "--token reads standard input: write --token -";
	if (line->token != NULL && line->issuer != NULL)
		return "--issuer is not for --token: the token names its issuer";
	if (ways > 1)
		return "give one of --token, --jti, --client and --subject";
	if (ways == 0 && (line->before_s == 0 || line->issuer == NULL))
		return "give --token, --jti, --client or --subject, or --issuer with "
		       "--issued-before";
	return wrong_times(line);
}

/* --- what is revoked --- */

/* Of the local issuer: when its last token has ended. Of others it is not known how long theirs
 * live, so it is remembered for good. */
static int64_t
forgotten_at(const struct place *place, int64_t issued_s)
{
	bool local = place->profile == &place->config->profiles[place->config->local_index];

	return local ? issued_s + LOCAL_MOST_S + MARGIN_S : 0;
}

static int
by_claims(struct place *place, const struct token *token, struct revocation *revocation)
{
	size_t index = config_profile(place->config, token->issuer);
	struct span jti = json_text(json_object_get(token->claims, "jti"));
	struct date exp = { 0 };

	if (index == place->config->profile_count)
		return no("the token is of an issuer that the configuration does not name", "");
	if (jti.len == 0)
		return no("the token has no jti: revoke its subject or its client", "");
	if (!date_read(json_object_get(token->claims, "exp"), &exp) || !exp.present)
		return no("the token has no exp, so no gate takes it", "");
	place->profile = &place->config->profiles[index];
	revocation->kind = REVOKE_TOKEN;
	revocation->value = arena_text(&place->arena, jti);
	revocation->until_s = exp.ceiling_s + MARGIN_S;
	return revocation->value != NULL ? EXIT_YES : command_trouble("revoke: no memory");
}

/* Nothing of the token is proved, and nothing need be: who has it may end it. */
static int
by_token(struct place *place, struct revocation *revocation)
{
	struct token token = { 0 };
	struct err err;
	int code;

	if (!input_token("-", &place->text, &err))
		return command_trouble("revoke: %s", err.text);
	if (token_read(buffer_span(&place->text), &place->arena, &token) != REASON_OK)
		code = no("this is not a token",
		    token.detail == NULL ? "it cannot be read" : token.detail);
	else
		code = by_claims(place, &token, revocation);
	token_done(&token);
	return code;
}

static int
find_profile(struct place *place, const struct line *line)
{
	const char *name = line->issuer == NULL ? LOCAL_NAME : line->issuer;
	size_t i;

	for (i = 0; i < place->config->profile_count; i++)
		if (strcmp(place->config->profiles[i].name, name) == 0)
			break;
	if (i == place->config->profile_count)
		return no("the configuration names no such issuer", name);
	place->profile = &place->config->profiles[i];
	return EXIT_YES;
}

/* Clients of the local issuer may be named as the operator knows them. */
static int
by_client(struct place *place, const char *name, struct revocation *revocation)
{
	struct client *client = NULL;
	struct err err;

	revocation->kind = REVOKE_CLIENT;
	revocation->value = name;
	if (place->profile != &place->config->profiles[place->config->local_index])
		return EXIT_YES;
	if (!store_find(place->store, name, &place->arena, &client, &err))
		return command_trouble("revoke: %s", err.text);
	/* One that is deleted has no name any more, but its tokens have its id. */
	if (client != NULL)
		revocation->value = client->id;
	return EXIT_YES;
}

static int
by_line(struct place *place, const struct line *line, struct revocation *revocation)
{
	int code = find_profile(place, line);

	revocation->before_s = line->before_s != 0 ? line->before_s - 1 : revocation->created_s;
	if (code != EXIT_YES)
		return code;
	revocation->until_s = forgotten_at(place, revocation->before_s);
	if (line->client != NULL)
		return by_client(place, line->client, revocation);
	if (line->jti != NULL) {
		revocation->kind = REVOKE_TOKEN;
		revocation->value = line->jti;
		revocation->before_s = 0;
		if (line->until_s != 0)
			revocation->until_s = line->until_s + MARGIN_S;
	} else if (line->subject != NULL) {
		revocation->kind = REVOKE_SUBJECT;
		revocation->value = line->subject;
	} else {
		revocation->kind = REVOKE_ALL;
		revocation->value = "";
	}
	return EXIT_YES;
}

/* --- the command --- */

static int
run(struct place *place, const struct line *line)
{
	struct revocation revocation = { .created_s = clock_now_s() };
	struct err err;
	bool new;
	int code;

	revocation.by = arena_format(&place->arena, "uid:%lu", (unsigned long)getuid());
	code =
	    line->token != NULL ? by_token(place, &revocation) : by_line(place, line, &revocation);
	if (code != EXIT_YES)
		return code;
	revocation.issuer = place->profile->issuer;
	if (!store_revoke(place->store, &revocation, &new, &err))
		return command_trouble("revoke: %s", err.text);
	if (new)
		revocation_log(&revocation);
	else
		(void)fprintf(stderr, "postern: revoke: %s already\n",
		    revocation.kind == REVOKE_TOKEN ? "the token was revoked"
						    : "these tokens were revoked");
	return EXIT_YES;
}

static int
with_config(const struct config *config, const struct line *line)
{
	struct place place = { .config = config };
	struct err err;
	int code;

	/* The list of what is revoked is kept in the local issuer's database. */
	if (!config->has_local)
		return command_trouble(
		    "revoke: the configuration has no local_issuer, whose database "
		    "holds what is revoked (\"accept: never\" is enough)");
	log_setup((enum log_format)config->log_format, LOG_INFO);
	if (!store_open_at(config->local.database, config->state, &place.store, &err))
		return command_trouble("revoke: %s", err.text);
	arena_init(&place.arena, ARENA_MOST);
	buffer_init(&place.text, INPUT_MAX_TOKEN);
	code = run(&place, line);
	buffer_wipe(&place.text);
	arena_done(&place.arena);
	store_close(place.store);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct line line = { .line.config = COMMAND_CONFIG };
	struct config *config = NULL;
	const char *wrong;
	int code;

	if (options_read(&revoke_command, argc, argv, &line.line, &code)) {
		wrong = wrong_line(&line);
		if (wrong != NULL)
			code = options_wrong(&revoke_command, &line.line, "%s", wrong);
		else if (command_config(line.line.config, &config, &code))
			code = with_config(config, &line);
	}
	config_free(config);
	options_done(&line.line);
	return code;
}

const struct command revoke_command = {
	.name = "revoke",
	.help = "refuse tokens that are out already",
	.verbs = verbs,
	.options = options,
	.notes = notes,
	.run = run_line,
};
