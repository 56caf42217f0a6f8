/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
options_value(struct options *options, const char *name, bool *ret_missing)
{
	const char *argument = options->argv[options->at];
	size_t len = strlen(name);

	if (strncmp(argument, name, len) != 0)
		return NULL;
	if (argument[len] == '=') {
		options->at++;
		return argument + len + 1;
	}
	if (argument[len] != '\0')
		return NULL;
	if (options->at + 1 >= options->argc) {
		*ret_missing = true;
		return NULL;
	}
	options->at += 2;
	return options->argv[options->at - 1];
}

bool
options_flag(struct options *options, const char *name)
{
	if (strcmp(options->argv[options->at], name) != 0)
		return false;
	options->at++;
	return true;
}

int
command_trouble(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("postern: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	va_end(arguments);
	return EXIT_TROUBLE;
}

bool
command_config(const char *path, struct config **ret_config, int *ret_code)
{
	struct config *config = NULL;
	struct err err = { "" };

	if (config_read(path, &config, &err)) {
		*ret_config = config;
		return true;
	}
	if (config == NULL || config->mistakes.errors == 0) {
		config_free(config);
		*ret_code = command_trouble("%s", err.text);
		return false;
	}
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	     mistake = mistake->next)
		if (!mistake->warning)
			(void)fprintf(stderr, "%s\n", mistake->text);
	(void)fprintf(stderr, "%s\n", err.text);
	config_free(config);
	*ret_code = EXIT_NO;
	return false;
}
