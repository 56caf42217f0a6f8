/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place - where the local issuer's database and signing keys are, for the commands that are needed
 * in an emergency: a mistake elsewhere in postern.yaml or in the policy does not stop them, and
 * with --database they need no configuration. They say on standard error that they went on.
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

/* Set `command` to its name, zero the rest; place_done() it in any case. Texts are lent by the
 * arena, by `config` or by the command line. */
struct place {
	const char *command;
	struct config *config; /* what could be read of it; NULL: no memory */
	bool sound;            /* neither it nor the policy has a mistake */
	bool given; /* --database, or the --state of PLACE_STATE: nothing new is made there */
	const char *database; /* NULL: not known, and not needed */
	const char *state;    /* the same */
	struct store *store;  /* once place_open() gave true */
	struct arena arena;
};

/* Find out what the line and the configuration say. False: told why, and ret_code is the exit
 * code. True with mistakes elsewhere: told that it goes on. */
MUST_CHECK bool place_find(
    struct place *place, const struct command_line *line, enum place_need need, int *ret_code);

/* Open the database. Only a configuration without mistakes, which names it, makes a new one. False:
 * told why, and ret_code is the exit code. */
MUST_CHECK bool place_open(struct place *place, int *ret_code);

/* Close what is open. Accepts a place that was never found. */
void place_done(struct place *place);

/* Does the policy have the role? False: told, with the role that may have been meant. While the
 * policy cannot be relied upon: true, and told that nobody looked. */
bool place_role_known(const struct place *place, const char *role);

/* The exit code of what admin said; its error is told. */
int place_report(const struct place *place, enum admin_result result, const struct err *err);

/*
 * The local issuer's `iss`, lent: as the configuration says; else the one whose public keys gates
 * have published in the database, which must be open. False: neither is there, or several are.
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
