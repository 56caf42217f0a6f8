/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/place.h"
#include "issuer/admin/account.h"
#include "issuer/local/issuer.h"
#include "issuer/model/scope_grant.h"
#include "issuer/oauth/audience.h"

#define TOKEN_MAX (64u << 10)

struct token_asked {
	struct command_line line;
	const char *client, *user, *scope, *resource;
};

/* --- who --- */

/* Exit code 1 means "does not exist, or not allowed" and must not be used for other errors, so
 * check this first. */
static int
check_user(struct place *place, const char *name)
{
	struct user *user = NULL;
	struct err err;
	enum admin_result result =
	    account_find(place->store, &(struct store_wanted){ name, &place->arena }, &user, &err);

	if (result == ADMIN_OK && user->disabled)
		result = admin_no(err_set(&err, "user %.128s is disabled", name));
	return place_report(place, result, &err);
}

/* The scopes that it may have, as the token endpoint decides. */
static bool
scope_right(struct place *place, const struct client *client, const char *scope, struct err *reterr)
{
	struct scope_request request = { client, span_of(scope), 0 };
	struct scope_grant granted;

	return scope_grant_decide(&request, &place->arena, &granted) ||
	       err_set(
		   reterr, "client %.128s may not have the scope \"%.128s\"", client->name, scope);
}

static int
check_client(struct place *place, const struct token_asked *asked)
{
	struct client *client = NULL;
	struct err err;
	enum admin_result result = admin_find(
	    place->store, &(struct store_wanted){ asked->client, &place->arena }, &client, &err);

	if (result == ADMIN_OK && client->disabled)
		result = admin_no(err_set(&err, "client %.128s is disabled", asked->client));
	else if (result == ADMIN_OK && !scope_right(place, client, asked->scope, &err))
		result = ADMIN_NO;
	return place_report(place, result, &err);
}

/* --- for which API --- */

static struct span
text_or_none(const char *text)
{
	return text == NULL ? (struct span){ 0 } : span_of(text);
}

/* The token's `aud`, as the token endpoint chooses it. */
static int
check_resource(struct place *place, const struct token_asked *asked, const char **ret_audience)
{
	const struct config *config = place->config;
	const struct audience_request request = { .resource = text_or_none(asked->resource),
		.resources = &config->policy.resources,
		.self = text_or_none(config->resource.url) };
	struct texts audiences;
	struct err err;

	if (!local_audiences(&config->local, &place->arena, &audiences)) {
		(void)err_set(&err, ERR_MEMORY);
		return place_report(place, ADMIN_TROUBLE, &err);
	}
	if (audience_choose(&audiences, &request, ret_audience))
		return EXIT_YES;
	(void)err_set(&err,
	    "no token is issued for \"%.300s\": it is neither local_issuer.audience nor one of "
	    "local_issuer.resources, nor the resource of a module",
	    asked->resource);
	return place_report(place, ADMIN_NO, &err);
}

/* --- the token --- */

struct minted {
	const char *audience;
	struct buffer token;
};

/* A user has no scopes: its rights come from its roles. */
static bool
mint(struct issuer *issuer, const struct token_asked *asked, struct minted *minted,
    struct err *reterr)
{
	struct issuer_wanted wanted = { .scope = asked->scope, .audience = minted->audience };
	struct issuer_parts parts;
	bool done;

	issuer_parts_take(issuer, &parts);
	if (asked->user != NULL)
		wanted.user = directory_user(parts.directory, span_of(asked->user));
	else
		wanted.client = directory_client(parts.directory, span_of(asked->client));
	if (wanted.user != NULL)
		done = issuer_mint_user(issuer, &wanted, &minted->token, reterr);
	else if (wanted.client != NULL)
		done = issuer_mint(issuer, &wanted, &minted->token, reterr);
	else
		done = err_set(reterr, "it was deleted just now");
	issuer_parts_drop(&parts);
	return done;
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--client",
	    .argument = "NAME|ID",
	    .offset = offsetof(struct token_asked, client),
	    .help = "for this client" },
	{ .name = "--user",
	    .argument = "NAME",
	    .offset = offsetof(struct token_asked, user),
	    .help = "for this user" },
	{ .name = "--scope",
	    .argument = "SCOPE",
	    .offset = offsetof(struct token_asked, scope),
	    .help = "the scopes to request, separated by spaces" },
	{ .name = "--resource",
	    .argument = "URL",
	    .offset = offsetof(struct token_asked, resource),
	    .help = "for the API with this URL, as clients request it at the token endpoint" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "issue a token of the local issuer for a client or a user" },
	{ NULL, NULL, NULL },
};

static const char *
wrong_line(const struct token_asked *asked)
{
	if ((asked->client == NULL) == (asked->user == NULL))
		return "give --client or --user";
	if (asked->user != NULL && asked->scope != NULL)
		return "--scope works with --client only: a user's token has no scopes";
	return NULL;
}

/* Close the database before the issuer opens it itself. */
static int
check(struct place *place, const struct token_asked *asked)
{
	int code;

	if (!place_open(place, &code))
		return code;
	code = asked->user != NULL ? check_user(place, asked->user) : check_client(place, asked);
	store_close(place->store);
	place->store = NULL;
	return code;
}

static int
run(struct place *place, const struct token_asked *asked)
{
	struct issuer_setup setup = { .local = NULL };
	struct issuer *issuer = NULL;
	struct err err = { "" };
	struct minted minted = { .audience = NULL };
	bool done;
	int code;

	if (!place_find(place, &asked->line, PLACE_ISSUER, &code))
		return code;
	code = check(place, asked);
	if (code == EXIT_YES)
		code = check_resource(place, asked, &minted.audience);
	if (code != EXIT_YES)
		return code;
	setup.local = &place->config->local;
	setup.state_dir = place->state;
	buffer_init(&minted.token, TOKEN_MAX);
	done = issuer_start(&setup, &issuer, &err) && mint(issuer, asked, &minted, &err);
	if (done)
		(void)puts(minted.token.at);
	issuer_stop(issuer);
	buffer_wipe(&minted.token);
	return done ? EXIT_YES : command_trouble_at("token", &err);
}

static int
run_line(int argc, char **argv)
{
	struct token_asked asked = { .line.config = COMMAND_CONFIG };
	struct place place = { .command = "token" };
	const char *wrong;
	int code;

	if (options_read(&token_command, (struct arguments){ argc, argv }, &asked.line, &code)) {
		wrong = wrong_line(&asked);
		code = wrong == NULL ? run(&place, &asked)
				     : options_wrong(&token_command, &asked.line, "%s", wrong);
	}
	place_done(&place);
	options_done(&asked.line);
	return code;
}

const struct command token_command = {
	.name = "token",
	.help = "issue a token of the local issuer for a client or a user",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
