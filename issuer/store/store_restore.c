/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restore a backup. The rows are copied by SQL in one transaction of the live database. The file of
 * a live database is never replaced: its write-ahead log and the processes that have it open would
 * not notice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "issuer/store/sqlite_file.h"
#include "issuer/store/store_rows.h"

#define ARENA_MAX ((size_t)1 << 30)
#define STATEMENT_ROOM 512

struct restore {
	const char *database, *file;
	char *aside;        /* a copy of the file, of the newest schema */
	struct texts names; /* of the tables that are put in place as they are */
	struct arena arena;
};

/* --- the copy --- */

static void
remove_aside(const struct restore *restore)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
	char path[4096];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", restore->aside, endings[i]);
		(void)unlink(path);
	}
}

static bool
read_all(struct store *store, struct arena *arena, struct err *reterr)
{
	struct store_revocations revocations;
	struct client *client;
	struct store_key *key;
	struct user *user;

	return store_list(store, arena, &client, reterr) &&
	       store_user_list(store, arena, &user, reterr) &&
	       store_revocations(store, &(struct store_after){ 0, arena }, &revocations, reterr) &&
	       store_keys(store, arena, &key, reterr);
}

/* The operator knows the file by its own name. */
static bool
blame_file(const struct restore *restore, struct err *reterr)
{
	struct err inner = *reterr;
	size_t len = strlen(restore->aside);
	const char *why = strncmp(inner.text, restore->aside, len) == 0 && inner.text[len] == ':'
			      ? inner.text + len + 2
			      : inner.text;

	return err_set(reterr, "%s: cannot be restored: %s", restore->file, why);
}

/* Is it a store, whole, of a schema that we know, and can every row of it be read? */
static bool
copy_aside(struct restore *restore, struct err *reterr)
{
	struct store *store = NULL;
	bool done;

	remove_aside(restore);
	if (!sqlite_file_copy(restore->file, restore->aside, reterr) ||
	    !store_open_existing(restore->aside, &store, reterr))
		return blame_file(restore, reterr);
	done = read_all(store, &restore->arena, reterr) || blame_file(restore, reterr);
	store_close(store);
	return done;
}

/* --- its rows in place of the live ones --- */

static bool
take_name(void *context, const struct sql_row *row, struct err *reterr)
{
	struct restore *restore = context;

	return store_push(&restore->names, sql_column(row, 0), &restore->arena) ||
	       err_set(reterr, "no memory");
}

/* All but those that go on: the audit and the counters, revocations, and the public keys of the
 * gates that run now. */
static bool
list_tables(struct restore *restore, struct store *store, struct err *reterr)
{
	struct sql_query query = {
		.text =
		    "SELECT name FROM restored.sqlite_master WHERE type = 'table' AND name NOT IN"
		    " ('postern_schema', 'audit', 'meta', 'revocation', 'signing_key')"
		    " AND name NOT LIKE 'sqlite_%'",
		.each = take_name,
		.context = restore,
	};

	return sql_run(store->sql, &query, reterr);
}

static bool
copy_table(struct store *store, const char *name, struct err *reterr)
{
	char text[STATEMENT_ROOM];
	int len = snprintf(text, sizeof(text),
	    "DELETE FROM main.\"%s\"; INSERT INTO main.\"%s\" SELECT * FROM restored.\"%s\"", name,
	    name, name);

	return len > 0 && len < (int)sizeof(text) ? sql_script(store->sql, text, reterr)
						  : err_set(reterr, "no memory");
}

/* Continue above the numbers of both histories, so that everything loaded from either is
 * reloaded. */
#define COUNT_ON                                                                                   \
	"UPDATE meta SET value = 1 + max(value, coalesce("                                         \
	"(SELECT r.value FROM restored.meta r WHERE r.name = meta.name), 0))"                      \
	" WHERE name IN ('principals', 'keys')"

/* Revocations since the backup stay; those that only the backup has are added. */
#define REVOKE_ON                                                                                  \
	"INSERT INTO main.revocation SELECT r.number + (SELECT value FROM main.meta"               \
	" WHERE name = 'revocations'), r.kind, r.issuer, r.value, r.before_s, r.until_s,"          \
	" r.created, r.by_whom FROM restored.revocation r WHERE NOT EXISTS (SELECT 1"              \
	" FROM main.revocation m WHERE m.kind = r.kind AND m.issuer = r.issuer"                    \
	" AND m.value = r.value AND m.before_s >= r.before_s);"                                    \
	"UPDATE main.meta SET value = max(value, (SELECT coalesce(max(number), 0)"                 \
	" FROM main.revocation)) WHERE name = 'revocations'"

#define MARK                                                                                       \
	"INSERT INTO main.meta(name, value) VALUES ('restored', 0) ON CONFLICT DO NOTHING;"        \
	"UPDATE main.meta SET value = value + 1 WHERE name = 'restored'"

static bool
restore_within(struct store *store, void *context, struct err *reterr)
{
	struct restore *restore = context;

	if (!sql_script(store->sql, "PRAGMA defer_foreign_keys = ON", reterr))
		return false;
	for (size_t i = 0; i < restore->names.count; i++)
		if (!copy_table(store, restore->names.at[i], reterr))
			return false;
	return sql_script(store->sql, REVOKE_ON ";" COUNT_ON ";" MARK, reterr);
}

static bool
mark_within(struct store *store, void *context, struct err *reterr)
{
	(void)context;
	return sql_script(store->sql, MARK, reterr);
}

static bool
restore_rows(struct restore *restore, struct store *store, struct err *reterr)
{
	struct store_change change = { NULL, "store restore", restore->file, restore_within,
		restore, NULL };
	struct sql_value path = sql_text(restore->aside);
	struct sql_query attach = { .text = "ATTACH $1 AS restored", .values = &path, .count = 1 };

	return sql_run(store->sql, &attach, reterr) && list_tables(restore, store, reterr) &&
	       store_do(store, &change, reterr);
}

/* --- or the copy as the new file --- */

static bool
restore_file(struct restore *restore, struct err *reterr)
{
	struct store_change change = { NULL, "store restore", restore->file, mark_within, NULL,
		NULL };
	struct sqlite_put put = { restore->aside, restore->database, true };
	struct store *store = NULL;
	bool done;

	if (!store_open_existing(restore->aside, &store, reterr))
		return false;
	done = store_do(store, &change, reterr);
	store_close(store);
	return done && sqlite_file_put(&put, reterr);
}

static bool
put_in_place(struct restore *restore, struct err *reterr)
{
	struct store *store = NULL;
	bool done;

	if (sqlite_file_lost(restore->database))
		return restore_file(restore, reterr);
	if (!store_open_existing(restore->database, &store, reterr))
		return false;
	done = restore_rows(restore, store, reterr);
	store_close(store);
	/* Running gates recognize the file by its inode number, and must switch to this one. */
	return done && sqlite_file_note(restore->database, reterr);
}

bool
store_restore(const char *database, const char *file, struct err *reterr)
{
	struct restore restore = { .database = database, .file = file };
	bool done;

	if (sql_is_url(database))
		return err_set(reterr,
		    "restoring a PostgreSQL database is pg_restore's work; gates that run notice");
	if (asprintf(&restore.aside, "%s.new", database) < 0)
		return err_set(reterr, "%s: no memory", database);
	arena_init(&restore.arena, ARENA_MAX);
	done = copy_aside(&restore, reterr) && put_in_place(&restore, reterr);
	remove_aside(&restore);
	arena_done(&restore.arena);
	free(restore.aside);
	return done;
}
