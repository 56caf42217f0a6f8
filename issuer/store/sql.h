/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql - one connection to a database, whichever it is: SQLite in a file, or PostgreSQL.
 *
 * Uses:   base.
 * Shell:  the database. One thread at a time.
 *
 * Statements are written once, in what both understand; parameters are $1, $2 … in any order. Only
 * the tables (tables.h) are written for each.
 */
#ifndef POSTERN_ISSUER_STORE_SQL_H
#define POSTERN_ISSUER_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

struct sql_engine;

/* A connection. An engine's own has this in front. */
struct sql {
	const struct sql_engine *engine;
	char *name; /* for messages: the file, or the URL without its password */
};

/* A parameter: the number when there is no text. */
struct sql_value {
	const char *text;
	int64_t number;
};

/* A row, lent while it is looked at. */
struct sql_row {
	const struct sql_engine *engine;
	void *at;
	int index;
};

struct sql_query {
	const char *text; /* one statement */
	const struct sql_value *values;
	size_t count;
	/* Called for each row; false ends the query as a failure. NULL: rows are not wanted. */
	bool (*each)(void *context, const struct sql_row *row, struct err *reterr);
	void *context;
	int64_t changed; /* set: how many rows it changed */
};

/* A text parameter; NULL is the empty one. */
struct sql_value sql_text(const char *text);
struct sql_value sql_number(int64_t number);

/* A column of a row. Texts are lent as long as the row. */
struct span sql_column(const struct sql_row *row, int column);
int64_t sql_column_number(const struct sql_row *row, int column);

/* Is this the URL of a PostgreSQL database? */
bool sql_is_url(const char *database);

/* Can that URL be read, and is each value in it one that the database's library knows? Nothing is
 * connected. The error repeats no value: it may be part of a password. */
MUST_CHECK bool sql_url_check(const char *url, struct err *reterr);

/* How much is to be there already, and to be looked at. */
enum sql_how {
	SQL_MAKE,     /* a file that is missing is made, empty */
	SQL_EXISTING, /* it must be there */
	SQL_AGAIN     /* and another connection of this process has read it whole: that is not done
			 twice */
};

/* Open. The error names the database, never a password. ret_sql  given: sql_close() it. */
MUST_CHECK bool sql_open(
    const char *database, enum sql_how how, struct sql **ret_sql, struct err *reterr);

/* Accepts NULL. */
void sql_close(struct sql *sql);

/* Run one statement. */
MUST_CHECK bool sql_run(struct sql *sql, struct sql_query *query, struct err *reterr);

/* Run several statements without parameters, in the words of this database. */
MUST_CHECK bool sql_script(struct sql *sql, const char *text, struct err *reterr);

/* Which of the two is it? Where their words differ, the caller chooses. */
bool sql_is_postgres(const struct sql *sql);

/* Start a transaction that may write; other writers wait, five seconds at most. */
MUST_CHECK bool sql_begin(struct sql *sql, struct err *reterr);

/* Start one that reads everything as of one moment. */
MUST_CHECK bool sql_snapshot(struct sql *sql, struct err *reterr);

/* Commit when all went `well`, else undo; reterr keeps what went wrong first. */
MUST_CHECK bool sql_end(struct sql *sql, bool well, struct err *reterr);

/* Has any process committed anything since the last call? Cheap. */
MUST_CHECK bool sql_news(struct sql *sql, bool *ret_news, struct err *reterr);

/* Notify other users of the database of a change; call within the transaction. */
MUST_CHECK bool sql_notify(struct sql *sql, struct err *reterr);

/* A descriptor that becomes readable when something has changed; -1: none. */
int sql_descriptor(const struct sql *sql);

/* Is it still the database that was opened: not deleted, replaced or truncated? Otherwise writes to
 * it would be lost. No round trip. */
MUST_CHECK bool sql_same(struct sql *sql, struct err *reterr);

/* When it is no longer the same: may the current one be opened instead? A lost connection may be
 * reopened; a file only when sql_put() put it there. */
bool sql_renewed(const struct sql *sql);

/* Does the server answer, in a short time? Without one: true. */
MUST_CHECK bool sql_ping(struct sql *sql, struct err *reterr);

/* A whole copy at `path`, taken while others write. */
MUST_CHECK bool sql_backup(struct sql *sql, const char *path, struct err *reterr);

/* What an engine does; for the engines only. */
struct sql_engine {
	bool (*open)(
	    const char *database, enum sql_how how, struct sql **ret_sql, struct err *reterr);
	void (*close)(struct sql *sql);
	bool (*run)(struct sql *sql, struct sql_query *query, struct err *reterr);
	bool (*script)(struct sql *sql, const char *text, struct err *reterr);
	bool (*begin)(struct sql *sql, struct err *reterr);
	bool (*snapshot)(struct sql *sql, struct err *reterr);
	bool (*end)(struct sql *sql, bool well, struct err *reterr);
	bool (*news)(struct sql *sql, bool *ret_news, struct err *reterr);
	bool (*notify)(struct sql *sql, struct err *reterr);
	int (*descriptor)(const struct sql *sql);
	bool (*same)(struct sql *sql, struct err *reterr);
	bool (*renewed)(const struct sql *sql);
	bool (*ping)(struct sql *sql, struct err *reterr);
	bool (*backup)(struct sql *sql, const char *path, struct err *reterr);
	struct span (*column)(const struct sql_row *row, int column);
	int64_t (*column_number)(const struct sql_row *row, int column);
};

extern const struct sql_engine sql_sqlite;
extern const struct sql_engine sql_postgres;

#endif
