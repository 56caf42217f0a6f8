/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of SQLite: a file of mode 0600, a write-ahead log, every commit synced. The file is
 * opened by SQLite alone (see sqlite_file.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "issuer/store/sql.h"
#include "issuer/store/sqlite_file.h"

#define BUSY_MS 5000
#define WAL_TRIES 50
#define NAME_ROOM 24 /* of a parameter */

struct sqlite {
	struct sql sql;
	sqlite3 *db;
	sqlite3_stmt *ask_version; /* prepared once, since every token request runs it */
	sqlite3_int64 size_bytes;  /* of the file, the largest seen: it never shrinks */
	int64_t data_version;      /* as last seen: counts the commits of others */
	bool committed;            /* we did, since the last look for news */
};

static bool
fail(const struct sqlite *lite, struct err *reterr)
{
	int code = sqlite3_errcode(lite->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return err_set(reterr, "%s: the database is damaged (%s)", lite->sql.name,
		    sqlite3_errmsg(lite->db));
	return err_set(reterr, "%s: %s", lite->sql.name, sqlite3_errmsg(lite->db));
}

static bool
exec(struct sqlite *lite, const char *text, struct err *reterr)
{
	return sqlite3_exec(lite->db, text, NULL, NULL, NULL) == SQLITE_OK || fail(lite, reterr);
}

/* --- statements --- */

static void
bind(sqlite3_stmt *stmt, const struct sql_query *query)
{
	/* To SQLite $1 is a name, numbered by where it comes first. A failure here leaves NULL,
	 * which NOT NULL then refuses. */
	for (size_t i = 0; i < query->count; i++) {
		const struct sql_value *value = &query->values[i];
		char name[NAME_ROOM];
		int at;

		(void)snprintf(name, sizeof(name), "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(stmt, name);
		if (value->text == NULL)
			(void)sqlite3_bind_int64(stmt, at, value->number);
		else
			(void)sqlite3_bind_text(stmt, at, value->text, -1, SQLITE_STATIC);
	}
}

static bool
step_all(struct sqlite *lite, sqlite3_stmt *stmt, struct sql_query *query, struct err *reterr)
{
	struct sql_row row = { &sql_sqlite, stmt, 0 };
	int got;

	while ((got = sqlite3_step(stmt)) == SQLITE_ROW)
		if (query->each != NULL && !query->each(query->context, &row, reterr))
			return false;
	if (got != SQLITE_DONE)
		return fail(lite, reterr);
	query->changed = sqlite3_changes(lite->db);
	return true;
}

static bool
lite_run(struct sql *sql, struct sql_query *query, struct err *reterr)
{
	struct sqlite *lite = (struct sqlite *)sql;
	sqlite3_stmt *stmt = NULL;
	bool done;

	if (sqlite3_prepare_v2(lite->db, query->text, -1, &stmt, NULL) != SQLITE_OK)
		return fail(lite, reterr);
	bind(stmt, query);
	done = step_all(lite, stmt, query, reterr);
	sqlite3_finalize(stmt);
	return done;
}

static struct span
lite_column(const struct sql_row *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row->at, column);

	return (
	    struct span){ text, text == NULL ? 0 : (size_t)sqlite3_column_bytes(row->at, column) };
}

static int64_t
lite_column_number(const struct sql_row *row, int column)
{
	return sqlite3_column_int64(row->at, column);
}

static bool
lite_script(struct sql *sql, const char *text, struct err *reterr)
{
	return exec((struct sqlite *)sql, text, reterr);
}

static bool
lite_same(struct sql *sql, struct err *reterr)
{
	struct sqlite *lite = (struct sqlite *)sql;

	if (sqlite_file_same(lite->db, sql->name, &lite->size_bytes, reterr))
		return true;
	/* The write-ahead log belongs to a different file than the one at this path. */
	(void)sqlite3_db_config(lite->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return false;
}

static bool
lite_begin(struct sql *sql, struct err *reterr)
{
	return lite_same(sql, reterr) && exec((struct sqlite *)sql, "BEGIN IMMEDIATE", reterr);
}

static bool
lite_snapshot(struct sql *sql, struct err *reterr)
{
	return exec((struct sqlite *)sql, "BEGIN", reterr);
}

static bool
lite_end(struct sql *sql, bool well, struct err *reterr)
{
	struct sqlite *lite = (struct sqlite *)sql;

	/* If the file was removed while we wrote, the change is lost. */
	if (well && exec(lite, "COMMIT", reterr)) {
		lite->committed = true;
		return lite_same(sql, reterr);
	}
	if (!sqlite3_get_autocommit(lite->db))
		(void)sqlite3_exec(lite->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

/* --- opening --- */

static bool
connect_file(struct sqlite *lite, struct err *reterr)
{
	if (sqlite3_open_v2(lite->sql.name, &lite->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return lite->db == NULL ? err_set(reterr, "%s: no memory", lite->sql.name)
					: fail(lite, reterr);
	(void)sqlite3_extended_result_codes(lite->db, 0);
	(void)sqlite3_busy_timeout(lite->db, BUSY_MS);
	if (sqlite3_db_readonly(lite->db, "main") != 0)
		return err_set(reterr, "%s: cannot be written", lite->sql.name);
	return true;
}

/* Two that open a new file at once can meet SQLITE_BUSY here without the busy timeout: SQLite does
 * not wait where that could be a deadlock. */
static bool
use_wal(struct sqlite *lite, struct err *reterr)
{
	int tries;

	for (tries = 0; tries < WAL_TRIES; tries++) {
		if (exec(lite, "PRAGMA journal_mode = WAL", reterr))
			return true;
		if (sqlite3_errcode(lite->db) != SQLITE_BUSY)
			return false;
		sqlite3_sleep(BUSY_MS / WAL_TRIES);
	}
	return false;
}

static bool
check_whole(struct sqlite *lite, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;
	const char *says;
	bool done = false;

	if (sqlite3_prepare_v2(lite->db, "PRAGMA quick_check(1)", -1, &stmt, NULL) != SQLITE_OK)
		return fail(lite, reterr);
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		(void)fail(lite, reterr);
	} else {
		says = (const char *)sqlite3_column_text(stmt, 0);
		done = says != NULL && strcmp(says, "ok") == 0;
		if (!done)
			(void)err_set(reterr, "%s: the database is damaged (%s)", lite->sql.name,
			    says == NULL ? "no memory" : says);
	}
	sqlite3_finalize(stmt);
	return done;
}

static bool
look_at_version(struct sqlite *lite, int64_t *ret_version, struct err *reterr)
{
	bool done = false;

	if (lite->ask_version == NULL &&
	    sqlite3_prepare_v3(lite->db, "PRAGMA data_version", -1, SQLITE_PREPARE_PERSISTENT,
		&lite->ask_version, NULL) != SQLITE_OK)
		return fail(lite, reterr);
	if (sqlite3_step(lite->ask_version) == SQLITE_ROW) {
		*ret_version = sqlite3_column_int64(lite->ask_version, 0);
		done = true;
	} else {
		(void)fail(lite, reterr);
	}
	(void)sqlite3_reset(lite->ask_version);
	return done;
}

static void
lite_close(struct sql *sql)
{
	struct sqlite *lite = (struct sqlite *)sql;

	sqlite3_finalize(lite->ask_version);
	(void)sqlite3_close(lite->db);
	free(lite->sql.name);
	free(lite);
}

static bool
lite_open(const char *database, enum sql_how how, struct sql **ret_sql, struct err *reterr)
{
	struct sqlite *lite = calloc(1, sizeof(*lite));

	if (lite == NULL || (lite->sql.name = strdup(database)) == NULL) {
		free(lite);
		return err_set(reterr, "%s: no memory", database);
	}
	lite->sql.engine = &sql_sqlite;
	if (!(how == SQL_MAKE ? sqlite_file_make(database, reterr)
			      : sqlite_file_fit(database, reterr)) ||
	    !connect_file(lite, reterr) || (how != SQL_AGAIN && !check_whole(lite, reterr)) ||
	    !use_wal(lite, reterr) ||
	    !exec(lite,
		"PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
		"PRAGMA trusted_schema = OFF",
		reterr) ||
	    !look_at_version(lite, &lite->data_version, reterr)) {
		lite_close(&lite->sql);
		return false;
	}
	*ret_sql = &lite->sql;
	return true;
}

/* --- news --- */

static bool
lite_news(struct sql *sql, bool *ret_news, struct err *reterr)
{
	struct sqlite *lite = (struct sqlite *)sql;
	int64_t version = 0;

	if (!look_at_version(lite, &version, reterr))
		return false;
	*ret_news = lite->committed || version != lite->data_version;
	lite->committed = false;
	lite->data_version = version;
	return true;
}

/* No notification is needed: readers check the file itself. */
static bool
lite_notify(struct sql *sql, struct err *reterr)
{
	(void)sql;
	(void)reterr;
	return true;
}

static int
lite_descriptor(const struct sql *sql)
{
	(void)sql;
	return -1;
}

static bool
lite_renewed(const struct sql *sql)
{
	return sqlite_file_ours(sql->name);
}

static bool
lite_ping(struct sql *sql, struct err *reterr)
{
	(void)sql;
	(void)reterr;
	return true;
}

/* Create it first, so that its mode is 0600 and an old backup is not overwritten. */
static bool
lite_backup(struct sql *sql, const char *path, struct err *reterr)
{
	struct sql_value to = { .text = path };
	struct sql_query copy = { .text = "VACUUM INTO $1", .values = &to, .count = 1 };
	mode_t mask;
	bool done;

	if (access(path, F_OK) == 0)
		return err_set(reterr, "%s: is there already", path);
	mask = umask(0077);
	done = lite_run(sql, &copy, reterr);
	(void)umask(mask);
	return done;
}

const struct sql_engine sql_sqlite = {
	.open = lite_open,
	.close = lite_close,
	.run = lite_run,
	.script = lite_script,
	.begin = lite_begin,
	.snapshot = lite_snapshot,
	.end = lite_end,
	.news = lite_news,
	.notify = lite_notify,
	.descriptor = lite_descriptor,
	.same = lite_same,
	.renewed = lite_renewed,
	.ping = lite_ping,
	.backup = lite_backup,
	.column = lite_column,
	.column_number = lite_column_number,
};
