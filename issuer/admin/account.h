/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account - what an operator does to users, for the commands. Printing is the command's.
 *
 * Uses:   base, admin, client, password, store, text, user.
 * Shell:  the store, the clock and the random generator.
 */
#ifndef POSTERN_ISSUER_ADMIN_ACCOUNT_H
#define POSTERN_ISSUER_ADMIN_ACCOUNT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/admin/admin.h"
#include "issuer/store/store.h"
#include "issuer/model/user.h"

#define ACCOUNT_PASSWORD_MIN 8
#define ACCOUNT_PASSWORD_ROOM 32 /* of a password that we make, with its NUL */

/* A user to be; all borrowed. */
struct account_new {
	const char *name;
	const char *label; /* NULL: none */
	struct texts roles;
	struct span password;
};

/* A password of 144 random bits that can be typed. False: the random generator failed. */
MUST_CHECK bool account_new_password(char password[ACCOUNT_PASSWORD_ROOM]);

/* Could that user be added, whatever the password will be? ADMIN_NO as account_add() has it. */
MUST_CHECK enum admin_result account_addable(
    struct store *store, const struct account_new *new_user, struct err *reterr);

/* Add a user. ADMIN_NO: a name or password that cannot be, or there is one of that name. */
MUST_CHECK enum admin_result account_add(
    struct store *store, const struct account_new *new_user, struct err *reterr);

/* The user of that name; ADMIN_NO: there is none, and the error names the one that may have been
 * meant. Lent by the arena. */
MUST_CHECK enum admin_result account_find(struct store *store, const struct store_wanted *wanted,
    struct user **ret_user, struct err *reterr);

/* Give a user another password. */
MUST_CHECK enum admin_result account_set_password(
    struct store *store, const char *name, struct span password, struct err *reterr);

/* Grant or revoke a role. *ret_changed is false when nothing had to change, which is not an
 * error. */
MUST_CHECK enum admin_result account_set_role(
    struct store *store, const struct admin_grant *grant, bool *ret_changed, struct err *reterr);

/* Disable a user, or enable it. *ret_changed as above. */
MUST_CHECK enum admin_result account_set_disabled(
    struct store *store, const struct admin_switch *to, bool *ret_changed, struct err *reterr);

/* Delete a user. */
MUST_CHECK enum admin_result account_delete(
    struct store *store, const char *name, struct err *reterr);

#endif
