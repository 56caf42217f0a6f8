/* SPDX-License-Identifier: Apache-2.0 */
/* said - what a command prints, and command lines for it. */
#ifndef POSTERN_TESTS_CLI_SAID_H
#define POSTERN_TESTS_CLI_SAID_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAID_ROOM 16384
#define SAID_WORDS 24

struct said {
	int saved[2];
	char out[SAID_ROOM], err[SAID_ROOM];
};

/* From now on what goes to standard output and standard error is kept. */
static inline void
said_begin(struct said *said)
{
	(void)fflush(stdout);
	(void)fflush(stderr);
	for (int fd = 1; fd <= 2; fd++) {
		int file = memfd_create("said", 0);

		said->saved[fd - 1] = dup(fd);
		assert_true(file >= 0 && said->saved[fd - 1] >= 0 && dup2(file, fd) == fd);
		(void)close(file);
	}
}

/* No longer: it is in out and err. */
static inline void
said_end(struct said *said)
{
	char *const into[] = { said->out, said->err };

	(void)fflush(stdout);
	(void)fflush(stderr);
	for (int fd = 1; fd <= 2; fd++) {
		ssize_t got = pread(fd, into[fd - 1], SAID_ROOM - 1, 0);

		into[fd - 1][got < 0 ? 0 : got] = '\0';
		(void)dup2(said->saved[fd - 1], fd);
		(void)close(said->saved[fd - 1]);
	}
}

/* A command line of words between single spaces; "''" is the empty word. */
struct said_words {
	char text[1024];
	char *argv[SAID_WORDS + 1];
	int argc;
};

static inline void
said_split(struct said_words *words, const char *line)
{
	char *rest = NULL;

	(void)snprintf(words->text, sizeof(words->text), "%s", line);
	words->argc = 0;
	for (char *word = strtok_r(words->text, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest)) {
		assert_true(words->argc < SAID_WORDS);
		words->argv[words->argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	words->argv[words->argc] = NULL;
}

#endif
