/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_settle.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/init_ask.h"

void
init_settle_wrong(struct init_questions *questions, const char *format, ...)
{
	struct err text = { "" };
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text.text, sizeof(text.text), format, arguments);
	va_end(arguments);
	questions->wrong++;
	(void)command_trouble("init: %s", text.text);
}

void
init_settle(struct init_questions *questions, const struct init_settle_question *question,
    const char **value)
{
	const struct init_ask ask = { question->text, question->otherwise, question->fits,
		questions };
	struct err err = { "" };

	if (questions->ended)
		return;
	if (*value == NULL && questions->asking && question->text != NULL) {
		questions->ended = !init_ask(&ask, questions->arena, value, &err);
		if (questions->ended)
			init_settle_wrong(questions, "%s", err.text);
		return;
	}
	if (*value == NULL)
		*value = question->otherwise;
	if (*value == NULL)
		init_settle_wrong(questions, "%s%s is missing, and there is no terminal to ask on",
		    question->option, question->or_issuer ? " (or --issuer)" : "");
	else if (!question->fits(questions, *value, &err))
		init_settle_wrong(questions, "%s: %s", question->option, err.text);
}
