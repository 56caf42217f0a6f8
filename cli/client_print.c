/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "issuer/model/client_claim.h"
#include "issuer/model/client_expiry.h"

static void
add_time(struct buffer *out, int64_t time_s)
{
	char text[32];

	clock_format(time_s * 1000000, text);
	buffer_add_text(out, text);
}

static bool
text_empty(const char *text)
{
	return text == NULL || text[0] == '\0';
}

/* --- JSON --- */

static void
json_text(struct buffer *out, const char *key, const char *value)
{
	buffer_format(out, ",\"%s\":", key);
	buffer_add_json(out, span_of(value));
}

static void
json_texts(struct buffer *out, const char *key, const struct texts *texts)
{
	size_t i;

	buffer_format(out, ",\"%s\":[", key);
	for (i = 0; i < texts->count; i++) {
		if (i > 0)
			buffer_add_byte(out, ',');
		buffer_add_json(out, span_of(texts->at[i]));
	}
	buffer_add_byte(out, ']');
}

/* until_s  0: it has no end. */
static void
json_expires(struct buffer *out, int64_t until_s)
{
	if (until_s == 0)
		return;
	buffer_add_text(out, ",\"expires\":\"");
	add_time(out, until_s);
	buffer_add_byte(out, '"');
}

/* NAME=VALUE as {"NAME": "VALUE"}. */
static void
json_claims(struct buffer *out, const struct texts *claims)
{
	buffer_add_text(out, ",\"claims\":{");
	for (size_t i = 0; i < claims->count; i++) {
		if (i > 0)
			buffer_add_byte(out, ',');
		buffer_add_json(out, client_claim_name(span_of(claims->at[i])));
		buffer_add_byte(out, ':');
		buffer_add_json(out, client_claim_value(span_of(claims->at[i])));
	}
	buffer_add_byte(out, '}');
}

/* hashes: with those, for an export. */
static void
json_slots(struct buffer *out, const struct client *client, bool hashes)
{
	const char *comma = "";
	int i;

	buffer_add_text(out, ",\"secrets\":[");
	for (i = 0; i < CLIENT_SLOTS; i++) {
		if (client->slots[i].hash[0] == 0)
			continue;
		buffer_format(out, "%s{\"slot\":%d,\"issued\":\"", comma, i + 1);
		add_time(out, client->slots[i].issued_s);
		buffer_add_byte(out, '"');
		if (client->slots[i].used_s != 0) {
			buffer_add_text(out, ",\"used\":\"");
			add_time(out, client->slots[i].used_s);
			buffer_add_byte(out, '"');
		}
		json_expires(out, client->slots[i].until_s);
		if (hashes)
			json_text(out, "hash", client->slots[i].hash);
		buffer_add_byte(out, '}');
		comma = ",";
	}
	buffer_add_byte(out, ']');
}

static void
json_client(struct buffer *out, const struct client *client, bool hashes)
{
	buffer_add_text(out, "{\"name\":");
	buffer_add_json(out, span_of(client->name));
	json_text(out, "client_id", client->id);
	json_text(out, "label", client->label);
	json_text(out, "description", client->description);
	json_text(out, "owner", client->owner);
	json_text(out, "contact", client->contact);
	json_texts(out, "roles", &client->roles);
	json_texts(out, "scopes", &client->scopes);
	json_claims(out, &client->claims);
	json_text(out, "auth_method", client_method_word(client->method));
	if (!text_empty(client->jwks))
		json_text(out, "jwks", client->jwks);
	json_slots(out, client, hashes);
	buffer_format(out, ",\"disabled\":%s,\"token_lifetime_s\":%" PRId64 ",\"created\":\"",
	    client->disabled ? "true" : "false", client->token_lifetime_s);
	add_time(out, client->created_s);
	buffer_add_text(out, "\"}");
}

/* --- tables --- */

static void
row(struct buffer *out, const char *key, const char *value)
{
	if (value != NULL && value[0] != 0)
		buffer_format(out, "%-16s%s\n", key, value);
}

static void
add_texts(struct buffer *out, const struct texts *texts)
{
	size_t i;

	for (i = 0; i < texts->count; i++)
		buffer_format(out, "%s%s", i == 0 ? "" : ", ", texts->at[i]);
}

static void
row_texts(struct buffer *out, const char *key, const struct texts *texts)
{
	if (texts->count == 0)
		return;
	buffer_format(out, "%-16s", key);
	add_texts(out, texts);
	buffer_add_byte(out, '\n');
}

static void
row_time(struct buffer *out, const char *key, int64_t time_s)
{
	buffer_format(out, "%-16s", key);
	add_time(out, time_s);
	buffer_add_byte(out, '\n');
}

static void
table_client(struct buffer *out, const struct client *client)
{
	int i;

	row(out, "name", client->name);
	row(out, "client_id", client->id);
	row(out, "label", client->label);
	row(out, "description", client->description);
	row(out, "owner", client->owner);
	row(out, "contact", client->contact);
	row_texts(out, "roles", &client->roles);
	row_texts(out, "scopes", &client->scopes);
	row_texts(out, "claims", &client->claims);
	row(out, "authenticates", client_method_word(client->method));
	row(out, "state", client->disabled ? "disabled" : "enabled");
	if (client->token_lifetime_s != 0)
		buffer_format(
		    out, "%-16s%" PRId64 "s\n", "token lifetime", client->token_lifetime_s);
	row_time(out, "created", client->created_s);
	for (i = 0; i < CLIENT_SLOTS; i++) {
		if (client->slots[i].hash[0] == 0)
			continue;
		row_time(
		    out, i == 0 ? "secret 1 issued" : "secret 2 issued", client->slots[i].issued_s);
		if (client->slots[i].used_s != 0)
			row_time(out, i == 0 ? "secret 1 used" : "secret 2 used",
			    client->slots[i].used_s);
		if (client->slots[i].until_s != 0)
			row_time(out, i == 0 ? "secret 1 ends" : "secret 2 ends",
			    client->slots[i].until_s);
	}
}

static int
widest_name(const struct client *first)
{
	size_t widest = 4, len;

	for (; first != NULL; first = first->next) {
		len = strlen(first->name);
		if (len > widest)
			widest = len;
	}
	return (int)widest;
}

#define EXPIRES_ROOM 40

/* The first of its secrets that has an end: its day, and whether that is soon or past. */
static const char *
first_end(const struct client *client, int64_t now_s, char out[EXPIRES_ROOM])
{
	const struct client_slot *first = NULL;
	char text[32];

	for (int i = 0; i < CLIENT_SLOTS; i++) {
		const struct client_slot *slot = &client->slots[i];

		if (slot->hash[0] != 0 && slot->until_s != 0 &&
		    (first == NULL || slot->until_s < first->until_s))
			first = slot;
	}
	if (first == NULL)
		return "-";
	clock_format(first->until_s * 1000000, text);
	(void)snprintf(out, EXPIRES_ROOM, "%.10s%s", text,
	    client_slot_expired(first, now_s)  ? " (expired)"
	    : client_expiry_soon(first, now_s) ? " (soon)"
					       : "");
	return out;
}

static void
table_list(struct buffer *out, const struct client *client, int64_t now_s)
{
	int width = widest_name(client);
	char expires[EXPIRES_ROOM];

	buffer_format(out, "%-*s  %-22s  %-8s  %-20s  %s\n", width, "NAME", "CLIENT_ID", "STATE",
	    "SECRET EXPIRES", "ROLES");
	for (; client != NULL; client = client->next) {
		buffer_format(out, "%-*s  %-22s  %-8s  %-20s  ", width, client->name, client->id,
		    client->disabled ? "disabled" : "enabled", first_end(client, now_s, expires));
		add_texts(out, &client->roles);
		buffer_add_byte(out, '\n');
	}
}

/* --- what the commands call --- */

static void
made_json(struct buffer *out, const struct admin_new *new_client, const struct admin_made *made)
{
	buffer_add_text(out, "{\"name\":");
	buffer_add_json(out, span_of(new_client->name));
	json_text(out, "client_id", made->id);
	if (made->secret[0] != 0)
		json_text(out, "client_secret", made->secret);
	json_expires(out, made->until_s);
	json_texts(out, "roles", &new_client->roles);
	json_texts(out, "scopes", &new_client->fields.scopes);
	buffer_add_text(out, "}\n");
}

void
client_print_made(struct buffer *out, enum client_output output, const struct admin_new *new_client,
    const struct admin_made *made)
{
	if (output == CLIENT_JSON) {
		made_json(out, new_client, made);
	} else if (output == CLIENT_ENV) {
		/* Base64url needs no quoting in any shell. */
		buffer_format(out, "CLIENT_ID=%s\n", made->id);
		if (made->secret[0] != 0)
			buffer_format(out, "CLIENT_SECRET=%s\n", made->secret);
	} else {
		row(out, "name", new_client->name);
		row(out, "client_id", made->id);
		row(out, "client_secret", made->secret);
		if (made->until_s != 0)
			row_time(out, "secret ends", made->until_s);
		row_texts(out, "roles", &new_client->roles);
		row_texts(out, "scopes", &new_client->fields.scopes);
	}
}

void
client_print_rotated(
    struct buffer *out, enum client_output output, const char *name, const struct admin_made *made)
{
	if (output == CLIENT_JSON) {
		buffer_add_text(out, "{\"client_id\":");
		buffer_add_json(out, span_of(made->id));
		json_text(out, "client_secret", made->secret);
		json_expires(out, made->until_s);
		buffer_format(out, ",\"slot\":%d}\n", made->slot);
	} else if (output == CLIENT_ENV) {
		buffer_format(out, "CLIENT_ID=%s\nCLIENT_SECRET=%s\n", made->id, made->secret);
	} else {
		row(out, "client", name);
		row(out, "client_id", made->id);
		row(out, "client_secret", made->secret);
		buffer_format(out, "%-16s%d\n", "slot", made->slot);
		if (made->until_s != 0)
			row_time(out, "secret ends", made->until_s);
	}
}

void
client_print_one(struct buffer *out, enum client_output output, const struct client *client)
{
	if (output == CLIENT_JSON) {
		json_client(out, client, false);
		buffer_add_byte(out, '\n');
	} else {
		table_client(out, client);
	}
}

void
client_print_list(
    struct buffer *out, enum client_output output, const struct client *first, int64_t now_s)
{
	const struct client *client;

	if (output != CLIENT_JSON) {
		table_list(out, first, now_s);
		return;
	}
	buffer_add_byte(out, '[');
	for (client = first; client != NULL; client = client->next) {
		if (client != first)
			buffer_add_text(out, ",\n ");
		json_client(out, client, false);
	}
	buffer_add_text(out, "]\n");
}

void
client_print_export(struct buffer *out, const struct client *first)
{
	buffer_add_text(out, "{\"clients\":[");
	for (const struct client *client = first; client != NULL; client = client->next) {
		buffer_add_text(out, client == first ? "\n" : ",\n");
		json_client(out, client, true);
	}
	buffer_add_text(out, "\n]}\n");
}
