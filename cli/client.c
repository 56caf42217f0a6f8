/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "cli/client_print.h"
#include "cli/command.h"
#include "issuer/admin.h"

#define OUTPUT_MOST ((size_t)1 << 30)
#define ARENA_MOST ((size_t)1 << 30)

static const char usage[] =
    "usage: postern client add NAME [--role ROLE]... [--scope SCOPE]... [--label TEXT]\n"
    "                      [--description TEXT] [--token-lifetime DURATION]\n"
    "                      [--output table|json|env] [-c FILE]\n"
    "       postern client list [--output table|json] [-c FILE]\n"
    "       postern client show NAME|ID [--output table|json] [-c FILE]\n"
    "       postern client grant NAME|ID ROLE [-c FILE]\n"
    "       postern client revoke NAME|ID ROLE [-c FILE]\n";

/* The command line, read. */
struct line {
	const char *config_path;
	const char *names[2]; /* what is no option */
	int name_count;
	enum client_output output;
	struct admin_new new_client;
};

/* What the commands work on. */
struct place {
	struct config *config;
	struct store *store;
};

static int
told(enum admin_result result, const struct err *err)
{
	if (result == ADMIN_OK)
		return EXIT_YES;
	(void)command_trouble("client: %s", err->text);
	return result == ADMIN_NO ? EXIT_NO : EXIT_TROUBLE;
}

static int
wrong_use(const char *what)
{
	(void)command_trouble("client: %s", what);
	(void)fputs(usage, stderr);
	return EXIT_TROUBLE;
}

/* --- the command line --- */

enum option {
	OPTION_CONFIG,
	OPTION_OUTPUT,
	OPTION_ROLE,
	OPTION_SCOPE,
	OPTION_LABEL,
	OPTION_DESCRIPTION,
	OPTION_LIFETIME,
	OPTION_COUNT
};

static const char *const option_words[OPTION_COUNT] = {
	[OPTION_CONFIG] = "-c",
	[OPTION_OUTPUT] = "--output",
	[OPTION_ROLE] = "--role",
	[OPTION_SCOPE] = "--scope",
	[OPTION_LABEL] = "--label",
	[OPTION_DESCRIPTION] = "--description",
	[OPTION_LIFETIME] = "--token-lifetime",
};

static const char *
read_output(const char *word, enum client_output *ret_output)
{
	if (strcmp(word, "table") == 0)
		*ret_output = CLIENT_TABLE;
	else if (strcmp(word, "json") == 0)
		*ret_output = CLIENT_JSON;
	else if (strcmp(word, "env") == 0)
		*ret_output = CLIENT_ENV;
	else
		return "--output is table, json or env";
	return NULL;
}

/* NULL: it was fine; else what is wrong. */
static const char *
take_value(enum option option, const char *value, struct line *line)
{
	struct admin_new *new_client = &line->new_client;

	if (option == OPTION_CONFIG)
		line->config_path = value;
	else if (option == OPTION_OUTPUT)
		return read_output(value, &line->output);
	else if (option == OPTION_ROLE)
		new_client->roles.at[new_client->roles.count++] = value;
	else if (option == OPTION_SCOPE)
		new_client->scopes.at[new_client->scopes.count++] = value;
	else if (option == OPTION_LABEL)
		new_client->label = value;
	else if (option == OPTION_DESCRIPTION)
		new_client->description = value;
	else if (!schema_number(span_of(value), FIELD_DURATION_S, &new_client->token_lifetime_s))
		return "--token-lifetime is a duration such as 30m";
	return NULL;
}

static const char *
take_name(struct options *options, struct line *line)
{
	if (options->argv[options->at][0] == '-')
		return "unknown option";
	if (line->name_count == 2)
		return "too many arguments";
	line->names[line->name_count++] = options->argv[options->at++];
	return NULL;
}

static const char *
take_next(struct options *options, struct line *line)
{
	bool missing = false;
	const char *value;
	int i;

	for (i = 0; i < OPTION_COUNT; i++) {
		value = options_value(options, option_words[i], &missing);
		if (missing)
			return "an option's value is missing";
		if (value != NULL)
			return take_value((enum option)i, value, line);
	}
	return take_name(options, line);
}

static const char *
read_line(int argc, char **argv, struct line *line)
{
	struct options options = { argc, argv, 1 };
	const char *wrong = NULL;

	while (wrong == NULL && options.at < argc)
		wrong = take_next(&options, line);
	return wrong;
}

/* --- the configuration --- */

static bool
open_place(const char *config_path, struct place *place, int *ret_code)
{
	struct err err;

	if (!command_config(config_path, &place->config, ret_code))
		return false;
	if (!place->config->has_local) {
		*ret_code = command_trouble(
		    "client: %s has no local_issuer, so there are no clients", config_path);
		return false;
	}
	if (!store_open(place->config->local.database, &place->store, &err)) {
		*ret_code = command_trouble("client: %s", err.text);
		return false;
	}
	return true;
}

static void
place_done(struct place *place)
{
	store_close(place->store);
	config_free(place->config);
}

/* A role that the policy does not know would be granted and never count: most likely a typo. */
static bool
role_known(const struct place *place, const char *role)
{
	const struct policy *policy = &place->config->policy;
	size_t i;

	if (policy_role(policy, span_of(role)) != NULL)
		return true;
	(void)fprintf(stderr, "postern: client: the policy has no role \"%s\"; it has", role);
	for (i = 0; i < policy->role_count; i++)
		(void)fprintf(stderr, "%s %s", i == 0 ? "" : ",", policy->roles[i].name);
	(void)fprintf(stderr, "%s\n", policy->role_count == 0 ? " none" : "");
	return false;
}

static int
print(struct buffer *out)
{
	bool done = !out->failed;

	if (done && out->len > 0)
		done = fwrite(out->at, 1, out->len, stdout) == out->len;
	done = done && fflush(stdout) == 0;
	buffer_wipe(out);
	if (done)
		return EXIT_YES;
	return command_trouble("client: standard output cannot be written");
}

/* --- the commands --- */

static int
add(struct place *place, const struct line *line)
{
	struct admin_new new_client = line->new_client;
	enum admin_result result;
	struct admin_made made;
	struct buffer out;
	struct err err;
	size_t i;

	new_client.name = line->names[0];
	for (i = 0; i < new_client.roles.count; i++) {
		if (!role_known(place, new_client.roles.at[i]))
			return EXIT_NO;
	}
	result = admin_add(place->store, &new_client, &made, &err);
	if (result != ADMIN_OK)
		return told(result, &err);
	buffer_init(&out, OUTPUT_MOST);
	client_print_made(&out, line->output, &new_client, &made);
	digest_wipe(&made, sizeof(made));
	if (line->output == CLIENT_TABLE)
		(void)fprintf(stderr, "The secret is shown this once; it cannot be read again.\n");
	return print(&out);
}

static int
list(struct place *place, const struct line *line)
{
	struct client *first = NULL;
	struct arena arena;
	struct buffer out;
	struct err err;
	int code;

	arena_init(&arena, ARENA_MOST);
	if (!store_list(place->store, &arena, &first, &err)) {
		code = told(ADMIN_TROUBLE, &err);
	} else {
		buffer_init(&out, OUTPUT_MOST);
		client_print_list(&out, line->output, first);
		code = print(&out);
	}
	arena_done(&arena);
	return code;
}

static int
show(struct place *place, const struct line *line)
{
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;
	struct buffer out;
	struct err err;
	int code;

	arena_init(&arena, ARENA_MOST);
	result = admin_find(place->store, line->names[0], &arena, &client, &err);
	if (result == ADMIN_OK) {
		buffer_init(&out, OUTPUT_MOST);
		client_print_one(&out, line->output, client);
		code = print(&out);
	} else {
		code = told(result, &err);
	}
	arena_done(&arena);
	return code;
}

static int
set_role(struct place *place, const struct line *line, bool granted)
{
	struct admin_grant grant = { line->names[0], line->names[1], granted };
	enum admin_result result;
	bool changed = false;
	struct err err;

	/* Revoking is let through: the policy may have dropped the role already. */
	if (granted && !role_known(place, grant.role))
		return EXIT_NO;
	result = admin_set_role(place->store, &grant, &changed, &err);
	if (result == ADMIN_OK && !changed)
		(void)command_trouble("client: it was so already");
	return told(result, &err);
}

static int
grant_role(struct place *place, const struct line *line)
{
	return set_role(place, line, true);
}

static int
revoke_role(struct place *place, const struct line *line)
{
	return set_role(place, line, false);
}

static const struct command {
	const char *word;
	int names; /* how many it wants */
	bool env;  /* knows --output env */
	int (*run)(struct place *place, const struct line *line);
} commands[] = {
	{ "add", 1, true, add },
	{ "list", 0, false, list },
	{ "show", 1, false, show },
	{ "grant", 2, false, grant_role },
	{ "revoke", 2, false, revoke_role },
};

static const struct command *
find_command(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	}
	return NULL;
}

static const char *
check_line(const struct command *command, const struct line *line)
{
	const struct admin_new *new_client = &line->new_client;
	bool about_new = new_client->roles.count > 0 || new_client->scopes.count > 0 ||
			 new_client->label != NULL || new_client->description != NULL ||
			 new_client->token_lifetime_s != 0;

	if (line->name_count != command->names)
		return line->name_count < command->names ? "too few arguments"
							 : "too many arguments";
	if (line->output == CLIENT_ENV && !command->env)
		return "--output env is for add";
	if (about_new && command->run != add)
		return "that option is for add";
	return NULL;
}

static int
run_command(const struct command *command, const struct line *line)
{
	struct place place = { NULL, NULL };
	int code = EXIT_TROUBLE;

	if (open_place(line->config_path, &place, &code))
		code = command->run(&place, line);
	place_done(&place);
	return code;
}

int
client_command(int argc, char **argv)
{
	struct line line = { .config_path = COMMAND_CONFIG };
	const struct command *command;
	const char **texts, *wrong;
	int code;

	if (argc < 1)
		return wrong_use("which command?");
	command = find_command(argv[0]);
	if (command == NULL)
		return wrong_use("unknown command");
	/* Room for as many roles and scopes as there are arguments. */
	texts = calloc((size_t)argc * 2, sizeof(texts[0]));
	if (texts == NULL)
		return command_trouble("client: no memory");
	line.new_client.roles.at = texts;
	line.new_client.scopes.at = texts + argc;
	wrong = read_line(argc, argv, &line);
	if (wrong == NULL)
		wrong = check_line(command, &line);
	code = wrong == NULL ? run_command(command, &line) : wrong_use(wrong);
	free(texts);
	return code;
}
