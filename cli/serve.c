/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "cli/command.h"
#include "proxy/server.h"

int
serve_command(int argc, char **argv)
{
	struct options options = { argc, argv, 0 };
	const char *path = COMMAND_CONFIG, *value;
	struct config *config = NULL;
	struct err err = { "" };
	bool missing = false;
	int code = EXIT_TROUBLE;

	while (options.at < argc) {
		if ((value = options_value(&options, "-c", &missing)) == NULL)
			return command_trouble("serve: usage: postern serve [-c postern.yaml]");
		path = value;
	}
	if (!command_config(path, &config, &code))
		return EXIT_TROUBLE;
	if (!server_run(config, &err))
		return command_trouble("%s", err.text);
	return EXIT_YES;
}
