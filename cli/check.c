/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/hide.h"
#include "cli/command.h"
#include "cli/config_print.h"

#define PRINT_MAX (16u << 20)

static int
print(const struct config *config)
{
	struct buffer out;
	struct err err;
	int code = EXIT_YES;

	buffer_init(&out, PRINT_MAX);
	if (!config_print(config, &out, &err))
		code = command_trouble("check: %s", err.text);
	else if (fwrite(out.at, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
		code = command_trouble("check: standard output cannot be written");
	else if (strstr(out.at, HIDE_HIDDEN) != NULL)
		(void)fprintf(stderr, "postern: check: " HIDE_HIDDEN " replaces each secret; "
				      "{env: NAME} and {file: PATH} are printed unchanged\n");
	buffer_done(&out);
	return code;
}

struct check_line {
	struct command_line line;
	bool print, offline;
};

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--print",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct check_line, print),
	    .help = "print the effective configuration as YAML" },
	{ .name = "--offline",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct check_line, offline),
	    .help = "skip secrets, key files and directories, and list what was skipped" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "report every mistake in the configuration and the policy" },
	{ NULL, NULL, NULL },
};

static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void
say_good(const char *path, const struct config *config)
{
	const struct mistakes *mistakes = &config->mistakes;

	(void)printf("%s: good (%zu issuer%s, %zu role%s, %zu module%s, %zu warning%s", path,
	    config->trusted_issuer_count, plural(config->trusted_issuer_count),
	    config->policy.role_count, plural(config->policy.role_count),
	    config->policy.module_count, plural(config->policy.module_count), mistakes->warnings,
	    plural(mistakes->warnings));
	if (mistakes->offline)
		(void)printf(", %zu skipped", mistakes->left_out);
	(void)puts(")");
}

static int
check(const struct check_line *line)
{
	const char *path = line->line.config;
	struct config *config = NULL;
	int code = EXIT_TROUBLE;

	if (!command_config_as(path, line->offline ? CONFIG_OFFLINE : CONFIG_WHOLE, &config, &code))
		return code;
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		(void)fprintf(stderr, "%s\n", mistake->text);
	if (line->print)
		code = print(config);
	else
		say_good(path, config);
	config_free(config);
	return line->print ? code : EXIT_YES;
}

static int
run_line(int argc, char **argv)
{
	struct check_line line = { .line.config = COMMAND_CONFIG };
	int code;

	if (options_read(&check_command, (struct arguments){ argc, argv }, &line.line, &code))
		code = check(&line);
	options_done(&line.line);
	return code;
}

const struct command check_command = {
	.name = "check",
	.help = "report every mistake in the configuration and the policy",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
