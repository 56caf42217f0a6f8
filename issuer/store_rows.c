/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store_sqlite.h"

struct span
sqlite_column_span(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return (struct span){ text, text == NULL ? 0 : (size_t)sqlite3_column_bytes(row, column) };
}

const char *
sqlite_column_text(sqlite3_stmt *row, int column, struct arena *arena)
{
	return arena_text(arena, sqlite_column_span(row, column));
}

bool
sqlite_column_texts(sqlite3_stmt *row, int column, struct arena *arena, struct texts *ret_texts)
{
	struct span all = sqlite_column_span(row, column), rest = all, piece;
	size_t count = 0;

	while (span_cut(&rest, '\n', &piece))
		count++;
	*ret_texts = (struct texts){ .at = NULL };
	if (count == 0)
		return true;
	ret_texts->at = arena_array(arena, count, sizeof(ret_texts->at[0]));
	if (ret_texts->at == NULL)
		return false;
	rest = all;
	while (span_cut(&rest, '\n', &piece)) {
		ret_texts->at[ret_texts->count] = arena_text(arena, piece);
		if (ret_texts->at[ret_texts->count++] == NULL)
			return false;
	}
	return true;
}

void
sqlite_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	/* A failure here leaves NULL, which NOT NULL then refuses. */
	(void)sqlite3_bind_text(stmt, at, text == NULL ? "" : text, -1, SQLITE_STATIC);
}

bool
sqlite_write_pair(
    struct store *store, const char *sql, const char *const pair[2], struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store, sql, &stmt, reterr))
		return false;
	sqlite_bind_text(stmt, 1, pair[0]);
	sqlite_bind_text(stmt, 2, pair[1]);
	return sqlite_finish(store, stmt, reterr);
}
