/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/epoch.h"
#include "cli/command.h"
#include "issuer/issuer.h"

#define USAGE                                                                                      \
	"usage: postern token --client ID|NAME | --user NAME [--scope SCOPE] [-c postern.yaml]"
#define TOKEN_MOST (64u << 10)

struct token_asked {
	const char *config, *client, *user, *scope;
};

static bool
read_arguments(int argc, char **argv, struct token_asked *asked)
{
	struct options options = { argc, argv, 0 };
	bool missing = false;
	const char *value;

	*asked = (struct token_asked){ .config = COMMAND_CONFIG };
	while (options.at < argc && !missing) {
		if ((value = options_value(&options, "-c", &missing)) != NULL)
			asked->config = value;
		else if ((value = options_value(&options, "--client", &missing)) != NULL)
			asked->client = value;
		else if ((value = options_value(&options, "--user", &missing)) != NULL)
			asked->user = value;
		else if ((value = options_value(&options, "--scope", &missing)) != NULL)
			asked->scope = value;
		else
			return false;
	}
	return !missing && (asked->client == NULL) != (asked->user == NULL) &&
	       (asked->user == NULL || asked->scope == NULL);
}

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

int
token_command(int argc, char **argv)
{
	struct config *config = NULL;
	struct token_asked asked;
	int code;

	if (!read_arguments(argc, argv, &asked))
		return command_trouble(USAGE);
	if (!command_config(asked.config, &config, &code))
		return code;
	code = run(config, &asked);
	config_free(config);
	return code;
}
