/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options - a command line, read by a table: one row per option has its name, its argument, its
 * help and the destination of the value. The same table makes the text of `--help` (help.h).
 *
 * Uses:   base (schema: struct texts; nearest), getopt_long.
 * Shell:  getopt's state, standard output and standard error.
 * Limits: OPTIONS_MAX options, VERBS_MAX verbs of a command; arguments as many as there are.
 *
 * Options may appear anywhere; "--" ends them; "--name=value" and "--name value" are alike; "-" is
 * an argument. Names are never abbreviated: what getopt would guess is an unknown option. An option
 * with a single value may be given once. POSIXLY_CORRECT changes nothing.
 */
#ifndef POSTERN_CLI_OPTIONS_H
#define POSTERN_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/schema.h"

#define OPTIONS_MAX 32
#define VERBS_MAX 32

enum option_kind {
	OPTION_TEXT,  /* const char *: the value as written; borrowed from argv */
	OPTION_TEXTS, /* struct texts: may be given again and again */
	OPTION_FLAG,  /* bool: has no value */
	OPTION_WORD,  /* int: index into `words` */
	OPTION_READ   /* whatever `read` makes of the value */
};

struct command_option {
	const char *name; /* "--role"; NULL ends the table */
	char letter;      /* 'c' for "-c"; 0: none */
	enum option_kind kind;
	size_t offset;            /* in the command's line */
	const char *argument;     /* "ROLE"; NULL for a flag */
	const char *help;         /* one line, lower case */
	unsigned verbs;           /* 1 << index of each verb that takes it; 0: all of them */
	const char *const *words; /* OPTION_WORD: NULL-terminated */

	bool repeated;     /* OPTION_READ: may be given again and again */
	bool may_be_empty; /* OPTION_TEXT: "" is a value, which clears the field */

	/* OPTION_READ: NULL, or what the value must be, for "must be …". */
	const char *(*read)(const char *value, void *field);
	/* OPTION_READ: what was probably meant, for a hint; NULL: nothing is near. May be NULL. */
	const char *(*nearest)(struct span value);
};

struct command_verb {
	const char *name;      /* "add"; "" when the command has no verbs; NULL ends the table */
	const char *arguments; /* "NAME|ID ROLE", "[ISSUER]": one word each, optional ones
				* last; "FILE...": one or more, "[FILE...]": any number, last */
	const char *help;      /* one line, lower case */
};

struct command {
	const char *name; /* "client" */
	const char *help; /* one line, lower case */
	const struct command_verb *verbs;
	const struct command_option *options; /* without --help, which each has */
	const char *notes;                    /* at the end of the help; NULL: none */
	int (*run)(int argc, char **argv);    /* argv[0] is the command's name; an exit code */
};

/* What every line begins with: its first member. Texts are borrowed from argv. */
struct command_line {
	const char *config;   /* -c FILE */
	const char *database; /* --database URL|FILE; NULL: the configuration's */
	const char *state;    /* --state DIR; the same */
	const char **words;   /* what is no option, in order, without the verb */
	size_t word_count;
	unsigned given; /* 1 << index of each option that was given */
	size_t verb;    /* index */
	const char **room;
};

/* Rows that several tables share. */
#define OPTION_ROW_CONFIG                                                                          \
	{ .name = "--config",                                                                      \
		.letter = 'c',                                                                     \
		.argument = "FILE",                                                                \
		.offset = offsetof(struct command_line, config),                                   \
		.help = "the configuration (default: postern.yaml)" }

/* The words of a command line, as main() has them from the command's name on. Borrowed. */
struct arguments {
	int count;
	char **at;
};

/*
 * Read them into `line`, the command's own struct, whose first member is a struct command_line and
 * which already has its defaults. Call options_done() in any case.
 *
 * False: help was asked for and printed (*ret_code is EXIT_YES), or there are mistakes, one line
 * each on standard error (EXIT_TROUBLE).
 */
MUST_CHECK bool options_read(const struct command *command, struct arguments arguments,
    struct command_line *line, int *ret_code);
void options_done(struct command_line *line);

/* Print "postern: COMMAND VERB: TEXT" to standard error, for what only the command itself can find
 * wrong in its line. Returns EXIT_TROUBLE. */
int options_wrong(const struct command *command, const struct command_line *line,
    const char *format, ...) PRINTF_LIKE(3, 4);

/* Does the verb of that index take the option? */
static inline bool
option_taken(const struct command_option *option, size_t verb)
{
	return option->verbs == 0 || (option->verbs & 1u << verb) != 0;
}

#endif
