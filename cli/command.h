/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command - the commands, and what they share: exit codes, reading the configuration.
 *
 * Uses:   options, proxy (config).
 */
#ifndef POSTERN_CLI_COMMAND_H
#define POSTERN_CLI_COMMAND_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "cli/options.h"
#include "proxy/config/config.h"

#define EXIT_YES 0
#define EXIT_NO 1      /* no, invalid */
#define EXIT_TROUBLE 2 /* wrong use, or trouble */

/* Those that compare policies, and make them. */
extern const struct command init_command, diff_command, policy_command;

/* One per file. */
extern const struct command serve_command, check_command, explain_command, test_command,
    verify_command, client_command, user_command, keys_command, token_command, revoke_command,
    store_command, jwks_command, health_command, schema_command;

/* Print "postern: TEXT" to standard error, one line. Returns EXIT_TROUBLE. */
int command_trouble(const char *format, ...) PRINTF_LIKE(1, 2);

/* What was typed: errors may repeat it. Borrowed; for main(), before any command runs. */
void command_typed(int argc, char **argv);

/* How this program was called, for commands to be typed next; "postern" if that is not known. */
const char *command_program(void);

/*
 * The same for "COMMAND: ERR", or ERR alone ("" for COMMAND). ERR may quote a configured URL or
 * path; secrets in it are hidden. The store has already hidden those of a PostgreSQL URL.
 */
int command_trouble_at(const char *command, const struct err *err);

/*
 * Read the configuration and print what is wrong with it to standard error.
 * ret_code is set on failure: EXIT_NO for mistakes, EXIT_TROUBLE for trouble.
 */
MUST_CHECK bool command_config(const char *path, struct config **ret_config, int *ret_code);

/* Print the errors among them to standard error, one a line. */
void command_mistakes(const struct mistakes *mistakes);

/* The same, either with everything that `serve` needs on this machine, or without what only the
 * target machine has. */
MUST_CHECK bool command_config_as(
    const char *path, enum config_reading how, struct config **ret_config, int *ret_code);

/* The same with other policies, for commands whose exit code 1 means something else. False:
 * whatever is wrong was printed. */
MUST_CHECK bool command_config_instead(
    const char *path, const struct config_instead *instead, struct config **ret_config);

/* The configuration's path when none is given. */
#define COMMAND_CONFIG "postern.yaml"

#endif
