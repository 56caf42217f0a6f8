/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "issuer/store/store_rows.h"

static bool
open_store(const char *database, enum sql_how how, struct store **ret_store, struct err *reterr)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return err_set(reterr, "no memory");
	(void)snprintf(store->by, sizeof(store->by), "uid %lu", (unsigned long)getuid());
	store->stale = true;
	if (!sql_open(database, how, &store->sql, reterr) ||
	    !store_migrate(store, how == SQL_MAKE, reterr)) {
		store_close(store);
		return false;
	}
	*ret_store = store;
	return true;
}

bool
store_open(const char *database, struct store **ret_store, struct err *reterr)
{
	return open_store(database, SQL_MAKE, ret_store, reterr);
}

bool
store_open_existing(const char *database, struct store **ret_store, struct err *reterr)
{
	return open_store(database, SQL_EXISTING, ret_store, reterr);
}

bool
store_open_again(const char *database, struct store **ret_store, struct err *reterr)
{
	return open_store(database, SQL_AGAIN, ret_store, reterr);
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	sql_close(store->sql);
	free(store);
}

int
store_descriptor(const struct store *store)
{
	return sql_descriptor(store->sql);
}

bool
store_same(struct store *store, struct err *reterr)
{
	return sql_same(store->sql, reterr);
}

bool
store_renewed(const struct store *store)
{
	return sql_renewed(store->sql);
}

bool
store_ping(struct store *store, struct err *reterr)
{
	return sql_ping(store->sql, reterr);
}

void
store_expect_news(struct store *store)
{
	store->stale = true;
}

bool
store_backup(struct store *store, const char *path, struct err *reterr)
{
	return sql_backup(store->sql, path, reterr);
}

/* --- counters --- */

static bool
read_counter(void *context, const struct sql_row *row, struct err *reterr)
{
	struct store_version *version = context;
	struct span name = sql_column(row, 0);
	int64_t value = sql_column_number(row, 1);

	(void)reterr;
	if (span_is(name, "principals"))
		version->principals = value;
	else if (span_is(name, "revocations"))
		version->revocations = value;
	else if (span_is(name, "keys"))
		version->keys = value;
	else if (span_is(name, "audit"))
		version->audit = value;
	else if (span_is(name, "dated"))
		version->dated = value;
	else if (span_is(name, "restored"))
		version->restored = value;
	return true;
}

bool
store_version(struct store *store, struct store_version *ret_version, struct err *reterr)
{
	struct sql_query query = { .text = "SELECT name, value FROM meta",
		.each = read_counter,
		.context = &store->version };
	bool news = false;

	if (!sql_news(store->sql, &news, reterr))
		return false;
	/* If reading fails, the change must be noticed again next time. */
	store->stale = store->stale || news;
	store->version.dated = store->stale ? -1 : store->version.dated;
	if (store->stale && !sql_run(store->sql, &query, reterr))
		return false;
	store->stale = false;
	*ret_version = store->version;
	return true;
}

static bool
take_number(void *context, const struct sql_row *row, struct err *reterr)
{
	(void)reterr;
	*(int64_t *)context = sql_column_number(row, 0);
	return true;
}

bool
store_next(struct store *store, const char *counter, int64_t *ret_number, struct err *reterr)
{
	struct sql_value name = sql_text(counter);
	struct sql_query up = { .text = "UPDATE meta SET value = value + 1 WHERE name = $1",
		.values = &name,
		.count = 1 };
	struct sql_query ask = { .text = "SELECT value FROM meta WHERE name = $1",
		.values = &name,
		.count = 1,
		.each = take_number,
		.context = ret_number };

	return sql_run(store->sql, &up, reterr) && sql_run(store->sql, &ask, reterr);
}

/* --- changes --- */

static bool
note(struct store *store, const struct store_change *change, struct err *reterr)
{
	struct sql_value values[5];
	struct sql_query query = {
		.text = "INSERT INTO audit(number, time, by_whom, action, object)"
			" VALUES ($1, $2, $3, $4, $5)",
		.values = values,
		.count = 5,
	};
	int64_t number;

	if (!store_next(store, "audit", &number, reterr))
		return false;
	values[0] = sql_number(number);
	values[1] = sql_number(clock_now_s());
	values[2] = sql_text(store->by);
	values[3] = sql_text(change->action);
	values[4] = sql_text(change->object);
	return sql_run(store->sql, &query, reterr);
}

static bool
do_within(struct store *store, const struct store_change *change, struct err *reterr)
{
	int64_t number;

	if (!change->within(store, change->context, reterr))
		return false;
	if (change->changed != NULL && *change->changed == 0)
		return true;
	if (change->action != NULL && !note(store, change, reterr))
		return false;
	if (change->counter == NULL)
		return true;
	return store_next(store, change->counter, &number, reterr) &&
	       sql_notify(store->sql, reterr);
}

bool
store_do(struct store *store, const struct store_change *change, struct err *reterr)
{
	return sql_begin(store->sql, reterr) &&
	       sql_end(store->sql, do_within(store, change, reterr), reterr);
}

/* --- rows --- */

bool
store_run(struct store *store, struct sql_query *query, int64_t *ret_changed, struct err *reterr)
{
	if (!sql_run(store->sql, query, reterr))
		return false;
	if (ret_changed != NULL)
		*ret_changed = query->changed;
	return true;
}

bool
store_unreadable(const struct store *store, const char *thing, struct err *reterr)
{
	return err_set(
	    reterr, "%s: %s cannot be read (no memory, or a damaged row)", store->sql->name, thing);
}

char *
store_column(const struct sql_row *row, int column, struct arena *arena)
{
	return arena_text(arena, sql_column(row, column));
}

bool
store_push(struct texts *texts, struct span text, struct arena *arena)
{
	size_t room = 4;
	const char **grown;

	/* Full at 0, 4, 8, 16, …: then there is twice the room. */
	while (room < texts->count)
		room *= 2;
	if (texts->count == 0 || texts->count == room) {
		grown = arena_array(arena, texts->count == 0 ? room : room * 2, sizeof(grown[0]));
		if (grown == NULL)
			return false;
		if (texts->count > 0)
			memcpy(grown, texts->at, texts->count * sizeof(grown[0]));
		texts->at = grown;
	}
	texts->at[texts->count] = arena_text(arena, text);
	return texts->at[texts->count++] != NULL;
}

bool
store_write_pair(
    struct store *store, const struct store_pair *pair, int64_t *ret_changed, struct err *reterr)
{
	struct sql_value values[2] = { sql_text(pair->first), sql_text(pair->second) };
	struct sql_query query = { .text = pair->text, .values = values, .count = 2 };

	return store_run(store, &query, ret_changed, reterr);
}
