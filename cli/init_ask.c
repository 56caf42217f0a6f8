/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_ask.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/span.h"

bool
init_ask_possible(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

/* Read a byte at a time, so that what follows the line stays unread. What does not fit is dropped
 * and counted. */
static bool
read_line(char line[INIT_ASK_MAX + 1], size_t *ret_len, struct err *reterr)
{
	char byte = '\0';
	ssize_t got;

	*ret_len = 0;
	while ((got = read(STDIN_FILENO, &byte, 1)) != 0 && (got < 0 || byte != '\n')) {
		if (got < 0 && errno != EINTR)
			return err_errno(reterr, errno, "standard input");
		if (got == 1 && *ret_len < INIT_ASK_MAX)
			line[*ret_len] = byte;
		*ret_len += got == 1;
	}
	if (got == 1)
		return true;
	(void)fputc('\n', stderr);
	return err_set(reterr, "the input ended before every question was answered");
}

static void
put(const struct init_ask *question)
{
	if (question->otherwise == NULL)
		(void)fprintf(stderr, "%s: ", question->text);
	else
		(void)fprintf(stderr, "%s [%s]: ", question->text, question->otherwise);
	(void)fflush(stderr);
}

/* Is it one? */
static bool
judge(const struct init_ask *question, struct span line, const char *answer, struct err *reterr)
{
	if (line.len > INIT_ASK_MAX)
		return err_set(reterr, "must be at most %d bytes long", INIT_ASK_MAX);
	if (span_find(line, '\0') < line.len)
		return err_set(reterr, "must be text");
	if (answer[0] == '\0')
		return err_set(reterr, "must not be empty");
	return question->fits(question->context, answer, reterr);
}

bool
init_ask(const struct init_ask *question, struct arena *arena, const char **ret_answer,
    struct err *reterr)
{
	char text[INIT_ASK_MAX + 1];
	struct err rule = { "" };
	struct span line;
	const char *answer;
	size_t len;

	for (;;) {
		put(question);
		if (!read_line(text, &len, reterr))
			return false;
		line = (struct span){ text, len };
		answer = arena_text(arena, span_trim(span_slice(line, 0, INIT_ASK_MAX)));
		if (answer == NULL)
			return err_set(reterr, ERR_MEMORY);
		if (len <= INIT_ASK_MAX && answer[0] == '\0' && question->otherwise != NULL)
			answer = question->otherwise;
		if (judge(question, line, answer, &rule)) {
			*ret_answer = answer;
			return true;
		}
		(void)fprintf(stderr, "  %s\n", rule.text);
	}
}
