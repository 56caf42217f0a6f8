/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define BUSY_MS 5000
#define WAL_TRIES 50
#define NEWEST ((int)(sizeof(migrations) / sizeof(migrations[0])))

/* Step i leads from schema i to schema i + 1. Steps are added, never changed. */
static const char *const migrations[] = {
	"CREATE TABLE client("
	" id TEXT NOT NULL PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" label TEXT NOT NULL,"
	" description TEXT NOT NULL,"
	" secret_1 TEXT NOT NULL, secret_1_issued INTEGER NOT NULL,"
	" secret_2 TEXT NOT NULL, secret_2_issued INTEGER NOT NULL,"
	" disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),"
	" token_lifetime INTEGER NOT NULL CHECK (token_lifetime >= 0),"
	" created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE client_role("
	" client_id TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,"
	" role TEXT NOT NULL, PRIMARY KEY (client_id, role)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE client_scope("
	" client_id TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,"
	" scope TEXT NOT NULL, PRIMARY KEY (client_id, scope)) STRICT, WITHOUT ROWID;",
	"CREATE TABLE basic_user("
	" id TEXT NOT NULL PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" label TEXT NOT NULL,"
	" hash TEXT NOT NULL,"
	" disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),"
	" created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE basic_user_role("
	" user_id TEXT NOT NULL REFERENCES basic_user(id) ON DELETE CASCADE,"
	" role TEXT NOT NULL, PRIMARY KEY (user_id, role)) STRICT, WITHOUT ROWID;",

	"CREATE TABLE revocation("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),"
	" issuer TEXT NOT NULL,"
	" value TEXT NOT NULL,"
	" before_s INTEGER NOT NULL,"
	" until_s INTEGER NOT NULL,"
	" created_s INTEGER NOT NULL,"
	" by_whom TEXT NOT NULL) STRICT;",
};

bool
sqlite_fail(const struct store *store, struct err *reterr)
{
	int code = sqlite3_errcode(store->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return err_set(reterr, "%s: the database is damaged (%s)", store->path,
		    sqlite3_errmsg(store->db));
	return err_set(reterr, "%s: %s", store->path, sqlite3_errmsg(store->db));
}

static bool
run(struct store *store, const char *sql, struct err *reterr)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       sqlite_fail(store, reterr);
}

bool
sqlite_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_stmt, struct err *reterr)
{
	return sqlite3_prepare_v2(store->db, sql, -1, ret_stmt, NULL) == SQLITE_OK ||
	       sqlite_fail(store, reterr);
}

bool
sqlite_finish(struct store *store, sqlite3_stmt *stmt, struct err *reterr)
{
	bool done = sqlite3_step(stmt) == SQLITE_DONE;

	if (!done)
		(void)sqlite_fail(store, reterr);
	sqlite3_finalize(stmt);
	return done;
}

/* The first column of the first row as a number. */
static bool
ask_number(struct store *store, const char *sql, int64_t *ret_number, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;
	bool done = false;

	if (!sqlite_prepare(store, sql, &stmt, reterr))
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*ret_number = sqlite3_column_int64(stmt, 0);
		done = true;
	} else {
		(void)sqlite_fail(store, reterr);
	}
	sqlite3_finalize(stmt);
	return done;
}

bool
sqlite_begin(struct store *store, struct err *reterr)
{
	return run(store, "BEGIN IMMEDIATE", reterr);
}

bool
sqlite_end(struct store *store, bool well, struct err *reterr)
{
	if (well && run(store, "COMMIT", reterr)) {
		store->version++;
		return true;
	}
	if (!sqlite3_get_autocommit(store->db))
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
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

char *
store_directory(const char *database)
{
	const char *slash = strrchr(database, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(database, slash == database ? 1 : (size_t)(slash - database));
}

/* Make the file ourselves, so that its mode is 0600 whatever the umask; SQLite gives its
 * companions the same. */
static bool
make_file(struct store *store, struct err *reterr)
{
	char *directory = store_directory(store->path);
	bool done = false;
	int fd = -1;

	if (directory == NULL)
		return err_set(reterr, "%s: no memory", store->path);
	if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
		(void)err_errno(reterr, errno, "%s: its directory cannot be made", store->path);
		goto out;
	}
	fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &store->opened) != 0) {
		(void)err_errno(reterr, errno, "%s", store->path);
		goto out;
	}
	if (!S_ISREG(store->opened.st_mode)) {
		(void)err_set(reterr, "%s: not a file", store->path);
		goto out;
	}
	if ((store->opened.st_mode & 07) != 0) {
		(void)err_set(reterr, "%s: everybody can reach it (mode %04o), want 0600",
		    store->path, (unsigned)store->opened.st_mode & 07777);
		goto out;
	}
	done = store->opened.st_size > 0 || sync_directory(directory, reterr);
out:
	if (fd >= 0)
		close(fd);
	free(directory);
	return done;
}

static bool
connect_file(struct store *store, struct err *reterr)
{
	if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return store->db == NULL ? err_set(reterr, "%s: no memory", store->path)
					 : sqlite_fail(store, reterr);
	(void)sqlite3_extended_result_codes(store->db, 0);
	(void)sqlite3_busy_timeout(store->db, BUSY_MS);
	if (sqlite3_db_readonly(store->db, "main") != 0)
		return err_set(reterr, "%s: cannot be written", store->path);
	return true;
}

/* Two that open a new file at once can meet SQLITE_BUSY here without the busy timeout: SQLite
 * does not wait where waiting could be a deadlock. */
static bool
use_wal(struct store *store, struct err *reterr)
{
	int tries;

	for (tries = 0; tries < WAL_TRIES; tries++) {
		if (run(store, "PRAGMA journal_mode = WAL", reterr))
			return true;
		if (sqlite3_errcode(store->db) != SQLITE_BUSY)
			return false;
		sqlite3_sleep(BUSY_MS / WAL_TRIES);
	}
	return false;
}

static bool
check_whole(struct store *store, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;
	const char *says;
	bool done = false;

	if (!sqlite_prepare(store, "PRAGMA quick_check(1)", &stmt, reterr))
		return false;
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		(void)sqlite_fail(store, reterr);
	} else {
		says = (const char *)sqlite3_column_text(stmt, 0);
		done = says != NULL && strcmp(says, "ok") == 0;
		if (!done)
			(void)err_set(reterr, "%s: the database is damaged (%s)", store->path,
			    says == NULL ? "no memory" : says);
	}
	sqlite3_finalize(stmt);
	return done;
}

/* Which schema is there? 0: an empty file. */
static bool
read_schema(struct store *store, int64_t *ret_schema, struct err *reterr)
{
	int64_t tables, ours;

	*ret_schema = 0;
	if (!ask_number(store, "SELECT count(*) FROM sqlite_master", &tables, reterr) ||
	    !ask_number(store,
		"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name ="
		" 'postern_schema'",
		&ours, reterr))
		return false;
	if (tables == 0)
		return run(store,
		    "CREATE TABLE postern_schema(version INTEGER NOT NULL PRIMARY KEY,"
		    " migrated INTEGER NOT NULL) STRICT",
		    reterr);
	if (ours == 0)
		return err_set(reterr, "%s: not a database of postern", store->path);
	return ask_number(
	    store, "SELECT ifnull(max(version), 0) FROM postern_schema", ret_schema, reterr);
}

static bool
note_schema(struct store *store, int64_t schema, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store, "INSERT INTO postern_schema VALUES (?1, ?2)", &stmt, reterr))
		return false;
	(void)sqlite3_bind_int64(stmt, 1, schema);
	(void)sqlite3_bind_int64(stmt, 2, clock_now_s());
	return sqlite_finish(store, stmt, reterr);
}

static bool
migrate_within(struct store *store, struct err *reterr)
{
	int64_t schema;

	if (!read_schema(store, &schema, reterr))
		return false;
	if (schema > NEWEST)
		return err_set(reterr,
		    "%s: made by a newer postern (schema %lld, this one knows up to %d)",
		    store->path, (long long)schema, NEWEST);
	for (; schema < NEWEST; schema++) {
		if (!run(store, migrations[schema], reterr) ||
		    !note_schema(store, schema + 1, reterr))
			return false;
	}
	return true;
}

static bool
migrate(struct store *store, struct err *reterr)
{
	return sqlite_begin(store, reterr) &&
	       sqlite_end(store, migrate_within(store, reterr), reterr);
}

bool
store_open(const char *database, struct store **ret_store, struct err *reterr)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL || (store->path = strdup(database)) == NULL) {
		store_close(store);
		return err_set(reterr, "%s: no memory", database);
	}
	if (!make_file(store, reterr) || !connect_file(store, reterr) ||
	    !check_whole(store, reterr) || !use_wal(store, reterr) ||
	    !run(store,
		"PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
		"PRAGMA trusted_schema = OFF",
		reterr) ||
	    !migrate(store, reterr) ||
	    !ask_number(store, "PRAGMA data_version", &store->data_version, reterr)) {
		store_close(store);
		return false;
	}
	*ret_store = store;
	return true;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	(void)sqlite3_close(store->db);
	free(store->path);
	free(store);
}

bool
store_version(struct store *store, uint64_t *ret_version, struct err *reterr)
{
	int64_t data_version;

	if (!ask_number(store, "PRAGMA data_version", &data_version, reterr))
		return false;
	if (data_version != store->data_version) {
		store->data_version = data_version;
		store->version++;
	}
	*ret_version = store->version;
	return true;
}

bool
store_replaced(const struct store *store)
{
	struct stat now;

	return stat(store->path, &now) == 0 &&
	       (now.st_ino != store->opened.st_ino || now.st_dev != store->opened.st_dev);
}
