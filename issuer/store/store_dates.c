/* SPDX-License-Identifier: Apache-2.0 */
/* The date of a revocation that says "until now": by the clock of a gate, which issues the tokens,
 * not by the clock of the machine where the command ran. */
#include "base/arena.h"
#include "issuer/store/store_rows.h"

#define ARENA_MAX (64u << 20)

struct dating {
	int64_t now_s;
	int64_t dated; /* number of the last one that was dated; -1: none is to be */
	struct arena *arena;
	struct revocation *first; /* those that change */
};

static bool
take_number(void *context, const struct sql_row *row, struct err *reterr)
{
	(void)reterr;
	*(int64_t *)context = sql_column_number(row, 0);
	return true;
}

/* With PostgreSQL tokens are issued by several machines: use the later of both clocks. */
static bool
ask_server(struct store *store, int64_t *now_s, struct err *reterr)
{
	int64_t server_s = 0;
	struct sql_query query = {
		.text = "SELECT CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)",
		.each = take_number,
		.context = &server_s,
	};

	if (!sql_is_postgres(store->sql))
		return true;
	if (!sql_run(store->sql, &query, reterr))
		return false;
	*now_s = server_s > *now_s ? server_s : *now_s;
	return true;
}

static bool
take_row(void *context, const struct sql_row *row, struct err *reterr)
{
	struct dating *dating = context;
	struct revocation one = { .number = sql_column_number(row, 0),
		.kind = (int)sql_column_number(row, 1),
		.before_s = sql_column_number(row, 2),
		.until_s = sql_column_number(row, 3),
		.created_s = sql_column_number(row, 4),
		.next = dating->first };
	bool fresh = dating->dated >= 0 && one.number > dating->dated;

	if (!revocation_date(&one, fresh, dating->now_s))
		return true;
	dating->first = arena_alloc(dating->arena, sizeof(one));
	if (dating->first == NULL)
		return err_set(reterr, "no memory");
	*dating->first = one;
	return true;
}

static bool
find_rows(struct store *store, struct dating *dating, struct err *reterr)
{
	struct sql_value after[] = { sql_number(dating->dated < 0 ? INT64_MAX : dating->dated),
		sql_number(dating->now_s) };
	struct sql_query query = {
		.text = "SELECT number, kind, before_s, until_s, created FROM revocation"
			" WHERE kind > 0 AND before_s = created AND (number > $1 OR before_s > $2)",
		.values = after,
		.count = 2,
		.each = take_row,
		.context = dating,
	};

	return sql_run(store->sql, &query, reterr);
}

static bool
write_row(
    struct store *store, const struct revocation *one, int64_t *ret_number, struct err *reterr)
{
	struct sql_value values[4];
	struct sql_query query = {
		.text = "UPDATE revocation SET number = $1, before_s = $2, created = $2,"
			" until_s = $3 WHERE number = $4",
		.values = values,
		.count = 4,
	};

	if (!store_next(store, "revocations", ret_number, reterr))
		return false;
	values[0] = sql_number(*ret_number);
	values[1] = sql_number(one->before_s);
	values[2] = sql_number(one->until_s);
	values[3] = sql_number(one->number);
	return sql_run(store->sql, &query, reterr);
}

static bool
date_within(struct store *store, void *context, struct err *reterr)
{
	struct dating *dating = context;
	struct sql_query ask = { .text = "SELECT value FROM meta WHERE name = 'dated'",
		.each = take_number,
		.context = &dating->dated };
	struct sql_value last;
	struct sql_query mark = { .text = "UPDATE meta SET value = $1 WHERE name = 'dated'",
		.values = &last,
		.count = 1 };
	int64_t number;

	/* Update the counter first: that locks its row, so that no revocation is added until we
	 * commit. */
	if (!store_next(store, "revocations", &number, reterr) ||
	    !ask_server(store, &dating->now_s, reterr) || !sql_run(store->sql, &ask, reterr) ||
	    !find_rows(store, dating, reterr))
		return false;
	for (const struct revocation *one = dating->first; one != NULL; one = one->next)
		if (!write_row(store, one, &number, reterr))
			return false;
	last = sql_number(number);
	return sql_run(store->sql, &mark, reterr) && sql_notify(store->sql, reterr);
}

bool
store_date_revocations(struct store *store, int64_t now_s, struct err *reterr)
{
	struct arena arena;
	struct dating dating = { .now_s = now_s, .dated = -1, .arena = &arena };
	struct store_change change = { NULL, NULL, NULL, date_within, &dating, NULL };
	bool done;

	arena_init(&arena, ARENA_MAX);
	done = store_do(store, &change, reterr);
	arena_done(&arena);
	return done;
}
