/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/sql.h"

#include "issuer/store/postgres_url.h"

struct sql_value
sql_text(const char *text)
{
	return (struct sql_value){ .text = text == NULL ? "" : text };
}

struct sql_value
sql_number(int64_t number)
{
	return (struct sql_value){ .number = number };
}

struct span
sql_column(const struct sql_row *row, int column)
{
	return row->engine->column(row, column);
}

int64_t
sql_column_number(const struct sql_row *row, int column)
{
	return row->engine->column_number(row, column);
}

bool
sql_is_url(const char *database)
{
	struct span text = span_of(database);

	return span_starts(text, SPAN("postgresql://")) || span_starts(text, SPAN("postgres://"));
}

bool
sql_url_check(const char *url, struct err *reterr)
{
	return postgres_url_check(url, reterr);
}

bool
sql_open(const char *database, enum sql_how how, struct sql **ret_sql, struct err *reterr)
{
	const struct sql_engine *engine = sql_is_url(database) ? &sql_postgres : &sql_sqlite;

	return engine->open(database, how, ret_sql, reterr);
}

void
sql_close(struct sql *sql)
{
	if (sql != NULL)
		sql->engine->close(sql);
}

bool
sql_run(struct sql *sql, struct sql_query *query, struct err *reterr)
{
	query->changed = 0;
	return sql->engine->run(sql, query, reterr);
}

bool
sql_script(struct sql *sql, const char *text, struct err *reterr)
{
	return sql->engine->script(sql, text, reterr);
}

bool
sql_is_postgres(const struct sql *sql)
{
	return sql->engine == &sql_postgres;
}

bool
sql_begin(struct sql *sql, struct err *reterr)
{
	return sql->engine->begin(sql, reterr);
}

bool
sql_snapshot(struct sql *sql, struct err *reterr)
{
	return sql->engine->snapshot(sql, reterr);
}

bool
sql_end(struct sql *sql, bool well, struct err *reterr)
{
	return sql->engine->end(sql, well, reterr);
}

bool
sql_news(struct sql *sql, bool *ret_news, struct err *reterr)
{
	return sql->engine->news(sql, ret_news, reterr);
}

bool
sql_notify(struct sql *sql, struct err *reterr)
{
	return sql->engine->notify(sql, reterr);
}

int
sql_descriptor(const struct sql *sql)
{
	return sql->engine->descriptor(sql);
}

bool
sql_same(struct sql *sql, struct err *reterr)
{
	return sql->engine->same(sql, reterr);
}

bool
sql_renewed(const struct sql *sql)
{
	return sql->engine->renewed(sql);
}

bool
sql_ping(struct sql *sql, struct err *reterr)
{
	return sql->engine->ping(sql, reterr);
}

bool
sql_backup(struct sql *sql, const char *path, struct err *reterr)
{
	return sql->engine->backup(sql, path, reterr);
}
