/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/hide.h"
#include "cli/command.h"
#include "cli/config_print.h"

#define PRINT_MOST (16u << 20)

static int
print(const struct config *config)
{
	struct buffer out;
	struct err err;
	int code = EXIT_YES;

	buffer_init(&out, PRINT_MOST);
	if (!config_print(config, &out, &err))
		code = command_trouble("check: %s", err.text);
	else if (fwrite(out.at, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
		code = command_trouble("check: standard output cannot be written");
	else if (strstr(out.at, HIDE_HIDDEN) != NULL)
		(void)fprintf(stderr, "postern: check: " HIDE_HIDDEN " stands where a secret is; "
				      "{env: NAME} and {file: PATH} are printed as they are\n");
	buffer_done(&out);
	return code;
}

int
check_command(int argc, char **argv)
{
	struct options options = { argc, argv, 0 };
	const char *path = COMMAND_CONFIG, *value;
	struct config *config = NULL;
	bool missing = false, printed = false;
	int code = EXIT_TROUBLE;

	while (options.at < argc) {
		if (options_flag(&options, "--print")) {
			printed = true;
			continue;
		}
		if ((value = options_value(&options, "-c", &missing)) == NULL)
			return command_trouble(
			    "check: usage: postern check [-c postern.yaml] [--print]");
		path = value;
	}
	if (!command_config(path, &config, &code))
		return code;
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	     mistake = mistake->next)
		(void)fprintf(stderr, "%s\n", mistake->text);
	if (printed) {
		code = print(config);
		config_free(config);
		return code;
	}
	(void)printf("%s: good (%zu issuers, %zu roles, %zu modules, %zu warnings)\n", path,
	    config->profile_count, config->policy.role_count, config->policy.module_count,
	    config->mistakes.warnings);
	config_free(config);
	return EXIT_YES;
}
