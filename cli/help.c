/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"

#define COLUMN 28

static int
finish(void)
{
	return fflush(stdout) == 0 && ferror(stdout) == 0
		   ? EXIT_YES
		   : command_trouble("standard output cannot be written");
}

/* "  LEFT   help", the help on a line of its own when LEFT is long. */
static void
row(const char *left, const char *help)
{
	if (strlen(left) > COLUMN - 4)
		(void)printf("  %s\n%*s%s", left, COLUMN, "", help);
	else
		(void)printf("  %-*s%s", COLUMN - 2, left, help);
}

static void
option_row(const struct command_option *option)
{
	char left[96];

	(void)snprintf(left, sizeof(left), "%s%s%s%s%s",
	    option->letter == '\0' ? "" : (const char[]){ '-', option->letter, '\0' },
	    option->letter == '\0' ? "" : ", ", option->name, option->argument == NULL ? "" : " ",
	    option->argument == NULL ? "" : option->argument);
	row(left, option->help);
	if (option->kind == OPTION_TEXTS || option->repeated)
		(void)fputs("; may be given more than once", stdout);
}

static void
option_rows(const struct command *command, const struct command_verb *verb)
{
	(void)puts("\noptions:");
	for (const struct command_option *option = command->options; option->name != NULL;
	    option++) {
		const char *between = " (";

		if (verb != NULL && !option_taken(option, (size_t)(verb - command->verbs)))
			continue;
		option_row(option);
		for (size_t i = 0; verb == NULL && option->verbs != 0 && i < VERBS_MAX; i++) {
			if ((option->verbs & 1u << i) == 0)
				continue;
			(void)printf("%s%s", between, command->verbs[i].name);
			between = ", ";
		}
		(void)puts(between[0] == ',' ? ")" : "");
	}
	row("-h, --help", "show this and exit\n");
}

static void
verb_rows(const struct command *command)
{
	char left[96];

	(void)puts("\ncommands:");
	for (const struct command_verb *verb = command->verbs; verb->name != NULL; verb++) {
		(void)snprintf(left, sizeof(left), "%s%s%s", verb->name,
		    verb->arguments[0] == '\0' ? "" : " ", verb->arguments);
		row(left, verb->help);
		(void)putchar('\n');
	}
}

int
help_command_text(const struct command *command, const struct command_verb *verb)
{
	bool overview = verb == NULL;

	if (overview)
		(void)printf("usage: postern %s COMMAND [OPTION]... [ARGUMENT]...\n\n%s\n",
		    command->name, command->help);
	else
		(void)printf("usage: postern %s%s%s [OPTION]...%s%s\n\n%s\n", command->name,
		    verb->name[0] == '\0' ? "" : " ", verb->name,
		    verb->arguments[0] == '\0' ? "" : " ", verb->arguments,
		    verb->name[0] == '\0' ? command->help : verb->help);
	if (overview)
		verb_rows(command);
	option_rows(command, verb);
	if (command->notes != NULL)
		(void)printf("\n%s", command->notes);
	(void)puts("\nexit status: 0 yes or done, 1 no or invalid, 2 wrong use or trouble");
	return finish();
}

int
help_overview(const struct command *const *commands)
{
	(void)puts("usage: postern COMMAND [OPTION]... [ARGUMENT]...\n\n"
		   "an authorizing reverse proxy in front of an HTTP API\n\ncommands:");
	for (size_t i = 0; commands[i] != NULL; i++) {
		row(commands[i]->name, commands[i]->help);
		(void)putchar('\n');
	}
	(void)puts("\n\"postern COMMAND --help\" shows the options of a command.\n"
		   "exit status: 0 yes or done, 1 no or invalid, 2 wrong use or trouble");
	return finish();
}
