/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_do - what each `postern client` command does.
 *
 * Uses:   client_line, client_print, command, issuer (admin, store).
 * Shell:  the store, standard output and standard error.
 */
#ifndef POSTERN_CLI_CLIENT_DO_H
#define POSTERN_CLI_CLIENT_DO_H

#include <stdbool.h>

#include "base/check.h"
#include "cli/client_line.h"
#include "proxy/config.h"

/* What the commands work on. */
struct client_place {
	struct config *config;
	struct store *store;
};

/* False: told why, and ret_code is the exit code. client_place_done() it in any case. */
MUST_CHECK bool client_place_open(
    const char *config_path, struct client_place *place, int *ret_code);
void client_place_done(struct client_place *place);

/* Each returns an exit code, and has told what went wrong. */
int client_do_add(struct client_place *place, const struct client_line *line);
int client_do_list(struct client_place *place, const struct client_line *line);
int client_do_show(struct client_place *place, const struct client_line *line);
int client_do_change(struct client_place *place, const struct client_line *line);
int client_do_rename(struct client_place *place, const struct client_line *line);
int client_do_grant(struct client_place *place, const struct client_line *line);
int client_do_revoke(struct client_place *place, const struct client_line *line);
int client_do_rotate(struct client_place *place, const struct client_line *line);
int client_do_revoke_secret(struct client_place *place, const struct client_line *line);
int client_do_disable(struct client_place *place, const struct client_line *line);
int client_do_enable(struct client_place *place, const struct client_line *line);
int client_do_delete(struct client_place *place, const struct client_line *line);
int client_do_export(struct client_place *place, const struct client_line *line);
int client_do_import(struct client_place *place, const struct client_line *line);

/* For the files of this noun: print and wipe; and tell what admin said. */
int client_do_print(struct buffer *out);
int client_do_told(enum admin_result result, const struct err *err);

#endif
