/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_rows - what the files of the store share. For these files only.
 *
 * Uses:   store, sql.
 */
#ifndef POSTERN_ISSUER_STORE_STORE_ROWS_H
#define POSTERN_ISSUER_STORE_STORE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/schema.h"
#include "issuer/store/sql.h"
#include "issuer/store/store.h"

struct store {
	struct sql *sql;
	struct store_version version; /* as last read */
	bool stale;                   /* it is to be read again */
	char by[32];                  /* who we are, for the audit */
};

/* Bring the tables to the newest schema, or say why that cannot be. An empty database is filled if
 * `make` says so. Takes the write lock only when there is something to do. */
MUST_CHECK bool store_migrate(struct store *store, bool make, struct err *reterr);

/* A change: begin, what is done within, its audit row and its counter, end. */
struct store_change {
	const char *counter; /* of `meta`: "principals", "revocations", "keys"; NULL: none */
	const char *action;  /* for the audit; NULL: bookkeeping */
	const char *object;
	bool (*within)(struct store *store, void *context, struct err *reterr);
	void *context;
	/* NULL: it always changes something. Else 0 after `within`: nothing had to change, so there
	 * is no audit row, no count and no notification. */
	const int64_t *changed;
};
MUST_CHECK bool store_do(
    struct store *store, const struct store_change *change, struct err *reterr);

/* The next number of a counter of `meta`, within a transaction. */
MUST_CHECK bool store_next(
    struct store *store, const char *counter, int64_t *ret_number, struct err *reterr);

/* Run a statement that gives no rows. ret_changed may be NULL. */
MUST_CHECK bool store_run(
    struct store *store, struct sql_query *query, int64_t *ret_changed, struct err *reterr);

/* "DATABASE: THING cannot be read (no memory, or a damaged row)". Always false. */
bool store_unreadable(const struct store *store, const char *thing, struct err *reterr);

/* A column as text of the arena. NULL: no memory. */
MUST_CHECK char *store_column(const struct sql_row *row, int column, struct arena *arena);

/* One more text in a list that was made with room for it. False: no memory. */
MUST_CHECK bool store_push(struct texts *texts, struct span text, struct arena *arena);

/* A row of two texts into, or out of, a table. ret_changed may be NULL. */
struct store_pair {
	const char *text; /* the statement, with $1 and $2 */
	const char *first, *second;
};
MUST_CHECK bool store_write_pair(
    struct store *store, const struct store_pair *pair, int64_t *ret_changed, struct err *reterr);

/* Is its name no other's, of its kind: neither as a name nor as an id? Either would make "name or
 * id" mean two. The error says that it is taken. */
MUST_CHECK bool store_name_free(
    struct store *store, const struct store_principal *principal, struct err *reterr);

/* Give it these roles, within a transaction. */
MUST_CHECK bool store_insert_roles(struct store *store, const struct store_principal *principal,
    const struct texts *roles, struct err *reterr);

#endif
