/* SPDX-License-Identifier: Apache-2.0 */
/* The tables in PostgreSQL. */
#include "issuer/store/tables.h"

/* Compared byte by byte whatever the database's locale, as in SQLite. */
#define TEXT "TEXT COLLATE \"C\""

const struct tables tables_postgres = {
	.names = "SELECT table_name FROM information_schema.tables"
		 " WHERE table_schema = current_schema()",
	.version = "CREATE TABLE IF NOT EXISTS postern_schema("
		   "version BIGINT NOT NULL PRIMARY KEY,"
		   " migrated BIGINT NOT NULL)",
	.steps = {
	"CREATE TABLE client("
	" id " TEXT " NOT NULL PRIMARY KEY,"
	" name " TEXT " NOT NULL UNIQUE,"
	" label " TEXT " NOT NULL,"
	" description " TEXT " NOT NULL,"
	" secret_1 " TEXT " NOT NULL, secret_1_issued BIGINT NOT NULL,"
	" secret_2 " TEXT " NOT NULL, secret_2_issued BIGINT NOT NULL,"
	" disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),"
	" token_lifetime BIGINT NOT NULL CHECK (token_lifetime >= 0),"
	" created BIGINT NOT NULL);"
	"CREATE TABLE client_role("
	" client_id " TEXT " NOT NULL REFERENCES client(id) ON DELETE CASCADE,"
	" role " TEXT " NOT NULL, PRIMARY KEY (client_id, role));"
	"CREATE TABLE client_scope("
	" client_id " TEXT " NOT NULL REFERENCES client(id) ON DELETE CASCADE,"
	" scope " TEXT " NOT NULL, PRIMARY KEY (client_id, scope));",

	"ALTER TABLE client ADD COLUMN owner " TEXT " NOT NULL DEFAULT '';"
	"ALTER TABLE client ADD COLUMN contact " TEXT " NOT NULL DEFAULT '';"
	"ALTER TABLE client ADD COLUMN method BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE client ADD COLUMN jwks " TEXT " NOT NULL DEFAULT '';"
	"ALTER TABLE client ADD COLUMN secret_1_used BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE client ADD COLUMN secret_2_used BIGINT NOT NULL DEFAULT 0;"
	"CREATE TABLE account("
	" id " TEXT " NOT NULL PRIMARY KEY,"
	" name " TEXT " NOT NULL UNIQUE,"
	" label " TEXT " NOT NULL,"
	" hash " TEXT " NOT NULL,"
	" disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),"
	" created BIGINT NOT NULL);"
	"CREATE TABLE account_role("
	" account_id " TEXT " NOT NULL REFERENCES account(id) ON DELETE CASCADE,"
	" role " TEXT " NOT NULL, PRIMARY KEY (account_id, role));"
	"CREATE TABLE revocation("
	" number BIGINT NOT NULL PRIMARY KEY,"
	" kind BIGINT NOT NULL CHECK (kind BETWEEN 0 AND 3),"
	" issuer " TEXT " NOT NULL,"
	" value " TEXT " NOT NULL,"
	" before_s BIGINT NOT NULL,"
	" until_s BIGINT NOT NULL,"
	" created BIGINT NOT NULL,"
	" by_whom " TEXT " NOT NULL);"
	"CREATE INDEX revocation_until ON revocation(until_s);"
	"CREATE TABLE signing_key("
	" kid " TEXT " NOT NULL PRIMARY KEY,"
	" jwk " TEXT " NOT NULL,"
	" until_s BIGINT NOT NULL);"
	"CREATE TABLE audit("
	" number BIGINT NOT NULL PRIMARY KEY,"
	" time BIGINT NOT NULL,"
	" by_whom " TEXT " NOT NULL,"
	" action " TEXT " NOT NULL,"
	" object " TEXT " NOT NULL);"
	"CREATE TABLE meta("
	" name " TEXT " NOT NULL PRIMARY KEY,"
	" value BIGINT NOT NULL);"
	"INSERT INTO meta(name, value) VALUES"
	" ('principals', 0), ('revocations', 0), ('keys', 0), ('audit', 0);",

	/* '': made before there were incarnations, as were the tokens that do not name one. */
	"ALTER TABLE client ADD COLUMN incarnation " TEXT " NOT NULL DEFAULT '';"
	"ALTER TABLE account ADD COLUMN incarnation " TEXT " NOT NULL DEFAULT '';",

	/* This table was not used before. */
	"DROP TABLE signing_key;"
	"CREATE TABLE signing_key("
	" issuer " TEXT " NOT NULL,"
	" gate " TEXT " NOT NULL,"
	" kid " TEXT " NOT NULL,"
	" jwk " TEXT " NOT NULL,"
	" until_s BIGINT NOT NULL,"
	" PRIMARY KEY (issuer, gate, kid));",

	/* Is it revoked already? */
	"CREATE INDEX IF NOT EXISTS revocation_value ON revocation(substr(value, 1, 64));",

	"ALTER TABLE client ADD COLUMN secret_1_until BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE client ADD COLUMN secret_2_until BIGINT NOT NULL DEFAULT 0;"
	"CREATE TABLE client_claim("
	" client_id " TEXT " NOT NULL REFERENCES client(id) ON DELETE CASCADE,"
	" name " TEXT " NOT NULL, value " TEXT " NOT NULL, PRIMARY KEY (client_id, name));",
},
};
