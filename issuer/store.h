/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - clients kept in a database, behind one interface.
 *
 * Uses:   base, client.
 * Shell:  the database. One connection per store; one thread at a time unless said otherwise.
 *
 * The database is a file of SQLite: mode 0600, write-ahead log, every commit synced. It is checked
 * whole when opened; a damaged, foreign, newer or read-only one is an error, never an empty store.
 *
 * Every change is one transaction: after a crash it is there whole or not at all, and once the
 * call has returned true it is on disk.
 */
#ifndef POSTERN_ISSUER_STORE_H
#define POSTERN_ISSUER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/client.h"
#include "issuer/revocation.h"
#include "issuer/user.h"

struct store;

/* Open, and make or migrate the tables. The error names the file. */
MUST_CHECK bool store_open(const char *database, struct store **ret_store, struct err *reterr);

/* Accepts NULL. */
void store_close(struct store *store);

/* Counts up when the database was changed by anybody, also by another process. */
MUST_CHECK bool store_version(struct store *store, uint64_t *ret_version, struct err *reterr);

/* Is the file no longer the one that was opened (a backup was put in its place)? Then close and
 * open again. */
bool store_replaced(const struct store *store);

/* The directory that the database stands in; free() it. NULL: no memory. */
MUST_CHECK char *store_directory(const char *database);

/* Add a client with its first secret's hash. A name that exists is an error. */
MUST_CHECK bool store_add(struct store *store, const struct client *client, struct err *reterr);

/* The client of that name or id; all texts lent by the arena. *ret_client NULL: there is none. */
MUST_CHECK bool store_find(struct store *store, const char *name_or_id, struct arena *arena,
    struct client **ret_client, struct err *reterr);

/* All clients in the order of their names, linked by `next`. */
MUST_CHECK bool store_list(
    struct store *store, struct arena *arena, struct client **ret_first, struct err *reterr);

/* Grant or revoke one role. *ret_changed is false when it was so already. */
struct store_grant {
	const char *client_id; /* or a user's id: store_user_set_role() */
	const char *role;
	bool granted;
};
MUST_CHECK bool store_set_role(
    struct store *store, const struct store_grant *grant, bool *ret_changed, struct err *reterr);

/* Add a user. A name that exists is an error. */
MUST_CHECK bool store_user_add(struct store *store, const struct user *user, struct err *reterr);

/* The user of that name; all texts lent by the arena. *ret_user NULL: there is none. */
MUST_CHECK bool store_user_find(struct store *store, const char *name, struct arena *arena,
    struct user **ret_user, struct err *reterr);

/* All users in the order of their names, linked by `next`. */
MUST_CHECK bool store_user_list(
    struct store *store, struct arena *arena, struct user **ret_first, struct err *reterr);

/* Change the label and `disabled` of the user of that id. */
MUST_CHECK bool store_user_change(struct store *store, const struct user *user, struct err *reterr);

/* Another hash of a password. */
MUST_CHECK bool store_user_set_hash(
    struct store *store, const char *user_id, const char *hash, struct err *reterr);

/* Grant or revoke one role. *ret_changed is false when it was so already. */
MUST_CHECK bool store_user_set_role(
    struct store *store, const struct store_grant *grant, bool *ret_changed, struct err *reterr);

/* Delete a user with its roles. *ret_found is false when there was none of that id. */
MUST_CHECK bool store_user_delete(
    struct store *store, const char *user_id, bool *ret_found, struct err *reterr);
/* Write down that tokens count no more. */
MUST_CHECK bool store_revoke(
    struct store *store, const struct revocation *revocation, struct err *reterr);

/* Those that were written down after number *seq, which moves to the last one, in their order. */
MUST_CHECK bool store_revocations(struct store *store, int64_t *seq, struct arena *arena,
    struct revocation **ret_first, struct err *reterr);

/* Delete those that may be forgotten. */
MUST_CHECK bool store_forget(struct store *store, int64_t now_s, struct err *reterr);

#endif
