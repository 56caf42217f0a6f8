/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "proxy/gate/server.h"

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "run the gateway" },
	{ NULL, NULL, NULL },
};

static int
run(int argc, char **argv)
{
	struct command_line line = { .config = COMMAND_CONFIG };
	struct config *config = NULL;
	struct err err = { "" };
	int code;

	if (!options_read(&serve_command, (struct arguments){ argc, argv }, &line, &code)) {
		options_done(&line);
		return code;
	}
	if (!command_config_as(line.config, CONFIG_WHOLE, &config, &code))
		code = EXIT_TROUBLE;
	else if (server_run(config, &err))
		code = EXIT_YES;
	else
		code = command_trouble_at("", &err);
	options_done(&line);
	return code;
}

const struct command serve_command = {
	.name = "serve",
	.help = "run the gateway",
	.verbs = verbs,
	.options = options,
	.run = run,
};
