/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/admin/admin.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/json.h"

#define IMPORT_MAX ((size_t)256 << 20)
/* 128 random bits in base64url: shorter ones may have been chosen by a person, and the fast hash is
 * only for secrets that cannot be guessed. */
#define SECRET_MIN 22u
#define ID_MAX 128u
/* The end of the year 9999, the last that RFC 3339 can write. */
#define TIME_MAX INT64_C(253402300799)

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool
texts_of(const json_t *object, const char *key, struct arena *arena, struct texts *ret_texts)
{
	const json_t *list = json_object_get(object, key);
	size_t count = json_array_size(list);

	*ret_texts = (struct texts){ .at = NULL };
	if (list == NULL || count == 0)
		return list == NULL || json_is_array(list);
	ret_texts->at = arena_array(arena, count, sizeof(ret_texts->at[0]));
	if (ret_texts->at == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL)
			return false;
		ret_texts->at[ret_texts->count++] = text;
	}
	return true;
}

/* As NAME=VALUE; a name with a "=" would become another one. */
static bool
claims_of(const json_t *object, struct arena *arena, struct texts *ret_claims)
{
	json_t *claims = json_object_get(object, "claims");
	size_t count = json_object_size(claims);
	const char *name;
	json_t *value;

	*ret_claims = (struct texts){ .at = NULL };
	if (claims == NULL || count == 0)
		return claims == NULL || json_is_object(claims);
	ret_claims->at = arena_array(arena, count, sizeof(ret_claims->at[0]));
	if (ret_claims->at == NULL)
		return false;
	json_object_foreach(claims, name, value)
	{
		const char *text = json_string_value(value);
		const char *claim = text == NULL ? NULL : arena_format(arena, "%s=%s", name, text);

		if (claim == NULL || strchr(name, '=') != NULL)
			return false;
		ret_claims->at[ret_claims->count++] = claim;
	}
	return true;
}

/* Whole seconds, or RFC 3339 as the commands print it. */
static bool
time_of(const json_t *object, const char *key, int64_t *ret_s)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return true;
	if (json_is_integer(value)) {
		*ret_s = json_integer_value(value);
		return *ret_s >= 0 && *ret_s <= TIME_MAX;
	}
	return json_is_string(value) && clock_parse(json_text(value), ret_s);
}

static bool
slot_of(const json_t *secret, struct client *client, struct err *reterr)
{
	json_int_t number = json_integer_value(json_object_get(secret, "slot"));
	const char *hash = text_of(secret, "hash"), *plain = text_of(secret, "secret");
	struct client_slot *slot;

	if (number < 1 || number > CLIENT_SLOTS)
		return err_set(reterr, "a secret's \"slot\" is 1 or 2");
	slot = &client->slots[number - 1];
	if (slot->hash[0] != '\0' || (hash == NULL) == (plain == NULL))
		return err_set(
		    reterr, "each secret has a slot of its own, and a \"hash\" or a \"secret\"");
	slot->issued_s = client->created_s;
	if (!time_of(secret, "issued", &slot->issued_s))
		return err_set(reterr, "a secret's \"issued\" is not a time");
	if (!time_of(secret, "expires", &slot->until_s))
		return err_set(reterr, "a secret's \"expires\" is not a time");
	if (hash != NULL && client_hash_valid(span_of(hash))) {
		(void)snprintf(slot->hash, sizeof(slot->hash), "%s", hash);
		return true;
	}
	if (hash != NULL)
		return err_set(reterr, "a secret's \"hash\" is not valid");
	if (strlen(plain) < SECRET_MIN)
		return err_set(
		    reterr, "a secret has at least %u characters, all of them random", SECRET_MIN);
	return client_hash(span_of(plain), slot->hash) ||
	       err_set(reterr, "the random generator failed");
}

static bool
secrets_of(const json_t *object, struct client *client, struct err *reterr)
{
	const json_t *secrets = json_object_get(object, "secrets");

	if (secrets != NULL && !json_is_array(secrets))
		return err_set(reterr, "\"secrets\" is not a list");
	for (size_t i = 0; i < json_array_size(secrets); i++)
		if (!slot_of(json_array_get(secrets, i), client, reterr))
			return false;
	return true;
}

static bool
id_valid(const char *id)
{
	struct span text = span_of(id);

	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == ':')
			return false;
	return text.len >= 1 && text.len <= ID_MAX;
}

/* The rest of what an export holds. */
static bool
attributes_of(const json_t *object, struct client *client, struct err *reterr)
{
	const json_t *lifetime = json_object_get(object, "token_lifetime_s");
	struct admin_fields fields = { .label = client->label,
		.description = client->description,
		.owner = client->owner,
		.contact = client->contact,
		.scopes = client->scopes,
		.claims = client->claims };
	const char *method = text_of(object, "auth_method");

	client->disabled = json_is_true(json_object_get(object, "disabled"));
	client->token_lifetime_s = json_integer_value(lifetime);
	client->method = CLIENT_SECRET_ANY;
	client->jwks = text_of(object, "jwks");
	fields.token_lifetime_s = client->token_lifetime_s;
	fields.jwks = client->jwks;
	if (method != NULL && !client_method_find(span_of(method), &client->method))
		return err_set(reterr, "unknown \"auth_method\" \"%s\"", method);
	for (size_t i = 0; i < client->roles.count; i++)
		if (!client_role_valid(span_of(client->roles.at[i])))
			return err_set(reterr, "that is not a valid role name");
	return admin_fields_valid(&fields, reterr) &&
	       admin_keys_fit(client->method, client->jwks, reterr);
}

/* Texts are lent by `object`. */
static bool
read_client(
    const json_t *object, struct arena *arena, struct client **ret_client, struct err *reterr)
{
	struct client *client = arena_alloc(arena, sizeof(*client));

	if (client == NULL)
		return err_set(reterr, "no memory");
	*ret_client = client;
	client->name = text_of(object, "name");
	client->id = text_of(object, "client_id");
	client->label = text_of(object, "label");
	client->description = text_of(object, "description");
	client->owner = text_of(object, "owner");
	client->contact = text_of(object, "contact");
	client->created_s = clock_now_s();
	if (client->name == NULL || client->id == NULL)
		return err_set(reterr, "\"name\" and \"client_id\" are required");
	if (!admin_name_valid(client->name, reterr))
		return false;
	if (!id_valid(client->id))
		return err_set(reterr, "a client's id has 1 to 128 characters of ASCII, no space "
				       "and no colon");
	if (!texts_of(object, "roles", arena, &client->roles) ||
	    !texts_of(object, "scopes", arena, &client->scopes))
		return err_set(reterr, "\"roles\" and \"scopes\" must be lists of strings");
	if (!claims_of(object, arena, &client->claims))
		return err_set(reterr, "\"claims\" must be an object of strings");
	if (!time_of(object, "created", &client->created_s))
		return err_set(reterr, "\"created\" is not a time");
	return secrets_of(object, client, reterr) && attributes_of(object, client, reterr);
}

/* seen: names and ids of this import so far. */
static bool
first_of_its_name(json_t *seen, const struct client *client)
{
	if (json_object_get(seen, client->name) != NULL ||
	    json_object_get(seen, client->id) != NULL)
		return false;
	return json_object_set_new(seen, client->name, json_true()) == 0 &&
	       json_object_set_new(seen, client->id, json_true()) == 0;
}

static enum admin_result
check_free(
    struct store *store, const struct client *client, struct arena *arena, struct err *reterr)
{
	struct client *other = NULL;

	if (!store_find(store, &(struct store_wanted){ client->name, arena }, &other, reterr) ||
	    (other == NULL &&
		!store_find(store, &(struct store_wanted){ client->id, arena }, &other, reterr)))
		return ADMIN_TROUBLE;
	if (other != NULL)
		return admin_no(err_set(
		    reterr, "a client with the name or id \"%s\" already exists", client->name));
	return ADMIN_OK;
}

/* The clients of a list, once they were read. */
struct import {
	struct arena arena; /* theirs */
	struct client *first;
};

static enum admin_result
read_all(struct store *store, const json_t *list, struct import *import, struct err *reterr)
{
	struct client **last = &import->first;
	json_t *seen = json_object();
	struct arena looked;
	enum admin_result result = ADMIN_OK;

	for (size_t i = 0; i < json_array_size(list) && result == ADMIN_OK; i++) {
		if (!read_client(json_array_get(list, i), &import->arena, last, reterr)) {
			result = admin_no(err_within(reterr, "client %zu", i + 1));
			break;
		}
		if (!first_of_its_name(seen, *last)) {
			result = admin_no(err_set(
			    reterr, "client %zu: another one has the same name or id", i + 1));
			break;
		}
		arena_init(&looked, IMPORT_MAX);
		result = check_free(store, *last, &looked, reterr);
		arena_done(&looked);
		last = &(*last)->next;
	}
	json_decref(seen);
	return result;
}

static enum admin_result
import_list(struct store *store, const json_t *list, size_t *ret_count, struct err *reterr)
{
	struct import import = { .first = NULL };
	enum admin_result result;

	arena_init(&import.arena, IMPORT_MAX);
	result = read_all(store, list, &import, reterr);
	*ret_count = 0;
	for (struct client *client = import.first; result == ADMIN_OK && client != NULL;
	    client = client->next) {
		if (store_add(store, client, reterr))
			(*ret_count)++;
		else
			result = ADMIN_TROUBLE;
	}
	arena_done(&import.arena);
	return result;
}

enum admin_result
admin_import(struct store *store, struct span json, size_t *ret_count, struct err *reterr)
{
	json_t *root = NULL;
	const json_t *list;
	enum admin_result result;

	*ret_count = 0;
	if (!json_read(json, IMPORT_MAX, &root, reterr))
		return ADMIN_NO;
	list = json_is_array(root) ? root : json_object_get(root, "clients");
	if (json_is_array(list))
		result = import_list(store, list, ret_count, reterr);
	else
		result =
		    admin_no(err_set(reterr, "expected a list of clients: {\"clients\": [...]}"));
	json_decref(root);
	return result;
}
