/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as somebody types them: tests/cases/commands.txt says how its lines are read. */
#include "said.h"
#include "issuer/scratch.h"
#include "policy/cases.h"

#include <sys/stat.h>

#include "base/file.h"
#include "cli/command.h"

#define CONFIG                                                                                     \
	"upstream: http://127.0.0.1:9000\n"                                                        \
	"admin: {address: '127.0.0.1:1'}\n"                                                        \
	"policy: policy.yaml\n"                                                                    \
	"state: state\n"                                                                           \
	"local_issuer: {issuer: 'http://127.0.0.1:8080', audience: api, database: local.db}\n"
#define POLICY                                                                                     \
	"roles: {reader: {}, writer: {}}\n"                                                        \
	"privileges:\n"                                                                            \
	"  read: {paths: ['/orders/*'], methods: [GET], roles: [reader]}\n"                        \
	"public: ['/open']\n"

static const struct command *const commands[] = { &check_command, &explain_command, &test_command,
	&verify_command, &client_command, &user_command, &keys_command, &token_command,
	&revoke_command, &store_command, &jwks_command, &health_command };

static struct scratch scratch;
static struct said said;
static char token[4096];

static void
put(const char *name, const char *text)
{
	struct err err;

	if (!file_write(name, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static void
end_section(void)
{
	if (scratch.dir[0] == '\0')
		return;
	assert_int_equal(chdir("/"), 0);
	scratch_done(&scratch);
}

static void
begin_section(void)
{
	end_section();
	scratch_init(&scratch);
	assert_int_equal(chdir(scratch.dir), 0);
	assert_int_equal(mkdir("state", 0700), 0);
	put("postern.yaml", CONFIG);
	put("policy.yaml", POLICY);
}

/* A command line, its standard input, and what is to come of it. */
struct typed {
	char line[1024], input[2048];
	int number; /* of its line in the table; 0: there is none */
	int code;
	char out[256], err[256]; /* what is there; "": nothing is */
};

/* $TOKEN is what it stands for, as a word or as a line. */
static char *
word_of(char *word)
{
	return strcmp(word, "$TOKEN") == 0 ? token : word;
}

static void
give_input(const char *text)
{
	int file = memfd_create("input", 0);

	assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
	assert_true(lseek(file, 0, SEEK_SET) == 0 && dup2(file, 0) == 0);
	(void)close(file);
}

static int
run(struct typed *typed)
{
	struct said_words words;
	int code = -1;

	said_split(&words, typed->line);
	for (int i = 0; i < words.argc; i++)
		words.argv[i] = word_of(words.argv[i]);
	give_input(typed->input);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i]->name, words.argv[0]) == 0) {
			said_begin(&said);
			code = commands[i]->run(words.argc, words.argv);
			said_end(&said);
		}
	if (strncmp(said.out, "eyJ", 3) == 0)
		(void)snprintf(
		    token, sizeof(token), "%.*s", (int)strcspn(said.out, "\n"), said.out);
	return code;
}

static bool
holds(const char *said_text, const char *want)
{
	return want[0] == '\0' ? said_text[0] == '\0' : strstr(said_text, want) != NULL;
}

/* Type what was read so far, if anything was. */
static void
type(struct cases *cases, struct typed *typed)
{
	int code;

	if (typed->number == 0)
		return;
	code = run(typed);
	if (code != typed->code || !holds(said.out, typed->out) || !holds(said.err, typed->err)) {
		cases->failed++;
		print_error("%s:%d: %s: exit code %d, printed\n%sand\n%s", cases->name,
		    typed->number, typed->line, code, said.out, said.err);
	}
	*typed = (struct typed){ 0 };
}

static void
append(struct span line)
{
	struct span name = cases_word(&line);
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%.*s", SPAN_ARG(name));
	file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fprintf(file, "%.*s\n", SPAN_ARG(line)) > 0);
	assert_int_equal(fclose(file), 0);
}

static void
add_input(struct typed *typed, struct span line)
{
	size_t len = strlen(typed->input);
	char text[1024];

	(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(line));
	(void)snprintf(typed->input + len, sizeof(typed->input) - len, "%s\n", word_of(text));
}

static void
copy(char *into, size_t room, struct span line)
{
	assert_true((size_t)snprintf(into, room, "%.*s", SPAN_ARG(line)) < room);
}

/* One line of the table, by its first word. */
static void
follow(struct cases *cases, struct typed *typed, struct span line)
{
	struct span mark = cases_word(&line);

	if (span_is(mark, "=="))
		begin_section();
	else if (span_is(mark, "+"))
		append(line);
	else if (span_is(mark, "$"))
		copy(typed->line, sizeof(typed->line), line);
	else if (span_is(mark, "<"))
		add_input(typed, line);
	else if (span_is(mark, "="))
		typed->code = line.at[0] - '0';
	else if (span_is(mark, ">"))
		copy(typed->out, sizeof(typed->out), line.len > 0 ? line : SPAN("\n"));
	else if (span_is(mark, "!"))
		copy(typed->err, sizeof(typed->err), line);
	else
		fail_msg("%s:%d: no mark", cases->name, cases->number);
	if (span_is(mark, "$"))
		typed->number = cases->number;
}

/* A command is typed when the next one begins, so that all is known that it is to do. */
static bool
begins_another(struct span line)
{
	struct span mark = cases_word(&line);

	return span_is(mark, "==") || span_is(mark, "+") || span_is(mark, "$");
}

static void
commands_do_as_the_table_says(void **state)
{
	struct typed typed = { 0 };
	struct cases cases;
	struct span line;

	(void)state;
	cases_open(&cases, "commands.txt");
	while (cases_next(&cases, &line)) {
		if (begins_another(line))
			type(&cases, &typed);
		follow(&cases, &typed, line);
	}
	type(&cases, &typed);
	end_section();
	cases_close(&cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_do_as_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
