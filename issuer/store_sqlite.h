/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sqlite - what the files of the SQLite store share. Nobody else includes this.
 *
 * Uses:   store, SQLite.
 */
#ifndef POSTERN_ISSUER_STORE_SQLITE_H
#define POSTERN_ISSUER_STORE_SQLITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/check.h"
#include "base/err.h"
#include "issuer/store.h"

struct store {
	sqlite3 *db;
	char *path;
	struct stat opened;   /* which file it was */
	int64_t data_version; /* as last seen: counts the commits of others */
	uint64_t version;
};

/* Say what SQLite says, with the file's name. Always false. */
bool sqlite_fail(const struct store *store, struct err *reterr);

/* ret_stmt  given: sqlite3_finalize() it. */
MUST_CHECK bool sqlite_prepare(
    struct store *store, const char *sql, sqlite3_stmt **ret_stmt, struct err *reterr);

/* Run a statement that gives no row. taken: it is released. */
MUST_CHECK bool sqlite_finish(struct store *store, sqlite3_stmt *stmt, struct err *reterr);

/* A column's text, lent until the next step; the same in the arena (NULL: no memory). */
struct span sqlite_column_span(sqlite3_stmt *row, int column);
MUST_CHECK const char *sqlite_column_text(sqlite3_stmt *row, int column, struct arena *arena);

/* A column of lines as a list in the arena. False: no memory. */
MUST_CHECK bool sqlite_column_texts(
    sqlite3_stmt *row, int column, struct arena *arena, struct texts *ret_texts);

/* Bind a text; NULL is the empty one. `text` is borrowed until the statement ran. */
void sqlite_bind_text(sqlite3_stmt *stmt, int at, const char *text);

/* Run a statement on two texts, such as (client_id, role). */
MUST_CHECK bool sqlite_write_pair(
    struct store *store, const char *sql, const char *const pair[2], struct err *reterr);

/* Start a transaction that may write. Waits for another writer, five seconds at most. */
MUST_CHECK bool sqlite_begin(struct store *store, struct err *reterr);

/* Commit when all went `well`, else undo; reterr keeps what went wrong first. */
MUST_CHECK bool sqlite_end(struct store *store, bool well, struct err *reterr);

#endif
