/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations, public keys, and the audit. */
#include <stdio.h>

#include "issuer/store/store_rows.h"

static const char *const kind_words[] = { "token", "client", "subject", "all" };

/* A revocation to be written, and what is there of it already. */
struct revoking {
	const struct revocation *revocation;
	int64_t number;    /* of the row that revokes the same; 0: there is none */
	int64_t until_s;   /* as that row says */
	int64_t rows_made; /* 0 or 1 */
};

static bool
lasts(int64_t until_s, int64_t wanted_s)
{
	return until_s == 0 || (wanted_s != 0 && until_s >= wanted_s);
}

/* Of several rows the one that is remembered the longest. */
static bool
take_same(void *context, const struct sql_row *row, struct err *reterr)
{
	struct revoking *revoking = context;
	int64_t until_s = sql_column_number(row, 1);

	(void)reterr;
	if (revoking->number == 0 || lasts(until_s, revoking->until_s)) {
		revoking->number = sql_column_number(row, 0);
		revoking->until_s = until_s;
	}
	return true;
}

/* By the index, which has the beginning of the value: PostgreSQL indexes no long texts. */
static bool
find_same(struct store *store, struct revoking *revoking, struct err *reterr)
{
	const struct revocation *revocation = revoking->revocation;
	struct sql_value values[] = { sql_number(revocation->kind), sql_text(revocation->issuer),
		sql_text(revocation->value), sql_number(revocation->before_s) };
	struct sql_query query = {
		.text = "SELECT number, until_s FROM revocation WHERE kind = $1 AND issuer = $2"
			" AND substr(value, 1, 64) = substr($3, 1, 64) AND value = $3"
			" AND before_s >= $4",
		.values = values,
		.count = 4,
		.each = take_same,
		.context = revoking,
	};

	return sql_run(store->sql, &query, reterr);
}

/* Under a new number, by which every gate reads it again. */
static bool
remember_longer(struct store *store, const struct revoking *revoking, struct err *reterr)
{
	struct sql_value values[3];
	struct sql_query query = {
		.text = "UPDATE revocation SET number = $1, until_s = $2 WHERE number = $3",
		.values = values,
		.count = 3,
	};
	int64_t number;

	if (!store_next(store, "revocations", &number, reterr))
		return false;
	values[0] = sql_number(number);
	values[1] = sql_number(revoking->revocation->until_s);
	values[2] = sql_number(revoking->number);
	return sql_run(store->sql, &query, reterr) && sql_notify(store->sql, reterr);
}

static bool
insert_revocation(struct store *store, const struct revocation *revocation, struct err *reterr)
{
	struct sql_value values[8];
	struct sql_query query = {
		.text = "INSERT INTO revocation(number, kind, issuer, value, before_s, until_s,"
			" created, by_whom) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		.values = values,
		.count = 8,
	};
	int64_t number;

	/* The counter's row is locked until we commit, so numbers are seen in their order. */
	if (!store_next(store, "revocations", &number, reterr))
		return false;
	values[0] = sql_number(number);
	values[1] = sql_number(revocation->kind);
	values[2] = sql_text(revocation->issuer);
	values[3] = sql_text(revocation->value);
	values[4] = sql_number(revocation->before_s);
	values[5] = sql_number(revocation->until_s);
	values[6] = sql_number(revocation->created_s);
	values[7] = sql_text(revocation->by);
	return sql_run(store->sql, &query, reterr) && sql_notify(store->sql, reterr);
}

/* From then on, gates date what says "until now". Those of older rows are left as they are. */
static bool
begin_dating(struct store *store, struct err *reterr)
{
	struct sql_query query = { .text = "INSERT INTO meta(name, value) SELECT 'dated', value"
					   " FROM meta WHERE name = 'revocations'"
					   " ON CONFLICT DO NOTHING" };

	return sql_run(store->sql, &query, reterr);
}

static bool
revoke_within(struct store *store, void *context, struct err *reterr)
{
	struct revoking *revoking = context;

	/* Our clock may be wrong, so the dates cannot show whether it was revoked already. */
	if (revocation_until_now(revoking->revocation)) {
		revoking->rows_made = 1;
		return begin_dating(store, reterr) &&
		       insert_revocation(store, revoking->revocation, reterr);
	}
	if (!find_same(store, revoking, reterr))
		return false;
	if (revoking->number != 0)
		return lasts(revoking->until_s, revoking->revocation->until_s) ||
		       remember_longer(store, revoking, reterr);
	revoking->rows_made = 1;
	return insert_revocation(store, revoking->revocation, reterr);
}

/* A jti is not secret, but long: the audit has only the kind and the owner. */
bool
store_revoke(
    struct store *store, const struct revocation *revocation, bool *ret_new, struct err *reterr)
{
	struct revoking revoking = { .revocation = revocation };
	char action[64], object[512];
	struct store_change change = { NULL, action, object, revoke_within, &revoking,
		&revoking.rows_made };

	(void)snprintf(action, sizeof(action), "revoke %s", kind_words[revocation->kind]);
	(void)snprintf(object, sizeof(object), "%s%s%s by %s", revocation->issuer,
	    revocation->value[0] == '\0' ? "" : " ", revocation->value,
	    revocation->by == NULL ? "" : revocation->by);
	if (!store_do(store, &change, reterr))
		return false;
	*ret_new = revoking.rows_made > 0;
	return true;
}

/* A list as it is read. */
struct reading {
	struct store *store;
	struct arena *arena;
	struct store_revocations *revocations;
	struct revocation **last_revocation;
	struct store_key **last_key;
	struct store_audit **last_audit;
};

static bool
take_revocation(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct revocation *one = arena_alloc(reading->arena, sizeof(*one));

	if (one == NULL)
		return store_unreadable(reading->store, "a revocation", reterr);
	reading->revocations->last = sql_column_number(row, 0);
	one->number = reading->revocations->last;
	one->kind = (int)sql_column_number(row, 1);
	one->issuer = store_column(row, 2, reading->arena);
	one->value = store_column(row, 3, reading->arena);
	one->before_s = sql_column_number(row, 4);
	one->until_s = sql_column_number(row, 5);
	one->created_s = sql_column_number(row, 6);
	one->by = store_column(row, 7, reading->arena);
	if (one->issuer == NULL || one->value == NULL || one->by == NULL)
		return store_unreadable(reading->store, "a revocation", reterr);
	*reading->last_revocation = one;
	reading->last_revocation = &one->next;
	return true;
}

bool
store_revocations(struct store *store, const struct store_after *after,
    struct store_revocations *ret_revocations, struct err *reterr)
{
	struct reading reading = { .store = store,
		.arena = after->arena,
		.revocations = ret_revocations,
		.last_revocation = &ret_revocations->first };
	struct sql_value number = sql_number(after->number);
	struct sql_query query = {
		.text = "SELECT number, kind, issuer, value, before_s, until_s, created, by_whom"
			" FROM revocation WHERE number > $1 ORDER BY number",
		.values = &number,
		.count = 1,
		.each = take_revocation,
		.context = &reading,
	};

	*ret_revocations = (struct store_revocations){ NULL, after->number };
	return sql_run(store->sql, &query, reterr);
}

static bool
forget_within(struct store *store, void *context, struct err *reterr)
{
	return sql_run(store->sql, context, reterr);
}

/* Take the write lock like any other change, so that no row is deleted that another writer has just
 * found and relies on. */
bool
store_forget(struct store *store, int64_t now_s, struct err *reterr)
{
	struct sql_value now = sql_number(now_s);
	struct sql_query query = {
		.text = "DELETE FROM revocation WHERE until_s > 0 AND until_s <= $1",
		.values = &now,
		.count = 1,
	};
	struct store_change change = { NULL, NULL, NULL, forget_within, &query, NULL };

	return store_do(store, &change, reterr);
}

/* --- keys --- */

/* The keys of one gate as they are to be. */
struct publication {
	const struct store_key_owner *owner;
	const struct store_key *first;
};

static bool
publish_one(struct store *store, const struct store_key_owner *owner, const struct store_key *key,
    struct err *reterr)
{
	struct sql_value values[] = { sql_text(owner->issuer), sql_text(owner->gate),
		sql_text(key->kid), sql_text(key->jwk), sql_number(key->until_s) };
	struct sql_query query = {
		.text = "INSERT INTO signing_key(issuer, gate, kid, jwk, until_s)"
			" VALUES ($1, $2, $3, $4, $5)",
		.values = values,
		.count = 5,
	};

	return sql_run(store->sql, &query, reterr);
}

static bool
publish_within(struct store *store, void *context, struct err *reterr)
{
	const struct publication *publication = context;
	const struct store_key_owner *owner = publication->owner;
	struct sql_value values[] = { sql_text(owner->issuer), sql_text(owner->gate),
		sql_number(owner->now_s) };
	struct sql_query query = {
		.text = "DELETE FROM signing_key"
			" WHERE (issuer = $1 AND gate = $2) OR until_s <= $3",
		.values = values,
		.count = 3,
	};

	if (!sql_run(store->sql, &query, reterr))
		return false;
	for (const struct store_key *key = publication->first; key != NULL; key = key->next)
		if (!publish_one(store, owner, key, reterr))
			return false;
	return true;
}

bool
store_keys_publish(struct store *store, const struct store_key_owner *owner,
    const struct store_key *first, struct err *reterr)
{
	struct publication publication = { owner, first };
	struct store_change change = { "keys", NULL, NULL, publish_within, &publication, NULL };

	return store_do(store, &change, reterr);
}

static bool
take_key(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct store_key *key = arena_alloc(reading->arena, sizeof(*key));

	if (key == NULL)
		return store_unreadable(reading->store, "a key", reterr);
	key->issuer = store_column(row, 0, reading->arena);
	key->gate = store_column(row, 1, reading->arena);
	key->kid = store_column(row, 2, reading->arena);
	key->jwk = store_column(row, 3, reading->arena);
	key->until_s = sql_column_number(row, 4);
	if (key->issuer == NULL || key->gate == NULL || key->kid == NULL || key->jwk == NULL)
		return store_unreadable(reading->store, "a key", reterr);
	*reading->last_key = key;
	reading->last_key = &key->next;
	return true;
}

bool
store_keys(
    struct store *store, struct arena *arena, struct store_key **ret_first, struct err *reterr)
{
	struct reading reading = { .store = store, .arena = arena, .last_key = ret_first };
	struct sql_query query = { .text = "SELECT issuer, gate, kid, jwk, until_s FROM signing_key"
					   " ORDER BY issuer, gate, kid",
		.each = take_key,
		.context = &reading };

	*ret_first = NULL;
	return sql_run(store->sql, &query, reterr);
}

/* --- audit --- */

static bool
take_audit(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct store_audit *one = arena_alloc(reading->arena, sizeof(*one));

	if (one == NULL)
		return store_unreadable(reading->store, "the audit", reterr);
	one->number = sql_column_number(row, 0);
	one->time_s = sql_column_number(row, 1);
	one->by = store_column(row, 2, reading->arena);
	one->action = store_column(row, 3, reading->arena);
	one->object = store_column(row, 4, reading->arena);
	if (one->by == NULL || one->action == NULL || one->object == NULL)
		return store_unreadable(reading->store, "the audit", reterr);
	*reading->last_audit = one;
	reading->last_audit = &one->next;
	return true;
}

bool
store_audits(struct store *store, const struct store_after *after, struct store_audit **ret_first,
    struct err *reterr)
{
	struct reading reading = { .store = store, .arena = after->arena, .last_audit = ret_first };
	struct sql_value number = sql_number(after->number);
	struct sql_query query = {
		.text = "SELECT number, time, by_whom, action, object FROM audit"
			" WHERE number > $1 ORDER BY number LIMIT 1000",
		.values = &number,
		.count = 1,
		.each = take_audit,
		.context = &reading,
	};

	*ret_first = NULL;
	return sql_run(store->sql, &query, reterr);
}
