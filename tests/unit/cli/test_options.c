/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"

enum { ADD, SHOW };

struct pet_line {
	struct command_line line;
	const char *name, *note;
	struct texts tags, foods;
	bool loud;
	int size;
	int64_t legs;
};

static const char *const sizes[] = { "small", "large", NULL };

static const char *
read_legs(const char *value, void *field)
{
	*(int64_t *)field = strtoll(value, NULL, 10);
	return strcmp(value, "4") == 0 ? NULL : "4";
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--name",
	    .argument = "NAME",
	    .offset = offsetof(struct pet_line, name),
	    .help = "how it is called" },
	{ .name = "--note",
	    .argument = "TEXT",
	    .offset = offsetof(struct pet_line, note),
	    .may_be_empty = true,
	    .help = "a note" },
	{ .name = "--tag",
	    .argument = "TAG",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct pet_line, tags),
	    .verbs = 1u << ADD,
	    .help = "a tag" },
	{ .name = "--food",
	    .argument = "FOOD",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct pet_line, foods),
	    .help = "a food" },
	{ .name = "--loud",
	    .letter = 'l',
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct pet_line, loud),
	    .help = "it is" },
	{ .name = "--size",
	    .argument = "small|large",
	    .kind = OPTION_WORD,
	    .words = sizes,
	    .offset = offsetof(struct pet_line, size),
	    .help = "how large" },
	{ .name = "--legs",
	    .argument = "COUNT",
	    .kind = OPTION_READ,
	    .read = read_legs,
	    .offset = offsetof(struct pet_line, legs),
	    .help = "how many" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	[ADD] = { "add", "NAME [OWNER]", "add one" },
	[SHOW] = { "show", "", "show all" },
	{ NULL, NULL, NULL },
};

static const struct command pet = { .name = "pet",
	.help = "pets of the house",
	.verbs = verbs,
	.options = options,
	.notes = "Feed them.\n" };

static const struct command_verb alone[] = { { "", "PLACE", "" }, { NULL, NULL, NULL } };
static const struct command walk = {
	.name = "walk", .help = "walk there", .verbs = alone, .options = options
};

static struct said said;

static bool
read_line(const struct command *command, const char *text, struct pet_line *line, int *ret_code)
{
	static struct said_words words;
	bool good;

	said_split(&words, text);
	*line = (struct pet_line){ .line.config = "postern.yaml" };
	said_begin(&said);
	good = options_read(
	    command, (struct arguments){ words.argc, words.argv }, &line->line, ret_code);
	said_end(&said);
	return good;
}

/* What cannot be right, and what is said of it. */
static const struct {
	const char *line, *says;
} wrong[] = {
	{ "pet", "which command?" },
	{ "pet ad rex", "unknown command \"ad\"; did you mean \"add\"?" },
	{ "pet add", "pet add: NAME is missing" },
	{ "pet add a b c", "too many arguments" },
	{ "pet show x", "takes no argument" },
	{ "pet add rex --nam x", "unknown option \"--nam\"; did you mean \"--name\"?" },
	{ "pet add rex --zzzzz=hunter2", "unknown option \"--zzzzz\"" },
	{ "pet add rex -z", "unknown option \"-z\"" },
	{ "pet add rex --name", "--name needs a value: NAME" },
	{ "pet add rex --name --loud", "--name needs a value: NAME" },
	{ "pet add rex --name a --name b", "--name is given twice" },
	{ "pet add rex --loud=yes", "--loud takes no value" },
	{ "pet add rex --help=me", "--help takes no value" },
	{ "pet add rex --size huge", "--size must be small or large (found \"huge\")" },
	{ "pet add rex --size lage", "did you mean \"large\"?" },
	{ "pet add rex --legs 5", "--legs must be 4 (found \"5\")" },
	{ "pet show --tag a", "--tag is an option of add only" },
	{ "pet add rex --name ''", "--name must not be empty: NAME" },
	{ "pet add rex --name=", "--name must not be empty: NAME" },
	{ "pet add rex --tag a --tag=", "--tag must not be empty: TAG" },
	{ "pet add rex -c ''", "--config must not be empty: FILE" },
	{ "walk", "walk: PLACE is missing" },
};

static void
a_wrong_line_is_said_to_be_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pet_line line;
		int code = -1;

		if (read_line(wrong[i].line[0] == 'w' ? &walk : &pet, wrong[i].line, &line, &code))
			fail_msg("%s: is fine", wrong[i].line);
		options_done(&line.line);
		assert_int_equal(code, EXIT_TROUBLE);
		if (strstr(said.err, wrong[i].says) == NULL)
			fail_msg("%s: want %s, got %s", wrong[i].line, wrong[i].says, said.err);
		assert_string_equal(said.out, "");
		assert_null(strstr(said.err, "hunter2"));
	}
}

static void
all_mistakes_are_said(void **state)
{
	struct pet_line line;
	int code;

	(void)state;
	assert_false(read_line(&pet, "pet add rex --size huge --legs 5", &line, &code));
	options_done(&line.line);
	assert_non_null(strstr(said.err, "--size must be"));
	assert_non_null(strstr(said.err, "--legs must be"));
}

static void
a_right_line_is_read(void **state)
{
	struct pet_line line;
	int code;

	(void)state;
	assert_true(read_line(&pet,
	    "pet --tag a add -l rex --name=Rex --tag b --food x --size large --legs 4 -c f.yaml",
	    &line, &code));
	assert_int_equal(line.line.verb, ADD);
	assert_int_equal(line.line.word_count, 1);
	assert_string_equal(line.line.words[0], "rex");
	assert_string_equal(line.line.config, "f.yaml");
	assert_string_equal(line.name, "Rex");
	assert_int_equal(line.tags.count, 2);
	assert_string_equal(line.tags.at[0], "a");
	assert_string_equal(line.tags.at[1], "b");
	assert_int_equal(line.foods.count, 1);
	assert_string_equal(line.foods.at[0], "x");
	assert_true(line.loud);
	assert_int_equal(line.size, 1);
	assert_int_equal(line.legs, 4);
	options_done(&line.line);
}

static void
behind_two_dashes_there_are_only_arguments(void **state)
{
	struct pet_line line;
	int code;

	(void)state;
	assert_true(read_line(&pet, "pet add -- --name -", &line, &code));
	assert_int_equal(line.line.word_count, 2);
	assert_string_equal(line.line.words[0], "--name");
	assert_string_equal(line.line.words[1], "-");
	assert_null(line.name);
	options_done(&line.line);
}

static void
a_value_may_be_empty_where_it_clears_something(void **state)
{
	struct pet_line line;
	int code;

	(void)state;
	assert_true(read_line(&pet, "pet add rex --note ''", &line, &code));
	assert_string_equal(line.note, "");
	options_done(&line.line);
}

/* What a help has, and has not. */
static const struct {
	const char *line, *has[4], *lacks;
} helps[] = {
	{ "pet --help",
	    { "usage: postern pet COMMAND", "pets of the house", "  add NAME [OWNER]",
		"--tag TAG" },
	    NULL },
	{ "pet show --help", { "usage: postern pet show", "show all", "--loud", "Feed them." },
	    "--tag" },
	{ "pet add -h", { "usage: postern pet add [OPTION]... NAME [OWNER]", "may be given more" },
	    "show all" },
	{ "walk -h", { "usage: postern walk [OPTION]... PLACE", "walk there" }, "commands:" },
};

static void
help_is_made_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
		struct pet_line line;
		int code = -1;

		if (read_line(helps[i].line[0] == 'w' ? &walk : &pet, helps[i].line, &line, &code))
			fail_msg("%s: is no help", helps[i].line);
		options_done(&line.line);
		assert_int_equal(code, EXIT_YES);
		assert_string_equal(said.err, "");
		for (size_t k = 0; k < 4 && helps[i].has[k] != NULL; k++)
			if (strstr(said.out, helps[i].has[k]) == NULL)
				fail_msg("%s: lacks %s in\n%s", helps[i].line, helps[i].has[k],
				    said.out);
		if (helps[i].lacks != NULL && strstr(said.out, helps[i].lacks) != NULL)
			fail_msg("%s: has %s", helps[i].line, helps[i].lacks);
	}
}

static void
the_overview_lists_all_commands(void **state)
{
	static const struct command *const commands[] = { &pet, &walk, NULL };
	int code;

	(void)state;
	said_begin(&said);
	code = help_overview(commands);
	said_end(&said);
	assert_int_equal(code, EXIT_YES);
	assert_non_null(strstr(said.out, "  pet "));
	assert_non_null(strstr(said.out, "walk there"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_line_is_said_to_be_so),
		cmocka_unit_test(all_mistakes_are_said),
		cmocka_unit_test(a_right_line_is_read),
		cmocka_unit_test(behind_two_dashes_there_are_only_arguments),
		cmocka_unit_test(a_value_may_be_empty_where_it_clears_something),
		cmocka_unit_test(help_is_made_of_the_table),
		cmocka_unit_test(the_overview_lists_all_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
