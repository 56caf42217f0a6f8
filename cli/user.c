/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "cli/command.h"
#include "cli/secret_input.h"
#include "cli/user_print.h"
#include "issuer/account.h"

#define OUTPUT_MOST ((size_t)1 << 30)
#define ARENA_MOST ((size_t)1 << 30)

static const char usage[] =
    "usage: postern user add NAME [--role ROLE]... [--label TEXT] [--generate]\n"
    "                    [--output table|json] [-c FILE]\n"
    "       postern user passwd NAME [--generate] [--output table|json] [-c FILE]\n"
    "       postern user list [--output table|json] [-c FILE]\n"
    "       postern user show NAME [--output table|json] [-c FILE]\n"
    "       postern user grant NAME ROLE [-c FILE]\n"
    "       postern user revoke NAME ROLE [-c FILE]\n"
    "       postern user disable|enable|delete NAME [-c FILE]\n"
    "The password is asked for, or read from standard input (one line), or made (--generate).\n";

/* The command line, read. */
struct line {
	const char *config_path;
	const char *names[2]; /* what is no option */
	int name_count;
	bool json, generate, output_given;
	const char *label;
	struct texts roles;
};

/* What the commands work on. */
struct place {
	struct config *config;
	struct store *store;
	struct arena arena;
};

static int
told(enum admin_result result, const struct err *err)
{
	if (result == ADMIN_OK)
		return EXIT_YES;
	(void)command_trouble("user: %s", err->text);
	return result == ADMIN_NO ? EXIT_NO : EXIT_TROUBLE;
}

static int
wrong_use(const char *what)
{
	(void)command_trouble("user: %s", what);
	(void)fputs(usage, stderr);
	return EXIT_TROUBLE;
}

/* --- the command line --- */

static const char *
take_output(const char *word, struct line *line)
{
	line->output_given = true;
	line->json = strcmp(word, "json") == 0;
	return line->json || strcmp(word, "table") == 0 ? NULL : "--output is table or json";
}

/* NULL: it was fine; else what is wrong. */
static const char *
take_next(struct options *options, struct line *line)
{
	bool missing = false;
	const char *value;

	if ((value = options_value(options, "-c", &missing)) != NULL)
		line->config_path = value;
	else if ((value = options_value(options, "--output", &missing)) != NULL)
		return take_output(value, line);
	else if ((value = options_value(options, "--role", &missing)) != NULL)
		line->roles.at[line->roles.count++] = value;
	else if ((value = options_value(options, "--label", &missing)) != NULL)
		line->label = value;
	else if (missing)
		return "an option's value is missing";
	else if (options_flag(options, "--generate"))
		line->generate = true;
	else if (options->argv[options->at][0] == '-')
		return "unknown option";
	else if (line->name_count == 2)
		return "too many arguments";
	else
		line->names[line->name_count++] = options->argv[options->at++];
	return NULL;
}

static const char *
read_line(int argc, char **argv, struct line *line)
{
	struct options options = { argc, argv, 1 };
	const char *wrong = NULL;

	while (wrong == NULL && options.at < argc)
		wrong = take_next(&options, line);
	return wrong;
}

/* --- the configuration --- */

static bool
open_place(const char *config_path, struct place *place, int *ret_code)
{
	struct err err;

	arena_init(&place->arena, ARENA_MOST);
	if (!command_config(config_path, &place->config, ret_code))
		return false;
	if (!place->config->has_local) {
		*ret_code = command_trouble(
		    "user: %s has no local_issuer, so there are no users", config_path);
		return false;
	}
	if (!store_open_at(
		place->config->local.database, place->config->state, &place->store, &err)) {
		*ret_code = command_trouble("user: %s", err.text);
		return false;
	}
	return true;
}

static void
place_done(struct place *place)
{
	store_close(place->store);
	config_free(place->config);
	arena_done(&place->arena);
}

/* A role that the policy does not know would be granted and never count: most likely a typo. */
static bool
role_known(const struct place *place, const char *role)
{
	if (policy_role(&place->config->policy, span_of(role)) != NULL)
		return true;
	(void)command_trouble("user: the policy has no role \"%s\"", role);
	return false;
}

static int
print(struct buffer *out)
{
	bool done =
	    !out->failed && (out->len == 0 || fwrite(out->at, 1, out->len, stdout) == out->len);

	done = fflush(stdout) == 0 && done;
	buffer_wipe(out);
	return done ? EXIT_YES : command_trouble("user: standard output cannot be written");
}

/* --- the commands --- */

/* Made when that was asked for, else read. `made` is empty when it was read. */
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

/* What came of it, with the password if it was made. */
static int
show_made(struct place *place, const struct line *line, const char *made)
{
	struct user *user = NULL;
	struct buffer out;
	struct err err;
	enum admin_result result =
	    account_find(place->store, line->names[0], &place->arena, &user, &err);

	if (result != ADMIN_OK)
		return told(result, &err);
	if (made[0] != '\0' && !line->json)
		(void)fprintf(
		    stderr, "The password is shown this once; it cannot be read again.\n");
	buffer_init(&out, OUTPUT_MOST);
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

	buffer_init(&password, SECRET_INPUT_MOST);
	if (take_password(line, &password, made, &err))
		result = run(place, line, buffer_span(&password), &err);
	code = result == ADMIN_OK ? show_made(place, line, made) : told(result, &err);
	buffer_wipe(&password);
	digest_wipe(made, sizeof(made));
	return code;
}

static enum admin_result
add_user(struct place *place, const struct line *line, struct span password, struct err *reterr)
{
	struct account_new new_user = { line->names[0], line->label, line->roles, password };

	return account_add(place->store, &new_user, reterr);
}

static int
add(struct place *place, const struct line *line)
{
	for (size_t i = 0; i < line->roles.count; i++)
		if (!role_known(place, line->roles.at[i]))
			return EXIT_NO;
	return with_password(place, line, add_user);
}

static enum admin_result
set_password(struct place *place, const struct line *line, struct span password, struct err *reterr)
{
	return account_set_password(place->store, line->names[0], password, reterr);
}

static int
passwd(struct place *place, const struct line *line)
{
	return with_password(place, line, set_password);
}

static int
list(struct place *place, const struct line *line)
{
	struct user *first = NULL;
	struct buffer out;
	struct err err;

	if (!store_user_list(place->store, &place->arena, &first, &err))
		return told(ADMIN_TROUBLE, &err);
	buffer_init(&out, OUTPUT_MOST);
	user_print_list(&out, line->json, first);
	return print(&out);
}

static int
show(struct place *place, const struct line *line)
{
	return show_made(place, line, "");
}

static int
changed_or_not(enum admin_result result, bool changed, const struct err *err)
{
	if (result == ADMIN_OK && !changed)
		(void)command_trouble("user: it was so already");
	return told(result, err);
}

static int
grant_role(struct place *place, const struct line *line)
{
	struct admin_grant grant = { line->names[0], line->names[1], true };
	bool changed = false;
	struct err err;

	if (!role_known(place, grant.role))
		return EXIT_NO;
	return changed_or_not(
	    account_set_role(place->store, &grant, &changed, &err), changed, &err);
}

/* Let through for any role: the policy may have dropped it already. */
static int
revoke_role(struct place *place, const struct line *line)
{
	struct admin_grant grant = { line->names[0], line->names[1], false };
	bool changed = false;
	struct err err;
	enum admin_result result = account_set_role(place->store, &grant, &changed, &err);

	return changed_or_not(result, changed, &err);
}

static int
set_disabled(struct place *place, const struct line *line, bool disabled)
{
	bool changed = false;
	struct err err;
	enum admin_result result =
	    account_set_disabled(place->store, line->names[0], disabled, &changed, &err);

	return changed_or_not(result, changed, &err);
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

	return told(account_delete(place->store, line->names[0], &err), &err);
}

static const struct command {
	const char *word;
	int names; /* how many it wants */
	int (*run)(struct place *place, const struct line *line);
} commands[] = {
	{ "add", 1, add },
	{ "passwd", 1, passwd },
	{ "list", 0, list },
	{ "show", 1, show },
	{ "grant", 2, grant_role },
	{ "revoke", 2, revoke_role },
	{ "disable", 1, disable },
	{ "enable", 1, enable },
	{ "delete", 1, delete_user },
};

static const struct command *
find_command(const char *word)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	return NULL;
}

static const char *
check_line(const struct command *command, const struct line *line)
{
	bool prints = command->run == add || command->run == passwd || command->run == list ||
		      command->run == show;

	if (line->name_count != command->names)
		return line->name_count < command->names
			   ? "too few arguments"
			   : "too many arguments (a password is none)";
	if ((line->roles.count > 0 || line->label != NULL) && command->run != add)
		return "that option is for add";
	if (line->generate && command->run != add && command->run != passwd)
		return "--generate is for add and passwd";
	return line->output_given && !prints ? "that command prints nothing" : NULL;
}

int
user_command(int argc, char **argv)
{
	struct line line = { .config_path = COMMAND_CONFIG };
	struct place place = { .config = NULL };
	const struct command *command;
	const char *wrong;
	int code = EXIT_TROUBLE;

	if (argc < 1)
		return wrong_use("which command?");
	command = find_command(argv[0]);
	if (command == NULL)
		return wrong_use("unknown command");
	line.roles.at = calloc((size_t)argc, sizeof(line.roles.at[0]));
	if (line.roles.at == NULL)
		return command_trouble("user: no memory");
	wrong = read_line(argc, argv, &line);
	if (wrong == NULL)
		wrong = check_line(command, &line);
	if (wrong != NULL) {
		code = wrong_use(wrong);
	} else {
		if (open_place(line.config_path, &place, &code))
			code = command->run(&place, &line);
		place_done(&place);
	}
	free(line.roles.at);
	return code;
}
