/* SPDX-License-Identifier: Apache-2.0 */
/* Ask a gate that runs here how it is: for the health check of an image without a client of HTTP.
 * A mistake in the configuration is no reason to call a gate ill that runs on without it: of the
 * file only `admin.address` is read. */
#include <string.h>

#include "cli/admin_call.h"
#include "cli/command.h"
#include "proxy/config/config_part.h"

#define ARENA_MAX (64u << 20)

static int
check(const char *admin, const char *path)
{
	struct admin_call_answer answer = { 0 };
	struct err err = { "" };

	switch (admin_call(admin, path, &answer, &err)) {
	case ADMIN_CALL_WRONG:
		return command_trouble("health: \"%.128s\" %s", admin, err.text);
	case ADMIN_CALL_NOBODY:
		(void)command_trouble("health: %s: %s", admin, err.text);
		return EXIT_NO;
	case ADMIN_CALL_SILENT:
		(void)command_trouble("health: %s%s does not answer", admin, path);
		return EXIT_NO;
	case ADMIN_CALL_DONE:
		break;
	}
	if (answer.status == 200)
		return EXIT_YES;
	(void)command_trouble("health: %s%s says %d", admin, path, answer.status);
	return EXIT_NO;
}

struct health_line {
	struct command_line line;
	const char *address; /* NULL: the configuration's */
	bool ready;
};

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--address",
	    .argument = "ADDRESS",
	    .offset = offsetof(struct health_line, address),
	    .help = "ask there and read no configuration (default: the configuration's "
		    "admin.address)" },
	{ .name = "--ready",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct health_line, ready),
	    .help = "ask whether it is ready for requests (/readyz), not just alive (/livez)" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "check the health of the gate on this machine" },
	{ NULL, NULL, NULL },
};

static int
run(const struct health_line *line)
{
	const char *address = line->address;
	struct arena arena;
	struct err err;
	int code;

	arena_init(&arena, ARENA_MAX);
	if (address == NULL && !config_part_admin(line->line.config, &arena, &address, &err))
		code = command_trouble(
		    "health: %s; with --address no configuration is read", err.text);
	else
		code = check(address, line->ready ? "/readyz" : "/livez");
	arena_done(&arena);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct health_line line = { .line.config = COMMAND_CONFIG };
	int code;

	if (options_read(&health_command, (struct arguments){ argc, argv }, &line.line, &code))
		code = run(&line);
	options_done(&line.line);
	return code;
}

const struct command health_command = {
	.name = "health",
	.help = "check the health of the gate on this machine",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
