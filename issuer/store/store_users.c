/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "issuer/model/incarnation.h"
#include "issuer/store/store_rows.h"

#define USER_COLUMNS "SELECT id, name, label, hash, disabled, created, incarnation FROM account "

/* Users as they are read: in the order of their ids, as their roles. */
struct reading {
	struct store *store;
	struct arena *arena;
	struct user *first, **last;
	struct user *at; /* whose roles are being read */
	size_t count;
};

static bool
take_user(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct user *user = arena_alloc(reading->arena, sizeof(*user));

	if (user == NULL)
		return store_unreadable(reading->store, "a user", reterr);
	user->id = store_column(row, 0, reading->arena);
	user->name = store_column(row, 1, reading->arena);
	user->label = store_column(row, 2, reading->arena);
	user->hash = store_column(row, 3, reading->arena);
	user->disabled = sql_column_number(row, 4) != 0;
	user->created_s = sql_column_number(row, 5);
	user->incarnation = store_column(row, 6, reading->arena);
	if (user->id == NULL || user->name == NULL || user->label == NULL || user->hash == NULL ||
	    user->incarnation == NULL)
		return store_unreadable(reading->store, "a user", reterr);
	*reading->last = user;
	reading->last = &user->next;
	reading->count++;
	return true;
}

static bool
take_role(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;

	while (reading->at != NULL && !span_is(sql_column(row, 0), reading->at->id))
		reading->at = reading->at->next;
	return (reading->at != NULL &&
		   store_push(&reading->at->roles, sql_column(row, 1), reading->arena)) ||
	       store_unreadable(reading->store, "a user's role", reterr);
}

static bool
read_roles(struct reading *reading, const char *text, const char *id, struct err *reterr)
{
	struct sql_value value = sql_text(id);
	struct sql_query query = { .text = text,
		.values = &value,
		.count = id == NULL ? 0 : 1,
		.each = take_role,
		.context = reading };

	reading->at = reading->first;
	return sql_run(reading->store->sql, &query, reterr);
}

bool
store_user_find(struct store *store, const struct store_wanted *wanted, struct user **ret_user,
    struct err *reterr)
{
	struct reading reading = { .store = store, .arena = wanted->arena };
	struct sql_value value = sql_text(wanted->name_or_id);
	struct sql_query query = {
		.text = USER_COLUMNS "WHERE id = $1 OR name = $1"
				     " ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1",
		.values = &value,
		.count = 1,
		.each = take_user,
		.context = &reading,
	};

	reading.last = &reading.first;
	if (!sql_run(store->sql, &query, reterr))
		return false;
	if (reading.first != NULL &&
	    !read_roles(&reading,
		"SELECT account_id, role FROM account_role WHERE account_id = $1 ORDER BY role",
		reading.first->id, reterr))
		return false;
	*ret_user = reading.first;
	return true;
}

static bool
list_within(struct reading *reading, struct err *reterr)
{
	struct sql_query query = {
		.text = USER_COLUMNS "ORDER BY id", .each = take_user, .context = reading
	};

	return sql_run(reading->store->sql, &query, reterr) &&
	       read_roles(reading,
		   "SELECT account_id, role FROM account_role ORDER BY account_id, role", NULL,
		   reterr);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct user *const *)a)->name, (*(struct user *const *)b)->name);
}

/* Read in the order of their ids, given in that of their names. */
static bool
sort(struct reading *reading, struct user **ret_first)
{
	struct user **all = calloc(reading->count + 1, sizeof(all[0]));
	size_t count = 0;

	if (all == NULL)
		return false;
	for (struct user *user = reading->first; user != NULL; user = user->next)
		all[count++] = user;
	qsort(all, count, sizeof(all[0]), by_name);
	for (size_t i = 0; i < count; i++)
		all[i]->next = all[i + 1];
	*ret_first = all[0];
	free(all);
	return true;
}

bool
store_user_list(
    struct store *store, struct arena *arena, struct user **ret_first, struct err *reterr)
{
	struct reading reading = { .store = store, .arena = arena };

	reading.last = &reading.first;
	if (!sql_snapshot(store->sql, reterr) ||
	    !sql_end(store->sql, list_within(&reading, reterr), reterr))
		return false;
	return sort(&reading, ret_first) || store_unreadable(store, "the list of users", reterr);
}

/* --- writing --- */

/* A change of one user, and whether there was anything to change. */
struct one {
	const struct user *user;
	struct sql_query query;
	int64_t changed;
};

static bool
add_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;
	struct store_principal name = { .kind = STORE_USER, .id = "", .name = one->user->name };
	struct store_principal added = store_user(one->user);

	return store_name_free(store, &name, reterr) && sql_run(store->sql, &one->query, reterr) &&
	       store_insert_roles(store, &added, &one->user->roles, reterr);
}

bool
store_user_add(struct store *store, const struct user *user, struct err *reterr)
{
	char incarnation[INCARNATION_ROOM];
	struct sql_value values[] = { sql_text(user->id), sql_text(user->name),
		sql_text(user->label), sql_text(user->hash), sql_number(user->disabled ? 1 : 0),
		sql_number(user->created_s), sql_text(incarnation) };
	struct one one = { .user = user,
		.query = { .text = "INSERT INTO account(id, name, label, hash, disabled, created,"
				   " incarnation) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		    .values = values,
		    .count = 7 } };
	struct store_change change = { "principals", "user add", user->name, add_within, &one,
		NULL };

	if (!incarnation_new(incarnation))
		return err_set(reterr, "the random generator failed");
	return store_do(store, &change, reterr);
}

static bool
query_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;

	return store_run(store, &one->query, &one->changed, reterr);
}

bool
store_user_set_hash(
    struct store *store, const struct user *user, const char *hash, struct err *reterr)
{
	struct sql_value values[] = { sql_text(user->id), sql_text(hash) };
	struct one one = { .query = { .text = "UPDATE account SET hash = $2 WHERE id = $1",
			       .values = values,
			       .count = 2 } };
	struct store_change change = { "principals", "user passwd", user->name, query_within, &one,
		&one.changed };

	if (!store_do(store, &change, reterr))
		return false;
	return one.changed > 0 || err_set(reterr, "there is no user \"%s\"", user->name);
}

bool
store_user_rehash(
    struct store *store, const struct user *user, const char *hash, struct err *reterr)
{
	struct sql_value values[] = { sql_text(user->id), sql_text(hash), sql_text(user->hash) };
	struct one one = {
		.query = { .text = "UPDATE account SET hash = $2 WHERE id = $1 AND hash = $3",
		    .values = values,
		    .count = 3 },
	};
	struct store_change change = { "principals", NULL, NULL, query_within, &one, &one.changed };

	return store_do(store, &change, reterr);
}
