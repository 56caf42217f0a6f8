/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store_sqlite.h"

#include "issuer/revocation.h"

static bool
bind_text(sqlite3_stmt *stmt, int place, const char *text)
{
	return sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool
insert(struct store *store, const struct revocation *revocation, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store,
		"INSERT INTO revocation(kind, issuer, value, before_s, until_s, created_s, by_whom)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		&stmt, reterr))
		return false;
	(void)sqlite3_bind_int(stmt, 1, revocation->kind);
	(void)sqlite3_bind_int64(stmt, 4, revocation->before_s);
	(void)sqlite3_bind_int64(stmt, 5, revocation->until_s);
	(void)sqlite3_bind_int64(stmt, 6, revocation->created_s);
	if (!bind_text(stmt, 2, revocation->issuer) || !bind_text(stmt, 3, revocation->value) ||
	    !bind_text(stmt, 7, revocation->by)) {
		sqlite3_finalize(stmt);
		return sqlite_fail(store, reterr);
	}
	return sqlite_finish(store, stmt, reterr);
}

bool
store_revoke(struct store *store, const struct revocation *revocation, struct err *reterr)
{
	return sqlite_begin(store, reterr) &&
	       sqlite_end(store, insert(store, revocation, reterr), reterr);
}

static const char *
column_text(sqlite3_stmt *row, int column, struct arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text == NULL ? NULL : arena_text(arena, span_of(text));
}

static struct revocation *
read_row(sqlite3_stmt *row, struct arena *arena)
{
	struct revocation *revocation = arena_alloc(arena, sizeof(*revocation));

	if (revocation == NULL)
		return NULL;
	revocation->kind = sqlite3_column_int(row, 1);
	revocation->issuer = column_text(row, 2, arena);
	revocation->value = column_text(row, 3, arena);
	revocation->before_s = sqlite3_column_int64(row, 4);
	revocation->until_s = sqlite3_column_int64(row, 5);
	revocation->created_s = sqlite3_column_int64(row, 6);
	revocation->by = column_text(row, 7, arena);
	if (revocation->issuer == NULL || revocation->value == NULL || revocation->by == NULL)
		return NULL;
	return revocation;
}

bool
store_revocations(struct store *store, int64_t *seq, struct arena *arena,
    struct revocation **ret_first, struct err *reterr)
{
	struct revocation *first = NULL, **last = &first;
	sqlite3_stmt *stmt = NULL;
	int64_t seen = *seq;
	int step;

	if (!sqlite_prepare(store,
		"SELECT seq, kind, issuer, value, before_s, until_s, created_s, by_whom"
		" FROM revocation WHERE seq > ?1 ORDER BY seq",
		&stmt, reterr))
		return false;
	(void)sqlite3_bind_int64(stmt, 1, seen);
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		*last = read_row(stmt, arena);
		if (*last == NULL)
			break;
		seen = sqlite3_column_int64(stmt, 0);
		last = &(*last)->next;
	}
	if (step == SQLITE_ROW)
		(void)err_set(
		    reterr, "%s: a revocation cannot be read (no memory, or damaged)", store->path);
	else if (step != SQLITE_DONE)
		(void)sqlite_fail(store, reterr);
	sqlite3_finalize(stmt);
	if (step != SQLITE_DONE)
		return false;
	*seq = seen;
	*ret_first = first;
	return true;
}

bool
store_forget(struct store *store, int64_t now_s, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store, "DELETE FROM revocation WHERE until_s <> 0 AND until_s <= ?1",
		&stmt, reterr))
		return false;
	(void)sqlite3_bind_int64(stmt, 1, now_s);
	return sqlite_finish(store, stmt, reterr);
}
