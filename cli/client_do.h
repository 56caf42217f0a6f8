/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_do - what each `postern client` command does.
 *
 * Uses:   client_line, client_print, command, place, issuer (admin, store).
 * Shell:  the store, standard output and standard error.
 */
#ifndef POSTERN_CLI_CLIENT_DO_H
#define POSTERN_CLI_CLIENT_DO_H

#include "cli/client_line.h"
#include "cli/place.h"

/* Each returns an exit code and has reported any error. */
int client_do_add(struct place *place, const struct client_line *line);
int client_do_list(struct place *place, const struct client_line *line);
int client_do_show(struct place *place, const struct client_line *line);
int client_do_change(struct place *place, const struct client_line *line);
int client_do_rename(struct place *place, const struct client_line *line);
int client_do_grant(struct place *place, const struct client_line *line);
int client_do_revoke(struct place *place, const struct client_line *line);
int client_do_rotate(struct place *place, const struct client_line *line);
int client_do_revoke_secret(struct place *place, const struct client_line *line);
int client_do_disable(struct place *place, const struct client_line *line);
int client_do_enable(struct place *place, const struct client_line *line);
int client_do_delete(struct place *place, const struct client_line *line);
int client_do_export(struct place *place, const struct client_line *line);
int client_do_import(struct place *place, const struct client_line *line);

#endif
