/* SPDX-License-Identifier: Apache-2.0 */
/* Writing clients. */
#include <stdio.h>

#include "base/arena.h"
#include "issuer/model/client_claim.h"
#include "issuer/model/incarnation.h"
#include "issuer/store/store_rows.h"

#define ARENA_MAX (1u << 20)
#define SCOPE_INSERT "INSERT INTO client_scope VALUES ($1, $2) ON CONFLICT DO NOTHING"

static bool
insert_client(struct store *store, const struct client *client, struct err *reterr)
{
	char incarnation[INCARNATION_ROOM];
	struct sql_value values[] = { sql_text(client->id), sql_text(client->name),
		sql_text(client->label), sql_text(client->description), sql_text(client->owner),
		sql_text(client->contact), sql_number(client->method), sql_text(client->jwks),
		sql_number(client->disabled ? 1 : 0), sql_number(client->token_lifetime_s),
		sql_number(client->created_s), sql_text(client->slots[0].hash),
		sql_number(client->slots[0].issued_s), sql_text(client->slots[1].hash),
		sql_number(client->slots[1].issued_s), sql_text(incarnation),
		sql_number(client->slots[0].until_s), sql_number(client->slots[1].until_s) };
	struct sql_query query = {
		.text = "INSERT INTO client(id, name, label, description, owner, contact, method,"
			" jwks, disabled, token_lifetime, created, secret_1, secret_1_issued,"
			" secret_2, secret_2_issued, incarnation, secret_1_until, secret_2_until)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
			" $15, $16, $17, $18)",
		.values = values,
		.count = sizeof(values) / sizeof(values[0]),
	};

	if (!incarnation_new(incarnation))
		return err_set(reterr, "the random generator failed");
	return sql_run(store->sql, &query, reterr);
}

static bool
insert_scopes(struct store *store, const struct client *client, struct err *reterr)
{
	for (size_t i = 0; i < client->scopes.count; i++) {
		struct store_pair pair = { SCOPE_INSERT, client->id, client->scopes.at[i] };

		if (!store_write_pair(store, &pair, NULL, reterr))
			return false;
	}
	return true;
}

static bool
insert_claim(struct store *store, const char *id, struct span claim, struct err *reterr)
{
	struct arena arena;
	struct sql_value values[3];
	struct sql_query query = {
		.text = "INSERT INTO client_claim(client_id, name, value) VALUES ($1, $2, $3)",
		.values = values,
		.count = 3
	};
	const char *name, *value;
	bool done;

	arena_init(&arena, ARENA_MAX);
	name = arena_text(&arena, client_claim_name(claim));
	value = arena_text(&arena, client_claim_value(claim));
	values[0] = sql_text(id);
	values[1] = sql_text(name);
	values[2] = sql_text(value);
	done = name != NULL && value != NULL ? sql_run(store->sql, &query, reterr)
					     : err_set(reterr, "no memory");
	arena_done(&arena);
	return done;
}

static bool
insert_claims(struct store *store, const struct client *client, struct err *reterr)
{
	for (size_t i = 0; i < client->claims.count; i++)
		if (!insert_claim(store, client->id, span_of(client->claims.at[i]), reterr))
			return false;
	return true;
}

static bool
add_within(struct store *store, void *context, struct err *reterr)
{
	const struct client *client = context;
	struct store_principal name = { .kind = STORE_CLIENT, .id = "", .name = client->name };
	struct store_principal id = { .kind = STORE_CLIENT, .id = "", .name = client->id };
	struct store_principal added = store_client(client);

	return store_name_free(store, &name, reterr) && store_name_free(store, &id, reterr) &&
	       insert_client(store, client, reterr) &&
	       store_insert_roles(store, &added, &client->roles, reterr) &&
	       insert_scopes(store, client, reterr) && insert_claims(store, client, reterr);
}

bool
store_add(struct store *store, const struct client *client, struct err *reterr)
{
	struct client copy = *client;
	struct store_change change = { "principals", "client add", client->name, add_within, &copy,
		NULL };

	return store_do(store, &change, reterr);
}

/* A change of one client, and whether there was anything to change. */
struct one {
	const char *id;
	struct sql_query query;
	const struct client *was, *client;
	const char *name;
	int64_t changed;
};

static bool
must_be(const struct one *one, struct err *reterr)
{
	return one->changed > 0 || err_set(reterr, "there is no client \"%s\"", one->id);
}

static bool
write_change(struct store *store, struct one *one, struct err *reterr)
{
	const struct client *client = one->client;
	struct sql_value id = sql_text(client->id);
	struct sql_query scopes = {
		.text = "DELETE FROM client_scope WHERE client_id = $1", .values = &id, .count = 1
	};
	struct sql_query claims = {
		.text = "DELETE FROM client_claim WHERE client_id = $1", .values = &id, .count = 1
	};

	return store_run(store, &one->query, &one->changed, reterr) && must_be(one, reterr) &&
	       sql_run(store->sql, &scopes, reterr) && insert_scopes(store, client, reterr) &&
	       sql_run(store->sql, &claims, reterr) && insert_claims(store, client, reterr);
}

/* Is it unchanged since it was read, except for the last use of its secrets? */
static bool
unchanged(struct store *store, const struct one *one, struct err *reterr)
{
	struct client *now = NULL;
	struct arena arena;
	bool same = false;

	arena_init(&arena, ARENA_MAX);
	if (store_find(store, &(struct store_wanted){ one->id, &arena }, &now, reterr)) {
		same = now != NULL && client_same(now, one->was);
		if (!same)
			(void)err_set(reterr,
			    "somebody else has just changed client \"%s\": try again",
			    one->was->name);
	}
	arena_done(&arena);
	return same;
}

static bool
change_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;

	if (!unchanged(store, one, reterr))
		return false;
	return client_same(one->was, one->client) || write_change(store, one, reterr);
}

bool
store_change(
    struct store *store, const struct client *was, const struct client *client, struct err *reterr)
{
	struct sql_value values[] = { sql_text(client->id), sql_text(client->label),
		sql_text(client->description), sql_text(client->owner), sql_text(client->contact),
		sql_number(client->method), sql_text(client->jwks),
		sql_number(client->token_lifetime_s) };
	struct one one = { .id = client->id,
		.was = was,
		.client = client,
		.query = { .text = "UPDATE client SET label = $2, description = $3, owner = $4,"
				   " contact = $5, method = $6, jwks = $7, token_lifetime = $8"
				   " WHERE id = $1",
		    .values = values,
		    .count = sizeof(values) / sizeof(values[0]) } };
	struct store_change change = { "principals", "client change", client->name, change_within,
		&one, &one.changed };

	return store_do(store, &change, reterr);
}

static bool
query_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;

	return store_run(store, &one->query, &one->changed, reterr) && must_be(one, reterr);
}

static bool
rename_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;

	struct store_principal renamed = { .kind = STORE_CLIENT, .id = one->id, .name = one->name };

	return store_name_free(store, &renamed, reterr) && query_within(store, one, reterr);
}

bool
store_rename(
    struct store *store, const struct client *client, const char *new_name, struct err *reterr)
{
	struct sql_value values[] = { sql_text(client->id), sql_text(new_name) };
	struct one one = { .id = client->id,
		.name = new_name,
		.query = { .text = "UPDATE client SET name = $2 WHERE id = $1",
		    .values = values,
		    .count = 2 } };
	char object[300];
	struct store_change change = { "principals", "client rename", object, rename_within, &one,
		NULL };

	(void)snprintf(object, sizeof(object), "%s to %s", client->name, new_name);
	return store_do(store, &change, reterr);
}

static bool
slot_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;

	return store_run(store, &one->query, &one->changed, reterr) &&
	       (one->changed > 0 ||
		   err_set(reterr,
		       "somebody else has just changed the secrets of client \"%s\": try again",
		       one->name));
}

bool
store_set_slot(struct store *store, const struct client *client, const struct store_slot *slot,
    struct err *reterr)
{
	struct sql_value values[] = { sql_text(client->id), sql_text(slot->filled->hash),
		sql_number(slot->filled->issued_s), sql_text(client->slots[slot->at].hash),
		sql_number(slot->filled->until_s) };
	struct one one = { .id = client->id,
		.name = client->name,
		.query = { .text = slot->at == 0
				       ? "UPDATE client SET secret_1 = $2, secret_1_issued = $3,"
					 " secret_1_used = 0, secret_1_until = $5 WHERE id = $1"
					 " AND secret_1 = $4"
				       : "UPDATE client SET secret_2 = $2, secret_2_issued = $3,"
					 " secret_2_used = 0, secret_2_until = $5 WHERE id = $1"
					 " AND secret_2 = $4",
		    .values = values,
		    .count = 5 } };
	struct store_change change = { "principals",
		slot->filled->hash[0] == '\0' ? "client revoke-secret" : "client rotate",
		client->name, slot_within, &one, NULL };

	return store_do(store, &change, reterr);
}

bool
store_used(struct store *store, const struct store_use *use, struct err *reterr)
{
	struct sql_value values[] = { sql_text(use->client_id), sql_number(use->when_s) };
	struct sql_query query = {
		.text = use->slot == 0 ? "UPDATE client SET secret_1_used = $2 WHERE id = $1"
				       : "UPDATE client SET secret_2_used = $2 WHERE id = $1",
		.values = values,
		.count = 2,
	};

	return sql_run(store->sql, &query, reterr);
}
