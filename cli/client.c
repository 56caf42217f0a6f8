/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/client_do.h"
#include "cli/client_line.h"
#include "cli/command.h"

static const char usage[] =
    "usage: postern client add NAME [--role ROLE]... [FIELDS] [--output table|json|env]\n"
    "       postern client list [--output table|json]\n"
    "       postern client show NAME|ID [--output table|json]\n"
    "       postern client change NAME|ID FIELDS\n"
    "       postern client rename NAME|ID NEW-NAME\n"
    "       postern client grant NAME|ID ROLE\n"
    "       postern client revoke NAME|ID ROLE\n"
    "       postern client rotate NAME|ID [--revoke-other] [--end-tokens]\n"
    "                             [--output table|json|env]\n"
    "       postern client revoke-secret NAME|ID [--slot 1|2|both] [--keep-tokens]\n"
    "       postern client disable NAME|ID\n"
    "       postern client enable NAME|ID\n"
    "       postern client delete NAME|ID\n"
    "       postern client export\n"
    "       postern client import FILE|-\n"
    "FIELDS: --label TEXT, --description TEXT, --owner TEXT, --contact TEXT,\n"
    "        --scope SCOPE... or --no-scopes, --token-lifetime DURATION,\n"
    "        --auth-method client_secret|client_secret_basic|client_secret_post|\n"
    "        private_key_jwt, --jwks FILE\n"
    "Each takes -c FILE, the configuration.\n";

static const struct command {
	const char *word;
	int names;      /* how many it wants */
	unsigned takes; /* enum client_options */
	int (*run)(struct client_place *place, const struct client_line *line);
} commands[] = {
	{ "add", 1,
	    CLIENT_TAKES_OUTPUT | CLIENT_TAKES_ENV | CLIENT_TAKES_ROLES | CLIENT_TAKES_FIELDS,
	    client_do_add },
	{ "list", 0, CLIENT_TAKES_OUTPUT, client_do_list },
	{ "show", 1, CLIENT_TAKES_OUTPUT, client_do_show },
	{ "change", 1, CLIENT_TAKES_FIELDS, client_do_change },
	{ "rename", 2, 0, client_do_rename },
	{ "grant", 2, 0, client_do_grant },
	{ "revoke", 2, 0, client_do_revoke },
	{ "rotate", 1,
	    CLIENT_TAKES_OUTPUT | CLIENT_TAKES_ENV | CLIENT_TAKES_OTHER | CLIENT_TAKES_TOKENS,
	    client_do_rotate },
	{ "revoke-secret", 1, CLIENT_TAKES_SLOT | CLIENT_TAKES_TOKENS, client_do_revoke_secret },
	{ "disable", 1, 0, client_do_disable },
	{ "enable", 1, 0, client_do_enable },
	{ "delete", 1, 0, client_do_delete },
	{ "export", 0, 0, client_do_export },
	{ "import", 1, 0, client_do_import },
};

static int
wrong_use(const char *what)
{
	(void)command_trouble("client: %s", what);
	(void)fputs(usage, stderr);
	return EXIT_TROUBLE;
}

static const struct command *
find_command(const char *word)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	return NULL;
}

static const char *
check_line(const struct command *command, const struct client_line *line)
{
	if (line->name_count != command->names)
		return line->name_count < command->names ? "too few arguments"
							 : "too many arguments";
	if ((line->given & ~command->takes) != 0)
		return "that option is for another command";
	if (line->end_tokens && line->keep_tokens)
		return "--end-tokens and --keep-tokens exclude each other";
	return NULL;
}

static int
run_command(const struct command *command, const struct client_line *line)
{
	struct client_place place = { NULL, NULL };
	int code = EXIT_TROUBLE;

	if (client_place_open(line->config_path, &place, &code))
		code = command->run(&place, line);
	client_place_done(&place);
	return code;
}

int
client_command(int argc, char **argv)
{
	const struct command *command;
	struct client_line line;
	const char *wrong;
	int code;

	if (argc < 1)
		return wrong_use("which command?");
	command = find_command(argv[0]);
	if (command == NULL)
		return wrong_use("unknown command");
	wrong = client_line_read(argc, argv, &line);
	if (wrong == NULL)
		wrong = check_line(command, &line);
	code = wrong == NULL ? run_command(command, &line) : wrong_use(wrong);
	client_line_done(&line);
	return code;
}
