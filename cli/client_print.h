/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_print - clients as a table, as JSON, or as lines for a shell.
 *
 * Uses:   issuer (admin, client), base.
 * Pure:   yes: it writes into a buffer.
 */
#ifndef POSTERN_CLI_CLIENT_PRINT_H
#define POSTERN_CLI_CLIENT_PRINT_H

#include "base/buffer.h"
#include "issuer/admin/admin.h"
#include "issuer/model/client.h"

enum client_output { CLIENT_TABLE, CLIENT_JSON, CLIENT_ENV };

/* A client just made, with its secret. The caller wipes the buffer. */
void client_print_made(struct buffer *out, enum client_output output,
    const struct admin_new *new_client, const struct admin_made *made);

/* A client's new secret. name: as the operator called it. The caller wipes the buffer. */
void client_print_rotated(
    struct buffer *out, enum client_output output, const char *name, const struct admin_made *made);

/* Clients linked by `next` with the hashes of their secrets, for admin_import(). */
void client_print_export(struct buffer *out, const struct client *first);

/* One client; never a secret or its hash. */
void client_print_one(struct buffer *out, enum client_output output, const struct client *client);

/* Clients linked by `next`; the table says which secrets have expired, or do soon. */
void client_print_list(
    struct buffer *out, enum client_output output, const struct client *first, int64_t now_s);

#endif
