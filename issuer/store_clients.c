/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store_sqlite.h"

#include <string.h>

/* Roles and scopes hold no control characters, so a newline parts them. */
#define CLIENT_COLUMNS                                                                             \
	"SELECT id, name, label, description, secret_1, secret_1_issued, secret_2,"                \
	" secret_2_issued, disabled, token_lifetime, created,"                                     \
	" (SELECT group_concat(role, char(10)) FROM"                                               \
	"  (SELECT role FROM client_role WHERE client_id = c.id ORDER BY role)),"                  \
	" (SELECT group_concat(scope, char(10)) FROM"                                              \
	"  (SELECT scope FROM client_scope WHERE client_id = c.id ORDER BY scope))"                \
	" FROM client c "

enum column {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_LABEL,
	COLUMN_DESCRIPTION,
	COLUMN_SECRET_1,
	COLUMN_SECRET_1_ISSUED,
	COLUMN_SECRET_2,
	COLUMN_SECRET_2_ISSUED,
	COLUMN_DISABLED,
	COLUMN_TOKEN_LIFETIME,
	COLUMN_CREATED,
	COLUMN_ROLES,
	COLUMN_SCOPES
};

static bool
unreadable(const struct store *store, struct err *reterr)
{
	return err_set(
	    reterr, "%s: a client cannot be read (no memory, or a damaged row)", store->path);
}

/* --- reading --- */

/* False: the hash is longer than any that was ever written. */
static bool
column_slot(sqlite3_stmt *row, int column, struct client_slot *slot)
{
	struct span hash = sqlite_column_span(row, column);

	if (hash.len >= sizeof(slot->hash))
		return false;
	if (hash.len > 0)
		memcpy(slot->hash, hash.at, hash.len);
	slot->hash[hash.len] = 0;
	slot->issued_s = sqlite3_column_int64(row, column + 1);
	return true;
}

static bool
read_client(sqlite3_stmt *row, struct arena *arena, struct client **ret_client)
{
	struct client *client = arena_alloc(arena, sizeof(*client));

	if (client == NULL)
		return false;
	client->id = sqlite_column_text(row, COLUMN_ID, arena);
	client->name = sqlite_column_text(row, COLUMN_NAME, arena);
	client->label = sqlite_column_text(row, COLUMN_LABEL, arena);
	client->description = sqlite_column_text(row, COLUMN_DESCRIPTION, arena);
	client->disabled = sqlite3_column_int(row, COLUMN_DISABLED) != 0;
	client->token_lifetime_s = sqlite3_column_int64(row, COLUMN_TOKEN_LIFETIME);
	client->created_s = sqlite3_column_int64(row, COLUMN_CREATED);
	*ret_client = client;
	return client->id != NULL && client->name != NULL && client->label != NULL &&
	       client->description != NULL &&
	       column_slot(row, COLUMN_SECRET_1, &client->slots[0]) &&
	       column_slot(row, COLUMN_SECRET_2, &client->slots[1]) &&
	       sqlite_column_texts(row, COLUMN_ROLES, arena, &client->roles) &&
	       sqlite_column_texts(row, COLUMN_SCOPES, arena, &client->scopes);
}

bool
store_find(struct store *store, const char *name_or_id, struct arena *arena,
    struct client **ret_client, struct err *reterr)
{
	struct client *client = NULL;
	sqlite3_stmt *stmt = NULL;
	bool done = false;
	int got;

	if (!sqlite_prepare(store,
		CLIENT_COLUMNS "WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC LIMIT 1", &stmt,
		reterr))
		return false;
	(void)sqlite3_bind_text(stmt, 1, name_or_id, -1, SQLITE_STATIC);
	got = sqlite3_step(stmt);
	if (got == SQLITE_ROW)
		done = read_client(stmt, arena, &client) || unreadable(store, reterr);
	else
		done = got == SQLITE_DONE || sqlite_fail(store, reterr);
	if (done)
		*ret_client = client;
	sqlite3_finalize(stmt);
	return done;
}

bool
store_list(struct store *store, struct arena *arena, struct client **ret_first, struct err *reterr)
{
	struct client *first = NULL, **last = &first;
	sqlite3_stmt *stmt = NULL;
	bool done = true;
	int got;

	if (!sqlite_prepare(store, CLIENT_COLUMNS "ORDER BY name", &stmt, reterr))
		return false;
	while (done && (got = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (got != SQLITE_ROW)
			done = sqlite_fail(store, reterr);
		else if (!read_client(stmt, arena, last))
			done = unreadable(store, reterr);
		else
			last = &(*last)->next;
	}
	sqlite3_finalize(stmt);
	if (done)
		*ret_first = first;
	return done;
}

/* --- writing --- */

/* A name that is another's id would make "name or id" mean two. */
static bool
name_free(struct store *store, const char *name, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;
	bool done = false;
	int got;

	if (!sqlite_prepare(
		store, "SELECT 1 FROM client WHERE name = ?1 OR id = ?1", &stmt, reterr))
		return false;
	sqlite_bind_text(stmt, 1, name);
	got = sqlite3_step(stmt);
	if (got == SQLITE_DONE)
		done = true;
	else if (got == SQLITE_ROW)
		(void)err_set(reterr, "there is a client \"%s\" already", name);
	else
		(void)sqlite_fail(store, reterr);
	sqlite3_finalize(stmt);
	return done;
}

static bool
insert_client(struct store *store, const struct client *client, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store,
		"INSERT INTO client VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &stmt,
		reterr))
		return false;
	sqlite_bind_text(stmt, 1, client->id);
	sqlite_bind_text(stmt, 2, client->name);
	sqlite_bind_text(stmt, 3, client->label);
	sqlite_bind_text(stmt, 4, client->description);
	sqlite_bind_text(stmt, 5, client->slots[0].hash);
	(void)sqlite3_bind_int64(stmt, 6, client->slots[0].issued_s);
	sqlite_bind_text(stmt, 7, client->slots[1].hash);
	(void)sqlite3_bind_int64(stmt, 8, client->slots[1].issued_s);
	(void)sqlite3_bind_int(stmt, 9, client->disabled ? 1 : 0);
	(void)sqlite3_bind_int64(stmt, 10, client->token_lifetime_s);
	(void)sqlite3_bind_int64(stmt, 11, client->created_s);
	return sqlite_finish(store, stmt, reterr);
}

#define ROLE_INSERT "INSERT INTO client_role VALUES (?1, ?2) ON CONFLICT DO NOTHING"
#define ROLE_DELETE "DELETE FROM client_role WHERE client_id = ?1 AND role = ?2"
#define SCOPE_INSERT "INSERT INTO client_scope VALUES (?1, ?2) ON CONFLICT DO NOTHING"

static bool
add_within(struct store *store, const struct client *client, struct err *reterr)
{
	size_t i;

	if (!name_free(store, client->name, reterr) || !insert_client(store, client, reterr))
		return false;
	for (i = 0; i < client->roles.count; i++) {
		if (!sqlite_write_pair(store, ROLE_INSERT,
			(const char *const[2]){ client->id, client->roles.at[i] }, reterr))
			return false;
	}
	for (i = 0; i < client->scopes.count; i++) {
		if (!sqlite_write_pair(store, SCOPE_INSERT,
			(const char *const[2]){ client->id, client->scopes.at[i] }, reterr))
			return false;
	}
	return true;
}

bool
store_add(struct store *store, const struct client *client, struct err *reterr)
{
	return sqlite_begin(store, reterr) &&
	       sqlite_end(store, add_within(store, client, reterr), reterr);
}

bool
store_set_role(
    struct store *store, const struct store_grant *grant, bool *ret_changed, struct err *reterr)
{
	bool well, changed;

	if (!sqlite_begin(store, reterr))
		return false;
	well = sqlite_write_pair(store, grant->granted ? ROLE_INSERT : ROLE_DELETE,
	    (const char *const[2]){ grant->client_id, grant->role }, reterr);
	changed = well && sqlite3_changes(store->db) > 0;
	if (!sqlite_end(store, well, reterr))
		return false;
	*ret_changed = changed;
	return true;
}
