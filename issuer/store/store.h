/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - clients, users, revocations and public keys, kept in a database.
 *
 * Uses:   base, client, user, revocation, sql.
 * Shell:  the database. One connection per store; one thread at a time unless said otherwise.
 *
 * The database is a file of SQLite (mode 0600, write-ahead log, every commit synced), or
 * PostgreSQL. It is checked when opened; a damaged, foreign, newer or read-only one is an error,
 * never an empty store.
 *
 * Every change is one transaction together with its audit row: after a crash it is there whole or
 * not at all, and once the call has returned true it is on disk.
 */
#ifndef POSTERN_ISSUER_STORE_STORE_H
#define POSTERN_ISSUER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/model/client.h"
#include "issuer/model/revocation.h"
#include "issuer/model/user.h"

struct store;

/* Change counters. They only increase; bookkeeping is not counted. */
struct store_version {
	int64_t principals; /* clients and users */
	int64_t revocations;
	int64_t keys;
	int64_t audit;
	int64_t dated; /* "until now" of later revocations is to be dated by a gate; -1: of none */
	int64_t restored; /* since then it is of another history */
};

/* Open, and make or migrate the tables. The error names the database. */
MUST_CHECK bool store_open(const char *database, struct store **ret_store, struct err *reterr);

/* The same, but one that is missing or empty is an error: nothing is made. */
MUST_CHECK bool store_open_existing(
    const char *database, struct store **ret_store, struct err *reterr);

/* Could store_open_at() find or create its file, judging by directories and the file's type and
 * mode? True for a URL. The error says which and why. */
MUST_CHECK bool store_place_fit(const char *database, const char *state_dir, struct err *reterr);

/* store_open(), or store_open_existing() when signing keys under `state_dir` show that there was a
 * store: then a missing one was lost, and an empty one instead would accept revoked tokens. */
MUST_CHECK bool store_open_at(
    const char *database, const char *state_dir, struct store **ret_store, struct err *reterr);

/* Is there nothing yet: no file, nor signing keys that show that one was lost? Never of a URL. */
bool store_absent(const char *database, const char *state_dir);

/* Make an empty store where there is none; running gates switch to it. */
MUST_CHECK bool store_init(const char *database, struct err *reterr);

/*
 * Restore a backup while gates and commands are running: in one transaction, all or nothing, with
 * an audit row. FILE is checked first and stays as it is; a database that is missing or damaged is
 * made anew from it. Revocations made since the backup stay in force. Of PostgreSQL it is an error.
 */
MUST_CHECK bool store_restore(const char *database, const char *file, struct err *reterr);

/* One more connection to a database that this process has opened already. */
MUST_CHECK bool store_open_again(
    const char *database, struct store **ret_store, struct err *reterr);

/* Accepts NULL. */
void store_close(struct store *store);

/* The version after the last commit by any process. Cheap while nothing has changed. */
MUST_CHECK bool store_version(
    struct store *store, struct store_version *ret_version, struct err *reterr);

/* A descriptor that becomes readable when another gate has changed something; -1: none. */
int store_descriptor(const struct store *store);

/* Is it still the database that was opened: the file not deleted, replaced or truncated? Otherwise
 * writes to it would be lost. No round trip. */
MUST_CHECK bool store_same(struct store *store, struct err *reterr);

/* Does the server answer, within three seconds? Without one: true. */
MUST_CHECK bool store_ping(struct store *store, struct err *reterr);

/* May the store be reopened? Yes if the connection is lost, or if `postern store` put the file
 * there that replaced the open one; not if anybody else did. */
bool store_renewed(const struct store *store);

/* Read the version at the next store_version(), even if the database reports no change. */
void store_expect_news(struct store *store);

/* A whole copy at `path`, which must not be there yet. */
MUST_CHECK bool store_backup(struct store *store, const char *path, struct err *reterr);

/* --- clients --- */

/* Add a client with its secrets' hashes. A name or id that exists is an error. */
MUST_CHECK bool store_add(struct store *store, const struct client *client, struct err *reterr);

/* A name or id, and the arena for all that is found. */
struct store_wanted {
	const char *name_or_id;
	struct arena *arena;
};

/* The client of that name or id; all texts lent by the arena. *ret_client NULL: there is none. */
MUST_CHECK bool store_find(struct store *store, const struct store_wanted *wanted,
    struct client **ret_client, struct err *reterr);

/* All clients in the order of their names, linked by `next`. */
MUST_CHECK bool store_list(
    struct store *store, struct arena *arena, struct client **ret_first, struct err *reterr);

/* Write label, description, owner, contact, method, keys, scopes, claims and lifetime of the client
 * that was read as `was`. Writes nothing if they are unchanged. It is an error if the client was
 * changed since it was read, since that change would be undone. */
MUST_CHECK bool store_change(
    struct store *store, const struct client *was, const struct client *client, struct err *reterr);

/* A name that is taken is an error. */
MUST_CHECK bool store_rename(
    struct store *store, const struct client *client, const char *new_name, struct err *reterr);

/* Put a secret into slot 0 or 1; an empty hash revokes what is there. It is an error if that slot
 * was changed since `client` was read, since that secret would be lost. */
struct store_slot {
	int at; /* 0 or 1 */
	const struct client_slot *filled;
};
MUST_CHECK bool store_set_slot(struct store *store, const struct client *client,
    const struct store_slot *slot, struct err *reterr);

/* Note the last use of a secret: bookkeeping, without an audit row. */
struct store_use {
	const char *client_id;
	int slot;
	int64_t when_s;
};
MUST_CHECK bool store_used(struct store *store, const struct store_use *use, struct err *reterr);

/* --- users --- */

/* Add a user with its password's hash. A name or id that exists is an error. */
MUST_CHECK bool store_user_add(struct store *store, const struct user *user, struct err *reterr);

/* The user of that name or id; lent by the arena. *ret_user NULL: there is none. */
MUST_CHECK bool store_user_find(struct store *store, const struct store_wanted *wanted,
    struct user **ret_user, struct err *reterr);

/* All users in the order of their names, linked by `next`. */
MUST_CHECK bool store_user_list(
    struct store *store, struct arena *arena, struct user **ret_first, struct err *reterr);

/* A new password's hash. */
MUST_CHECK bool store_user_set_hash(
    struct store *store, const struct user *user, const char *hash, struct err *reterr);

/* The same password's hash with other parameters: bookkeeping, without an audit row. Does nothing
 * when user->hash is no longer the stored hash. */
MUST_CHECK bool store_user_rehash(
    struct store *store, const struct user *user, const char *hash, struct err *reterr);

/* --- clients and users alike --- */

enum store_kind { STORE_CLIENT, STORE_USER };

/* Which one; all borrowed. */
struct store_principal {
	enum store_kind kind;
	const char *id;
	const char *name; /* for the audit */
	bool disabled;    /* as it is to be */
};

static inline struct store_principal
store_client(const struct client *client)
{
	return (struct store_principal){ STORE_CLIENT, client->id, client->name, client->disabled };
}

static inline struct store_principal
store_user(const struct user *user)
{
	return (struct store_principal){ STORE_USER, user->id, user->name, user->disabled };
}

/* Grant or revoke one role. *ret_changed is false when nothing had to change. */
struct store_grant {
	enum store_kind kind;
	const char *id;
	const char *role;
	bool granted;
	const char *name; /* for the audit; NULL: the id */
};
MUST_CHECK bool store_set_role(
    struct store *store, const struct store_grant *grant, bool *ret_changed, struct err *reterr);

/* Only whether it is disabled, as principal->disabled says. *ret_changed is false when nothing had
 * to change. One that is not there is an error. */
MUST_CHECK bool store_set_disabled(struct store *store, const struct store_principal *principal,
    bool *ret_changed, struct err *reterr);

/* Delete it with its roles and scopes. *ret_found is false when there was none. */
MUST_CHECK bool store_delete(struct store *store, const struct store_principal *principal,
    bool *ret_found, struct err *reterr);

/* --- revocations --- */

/* What is of a higher number, and the arena for all that is found. */
struct store_after {
	int64_t number;
	struct arena *arena;
};

/* Revoke. *ret_new is false when what it ends was revoked already: there is no second row and no
 * second audit row then; at most the first one is remembered for longer. One that says "until now"
 * is always new, and is for a gate to date. */
MUST_CHECK bool store_revoke(
    struct store *store, const struct revocation *revocation, bool *ret_new, struct err *reterr);

/* Those added after number `after` (0: all), oldest first, linked by `next`, and the number of the
 * last one. */
struct store_revocations {
	struct revocation *first;
	int64_t last;
};
MUST_CHECK bool store_revocations(struct store *store, const struct store_after *after,
    struct store_revocations *ret_revocations, struct err *reterr);

/* Date those that say "until now" by revocation_date(), with the clock of this gate, or the
 * server's if that is ahead. A changed one gets a new number, so that every gate reads it again.
 */
MUST_CHECK bool store_date_revocations(struct store *store, int64_t now_s, struct err *reterr);

/* Delete those that have expired. */
MUST_CHECK bool store_forget(struct store *store, int64_t now_s, struct err *reterr);

/* --- public keys of every gate that shares the store --- */

struct store_key {
	const char *issuer, *gate; /* whose */
	const char *kid, *jwk;     /* lent */
	int64_t until_s;           /* it is not needed after this time */
	struct store_key *next;
};

struct store_key_owner {
	const char *issuer, *gate;
	int64_t now_s; /* rows of all gates that end by then are deleted; 0: none */
};

/* Publish these keys of a gate and remove its others: bookkeeping, without an audit row. */
MUST_CHECK bool store_keys_publish(struct store *store, const struct store_key_owner *owner,
    const struct store_key *first, struct err *reterr);

/* All of them, linked by `next`. */
MUST_CHECK bool store_keys(
    struct store *store, struct arena *arena, struct store_key **ret_first, struct err *reterr);

/* --- audit --- */

/* Who did what, when. All lent. */
struct store_audit {
	int64_t number, time_s;
	const char *by, *action, *object;
	struct store_audit *next;
};

/* Those after number `after`, oldest first, at most 1000. */
MUST_CHECK bool store_audits(struct store *store, const struct store_after *after,
    struct store_audit **ret_first, struct err *reterr);

#endif
