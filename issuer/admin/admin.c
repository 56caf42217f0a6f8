/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/admin/admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "issuer/model/client_claim.h"
#include "issuer/model/client_expiry.h"
#include "issuer/model/scope_grant.h"
#include "jwks/keyset.h"

#define ARENA_MAX (1u << 20)
#define LIST_MAX ((size_t)1 << 30)
#define LABEL_MAX 1024

enum admin_result
admin_no(bool ignored)
{
	(void)ignored;
	return ADMIN_NO;
}

static bool
label_valid(const char *label)
{
	struct span text = span_of(label);

	return text.len <= LABEL_MAX && utf8_plain(text);
}

bool
admin_name_valid(const char *name, struct err *reterr)
{
	return client_name_valid(span_of(name)) ||
	       err_set(reterr, "a client's name has 1 to 128 bytes of UTF-8, no colon, no control "
			       "characters and no space at either end");
}

/* A key set without a usable key would lock the client out. */
static bool
jwks_valid(const char *jwks, struct err *reterr)
{
	struct keyset *keys = NULL;
	bool usable;

	if (jwks == NULL)
		return true;
	if (!keyset_parse(span_of(jwks), &keys, reterr))
		return err_within(reterr, "the client's keys");
	usable = keyset_count(keys) > 0;
	keyset_free(keys);
	return usable || err_set(reterr, "the client's keys: none is usable");
}

bool
admin_keys_fit(int method, const char *jwks, struct err *reterr)
{
	return method != CLIENT_PRIVATE_KEY_JWT || (jwks != NULL && jwks[0] != '\0') ||
	       err_set(reterr, "a client with private_key_jwt needs its public keys");
}

bool
admin_keys_unused(int method, struct err *reterr)
{
	return err_set(reterr,
	    "public keys are for private_key_jwt, and the client authenticates with %s",
	    client_method_word(method));
}

bool
admin_fields_valid(const struct admin_fields *fields, struct err *reterr)
{
	if (!label_valid(fields->label) || !label_valid(fields->description) ||
	    !label_valid(fields->owner) || !label_valid(fields->contact))
		return err_set(reterr,
		    "label, description, owner and contact have at most %d bytes of UTF-8 and no "
		    "control characters",
		    LABEL_MAX);
	for (size_t i = 0; i < fields->scopes.count; i++) {
		if (!scope_grant_scope_valid(span_of(fields->scopes.at[i])))
			return err_set(reterr, "\"%s\" is not a valid scope (RFC 6749 section 3.3)",
			    fields->scopes.at[i]);
	}
	if (!client_claim_valid(&fields->claims, reterr))
		return false;
	if (fields->token_lifetime_s < 0 || fields->token_lifetime_s > 86400)
		return err_set(reterr, "a token lifetime is 1s to 24h");
	return jwks_valid(fields->jwks, reterr);
}

/* Keys are of no use to a client but for signing. */
static int
method_of(const struct admin_fields *fields)
{
	if (fields->has_method)
		return fields->method;
	return fields->jwks != NULL ? CLIENT_PRIVATE_KEY_JWT : CLIENT_SECRET_ANY;
}

static bool
new_valid(const struct admin_new *new_client, int method, struct err *reterr)
{
	const struct admin_fields *fields = &new_client->fields;

	for (size_t i = 0; i < new_client->roles.count; i++) {
		if (!client_role_valid(span_of(new_client->roles.at[i])))
			return err_set(reterr, "that is not a valid role name");
	}
	if (!admin_keys_fit(method, fields->jwks, reterr))
		return false;
	if (fields->jwks != NULL && method != CLIENT_PRIVATE_KEY_JWT)
		return admin_keys_unused(method, reterr);
	if (new_client->expires_s != 0 && method == CLIENT_PRIVATE_KEY_JWT)
		return err_set(reterr, "a client with private_key_jwt has no secret to expire");
	return admin_name_valid(new_client->name, reterr) && admin_fields_valid(fields, reterr);
}

/* Did the store refuse because of the name? */
static enum admin_result
why_not_added(struct store *store, const char *name)
{
	struct client *client = NULL;
	struct arena arena;
	struct err err;
	bool found;

	arena_init(&arena, ARENA_MAX);
	found = store_find(store, &(struct store_wanted){ name, &arena }, &client, &err) &&
		client != NULL;
	arena_done(&arena);
	return found ? ADMIN_NO : ADMIN_TROUBLE;
}

bool
admin_secret_until(int64_t expires_s, int64_t now_s, int64_t *ret_until_s, struct err *reterr)
{
	*ret_until_s = expires_s == 0 ? 0 : now_s + expires_s;
	return (expires_s >= 0 && expires_s <= CLIENT_EXPIRY_MAX_S) ||
	       err_set(reterr, "a secret expires after 1s to 3650d");
}

/* A client that signs has no secrets. */
static bool
make_secret(struct client *client, struct admin_made *made)
{
	made->secret[0] = '\0';
	made->slot = 1;
	made->until_s = client->slots[0].until_s;
	if (client->method == CLIENT_PRIVATE_KEY_JWT)
		return true;
	client->slots[0].issued_s = client->created_s;
	return client_new_secret(made->secret, client->slots[0].hash);
}

enum admin_result
admin_add(struct store *store, const struct admin_new *new_client, struct admin_made *ret_made,
    struct err *reterr)
{
	const struct admin_fields *fields = &new_client->fields;
	struct client client = { .name = new_client->name,
		.label = fields->label,
		.description = fields->description,
		.owner = fields->owner,
		.contact = fields->contact,
		.jwks = fields->jwks,
		.method = method_of(fields),
		.roles = new_client->roles,
		.scopes = fields->scopes,
		.claims = fields->claims,
		.token_lifetime_s = fields->token_lifetime_s,
		.created_s = clock_now_s() };
	enum admin_result result = ADMIN_TROUBLE;
	struct admin_made made;

	if (!new_valid(new_client, client.method, reterr) ||
	    !admin_secret_until(
		new_client->expires_s, client.created_s, &client.slots[0].until_s, reterr))
		return ADMIN_NO;
	client.id = made.id;
	if (!client_new_id(made.id) || !make_secret(&client, &made)) {
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

/* Whether there is one that may have been meant: in the list of all, which need not be read when
 * the name is right. */
static enum admin_result
no_client(struct store *store, const char *name_or_id, struct err *reterr)
{
	struct nearest nearest = nearest_to(span_of(name_or_id));
	struct client *client = NULL;
	char hint[NEAREST_HINT];
	struct arena arena;
	struct err ignored;

	arena_init(&arena, LIST_MAX);
	if (!store_list(store, &arena, &client, &ignored))
		client = NULL;
	for (; client != NULL; client = client->next) {
		nearest_offer(&nearest, client->name);
		nearest_offer(&nearest, client->id);
	}
	(void)err_set(
	    reterr, "there is no client \"%.128s\"%s", name_or_id, nearest_hint(&nearest, hint));
	arena_done(&arena);
	return ADMIN_NO;
}

enum admin_result
admin_find(struct store *store, const struct store_wanted *wanted, struct client **ret_client,
    struct err *reterr)
{
	struct client *client = NULL;

	if (!store_find(store, wanted, &client, reterr))
		return ADMIN_TROUBLE;
	if (client == NULL)
		return no_client(store, wanted->name_or_id, reterr);
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
		return admin_no(err_set(reterr, "that is not a valid role name"));
	arena_init(&arena, ARENA_MAX);
	result =
	    admin_find(store, &(struct store_wanted){ grant->name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK) {
		struct store_grant row = { STORE_CLIENT, client->id, grant->role, grant->granted,
			client->name };

		if (!store_set_role(store, &row, ret_changed, reterr))
			result = ADMIN_TROUBLE;
	}
	arena_done(&arena);
	return result;
}
