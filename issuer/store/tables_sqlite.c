/* SPDX-License-Identifier: Apache-2.0 */
/* The tables in SQLite. */
#include "issuer/store/tables.h"

const struct tables tables_sqlite = {
	.names = "SELECT name FROM sqlite_master",
	.version = "CREATE TABLE IF NOT EXISTS postern_schema("
		   "version INTEGER NOT NULL PRIMARY KEY,"
		   " migrated INTEGER NOT NULL) STRICT",
	.steps = {
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

	/* This table was not used before. */
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

	"ALTER TABLE client ADD COLUMN secret_1_until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE client ADD COLUMN secret_2_until INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE client_claim("
	" client_id TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,"
	" name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (client_id, name)) STRICT, WITHOUT ROWID;",
},
};
