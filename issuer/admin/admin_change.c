/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/admin/admin.h"

#include "base/clock.h"

#define ARENA_MAX (1u << 20)

static void
take(const char **text, const char *said)
{
	if (said != NULL)
		*text = said;
}

static enum admin_result
apply(struct client *client, const struct admin_fields *fields, struct err *reterr)
{
	take(&client->label, fields->label);
	take(&client->description, fields->description);
	take(&client->owner, fields->owner);
	take(&client->contact, fields->contact);
	take(&client->jwks, fields->jwks);
	if (fields->has_scopes)
		client->scopes = fields->scopes;
	if (fields->has_claims)
		client->claims = fields->claims;
	if (fields->has_lifetime)
		client->token_lifetime_s = fields->token_lifetime_s;
	if (fields->has_method)
		client->method = fields->method;
	if (!admin_keys_fit(client->method, client->jwks, reterr))
		return ADMIN_NO;
	if (fields->jwks != NULL && client->method != CLIENT_PRIVATE_KEY_JWT)
		return admin_no(admin_keys_unused(client->method, reterr));
	return ADMIN_OK;
}

enum admin_result
admin_change(struct store *store, const char *name_or_id, const struct admin_fields *fields,
    struct err *reterr)
{
	struct client *was = NULL, client;
	enum admin_result result;
	struct arena arena;

	if (!admin_fields_valid(fields, reterr))
		return ADMIN_NO;
	arena_init(&arena, ARENA_MAX);
	result = admin_find(store, &(struct store_wanted){ name_or_id, &arena }, &was, reterr);
	if (result == ADMIN_OK) {
		client = *was;
		result = apply(&client, fields, reterr);
	}
	if (result == ADMIN_OK && !store_change(store, was, &client, reterr))
		result = ADMIN_TROUBLE;
	arena_done(&arena);
	return result;
}

enum admin_result
admin_rename(struct store *store, const char *name_or_id, const char *new_name, struct err *reterr)
{
	struct client *client = NULL, *other = NULL;
	enum admin_result result;
	struct arena arena;

	if (!admin_name_valid(new_name, reterr))
		return ADMIN_NO;
	arena_init(&arena, ARENA_MAX);
	result = admin_find(store, &(struct store_wanted){ name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK &&
	    !store_find(store, &(struct store_wanted){ new_name, &arena }, &other, reterr))
		result = ADMIN_TROUBLE;
	if (result == ADMIN_OK && other != NULL)
		result = admin_no(err_set(
		    reterr, "a client with the name or id \"%s\" already exists", new_name));
	if (result == ADMIN_OK && !store_rename(store, client, new_name, reterr))
		result = ADMIN_TROUBLE;
	arena_done(&arena);
	return result;
}

enum admin_result
admin_set_disabled(
    struct store *store, const struct admin_switch *to, bool *ret_changed, struct err *reterr)
{
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	result =
	    admin_find(store, &(struct store_wanted){ to->name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK) {
		struct store_principal principal = store_client(client);

		principal.disabled = to->disabled;
		if (!store_set_disabled(store, &principal, ret_changed, reterr))
			result = ADMIN_TROUBLE;
	}
	arena_done(&arena);
	return result;
}

enum admin_result
admin_delete(struct store *store, const char *name_or_id, struct err *reterr)
{
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;
	bool found = false;

	arena_init(&arena, ARENA_MAX);
	result = admin_find(store, &(struct store_wanted){ name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK) {
		struct store_principal principal = store_client(client);

		if (!store_delete(store, &principal, &found, reterr))
			result = ADMIN_TROUBLE;
	}
	if (result == ADMIN_OK && !found)
		result = admin_no(
		    err_set(reterr, "the client \"%s\" has already been deleted", name_or_id));
	arena_done(&arena);
	return result;
}

enum admin_result
admin_end_tokens(
    struct store *store, const char *issuer, const char *name_or_id, struct err *reterr)
{
	struct revocation revocation = {
		.kind = REVOKE_CLIENT, .issuer = issuer, .by = "operator"
	};
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;
	bool new;

	arena_init(&arena, ARENA_MAX);
	result = admin_find(store, &(struct store_wanted){ name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK) {
		revocation.value = client->id;
		revocation.before_s = clock_now_s();
		revocation.created_s = revocation.before_s;
		if (!store_revoke(store, &revocation, &new, reterr))
			result = ADMIN_TROUBLE;
	}
	arena_done(&arena);
	return result;
}
