/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_do.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "cli/client_claims.h"
#include "cli/command.h"

#define OUTPUT_MAX ((size_t)1 << 30)
#define ARENA_MAX ((size_t)1 << 30)
#define JWKS_MAX (256u << 10)
#define IMPORT_MAX ((size_t)256 << 20)

/* Print and wipe. */
static int
print(struct buffer *out)
{
	bool done = !out->failed;

	if (done && out->len > 0)
		done = fwrite(out->at, 1, out->len, stdout) == out->len;
	done = done && fflush(stdout) == 0;
	buffer_wipe(out);
	if (done)
		return EXIT_YES;
	return command_trouble("client: standard output cannot be written");
}

/* jwks_path of the line, read into `fields`; the text is lent by the buffer. */
static bool
read_jwks(const struct client_line *line, struct buffer *text, struct admin_fields *fields)
{
	struct err err;

	buffer_init(text, JWKS_MAX);
	if (line->jwks_path == NULL)
		return true;
	if (!file_read(line->jwks_path, text, &err)) {
		(void)command_trouble_at("client", &err);
		return false;
	}
	buffer_add_byte(text, '\0');
	if (text->failed || strlen(text->at) + 1 != text->len) {
		(void)err_set(&err, "%s: no JWK Set", line->jwks_path);
		(void)command_trouble_at("client", &err);
		return false;
	}
	fields->jwks = text->at;
	return true;
}

static int
add(struct place *place, const struct client_line *line, const struct admin_new *new_client)
{
	enum admin_result result;
	struct admin_made made;
	struct buffer out;
	struct err err;

	result = admin_add(place->store, new_client, &made, &err);
	if (result != ADMIN_OK)
		return place_report(place, result, &err);
	buffer_init(&out, OUTPUT_MAX);
	client_print_made(&out, (enum client_output)line->output, new_client, &made);
	if (line->output == CLIENT_TABLE && made.secret[0] != '\0')
		(void)fprintf(stderr, "The secret is shown only once; it cannot be read again.\n");
	digest_wipe(&made, sizeof(made));
	return print(&out);
}

int
client_do_add(struct place *place, const struct client_line *line)
{
	struct admin_new new_client = { line->line.words[0], line->roles, line->fields,
		line->expires_s };
	struct buffer jwks;
	int code = EXIT_TROUBLE;

	for (size_t i = 0; i < line->roles.count; i++)
		if (!place_role_known(place, line->roles.at[i]))
			return EXIT_NO;
	if (!client_claims_free(place, &line->fields.claims))
		return EXIT_NO;
	if (read_jwks(line, &jwks, &new_client.fields))
		code = add(place, line, &new_client);
	buffer_done(&jwks);
	return code;
}

int
client_do_change(struct place *place, const struct client_line *line)
{
	struct admin_fields fields = line->fields;
	int code = EXIT_TROUBLE;
	struct buffer jwks;
	struct err err;

	if (!client_claims_free(place, &fields.claims))
		return EXIT_NO;
	if (read_jwks(line, &jwks, &fields))
		code = place_report(
		    place, admin_change(place->store, line->line.words[0], &fields, &err), &err);
	buffer_done(&jwks);
	return code;
}

int
client_do_rename(struct place *place, const struct client_line *line)
{
	const char *name = line->line.words[0], *new_name = line->line.words[1];
	struct client *client = NULL;
	enum admin_result result;
	struct err err;

	result =
	    admin_find(place->store, &(struct store_wanted){ name, &place->arena }, &client, &err);
	if (result == ADMIN_OK && strcmp(client->name, new_name) == 0)
		(void)command_trouble("client %s already has that name", name);
	else if (result == ADMIN_OK)
		result = admin_rename(place->store, name, new_name, &err);
	return place_report(place, result, &err);
}

/* The client does not have the role: either there is nothing to do, or the role is a typo and the
 * intended one is still granted. */
static int
not_revoked(const struct place *place, const struct admin_grant *grant)
{
	if (!place_role_known(place, grant->role))
		return EXIT_NO;
	(void)command_trouble("client %s does not have role %s", grant->name_or_id, grant->role);
	return EXIT_YES;
}

static int
set_role(struct place *place, const struct client_line *line, bool granted)
{
	struct admin_grant grant = { line->line.words[0], line->line.words[1], granted };
	enum admin_result result;
	bool changed = false;
	struct err err;

	/* Revoking is allowed without the role in the policy: it may have been removed there
	 * already. */
	if (granted && !place_role_known(place, grant.role))
		return EXIT_NO;
	result = admin_set_role(place->store, &grant, &changed, &err);
	if (result != ADMIN_OK)
		return place_report(place, result, &err);
	if (!changed && !granted)
		return not_revoked(place, &grant);
	if (!changed)
		(void)command_trouble(
		    "client %s already has role %s", grant.name_or_id, grant.role);
	return EXIT_YES;
}

int
client_do_grant(struct place *place, const struct client_line *line)
{
	return set_role(place, line, true);
}

int
client_do_revoke(struct place *place, const struct client_line *line)
{
	return set_role(place, line, false);
}

static int
set_disabled(struct place *place, const struct client_line *line, bool disabled)
{
	struct admin_switch to = { line->line.words[0], disabled };
	enum admin_result result;
	bool changed = false;
	struct err err;

	result = admin_set_disabled(place->store, &to, &changed, &err);
	if (result == ADMIN_OK && !changed)
		(void)command_trouble(
		    "client %s is already %s", to.name_or_id, disabled ? "disabled" : "enabled");
	return place_report(place, result, &err);
}

int
client_do_disable(struct place *place, const struct client_line *line)
{
	return set_disabled(place, line, true);
}

int
client_do_enable(struct place *place, const struct client_line *line)
{
	return set_disabled(place, line, false);
}

int
client_do_delete(struct place *place, const struct client_line *line)
{
	struct err err;

	return place_report(place, admin_delete(place->store, line->line.words[0], &err), &err);
}

static enum admin_result
end_tokens(struct place *place, const struct client_line *line, struct err *reterr)
{
	const char *issuer = NULL;

	return place_issuer(place, &issuer, reterr)
		   ? admin_end_tokens(place->store, issuer, line->line.words[0], reterr)
		   : ADMIN_TROUBLE;
}

/* Find the issuer before deleting the secret: without it, the client's tokens could not be
 * revoked. */
static bool
can_end_tokens(struct place *place)
{
	const char *issuer = NULL;
	struct err err;

	if (place_issuer(place, &issuer, &err))
		return true;
	(void)command_trouble("client: %s; to end the secret but not the tokens, use --keep-tokens "
			      "with revoke-secret, or rotate without --end-tokens",
	    err.text);
	return false;
}

int
client_do_rotate(struct place *place, const struct client_line *line)
{
	struct admin_rotation rotation = { line->line.words[0], line->revoke_other,
		line->expires_s };
	enum admin_result result;
	struct admin_made made;
	struct buffer out;
	struct err err;

	if (line->end_tokens && !can_end_tokens(place))
		return EXIT_TROUBLE;
	result = admin_rotate(place->store, &rotation, &made, &err);
	if (result != ADMIN_OK)
		return place_report(place, result, &err);
	buffer_init(&out, OUTPUT_MAX);
	client_print_rotated(&out, (enum client_output)line->output, line->line.words[0], &made);
	digest_wipe(&made, sizeof(made));
	if (line->output == CLIENT_TABLE)
		(void)fprintf(stderr, "The secret is shown only once; it cannot be read again.\n");
	/* Print the secret first: it cannot be shown again, but revoking tokens can be repeated. */
	if (print(&out) != EXIT_YES)
		return EXIT_TROUBLE;
	return line->end_tokens ? place_report(place, end_tokens(place, line, &err), &err)
				: EXIT_YES;
}

int
client_do_revoke_secret(struct place *place, const struct client_line *line)
{
	struct admin_unsecret which = { line->line.words[0], (enum admin_slot)line->slot };
	enum admin_result result;
	struct err err;
	int revoked = 0;

	if (!line->keep_tokens && !can_end_tokens(place))
		return EXIT_TROUBLE;
	result = admin_revoke_secret(place->store, &which, &revoked, &err);
	if (result == ADMIN_OK && !line->keep_tokens)
		result = end_tokens(place, line, &err);
	if (result == ADMIN_OK)
		(void)printf("%s revoked%s\n",
		    revoked == 3   ? "both secrets"
		    : revoked == 2 ? "secret 2"
				   : "secret 1",
		    line->keep_tokens ? "" : ", and the tokens issued until now");
	return place_report(place, result, &err);
}

static int
print_all(struct place *place, const struct client_line *line, bool hashes)
{
	struct client *first = NULL;
	struct arena arena;
	struct buffer out;
	struct err err;
	int code;

	arena_init(&arena, ARENA_MAX);
	if (place->store != NULL && !store_list(place->store, &arena, &first, &err)) {
		code = place_report(place, ADMIN_TROUBLE, &err);
	} else {
		buffer_init(&out, OUTPUT_MAX);
		if (hashes)
			client_print_export(&out, first);
		else
			client_print_list(
			    &out, (enum client_output)line->output, first, clock_now_s());
		code = print(&out);
	}
	arena_done(&arena);
	return code;
}

int
client_do_list(struct place *place, const struct client_line *line)
{
	return print_all(place, line, false);
}

int
client_do_export(struct place *place, const struct client_line *line)
{
	return print_all(place, line, true);
}

int
client_do_show(struct place *place, const struct client_line *line)
{
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;
	struct buffer out;
	struct err err;
	int code;

	arena_init(&arena, ARENA_MAX);
	result = admin_find(
	    place->store, &(struct store_wanted){ line->line.words[0], &arena }, &client, &err);
	if (result == ADMIN_OK) {
		buffer_init(&out, OUTPUT_MAX);
		client_print_one(&out, (enum client_output)line->output, client);
		code = print(&out);
	} else {
		code = place_report(place, result, &err);
	}
	arena_done(&arena);
	return code;
}

int
client_do_import(struct place *place, const struct client_line *line)
{
	enum admin_result result;
	struct buffer text;
	struct err err;
	size_t count = 0;
	int code;

	buffer_init(&text, IMPORT_MAX);
	if (file_read(line->line.words[0], &text, &err)) {
		result = admin_import(place->store, buffer_span(&text), &count, &err);
		code = place_report(place, result, &err);
		if (count > 0)
			(void)printf("%zu client%s imported\n", count, count == 1 ? "" : "s");
	} else {
		code = command_trouble_at("client", &err);
	}
	buffer_wipe(&text);
	return code;
}
