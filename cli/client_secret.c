/* SPDX-License-Identifier: Apache-2.0 */
/* The commands about secrets, and those that list, export and import. */
#include <stdio.h>

#include "base/digest.h"
#include "base/file.h"
#include "cli/client_do.h"
#include "cli/command.h"

#define OUTPUT_MAX ((size_t)1 << 30)
#define ARENA_MAX ((size_t)1 << 30)
#define IMPORT_MAX ((size_t)256 << 20)

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
	struct admin_rotation rotation = { line->line.words[0], line->revoke_other };
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
	if (client_do_print(&out) != EXIT_YES)
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
	if (!store_list(place->store, &arena, &first, &err)) {
		code = place_report(place, ADMIN_TROUBLE, &err);
	} else {
		buffer_init(&out, OUTPUT_MAX);
		if (hashes)
			client_print_export(&out, first);
		else
			client_print_list(&out, (enum client_output)line->output, first);
		code = client_do_print(&out);
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
		code = client_do_print(&out);
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
