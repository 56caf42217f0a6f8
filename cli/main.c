/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/jwks.h"

static int help_command(int argc, char **argv);
static int version_command(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *told;
} commands[] = {
	{ "serve", serve_command, "[-c postern.yaml]\n      be the gate" },
	{ "check", check_command,
	    "[-c postern.yaml] [--print]\n      say every mistake in the configuration and the policy" },
	{ "explain", explain_command,
	    "[-c postern.yaml] -X METHOD PATH [--token TOKEN|-] [--claims FILE --issuer NAME]\n"
	    "          [--client ID] [--user NAME] [--at TIME] [--json]\n"
	    "      say what the gate would decide, and why" },
	{ "verify", verify_command,
	    "--jwks FILE|URL [--issuer I] [--audience A]... [--algorithm ALG]...\n"
	    "         [--signature-only] [--at TIME] TOKEN|-\n"
	    "      verify one token" },
	{ "client", client_command,
	    "add|list|show|change|rename|grant|revoke|rotate|revoke-secret|disable|enable|\n"
	    "                 delete|export|import ... [-c postern.yaml]\n"
	    "      the local issuer's clients" },
	{ "user", user_command,
	    "add|passwd|list|show|grant|revoke|disable|enable|delete ... [-c postern.yaml]\n"
	    "      the local issuer's users, for Basic authentication" },
	{ "keys", keys_command,
	    "list|rotate|retire ... [-c postern.yaml]\n"
	    "      the keys with which the local issuer signs" },
	{ "token", token_command,
	    "--client ID [--scope SCOPE] | --user NAME [-c postern.yaml]\n"
	    "      a token of the local issuer for a client or a user" },
	{ "revoke", revoke_command,
	    "--token -|--jti JTI|--client NAME|--subject SUB [--issuer NAME]\n"
	    "         [--issued-before TIME] [-c postern.yaml]\n"
	    "      refuse tokens that are out already" },
	{ "store", store_command,
	    "backup FILE | check [-c postern.yaml]\n"
	    "      copy the local issuer's database, or see whether it is sound" },
	{ "jwks", jwks_command,
	    "[-c postern.yaml] [ISSUER]\n"
	    "      the keys the gate would trust now, and why others are skipped" },
	{ "health", health_command,
	    "[-c postern.yaml] [--ready]\n      ask the gate that runs here how it is" },
	{ "version", version_command, "\n      say which version this is" },
	{ "help", help_command, "\n      say this" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
help_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts("postern - the gate in front of an HTTP API\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)printf("  postern %s %s\n", commands[i].name, commands[i].told);
	(void)puts("\nExit codes: 0 yes, 1 no or invalid, 2 wrong use or trouble.");
	return EXIT_YES;
}

static int
version_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts("postern " POSTERN_VERSION);
	return EXIT_YES;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return command_trouble("which command? \"postern help\" lists them");
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_command(0, NULL);
	if (strcmp(argv[1], "--version") == 0)
		return version_command(0, NULL);
	return command_trouble(
	    "there is no command \"%.64s\"; \"postern help\" lists them", argv[1]);
}
