/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/command.h"

int
check_command(int argc, char **argv)
{
	struct options options = { argc, argv, 0 };
	const char *path = COMMAND_CONFIG, *value;
	struct config *config = NULL;
	bool missing = false;
	int code = EXIT_TROUBLE;

	while (options.at < argc) {
		if ((value = options_value(&options, "-c", &missing)) == NULL)
			return command_trouble("check: usage: postern check [-c postern.yaml]");
		path = value;
	}
	if (!command_config(path, &config, &code))
		return code;
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	     mistake = mistake->next)
		(void)fprintf(stderr, "%s\n", mistake->text);
	(void)printf("%s: good (%zu issuers, %zu roles, %zu modules, %zu warnings)\n", path,
	    config->profile_count, config->policy.role_count, config->policy.module_count,
	    config->mistakes.warnings);
	config_free(config);
	return EXIT_YES;
}
