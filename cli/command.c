/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hide.h"

#define TYPED_MAX 64

static struct span typed[TYPED_MAX];
static size_t typed_count;

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

void
command_typed(int argc, char **argv)
{
	for (int i = 0; i < argc && typed_count + 2 <= TYPED_MAX; i++) {
		const char *value = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL;

		typed[typed_count++] = span_of(argv[i]);
		if (value != NULL)
			typed[typed_count++] = span_of(value + 1);
	}
}

const char *
command_program(void)
{
	return typed_count == 0 ? "postern" : typed[0].at;
}

int
command_trouble_at(const char *command, const struct err *err)
{
	struct buffer shown;
	int code;

	buffer_init(&shown, 4 * sizeof(err->text));
	if (strstr(err->text, "postgresql://") != NULL)
		buffer_add_text(&shown, err->text);
	else
		hide_sentence(span_of(err->text), typed, typed_count, &shown);
	code = command_trouble(
	    "%s%s%.*s", command, command[0] == '\0' ? "" : ": ", SPAN_ARG(buffer_span(&shown)));
	buffer_wipe(&shown);
	return code;
}

static void
tell_mistakes(const struct mistakes *mistakes, bool warnings)
{
	for (const struct mistake *mistake = mistakes->first; mistake != NULL;
	    mistake = mistake->next)
		if (!mistake->warning || warnings)
			(void)fprintf(stderr, "%s\n", mistake->text);
}

void
command_mistakes(const struct mistakes *mistakes)
{
	tell_mistakes(mistakes, false);
}

static bool
read_config(const char *path, const struct config_instead *instead, struct config **ret_config,
    int *ret_code)
{
	struct config *config = NULL;
	struct err err = { "" };

	if (config_read_instead(path, instead, &config, &err)) {
		*ret_config = config;
		return true;
	}
	if (config == NULL || config->mistakes.errors == 0) {
		config_free(config);
		*ret_code = command_trouble("%s", err.text);
		return false;
	}
	/* warnings for who looks at the whole of it: check, serve */
	tell_mistakes(&config->mistakes, instead->how != CONFIG_TEXT);
	if (config->stopped || config->mistakes.errors > 1) /* one is complete by itself */
		(void)fprintf(stderr, "%s\n", err.text);
	config_free(config);
	*ret_code = EXIT_NO;
	return false;
}

bool
command_config_as(
    const char *path, enum config_reading how, struct config **ret_config, int *ret_code)
{
	return read_config(path, &(struct config_instead){ how, NULL, NULL }, ret_config, ret_code);
}

bool
command_config_instead(
    const char *path, const struct config_instead *instead, struct config **ret_config)
{
	int code;

	return read_config(path, instead, ret_config, &code);
}

bool
command_config(const char *path, struct config **ret_config, int *ret_code)
{
	return command_config_as(path, CONFIG_TEXT, ret_config, ret_code);
}
