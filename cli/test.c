/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digits.h"
#include "base/file.h"
#include "base/printable.h"
#include "cli/command.h"
#include "cli/coverage.h"
#include "cli/explain_recent.h"
#include "cli/junit.h"
#include "cli/policy_case_judge.h"
#include "cli/record.h"

#define CASES_MAX_BYTES (256u << 20)
#define LINE_BYTES 65536u
#define CASE_MAX_BYTES (4u << 20)
#define OUTPUT_MAX_BYTES (64u << 20)

/* What was asked for on the command line. */
struct test_line {
	struct command_line line;
	const char *junit;
	const char *record;
	bool coverage;
	int64_t fail_under; /* per cent */
};

/* All cases, and what came of them. */
struct testing {
	const struct test_line *line;
	struct config *config;
	struct arena arena; /* of the cases */
	struct policy_cases cases;
	struct coverage *coverage;
	struct buffer rows; /* of --junit */
	size_t count, failed;
};

/* Everything is read before anything is judged. False: there are mistakes, or there is trouble. */
static bool
read_all(struct testing *testing)
{
	const struct command_line *line = &testing->line->line;
	struct err err;

	for (size_t i = 0; i < line->word_count; i++) {
		if (policy_case_read(line->words[i], &testing->cases, &err))
			continue;
		(void)command_trouble_at("test", &err);
		return false;
	}
	command_mistakes(&testing->cases.mistakes);
	return testing->cases.mistakes.errors == 0;
}

/* A name is what somebody wrote: one line all the same. */
static void
print_differs(const struct policy_case *one, const char *differs)
{
	struct buffer line;

	buffer_init(&line, LINE_BYTES);
	buffer_format(&line, "%s:%d: ", one->node->file, one->node->line);
	printable_add(&line, span_of(one->name), LINE_BYTES / 8);
	buffer_add_text(&line, ": ");
	printable_add(&line, span_of(differs), LINE_BYTES / 8);
	(void)printf("%.*s\n", (int)line.len, line.at == NULL ? "" : line.at);
	buffer_done(&line);
}

/* What a case needs ends with it. False: no memory. */
static bool
judge_one(struct testing *testing, const struct policy_case *one)
{
	struct policy_case_result result = { 0 };
	struct arena arena;
	bool judged;

	arena_init(&arena, CASE_MAX_BYTES);
	judged = policy_case_judge(testing->config, one, &arena, &result);
	if (judged) {
		coverage_add(testing->coverage, &result);
		junit_case(&testing->rows, one->node->file, one->name, result.differs);
		testing->count++;
		if (result.differs != NULL) {
			testing->failed++;
			print_differs(one, result.differs);
		}
	}
	arena_done(&arena);
	return judged;
}

static bool
judge_all(struct testing *testing)
{
	for (const struct policy_case *one = testing->cases.first; one != NULL; one = one->next)
		if (!judge_one(testing, one))
			return false;
	return true;
}

static bool
write_junit(const struct testing *testing, struct err *reterr)
{
	struct buffer whole;
	bool written;

	if (testing->line->junit == NULL)
		return true;
	buffer_init(&whole, OUTPUT_MAX_BYTES);
	junit_begin(&whole, testing->count, testing->failed);
	buffer_add(&whole, buffer_span(&testing->rows));
	junit_end(&whole);
	written = testing->rows.failed || whole.failed
		      ? err_set(reterr, "the results are too large")
		      : file_write(testing->line->junit, buffer_span(&whole), 0644, reterr);
	buffer_done(&whole);
	return written;
}

/* Is as much covered as is wanted? */
static bool
tell_coverage(const struct testing *testing)
{
	int percent = coverage_percent(testing->coverage);
	struct buffer text;

	buffer_init(&text, OUTPUT_MAX_BYTES);
	if (testing->line->coverage)
		coverage_text(testing->coverage, &text);
	(void)fwrite(text.len == 0 ? "" : text.at, 1, text.len, stdout);
	buffer_done(&text);
	if (percent >= testing->line->fail_under)
		return true;
	(void)printf("coverage is %d %%, less than --fail-under %d\n", percent,
	    (int)testing->line->fail_under);
	return false;
}

static int
tell(const struct testing *testing)
{
	struct err err;
	bool covered;

	if (testing->count == 0)
		return command_trouble("test: there is no case");
	if (!write_junit(testing, &err))
		return command_trouble_at("test", &err);
	covered = tell_coverage(testing);
	(void)printf("%zu passed, %zu failed\n", testing->count - testing->failed, testing->failed);
	if (fflush(stdout) != 0)
		return command_trouble("test: standard output cannot be written");
	return testing->failed == 0 && covered ? EXIT_YES : EXIT_NO;
}

/* 0 to 100. */
static const char *
read_percent(const char *value, void *field)
{
	int64_t *percent = field;

	return digits_read(span_of(value), 3, percent) && *percent <= 100
		   ? NULL
		   : "a number from 0 to 100";
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--junit",
	    .argument = "FILE",
	    .offset = offsetof(struct test_line, junit),
	    .help = "also write the results to this file, as JUnit XML" },
	{ .name = "--record",
	    .argument = "ID",
	    .offset = offsetof(struct test_line, record),
	    .help = "make a case of a request that the gate decided, printed or added to CASES" },
	{ .name = "--coverage",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct test_line, coverage),
	    .help = "list the privileges, roles and patterns that no case touches" },
	{ .name = "--fail-under",
	    .argument = "PERCENT",
	    .kind = OPTION_READ,
	    .read = read_percent,
	    .offset = offsetof(struct test_line, fail_under),
	    .help = "exit with 1 when the cases touch less of them" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "[CASES...]",
	    "try the policy on cases: who asks for what, and what is to come of it" },
	{ NULL, NULL, NULL },
};

/* Neither secrets nor key files are needed, so that a policy can be tried anywhere. */
static int
test(const struct test_line *line)
{
	struct testing testing = { .line = line };
	int code = EXIT_TROUBLE;

	if (!command_config_as(line->line.config, CONFIG_OFFLINE, &testing.config, &code))
		return EXIT_TROUBLE;
	arena_init(&testing.arena, CASES_MAX_BYTES);
	buffer_init(&testing.rows, OUTPUT_MAX_BYTES);
	testing.cases.config = testing.config;
	testing.cases.now_s = clock_now_s();
	testing.cases.mistakes.arena = &testing.arena;
	testing.coverage = coverage_new(&testing.config->policy, &testing.arena);
	if (testing.coverage == NULL)
		code = command_trouble("test: out of memory");
	else if (read_all(&testing))
		code =
		    judge_all(&testing) ? tell(&testing) : command_trouble("test: out of memory");
	buffer_done(&testing.rows);
	arena_done(&testing.arena);
	config_free(testing.config);
	return code;
}

/* A file that is not there yet is made. */
static const char *
make_case(const struct test_line *line, const json_t *said, struct buffer *text, struct err *reterr)
{
	const char *wrong = NULL;
	struct buffer former;

	if (line->line.word_count == 0 || access(line->line.words[0], F_OK) != 0)
		return record_case(said, text);
	buffer_init(&former, CASES_MAX_BYTES);
	if (file_read(line->line.words[0], &former, reterr))
		wrong = record_append(said, buffer_span(&former), text);
	buffer_done(&former);
	return wrong;
}

static int
record(const struct test_line *line)
{
	const struct explain_recent recent = { "test", line->line.config, line->record };
	struct buffer text;
	struct err err = { "" };
	const char *wrong;
	json_t *said;
	int code = explain_recent_ask(&recent, &said);

	if (said == NULL)
		return code;
	buffer_init(&text, CASES_MAX_BYTES);
	wrong = make_case(line, said, &text, &err);
	if (wrong != NULL) {
		(void)command_trouble("test: %s: %s", line->record, wrong);
		code = EXIT_NO;
	} else if (err.text[0] != '\0') {
		code = command_trouble_at("test", &err);
	} else if (line->line.word_count > 0) {
		if (text.failed || !file_write(line->line.words[0], buffer_span(&text), 0644, &err))
			code = command_trouble_at("test", &err);
	} else if (text.failed || fwrite(text.at, 1, text.len, stdout) != text.len ||
		   fflush(stdout) != 0) {
		code = command_trouble("test: standard output cannot be written");
	}
	buffer_done(&text);
	json_decref(said);
	return code;
}

static const char *
wrong_line(const struct test_line *line)
{
	if (line->record != NULL)
		return line->line.word_count > 1
			   ? "--record adds a case to one file, and tries none"
			   : NULL;
	return line->line.word_count == 0 ? "CASES... is missing, or --record" : NULL;
}

static int
run_line(int argc, char **argv)
{
	struct test_line line = { .line.config = COMMAND_CONFIG };
	int code;

	if (options_read(&test_command, (struct arguments){ argc, argv }, &line.line, &code)) {
		const char *wrong = wrong_line(&line);

		if (wrong != NULL)
			code = options_wrong(&test_command, &line.line, "%s", wrong);
		else
			code = line.record != NULL ? record(&line) : test(&line);
	}
	options_done(&line.line);
	return code;
}

const struct command test_command = {
	.name = "test",
	.help = "try the policy on cases: who asks for what, and what is to come of it",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
