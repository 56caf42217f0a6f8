/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "cli/command.h"
#include "cli/place.h"
#include "cli/secret_input.h"
#include "cli/user_print.h"
#include "issuer/admin/account.h"

#define OUTPUT_MAX ((size_t)1 << 30)

/* The command line, read. */
struct line {
	struct command_line line;
	int output; /* index into output_words */
	bool json, generate;
	const char *label;
	struct texts roles;
};

static int
print(struct buffer *out)
{
	bool done =
	    !out->failed && (out->len == 0 || fwrite(out->at, 1, out->len, stdout) == out->len);

	done = fflush(stdout) == 0 && done;
	buffer_wipe(out);
	return done ? EXIT_YES : command_trouble("user: standard output cannot be written");
}

/* --- the commands ---
 *
 * Nobody is asked for a password that could not be set. */

/* Generate the password if requested, else read it; then `made` is empty. */
static bool
take_password(const struct line *line, struct buffer *password, char made[ACCOUNT_PASSWORD_ROOM],
    struct err *reterr)
{
	made[0] = '\0';
	if (!line->generate)
		return secret_input("Password: ", password, reterr);
	if (!account_new_password(made))
		return err_set(reterr, "the random generator failed");
	buffer_add_text(password, made);
	return true;
}

/* Print the result, with the password if it was generated. */
static int
show_made(struct place *place, const struct line *line, const char *made)
{
	struct user *user = NULL;
	struct buffer out;
	struct err err;
	enum admin_result result = account_find(place->store,
	    &(struct store_wanted){ line->line.words[0], &place->arena }, &user, &err);

	if (result != ADMIN_OK)
		return place_report(place, result, &err);
	if (made[0] != '\0' && !line->json)
		(void)fprintf(
		    stderr, "The password is shown only once; it cannot be read again.\n");
	buffer_init(&out, OUTPUT_MAX);
	user_print_one(&out, line->json, user, made[0] == '\0' ? NULL : made);
	return print(&out);
}

static int
with_password(struct place *place, const struct line *line,
    enum admin_result (*run)(
	struct place *place, const struct line *line, struct span password, struct err *reterr))
{
	char made[ACCOUNT_PASSWORD_ROOM];
	struct buffer password;
	struct err err;
	enum admin_result result = ADMIN_TROUBLE;
	int code;

	buffer_init(&password, SECRET_INPUT_MAX);
	if (take_password(line, &password, made, &err))
		result = run(place, line, buffer_span(&password), &err);
	code =
	    result == ADMIN_OK ? show_made(place, line, made) : place_report(place, result, &err);
	buffer_wipe(&password);
	digest_wipe(made, sizeof(made));
	return code;
}

static enum admin_result
add_user(struct place *place, const struct line *line, struct span password, struct err *reterr)
{
	struct account_new new_user = { line->line.words[0], line->label, line->roles, password };

	return account_add(place->store, &new_user, reterr);
}

static int
add(struct place *place, const struct line *line)
{
	const struct account_new new_user = {
		.name = line->line.words[0], .label = line->label, .roles = line->roles
	};
	enum admin_result result;
	struct err err;

	for (size_t i = 0; i < line->roles.count; i++)
		if (!place_role_known(place, line->roles.at[i]))
			return EXIT_NO;
	result = account_addable(place->store, &new_user, &err);
	return result == ADMIN_OK ? with_password(place, line, add_user)
				  : place_report(place, result, &err);
}

static enum admin_result
set_password(struct place *place, const struct line *line, struct span password, struct err *reterr)
{
	return account_set_password(place->store, line->line.words[0], password, reterr);
}

static int
passwd(struct place *place, const struct line *line)
{
	struct store_wanted wanted = { line->line.words[0], &place->arena };
	struct user *user = NULL;
	struct err err;
	enum admin_result result = account_find(place->store, &wanted, &user, &err);

	return result == ADMIN_OK ? with_password(place, line, set_password)
				  : place_report(place, result, &err);
}

static int
list(struct place *place, const struct line *line)
{
	struct user *first = NULL;
	struct buffer out;
	struct err err;

	if (place->store != NULL && !store_user_list(place->store, &place->arena, &first, &err))
		return place_report(place, ADMIN_TROUBLE, &err);
	buffer_init(&out, OUTPUT_MAX);
	user_print_list(&out, line->json, first);
	return print(&out);
}

static int
show(struct place *place, const struct line *line)
{
	return show_made(place, line, "");
}

static int
set_role(struct place *place, const struct line *line, bool granted)
{
	struct admin_grant grant = { line->line.words[0], line->line.words[1], granted };
	bool changed = false;
	struct err err;
	enum admin_result result = account_set_role(place->store, &grant, &changed, &err);

	if (result != ADMIN_OK)
		return place_report(place, result, &err);
	/* The user does not have the role. If the policy does not have it either, it is a typo, and
	 * the intended role is still granted. */
	if (!changed && !granted && !place_role_known(place, grant.role))
		return EXIT_NO;
	if (!changed)
		(void)command_trouble("user %s %s role %s", grant.name_or_id,
		    granted ? "already has" : "does not have", grant.role);
	return EXIT_YES;
}

static int
grant_role(struct place *place, const struct line *line)
{
	return place_role_known(place, line->line.words[1]) ? set_role(place, line, true) : EXIT_NO;
}

/* Allowed for any role: the policy may have dropped it already. */
static int
revoke_role(struct place *place, const struct line *line)
{
	return set_role(place, line, false);
}

static int
set_disabled(struct place *place, const struct line *line, bool disabled)
{
	const char *name = line->line.words[0];
	bool changed = false;
	struct err err;
	enum admin_result result = account_set_disabled(
	    place->store, &(struct admin_switch){ name, disabled }, &changed, &err);

	if (result == ADMIN_OK && !changed)
		(void)command_trouble(
		    "user %s is already %s", name, disabled ? "disabled" : "enabled");
	return place_report(place, result, &err);
}

static int
disable(struct place *place, const struct line *line)
{
	return set_disabled(place, line, true);
}

static int
enable(struct place *place, const struct line *line)
{
	return set_disabled(place, line, false);
}

static int
delete_user(struct place *place, const struct line *line)
{
	struct err err;

	return place_report(place, account_delete(place->store, line->line.words[0], &err), &err);
}

enum verb { ADD, PASSWD, LIST, SHOW, GRANT, REVOKE, DISABLE, ENABLE, DELETE };

static const struct command_verb verbs[] = {
	[ADD] = { "add", "NAME", "add a user" },
	[PASSWD] = { "passwd", "NAME", "set a new password" },
	[LIST] = { "list", "", "list the users" },
	[SHOW] = { "show", "NAME", "show one user" },
	[GRANT] = { "grant", "NAME ROLE", "grant a role of the policy" },
	[REVOKE] = { "revoke", "NAME ROLE", "revoke a role" },
	[DISABLE] = { "disable", "NAME", "refuse the user's password and tokens until enabled" },
	[ENABLE] = { "enable", "NAME", "enable a disabled user" },
	[DELETE] = { "delete", "NAME", "delete a user" },
	{ NULL, NULL, NULL },
};

#define PRINTING (1u << ADD | 1u << PASSWD | 1u << LIST | 1u << SHOW)

static const char *const output_words[] = { "table", "json", NULL };

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	OPTION_ROW_DATABASE,
	OPTION_ROW_STATE,
	{ .name = "--role",
	    .argument = "ROLE",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct line, roles),
	    .verbs = 1u << ADD,
	    .help = "a role to grant" },
	{ .name = "--label",
	    .argument = "TEXT",
	    .offset = offsetof(struct line, label),
	    .may_be_empty = true,
	    .verbs = 1u << ADD,
	    .help = "a text for people" },
	{ .name = "--generate",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct line, generate),
	    .verbs = 1u << ADD | 1u << PASSWD,
	    .help = "generate a password and show it once" },
	{ .name = "--output",
	    .argument = "table|json",
	    .kind = OPTION_WORD,
	    .offset = offsetof(struct line, output),
	    .words = output_words,
	    .verbs = PRINTING,
	    .help = "how to print (default: table)" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct line, json),
	    .verbs = PRINTING,
	    .help = "the same as --output json" },
	{ .name = NULL },
};

static const char notes[] =
    "A password is never an argument, because every user of the machine "
    "could read it: you are asked for it,\n"
    "or it is read from standard input (one line) or generated (--generate).\n";

static int (*const runs[])(struct place *place, const struct line *line) = {
	[ADD] = add,
	[PASSWD] = passwd,
	[LIST] = list,
	[SHOW] = show,
	[GRANT] = grant_role,
	[REVOKE] = revoke_role,
	[DISABLE] = disable,
	[ENABLE] = enable,
	[DELETE] = delete_user,
};

static int
run_line(int argc, char **argv)
{
	struct line line = { .line.config = COMMAND_CONFIG };
	struct place place = { .command = "user" };
	int code;

	if (options_read(&user_command, (struct arguments){ argc, argv }, &line.line, &code)) {
		line.json = line.json || line.output == 1;
		if (place_find(&place, &line.line, PLACE_DATABASE, &code) &&
		    ((line.line.verb == LIST && place_unused(&place)) || place_open(&place, &code)))
			code = runs[line.line.verb](&place, &line);
		place_done(&place);
	}
	options_done(&line.line);
	return code;
}

const struct command user_command = {
	.name = "user",
	.help = "manage the local issuer's users, for Basic authentication",
	.verbs = verbs,
	.options = options,
	.notes = notes,
	.run = run_line,
};
