/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that are the same for clients and users: only the tables and the audit's words differ. */
#include <stdio.h>

#include "issuer/store/store_rows.h"

#define OBJECT_ROOM 300

static const struct {
	const char *noun;
	const char *roles[2]; /* revoke one, grant one */
	const char *name_taken, *there, *set_disabled, *delete;
	const char *set_role_words[2], *set_disabled_words[2], *delete_words;
} kinds[] = {
	[STORE_CLIENT] = { "client",
	    { "DELETE FROM client_role WHERE client_id = $1 AND role = $2",
		"INSERT INTO client_role VALUES ($1, $2) ON CONFLICT DO NOTHING" },
	    "SELECT 1 FROM client WHERE (name = $1 OR id = $1) AND id <> $2",
	    "SELECT 1 FROM client WHERE id = $1",
	    "UPDATE client SET disabled = $2 WHERE id = $1 AND disabled <> $2",
	    "DELETE FROM client WHERE id = $1", { "client revoke", "client grant" },
	    { "client enable", "client disable" }, "client delete" },
	[STORE_USER] = { "user",
	    { "DELETE FROM account_role WHERE account_id = $1 AND role = $2",
		"INSERT INTO account_role VALUES ($1, $2) ON CONFLICT DO NOTHING" },
	    "SELECT 1 FROM account WHERE (name = $1 OR id = $1) AND id <> $2",
	    "SELECT 1 FROM account WHERE id = $1",
	    "UPDATE account SET disabled = $2 WHERE id = $1 AND disabled <> $2",
	    "DELETE FROM account WHERE id = $1", { "user revoke", "user grant" },
	    { "user enable", "user disable" }, "user delete" },
};

/* A change of one of them, and whether there was anything to change. */
struct one {
	const struct store_principal *principal;
	struct sql_query query;
	int64_t changed;
};

static bool
take_any(void *context, const struct sql_row *row, struct err *reterr)
{
	(void)row;
	(void)reterr;
	*(bool *)context = true;
	return true;
}

bool
store_name_free(struct store *store, const struct store_principal *principal, struct err *reterr)
{
	struct sql_value values[2] = { sql_text(principal->name), sql_text(principal->id) };
	bool taken = false;
	struct sql_query query = { .text = kinds[principal->kind].name_taken,
		.values = values,
		.count = 2,
		.each = take_any,
		.context = &taken };

	if (!sql_run(store->sql, &query, reterr))
		return false;
	return !taken || err_set(reterr, "there is a %s \"%s\" already",
			     kinds[principal->kind].noun, principal->name);
}

bool
store_insert_roles(struct store *store, const struct store_principal *principal,
    const struct texts *roles, struct err *reterr)
{
	for (size_t i = 0; i < roles->count; i++) {
		struct store_pair pair = { kinds[principal->kind].roles[true], principal->id,
			roles->at[i] };

		if (!store_write_pair(store, &pair, NULL, reterr))
			return false;
	}
	return true;
}

static bool
run_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;

	return store_run(store, &one->query, &one->changed, reterr);
}

bool
store_set_role(
    struct store *store, const struct store_grant *grant, bool *ret_changed, struct err *reterr)
{
	struct sql_value values[2] = { sql_text(grant->id), sql_text(grant->role) };
	struct one one = { .query = { .text = kinds[grant->kind].roles[grant->granted],
			       .values = values,
			       .count = 2 } };
	char object[OBJECT_ROOM];
	struct store_change change = { "principals",
		kinds[grant->kind].set_role_words[grant->granted], object, run_within, &one,
		&one.changed };

	(void)snprintf(object, sizeof(object), "%s %s",
	    grant->name == NULL ? grant->id : grant->name, grant->role);
	if (!store_do(store, &change, reterr))
		return false;
	*ret_changed = one.changed > 0;
	return true;
}

static bool
disable_within(struct store *store, void *context, struct err *reterr)
{
	struct one *one = context;
	const struct store_principal *principal = one->principal;
	struct sql_value id = sql_text(principal->id);
	bool there = false;
	struct sql_query ask = { .text = kinds[principal->kind].there,
		.values = &id,
		.count = 1,
		.each = take_any,
		.context = &there };

	return sql_run(store->sql, &ask, reterr) &&
	       (there || err_set(reterr, "there is no %s \"%s\"", kinds[principal->kind].noun,
			     principal->name)) &&
	       run_within(store, one, reterr);
}

bool
store_set_disabled(struct store *store, const struct store_principal *principal, bool *ret_changed,
    struct err *reterr)
{
	struct sql_value values[2] = { sql_text(principal->id),
		sql_number(principal->disabled ? 1 : 0) };
	struct one one = { .principal = principal,
		.query = {
		    .text = kinds[principal->kind].set_disabled, .values = values, .count = 2 } };
	struct store_change change = { "principals",
		kinds[principal->kind].set_disabled_words[principal->disabled], principal->name,
		disable_within, &one, &one.changed };

	if (!store_do(store, &change, reterr))
		return false;
	*ret_changed = one.changed > 0;
	return true;
}

bool
store_delete(struct store *store, const struct store_principal *principal, bool *ret_found,
    struct err *reterr)
{
	struct sql_value id = sql_text(principal->id);
	struct one one = { .query = {
			       .text = kinds[principal->kind].delete, .values = &id, .count = 1 } };
	struct store_change change = { "principals", kinds[principal->kind].delete_words,
		principal->name, run_within, &one, &one.changed };

	if (!store_do(store, &change, reterr))
		return false;
	*ret_found = one.changed > 0;
	return true;
}
