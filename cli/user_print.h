/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_print - users as a table or as JSON. Never a hash of a password.
 *
 * Uses:   base, issuer (user).
 * Pure:   yes.
 */
#ifndef POSTERN_CLI_USER_PRINT_H
#define POSTERN_CLI_USER_PRINT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "issuer/model/user.h"

/* One user, and the password if it was just generated (else NULL). */
void user_print_one(struct buffer *out, bool json, const struct user *user, const char *password);

/* All of a list. */
void user_print_list(struct buffer *out, bool json, const struct user *first);

#endif
