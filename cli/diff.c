/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/diff_log.h"
#include "cli/diff_policy.h"
#include "cli/node_json.h"
#include "cli/terminal_json.h"

/* What was asked for on the command line. */
struct diff_line {
	struct command_line line;
	const char *log;
	bool json;
};

/* The two policies, compiled and as they are written. */
struct diffing {
	const struct diff_line *line;
	struct config *config;
	struct diff_policies policies;
	json_t *old_text, *new_text;
};

/* It was read without mistakes just now. NULL: trouble, which is reported. */
static json_t *
read_text(const char *path)
{
	struct mistakes mistakes = { 0 };
	struct node *root = NULL;
	struct arena arena;
	json_t *text = NULL;
	struct err err;

	arena_init(&arena, (size_t)64 << 20);
	mistakes.arena = &arena;
	if (!document_read(path, &mistakes, &root, &err))
		(void)command_trouble_at("diff", &err);
	else if (root == NULL || (text = node_json(root)) == NULL)
		(void)command_trouble("diff: %s: cannot be read", path);
	arena_done(&arena);
	return text;
}

static bool
read_policies(struct diffing *diffing, int *ret_code)
{
	const struct command_line *line = &diffing->line->line;
	struct config_instead instead = { CONFIG_OFFLINE, line->words[0], line->words[1] };

	*ret_code = EXIT_TROUBLE;
	if (!command_config_instead(line->config, &instead, &diffing->config))
		return false;
	diffing->old_text = read_text(line->words[0]);
	diffing->new_text = read_text(line->words[1]);
	diffing->policies = (struct diff_policies){ &diffing->config->policy,
		&diffing->config->next->policy, diffing->old_text, diffing->new_text };
	return diffing->old_text != NULL && diffing->new_text != NULL;
}

/* --- what is printed --- */

static bool
print_json(const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
	bool done = text != NULL && puts(text) >= 0 && fflush(stdout) == 0;

	free(text);
	return done;
}

static void
print_differences(const json_t *differences)
{
	for (size_t i = 0; i < json_array_size(differences); i++) {
		const json_t *one = json_array_get(differences, i);

		terminal_json(json_object_get(one, "at"));
		(void)printf(": ");
		terminal_json(json_object_get(one, "old"));
		(void)printf(" -> ");
		terminal_json(json_object_get(one, "new"));
		(void)printf("\n");
	}
}

static int
compare_policies(const struct diffing *diffing)
{
	json_t *differences = diff_policy(diffing->old_text, diffing->new_text);
	int code = json_array_size(differences) == 0 ? EXIT_YES : EXIT_NO;

	if (differences == NULL)
		return command_trouble("diff: out of memory");
	if (!diffing->line->json)
		print_differences(differences);
	else if (!print_json(differences))
		code = command_trouble("diff: standard output cannot be written");
	json_decref(differences);
	return code;
}

static void
print_changes(const struct diff_log *log)
{
	const char *key;
	json_t *one;

	json_object_foreach(log->changes, key, one)
	{
		(void)printf("%" JSON_INTEGER_FORMAT " x ",
		    json_integer_value(json_object_get(one, "count")));
		terminal_json(json_object_get(one, "method"));
		(void)printf(" ");
		terminal_json(json_object_get(one, "path"));
		(void)printf(" by ");
		terminal_json(json_object_get(one, "caller"));
		(void)printf(": %s -> %s, privilege ",
		    json_string_value(json_object_get(one, "old")),
		    json_string_value(json_object_get(one, "new")));
		terminal_json(json_object_get(one, "privilege"));
		(void)printf("\n");
	}
}

static void
print_log(const struct diff_log *log)
{
	const char *why;
	json_t *count;

	print_changes(log);
	(void)printf("%" PRIu64 " requests: %" PRIu64 " same, %" PRIu64 " changed, %" PRIu64
		     " undecidable\n",
	    log->requests, log->same, log->changed, log->undecidable);
	json_object_foreach(log->whys, why, count)(void)
	    printf("undecidable: %" JSON_INTEGER_FORMAT ": %s\n", json_integer_value(count), why);
	if (json_object_size(log->changes) >= DIFF_LOG_KINDS)
		(void)printf("only the first %d kinds of changes are listed\n", DIFF_LOG_KINDS);
}

static bool
print_log_json(const struct diff_log *log)
{
	json_t *changes = json_array();
	json_t *whole, *one;
	const char *key;
	bool done = changes != NULL;

	json_object_foreach(log->changes, key, one) done =
	    done && json_array_append(changes, one) == 0;
	whole = json_pack("{s:I, s:I, s:I, s:I, s:O, s:o}", "requests", (json_int_t)log->requests,
	    "same", (json_int_t)log->same, "changed", (json_int_t)log->changed, "undecidable",
	    (json_int_t)log->undecidable, "undecidable_by_cause", log->whys, "changes", changes);
	done = done && whole != NULL && print_json(whole);
	json_decref(whole);
	return done;
}

static int
compare_log(const struct diffing *diffing)
{
	struct diff_log log;
	int code;

	if (!diff_log_read(diffing->line->log, diffing->config, &diffing->policies, &log))
		return EXIT_TROUBLE;
	code = log.changed == 0 ? EXIT_YES : EXIT_NO;
	if (!diffing->line->json)
		print_log(&log);
	else if (!print_log_json(&log))
		code = command_trouble("diff: standard output cannot be written");
	diff_log_done(&log);
	return code;
}

static int
run(const struct diff_line *line)
{
	struct diffing diffing = { .line = line };
	int code;

	if (read_policies(&diffing, &code))
		code = line->log == NULL ? compare_policies(&diffing) : compare_log(&diffing);
	json_decref(diffing.old_text);
	json_decref(diffing.new_text);
	config_free(diffing.config);
	return code;
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--log",
	    .argument = "FILE|-",
	    .offset = offsetof(struct diff_line, log),
	    .help = "an access log (JSON): which of its requests would change" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct diff_line, json),
	    .help = "print JSON" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "OLD NEW", "compare two policy files" },
	{ NULL, NULL, NULL },
};

static int
run_line(int argc, char **argv)
{
	struct diff_line line = { .line.config = COMMAND_CONFIG };
	int code;

	if (options_read(&diff_command, (struct arguments){ argc, argv }, &line.line, &code))
		code = run(&line);
	options_done(&line.line);
	return code;
}

const struct command diff_command = {
	.name = "diff",
	.help = "what changes from one policy to another, also by an access log",
	.verbs = verbs,
	.options = options,
	.notes = "Exit code 0: the same, 1: it differs, 2: trouble or wrong use.\n",
	.run = run_line,
};
