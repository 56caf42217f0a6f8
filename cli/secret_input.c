/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/secret_input.h"

#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"

/* Read byte by byte, so that the input after the line stays unread. */
static bool
read_line(struct buffer *line, struct err *reterr)
{
	char byte = '\0';
	ssize_t got;

	while ((got = read(STDIN_FILENO, &byte, 1)) != 0 && byte != '\n') {
		if (got < 0 && errno != EINTR)
			return err_errno(reterr, errno, "standard input");
		if (got == 1)
			buffer_add_byte(line, byte);
	}
	return !line->failed || err_set(reterr, "that is too long");
}

/* The echo is off before the prompt is there: who answers at once, as a script does, would be seen,
 * and what they typed be flushed. Restore it in every case, except when the process is killed. */
static bool
ask(const char *prompt, struct buffer *line, struct err *reterr)
{
	struct termios before, silent;
	bool done;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return err_errno(reterr, errno, "terminal");
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0)
		return err_errno(reterr, errno, "terminal");
	(void)fprintf(stderr, "%s", prompt);
	done = read_line(line, reterr);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	(void)fputc('\n', stderr);
	return done;
}

static bool
ask_twice(const char *prompt, struct buffer *secret, struct err *reterr)
{
	struct buffer again;
	bool done;

	buffer_init(&again, SECRET_INPUT_MAX);
	done = ask(prompt, secret, reterr) && ask("Again: ", &again, reterr);
	if (done && !span_equal(buffer_span(secret), buffer_span(&again)))
		done = err_set(reterr, "the two are not the same");
	buffer_wipe(&again);
	return done;
}

/* A second line is probably a mistake: a part of a password must not be accepted as the whole. */
static bool
read_one_line(struct buffer *secret, struct err *reterr)
{
	size_t end;

	if (!file_read("-", secret, reterr))
		return false;
	if (secret->len > 0 && secret->at[secret->len - 1] == '\n')
		secret->len--;
	if (secret->len > 0 && secret->at[secret->len - 1] == '\r')
		secret->len--;
	end = span_find(buffer_span(secret), '\n');
	return end == secret->len || err_set(reterr, "standard input holds more than one line");
}

bool
secret_input(const char *prompt, struct buffer *secret, struct err *reterr)
{
	return isatty(STDIN_FILENO) ? ask_twice(prompt, secret, reterr)
				    : read_one_line(secret, reterr);
}
