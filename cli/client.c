/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_do.h"
#include "cli/client_line.h"
#include "cli/command.h"

static const struct command_verb verbs[] = {
	[CLIENT_ADD] = { "add", "NAME", "add a client; its secret is shown once" },
	[CLIENT_LIST] = { "list", "", "list the clients" },
	[CLIENT_SHOW] = { "show", "NAME|ID", "show one client" },
	[CLIENT_CHANGE] = { "change", "NAME|ID", "change the fields given as options" },
	[CLIENT_RENAME] = { "rename", "NAME|ID NEW-NAME",
	    "change its name; id, secrets and tokens stay" },
	[CLIENT_GRANT] = { "grant", "NAME|ID ROLE", "grant a role of the policy" },
	[CLIENT_REVOKE] = { "revoke", "NAME|ID ROLE", "revoke a role" },
	[CLIENT_ROTATE] = { "rotate", "NAME|ID", "create a new secret; the other one stays valid" },
	[CLIENT_REVOKE_SECRET] = { "revoke-secret", "NAME|ID",
	    "revoke a secret, and the tokens issued until now" },
	[CLIENT_DISABLE] = { "disable", "NAME|ID", "refuse its secrets and tokens until enabled" },
	[CLIENT_ENABLE] = { "enable", "NAME|ID", "enable a disabled client" },
	[CLIENT_DELETE] = { "delete", "NAME|ID", "delete a client" },
	[CLIENT_EXPORT] = { "export", "", "print all clients with the hashes of their secrets" },
	[CLIENT_IMPORT] = { "import", "FILE|-", "add the clients from an export" },
	{ NULL, NULL, NULL },
};

static int (*const runs[])(struct place *place, const struct client_line *line) = {
	[CLIENT_ADD] = client_do_add,
	[CLIENT_LIST] = client_do_list,
	[CLIENT_SHOW] = client_do_show,
	[CLIENT_CHANGE] = client_do_change,
	[CLIENT_RENAME] = client_do_rename,
	[CLIENT_GRANT] = client_do_grant,
	[CLIENT_REVOKE] = client_do_revoke,
	[CLIENT_ROTATE] = client_do_rotate,
	[CLIENT_REVOKE_SECRET] = client_do_revoke_secret,
	[CLIENT_DISABLE] = client_do_disable,
	[CLIENT_ENABLE] = client_do_enable,
	[CLIENT_DELETE] = client_do_delete,
	[CLIENT_EXPORT] = client_do_export,
	[CLIENT_IMPORT] = client_do_import,
};

static int
run(const struct client_line *line)
{
	struct place place = { .command = "client" };
	bool lists = line->line.verb == CLIENT_LIST || line->line.verb == CLIENT_EXPORT;
	int code = EXIT_TROUBLE;

	if (place_find(&place, &line->line, PLACE_DATABASE, &code) &&
	    ((lists && place_unused(&place)) || place_open(&place, &code)))
		code = runs[line->line.verb](&place, line);
	place_done(&place);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct client_line line = { .line.config = COMMAND_CONFIG };
	const char *wrong;
	int code;

	if (options_read(&client_command, (struct arguments){ argc, argv }, &line.line, &code)) {
		wrong = client_line_finish(&line);
		code = wrong == NULL ? run(&line)
				     : options_wrong(&client_command, &line.line, "%s", wrong);
	}
	options_done(&line.line);
	return code;
}

const struct command client_command = {
	.name = "client",
	.help = "manage the local issuer's clients",
	.verbs = verbs,
	.options = client_options,
	.run = run_line,
};
