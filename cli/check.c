/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/hide.h"
#include "cli/check_report.h"
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
	bool print, offline, strict, json, sarif;
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
	{ .name = "--strict",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct check_line, strict),
	    .help = "exit with 1 for warnings, too" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct check_line, json),
	    .help = "print what was found as JSON, on standard output" },
	{ .name = "--sarif",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct check_line, sarif),
	    .help = "the same as a SARIF 2.1.0 log, for code review" },
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

static enum config_reading
reading_of(const struct check_line *line)
{
	return line->offline ? CONFIG_OFFLINE : CONFIG_WHOLE;
}

/* What was found, as a document on standard output. */
static bool
report(const struct check_line *line, const struct check_report *found)
{
	struct buffer out;
	bool done;

	buffer_init(&out, PRINT_MAX);
	if (line->sarif)
		check_report_sarif(found, &out);
	else
		check_report_json(found, &out);
	done = !out.failed && fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
	buffer_done(&out);
	return done;
}

static int
check_document(const struct check_line *line)
{
	struct check_report found = { .file = line->line.config };
	struct config *config = NULL;
	struct err err = { "" };
	int code = EXIT_YES;

	found.good = config_read(found.file, reading_of(line), &config, &err);
	if (config != NULL)
		found.mistakes = &config->mistakes;
	if (config == NULL || config->stopped) {
		found.trouble = err.text;
		found.trouble_at = config == NULL ? NULL : document_get(config->root, "policy");
		found.file = hide_needed(span_of(found.file)) ? HIDE_HIDDEN : found.file;
	}
	if (!found.good)
		code = config == NULL || config->mistakes.errors == 0 ? EXIT_TROUBLE : EXIT_NO;
	else if (line->strict && config->mistakes.warnings > 0)
		code = EXIT_NO;
	found.good = code == EXIT_YES;
	if (!report(line, &found))
		code = command_trouble("check: standard output cannot be written");
	config_free(config);
	return code;
}
static int
check(const struct check_line *line)
{
	const char *path = line->line.config;
	struct config *config = NULL;
	int code = EXIT_TROUBLE;
	bool strict;

	if (!command_config_as(path, reading_of(line), &config, &code))
		return code;
	code = EXIT_YES;
	strict = line->strict && config->mistakes.warnings > 0;
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		(void)fprintf(stderr, "%s\n", mistake->text);
	if (line->print)
		code = print(config);
	else if (!strict)
		say_good(path, config);
	if (strict && code == EXIT_YES) {
		(void)fprintf(stderr, "%s: %zu warning%s, and --strict allows none\n", path,
		    config->mistakes.warnings, plural(config->mistakes.warnings));
		code = EXIT_NO;
	}
	config_free(config);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct check_line line = { .line.config = COMMAND_CONFIG };
	int code;

	if (!options_read(&check_command, (struct arguments){ argc, argv }, &line.line, &code))
		goto out;
	if (line.print + line.json + line.sarif > 1)
		code = options_wrong(
		    &check_command, &line.line, "--print, --json and --sarif exclude each other");
	else
		code = line.json || line.sarif ? check_document(&line) : check(&line);
out:
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
