/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/options_hint.h"
#include "cli/options_value.h"

#define VALUES 256 /* getopt's value of the first long option: above every letter */

/* One reading of one line. */
struct reading {
	const struct command *command;
	struct command_line *line;
	const struct command_verb *verb; /* NULL: none was found yet */
	char **argv;
	int argc;
	size_t count; /* of options, without --help */
	size_t texts; /* of OPTION_TEXTS that have room */
	size_t mistakes;
	bool help, end; /* --help was met; nothing more can be read */
	struct option longs[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 4];
};

static void
say_where(const struct command *command, const char *verb)
{
	(void)fprintf(stderr, "postern: %s%s%s: ", command->name, verb[0] == '\0' ? "" : " ", verb);
}

int
options_wrong(
    const struct command *command, const struct command_line *line, const char *format, ...)
{
	va_list arguments;

	say_where(command, command->verbs[line->verb].name);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return EXIT_TROUBLE;
}

static void wrong(struct reading *reading, const char *format, ...) PRINTF_LIKE(2, 3);

static void
wrong(struct reading *reading, const char *format, ...)
{
	va_list arguments;

	reading->mistakes++;
	say_where(reading->command, reading->verb == NULL ? "" : reading->verb->name);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
}

/* The part after "=" may be a secret, so it is never shown. */
static void
unknown_option(struct reading *reading, const char *typed)
{
	struct span name = span_of(typed);
	struct unknown_option unknown = { reading->command, reading->verb, typed, reading->argv,
		reading->line->word_count > 0 };
	char hint[OPTIONS_HINT];

	name = span_slice(name, 0, span_find(name, '='));
	if (!options_hint(&unknown, hint) && name.len > 1 && name.at[1] != '-')
		name.len = 2; /* of "-pSECRET" the letter */
	wrong(reading, "unknown option \"%.*s\"%s", SPAN_ARG(name), hint);
}

static bool
has_verbs(const struct command *command)
{
	return command->verbs[0].name[0] != '\0';
}

static const struct command_verb *
find_verb(const struct command *command, const char *word)
{
	for (const struct command_verb *verb = command->verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, word) == 0)
			return verb;
	return NULL;
}

static void
unknown_verb(struct reading *reading, const char *word)
{
	struct nearest nearest = nearest_to(span_of(word));
	char hint[NEAREST_HINT];

	for (const struct command_verb *verb = reading->command->verbs; verb->name != NULL; verb++)
		nearest_offer(&nearest, verb->name);
	(void)nearest_hint(&nearest, hint);
	wrong(reading, "unknown command \"%.64s\"%s", word,
	    hint[0] != '\0' ? hint : "; --help lists them");
}

/* A list has room for as many as there are arguments. */
static void
make_list(struct reading *reading, struct texts *texts)
{
	if (texts->at == NULL)
		texts->at = reading->line->room + (size_t)reading->argc * ++reading->texts;
}

static void
take_value(struct reading *reading, const struct command_option *option, const char *value)
{
	void *field = (char *)reading->line + option->offset;
	struct err err;

	if (option->kind == OPTION_TEXTS)
		make_list(reading, field);
	if (!options_value_store(option, value, field, &err))
		wrong(reading, "%s", err.text);
}

static bool
is_option(const struct reading *reading, const char *word)
{
	for (size_t i = 0; i < reading->count; i++)
		if (strcmp(reading->command->options[i].name, word) == 0)
			return true;
	return strcmp(word, "--help") == 0;
}

static bool
is_repeated(const struct command_option *option)
{
	return option->kind == OPTION_TEXTS || option->kind == OPTION_FLAG || option->repeated;
}

/* The option was named in full. If the value is itself an option's name, the value was forgotten;
 * the option must not be taken for it. */
static void
take_option(struct reading *reading, size_t index, const char *value, bool apart)
{
	const struct command_option *option = &reading->command->options[index];
	unsigned bit = 1u << index;

	if (apart && is_option(reading, value)) {
		wrong(reading, "%s needs a value: %s (write %s=%s if that is the value)",
		    option->name, option->argument, option->name, value);
		reading->help = reading->help || strcmp(value, "--help") == 0;
		return;
	}
	if ((reading->line->given & bit) != 0 && !is_repeated(option))
		wrong(reading, "%s is given twice", option->name);
	else
		take_value(reading, option, value);
	reading->line->given |= bit;
}

/* "-" in front: arguments are returned in order, even with POSIXLY_CORRECT; ":": getopt prints no
 * messages. */
static void
make_tables(struct reading *reading)
{
	const struct command_option *options = reading->command->options;
	char *letters = reading->letters;
	size_t i;

	*letters++ = '-';
	*letters++ = ':';
	*letters++ = 'h';
	for (i = 0; i < OPTIONS_MAX && options[i].name != NULL; i++) {
		bool flag = options[i].kind == OPTION_FLAG;

		reading->longs[i] = (struct option){ options[i].name + 2,
			flag ? no_argument : required_argument, NULL, VALUES + (int)i };
		if (options[i].letter == '\0')
			continue;
		*letters++ = options[i].letter;
		if (!flag)
			*letters++ = ':';
	}
	*letters = '\0';
	reading->count = i;
	reading->longs[i] = (struct option){ "help", no_argument, NULL, 'h' };
}

/* The argument in which getopt has just met an option. */
static const char *
typed_option(const struct reading *reading, int got)
{
	const char *before = reading->argv[optind - 1];

	if (got != '?' && got != ':' && optarg != NULL && optarg == before)
		return reading->argv[optind - 2];
	/* Within "-abc" getopt has not gone on yet. */
	if (got == '?' && optopt > 0 && optopt < VALUES && optind < reading->argc &&
	    (before[0] != '-' || strchr(before, optopt) == NULL))
		return reading->argv[optind];
	return before;
}

/* Does the argument name the long option in full? */
static bool
is_exact(const char *typed, const char *name)
{
	size_t len = strlen(name);

	return strncmp(typed, name, len) == 0 && (typed[len] == '\0' || typed[len] == '=');
}

static size_t
index_of(const struct reading *reading, int value)
{
	size_t i;

	if (value >= VALUES)
		return (size_t)(value - VALUES);
	for (i = 0; i < reading->count; i++)
		if (reading->command->options[i].letter == value)
			break;
	return i;
}

/* getopt returned '?' or ':'. */
static void
take_mistake(struct reading *reading, int got)
{
	const char *typed = typed_option(reading, got);
	size_t index = optopt == 0 ? reading->count : index_of(reading, optopt);
	const struct command_option *option = &reading->command->options[index];

	/* After an unknown letter the others may be anything: part of a value, most likely. */
	reading->end = optopt > 0 && optopt < VALUES && index == reading->count;
	if (optopt == 'h')
		wrong(reading, "--help takes no value");
	else if (index == reading->count || (optopt >= VALUES && !is_exact(typed, option->name)))
		unknown_option(reading, typed);
	else if (got == ':')
		wrong(reading, "%s needs a value: %s", option->name, option->argument);
	else
		wrong(reading, "%s takes no value", option->name);
}

static void
take_word(struct reading *reading, const char *word)
{
	if (reading->verb == NULL) {
		reading->verb = find_verb(reading->command, word);
		if (reading->verb == NULL && reading->mistakes == 0)
			unknown_verb(reading, word);
		if (reading->verb != NULL)
			return;
	}
	reading->line->words[reading->line->word_count++] = word;
}

static void
take_next(struct reading *reading, int got)
{
	const char *typed = typed_option(reading, got);
	bool is_long = typed[0] == '-' && typed[1] == '-';
	size_t index;

	if (got == 1) {
		take_word(reading, optarg);
	} else if (got == '?' || got == ':') {
		take_mistake(reading, got);
	} else if (got == 'h') {
		reading->help = !is_long || is_exact(typed, "--help");
		if (!reading->help)
			unknown_option(reading, typed);
	} else {
		index = index_of(reading, got);
		if (got >= VALUES && !is_exact(typed, reading->command->options[index].name))
			unknown_option(reading, typed);
		else
			take_option(reading, index, optarg, optarg == reading->argv[optind - 1]);
	}
}

static void
check_words(struct reading *reading)
{
	const char *at = reading->verb->arguments;
	size_t count = reading->line->word_count;

	while (*at != '\0') {
		size_t len = strcspn(at, " ");

		if (count == 0 && *at != '[')
			wrong(reading, "%.*s is missing", (int)len, at);
		else if (memmem(at, len, "...", 3) != NULL)
			count = 0; /* takes the rest */
		else if (count > 0)
			count--;
		at += len;
		at += strspn(at, " ");
	}
	/* Do not show the argument: it may be a password. */
	if (count > 0 && reading->verb->arguments[0] == '\0')
		wrong(reading, "takes no argument");
	else if (count > 0)
		wrong(reading, "too many arguments; it takes %s", reading->verb->arguments);
}

static void
check_taken(struct reading *reading)
{
	const struct command *command = reading->command;

	for (size_t i = 0; i < reading->count; i++) {
		const struct command_option *option = &command->options[i];

		if ((reading->line->given & 1u << i) == 0 ||
		    option_taken(option, reading->line->verb))
			continue;
		reading->mistakes++;
		say_where(command, reading->verb->name);
		(void)fprintf(stderr, "%s is an option of", option->name);
		for (size_t verb = 0; command->verbs[verb].name != NULL; verb++)
			if (option_taken(option, verb))
				(void)fprintf(stderr, " %s", command->verbs[verb].name);
		(void)fputs(" only\n", stderr);
	}
}

static bool
make_room(struct reading *reading)
{
	size_t lists = 1;

	for (size_t i = 0; i < reading->count; i++)
		lists += reading->command->options[i].kind == OPTION_TEXTS;
	reading->line->room = calloc((size_t)reading->argc * lists, sizeof(reading->line->room[0]));
	reading->line->words = reading->line->room;
	return reading->line->room != NULL;
}

static void
read_arguments(struct reading *reading)
{
	int got;

	optind = opterr = 0; /* glibc: restart the scan; print no messages */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
	while (!reading->end && (got = getopt_long(reading->argc, reading->argv, reading->letters,
				     reading->longs, NULL)) != -1)
		take_next(reading, got);
	for (; !reading->end && optind < reading->argc; optind++)
		take_word(reading, reading->argv[optind]);
}

bool
options_read(const struct command *command, struct arguments arguments, struct command_line *line,
    int *ret_code)
{
	struct reading reading = { .command = command,
		.line = line,
		.verb = has_verbs(command) ? NULL : command->verbs,
		.argc = arguments.count,
		.argv = arguments.at };

	*ret_code = EXIT_TROUBLE;
	make_tables(&reading);
	if (!make_room(&reading))
		return command_trouble("%s: no memory", command->name) == EXIT_YES;
	read_arguments(&reading);
	if (reading.help && reading.mistakes == 0) {
		*ret_code = help_command_text(command, reading.verb);
		return false;
	}
	if (reading.verb == NULL && reading.mistakes == 0)
		wrong(&reading, "which command? --help lists them");
	if (reading.verb != NULL) {
		line->verb = (size_t)(reading.verb - command->verbs);
		check_taken(&reading);
	}
	if (reading.mistakes == 0)
		check_words(&reading);
	return reading.mistakes == 0;
}

void
options_done(struct command_line *line)
{
	free(line->room);
}
