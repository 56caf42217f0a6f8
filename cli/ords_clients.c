/* SPDX-License-Identifier: Apache-2.0 */
/* Clients in the form of `postern client import`. */
#include <string.h>

#include "cli/ords.h"
#include "issuer/model/scope_grant.h"

#define SECRET_MIN 22u
#define ID_MAX 128u
#define LIFETIME_MAX 86400

/* As `client import` takes it. */
static bool
id_valid(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] > '~' || id[i] == ':')
			return false;
	return len <= ID_MAX;
}

/* Labels and the like may hold no control characters. */
static json_t *
plain_text(const char *text)
{
	json_t *made;
	size_t len = strlen(text);
	struct buffer out;

	buffer_init(&out, len + 1);
	for (size_t i = 0; i < len && i < 1000; i++)
		buffer_add_byte(&out,
		    (unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7f ? ' ' : text[i]);
	made = json_stringn(out.at == NULL ? "" : out.at, out.len);
	buffer_done(&out);
	return made;
}

static void
put(struct ords *ords, json_t *client, const char *key, json_t *value)
{
	if (json_object_set_new(client, key, value) != 0)
		ords->failed = true;
}

static void
put_roles(struct ords *ords, const json_t *from, json_t *client)
{
	const json_t *roles = json_object_get(from, "roles");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *role = json_string_value(json_array_get(roles, i));
		const char *name = role == NULL ? NULL : ords_name(ords, ORDS_ROLE, role);

		if (name != NULL && json_array_append_new(list, json_string(name)) != 0)
			ords->failed = true;
	}
	put(ords, client, "roles", list);
}

/* What it may ask for are names of privileges. */
static void
put_scopes(struct ords *ords, const json_t *from, json_t *client)
{
	const json_t *privileges = json_object_get(from, "privileges");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(privileges); i++) {
		const char *name = json_string_value(json_array_get(privileges, i));

		if (name != NULL && !scope_grant_scope_valid(span_of(name)))
			ords_note(ords, "privilege of a client", name,
			    "is no valid scope, so the client cannot request it");
		else if (name != NULL && json_array_append_new(list, json_string(name)) != 0)
			ords->failed = true;
	}
	put(ords, client, "scopes", list);
}

static bool
add_secret(struct ords *ords, json_t *list, const char *secret, int slot)
{
	if (secret == NULL || strlen(secret) < SECRET_MIN || secret[0] == '*')
		return false;
	if (json_array_append_new(list, json_pack("{s:i, s:s}", "slot", slot, "secret", secret)) !=
	    0)
		ords->failed = true;
	return true;
}

static void
put_secrets(struct ords *ords, const json_t *from, json_t *client)
{
	json_t *list = json_array();
	bool first = add_secret(ords, list, ords_text(from, "client_secret"), 1);
	bool second = add_secret(ords, list, ords_text(from, "client_secret_2"), 2);

	put(ords, client, "secrets", list);
	if (!first && !second)
		ords_note(ords, "secret of client", ords_text(from, "name"),
		    "is not in the export: after the import give it one with `postern client "
		    "rotate`");
}

static void
put_lifetime(struct ords *ords, const json_t *from, json_t *client)
{
	const json_t *duration = json_object_get(from, "token_duration");
	json_int_t lifetime_s = json_integer_value(duration);

	if (json_is_integer(duration) && lifetime_s > 0 && lifetime_s <= LIFETIME_MAX)
		put(ords, client, "token_lifetime_s", json_integer(lifetime_s));
	else if (json_is_integer(duration))
		ords_note(ords, "token_duration of client", ords_text(from, "name"),
		    "is not between 1 s and 24 h: the issuer's is used");
}

/* What has no place here. */
static void
note_rest(struct ords *ords, const json_t *from)
{
	static const char *const keys[] = { "allowed_origins", "redirect_uri", "support_uri",
		"about_url" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (ords_text(from, keys[i]) != NULL)
			ords_note(ords, keys[i], ords_text(from, "name"),
			    "of this client was not carried over");
}

static void
add_client(struct ords *ords, const json_t *from, json_t *list)
{
	const char *name = ords_text(from, "name"), *id = ords_text(from, "client_id");
	const char *description = ords_text(from, "description"),
		   *contact = ords_text(from, "support_email");
	const char *called = ords_name(ords, ORDS_CLIENT, name);
	json_t *client = json_object();

	if (client == NULL || called == NULL) {
		ords->failed = true;
		json_decref(client);
		return;
	}
	put(ords, client, "name", json_string(called));
	put(ords, client, "client_id", json_string(id));
	if (description != NULL)
		put(ords, client, "description", plain_text(description));
	if (contact != NULL)
		put(ords, client, "contact", plain_text(contact));
	put_roles(ords, from, client);
	put_scopes(ords, from, client);
	put_secrets(ords, from, client);
	put_lifetime(ords, from, client);
	note_rest(ords, from);
	if (json_array_append_new(list, client) != 0)
		ords->failed = true;
}

/* Only what uses client_credentials; without a word on it, it does. */
static bool
is_two_legged(const json_t *from)
{
	const char *flow = ords_text(from, "auth_flow");

	if (flow == NULL)
		flow = ords_text(from, "grant_type");
	return flow == NULL || strncasecmp(flow, "client", strlen("client")) == 0;
}

/* ids: those that were seen. */
static bool
takes(struct ords *ords, const json_t *from, json_t *ids)
{
	const char *name = ords_text(from, "name"), *id = ords_text(from, "client_id");
	const char *why = NULL;

	if (name == NULL)
		why = "has no name";
	else if (id == NULL || !id_valid(id))
		why = "has no client_id that can be used";
	else if (json_object_get(ords->names[ORDS_CLIENT], name) != NULL)
		why = "has the name of another one";
	else if (json_object_get(ids, id) != NULL)
		why = "has the client_id of another one";
	else if (!is_two_legged(from))
		why = "does not use client_credentials: that is for the identity provider";
	if (why != NULL) {
		ords_note(ords, "client", name == NULL ? "" : name, why);
		return false;
	}
	if (json_object_set_new(ids, id, json_true()) != 0)
		ords->failed = true;
	return true;
}

void
ords_clients(struct ords *ords)
{
	const json_t *from = json_object_get(ords->export, "clients");
	json_t *list = json_array(), *ids = json_object();

	for (size_t i = 0; list != NULL && ids != NULL && i < json_array_size(from); i++)
		if (takes(ords, json_array_get(from, i), ids))
			add_client(ords, json_array_get(from, i), list);
	json_decref(ids);
	ords->made->clients = json_pack("{s:o}", "clients", list);
	if (ords->made->clients == NULL)
		ords->failed = true;
}
