/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "issuer/store/store_rows.h"

#define CLIENT_COLUMNS                                                                             \
	"SELECT id, name, label, description, owner, contact, method, jwks, disabled,"             \
	" token_lifetime, created, secret_1, secret_1_issued, secret_1_used, secret_2,"            \
	" secret_2_issued, secret_2_used, incarnation, secret_1_until, secret_2_until FROM "       \
	"client "

enum column {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_LABEL,
	COLUMN_DESCRIPTION,
	COLUMN_OWNER,
	COLUMN_CONTACT,
	COLUMN_METHOD,
	COLUMN_JWKS,
	COLUMN_DISABLED,
	COLUMN_LIFETIME,
	COLUMN_CREATED,
	COLUMN_SECRET_1,
	COLUMN_SECRET_2 = COLUMN_SECRET_1 + 3,
	COLUMN_INCARNATION = COLUMN_SECRET_2 + 3,
	COLUMN_UNTIL_1,
	COLUMN_UNTIL_2
};

/* Clients as they are read: a list, and where the next one goes. */
struct reading {
	struct store *store;
	struct arena *arena;
	struct client *first, **last;
	struct client *at; /* whose roles are being read */
	size_t count;
};

/* False: the hash is longer than any that was ever written. */
static bool
read_slot(const struct sql_row *row, int column, struct client_slot *slot)
{
	struct span hash = sql_column(row, column);

	if (hash.len >= sizeof(slot->hash))
		return false;
	if (hash.len > 0)
		memcpy(slot->hash, hash.at, hash.len);
	slot->hash[hash.len] = 0;
	slot->issued_s = sql_column_number(row, column + 1);
	slot->used_s = sql_column_number(row, column + 2);
	return true;
}

static bool
read_texts(const struct sql_row *row, struct arena *arena, struct client *client)
{
	struct span jwks = sql_column(row, COLUMN_JWKS);

	client->id = store_column(row, COLUMN_ID, arena);
	client->name = store_column(row, COLUMN_NAME, arena);
	client->label = store_column(row, COLUMN_LABEL, arena);
	client->description = store_column(row, COLUMN_DESCRIPTION, arena);
	client->owner = store_column(row, COLUMN_OWNER, arena);
	client->contact = store_column(row, COLUMN_CONTACT, arena);
	client->incarnation = store_column(row, COLUMN_INCARNATION, arena);
	if (jwks.len > 0)
		client->jwks = arena_text(arena, jwks);
	return client->id != NULL && client->name != NULL && client->label != NULL &&
	       client->description != NULL && client->owner != NULL && client->contact != NULL &&
	       client->incarnation != NULL && (jwks.len == 0 || client->jwks != NULL);
}

static bool
take_client(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct client *client = arena_alloc(reading->arena, sizeof(*client));
	int64_t method = sql_column_number(row, COLUMN_METHOD);

	if (client == NULL || !read_texts(row, reading->arena, client) ||
	    !read_slot(row, COLUMN_SECRET_1, &client->slots[0]) ||
	    !read_slot(row, COLUMN_SECRET_2, &client->slots[1]) || method < 0 ||
	    method > CLIENT_TLS)
		return store_unreadable(reading->store, "a client", reterr);
	client->method = (int)method;
	client->slots[0].until_s = sql_column_number(row, COLUMN_UNTIL_1);
	client->slots[1].until_s = sql_column_number(row, COLUMN_UNTIL_2);
	client->disabled = sql_column_number(row, COLUMN_DISABLED) != 0;
	client->token_lifetime_s = sql_column_number(row, COLUMN_LIFETIME);
	client->created_s = sql_column_number(row, COLUMN_CREATED);
	*reading->last = client;
	reading->last = &client->next;
	reading->count++;
	return true;
}

/* Rows come in the order of the clients' ids, as the clients do. */
static struct client *
owner_of(struct reading *reading, struct span id)
{
	while (reading->at != NULL && !span_is(id, reading->at->id))
		reading->at = reading->at->next;
	return reading->at;
}

static bool
take_role(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct client *client = owner_of(reading, sql_column(row, 0));

	return (client != NULL && store_push(&client->roles, sql_column(row, 1), reading->arena)) ||
	       store_unreadable(reading->store, "a client's role", reterr);
}

static bool
take_scope(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct client *client = owner_of(reading, sql_column(row, 0));

	return (client != NULL &&
		   store_push(&client->scopes, sql_column(row, 1), reading->arena)) ||
	       store_unreadable(reading->store, "a client's scope", reterr);
}

static bool
take_claim(void *context, const struct sql_row *row, struct err *reterr)
{
	struct reading *reading = context;
	struct client *client = owner_of(reading, sql_column(row, 0));

	return (client != NULL &&
		   store_push(&client->claims, sql_column(row, 1), reading->arena)) ||
	       store_unreadable(reading->store, "a client's claim", reterr);
}

#define ROLES "SELECT client_id, role FROM client_role "
#define SCOPES "SELECT client_id, scope FROM client_scope "
#define CLAIMS "SELECT client_id, name || '=' || value FROM client_claim "
#define OF_ONE "WHERE client_id = $1 ORDER BY "
#define OF_ALL "ORDER BY client_id, "

static const struct {
	const char *of_one, *of_all;
	bool (*take)(void *context, const struct sql_row *row, struct err *reterr);
} lists[] = {
	{ ROLES OF_ONE "role", ROLES OF_ALL "role", take_role },
	{ SCOPES OF_ONE "scope", SCOPES OF_ALL "scope", take_scope },
	{ CLAIMS OF_ONE "name", CLAIMS OF_ALL "name", take_claim },
};

/* Those of one client; id NULL: of all that were read. */
static bool
read_lists(struct reading *reading, const struct sql_value *id, struct err *reterr)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct sql_query query = { .text = id == NULL ? lists[i].of_all : lists[i].of_one,
			.values = id,
			.count = id == NULL ? 0 : 1,
			.each = lists[i].take,
			.context = reading };

		reading->at = reading->first;
		if (!sql_run(reading->store->sql, &query, reterr))
			return false;
	}
	return true;
}

static bool
find_within(struct reading *reading, const char *name_or_id, struct err *reterr)
{
	struct sql_value wanted = sql_text(name_or_id), id;
	struct sql_query query = {
		.text = CLIENT_COLUMNS "WHERE id = $1 OR name = $1"
				       " ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1",
		.values = &wanted,
		.count = 1,
		.each = take_client,
		.context = reading,
	};

	if (!sql_run(reading->store->sql, &query, reterr))
		return false;
	if (reading->first == NULL)
		return true;
	id = sql_text(reading->first->id);
	return read_lists(reading, &id, reterr);
}

bool
store_find(struct store *store, const struct store_wanted *wanted, struct client **ret_client,
    struct err *reterr)
{
	struct reading reading = { .store = store, .arena = wanted->arena };

	reading.last = &reading.first;
	if (!find_within(&reading, wanted->name_or_id, reterr))
		return false;
	*ret_client = reading.first;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct client *const *)a)->name, (*(struct client *const *)b)->name);
}

/* Read in the order of their ids, given in that of their names. */
static bool
sort(struct reading *reading, struct client **ret_first)
{
	struct client **all = calloc(reading->count + 1, sizeof(all[0])), *client;
	size_t count = 0;

	if (all == NULL)
		return false;
	for (client = reading->first; client != NULL; client = client->next)
		all[count++] = client;
	qsort(all, count, sizeof(all[0]), by_name);
	for (size_t i = 0; i < count; i++)
		all[i]->next = all[i + 1];
	*ret_first = all[0];
	free(all);
	return true;
}

static bool
list_within(struct reading *reading, struct err *reterr)
{
	struct sql_query query = {
		.text = CLIENT_COLUMNS "ORDER BY id", .each = take_client, .context = reading
	};

	return sql_run(reading->store->sql, &query, reterr) && read_lists(reading, NULL, reterr);
}

/* In one transaction, so that no role belongs to a client that was read before it was made. */
bool
store_list(struct store *store, struct arena *arena, struct client **ret_first, struct err *reterr)
{
	struct reading reading = { .store = store, .arena = arena };

	reading.last = &reading.first;
	if (!sql_snapshot(store->sql, reterr) ||
	    !sql_end(store->sql, list_within(&reading, reterr), reterr))
		return false;
	return sort(&reading, ret_first) || store_unreadable(store, "the list of clients", reterr);
}
