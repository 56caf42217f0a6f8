/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/epoch.h"
#include "cli/command.h"
#include "issuer/issuer.h"

#define TOKEN_MOST (64u << 10)

struct token_asked {
	struct command_line line;
	const char *client, *user, *scope;
};

/* A user has no scopes: what it may is said by its roles. */
static bool
mint_user(struct issuer *issuer, const char *name, struct buffer *token, struct err *reterr)
{
	const struct user *user;
	bool done;

	epoch_enter();
	user = issuer_user(issuer, span_of(name));
	if (user == NULL)
		done = err_set(reterr, "there is no user \"%.128s\"", name);
	else if (user->disabled)
		done = err_set(reterr, "the user is disabled");
	else
		done = issuer_mint_user(issuer, user, token, reterr);
	epoch_leave();
	return done;
}

static bool
mint(struct issuer *issuer, const struct token_asked *asked, struct buffer *token,
    struct err *reterr)
{
	const struct client *client;
	bool done;

	if (asked->user != NULL)
		return mint_user(issuer, asked->user, token, reterr);
	epoch_enter();
	client = issuer_client_named(issuer, span_of(asked->client));
	if (client == NULL)
		done = err_set(reterr, "there is no client \"%.128s\"", asked->client);
	else if (client->disabled)
		done = err_set(reterr, "the client is disabled");
	else
		done = issuer_mint(issuer, client, asked->scope, token, reterr);
	epoch_leave();
	return done;
}

static int
run(const struct config *config, const struct token_asked *asked)
{
	struct issuer_setup setup = { .local = &config->local, .state_dir = config->state };
	struct issuer *issuer = NULL;
	struct err err = { "" };
	struct buffer token;
	bool done;

	if (!config->has_local)
		return command_trouble("there is no local_issuer in the configuration");
	buffer_init(&token, TOKEN_MOST);
	done = issuer_start(&setup, &issuer, &err) && mint(issuer, asked, &token, &err);
	if (done)
		(void)puts(token.at);
	issuer_stop(issuer);
	epoch_drain();
	buffer_wipe(&token);
	return done ? EXIT_YES : command_trouble("%s", err.text);
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
	    .help = "what the client asks for: scopes with spaces between" },
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
		return "--scope goes with --client: a user's roles are not asked for";
	return NULL;
}

static int
run_line(int argc, char **argv)
{
	struct token_asked asked = { .line.config = COMMAND_CONFIG };
	struct config *config = NULL;
	const char *wrong;
	int code;

	if (options_read(&token_command, argc, argv, &asked.line, &code)) {
		wrong = wrong_line(&asked);
		if (wrong != NULL)
			code = options_wrong(&token_command, &asked.line, "%s", wrong);
		else if (command_config(asked.line.config, &config, &code))
			code = run(config, &asked);
	}
	config_free(config);
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
