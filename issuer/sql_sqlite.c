/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of SQLite: a file of mode 0600, a write-ahead log, every commit synced. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "issuer/sql.h"
#include "issuer/store.h"

#define BUSY_MS 5000
#define WAL_TRIES 50

struct sqlite {
	struct sql sql;
	sqlite3 *db;
	sqlite3_stmt *ask_version; /* held ready: every token asks */
	struct stat opened;        /* which file it was */
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
	/* A failure here leaves NULL, which NOT NULL then refuses. */
	for (size_t i = 0; i < query->count; i++) {
		const struct sql_value *value = &query->values[i];

		if (value->text == NULL)
			(void)sqlite3_bind_int64(stmt, (int)i + 1, value->number);
		else
			(void)sqlite3_bind_text(stmt, (int)i + 1, value->text, -1, SQLITE_STATIC);
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
lite_begin(struct sql *sql, struct err *reterr)
{
	return exec((struct sqlite *)sql, "BEGIN IMMEDIATE", reterr);
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

	if (well && exec(lite, "COMMIT", reterr)) {
		lite->committed = true;
		return true;
	}
	if (!sqlite3_get_autocommit(lite->db))
		(void)sqlite3_exec(lite->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

/* --- opening --- */

static bool
sync_directory(const char *directory, struct err *reterr)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return err_errno(reterr, errno, "%s", directory);
	done = fsync(fd) == 0 || err_errno(reterr, errno, "%s", directory);
	close(fd);
	return done;
}

/* Make the file ourselves, so that its mode is 0600 whatever the umask; SQLite gives its
 * companions the same. */
static bool
make_file(struct sqlite *lite, struct err *reterr)
{
	char *directory = store_directory(lite->sql.name);
	bool done = false;
	int fd = -1;

	if (directory == NULL)
		return err_set(reterr, "%s: no memory", lite->sql.name);
	if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
		(void)err_errno(reterr, errno, "%s: its directory cannot be made", lite->sql.name);
		goto out;
	}
	fd = open(lite->sql.name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &lite->opened) != 0) {
		(void)err_errno(reterr, errno, "%s", lite->sql.name);
		goto out;
	}
	if (!S_ISREG(lite->opened.st_mode)) {
		(void)err_set(reterr, "%s: not a file", lite->sql.name);
		goto out;
	}
	if ((lite->opened.st_mode & 07) != 0) {
		(void)err_set(reterr, "%s: everybody can reach it (mode %04o), want 0600",
		    lite->sql.name, (unsigned)lite->opened.st_mode & 07777);
		goto out;
	}
	done = lite->opened.st_size > 0 || sync_directory(directory, reterr);
out:
	if (fd >= 0)
		close(fd);
	free(directory);
	return done;
}

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

/* Two that open a new file at once can meet SQLITE_BUSY here without the busy timeout: SQLite
 * does not wait where waiting could be a deadlock. */
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
lite_open(const char *database, struct sql **ret_sql, struct err *reterr)
{
	struct sqlite *lite = calloc(1, sizeof(*lite));

	if (lite == NULL || (lite->sql.name = strdup(database)) == NULL) {
		free(lite);
		return err_set(reterr, "%s: no memory", database);
	}
	lite->sql.engine = &sql_sqlite;
	if (!make_file(lite, reterr) || !connect_file(lite, reterr) || !check_whole(lite, reterr) ||
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

/* The file itself tells. */
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
lite_replaced(const struct sql *sql)
{
	const struct sqlite *lite = (const struct sqlite *)sql;
	struct stat now;

	return stat(lite->sql.name, &now) == 0 &&
	       (now.st_ino != lite->opened.st_ino || now.st_dev != lite->opened.st_dev);
}

/* Made by us first, so that its mode is 0600; an old backup is not written over. */
static bool
lite_backup(struct sql *sql, const char *path, struct err *reterr)
{
	struct sql_value to = sql_text(path);
	struct sql_query copy = { .text = "VACUUM INTO ?1", .values = &to, .count = 1 };
	mode_t mask;
	bool done;

	if (access(path, F_OK) == 0)
		return err_set(reterr, "%s: is there already", path);
	mask = umask(0077);
	done = sql_run(sql, &copy, reterr);
	(void)umask(mask);
	return done;
}

const struct sql_engine sql_sqlite = {
	.tables_text = "SELECT name FROM sqlite_master",
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
	.replaced = lite_replaced,
	.backup = lite_backup,
	.column = lite_column,
	.column_number = lite_column_number,
};
