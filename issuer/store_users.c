/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store_sqlite.h"

/* Roles hold no control characters, so a newline parts them. */
#define USER_COLUMNS                                                                               \
	"SELECT id, name, label, hash, disabled, created,"                                         \
	" (SELECT group_concat(role, char(10)) FROM"                                               \
	"  (SELECT role FROM basic_user_role WHERE user_id = u.id ORDER BY role))"                 \
	" FROM basic_user u "

enum column {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_LABEL,
	COLUMN_HASH,
	COLUMN_DISABLED,
	COLUMN_CREATED,
	COLUMN_ROLES
};

#define ROLE_INSERT "INSERT INTO basic_user_role VALUES (?1, ?2) ON CONFLICT DO NOTHING"
#define ROLE_DELETE "DELETE FROM basic_user_role WHERE user_id = ?1 AND role = ?2"

static bool
unreadable(const struct store *store, struct err *reterr)
{
	return err_set(
	    reterr, "%s: a user cannot be read (no memory, or a damaged row)", store->path);
}

/* --- reading --- */

static bool
read_user(sqlite3_stmt *row, struct arena *arena, struct user **ret_user)
{
	struct user *user = arena_alloc(arena, sizeof(*user));

	if (user == NULL)
		return false;
	user->id = sqlite_column_text(row, COLUMN_ID, arena);
	user->name = sqlite_column_text(row, COLUMN_NAME, arena);
	user->label = sqlite_column_text(row, COLUMN_LABEL, arena);
	user->hash = sqlite_column_text(row, COLUMN_HASH, arena);
	user->disabled = sqlite3_column_int(row, COLUMN_DISABLED) != 0;
	user->created_s = sqlite3_column_int64(row, COLUMN_CREATED);
	*ret_user = user;
	return user->id != NULL && user->name != NULL && user->label != NULL &&
	       user->hash != NULL && sqlite_column_texts(row, COLUMN_ROLES, arena, &user->roles);
}

/* All rows of a statement, which is released. */
static bool
read_users(struct store *store, sqlite3_stmt *stmt, struct arena *arena, struct user **ret_first,
    struct err *reterr)
{
	struct user *first = NULL, **last = &first;
	bool done = true;
	int got;

	while (done && (got = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (got != SQLITE_ROW)
			done = sqlite_fail(store, reterr);
		else if (!read_user(stmt, arena, last))
			done = unreadable(store, reterr);
		else
			last = &(*last)->next;
	}
	sqlite3_finalize(stmt);
	if (done)
		*ret_first = first;
	return done;
}

bool
store_user_find(struct store *store, const char *name, struct arena *arena, struct user **ret_user,
    struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store, USER_COLUMNS "WHERE name = ?1", &stmt, reterr))
		return false;
	sqlite_bind_text(stmt, 1, name);
	return read_users(store, stmt, arena, ret_user, reterr);
}

bool
store_user_list(
    struct store *store, struct arena *arena, struct user **ret_first, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	return sqlite_prepare(store, USER_COLUMNS "ORDER BY name", &stmt, reterr) &&
	       read_users(store, stmt, arena, ret_first, reterr);
}

/* --- writing --- */

static bool
insert_user(struct store *store, const struct user *user, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(
		store, "INSERT INTO basic_user VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &stmt, reterr))
		return false;
	sqlite_bind_text(stmt, 1, user->id);
	sqlite_bind_text(stmt, 2, user->name);
	sqlite_bind_text(stmt, 3, user->label);
	sqlite_bind_text(stmt, 4, user->hash);
	(void)sqlite3_bind_int(stmt, 5, user->disabled ? 1 : 0);
	(void)sqlite3_bind_int64(stmt, 6, user->created_s);
	return sqlite_finish(store, stmt, reterr);
}

static bool
add_within(struct store *store, const struct user *user, struct err *reterr)
{
	size_t i;

	if (!insert_user(store, user, reterr))
		return false;
	for (i = 0; i < user->roles.count; i++) {
		if (!sqlite_write_pair(store, ROLE_INSERT,
			(const char *const[2]){ user->id, user->roles.at[i] }, reterr))
			return false;
	}
	return true;
}

bool
store_user_add(struct store *store, const struct user *user, struct err *reterr)
{
	return sqlite_begin(store, reterr) &&
	       sqlite_end(store, add_within(store, user, reterr), reterr);
}

/* A statement on two texts, whole. *ret_changed: whether it changed a row. */
static bool
write_alone(struct store *store, const char *sql, const char *const pair[2], bool *ret_changed,
    struct err *reterr)
{
	bool well, changed;

	if (!sqlite_begin(store, reterr))
		return false;
	well = sqlite_write_pair(store, sql, pair, reterr);
	changed = well && sqlite3_changes(store->db) > 0;
	if (!sqlite_end(store, well, reterr))
		return false;
	*ret_changed = changed;
	return true;
}

static bool
gone(struct err *reterr)
{
	return err_set(reterr, "that user is gone");
}

static bool
change_within(struct store *store, const struct user *user, struct err *reterr)
{
	sqlite3_stmt *stmt = NULL;

	if (!sqlite_prepare(store, "UPDATE basic_user SET label = ?2, disabled = ?3 WHERE id = ?1",
		&stmt, reterr))
		return false;
	sqlite_bind_text(stmt, 1, user->id);
	sqlite_bind_text(stmt, 2, user->label);
	(void)sqlite3_bind_int(stmt, 3, user->disabled ? 1 : 0);
	return sqlite_finish(store, stmt, reterr) &&
	       (sqlite3_changes(store->db) > 0 || gone(reterr));
}

bool
store_user_change(struct store *store, const struct user *user, struct err *reterr)
{
	return sqlite_begin(store, reterr) &&
	       sqlite_end(store, change_within(store, user, reterr), reterr);
}

bool
store_user_set_hash(struct store *store, const char *user_id, const char *hash, struct err *reterr)
{
	const char *const pair[2] = { user_id, hash };
	bool changed = false;

	return write_alone(store, "UPDATE basic_user SET hash = ?2 WHERE id = ?1", pair, &changed,
		   reterr) &&
	       (changed || gone(reterr));
}

bool
store_user_set_role(
    struct store *store, const struct store_grant *grant, bool *ret_changed, struct err *reterr)
{
	const char *const pair[2] = { grant->client_id, grant->role };

	return write_alone(
	    store, grant->granted ? ROLE_INSERT : ROLE_DELETE, pair, ret_changed, reterr);
}

bool
store_user_delete(struct store *store, const char *user_id, bool *ret_found, struct err *reterr)
{
	const char *const pair[2] = { user_id, user_id };

	return write_alone(
	    store, "DELETE FROM basic_user WHERE id = ?1 AND id = ?2", pair, ret_found, reterr);
}
