/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help - the text of `--help`, made from the tables by which lines are read.
 *
 * Uses:   options.
 * Shell:  standard output.
 */
#ifndef POSTERN_CLI_HELP_H
#define POSTERN_CLI_HELP_H

#include "cli/options.h"

/* The text of one command, or of one verb of it (NULL: of all), to standard output. Returns
 * EXIT_YES, or EXIT_TROUBLE when it cannot be written. */
int help_command_text(const struct command *command, const struct command_verb *verb);

/* The list of all commands (the last one is NULL). Returns as above. */
int help_overview(const struct command *const *commands);

#endif
