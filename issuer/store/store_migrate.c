/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "issuer/store/store_rows.h"
#include "issuer/store/tables.h"

static const struct tables *
tables_of(const struct store *store)
{
	return sql_is_postgres(store->sql) ? &tables_postgres : &tables_sqlite;
}

/* Which tables there are, and the schema number in ours. */
struct found {
	int64_t tables, ours, schema;
};

static bool
take_tables(void *context, const struct sql_row *row, struct err *reterr)
{
	struct found *found = context;

	(void)reterr;
	found->tables++;
	if (span_is(sql_column(row, 0), "postern_schema"))
		found->ours++;
	return true;
}

static bool
take_schema(void *context, const struct sql_row *row, struct err *reterr)
{
	(void)reterr;
	((struct found *)context)->schema = sql_column_number(row, 0);
	return true;
}

/* Which schema is there? 0: an empty database. */
static bool
read_schema(struct store *store, int64_t *ret_schema, struct err *reterr)
{
	struct found found = { 0, 0, 0 };
	struct sql_query tables = {
		.text = tables_of(store)->names, .each = take_tables, .context = &found
	};
	struct sql_query schema = { .text = "SELECT coalesce(max(version), 0) FROM postern_schema",
		.each = take_schema,
		.context = &found };

	*ret_schema = 0;
	if (!sql_run(store->sql, &tables, reterr))
		return false;
	if (found.tables == 0)
		return true;
	if (found.ours == 0)
		return err_set(reterr, "%s: not a database of postern", store->sql->name);
	if (!sql_run(store->sql, &schema, reterr))
		return false;
	if (found.schema > TABLES_NEWEST)
		return err_set(reterr,
		    "%s: made by a newer postern (schema %lld, this one knows up to %d)",
		    store->sql->name, (long long)found.schema, TABLES_NEWEST);
	*ret_schema = found.schema;
	return true;
}

static bool
note_schema(struct store *store, int64_t schema, struct err *reterr)
{
	struct sql_value values[2] = { sql_number(schema), sql_number(clock_now_s()) };
	struct sql_query query = { .text = "INSERT INTO postern_schema(version, migrated)"
					   " VALUES ($1, $2)",
		.values = values,
		.count = 2 };

	return sql_run(store->sql, &query, reterr);
}

static bool
migrate_within(struct store *store, struct err *reterr)
{
	const struct tables *tables = tables_of(store);
	int64_t schema;

	/* Check again under the lock: another process may have migrated it. */
	if (!read_schema(store, &schema, reterr))
		return false;
	if (schema == 0 && !sql_script(store->sql, tables->version, reterr))
		return false;
	for (; schema < TABLES_NEWEST; schema++) {
		if (!sql_script(store->sql, tables->steps[schema], reterr) ||
		    !note_schema(store, schema + 1, reterr))
			return false;
	}
	return true;
}

/* Checking needs no lock, so readers do not wait for writers. */
bool
store_migrate(struct store *store, bool make, struct err *reterr)
{
	int64_t schema;

	if (!read_schema(store, &schema, reterr))
		return false;
	if (schema == 0 && !make)
		return err_set(reterr,
		    "%s: the database is empty, it holds no store; `postern store restore FILE` "
		    "brings a backup back, `postern store init` begins an empty one",
		    store->sql->name);
	if (schema == TABLES_NEWEST)
		return true;
	return sql_begin(store->sql, reterr) &&
	       sql_end(store->sql, migrate_within(store, reterr), reterr);
}
