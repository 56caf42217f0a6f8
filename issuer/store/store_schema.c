/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "issuer/store/store_rows.h"

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

	"ALTER TABLE client ADD COLUMN owner TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE client ADD COLUMN contact TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE client ADD COLUMN method INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE client ADD COLUMN jwks TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE client ADD COLUMN secret_1_used INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE client ADD COLUMN secret_2_used INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE account("
	" id TEXT NOT NULL PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" label TEXT NOT NULL,"
	" hash TEXT NOT NULL,"
	" disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),"
	" created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE account_role("
	" account_id TEXT NOT NULL REFERENCES account(id) ON DELETE CASCADE,"
	" role TEXT NOT NULL, PRIMARY KEY (account_id, role)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE revocation("
	" number INTEGER NOT NULL PRIMARY KEY,"
	" kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),"
	" issuer TEXT NOT NULL,"
	" value TEXT NOT NULL,"
	" before_s INTEGER NOT NULL,"
	" until_s INTEGER NOT NULL,"
	" created INTEGER NOT NULL,"
	" by_whom TEXT NOT NULL) STRICT;"
	"CREATE INDEX revocation_until ON revocation(until_s);"
	"CREATE TABLE signing_key("
	" kid TEXT NOT NULL PRIMARY KEY,"
	" jwk TEXT NOT NULL,"
	" until_s INTEGER NOT NULL) STRICT;"
	"CREATE TABLE audit("
	" number INTEGER NOT NULL PRIMARY KEY,"
	" time INTEGER NOT NULL,"
	" by_whom TEXT NOT NULL,"
	" action TEXT NOT NULL,"
	" object TEXT NOT NULL) STRICT;"
	"CREATE TABLE meta("
	" name TEXT NOT NULL PRIMARY KEY,"
	" value INTEGER NOT NULL) STRICT;"
	"INSERT INTO meta(name, value) VALUES"
	" ('principals', 0), ('revocations', 0), ('keys', 0), ('audit', 0);",

	/* '': made before there were incarnations, as were the tokens that do not name one. */
	"ALTER TABLE client ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE account ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';",

	/* Nobody wrote this table before. */
	"DROP TABLE signing_key;"
	"CREATE TABLE signing_key("
	" issuer TEXT NOT NULL,"
	" gate TEXT NOT NULL,"
	" kid TEXT NOT NULL,"
	" jwk TEXT NOT NULL,"
	" until_s INTEGER NOT NULL,"
	" PRIMARY KEY (issuer, gate, kid)) STRICT;",

	/* Is it revoked already? */
	"CREATE INDEX IF NOT EXISTS revocation_value ON revocation(substr(value, 1, 64));",
};

/* What tables there are, and which schema ours says. */
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
		.text = sql_tables_text(store->sql), .each = take_tables, .context = &found
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
	if (found.schema > NEWEST)
		return err_set(reterr,
		    "%s: made by a newer postern (schema %lld, this one knows up to %d)",
		    store->sql->name, (long long)found.schema, NEWEST);
	*ret_schema = found.schema;
	return true;
}

static bool
note_schema(struct store *store, int64_t schema, struct err *reterr)
{
	struct sql_value values[2] = { sql_number(schema), sql_number(clock_now_s()) };
	struct sql_query query = { .text = "INSERT INTO postern_schema(version, migrated)"
					   " VALUES (?1, ?2)",
		.values = values,
		.count = 2 };

	return sql_run(store->sql, &query, reterr);
}

static bool
migrate_within(struct store *store, struct err *reterr)
{
	int64_t schema;

	/* Another process may have been faster. */
	if (!read_schema(store, &schema, reterr))
		return false;
	if (schema == 0 &&
	    !sql_script(store->sql,
		"CREATE TABLE IF NOT EXISTS postern_schema(version INTEGER NOT NULL PRIMARY KEY,"
		" migrated INTEGER NOT NULL) STRICT",
		reterr))
		return false;
	for (; schema < NEWEST; schema++) {
		if (!sql_script(store->sql, migrations[schema], reterr) ||
		    !note_schema(store, schema + 1, reterr))
			return false;
	}
	return true;
}

/* Looking needs no lock: who only reads does not wait for who writes. */
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
	if (schema == NEWEST)
		return true;
	return sql_begin(store->sql, reterr) &&
	       sql_end(store->sql, migrate_within(store, reterr), reterr);
}
