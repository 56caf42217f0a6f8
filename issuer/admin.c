/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "issuer/text.h"
#include "issuer/wish.h"

#define ARENA_MOST (1u << 20)
#define LABEL_MOST 1024

static enum admin_result
no(bool ignored)
{
	(void)ignored;
	return ADMIN_NO;
}

static bool
label_valid(const char *label)
{
	struct span text = span_of(label);

	return text.len <= LABEL_MOST && text_plain(text);
}

static bool
new_valid(const struct admin_new *new_client, struct err *reterr)
{
	size_t i;

	if (!client_name_valid(span_of(new_client->name)))
		return err_set(reterr,
		    "a client's name has 1 to 128 bytes of UTF-8, no colon, no control "
		    "characters and no space at either end");
	if (!label_valid(new_client->label) || !label_valid(new_client->description))
		return err_set(reterr,
		    "label and description have at most %d bytes of UTF-8 and no control "
		    "characters",
		    LABEL_MOST);
	for (i = 0; i < new_client->roles.count; i++) {
		if (!client_role_valid(span_of(new_client->roles.at[i])))
			return err_set(reterr, "that is no name for a role");
	}
	for (i = 0; i < new_client->scopes.count; i++) {
		if (!wish_scope_valid(span_of(new_client->scopes.at[i])))
			return err_set(reterr, "\"%s\" is no scope (RFC 6749 section 3.3)",
			    new_client->scopes.at[i]);
	}
	if (new_client->token_lifetime_s != 0 &&
	    (new_client->token_lifetime_s < 1 || new_client->token_lifetime_s > 86400))
		return err_set(reterr, "a token lifetime is 1s to 24h");
	return true;
}

/* Was it the name that the store did not like? */
static enum admin_result
why_not_added(struct store *store, const char *name)
{
	struct client *client = NULL;
	struct arena arena;
	struct err err;
	bool found;

	arena_init(&arena, ARENA_MOST);
	found = store_find(store, name, &arena, &client, &err) && client != NULL;
	arena_done(&arena);
	return found ? ADMIN_NO : ADMIN_TROUBLE;
}

enum admin_result
admin_add(struct store *store, const struct admin_new *new_client, struct admin_made *ret_made,
    struct err *reterr)
{
	struct client client = { .name = new_client->name,
		.label = new_client->label,
		.description = new_client->description,
		.roles = new_client->roles,
		.scopes = new_client->scopes,
		.token_lifetime_s = new_client->token_lifetime_s,
		.created_s = clock_now_s() };
	enum admin_result result = ADMIN_TROUBLE;
	struct admin_made made;

	if (!new_valid(new_client, reterr))
		return ADMIN_NO;
	client.slots[0].issued_s = client.created_s;
	client.id = made.id;
	if (!client_new_id(made.id) || !client_new_secret(made.secret, client.slots[0].hash)) {
		(void)err_set(reterr, "the random generator failed");
	} else if (!store_add(store, &client, reterr)) {
		result = why_not_added(store, client.name);
	} else {
		*ret_made = made;
		result = ADMIN_OK;
	}
	digest_wipe(&made, sizeof(made));
	return result;
}

enum admin_result
admin_find(struct store *store, const char *name_or_id, struct arena *arena,
    struct client **ret_client, struct err *reterr)
{
	struct client *client = NULL;

	if (!store_find(store, name_or_id, arena, &client, reterr))
		return ADMIN_TROUBLE;
	if (client == NULL)
		return no(err_set(reterr, "there is no client \"%s\"", name_or_id));
	*ret_client = client;
	return ADMIN_OK;
}

enum admin_result
admin_set_role(
    struct store *store, const struct admin_grant *grant, bool *ret_changed, struct err *reterr)
{
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;

	if (!client_role_valid(span_of(grant->role)))
		return no(err_set(reterr, "that is no name for a role"));
	arena_init(&arena, ARENA_MOST);
	result = admin_find(store, grant->name_or_id, &arena, &client, reterr);
	if (result == ADMIN_OK) {
		struct store_grant row = { client->id, grant->role, grant->granted };

		if (!store_set_role(store, &row, ret_changed, reterr))
			result = ADMIN_TROUBLE;
	}
	arena_done(&arena);
	return result;
}
