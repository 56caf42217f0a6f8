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

static const char usage[] =
    "usage: postern revoke --token - [-c FILE]                     the token on standard input\n"
    "       postern revoke --jti JTI [--issuer NAME] [--until TIME] [-c FILE]\n"
    "       postern revoke --client NAME|ID [--issuer NAME] [--issued-before TIME] [-c FILE]\n"
    "       postern revoke --subject SUB [--issuer NAME] [--issued-before TIME] [-c FILE]\n"
    "       postern revoke --issued-before TIME --issuer NAME [-c FILE]\n"
    "NAME is an issuer of the configuration, \"local\" unless given; TIME is Unix seconds, RFC\n"
    "3339 or now.\n";

/* The command line, read. */
struct line {
	const char *config_path;
	const char *token, *jti, *client, *subject;
	const char *issuer; /* its name in the configuration; NULL: the local one */
	bool has_before, has_until;
	int64_t before_s, until_s;
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
static bool
read_time(const char *value, bool *ret_has, int64_t *ret_s)
{
	*ret_has = true;
	*ret_s = clock_now_s() + 1;
	return strcmp(value, "now") == 0 || clock_parse(span_of(value), ret_s);
}

static bool
read_option(struct options *options, struct line *line)
{
	const char *value = NULL;
	bool missing = false;

	if ((value = options_value(options, "-c", &missing)) != NULL)
		line->config_path = value;
	else if ((value = options_value(options, "--token", &missing)) != NULL)
		line->token = value;
	else if ((value = options_value(options, "--jti", &missing)) != NULL)
		line->jti = value;
	else if ((value = options_value(options, "--client", &missing)) != NULL)
		line->client = value;
	else if ((value = options_value(options, "--subject", &missing)) != NULL)
		line->subject = value;
	else if ((value = options_value(options, "--issuer", &missing)) != NULL)
		line->issuer = value;
	else if ((value = options_value(options, "--issued-before", &missing)) != NULL)
		return read_time(value, &line->has_before, &line->before_s);
	else if ((value = options_value(options, "--until", &missing)) != NULL)
		return read_time(value, &line->has_until, &line->until_s);
	return value != NULL && value[0] != '\0' && !missing;
}

static bool
read_line(int argc, char **argv, struct line *line)
{
	struct options options = { argc, argv, 0 };
	int ways;

	while (options.at < argc)
		if (!read_option(&options, line))
			return false;
	ways = (line->token != NULL) + (line->jti != NULL) + (line->client != NULL) +
	       (line->subject != NULL);
	if (line->token != NULL && (line->issuer != NULL || strcmp(line->token, "-") != 0))
		return false;
	if ((line->token != NULL || line->jti != NULL) && line->has_before)
		return false;
	if (line->jti == NULL && line->has_until)
		return false;
	/* All tokens of an issuer at once: never by something left out. */
	return ways == 1 || (ways == 0 && line->has_before && line->issuer != NULL);
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

	revocation->before_s = line->has_before ? line->before_s - 1 : revocation->created_s;
	if (code != EXIT_YES)
		return code;
	revocation->until_s = forgotten_at(place, revocation->before_s);
	if (line->client != NULL)
		return by_client(place, line->client, revocation);
	if (line->jti != NULL) {
		revocation->kind = REVOKE_TOKEN;
		revocation->value = line->jti;
		revocation->before_s = 0;
		if (line->has_until)
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
	int code;

	revocation.by = arena_format(&place->arena, "uid:%lu", (unsigned long)getuid());
	code =
	    line->token != NULL ? by_token(place, &revocation) : by_line(place, line, &revocation);
	if (code != EXIT_YES)
		return code;
	revocation.issuer = place->profile->issuer;
	if (!store_revoke(place->store, &revocation, &err))
		return command_trouble("revoke: %s", err.text);
	revocation_log(&revocation);
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

int
revoke_command(int argc, char **argv)
{
	struct line line = { .config_path = COMMAND_CONFIG };
	struct config *config = NULL;
	int code;

	if (!read_line(argc, argv, &line)) {
		(void)fputs(usage, stderr);
		return EXIT_TROUBLE;
	}
	if (!command_config(line.config_path, &config, &code))
		return code;
	code = with_config(config, &line);
	config_free(config);
	return code;
}
