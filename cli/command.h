/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command - the commands, and what they share: options, exit codes, reading the configuration.
 *
 * Uses:   proxy (config).
 */
#ifndef POSTERN_CLI_COMMAND_H
#define POSTERN_CLI_COMMAND_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/config.h"

#define EXIT_YES 0
#define EXIT_NO 1      /* no, invalid */
#define EXIT_TROUBLE 2 /* wrong use, or trouble */

/* Each gets its arguments behind its own name and returns an exit code. */
int serve_command(int argc, char **argv);
int check_command(int argc, char **argv);
int explain_command(int argc, char **argv);
int verify_command(int argc, char **argv);
int client_command(int argc, char **argv);
int health_command(int argc, char **argv);
int user_command(int argc, char **argv);
int keys_command(int argc, char **argv);
int token_command(int argc, char **argv);
int revoke_command(int argc, char **argv);
int store_command(int argc, char **argv);

/* Options as they come: a cursor over the arguments. */
struct options {
	int argc;
	char **argv;
	int at;
};

/*
 * The value of option `name` (such as "--token") if it stands at the cursor, which then moves
 * behind it. "--token=x" and "--token x" are alike. NULL: another one stands there; *ret_missing
 * is set when the value is not there.
 */
const char *options_value(struct options *options, const char *name, bool *ret_missing);

/* Does the flag stand at the cursor? Then it moves behind it. */
bool options_flag(struct options *options, const char *name);

/* Print "postern: TEXT" to standard error, one line. Returns EXIT_TROUBLE. */
int command_trouble(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Read the configuration and print what is wrong with it to standard error.
 * ret_code is set on failure: EXIT_NO for mistakes, EXIT_TROUBLE for trouble.
 */
MUST_CHECK bool command_config(const char *path, struct config **ret_config, int *ret_code);

/* The configuration's path when none is given. */
#define COMMAND_CONFIG "postern.yaml"

#endif
