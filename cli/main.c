/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/help.h"

static int help_run(int argc, char **argv);
static int version_run(int argc, char **argv);

static const struct command_option no_options[] = { { .name = NULL } };

static const struct command_verb help_verbs[] = {
	{ "", "[COMMAND] [VERB]", "show the commands, or one of them" },
	{ NULL, NULL, NULL },
};
static const struct command help_command = {
	.name = "help",
	.help = "show the commands, or one of them",
	.verbs = help_verbs,
	.options = no_options,
	.run = help_run,
};

static const struct command_verb version_verbs[] = {
	{ "", "", "show the version" },
	{ NULL, NULL, NULL },
};
static const struct command version_command = {
	.name = "version",
	.help = "show the version",
	.verbs = version_verbs,
	.options = no_options,
	.run = version_run,
};

static const struct command *const commands[] = {
	&init_command,
	&serve_command,
	&check_command,
	&explain_command,
	&test_command,
	&diff_command,
	&policy_command,
	&verify_command,
	&client_command,
	&user_command,
	&keys_command,
	&token_command,
	&revoke_command,
	&store_command,
	&jwks_command,
	&health_command,
	&schema_command,
	&version_command,
	&help_command,
	NULL,
};

static const struct command *
find_command(const char *word)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, word) == 0)
			return commands[i];
	return NULL;
}

static int
unknown_command(const char *word)
{
	struct nearest nearest = nearest_to(span_of(word));
	char hint[NEAREST_HINT];

	for (size_t i = 0; commands[i] != NULL; i++)
		nearest_offer(&nearest, commands[i]->name);
	(void)nearest_hint(&nearest, hint);
	return command_trouble("unknown command \"%.64s\"%s", word,
	    hint[0] != '\0' ? hint : "; \"postern help\" lists them");
}

/* "help client add" is "client add --help". */
static int
help_of(const char *const *words, size_t count)
{
	const struct command *command = find_command(words[0]);
	char help[] = "--help";
	char *line[] = { (char *)words[0], help, count > 1 ? (char *)words[1] : NULL, NULL };

	return command == NULL ? unknown_command(words[0]) : command->run(count > 1 ? 3 : 2, line);
}

static int
help_run(int argc, char **argv)
{
	struct command_line line = { .config = NULL };
	int code;

	if (options_read(&help_command, (struct arguments){ argc, argv }, &line, &code))
		code = line.word_count == 0 ? help_overview(commands)
					    : help_of(line.words, line.word_count);
	options_done(&line);
	return code;
}

static int
version_run(int argc, char **argv)
{
	struct command_line line = { .config = NULL };
	int code;

	if (options_read(&version_command, (struct arguments){ argc, argv }, &line, &code)) {
		(void)puts("postern " POSTERN_VERSION);
		code = EXIT_YES;
	}
	options_done(&line);
	return code;
}

/*
 * libcurl brings GnuTLS along, for RTMP and LDAP, which nobody speaks here. Its initialisation,
 * before main(), would cost most of a megabyte; GnuTLS asks this function whether to leave it out
 * (GNUTLS_SKIP_GLOBAL_INIT in gnutls.h).
 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier): GnuTLS names it so */
__attribute__((used, visibility("default"))) int _gnutls_global_init_skip(void);

/* NOLINTNEXTLINE(bugprone-reserved-identifier) */
int
_gnutls_global_init_skip(void)
{
	return 1;
}

int
main(int argc, char **argv)
{
	const struct command *command;

	command_typed(argc, argv);
	if (argc < 2)
		return command_trouble("which command? \"postern help\" lists them");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_overview(commands);
	if (strcmp(argv[1], "--version") == 0)
		return version_run(1, argv + 1);
	command = find_command(argv[1]);
	return command == NULL ? unknown_command(argv[1]) : command->run(argc - 1, argv + 1);
}
