/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place - find the local issuer's database and signing keys, for commands needed in an emergency: a
 * mistake elsewhere in postern.yaml or in the policy does not stop them (they warn on standard
 * error), and with --database they need no configuration.
 *
 * Uses:   command, options, proxy (config, config_part), issuer (store), base (nearest).
 * Shell:  the configuration, the database, standard error.
 */
#ifndef POSTERN_CLI_PLACE_H
#define POSTERN_CLI_PLACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/options.h"
#include "issuer/admin/admin.h"
#include "issuer/store/store.h"
#include "proxy/config/config.h"

/* What a command cannot do without. */
enum place_need {
	PLACE_DATABASE,
	PLACE_STATE, /* the directory of the signing keys */
	PLACE_ISSUER /* all of local_issuer */
};

/* Set `command` to the command's name and zero the rest; call place_done() in any case. Texts are
 * lent by the arena, by `config` or by the command line. */
struct place {
	const char *command;
	struct config *config; /* what could be read of it; NULL: no memory */
	bool sound;            /* neither the configuration nor the policy has mistakes */
	bool given; /* by --database, or by --state with PLACE_STATE: nothing is created there */
	const char *database; /* NULL: not known, and not needed */
	const char *state;    /* the same */
	struct store *store;  /* once place_open() gave true */
	struct arena arena;
};

/* Read the command line and the configuration. False: the error is reported, and ret_code is the
 * exit code. True despite mistakes elsewhere: a warning is printed. */
MUST_CHECK bool place_find(
    struct place *place, const struct command_line *line, enum place_need need, int *ret_code);

/* Open the database. A new one is created only if a configuration without mistakes names it. False:
 * the error is reported, and ret_code is the exit code. */
MUST_CHECK bool place_open(struct place *place, int *ret_code);

/* Is there neither a database nor a key yet, as before the first start of a gate? Then a command
 * that only lists has nothing to list and makes nothing; it says so on standard error. */
bool place_unused(const struct place *place);

/* Close what is open. Accepts a place that place_find() never filled in. */
void place_done(struct place *place);

/* Does the policy have the role? False: reported, with the nearest existing role. If the policy has
 * mistakes: true, with a warning that the role was not checked. */
bool place_role_known(const struct place *place, const char *role);

/* The exit code for admin's result; prints its error. */
int place_report(const struct place *place, enum admin_result result, const struct err *err);

/*
 * The local issuer's `iss`, lent: from the configuration; else the one whose public keys gates have
 * published in the database, which must be open. False: there is neither, or more than one.
 */
MUST_CHECK bool place_issuer(struct place *place, const char **ret_issuer, struct err *reterr);

/* The rows of a command that finds its place. */
#define OPTION_ROW_DATABASE                                                                        \
	{ .name = "--database",                                                                    \
		.argument = "URL|FILE",                                                            \
		.offset = offsetof(struct command_line, database),                                 \
		.help = "the local issuer's database (default: the configuration's)" }
#define OPTION_ROW_STATE                                                                           \
	{ .name = "--state",                                                                       \
		.argument = "DIR",                                                                 \
		.offset = offsetof(struct command_line, state),                                    \
		.help = "the state directory (default: the configuration's)" }

#endif
