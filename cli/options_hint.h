/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_hint - a hint for an unknown option.
 *
 * Uses:   nearest, options.
 * Pure:   yes.
 */
#ifndef POSTERN_CLI_OPTIONS_HINT_H
#define POSTERN_CLI_OPTIONS_HINT_H

#include <stdbool.h>

#include "cli/options.h"

#define OPTIONS_HINT 128

/* An unknown option on its line. All is borrowed. */
struct unknown_option {
	const struct command *command;
	const struct command_verb *verb; /* NULL: none was found yet */
	const char *typed;               /* one of argv */
	char **argv;                     /* ends with NULL */
	bool has_words;                  /* an argument precedes it */
};

/*
 * Write the end of the message to `out`: the nearest option; or, if an argument is missing, the
 * advice to put one that begins with "-" after "--"; or where the options are listed. True: an
 * option is near.
 */
bool options_hint(const struct unknown_option *unknown, char out[OPTIONS_HINT]);

#endif
