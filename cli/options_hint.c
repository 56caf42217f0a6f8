/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options_hint.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"

/* Is `typed` an option whose value is the next argument? */
static bool
takes_next(const struct command *command, const char *typed)
{
	for (const struct command_option *option = command->options; option->name != NULL; option++)
		if (option->kind != OPTION_FLAG &&
		    (strcmp(typed, option->name) == 0 ||
			(option->letter != '\0' && typed[1] == option->letter && typed[2] == '\0')))
			return true;
	return false;
}

static bool
may_be_argument(const struct unknown_option *unknown)
{
	char **after = unknown->argv;

	if (unknown->verb == NULL || unknown->verb->arguments[0] == '\0' ||
	    unknown->typed[1] == '-' || unknown->has_words)
		return false;
	while (*after != NULL && *after != unknown->typed)
		after++;
	for (; *after != NULL && **after == '-'; after++)
		if (after[1] != NULL && takes_next(unknown->command, *after))
			after++;
	return *after == NULL;
}

bool
options_hint(const struct unknown_option *unknown, char out[OPTIONS_HINT])
{
	struct span name = span_of(unknown->typed);
	const struct command *command = unknown->command;
	const struct command_verb *verb = unknown->verb;
	struct nearest nearest = nearest_to(span_slice(name, 0, span_find(name, '=')));
	char near[NEAREST_HINT];

	for (size_t i = 0; command->options[i].name != NULL; i++)
		if (verb == NULL ||
		    option_taken(&command->options[i], (size_t)(verb - command->verbs)))
			nearest_offer(&nearest, command->options[i].name);
	nearest_offer(&nearest, "--help");
	if (nearest.word != NULL)
		(void)snprintf(out, OPTIONS_HINT, "%s", nearest_hint(&nearest, near));
	else if (may_be_argument(unknown))
		(void)snprintf(out, OPTIONS_HINT,
		    "; put a %.*s that begins with \"-\" after \"--\"",
		    (int)strcspn(verb->arguments, " "), verb->arguments);
	else
		(void)snprintf(out, OPTIONS_HINT, "; --help lists the options");
	return nearest.word != NULL;
}
